# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Edge in a scenario, in the state, and in the inventory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
from exchange_lab.inventory import inventory_of
from exchange_lab.scenario import ScenarioError, load

if TYPE_CHECKING:
    from .conftest import MakeLab

LAB = Path(__file__).resolve().parents[3] / "lab"
EDGE, MBX = "edge01.contoso.test", "mbx01.contoso.test"


@pytest.mark.parametrize(
    ("scenario", "change", "told"),
    [
        ("edge-standalone", "powershell={}", "powershell: a server of this role has no such key"),
        ("edge-standalone", "site=HQ", "site: a server of this role has no such key"),
        ("edge-standalone", "edgesync=stopped", "edgesync: a server of this role has no such key"),
        ("edge-standalone", "role=mailbox", "connectors: a server of this role has no such key"),
        ("edge-standalone", "subscribed_to=HQ", "subscribed_to: not among sites with a Mailbox server: there are none"),
        ("edge-subscribed", "subscribed_to=Branch", "subscribed_to: not among sites with a Mailbox server: HQ"),
        ("edge-subscribed", "connectors={}", "connectors: a subscribed Edge has the organisation's, by EdgeSync"),
        (
            "edge-standalone",
            f"connectors.Outbound to Office 365.source_servers=[{EDGE}]",
            "source_servers: an Edge is the only one of its own",
        ),
    ],
)
def test_a_key_that_an_edge_cannot_have_is_told(scenario: str, change: str, told: str) -> None:
    with pytest.raises(ScenarioError) as error:
        load(LAB / "scenarios" / f"{scenario}.yml", [f"servers.{EDGE}.{change}"])
    assert told in str(error.value)


def test_a_connector_of_the_organisation_has_no_source_that_stands_alone(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yml"
    file.write_text(
        f"extends: {LAB}/scenarios/edge-standalone.yml\nconnectors: {{Internet: {{source_servers: [{EDGE}]}}}}"
    )
    with pytest.raises(ScenarioError, match=r"source_servers\.0: not among servers of the organisation"):
        load(file)


def test_the_sources_of_a_connector_that_names_none_are_the_mailbox_servers() -> None:
    scenario = LAB / "scenarios" / "edge-subscribed.yml"
    world = load(scenario, ["connectors.Internal={address_spaces: ['SMTP:fabrikam.com;1']}"])
    found = {each.name: each.source_servers for each in world.connectors.view("dc01.contoso.test", world.clock.now())}
    assert found == {"Outbound to Office 365": (EDGE,), "Internal": (MBX,)}


@pytest.mark.parametrize("scenario", ["edge-standalone", "edge-subscribed"])
def test_the_state_shows_the_connectors_of_an_edge(make_lab: MakeLab, scenario: str) -> None:
    state = json.loads(json.dumps(make_lab(scenario).state()))
    jsonschema.validate(state, json.loads((LAB / "state.schema.json").read_text(encoding="utf-8")))
    assert list(state["servers"][EDGE]["connectors"]) == ["Outbound to Office 365"]
    assert "connectors" not in state["servers"].get(MBX, {})


def test_the_inventory_offers_no_endpoint_of_exchange_on_an_edge(make_lab: MakeLab, tmp_path: Path) -> None:
    groups = inventory_of(make_lab("edge-subscribed").world, tmp_path / "ca.pem")["exchange"]["children"]
    assert list(groups["mailbox"]["hosts"]) == [MBX]
    (host,) = groups["edge"]["hosts"].values()
    assert host["exchange_role"] == "edge"
    assert "exchange_port" not in host

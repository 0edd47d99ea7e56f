# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look at organisations of the lab foresees, and that it is silent where nothing is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCENARIOS = Path(__file__).resolve().parents[3] / "lab" / "scenarios"
HEALTHY = sorted(path.stem for path in SCENARIOS.glob("healthy-*.yml"))
MBX01, MBX02 = "mbx01.contoso.test", "mbx02.contoso.test"
# By scenario: the server, what is found there by id and severity, the root cause first, and the day.
FORESEEN: dict[str, tuple[str, list[tuple[str, str]], str | None]] = {
    "certificate-expires": (MBX01, [("healthy", "info"), ("expires", "warning")], "2026-03-22"),
    "renewal-not-bound": (MBX01, [("healthy", "info"), ("unbound_twin", "warning")], "2026-03-12"),
    "renewal-not-bound-opportunistic": (
        MBX01, [("healthy", "info"), ("clear_text_fallback", "warning")], "2026-03-12",
    ),
    "renewal-by-another-authority": (MBX01, [("healthy", "info"), ("renewal_not_named", "warning")], "2026-03-12"),
    "imported-not-bound": (MBX01, [("named_certificate_unusable", "warning")], None),
    "name-of-nothing": (MBX01, [("healthy", "info"), ("name_matches_nothing", "warning")], None),
    "new-source-server": (MBX02, [("healthy", "info"), ("source_lacks_certificate", "warning")], None),
    "mail-about-to-go-back": (MBX01, [("port_closed", "error"), ("messages_expire", "error")], "2026-03-02"),
}  # fmt: skip

Start = Callable[..., Any]


def look(fleet: Any, server: str, **options: Any) -> dict[str, Any]:
    result: dict[str, Any] = fleet.run("exchange_outbound_tls_info", server, **options)
    assert not result.get("failed"), result
    return result


def test_there_are_enough_healthy_organisations() -> None:
    assert len(HEALTHY) >= 10


@pytest.mark.parametrize("scenario", HEALTHY)
def test_what_is_healthy_stays_silent(start: Start, scenario: str) -> None:
    fleet = start(scenario)
    for server in fleet.organisation.world.servers:
        for each in look(fleet, server)["findings"]:
            assert (each["id"], each["severity"]) == ("healthy", "info"), each["message"]
    assert fleet.organisation.state()["delivered"], "mail flows"


@pytest.mark.parametrize("scenario", FORESEEN)
def test_what_will_fail_is_foreseen(start: Start, scenario: str) -> None:
    server, expected, day = FORESEEN[scenario]
    result = look(start(scenario), server)
    found = sorted(result["findings"], key=lambda each: not each["primary"])
    assert [(each["id"], each["severity"]) for each in found] == expected
    foreseen = found[-1]
    assert foreseen["kind"] == "prediction"
    assert (foreseen["when"] or "")[:10] == (day or "")
    assert foreseen["server"] == server
    assert len(foreseen["message"]) <= 300
    assert "…" not in foreseen["message"]
    assert day is None or day in foreseen["message"]
    assert foreseen["lines"]
    assert "-Force" not in "".join(foreseen["lines"])


def test_how_far_ahead_is_an_option(start: Start) -> None:
    fleet = start("certificate-expires")
    assert [each["id"] for each in look(fleet, MBX01, warn_days=19)["findings"]] == ["healthy"]


def test_what_may_be_presented_is_told_with_its_reasons(start: Start) -> None:
    (connector,) = look(start("renewal-not-bound"), MBX01)["connectors"]
    assert [(each["usable"], each["services"]) for each in connector["presented"]] == [
        ("no", ["IIS"]),
        ("yes", ["IIS", "SMTP"]),
    ]
    assert "valid longest" in connector["presented"][0]["reasons"][1]


def test_what_a_binding_changes_besides_is_what_the_lab_does(start: Start) -> None:
    """A front end that greets by the name of the certificate shows it from then on."""
    fleet = start(
        "kb4051498",
        "servers.mbx01.contoso.test.receive_connectors={Default Frontend MBX01: {fqdn: mail.contoso.com}}",
        "connectors.Outbound to Office 365.protocol_logging_level=Verbose",
    )
    (connector,) = look(fleet, MBX01)["connectors"]
    bind = connector["repair"]["bind"]
    (culprit,) = bind["thumbprints"]
    assert bind["side_effects"] == [
        {"kind": "receive_connector", "name": "Default Frontend MBX01", "before": [], "after": [culprit]}
    ]

    chosen = look(fleet, MBX01, connectors=[connector["guid"]])["connectors"][0]
    assert chosen["repair"]["bind"]["side_effects"] == bind["side_effects"]

    def shown() -> dict[str, Any]:
        connectors = fleet.organisation.state()["servers"][MBX01]["receive_connectors"]
        return {name: each["presents"] for name, each in connectors.items()}

    before = shown()
    assert fleet.run("exchange_certificate_enable", MBX01, thumbprint=culprit)["changed"]
    after = shown()
    assert {name: after[name] for name in after if after[name] != before[name]} == {"Default Frontend MBX01": culprit}

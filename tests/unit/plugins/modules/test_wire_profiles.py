# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Exchange writes by default is all that the modules need, and what it may write beyond that changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[4]
MBX01 = "mbx01.contoso.test"
CONNECTOR = "Outbound to Office 365"
LEVELS = ("None", "Partial", "Full")
READING = (
    "exchange_certificate_info",
    "exchange_outbound_tls_info",
    "exchange_queue_info",
    "exchange_sendconnector_info",
)

Start = Callable[..., Any]


def at_level(fleet: Any, level: str) -> Any:
    """Let modules ask for a serialization level, as a user may by exchange_path."""
    server = fleet.organisation.world.servers[MBX01]
    server.powershell = replace(server.powershell, path=f"/PowerShell/?serializationLevel={level}")
    return fleet


@pytest.mark.parametrize("certificate_name", ["object", "text"])
def test_modules_read_the_same_at_every_level(start: Start, certificate_name: str) -> None:
    fleet = start("kb4051498", "time_scale=0.000000001", f"readings.tls_certificate_name_value={certificate_name}")
    by_default = {name: fleet.run(name, MBX01) for name in READING}
    assert not any(each.get("failed") for each in by_default.values())
    for level in LEVELS:
        assert {name: at_level(fleet, level).run(name, MBX01) for name in READING} == by_default, level
    asked = [each["query"].get("serializationLevel") for each in fleet.commands if each["endpoint"] == "/powershell"]
    assert list(dict.fromkeys(asked)) == [None, *LEVELS]


@pytest.mark.parametrize("level", [None, "None", "Full"], ids=["by default", "None", "Full"])
def test_what_the_repair_does_works_at_every_level(start: Start, level: str | None, tmp_path: Path) -> None:
    fleet = start("kb4051498")
    if level is not None:
        at_level(fleet, level)
    certificates = fleet.run("exchange_certificate_info", MBX01)["certificates"]
    (connector,) = fleet.run("exchange_sendconnector_info", MBX01)["connectors"]
    (thumbprint,) = [each["thumbprint"] for each in certificates if each["subject"].startswith("CN=*.")]
    for name, options in (
        ("exchange_sendconnector_logging", {"level": "verbose", "identity": CONNECTOR, "journal_dir": str(tmp_path)}),
        ("exchange_queue_retry", {"connector": connector["guid"]}),
        ("exchange_certificate_enable", {"thumbprint": thumbprint, "services": ["SMTP"], "server": MBX01}),
        ("exchange_sendconnector_logging", {"level": "previous", "identity": CONNECTOR, "journal_dir": str(tmp_path)}),
    ):
        result = fleet.run(name, MBX01, **options)
        assert (result.get("msg"), result["changed"]) == (None, True), name
    (stored,) = [each for each in fleet.run("exchange_certificate_info", MBX01)["certificates"]
                 if each["thumbprint"] == thumbprint]  # fmt: skip
    assert "SMTP" in stored["services"]


def test_no_shipped_file_asks_for_a_level() -> None:
    shipped = [path for folder in ("plugins", "roles", "playbooks") for path in (ROOT / folder).rglob("*.*")]
    assert len(shipped) > 50
    texts = {path.name: path.read_text(encoding="utf-8") for path in shipped if path.suffix in (".py", ".yml", ".j2")}
    assert [name for name, text in texts.items() if "serializationlevel=" in text.casefold()] == []

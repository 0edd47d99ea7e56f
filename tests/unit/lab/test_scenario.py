# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios: each mistake is told by file, line and key; each shipped one is a world."""

from __future__ import annotations

import dataclasses
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest
from exchange_lab.cmdlets.rbac import ROLE_GROUPS
from exchange_lab.scenario import ScenarioError, load
from exchange_lab.scenario.contract import schema
from exchange_lab.world import (
    ConnectionLost,
    Endpoint,
    PeerGoesDown,
    Readings,
    Realm,
    RecycledShells,
    Silent,
    UnforeseenPrompt,
)

SCENARIOS = Path(__file__).resolve().parents[2] / "lab" / "scenarios"
SMALL = """\
clock: 2026-03-02T02:15:00Z
domain_controllers:
  dc01.contoso.test: {}
servers:
  mbx01.contoso.test:
    default_certificate: setup
    certificates:
      setup: {subject: CN=mbx01, network_service: true}
peers:
  mx.fabrikam.com: {mx_for: [fabrikam.com]}
connectors:
  Internet: {protocol_logging_level: None}
"""


def written(directory: Path, text: str, name: str = "scenario.yml") -> Path:
    file = directory / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("file", sorted(SCENARIOS.glob("*.yml")), ids=lambda file: file.stem)
def test_every_shipped_scenario_is_a_world(file: Path) -> None:
    world = load(file)
    assert all(server.certificate(server.default_certificate) for server in world.servers.values())


@pytest.mark.parametrize(
    ("change", "line", "told"),
    [
        ("servers:->server:", 4, "server: unknown key; known here: accounts, clock"),
        (
            "network_service->networkservice",
            8,
            "servers.mbx01.contoso.test.certificates.setup.networkservice: unknown key",
        ),
        ("{subject: CN=mbx01, network_service: true}->{key: ok}", 8, "certificates.setup: Either subject"),
        (
            "default_certificate: setup->reachable: true",
            5,
            "mbx01.contoso.test: the key default_certificate is missing",
        ),
        (
            "default_certificate: setup->default_certificate: other",
            6,
            "default_certificate: not among certificates: setup",
        ),
        (
            "{subject: CN=mbx01, network_service: true}->{same_as: mx.fabrikam.org}",
            8,
            "same_as: not among certificates",
        ),
        ("protocol_logging_level: None->protocol_logging_level: verbose", 12, "'verbose' is not one of"),
        ("Internet: {->Internet: {source_servers: [mbx02.contoso.test], ", 12, "source_servers.0: not among servers"),
        ("mbx01.contoso.test:->mbx01:", 5, "servers.mbx01: no name for a key here"),
        ("clock: 2026-03-02->clock: 2026-02-30", 1, "clock: '2026-02-30T02:15:00Z' is no time: day is out of range"),
        ("subject: CN=mbx01->subject: X=mbx01", 8, "'X=mbx01' is no part of a distinguished name"),
        ("setup: {->setup: {not_before: +1d, not_after: -1d, ", 8, "certificates.setup:"),
        ("  mx.fabrikam.com: {->  mx.fabrikam.com: {mx_for: [], ", 10, "mx_for: the key stands here twice"),
        ("  mx.fabrikam.com:->\tmx.fabrikam.com:", 10, "found character '\\t'"),
    ],
)
def test_a_mistake_is_told_by_file_line_and_key(tmp_path: Path, change: str, line: int, told: str) -> None:
    before, __, after = change.partition("->")
    assert before in SMALL
    file = written(tmp_path, SMALL.replace(before, after, 1))
    with pytest.raises(ScenarioError) as error:
        load(file)
    assert f"{file}:{line}: " in str(error.value)
    assert told in str(error.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    file = written(tmp_path, SMALL.replace("peers:", "pears:").replace("None}", "Loud}"))
    with pytest.raises(ScenarioError) as error:
        load(file)
    assert [line.split(": ")[0] for line in str(error.value).splitlines()] == [f"{file}:9", f"{file}:12"]


def test_a_file_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"nothing\.yml: No such file"):
        load(tmp_path / "nothing.yml")


def test_the_changes_that_the_readme_shows_are_valid() -> None:
    lines = [
        line for line in (SCENARIOS.parent / "README.md").read_text().splitlines() if line.startswith("    --set ")
    ]
    assert lines
    for line in lines:
        load(SCENARIOS / "kb4051498.yml", [each for each in shlex.split(line) if each != "--set"])


def test_the_defaults_of_the_readings_stand_in_the_schema() -> None:
    rules = schema()["$defs"]["readings"]["properties"]
    assert {name: rule["default"] for name, rule in rules.items()} == {
        each.name: each.default for each in dataclasses.fields(Readings)
    }


def test_the_role_groups_of_the_schema_are_those_that_the_lab_knows() -> None:
    rules = schema()["properties"]["accounts"]["items"]["properties"]["role_groups"]
    assert set(rules["items"]["enum"]) == set(ROLE_GROUPS)


class TestSet:
    def test_changes_one_fact_of_a_key_with_dots_and_blanks(self) -> None:
        world = load(
            SCENARIOS / "kb4051498.yml",
            [
                "connectors.Outbound to Office 365.require_tls=false",
                "servers.mbx01.contoso.test.certificates.third-party.key=missing",
                "mail.0.count=3",
                "readings.cng_key=unusable",
            ],
        )
        (connector,) = world.connectors.view("dc01.contoso.test", world.clock.now())
        assert not connector.require_tls
        assert [each.key for each in world.servers["mbx01.contoso.test"].store] == ["ok", "ok", "missing"]
        assert world.mail[0].count == 3
        assert world.readings.cng_key == "unusable"

    def test_takes_the_longest_key_that_exists(self, tmp_path: Path) -> None:
        text = SMALL.replace("peers:", "peers:\n  mx.fabrikam: {}")
        world = load(written(tmp_path, text), ["peers.mx.fabrikam.com.listens=false"])
        assert {name: peer.listens for name, peer in world.peers.items()} == {
            "mx.fabrikam": True,
            "mx.fabrikam.com": False,
        }

    def test_adds_a_key_that_was_left_out(self, tmp_path: Path) -> None:
        world = load(written(tmp_path, SMALL), ["readings.log_names=hourly", "servers.mbx01.contoso.test.pop=mbx01"])
        assert world.readings.log_names == "hourly"
        assert world.servers["mbx01.contoso.test"].pop_name == "mbx01"

    @pytest.mark.parametrize(
        ("assignment", "told"),
        [
            ("time_scale", "KEY=VALUE is expected"),
            ("time_scale=fast", "time_scale: 'fast' is not of type 'number'"),
            ("clock.year=2026", "clock is a single value and has no key year"),
            ("connectors.Intranet.colour=red", "connectors.Intranet.colour: unknown key"),
            ("mail.0.count=1", "mail"),
            ("readings.cng_key=[", "the value is not YAML"),
        ],
    )
    def test_a_mistake_names_the_argument(self, tmp_path: Path, assignment: str, told: str) -> None:
        with pytest.raises(ScenarioError) as error:
            load(written(tmp_path, SMALL), [assignment])
        assert str(error.value).startswith(f"--set {assignment}: ")
        assert told in str(error.value)


class TestExtends:
    def test_merges_mappings_and_replaces_everything_else(self, tmp_path: Path) -> None:
        written(tmp_path, SMALL)
        variant = written(
            tmp_path,
            "extends: scenario.yml\ntime_scale: 2\npeers: {mx.fabrikam.com: {mx_for: [fabrikam.org]}}\n",
            "v.yml",
        )
        world = load(variant)
        assert world.clock.time_scale == 2
        assert world.peers["mx.fabrikam.com"].mx_for == ("fabrikam.org",)
        assert list(world.servers) == ["mbx01.contoso.test"]

    def test_a_mistake_is_told_where_it_was_made(self, tmp_path: Path) -> None:
        base = written(tmp_path, SMALL)
        variant = written(tmp_path, "extends: scenario.yml\n\npeers: {mx.fabrikam.com: {color: red}}\n", "v.yml")
        with pytest.raises(ScenarioError) as error:
            load(variant)
        assert str(error.value).startswith(f"{variant}:3: ")
        base.write_text(SMALL.replace("mx_for", "mx_of"))
        with pytest.raises(ScenarioError) as error:
            load(variant)
        assert f"{base}:10: peers.mx.fabrikam.com.mx_of" in str(error.value)

    def test_a_base_that_does_not_exist_is_told(self, tmp_path: Path) -> None:
        variant = written(tmp_path, "extends: nothing.yml\n")
        with pytest.raises(ScenarioError, match=r"yml:1: extends: there is no scenario file 'nothing\.yml'"):
            load(variant)


class TestWorld:
    def test_one_certificate_can_be_in_several_stores_at_its_place_in_each(self) -> None:
        servers = load(SCENARIOS / "four-servers.yml").servers
        wildcards = [server.store[1] for server in servers.values()]
        assert {each.label for each in wildcards} == {"wildcard"}
        assert len({each.thumbprint for each in wildcards}) == 1
        assert [each.key for each in wildcards] == ["ok", "ok", "ok", "missing"]

    def test_a_copy_stands_where_the_scenario_has_it(self, tmp_path: Path) -> None:
        text = SMALL.replace("      setup:", "      theirs: {same_as: mx.fabrikam.com}\n      setup:")
        (server,) = load(written(tmp_path, text)).servers.values()
        assert [each.label for each in server.store] == ["theirs", "setup"]

    def test_a_peers_certificate_can_be_in_our_store(self, tmp_path: Path) -> None:
        text = SMALL.replace("true}", "true}\n      theirs: {same_as: mx.fabrikam.com}")
        world = load(written(tmp_path, text))
        (__, theirs) = world.servers["mbx01.contoso.test"].store
        assert theirs.thumbprint == world.peers["mx.fabrikam.com"].certificate.thumbprint
        assert not theirs.network_service

    def test_files_are_filled_with_facts_of_this_run(self, tmp_path: Path) -> None:
        (tmp_path / "raw.log").write_bytes(b"\xff\r\n")
        text = SMALL.replace(
            "    certificates:",
            "    files:\n"
            "      'C:\\Logs\\a.log':\n"
            "        text: '{{time:-90s}},{{thumbprint:mbx01.contoso.test/setup}},{{subject:mx.fabrikam.com}}'\n"
            "      'C:\\Logs\\c.log': {text: \"one\\ntwo\\n\"}\n"
            "      'C:\\Logs\\b.log': {from: raw.log}\n"
            "    certificates:",
        )
        server = load(written(tmp_path, text)).servers["mbx01.contoso.test"]
        first, second, third = server.disk.files("C:\\Logs")
        assert first.content.decode() == f"2026-03-02T02:13:30.000Z,{server.store[0].thumbprint},CN=mx.fabrikam.com"
        assert second.content == b"\xff\r\n"
        assert third.content == b"one\r\ntwo\r\n"

    def test_a_placeholder_for_nothing_is_told(self, tmp_path: Path) -> None:
        for placeholder in ("{{thumbprint:mbx01.contoso.test/other}}", "{{colour:mx.fabrikam.com}}", "{{time:soon}}"):
            text = SMALL.replace(
                "    certificates:", f"    files: {{'C:\\a': {{text: '{placeholder}'}}}}\n    certificates:"
            )
            with pytest.raises(ScenarioError) as error:
                load(written(tmp_path, text))
            assert "scenario.yml:7: servers.mbx01.contoso.test.files.C:\\a.text: nothing is known for" in str(
                error.value
            )
            assert placeholder in str(error.value)

    def test_faults_become_values(self, tmp_path: Path) -> None:
        faults = (
            "faults:\n"
            "  - unforeseen_prompt: {cmdlet: Enable-ExchangeCertificate, message: 'Really?'}\n"
            "  - peer_goes_down: {cmdlet: Retry-Queue, peer: mx.fabrikam.com}\n"
            "  - connection_lost: {cmdlet: Get-Queue}\n"
            "  - connection_lost: {cmdlet: Get-Queue, at: receive}\n"
            "  - silent: {cmdlet: Get-Queue, seconds: 3}\n"
            "  - recycled_shells: {cmdlet: Get-Queue}\n"
        )
        world = load(written(tmp_path, SMALL + faults))
        assert world.faults == [
            UnforeseenPrompt("Enable-ExchangeCertificate", "Really?"),
            PeerGoesDown("mx.fabrikam.com", "Retry-Queue"),
            ConnectionLost("Get-Queue", "command"),
            ConnectionLost("Get-Queue", "receive"),
            Silent("Get-Queue", 3),
            RecycledShells("Get-Queue"),
        ]
        server = world.servers["mbx01.contoso.test"]
        assert world.cmdlet_begins("retry-queue", server) is None
        assert not world.peers["mx.fabrikam.com"].listens
        assert world.cmdlet_begins("Enable-ExchangeCertificate", server) == world.faults[0]

    def test_faults_of_the_wire_are_nothing_to_the_cmdlet(self, tmp_path: Path) -> None:
        world = load(written(tmp_path, SMALL + "faults: [recycled_shells: {cmdlet: Get-Queue}]\n"))
        assert world.cmdlet_begins("Get-Queue", world.servers["mbx01.contoso.test"]) is None

    @pytest.mark.parametrize(
        ("keys", "realm"),
        [
            ("", None),
            ("realm: {kdc: running}\n", Realm("CONTOSO.TEST")),
            ("realm: {name: AD.EXAMPLE}\n", Realm("AD.EXAMPLE")),
            ("realm: {kdc: stopped}\n", Realm("CONTOSO.TEST", answering=False)),
        ],
    )
    def test_a_realm_is_there_when_it_is_stated(self, tmp_path: Path, keys: str, realm: Realm | None) -> None:
        assert load(written(tmp_path, SMALL + keys)).realm == realm

    @pytest.mark.parametrize("endpoint", ["powershell", "wsman"])
    def test_a_realm_is_there_when_an_endpoint_offers_kerberos(self, tmp_path: Path, endpoint: str) -> None:
        change = f"servers.mbx01.contoso.test.{endpoint}.authentication=[Kerberos, Basic]"
        assert load(written(tmp_path, SMALL), [change]).realm == Realm("CONTOSO.TEST")

    def test_what_nobody_states_of_endpoints_is_as_windows_and_exchange_have_it(self, tmp_path: Path) -> None:
        server = load(written(tmp_path, SMALL)).servers["mbx01.contoso.test"]
        assert server.powershell == Endpoint("/PowerShell/", stray_space=True)
        assert server.wsman == Endpoint("/wsman", extended_protection=True)

    @pytest.mark.parametrize(
        ("endpoint", "told"), [("powershell", "not among Mailbox servers"), ("wsman", "only Exchange's own endpoint")]
    )
    def test_a_session_is_proxied_from_exchange_to_a_mailbox_server(
        self, tmp_path: Path, endpoint: str, told: str
    ) -> None:
        change = f"servers.mbx01.contoso.test.{endpoint}.proxied_to=edge01.contoso.test"
        with pytest.raises(ScenarioError, match=rf"{endpoint}\.proxied_to: {told}"):
            load(written(tmp_path, SMALL), [change])

    def test_mail_may_come_later_again_and_to_many_domains(self, tmp_path: Path) -> None:
        mail = (
            "mail: [{server: mbx01.contoso.test, domain: fabrikam.com, domains: 3, count: 1, queued_at: +1s, times: 2,"
            " every_s: 5, suspended_at: +1m}]\n"
        )
        world = load(written(tmp_path, SMALL + mail))
        (each,) = world.mail
        assert each.recipients == ("d1.fabrikam.com", "d2.fabrikam.com", "d3.fabrikam.com")
        assert (each.times, each.every_s) == (2, 5)
        assert each.queued_at == datetime(2026, 3, 2, 2, 15, 1, tzinfo=UTC)
        assert each.suspended_at == datetime(2026, 3, 2, 2, 16, tzinfo=UTC)
        assert world.agenda.now == world.clock.now()

    def test_what_is_left_out_has_its_default(self, tmp_path: Path) -> None:
        world = load(written(tmp_path, SMALL))
        assert world.clock.now() == datetime(2026, 3, 2, 2, 15, tzinfo=UTC)
        assert [account.role_groups for account in world.accounts] == [("Organization Management",)]
        (connector,) = world.connectors.view("dc01.contoso.test", world.clock.now())
        assert connector.source_servers == ("mbx01.contoso.test",)
        assert connector.dns_routing_enabled
        peer = world.peer_for("FABRIKAM.com")
        assert peer is not None
        assert peer.banner == "220 mx.fabrikam.com Microsoft ESMTP MAIL Service ready"


class TestReceiveConnectors:
    def test_those_of_setup_are_there_and_change_only_in_what_is_said(self, tmp_path: Path) -> None:
        world = load(
            written(
                tmp_path,
                SMALL.replace(
                    "    certificates:",
                    "    receive_connectors:\n"
                    "      Default Frontend MBX01: {tls_certificate_name: <S>CN=mail.contoso.com}\n"
                    "      Scanners: {fqdn: relay.contoso.com, bindings: ['10.0.0.1:26']}\n"
                    "    certificates:",
                ),
            )
        )
        connectors = {each.name: each for each in world.servers["mbx01.contoso.test"].receive_connectors}
        assert list(connectors) == [
            "Default MBX01",
            "Client Proxy MBX01",
            "Default Frontend MBX01",
            "Outbound Proxy Frontend MBX01",
            "Client Frontend MBX01",
            "Scanners",
        ]
        changed = connectors["Default Frontend MBX01"]
        assert (changed.tls_certificate_name, changed.protocol_logging_level) == ("<S>CN=mail.contoso.com", "Verbose")
        assert connectors["Default MBX01"].tls_certificate_name is None
        assert (connectors["Scanners"].fqdn, connectors["Scanners"].bindings) == ("relay.contoso.com", ("10.0.0.1:26",))

    @pytest.mark.parametrize(
        "bad", ["{bindings: [25]}", "{transport_role: Edge}", "{presents: x}", "{bindings: ['x:25']}"]
    )
    def test_a_mistake_is_told(self, tmp_path: Path, bad: str) -> None:
        text = SMALL.replace("    certificates:", f"    receive_connectors: {{Scanners: {bad}}}\n    certificates:")
        with pytest.raises(ScenarioError, match=r"yml:7: servers\.mbx01\.contoso\.test\.receive_connectors\.Scanners"):
            load(written(tmp_path, text))


def test_facts_of_evidence_reach_the_server(tmp_path: Path) -> None:
    world = load(
        written(tmp_path, SMALL),
        [
            "servers.mbx01.contoso.test.connectivity_log_enabled=false",
            r"servers.mbx01.contoso.test.connectivity_log_path=D:\Logs",
            "servers.mbx01.contoso.test.schannel_event_logging=0",
            "servers.mbx01.contoso.test.message_expiration_s=3600",
            "mail=[{server: mbx01.contoso.test, domain: fabrikam.com, count: 1, queued_at: -1m, subject: '<i>'}]",
            "accounts=[{user: CONTOSO\\a, password: b, reads_event_logs: false}]",
        ],
    )
    server = world.servers["mbx01.contoso.test"]
    assert (server.connectivity_log_enabled, server.connectivity_log_path) == (False, r"D:\Logs")
    assert (server.schannel_event_logging, server.message_expiration.total_seconds()) == (0, 3600)
    assert world.mail[0].subject == "<i>"
    assert world.accounts[0].reads_event_logs is False

# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a valid scenario to a world."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ..certificates import CertificateMaker
from ..clock import Clock
from ..timespan import log_time, parse_moment, parse_span
from ..world import (
    Account,
    ClientCertificate,
    ConnectionLost,
    ConnectorChanged,
    Connectors,
    DomainController,
    EdgeDirectory,
    Endpoint,
    Fault,
    Inspection,
    Mail,
    Network,
    OthersConnect,
    Peer,
    PeerGoesDown,
    Readings,
    Realm,
    ReceiveConnector,
    RecycledShells,
    SendConnector,
    Server,
    Silent,
    StandaloneDirectory,
    StoredCertificate,
    SubscribedDirectory,
    Synchronization,
    UnforeseenPrompt,
    World,
    connectors_of_setup,
)
from .document import Document, Keys

PUBLIC_AUTHORITY = "CN=Public Mail CA 1, O=Public Trust Services, C=US"
"""Issues the certificate of a peer for which the scenario names none."""

_LOGS = r"C:\Program Files\Microsoft\Exchange Server\V15\TransportRoles\Logs"
_SEND_LOGS = {role: rf"{_LOGS}\{name}\ProtocolLog\SmtpSend" for role, name in (("mailbox", "Hub"), ("edge", "Edge"))}
_CONNECTIVITY_LOGS = {"mailbox": rf"{_LOGS}\Hub\Connectivity", "edge": rf"{_LOGS}\Edge\Connectivity"}
_FRONT_END_SEND_LOG = rf"{_LOGS}\FrontEnd\ProtocolLog\SmtpSend"
_FAULTS: dict[str, Callable[..., Fault]] = {
    "peer_goes_down": PeerGoesDown,
    "others_connect": OthersConnect,
    "connector_changed": ConnectorChanged,
    "connection_lost": ConnectionLost,
    "silent": Silent,
    "recycled_shells": RecycledShells,
}
_SURROUNDINGS = (
    "key",
    "key_acl",
    "network_service",
    "iis_sites",
    "trusted",
    "revoked",
    "revocation_reachable",
    "friendly_name",
)
_PLACEHOLDER = re.compile(r"\{\{(?P<fact>[a-z]+):(?P<of>[^{}]+)\}\}")


class Builder:
    """Makes one world. ScenarioError for what only making it shows, such as a date that does not exist."""

    def __init__(self, document: Document, scenario: dict[str, Any]) -> None:
        self._document = document
        self._scenario = scenario
        self._maker = CertificateMaker()
        self._now = datetime.max
        self._now = self._moment(("clock",), scenario["clock"])

    def world(self) -> World:
        scenario = self._scenario
        controllers = {
            fqdn: DomainController(fqdn, facts["site"], facts["replication_delay_s"])
            for fqdn, facts in scenario["domain_controllers"].items()
        }
        peers = {name: self._peer(name, number) for number, name in enumerate(scenario["peers"], start=25)}
        servers = {fqdn: self._server(fqdn) for fqdn in scenario["servers"]}
        self._copy_certificates(servers, peers)
        for fqdn, server in servers.items():
            default = scenario["servers"][fqdn]["default_certificate"]
            server.default_certificate = next((each.thumbprint for each in server.store if each.label == default), None)
            self._place_files(server, servers, peers)
        domain = next(iter(controllers)).partition(".")[2]
        mailbox_servers = [fqdn for fqdn, server in servers.items() if server.role == "mailbox"]
        connectors = Connectors(controllers, self._connectors(("connectors",), mailbox_servers))
        readings = Readings(**scenario["readings"])
        for server in servers.values():
            if server.role == "edge":
                server.edge_directory = self._edge_directory(server, servers, connectors, readings)
        return World(
            clock=Clock(self._now, scenario["time_scale"]),
            organisation=domain.partition(".")[0].capitalize(),
            domain=domain,
            domain_controllers=controllers,
            servers=servers,
            connectors=connectors,
            peers=peers,
            accounts=[self._account(index) for index in range(len(scenario["accounts"]))],
            mail=[self._mail(index) for index in range(len(scenario["mail"]))],
            realm=self._realm(domain),
            readings=readings,
            faults=[self._fault(each) for each in scenario["faults"]],
        )

    def _account(self, index: int) -> Account:
        facts = dict(self._scenario["accounts"][index])
        if "other_sessions_end" in facts:
            at: Keys = ("accounts", index, "other_sessions_end")
            facts["other_sessions_end"] = self._moment(at, facts["other_sessions_end"])
        return Account(**{**facts, "role_groups": tuple(facts["role_groups"]), "roles": tuple(facts["roles"])})

    def _realm(self, domain: str) -> Realm | None:
        """The realm that the scenario states, or that an endpoint with Kerberos takes for granted."""
        endpoints = [each[key] for each in self._scenario["servers"].values() for key in ("powershell", "wsman")]
        offered = any("Kerberos" in each["authentication"] for each in endpoints)
        facts = self._scenario.get("realm", {"kdc": "running"} if offered else None)
        return None if facts is None else Realm(facts.get("name", domain.upper()), facts["kdc"] == "running")

    def _server(self, fqdn: str) -> Server:
        facts = self._scenario["servers"][fqdn]
        is_edge = facts["role"] == "edge"
        first_controller = next(iter(self._scenario["domain_controllers"]))
        return Server(
            fqdn=fqdn,
            name=fqdn.partition(".")[0].upper(),
            site="" if is_edge else facts["site"],
            domain_controller=None if is_edge else facts.get("domain_controller", first_controller),
            role=facts["role"],
            subscribed_to=facts.get("subscribed_to"),
            edge_sync_runs=not is_edge and facts["edgesync"] == "running",
            version=facts["version"],
            language=facts["language"],
            store=[
                self._stored(("servers", fqdn, "certificates", key), key, each)
                for key, each in facts["certificates"].items()
                if "same_as" not in each
            ],
            missing_roots=tuple(facts["missing_roots"]),
            tls_versions=tuple(facts["tls_versions"]),
            kerberos=facts["kerberos"],
            intra_org_connector_protocol_logging_level=facts["intra_org_connector_protocol_logging_level"],
            network=_network(facts["network"]),
            pop_name=facts["pop"],
            imap_name=facts["imap"],
            connectivity_log_enabled=facts["connectivity_log_enabled"],
            connectivity_log_path=facts.get("connectivity_log_path", _CONNECTIVITY_LOGS[facts["role"]]),
            receive_connectors=_receive_connectors(fqdn.partition(".")[0].upper(), facts),
            schannel_event_logging=facts["schannel_event_logging"],
            send_log_path=facts.get("send_log_path", _SEND_LOGS[facts["role"]]),
            front_end_send_log_path=None if is_edge else facts.get("front_end_send_log_path", _FRONT_END_SEND_LOG),
            transport_reload_s=facts["transport_reload_s"],
            log_flush_s=facts["log_flush_s"],
            send_log_max_file_size=facts["send_log_max_file_size"],
            message_expiration=timedelta(seconds=facts["message_expiration_s"]),
            connections_kept_s=facts["connections_kept_s"],
            service_host=facts["service_host"],
            transport_runs=facts["transport"] == "running",
            transport_restarts=tuple(
                self._moment(("servers", fqdn, "transport_restarts", index), each)
                for index, each in enumerate(facts["transport_restarts"])
            ),
            components=dict(facts["components"]),
            states_since=self._now,
            reachable=facts["reachable"],
            powershell=None if is_edge else _endpoint("/PowerShell/", facts["powershell"], is_exchanges=True),
            wsman=_endpoint("/wsman", facts["wsman"], is_exchanges=False),
        )

    def _stored(self, at: Keys, label: str, facts: dict[str, Any]) -> StoredCertificate:
        not_before = self._moment((*at, "not_before"), facts["not_before"])
        not_after = self._moment((*at, "not_after"), facts["not_after"])
        try:
            made = self._maker.make(facts["subject"], facts["issuer"], facts["domains"], not_before, not_after)
        except ValueError as error:
            raise self._document.fail(at, str(error)) from error
        return StoredCertificate(label, made, **self._surroundings(at, facts))

    def _copy_certificates(self, servers: dict[str, Server], peers: dict[str, Peer]) -> None:
        """Put the copies into the stores, each at its place in the order of the scenario."""
        for fqdn, server in servers.items():
            for position, (key, facts) in enumerate(self._scenario["servers"][fqdn]["certificates"].items()):
                if "same_as" in facts:
                    original = _certificate(facts["same_as"], servers, peers)
                    surroundings = self._surroundings(("servers", fqdn, "certificates", key), facts)
                    server.store.insert(position, StoredCertificate(key, original.certificate, **surroundings))

    def _surroundings(self, at: Keys, facts: dict[str, Any]) -> dict[str, Any]:
        """The facts that are not in the certificate itself; a peer's certificate has none."""
        moments = {key: self._moment((*at, key), facts[key]) for key in ("imported_at", "removed_at") if key in facts}
        return {key: facts[key] for key in _SURROUNDINGS if key in facts} | moments

    def _place_files(self, server: Server, servers: dict[str, Server], peers: dict[str, Peer]) -> None:
        for path, source in self._scenario["servers"][server.fqdn]["files"].items():
            at: Keys = ("servers", server.fqdn, "files", path)
            if "text" in source:
                text = self._fill((*at, "text"), source["text"], servers, peers)
                content = text.replace("\n", "\r\n").encode("utf-8")
            else:
                file = Path(self._document.place((*at, "from")).source).parent / source["from"]
                try:
                    content = file.read_bytes()
                except OSError as error:
                    raise self._document.fail((*at, "from"), f"{file}: {error.strerror}") from error
            server.disk.write(path, content, self._now)
        front_ends = server.front_end_connectivity_log_path if server.role == "mailbox" else None
        for directory in (
            server.send_log_path,
            server.front_end_send_log_path,
            server.connectivity_log_path,
            front_ends,
        ):
            if directory is not None:
                server.disk.make_directory(directory)

    def _fill(self, at: Keys, text: str, servers: dict[str, Server], peers: dict[str, Peer]) -> str:
        facts: dict[str, Callable[[StoredCertificate], str]] = {
            "thumbprint": lambda certificate: certificate.thumbprint,
            "serial": lambda certificate: certificate.serial_number,
            "subject": lambda certificate: certificate.subject,
            "issuer": lambda certificate: certificate.issuer,
            "names": lambda certificate: ";".join(certificate.alternative_names),
        }

        def fact(placeholder: re.Match[str]) -> str:
            try:
                if placeholder["fact"] == "time":
                    return log_time(self._now + parse_span(placeholder["of"]))
                return facts[placeholder["fact"]](_certificate(placeholder["of"], servers, peers))
            except (KeyError, ValueError) as error:
                raise self._document.fail(at, f"nothing is known for the placeholder {placeholder[0]}") from error

        return _PLACEHOLDER.sub(fact, text)

    def _edge_directory(
        self, edge: Server, servers: dict[str, Server], organisation: Connectors, readings: Readings
    ) -> EdgeDirectory:
        if edge.subscribed_to is None:
            own = self._connectors(("servers", edge.fqdn, "connectors"), [edge.fqdn])
            return StandaloneDirectory(edge.fqdn, own)
        in_site = [each for each in servers.values() if each.site == edge.subscribed_to]
        at_work = [each for each in in_site if each.edge_sync_runs]
        directory = SubscribedDirectory(
            edge.fqdn,
            organisation,
            Synchronization(self._now, (at_work or in_site)[0].domain_controller or ""),
            by_itself=bool(at_work),
            guids=readings.edge_connector_guid,
        )
        directory.certificate = edge.default_certificate
        return directory

    def _connectors(self, at: Keys, sources: list[str]) -> list[SendConnector]:
        """The connectors that stand at these keys; ``sources`` are the servers of one that names none."""
        found: Any = self._scenario
        for key in at:
            found = found.get(key, {})
        return [self._connector(name, facts, sources) for name, facts in found.items()]

    def _connector(self, name: str, facts: dict[str, Any], sources: list[str]) -> SendConnector:
        facts = dict(facts)
        smart_hosts = tuple(facts.pop("smart_hosts"))
        return SendConnector(
            guid=facts.pop("guid", str(uuid.uuid5(uuid.NAMESPACE_DNS, name))).lower(),
            name=name,
            address_spaces=tuple(facts.pop("address_spaces")),
            smart_hosts=smart_hosts,
            dns_routing_enabled=not smart_hosts,
            source_servers=tuple(facts.pop("source_servers", sources)),
            when_created=self._now,
            when_changed=self._now,
            **facts,
        )

    def _peer(self, name: str, number: int) -> Peer:
        facts = self._scenario["peers"][name]
        at: Keys = ("peers", name, "certificate")
        certificate = facts.get("certificate") or {
            "subject": f"CN={name}",
            "issuer": PUBLIC_AUTHORITY,
            "domains": _domains(name),
            "not_before": "-30d",
            "not_after": "+335d",
        }
        first, *others = facts.get("addresses", [facts.get("address", f"203.0.113.{number}")])
        demands = facts["client_certificate"]
        return Peer(
            name=name,
            address=first,
            more_addresses=tuple(others),
            dns=facts["dns"],
            requires_tls=facts["requires_tls"],
            tls_versions=tuple(facts["tls_versions"]),
            client_certificate=ClientCertificate(**{**demands, **_tuples(demands, "issuers", "names")}),
            reply_to_mail=facts["reply_to_mail"],
            reply_to_rcpt=facts["reply_to_rcpt"],
            certificate=self._stored(at, name, certificate),
            port=facts["port"],
            mx_for=tuple(facts["mx_for"]),
            listens=facts["listens"],
            connect_failure=facts["connect_failure"],
            banner=facts.get("banner", f"220 {name} Microsoft ESMTP MAIL Service ready"),
            starttls=facts["starttls"],
            reply_to_data=facts["reply_to_data"],
        )

    def _mail(self, index: int) -> Mail:
        facts = dict(self._scenario["mail"][index])
        for key in ("queued_at", "suspended_at", "messages_suspended_at"):
            if key in facts:
                facts[key] = self._moment(("mail", index, key), facts[key])
        return Mail(**facts)

    def _fault(self, fault: dict[str, Any]) -> Fault:
        ((kind, facts),) = fault.items()
        if kind == "unforeseen_prompt":
            return UnforeseenPrompt(**{**facts, "choices": tuple(facts["choices"])})
        return _FAULTS[kind](**facts)

    def _moment(self, at: Keys, text: str) -> datetime:
        try:
            return parse_moment(text, self._now)
        except ValueError as error:
            raise self._document.fail(at, str(error)) from error


def _endpoint(path: str, facts: dict[str, Any], *, is_exchanges: bool) -> Endpoint:
    return Endpoint(
        path,
        facts["scheme"],
        tuple(facts["authentication"]),
        extended_protection=facts.get("extended_protection", not is_exchanges),
        stray_space=facts.get("stray_space", is_exchanges),
        balancer=facts["load_balancer"],
        proxied_to=facts.get("proxied_to"),
    )


def _receive_connectors(server_name: str, facts: dict[str, Any]) -> tuple[ReceiveConnector, ...]:
    """Those of setup, with what the scenario says of them, and the scenario's own behind them."""
    stated: dict[str, dict[str, Any]] = {
        name: {key: tuple(each) if isinstance(each, list) else each for key, each in said.items()}
        for name, said in facts["receive_connectors"].items()
    }
    of_setup = connectors_of_setup(server_name, facts["role"])
    changed = [replace(each, **stated.pop(each.name, {})) for each in of_setup]
    return (*changed, *(ReceiveConnector(name, **said) for name, said in stated.items()))


def _network(facts: dict[str, Any]) -> Network:
    return Network(facts["ipv6"], facts["dns"], facts["firewall"], Inspection(**facts["inspection"]))


def _domains(host: str) -> list[str]:
    """The names in the certificate of a host that names none: its own, and those of the domain it is in."""
    domain = host.partition(".")[2]
    return [host, domain, f"*.{domain}"] if "." in domain else [host]


def _tuples(facts: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: tuple(facts[key]) for key in keys}


def _certificate(reference: str, servers: dict[str, Server], peers: dict[str, Peer]) -> StoredCertificate:
    """The certificate that ``SERVER/KEY`` or ``PEER`` names; KeyError when there is none."""
    fqdn, slash, key = reference.partition("/")
    if not slash:
        return peers[reference].certificate
    return {each.label: each for each in servers[fqdn].store}[key]

# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at one server: asks for everything that a diagnosis of its outbound TLS rests on."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from ._exchange.certificate import Certificate
from ._exchange.connectivity_log import Attempt
from ._exchange.connector import SendConnector
from ._exchange.protocol_log import Whose
from ._exchange.queue import Queue
from ._exchange.send_log import position_from
from ._observe.exchange import Exchange
from ._observe.server import ObservedServer
from ._outbound_tls.candidates import candidates, named_certificates
from ._outbound_tls.case import make_case
from ._outbound_tls.front_end import (
    VIRTUAL_CONNECTOR,
    FrontEndLog,
    ProxiedSession,
    handed_to,
    oldest,
    proxied_from,
    tied,
)
from ._outbound_tls.log_story import evidence_begins
from ._outbound_tls.plan import Refused
from ._outbound_tls.reading import OtherStore, Reading, Refusal
from ._outbound_tls.stuck import (
    has_mail,
    is_stuck,
    may_hold_deferred_mail,
    queues_of,
    stuck_queues,
    waits_for_another_server,
)

# Enough to hear what messages wait for.
_QUEUES: Final = 10
_MESSAGES: Final = 100


def survey(options: Mapping[str, Any], exchange: Exchange) -> Reading:
    """Read everything that a diagnosis of one server rests on.

    ``options`` are those of exchange_outbound_tls_info: server, connectors, since, wait_for, refusals, proxied.

    Raises:
        Refused: ``since`` is not a position in a log, ``proxied`` holds something else than proxied sessions, or the
            host is not known to be the server that is meant.
        Unknown, RemotingError, Unreadable: as the observations.
    """
    try:
        since = position_from(options["since"])
    except ValueError as error:
        raise Refused(f"since: {error}. Give connectors[].log.read_until of an earlier result.") from error
    try:
        handed = [proxied_from(each) for each in options["proxied"] or ()]
    except ValueError as error:
        raise Refused(f"proxied: {error}. Give proxied of another host's result.") from error
    server = exchange.server(options["server"])
    if why := server.elsewhere:
        raise Refused(why)
    connectors = exchange.connectors_of(server, options["connectors"] or ())
    # The transport service speaks of the present, so the log is read after the queues: what they show is in it.
    transport, certificates, queues = server.transport_service(), server.certificates(), server.queues()
    clock = server.clock()
    stuck = [queue for connector in connectors for queue in stuck_queues(connector, queues)]
    begin = evidence_begins(stuck, clock)
    names = [connector.name for connector in connectors]
    if since is not None:
        # Whoever waits looks often, and only what is new can end the wait.
        begin = since.time if options["wait_for"] else min(begin, since.time)
    log = server.send_log(transport.send_log_path, begin, names, clock)
    reading = Reading(
        server=server.server,
        clock=clock,
        transport=transport,
        certificates=certificates,
        connectors=connectors,
        queues=queues,
        log=log,
        other_stores=_other_stores(
            exchange,
            server,
            [each for each in connectors if stuck_queues(each, queues) or _fits_nothing(each, certificates)],
        ),
        refusals=tuple(Refusal(each["connector"], each["words"]) for each in options["refusals"] or ()),
        since=since,
        edge=exchange.edge_standing(),
        inactive=server.inactive_components() if any(has_mail(connectors, each) for each in queues) else (),
    )
    reading = _with_front_end(reading, exchange, server, handed_to(handed, server.server), options["connectors"] or ())
    if not options["wait_for"]:  # whoever waits waits for the Send log, and looks often
        reading = _with_support(reading, server)
    reading = _with_bystanders(reading, exchange, server, options["connectors"] or ())
    return replace(reading, hidden=_hidden(server, reading))


def _with_support(reading: Reading, server: ObservedServer) -> Reading:
    """Add what else tells why mail waits, where it does: what connected, what Windows logged, what messages say."""
    queues = [queue for connector in reading.connectors for queue in queues_of(connector, reading.queues)]
    stuck = [queue for queue in queues if is_stuck(queue)]
    # The queue's own error says it of all its messages; only where it says nothing do they have to be asked.
    silent = [each for each in queues if may_hold_deferred_mail(each) or (is_stuck(each) and not each.last_error)]
    if silent:
        reading = replace(reading, messages=server.messages([each.identity for each in silent[:_QUEUES]], _MESSAGES))
    elsewhere = [queue for queue in reading.queues if waits_for_another_server(queue)]
    begin = evidence_begins([*stuck, *elsewhere], reading.clock)
    if stuck:
        log = server.connectivity_log(reading.transport.connectivity_log_path, begin, partial(_is_about, stuck))
        reading = replace(reading, connectivity=log)
    return replace(reading, events=server.events(begin)) if stuck or elsewhere else reading


def _with_bystanders(
    reading: Reading, exchange: Exchange, server: ObservedServer, identities: Sequence[str]
) -> Reading:
    """Add what a binding may change besides, where there is something to bind."""
    if not any(candidates(reading.certificates, each) for each in reading.connectors):
        return reading
    known = {each.guid for each in reading.connectors}
    others = exchange.connectors_of(server, ()) if identities else ()
    found, problem = server.receive_connectors()
    return replace(
        reading,
        bystanders=tuple(each for each in others if each.guid not in known),
        receive_connectors=found,
        receive_problem=problem,
    )


def _fits_nothing(connector: SendConnector, certificates: Sequence[Certificate]) -> bool:
    """Tell whether a connector names a certificate that this server lacks: the question is whether others have it."""
    is_of_interest = connector.enabled and not connector.ignore_starttls and not connector.frontend_proxy
    return is_of_interest and not named_certificates(certificates, connector)


def _is_about(queues: Sequence[Queue], attempt: Attempt) -> bool:
    return any(attempt.concerns(each.next_hop_connector, [each.next_hop_domain]) for each in queues)


def _with_front_end(
    reading: Reading,
    exchange: Exchange,
    server: ObservedServer,
    handed: Sequence[ProxiedSession],
    identities: Sequence[str],
) -> Reading:
    """Add what the front end of this server did, for other servers and for its own waiting mail, if for any."""
    connectors = (*reading.connectors, *_handed_connectors(exchange, reading, handed, identities))
    reading = replace(reading, connectors=connectors, proxied=tuple(handed))
    own = [each for connector in reading.connectors for each in make_case(reading, connector).handed_over]
    asked = [*handed, *handed_to(own, server.server)]
    guids = {each.guid for each in asked if each.session}
    if not guids:
        return reading
    names = [each.name for each in reading.connectors if each.guid in guids]
    path = server.frontend_transport_service().send_log_path
    log = server.send_log(path, oldest(asked, reading.clock), [*names, VIRTUAL_CONNECTOR], reading.clock)
    return replace(reading, front_end=FrontEndLog(path, tied(log.sessions, asked), log.problem))


def _handed_connectors(
    exchange: Exchange, reading: Reading, handed: Sequence[ProxiedSession], identities: Sequence[str]
) -> tuple[SendConnector, ...]:
    """Return the connectors that this server is no source of, though mail of theirs leaves through its front end."""
    known = {each.guid for each in reading.connectors}
    guids = {each.guid for each in handed} - known
    if not guids:
        return ()
    found = [each for each in exchange.connectors() if each.guid in guids and each.frontend_proxy]
    return tuple(each for each in found if not identities or any(each.is_called(identity) for identity in identities))


def _hidden(server: ObservedServer, reading: Reading) -> dict[str, str]:
    """Ask by their thumbprints for the certificates that the log shows as ours and Exchange's list lacks."""
    listed = {each.thumbprint for each in reading.certificates}
    proxied = reading.front_end.sessions.values() if reading.front_end else ()
    logged = {
        each.thumbprint
        for session in itertools.chain(reading.log.sessions, *proxied)
        for each in session.certificates
        if session.tls_error and each.whose is not Whose.THEIRS and each.thumbprint
    }
    answers = {thumbprint: server.certificate(thumbprint) for thumbprint in sorted(logged - listed)}
    return {each: answer.reason for each, answer in answers.items() if not isinstance(answer, Certificate)}


def _other_stores(
    exchange: Exchange, server: ObservedServer, connectors: Sequence[SendConnector]
) -> tuple[OtherStore, ...]:
    """Look at the other source servers of connectors whose mail waits; a store that cannot be read stays unknown."""
    names = dict.fromkeys(
        source
        for connector in connectors
        if connector.tls_certificate_name is not None
        for source in connector.source_servers
        if not server.server.is_called(source)
    )
    return tuple(OtherStore(name, *exchange.store_of(name)) for name in names)

# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One connector on one server: everything of a reading that its diagnosis looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from .._exchange.address import endpoint_address
from .._exchange.certificate import Certificate
from .._exchange.connectivity_log import Attempt
from .._exchange.connector import SendConnector
from .._exchange.last_error import (
    TLS_SYMPTOMS,
    classify_last_error,
    is_about_the_way_to_the_front_end,
    last_address_tried,
)
from .._exchange.message import Message
from .._exchange.protocol_log import Session
from .._exchange.queue import Queue
from .candidates import candidates, may_forbid_changes, named_certificates
from .evidence import UNKNOWN_CREDENTIALS, Doubted, Evidence, judge, refusal_evidence
from .front_end import ProxiedSession, front_end_named, hops, is_broken, latest
from .log_story import LogStory, evidence_begins, negotiated_at, tell
from .reading import Reading
from .stuck import has_tls_symptom, is_suspended, last_tried, queues_of, stuck_queues

_EVER: Final = datetime.min.replace(tzinfo=UTC)
# LastRetryTime is when an attempt began or ended; the longest waits twenty-one seconds for each of some hosts.
_ONE_ATTEMPT: Final = timedelta(minutes=2)


@dataclass(frozen=True)
class Case:
    """A connector, its queues, its named certificates in this server's store, and what its log tells.

    ``judged`` is what the log's latest failure proves, or why it does not; None when there is none to judge.
    ``hops`` are this server's recent sessions with front ends, ``proxied`` what other servers have handed to its own.
    ``attempts`` are what the connectivity log tells of the queues, ``deferred`` the messages that wait on their own.
    """

    reading: Reading
    connector: SendConnector
    queues: tuple[Queue, ...]
    stuck: tuple[Queue, ...]
    named: tuple[Certificate, ...]
    story: LogStory
    judged: Evidence | Doubted | None
    hops: tuple[Session, ...] = ()
    proxied: tuple[ProxiedSession, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    deferred: tuple[Message, ...] = ()

    @property
    def evidence(self) -> Evidence | None:
        """Return what proves the culprit, None without a proof."""
        return self.judged if isinstance(self.judged, Evidence) else None

    @property
    def is_of_the_organisation(self) -> bool:
        """Tell whether this is an Edge's copy of a connector: what EdgeSync brings is changed on a Mailbox server.

        Where it cannot be told whether the Edge is subscribed, it is taken for subscribed.
        """
        return self.reading.edge is not None and self.reading.edge.subscribed is not False

    @property
    def identity(self) -> str:
        """Return what names the connector where it is changed: an Edge's copy may have another Guid."""
        return self.connector.name if self.is_of_the_organisation else self.connector.guid

    @property
    def suspended(self) -> tuple[Queue, ...]:
        """Return the queues that somebody holds: an administrator, or a canary of ours that was kept."""
        return tuple(queue for queue in self.queues if is_suspended(queue))

    @property
    def stuck_messages(self) -> int:
        """Return how many messages are stuck."""
        return sum(queue.message_count for queue in self.stuck)

    @property
    def messages(self) -> int:
        """Return how many messages have not left yet, stuck or on their way, but for those that are held."""
        return sum(queue.message_count for queue in self.queues if not is_suspended(queue))

    @property
    def candidates(self) -> tuple[Certificate, ...]:
        """Return this server's certificates of the connector's name that lack SMTP."""
        return candidates(self.reading.certificates, self.connector)

    @property
    def is_first_source(self) -> bool:
        """Tell whether this is the server whose certificates Set-SendConnector checks."""
        return bool(self.connector.source_servers) and self.reading.server.is_called(self.connector.source_servers[0])

    @property
    def is_source(self) -> bool:
        """Tell whether mail of this connector is sent from here, if only to the front end of another server."""
        return any(self.reading.server.is_called(each) for each in self.connector.source_servers)

    @property
    def hop(self) -> Session | None:
        """Return the latest session with a front end."""
        return self.hops[-1] if self.hops else None

    @property
    def front_ends(self) -> tuple[str, ...]:
        """Return the names of the servers whose front ends were asked lately; none where nothing names them."""
        named = [front_end_named(hop, ()) for hop in self.hops] or [front_end_named(None, self.stuck)]
        return tuple(dict.fromkeys(each for each in named if each))

    @property
    def way_is_broken(self) -> bool:
        """Tell whether the way to the front end fails, by the latest session with one, else by what the queue says."""
        if self.hop is not None:
            return is_broken(self.hop)
        return bool(self.stuck) and is_about_the_way_to_the_front_end(self.loudest.last_error)

    @property
    def waits_elsewhere(self) -> dict[str, int]:
        """Return how many messages wait on other servers for the front end of this one."""
        return {each.server: each.messages for each in self.proxied}

    @property
    def mail_waits(self) -> bool:
        """Tell whether anything is stuck, here or on a server that sends through the front end of this one."""
        return bool(self.stuck) or any(self.waits_elsewhere.values())

    @property
    def handed_over(self) -> tuple[ProxiedSession, ...]:
        """Return what this server has asked front ends for while mail is stuck, and may ask them for."""
        if not self.stuck or not self.connector.frontend_proxy:
            return ()
        reached = [hop for hop in self.hops if not is_broken(hop)]
        if not reached and self.way_is_broken:
            return ()
        hopped = [(hop.session, front_end_named(hop, self.stuck), hop.started) for hop in reached]
        silent = [("", each, None) for each in self.front_ends or ("",)]
        return latest(
            [
                ProxiedSession(
                    session=session,
                    connector=self.connector.name,
                    guid=self.connector.guid,
                    server=self.reading.server.fqdn,
                    front_end=front_end,
                    time=time,
                    age=0.0 if time is None else max((self.reading.clock - time).total_seconds(), 0.0),
                    messages=self.stuck_messages,
                )
                for session, front_end, time in hopped or silent
            ]
        )

    @property
    def has_symptom(self) -> bool:
        """Tell whether mail is stuck in a way that KB 4051498 may be the reason of."""
        return any(has_tls_symptom(queue) for queue in self.stuck)

    @property
    def loudest(self) -> Queue:
        """Return the stuck queue to quote: one with the KB's symptom, and among those the one with the most mail."""
        return max(self.stuck, key=lambda queue: (has_tls_symptom(queue), queue.message_count))

    @property
    def queue_names_reason(self) -> bool:
        """Tell whether the queue's error is none that KB 4051498 shows itself by."""
        return bool(self.stuck) and not has_tls_symptom(self.loudest)

    def is_outdated(self, moment: datetime) -> bool:
        """Tell whether a log was silent about the last attempt, of which the queue's error tells."""
        tried = last_tried(self.stuck)
        return self.queue_names_reason and tried is not None and moment < tried - _ONE_ATTEMPT

    @property
    def last_attempts(self) -> tuple[Attempt, ...]:
        """Return the attempts of the last try of a queue: several hosts may be tried one after the other."""
        latest = max((each.ended for each in self.attempts), default=None)
        return tuple(each for each in self.attempts if latest is not None and each.ended >= latest - _ONE_ATTEMPT)

    @property
    def last_address(self) -> str:
        """Return the address that was tried last, by the queue's error or else by the logs; empty if unknown."""
        said = last_address_tried(self.loudest.last_error) if self.stuck else ""
        failed = [each for attempt in self.attempts[-1:] for each in attempt.refused]
        latest = self.story.latest
        logged = "" if latest is None else endpoint_address(latest.remote_endpoint)
        return said or (failed[-1].address if failed else logged)

    @property
    def cured_since_last_try(self) -> bool:
        """Tell whether TLS was established after every stuck queue's last attempt: they only wait for the next one."""
        tried = last_tried(self.stuck)
        return self.story.success is not None and tried is not None and negotiated_at(self.story.success) >= tried

    @property
    def unbound_somewhere(self) -> bool:
        """Tell whether a certificate of the name lacks SMTP on at least one source server that could be read."""
        elsewhere = [each.certificates for each in self.reading.other_stores if each.certificates is not None]
        return bool(self.candidates) or any(candidates(each, self.connector) for each in elsewhere)

    @property
    def change_may_be_refused(self) -> bool:
        """Tell whether Set-SendConnector may be refused: Exchange checks the first source server's certificates."""
        if not self.connector.source_servers:
            return False
        if self.is_first_source:
            return may_forbid_changes(self.reading.certificates, self.connector)
        first = self.connector.source_servers[0].lower()
        store = next((each for each in self.reading.other_stores if each.server.lower() == first), None)
        return may_forbid_changes(None if store is None else store.certificates, self.connector)


def make_case(reading: Reading, connector: SendConnector) -> Case:
    """Gather what a reading says of a connector."""
    stuck = stuck_queues(connector, reading.queues)
    named = named_certificates(reading.certificates, connector)
    begin = evidence_begins(stuck, reading.clock)
    # What a front end did for a session that waiting mail made is as recent as that session.
    story = tell(reading.negotiated_for(connector), _EVER if connector.frontend_proxy else begin)
    hopped = hops(reading.sessions_of(connector)) if connector.frontend_proxy else ()
    queues = queues_of(connector, reading.queues)
    case = Case(
        reading=reading,
        connector=connector,
        queues=queues,
        stuck=stuck,
        named=named,
        story=story,
        judged=_judged(reading, story, named),
        hops=tuple(each for each in hopped if each.tls_verb and each.started >= begin),
        proxied=tuple(each for each in reading.proxied if each.guid == connector.guid),
        attempts=_attempts(reading, connector, stuck, begin),
        deferred=_deferred(reading, queues),
    )
    if case.evidence is None and (refusal := _refusal(case)) is not None:
        return replace(case, judged=refusal)
    return case


def _attempts(
    reading: Reading, connector: SendConnector, stuck: Sequence[Queue], begin: datetime
) -> tuple[Attempt, ...]:
    if reading.connectivity is None:
        return ()
    hops_of_queues = [queue.next_hop_domain for queue in stuck]
    found = (each for each in reading.connectivity.attempts if each.concerns(connector.guid, hops_of_queues))
    return tuple(each for each in found if each.ended >= begin)


def _deferred(reading: Reading, queues: Sequence[Queue]) -> tuple[Message, ...]:
    names = {queue.identity.lower() for queue in queues if not is_suspended(queue)}
    messages = () if reading.messages is None else reading.messages.messages
    return tuple(each for each in messages if each.is_deferred and each.queue.lower() in names)


def _judged(reading: Reading, story: LogStory, named: Sequence[Certificate]) -> Evidence | Doubted | None:
    failure = story.open_failure
    if failure is None or failure.tls_error.lower() != UNKNOWN_CREDENTIALS:
        return None
    judged = judge(failure, reading, tuple(named))
    if failure.proxied_for is not None and isinstance(judged, Evidence):
        return replace(judged, where=f"Front End Transport service, {judged.where}")
    return judged


def _refusal(case: Case) -> Evidence | None:
    """Return the evidence of a refused Set-SendConnector, while mail waits: it is about the first source server alone.

    Where the log speaks of another reason, the log is right.
    """
    words = next((each.words for each in case.reading.refusals if each.connector == case.connector.guid), None)
    told = any(classify_last_error(queue.last_error).family in TLS_SYMPTOMS for queue in case.stuck)
    if words is None or not told or not case.is_first_source or case.story.open_failure is not None:
        return None
    # Of a front end, which may be another server, Exchange has not asked for anything.
    if not case.candidates or case.connector.frontend_proxy:
        return None
    return refusal_evidence(words, case.candidates, case.reading)

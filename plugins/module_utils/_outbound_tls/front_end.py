# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail that leaves through the Front End Transport service of a Mailbox server (FrontendProxyEnabled).

The transport service reaches the front end on port 717 by X-ANONYMOUSTLS, with its default certificate, and hands its
session over; the front end, often on another server, opens the connection to the Internet and presents a certificate
of its own store. Its log calls that session by the connector or by an implicit connector, and names the session that it
was asked for (published analysis of Exchange 2013 CU23). That id is all that ties the two logs together, whatever their
clocks say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from .._exchange.last_error import ErrorFamily, classify_last_error, next_hop_named
from .._exchange.moments import moment_text, parse_moment
from .._exchange.protocol_log import Session, TlsOutcome
from .._exchange.queue import Queue
from .._exchange.server import Server

OUTBOUND_PROXY_PORT: Final = 717
VIRTUAL_CONNECTOR: Final = "Outbound proxy virtual send connector"
# What a host publishes: enough for a diagnosis, also where a long queue drains.
_LATEST: Final = 20
_BANNER: Final = re.compile(r"220[ -](?P<name>[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+)\s")


@dataclass(frozen=True)
class ProxiedSession:
    """A session that ``server`` has handed to the front end of ``front_end``, for ``messages`` that wait there.

    ``session`` is its id in the log of ``server``; empty where mail waits for a front end and the log is silent.
    ``front_end`` is empty where nothing names it. ``time`` is by the clock of ``server``; ``age`` is how many seconds
    before that server's look it was, which holds by every clock.
    """

    session: str
    connector: str
    guid: str
    server: str
    front_end: str
    time: datetime | None
    age: float
    messages: int


@dataclass(frozen=True)
class FrontEndLog:
    """The Send log of a server's Front End Transport service: ``sessions`` by the Guid of the connector they serve.

    They are those that ``asked`` names and no others. ``problem`` is why the log could not be read.
    """

    path: str | None
    sessions: Mapping[str, tuple[Session, ...]] = field(default_factory=dict)
    problem: str = ""


def hops(sessions: Iterable[Session]) -> tuple[Session, ...]:
    """Return a connector's sessions with a front end, as the transport service's log has them.

    A session that is handed over is counted from 0 again under the same id, and so is in here twice.
    """
    return tuple(each for each in sessions if each.may_be_evidence and each.remote_port == OUTBOUND_PROXY_PORT)


def front_end_named(hop: Session | None, stuck: Iterable[Queue]) -> str:
    """Return the front end's name: as it greets, else as the queue's error names it; empty where neither does."""
    for row in () if hop is None else hop.rows:
        greeting = _BANNER.match(f"{row.data} ") if row.event == "<" else None
        if greeting:
            return greeting["name"].lower()
    return next((name.lower() for queue in stuck if (name := next_hop_named(queue.last_error))), "")


def security_status(hop: Session | None, stuck: Iterable[Queue]) -> str:
    """Return the word with which a front end's own TLS failed, by its reply or the queue's error; empty if neither."""
    for text in (*(() if hop is None else reversed(hop.replies)), *(queue.last_error for queue in stuck)):
        error = classify_last_error(text)
        if error.family is ErrorFamily.FRONTEND_SECURITY_STATUS:
            return error.word
    return ""


def is_broken(hop: Session) -> bool:
    """Tell whether the way to the front end itself failed: then no front end has presented any certificate."""
    return hop.tls_outcome is TlsOutcome.FAILED


def handed_to(proxied: Iterable[ProxiedSession], server: Server) -> tuple[ProxiedSession, ...]:
    """Return what this server's front end is asked about: what names it, and what names none. An Edge has none."""
    if not server.is_mailbox or server.is_edge:
        return ()
    return tuple(each for each in proxied if not each.front_end or server.is_called(each.front_end))


def tied(sessions: Iterable[Session], proxied: Sequence[ProxiedSession]) -> dict[str, tuple[Session, ...]]:
    """Return, by the Guid of their connector, a front end's sessions that were made for proxied ones."""
    asked = {(_host_part(each.server), each.session.upper()): each.guid for each in proxied if each.session}
    found: dict[str, list[Session]] = {}
    for session in sessions:
        source = session.proxied_for
        guid = None if source is None else asked.get((_host_part(source.server), source.session))
        if guid is not None and session.may_be_evidence:
            found.setdefault(guid, []).append(session)
    return {guid: tuple(each) for guid, each in found.items()}


def latest(sessions: Sequence[ProxiedSession]) -> tuple[ProxiedSession, ...]:
    """Return the newest, as many as are worth telling."""
    return tuple(sessions[-_LATEST:])


def oldest(proxied: Iterable[ProxiedSession], clock: datetime) -> datetime:
    """Return when the first of them began, by another server's clock. An hour is added for what has passed since."""
    return clock - timedelta(seconds=max((each.age for each in proxied), default=0)) - timedelta(hours=1)


def proxied_result(session: ProxiedSession) -> dict[str, Any]:
    """Return a proxied session as modules return it, and as they take it."""
    return {
        "session": session.session,
        "connector": session.connector,
        "guid": session.guid,
        "server": session.server,
        "front_end": session.front_end,
        "time": moment_text(session.time),
        "age": session.age,
        "messages": session.messages,
    }


def proxied_from(value: Mapping[str, Any]) -> ProxiedSession:
    """Read what another server's result holds under ``proxied``.

    Raises:
        ValueError: it is something else.
    """
    try:
        return ProxiedSession(
            session=str(value["session"]),
            connector=str(value["connector"]),
            guid=str(value["guid"]).lower().strip("{}"),
            server=str(value["server"]),
            front_end=str(value["front_end"]),
            time=parse_moment(str(value["time"])) if value.get("time") else None,
            age=float(value["age"]),
            messages=int(value["messages"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{value!r} is no proxied session: {error}") from error


def _host_part(name: str) -> str:
    """Rows may call a server by its name or its fully qualified one."""
    return name.lower().partition(".")[0]

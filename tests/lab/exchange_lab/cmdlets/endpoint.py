# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint ``/PowerShell/`` of a server: who may open a session, what it understands, how much it tells."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from .. import wire
from ..objects import Profile, general_text
from ..powershell import GET_COMMAND, MEASURE_OBJECT, SELECT_OBJECT, Command, Runspace, scripts_not_allowed
from ..wire import Caller
from ..world import Account, Server, World
from .certificate import ENABLE_EXCHANGE_CERTIFICATE, GET_EXCHANGE_CERTIFICATE
from .edge_subscription import GET_EDGE_SUBSCRIPTION, START_EDGE_SYNCHRONIZATION
from .exchange_server import GET_EXCHANGE_SERVER, GET_SERVER_COMPONENT_STATE
from .message import GET_MESSAGE
from .queue import GET_QUEUE, RETRY_QUEUE
from .rbac import roles_of
from .receive_connector import GET_RECEIVE_CONNECTOR
from .send_connector import GET_SEND_CONNECTOR, SET_SEND_CONNECTOR
from .suspension import RESUME_MESSAGE, RESUME_QUEUE, SUSPEND_MESSAGE, SUSPEND_QUEUE
from .transport_service import GET_FRONTEND_TRANSPORT_SERVICE, GET_TRANSPORT_SERVICE

PUBLIC = (GET_COMMAND, MEASURE_OBJECT, SELECT_OBJECT)
"""What every caller sees. Where-Object, ForEach-Object and Format-List are not among them."""

GRANTED = (
    ENABLE_EXCHANGE_CERTIFICATE,
    GET_EDGE_SUBSCRIPTION,
    GET_EXCHANGE_CERTIFICATE,
    GET_EXCHANGE_SERVER,
    GET_FRONTEND_TRANSPORT_SERVICE,
    GET_MESSAGE,
    GET_QUEUE,
    GET_RECEIVE_CONNECTOR,
    GET_SEND_CONNECTOR,
    GET_SERVER_COMPONENT_STATE,
    GET_TRANSPORT_SERVICE,
    RESUME_MESSAGE,
    RESUME_QUEUE,
    RETRY_QUEUE,
    SET_SEND_CONNECTOR,
    START_EDGE_SYNCHRONIZATION,
    SUSPEND_MESSAGE,
    SUSPEND_QUEUE,
)


MAX_CONCURRENCY = 18
"""PowerShellMaxConcurrency of the default throttling policy (published analysis of Exchange 2013 CU23)."""


def exchange_endpoint(world: World, server: Server) -> wire.Endpoint:
    """What the listener of a server serves to clients of Exchange."""
    session = _Session(world, server)
    runspace = Runspace(world, server, session.commands_for, scripts_not_allowed, session.profile_for)
    return wire.Endpoint("/powershell", "Microsoft.Exchange", runspace.execute, admit=session.admit)


class _Session:
    def __init__(self, world: World, server: Server) -> None:
        self._world = world
        self._server = server

    def admit(self, caller: Caller, open_sessions: int) -> None:
        """Refuse whoever has no management role or too many sessions, and a level that Exchange does not know."""
        if not self._roles(caller):
            __, __, name = caller.user.rpartition("\\")
            message = f'The user "{self._world.domain}/Users/{name}" isn\'t assigned to any management roles.'
            raise wire.Fault(
                5, f"{self._stamp()} [FailureCategory=AuthZ-CmdletAccessDeniedException] {message}", "w:AccessDenied"
            )
        if open_sessions + self._others(caller) >= MAX_CONCURRENCY:
            # Which code it comes with is not known; here that of every other refusal.
            policy = f"CN=Global Throttling Policy,CN=Global Settings,CN={self._world.organisation}"
            raise wire.Fault(
                5,
                f"{self._stamp()} [FailureCategory=AuthZ-OverBudgetException] Fail to create a runspace because you "
                f"have exceeded the maximum number of connections allowed : {MAX_CONCURRENCY} for the policy party : "
                "MaxConcurrency. Please close existing runspace and try again.\r\n"
                f"Policy: {policy}; Snapshot: Owner: Sid~{caller.user}~WSMan~false",
                "w:AccessDenied",
            )
        level = _serialization_level(caller)
        if level not in ("none", "partial", "full"):
            raise wire.Fault(50, f"Exchange knows no serializationLevel={level}.")

    def commands_for(self, run: wire.Run) -> Mapping[str, Command]:
        roles = self._roles(run.caller)
        shown = [command for each in GRANTED if (command := each.for_roles(roles)) is not None]
        hidden = {SELECT_OBJECT} if self._world.readings.select_object == "hidden" else set()
        public = (each for each in PUBLIC if each not in hidden)
        return {command.name.casefold(): command for command in (*public, *shown)}

    def profile_for(self, caller: Caller) -> Profile:
        """What the type tables of a level add: none at None, PowerShell's own and a small one at Partial, all at Full.

        Nobody has published that of Partial; one property is a reading. That a certificate is its RawData alone is
        taken for no matter of the level: so None is not kinder than Partial.
        """
        level = _serialization_level(caller)
        whole = level != "none" and self._world.readings.tls_certificate_name_value == "object"
        depths = {"Microsoft.Exchange.Data.SmtpX509Identifier": 1} if whole else {}
        return Profile(level, depths, adds_properties=level != "none", adds_data=level == "full")

    def _roles(self, caller: Caller) -> frozenset[str]:
        own = self._accounts(caller)
        return roles_of(group for each in own for group in each.role_groups).union(*(each.roles for each in own))

    def _others(self, caller: Caller) -> int:
        """How many sessions others have open with the same account."""
        with self._world.lock:
            return sum(self._world.sessions_of_others(each) for each in self._accounts(caller))

    def _accounts(self, caller: Caller) -> list[Account]:
        return [each for each in self._world.accounts if each.user.casefold() == caller.user.casefold()]

    def _stamp(self) -> str:
        stamp = general_text(self._world.clock.now())
        return f"[Server={self._server.name},RequestId={uuid.uuid4()},TimeStamp={stamp}]"


def _serialization_level(caller: Caller) -> str:
    """The URL decides: ``?serializationLevel=None``; without it the level is Partial.

    The shell of Exchange writes ``?serializationLevel=Full;ExchClientVer=…``.
    """
    levels = [value.partition(";")[0] for key, value in caller.query.items() if key.casefold() == "serializationlevel"]
    return levels[0].casefold() if levels else "partial"

# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PowerShell remoting server on loopback: HTTP(S), Windows authentication, WS-Management, PSRP. It knows no Exchange.

Give a Listener its endpoints and accounts; each pipeline that a client sends is handed to the endpoint's ``execute`` in
a thread of its own, with a Run to answer by::

    def execute(run, commands):
        for command in commands:
            run.write(f"{run.caller.user} called {command.name}")

    accounts = Accounts([Account("LAB\\\\exadmin", "Passw0rd!", upn="exadmin@lab.test")])
    endpoint = Endpoint("/powershell", "Microsoft.Exchange", execute)
    with Listener("127.0.0.1", endpoints=[endpoint], accounts=accounts) as listener:
        ...

The floors, each importing only those before it: ``traffic``, ``commands``, ``errors`` and ``disturbance`` (values);
``channel`` and ``pipeline`` (PSRP); ``soap``, ``shell`` and ``wsman`` (WS-Management, no socket); ``accounts``,
``acceptor``, ``sealing`` and ``authentication``; ``http``.
"""

from __future__ import annotations

from .acceptor import ServiceKeys
from .accounts import Account, Accounts
from .commands import SWITCH, Caller, ReceivedCommand, Switch, plain
from .disturbance import Disturbance, ReceiveUnanswered, RequestUnanswered, ShellsRecycled, Silence
from .errors import HostCannotPrompt, Stopped, TerminatingError
from .http import Listener
from .pipeline import Execute, Run
from .shell import Endpoint
from .soap import Fault, access_denied
from .traffic import Operation, Traffic

__all__ = [
    "SWITCH",
    "Account",
    "Accounts",
    "Caller",
    "Disturbance",
    "Endpoint",
    "Execute",
    "Fault",
    "HostCannotPrompt",
    "Listener",
    "Operation",
    "ReceiveUnanswered",
    "ReceivedCommand",
    "RequestUnanswered",
    "Run",
    "ServiceKeys",
    "ShellsRecycled",
    "Silence",
    "Stopped",
    "Switch",
    "TerminatingError",
    "Traffic",
    "access_denied",
    "plain",
]

# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be observed of a server where a session answers in part, or hides something."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.server import Server
from ansible_collections.mailops.exchange.plugins.module_utils._observe.server import ObservedServer
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import (
    Pipeline,
    RemoteError,
    RemoteObject,
    Result,
)
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.errors import CmdletFailed

NOT_RECOGNISED = "Le terme « {0} » n'est pas reconnu: '{0}'."


class Hiding:
    """A session that does not know some commands, and answers the others with objects."""

    def __init__(self, *hidden: str, objects: tuple[RemoteObject, ...] = ()) -> None:
        self.hidden = hidden
        self.objects = objects
        self.asked: list[str] = []

    def run(self, pipeline: Pipeline) -> Result:
        self.asked.append(" | ".join(each.name for each in pipeline.commands))
        unknown = next((each.name for each in pipeline.commands if each.name in self.hidden), None)
        if unknown is not None:
            error = RemoteError(NOT_RECOGNISED.format(unknown), "CommandNotFoundException", "ObjectNotFound", "")
            raise CmdletFailed("mbx01", unknown, (error,), Result())
        return Result(output=self.objects)

    run_on_host = run

    def this_host(self) -> Server | None:
        return None


def observed(sessions: Hiding) -> ObservedServer:
    server = Server("MBX01", "mbx01.contoso.test", "HQ", "15.2", is_mailbox=True, is_edge=False)
    return ObservedServer(server, sessions)


def state(component: str, value: Any) -> RemoteObject:
    return RemoteObject(properties={"Component": component, "State": value})


def test_components_that_mail_needs_are_told_when_they_are_inactive() -> None:
    states = (
        state("HubTransport", "Inactive"),
        state("ServerWideOffline", "Active"),
        state("ForwardSyncDaemon", "Inactive"),
        state("EdgeTransport", "Inactive"),
    )
    assert observed(Hiding(objects=states)).inactive_components() == ("HubTransport",)


def test_whoever_may_not_ask_for_components_goes_on_without() -> None:
    assert observed(Hiding("Get-ServerComponentState")).inactive_components() == ()


def test_without_select_object_certificates_are_asked_for_as_they_are() -> None:
    sessions = Hiding("Select-Object")
    assert observed(sessions).certificates() == ()
    assert sessions.asked == ["Get-ExchangeCertificate | Select-Object", "Get-ExchangeCertificate"]


def test_a_hidden_cmdlet_is_not_taken_for_a_hidden_projection() -> None:
    sessions = Hiding("Get-ExchangeCertificate")
    with pytest.raises(CmdletFailed):
        observed(sessions).certificates()
    assert len(sessions.asked) == 1

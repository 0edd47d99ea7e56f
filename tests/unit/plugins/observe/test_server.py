# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be observed of a server where a session answers in part, or hides something."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.cmdlets import retry_queue
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.server import Server
from ansible_collections.mailops.exchange.plugins.module_utils._observe.server import ObservedServer
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import (
    Pipeline,
    RemoteError,
    RemoteObject,
    Result,
)
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.errors import CmdletFailed

GONE = "The object with identity MBX01\\{0} wasn't found."
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


class Draining(Hiding):
    """A session with a server whose queues are gone by now, but for some."""

    def __init__(self, *left: str, words: str = GONE) -> None:
        super().__init__()
        self.left = left
        self.words = words

    def run(self, pipeline: Pipeline) -> Result:
        (command,) = pipeline.commands
        identity = str(command.parameters["Identity"])
        self.asked.append(identity)
        if identity in self.left:
            return Result()
        error = RemoteError(self.words.format(identity), "X,RetryQueue", "ObjectNotFound", "")
        raise CmdletFailed("mbx01", "Retry-Queue", (error,), Result())


def test_queues_that_are_gone_are_passed_over() -> None:
    sessions = Draining("3", "5")
    results = observed(sessions).retry([retry_queue(each) for each in ("3", "4", "5")])
    assert sessions.asked == ["3", "4", "5"]
    assert [warning for each in results for warning in each.warnings] == [
        "mbx01.contoso.test: 1 of 3 queues were gone before they were tried."
    ]


def test_whatever_else_fails_ends_the_retries() -> None:
    sessions = Draining("5", words="The requested operation can't be performed for the object with identity {0}.")
    with pytest.raises(CmdletFailed):
        observed(sessions).retry([retry_queue(each) for each in ("4", "5")])
    assert sessions.asked == ["4"]


def test_hidden_receive_connectors_are_unknown() -> None:
    found, problem = observed(Hiding("Get-ReceiveConnector")).receive_connectors()
    assert found is None
    assert "Get-ReceiveConnector" in problem
    unreadable = RemoteObject(properties={"Name": "Default Frontend MBX01"})
    found, problem = observed(Hiding(objects=(unreadable,))).receive_connectors()
    assert found is None
    assert "AuthMechanism" in problem
    assert observed(Hiding()).receive_connectors() == ((), "")

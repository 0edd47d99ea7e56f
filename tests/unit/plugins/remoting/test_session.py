# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions on a real server: what goes out, what comes back, and that nothing stays open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import (
    SWITCH,
    Choice,
    Command,
    Pipeline,
    Prompt,
    RemoteObject,
)
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.errors import (
    CertificateNotTrusted,
    CmdletFailed,
    CmdletNotVisible,
    ParameterNotVisible,
    UnforeseenPrompt,
    UnsendableValue,
)
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.session import open_session
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.transport import Carrier
from exchange_lab.certificates import TlsAuthority
from exchange_lab.wire import ReceivedCommand, Run, TerminatingError

CONFIRM = [("&Yes", "y"), ("Yes to &All", "a"), ("&No", "n"), ("No to A&ll", "l")]
EVERY_LETTER = "Zürich, Москва, 東京, 𝄞\r\n\t_x000A_ <&>\"'"

Serve = Callable[..., Any]
OptionsFor = Callable[..., Any]


def pipeline(*commands: Command | str, **fields: Any) -> Pipeline:
    return Pipeline(tuple(Command(item) if isinstance(item, str) else item for item in commands), **fields)


def test_a_command_arrives_with_its_parameters_as_they_are_typed(serve: Serve, options_for: OptionsFor) -> None:
    received: list[Sequence[ReceivedCommand]] = []
    server = serve(lambda _run, commands: received.append(commands))
    sent = {
        "Text": EVERY_LETTER,
        "Number": 7,
        "Large": 2**40,
        "No": False,
        "Data": b"\x00\xff",
        "Names": ["a", "b"],
        "Empty": [],
        "DoNotRequireSsl": SWITCH,
    }
    with open_session(options_for(server)) as session:
        session.run(pipeline(Command("Get-Something", sent), Command("Select-Object", {"Property": ["Name"]})))

    first, second = received[0]
    assert (first.name, second.name) == ("Get-Something", "Select-Object")
    # A switch goes as true, as PowerShell's own client writes it.
    assert dict(first.parameters) == sent | {"DoNotRequireSsl": True}
    assert not first.is_script


@pytest.mark.parametrize(
    ("library", "authentication"),
    [("pypsrp", "ntlm"), ("pypsrp", "negotiate"), ("pywinrm", "ntlm")],
    indirect=["library"],
)
def test_a_session_tells_what_carries_it(
    serve: Serve, options_for: OptionsFor, library: str, authentication: str
) -> None:
    server = serve(lambda _run, _commands: None)
    with open_session(options_for(server, authentication=authentication)) as session:
        assert session.carrier() == Carrier(library, version(library), "ntlm")
        assert session.options.encryption == ("message",)


def test_output_comes_back_letter_by_letter(serve: Serve, options_for: OptionsFor) -> None:
    def execute(run: Run, _commands: Sequence[ReceivedCommand]) -> None:
        run.write(EVERY_LETTER)
        run.write({"Name": EVERY_LETTER, "Sizes": [1, 2]})

    with open_session(options_for(serve(execute))) as session:
        text, bag = session.run(pipeline("Get-Text")).output

    assert text == EVERY_LETTER
    assert isinstance(bag, RemoteObject)
    assert bag.get("name") == EVERY_LETTER
    sizes = bag.get("Sizes")
    assert isinstance(sizes, RemoteObject)
    assert sizes.items == (1, 2)
    assert sizes.type_names


def test_a_result_of_many_replies_arrives_whole(serve: Serve, options_for: OptionsFor) -> None:
    lines = [f"{number:06} " + "x" * 1000 for number in range(600)]

    def execute(run: Run, _commands: Sequence[ReceivedCommand]) -> None:
        for line in lines:
            run.write(line)

    with open_session(options_for(serve(execute))) as session:
        assert session.run(pipeline("Get-Content")).output == tuple(lines)


def test_a_slow_command_is_waited_for_over_many_empty_answers(serve: Serve, options_for: OptionsFor) -> None:
    def execute(run: Run, _commands: Sequence[ReceivedCommand]) -> None:
        run.sleep(2.5)
        run.write("done")

    server = serve(execute)
    with open_session(options_for(server, operation_timeout=1, read_timeout=2)) as session:
        assert session.run(pipeline("Get-Slow")).output == ("done",)
    assert server.traffic.actions.count("Receive") >= 3


def test_several_pipelines_share_one_session_and_the_last_needs_no_signal(
    serve: Serve, options_for: OptionsFor
) -> None:
    server = serve(lambda run, commands: run.write(commands[0].name))
    with open_session(options_for(server)) as session:
        answers = [session.run(pipeline(name)).output for name in ("First", "Second", "Third")]

    assert answers == [("First",), ("Second",), ("Third",)]
    assert server.traffic.connections == 1
    one = ("Command", "Signal:terminate")
    done = [action for action in server.traffic.actions if action != "Receive"]
    assert done == ["Create", *one, *one, "Command", "Delete"]


def test_https_with_basic_needs_a_trusted_certificate_and_gets_on_with_it(
    serve: Serve, options_for: OptionsFor, tmp_path: Path
) -> None:
    authority = TlsAuthority()
    (tmp_path / "ca.pem").write_text(authority.certificate)
    server = serve(
        lambda run, _commands: run.write(run.caller.authentication),
        scheme="https",
        tls=authority.channel("mbx01.lab.test", "127.0.0.1").context,
    )
    ca_certificate = str(tmp_path / "ca.pem")
    options = options_for(
        server, authentication="basic", username="LAB\\basic", password="Basic-1", ca_certificate=ca_certificate
    )
    with pytest.raises(CertificateNotTrusted) as caught:
        open_session(options_for(server, authentication="basic"))
    assert "Name its CA with exchange_ca_cert" in str(caught.value)
    with open_session(options) as session:
        assert session.run(pipeline("Get-Authentication")).output == ("basic",)


def test_the_stray_space_in_exchange_s_boundary_is_read(serve: Serve, options_for: OptionsFor) -> None:
    server = serve(lambda run, _commands: run.write("sealed"), endpoint={"stray_space": True})
    with open_session(options_for(server)) as session:
        assert session.run(pipeline("Get-Text")).output == ("sealed",)


def test_warnings_are_kept_and_are_no_errors(serve: Serve, options_for: OptionsFor) -> None:
    with open_session(options_for(serve(lambda run, _commands: run.warning("nothing was modified")))) as session:
        result = session.run(pipeline("Set-SendConnector"))
    assert (result.output, result.warnings) == ((), ("nothing was modified",))


def test_a_foreseen_prompt_is_answered_as_the_policy_says(serve: Serve, options_for: OptionsFor) -> None:
    message = "Overwrite the existing default SMTP certificate?\r\n\r\nCurrent certificate: 'AB'"
    server = serve(lambda run, _commands: run.write(run.ask("Confirm", message, CONFIRM, 0)))
    seen: list[Prompt] = []

    def refuse(prompt: Prompt) -> int:
        seen.append(prompt)
        return 2

    with open_session(options_for(server)) as session:
        result = session.run(pipeline("Enable-ExchangeCertificate", policy=refuse, changes=True))

    choices = tuple(Choice(label, help_message) for label, help_message in CONFIRM)
    assert seen == [Prompt("PromptForChoice", "Confirm", message, choices, 0)]
    assert result.output == (2,)
    assert [(answer.prompt, answer.choice) for answer in result.answered] == [(seen[0], 2)]


@pytest.mark.parametrize("answer", [None, 4, -1], ids=["unknown", "beyond the last", "before the first"])
def test_an_unforeseen_prompt_stops_the_command_unanswered(
    serve: Serve, options_for: OptionsFor, answer: int | None
) -> None:
    went_on: list[object] = []

    def execute(run: Run, _commands: Sequence[ReceivedCommand]) -> None:
        went_on.append(run.ask("Confirm", "Bind it to IIS as well?", CONFIRM, 0))

    server = serve(execute)
    with open_session(options_for(server)) as session:
        with pytest.raises(UnforeseenPrompt) as caught:
            session.run(pipeline("Enable-ExchangeCertificate", changes=True, policy=lambda _prompt: answer))
        assert server.traffic.open_shells == 0

    assert went_on == []
    assert caught.value.prompt.message == "Bind it to IIS as well?"
    assert [action for action in server.traffic.actions if action != "Receive"][-2:] == ["Signal:ctrl_c", "Delete"]
    assert str(caught.value) == (
        "127.0.0.1: Enable-ExchangeCertificate asked a question that was not foreseen, PromptForChoice (choices: Yes, "
        'Yes to All, No, No to All): "Bind it to IIS as well?". It was not answered, the command was stopped. Look at '
        "the state before you run it again."
    )


def test_a_question_without_choices_stops_the_command(serve: Serve, options_for: OptionsFor) -> None:
    server = serve(lambda run, _commands: run.write(run.read_line("Thumbprint:")))
    with open_session(options_for(server)) as session, pytest.raises(UnforeseenPrompt) as caught:
        session.run(pipeline("Enable-ExchangeCertificate", policy=lambda _prompt: 0))
    assert caught.value.prompt == Prompt("ReadLine")


def test_a_non_terminating_error_fails_the_pipeline_and_keeps_what_came_besides(
    serve: Serve, options_for: OptionsFor
) -> None:
    def execute(run: Run, _commands: Sequence[ReceivedCommand]) -> None:
        run.write("before")
        run.error(
            "The given certificate is not enabled for SMTP protocol.",
            "[Server=MBX01] DA6D9EA1,SetSendConnector",
            "InvalidOperation",
            "System.InvalidOperationException",
        )
        run.write("after")

    with open_session(options_for(serve(execute))) as session:
        with pytest.raises(CmdletFailed) as caught:
            session.run(pipeline("Set-SendConnector", changes=True))
        # The session is as good as before.
        with pytest.raises(CmdletFailed):
            session.run(pipeline("Get-SendConnector"))

    failure = caught.value
    assert failure.result.output == ("before", "after")
    (error,) = failure.errors
    assert error.message == "The given certificate is not enabled for SMTP protocol."
    assert error.fully_qualified_error_id == "[Server=MBX01] DA6D9EA1,SetSendConnector"
    assert error.category == "InvalidOperation"
    assert error.exception_type == "System.InvalidOperationException"
    assert str(failure) == (
        '127.0.0.1: Set-SendConnector failed: "The given certificate is not enabled for SMTP protocol".'
    )


def test_a_terminating_error_fails_the_pipeline(serve: Serve, options_for: OptionsFor) -> None:
    def execute(_run: Run, _commands: Sequence[ReceivedCommand]) -> None:
        raise TerminatingError("The RPC server is unavailable.", "Rpc,GetQueue", "ResourceUnavailable")

    server = serve(execute)
    with open_session(options_for(server)) as session, pytest.raises(CmdletFailed) as caught:
        session.run(pipeline("Get-Queue"))
    assert caught.value.errors[0].category == "ResourceUnavailable"
    assert caught.value.errors[0].fully_qualified_error_id == "Rpc,GetQueue"
    assert server.traffic.actions.count("Command") == 1


@pytest.mark.parametrize(
    ("identifier", "text", "kind"),
    [
        ("CommandNotFoundException", "The term 'x' is not recognized", CmdletNotVisible),
        ("NamedParameterNotFound,x", "A parameter cannot be found", ParameterNotVisible),
        (
            "0BAD,x",
            'The "Server" parameter can\'t be used on the "x" cmdlet because it isn\'t present in the role definition '
            "for the current user.",
            ParameterNotVisible,
        ),
    ],
)
def test_what_rbac_hides_has_failures_of_its_own(
    serve: Serve, options_for: OptionsFor, identifier: str, text: str, kind: type[CmdletFailed]
) -> None:
    def execute(_run: Run, _commands: Sequence[ReceivedCommand]) -> None:
        raise TerminatingError(text, identifier)

    with open_session(options_for(serve(execute))) as session, pytest.raises(kind) as caught:
        session.run(pipeline("x"))
    assert "role group" in str(caught.value)


def test_an_unsendable_value_is_refused_before_anything_is_sent(serve: Serve, options_for: OptionsFor) -> None:
    server = serve(lambda _run, _commands: None)
    with open_session(options_for(server)) as session:
        with pytest.raises(UnsendableValue) as caught:
            session.run(pipeline(Command("Get-Queue", {"Filter": "broken \ud800"})))
        assert "Command" not in server.traffic.actions
        session.run(pipeline("Get-Queue"))
    assert str(caught.value) == (
        "127.0.0.1: Get-Queue was not sent, its parameter Filter is wrong: no message can carry the character U+D800."
    )


def test_the_prologue_runs_first_in_every_runspace(serve: Serve, options_for: OptionsFor) -> None:
    ran: list[str] = []
    server = serve(lambda _run, commands: ran.append(commands[0].name))
    with open_session(options_for(server), [pipeline("Add-PSSnapin")]) as session:
        session.run(pipeline("Get-Something"))
        session.run(pipeline("Get-More"))
        session.close()
        session.run(pipeline("Get-Again"))
    assert ran == ["Add-PSSnapin", "Get-Something", "Get-More", "Add-PSSnapin", "Get-Again"]


def test_a_runspace_whose_prologue_fails_is_not_kept(serve: Serve, options_for: OptionsFor) -> None:
    def execute(_run: Run, commands: Sequence[ReceivedCommand]) -> None:
        if commands[0].name == "Add-PSSnapin":
            raise TerminatingError("The snap-in is not installed.", "AddPSSnapInRead", "InvalidArgument")

    server = serve(execute)
    with pytest.raises(CmdletFailed, match="The snap-in is not installed"):
        open_session(options_for(server), [pipeline("Add-PSSnapin")])
    assert server.traffic.open_shells == 0

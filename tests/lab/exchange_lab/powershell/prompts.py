# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How PowerShell asks: ShouldContinue and ShouldProcess, with labels and help texts of its public source."""

from __future__ import annotations

from .command import Invocation

CAPTIONS = {"en": "Confirm", "de": "Bestätigung"}
"""PowerShell's own, which it also takes when a cmdlet gives an empty one."""

_YES, _YES_TO_ALL, _NO, _NO_TO_ALL, _SUSPEND = range(5)
_CHOICES = (
    ("&Yes", "Continue with only the next step of the operation."),
    ("Yes to &All", "Continue with all the steps of the operation."),
    ("&No", "Skip this operation and proceed with the next operation."),
    ("No to A&ll", "Skip this operation and all subsequent operations."),
    (
        "&Suspend",
        'Pause the current pipeline and return to the command prompt. Type "exit" to resume the pipeline.',
    ),
)
# In the words of a German Windows; the help texts are not known and repeat the labels.
_GERMAN = tuple((label, label.replace("&", "")) for label in ("&Ja", "Ja, &alle", "&Nein", "N&ein, keine", "An&halten"))
_ORDERS = {
    "documented": (_YES, _YES_TO_ALL, _NO, _NO_TO_ALL, _SUSPEND),
    "no_second": (_YES, _NO, _YES_TO_ALL, _NO_TO_ALL, _SUSPEND),
    "no_first": (_NO, _NO_TO_ALL, _YES, _YES_TO_ALL, _SUSPEND),
}


def should_continue(invocation: Invocation, key: str, message: str) -> bool:
    """Ask; an answer "to all" holds for later questions with the same ``key`` in this run of the command.

    Neither -Confirm:$false nor ConfirmPreference answers this one, -Force is the cmdlet's own business. The default
    is Yes.
    """
    remembered = invocation.remembered(key)
    if remembered is not None:
        return remembered
    readings = invocation.world.readings
    labels = _GERMAN if readings.prompt_language == "de" else _CHOICES
    order = [each for each in _ORDERS[readings.prompt_order] if each < readings.prompt_choices]
    choices = tuple(labels[each] for each in order)
    answer = _SUSPEND
    while answer == _SUSPEND:  # a remote session has no nested prompt to go to: the question comes again
        answer = order[invocation.ask(CAPTIONS[readings.prompt_language], message, choices, order.index(_YES))]
    if answer in (_YES_TO_ALL, _NO_TO_ALL):
        invocation.remember(key, answer == _YES_TO_ALL)
    return answer in (_YES, _YES_TO_ALL)


def should_process(invocation: Invocation, action: str, *, high_impact: bool = False) -> bool:
    """Whether to go on: not with -WhatIf, which only says so; with -Confirm when the client says Yes.

    The session's ConfirmPreference is High, and of the commands of the lab those of high impact ask also without
    -Confirm, unless they are told -Confirm:$false; nobody else is asked unasked.
    """
    if invocation.arguments.flag("WhatIf"):
        invocation.session.write_host(f"What if: {action}")
        return False
    if invocation.arguments.flag("Confirm") or (high_impact and not invocation.arguments.given("Confirm")):
        return should_continue(
            invocation, "ShouldProcess", f"Are you sure you want to perform this action?\r\n{action}"
        )
    return True

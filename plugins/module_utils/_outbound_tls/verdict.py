# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a host: from the results of the role's steps to one word, one sentence, and the details.

    verdict_result(judge_story(story_from(value)))

``value`` is what the role has collected of one host:

    host          inventory name
    check_mode    whether nothing was really changed
    organization_host   where the logging of a subscribed Edge's connectors is changed; empty where nobody named it
    looks         results of exchange_outbound_tls_info, in their order; those after a change have the option since
    steps         one entry a task, in their order: what (raise, hold, bind, retry, put_back), results (of its
                  loop, each with the connector that it was about as item, or as the first of item)
    failure       the result of the task that ended the host's work (msg, reason), or null
    others        host, looks and steps of other hosts of the run, where mail leaves through front ends

and the result is

    verdict       healthy, repaired, would_repair, other_cause, refused, no_evidence, bound_not_proven, rejected,
                  unreachable, failed: the worst of its connectors
    host          inventory name
    server        fqdn, or the inventory name of a host that never answered
    check_mode    whether nothing was really changed
    message       one sentence
    next          what to do now about the worst connector; empty where the host's own work has ended early
    summary       sentences for people: what was wrong, what was changed, what left, what to do next
    warnings      sentences that must not be overlooked, like a level that could not be put back
    before, after   what was seen of the host first and last, as pictures of an audit
    connectors    by Guid: name, verdict, message, found (the finding's sentence), finding (its id), kind, grade,
                  thumbprints, evidence (lines), evidence_where, source_servers and stuck_queues (of the look that
                  decided), bound (results of the binding), bound_elsewhere (the same of servers whose front end sends),
                  messages_before, messages_after, left, accepted, accepted_in_clear, rejected, not_accounted_for,
                  draining, commands, commands_on (by server), not_raised (why the logging level was left alone),
                  went_first, held_back and held_because (where a canary went), lines_to_type, remedy
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from .audit import host_picture
from .elsewhere import NOTHING_ELSEWHERE, Elsewhere, Result, look_elsewhere
from .held_back import NOTHING_HELD_BACK, HeldBack, held_back, told_commands
from .mail import Mail, counted, mail_of, with_held


class Verdict(Enum):
    """From the best to the worst."""

    HEALTHY = "healthy"
    REPAIRED = "repaired"
    WOULD_REPAIR = "would_repair"
    OTHER_CAUSE = "other_cause"
    REFUSED = "refused"
    NO_EVIDENCE = "no_evidence"
    BOUND_NOT_PROVEN = "bound_not_proven"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    FAILED = "failed"


GOOD: Final = frozenset({Verdict.HEALTHY, Verdict.REPAIRED, Verdict.WOULD_REPAIR})
"""The verdicts that do not fail a host."""

_WORST_LAST: Final = tuple(Verdict)


@dataclass(frozen=True)
class Step:
    """A change that was made, promised, or tried: ``what`` is raise, hold, bind, retry or put_back."""

    what: str
    connector: str
    result: Result

    @property
    def failed(self) -> bool:
        """Tell whether the task failed."""
        return bool(self.result.get("failed"))

    @property
    def changes_level(self) -> bool:
        """Tell whether it is about the connector itself, which belongs to the organisation."""
        return self.what in ("raise", "put_back")


@dataclass(frozen=True)
class Story:
    """What the role has collected of one host."""

    host: str
    check_mode: bool
    looks: tuple[Result, ...]
    steps: tuple[Step, ...]
    failure: Result | None
    organization_host: str = ""
    others: tuple[Result, ...] = ()

    @property
    def is_subscribed_edge(self) -> bool:
        """Tell whether the host's connectors belong to the organisation; unknown is taken for subscribed."""
        edge = (self.looks[0].get("edge") if self.looks else None) or {}
        return edge.get("subscribed", False) is not False

    @property
    def level_host(self) -> str:
        """Return where the logging level is changed, if not on the host itself."""
        return self.organization_host if self.is_subscribed_edge else ""


@dataclass(frozen=True)
class ConnectorVerdict:
    """What became of one connector. ``look`` is the entry of the look that decided; ``bound`` are binding results.

    ``commands`` were sent, or would be, each with the host where the level is changed if it went there, else with an
    empty name; ``lines_to_type`` are what a binding that went wrong leaves to a person. ``not_raised`` says why the
    level was not raised, empty where it was, or was not needed.
    """

    verdict: Verdict
    look: Result
    bound: tuple[Result, ...]
    mail: Mail
    proof: Result | None
    trouble: str
    commands: tuple[tuple[str, str], ...]
    lines_to_type: tuple[str, ...]
    not_raised: str = ""
    elsewhere: Elsewhere = NOTHING_ELSEWHERE
    held: HeldBack = NOTHING_HELD_BACK

    @property
    def is_for_others(self) -> bool:
        """Tell whether this host is only the front end for mail that other servers send."""
        return not self.look.get("source_server", True)


@dataclass(frozen=True)
class HostVerdict:
    """What became of a host."""

    verdict: Verdict
    host: str
    server: str
    trouble: str
    connectors: tuple[ConnectorVerdict, ...]
    warnings: tuple[str, ...]
    check_mode: bool = False
    before: Result = field(default_factory=dict)
    after: Result = field(default_factory=dict)


def story_from(value: Mapping[str, Any]) -> Story:
    """Read what the role has collected.

    Raises:
        ValueError: a key is missing.
    """
    try:
        return Story(
            host=str(value["host"]),
            check_mode=bool(value.get("check_mode")),
            looks=tuple(value.get("looks") or ()),
            steps=tuple(
                Step(str(each["what"]), _connector_of(result), result)
                for each in value.get("steps") or ()
                for result in each["results"]
            ),
            failure=_own_words(value.get("failure") or None),
            organization_host=str(value.get("organization_host") or ""),
            others=tuple(value.get("others") or ()),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the collected results of a host lack {error}") from error


def _own_words(failure: Result | None) -> Result | None:
    """Return the failed item where a loop failed: of the loop Ansible only says that one or more items failed."""
    items = [] if failure is None else failure.get("results", ())
    return next((each for each in items if each.get("failed")), failure)


def _connector_of(result: Result) -> str:
    item = result["item"]
    return str((item if isinstance(item, Mapping) else item[0])["guid"])


def judge_story(story: Story) -> HostVerdict:
    """Return what became of a host; the worst of its connectors, unless its work has ended before."""
    names = dict.fromkeys(str(each["guid"]) for look in story.looks for each in look.get("connectors", ()))
    connectors = tuple(_judge_connector(guid, story) for guid in names)
    verdict = max((each.verdict for each in connectors), key=_WORST_LAST.index, default=Verdict.HEALTHY)
    trouble = ""
    if story.failure is not None:
        unreachable = story.failure.get("reason") == "unreachable" or bool(story.failure.get("unreachable"))
        verdict = Verdict.UNREACHABLE if unreachable else Verdict.FAILED
        trouble = str(story.failure.get("msg", ""))
    elif not story.looks:
        verdict, trouble = Verdict.FAILED, f"{story.host}: nothing was looked at."
    return HostVerdict(
        verdict=verdict,
        host=story.host,
        server=str(story.looks[-1]["server"]) if story.looks else story.host,
        trouble=trouble,
        connectors=connectors,
        warnings=(
            *(each.held.warning for each in connectors if each.held.warning),
            *(_put_back_warning(step, story) for step in story.steps if step.what == "put_back" and step.failed),
        ),
        check_mode=story.check_mode,
        before=host_picture(story.host, story.looks[:1], None if story.looks else story.failure),
        after=host_picture(story.host, story.looks, story.failure),
    )


def _judge_connector(guid: str, story: Story) -> ConnectorVerdict:
    entries = [each for look in story.looks for each in look.get("connectors", ()) if each["guid"] == guid]
    steps = [step for step in story.steps if step.connector == guid]
    look = _decisive(entries, steps)
    proofs = [each["proof"] for each in entries if each.get("proof") is not None]
    proof = proofs[-1] if proofs else None
    elsewhere = look_elsewhere(guid, story.others)
    mail = mail_of(entries, look, proof)
    if not look.get("source_server", True):
        proof = elsewhere.proof
        mail = counted(*elsewhere.messages, proof)
    held = held_back([step.result for step in steps if step.what == "hold"], check_mode=story.check_mode)
    mail = with_held(mail, held.before, held.waiting) if held.still_holds else mail
    bound = [step for step in steps if step.what == "bind"]
    verdict, trouble = _word(look, proof, steps, elsewhere, held, check_mode=story.check_mode)
    return ConnectorVerdict(
        verdict=verdict,
        look=look,
        bound=tuple(step.result for step in bound if not step.failed),
        mail=mail,
        proof=proof,
        trouble=trouble,
        commands=tuple(
            (story.level_host if step.changes_level else "", line)
            for step in steps
            if not step.failed
            for line in _commands(step)
        ),
        lines_to_type=(
            *(line for step in bound if step.failed for line in step.result.get("remedy", ())),
            *(held.lines if held.still_holds else ()),
        ),
        not_raised=_not_raised(look, steps, story),
        elsewhere=elsewhere,
        held=held,
    )


def _commands(step: Step) -> Sequence[str]:
    commands: Sequence[str] = step.result.get("commands", ())
    return told_commands(commands) if step.what == "hold" else commands


def _not_raised(look: Result, steps: Sequence[Step], story: Story) -> str:
    if not story.is_subscribed_edge or look["logging_level"] == "Verbose":
        return ""
    if any(step.what == "raise" for step in steps):
        promised_or_failed = story.check_mode or any(step.what == "raise" and step.failed for step in _latest(steps))
        return (
            ""
            if promised_or_failed
            else f"EdgeSync has not brought the level to this Edge that was raised on {story.level_host}."
        )
    if look["repair"]["raise_logging"]["certainty"] == "no":
        return ""
    return (
        "The logging level was not raised: this is a subscribed Edge, whose connectors are changed on a Mailbox "
        "server, and outbound_tls_repair_organization_host names none that is in the inventory."
    )


def _decisive(entries: Sequence[Result], steps: Sequence[Step]) -> Result:
    """Return the look on which the role acted: of a bound connector the last that found it, else the last diagnosis."""
    if any(step.what == "bind" for step in steps):
        found = [each for each in entries if each["finding"]["kind"] == "certificate_not_bound"]
        if found:
            return found[-1]
    last = entries[-1]
    if last.get("proof") is not None and not last["proof"]["accepted"] and int(last["messages"]):
        return last  # a retry has shown what is wrong now
    diagnoses = [each for each in entries if each.get("proof") is None]
    return diagnoses[-1] if diagnoses else entries[0]


def _word(
    look: Result,
    proof: Result | None,
    steps: Sequence[Step],
    elsewhere: Elsewhere,
    held: HeldBack,
    *,
    check_mode: bool,
) -> tuple[Verdict, str]:
    """Return the verdict of a connector, and the sentence of the step that failed, if one did."""
    broken = next((step for step in steps if step.what == "bind" and step.failed), None)
    if broken is not None:
        refused = broken.result.get("reason") == "refused"
        return (Verdict.REFUSED if refused else Verdict.FAILED), str(broken.result.get("msg", ""))
    if held.trouble:
        return Verdict.FAILED, held.trouble
    if held.kept:
        return (Verdict.REJECTED if held.kept == "rejected" else Verdict.BOUND_NOT_PROVEN), ""
    if check_mode and _stays_silent(look, steps):
        return Verdict.NO_EVIDENCE, ""
    if any(step.what == "bind" for step in steps):
        return (Verdict.WOULD_REPAIR if check_mode else _by_proof(proof, Verdict.BOUND_NOT_PROVEN)), ""
    if look["finding"]["id"] == "frontend_proxy":
        return _by_front_ends(proof, elsewhere, steps, check_mode=check_mode)
    by_finding = _by_finding(look, check_mode=check_mode)
    if any(step.what == "retry" and not step.failed for step in steps):
        by_finding = _by_proof(proof, by_finding)
    failed = next((step for step in _latest(steps) if step.failed and step.what not in ("put_back", "hold")), None)
    if failed is None or by_finding is not Verdict.NO_EVIDENCE:
        return by_finding, ""
    # Refused because of the first source server's certificates: that one has to be repaired first.
    waits = failed.result.get("failure_kind") == "connector_certificate_lacks_smtp"
    return (Verdict.NO_EVIDENCE if waits else Verdict.FAILED), str(failed.result.get("msg", ""))


def _stays_silent(look: Result, steps: Sequence[Step]) -> bool:
    """Tell whether a run would find no evidence either: the log is silent, and nothing would make it speak."""
    if look["finding"]["kind"] != "no_evidence" or not look.get("source_server", True):
        return False
    return look["logging_level"] != "Verbose" and not any(step.what == "raise" for step in steps)


def _by_front_ends(
    proof: Result | None, elsewhere: Elsewhere, steps: Sequence[Step], *, check_mode: bool
) -> tuple[Verdict, str]:
    """Judge a server whose mail waits for what happens on the servers of its front ends."""
    if elsewhere.failed is not None:
        refused = elsewhere.failed.get("reason") == "refused"
        return (Verdict.REFUSED if refused else Verdict.FAILED), str(elsewhere.failed.get("msg", ""))
    if check_mode and any(each.may_bind or each.bound for each in elsewhere.front_ends):
        return Verdict.WOULD_REPAIR, ""
    if elsewhere.bound or (proof is not None and proof["accepted"]):
        return _by_proof(proof, Verdict.BOUND_NOT_PROVEN), ""
    # Without the logging neither server can be told which certificate it is.
    raising = next((step for step in _latest(steps) if step.what == "raise" and step.failed), None)
    return (Verdict.OTHER_CAUSE, "") if raising is None else (Verdict.NO_EVIDENCE, str(raising.result.get("msg", "")))


def _latest(steps: Sequence[Step]) -> list[Step]:
    """Return the last of each kind: a raise that was refused at first may have been made later."""
    return list({step.what: step for step in steps}.values())


def _by_proof(proof: Result | None, without: Verdict) -> Verdict:
    """Any rejection counts more than all that was accepted: an emptied queue may be a pile of NDRs."""
    if proof is None:
        return without
    if proof["rejected"]:
        return Verdict.REJECTED
    return Verdict.REPAIRED if proof["accepted"] else without


def _by_finding(look: Result, *, check_mode: bool) -> Verdict:
    finding, bind = look["finding"]["kind"], look["repair"]["bind"]
    if finding == "healthy":
        return Verdict.NO_EVIDENCE if look["stuck_queues"] and look.get("proof") is not None else Verdict.HEALTHY
    if finding == "other_cause":
        return Verdict.OTHER_CAUSE
    if bind["refused"]:
        return Verdict.REFUSED
    if check_mode and bind["certainty"] != "no":
        return Verdict.WOULD_REPAIR
    # Nothing has failed yet, and something will.
    return Verdict.NO_EVIDENCE if finding in ("no_evidence", "prediction") else Verdict.FAILED


def _put_back_warning(step: Step, story: Story) -> str:
    """Name the line to type, also when nobody could be asked any more: the raise knows what the level was."""
    recorded = [each.result.get("level_recorded") for each in story.steps if each.connector == step.connector]
    level = next((each for each in reversed(recorded) if each), "None")
    # The organisation's Guid: EdgeSync may give the copy on an Edge another one.
    guids = [each.result.get("guid") for each in story.steps if each.connector == step.connector and each.changes_level]
    guid = next((each for each in guids if each), step.connector)
    line = f"Set-SendConnector -Identity '{guid}' -ProtocolLoggingLevel {level}"
    remedy = " ".join(step.result.get("remedy", ()) or [line])
    where = f" on {story.level_host}" if story.level_host else ""
    return f"The logging level was not put back: {step.result.get('msg', '')} Type it yourself{where}: {remedy}".strip()

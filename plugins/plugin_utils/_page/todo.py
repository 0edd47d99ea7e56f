# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What needs doing: what a repair has left to somebody, findings, and servers of which nothing is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .states import OF_HOST, OF_SEVERITY, STATES, State, Tone, finding_label
from .times import day_of, days_between, distance

Result = Mapping[str, Any]

# So many names are read at a glance.
_LISTED: Final = 8


@dataclass(frozen=True)
class Job:
    """Something that somebody has to do: where, why, and what; ``said`` is what each of several servers says."""

    state: State
    server: str
    why: str
    what: str
    lines: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shown:
    """A finding on the page; ``anchor`` names its part of it."""

    anchor: str
    finding: Result


@dataclass(frozen=True)
class Group:
    """One finding, or the same one on several servers. ``when`` says when it comes true, where that is a date."""

    label: str
    tone: Tone
    severity: str
    connector: str
    when: str
    findings: tuple[Shown, ...]

    @property
    def first(self) -> Result:
        """Return the one that stands for all."""
        return self.findings[0].finding

    @property
    def servers(self) -> tuple[str, ...]:
        """Return where it was found."""
        return tuple(dict.fromkeys(str(each.finding["server"]) for each in self.findings))


def group_findings(findings: Iterable[Result], clock: str | None) -> tuple[Group, ...]:
    """Return what is not for information only, the same on several servers together, in the order of urgency."""
    alike: dict[tuple[Any, ...], list[Shown]] = {}
    for finding in findings:
        if finding["severity"] != "info":
            alike.setdefault(_alike(finding), []).append(Shown("", finding))
    groups = sorted(alike.items(), key=lambda each: (OF_SEVERITY[each[0][0]].place, each[0][1] or "9999"))
    number = iter(range(1, sum(map(len, alike.values())) + 1))
    return tuple(_group(shown, number, clock) for __, shown in groups)


def _alike(finding: Result) -> tuple[Any, ...]:
    """Return what findings have in common that are told together: severity and day first.

    Connectors of two organisations may have one name, and the role may act on one server and not on another.
    """
    told = ("id", "connector", "guid", "repairable_by_role")
    return (finding["severity"], day_of(finding["when"]), *(finding[each] for each in told))


def _group(shown: Sequence[Shown], number: Iterator[int], clock: str | None) -> Group:
    finding = shown[0].finding
    day = day_of(finding["when"])
    return Group(
        label=finding_label(finding["id"]),
        tone=OF_SEVERITY[finding["severity"]].tone,
        severity=finding["severity"],
        connector=finding["connector"],
        when=f"{day}, {distance(days_between(clock, finding['when']))}" if day else "",
        findings=tuple(Shown(f"finding-{next(number)}", each.finding) for each in shown),
    )


def unknown_jobs(hosts: Iterable[Result]) -> Iterator[Job]:
    """Tell of the hosts that could not be looked at, those of one state together."""
    by_state: dict[State, list[Result]] = {}
    for host in hosts:
        if host["state"] in OF_HOST:
            by_state.setdefault(OF_HOST[host["state"]], []).append(host)
    for state, unknown in by_state.items():
        names = listed([str(each["server"] or each["host"]) for each in unknown])
        alone = len(unknown) == 1
        why = unknown[0]["message"] if alone else f"{len(unknown)} hosts could not be looked at."
        said = () if alone else tuple(str(each["message"]) for each in unknown)
        yield Job(state, names, why, AGAIN[state], said=said)


def absent_job(absent: Sequence[Result]) -> Iterator[Job]:
    """Tell of the source servers that no host of the run is."""
    if absent:
        connectors = dict.fromkeys(name for each in absent for name in each["connectors"])
        names = listed([str(each["server"]) for each in absent])
        yield Job(State.ABSENT, names, absence(connectors), "run again on all source servers.")


def listed(names: Sequence[str]) -> str:
    """Return names as a list, of many only the first."""
    more = len(names) - _LISTED
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:_LISTED])} and {more} more"


def absence(connectors: Iterable[str]) -> str:
    """Say what it means that nobody looked at a source server."""
    names = " and ".join(f'"{name}"' for name in connectors)
    return f"Source server of {names}, but no host of this run has that name: nothing is known of its mail."


AGAIN: Final = {
    State.UNREACHABLE: "make the server reachable and run again; until then nothing is known of its mail.",
    State.FAILED: "read the message, look at the state that it shows, and run again.",
}


def verdict_jobs(verdict: Result) -> Iterator[Job]:
    """Tell what is left to do about a host: about itself when its work has ended early, else about its connectors."""
    server, state = str(verdict["server"]), STATES[verdict["verdict"]]
    connectors = [(STATES[each["verdict"]], each) for each in verdict["connectors"].values()]
    for its_state, connector in connectors:
        if is_open(its_state, connector):
            lines = tuple(connector["lines_to_type"])
            yield Job(its_state, server, connector["message"], connector["remedy"], lines)
    if state.tone is not Tone.GOOD and state not in [its_state for its_state, __ in connectors]:
        yield Job(state, server, verdict["message"], AGAIN.get(state, ""))


def is_open(state: State, connector: Result) -> bool:
    """Tell whether somebody has to do something about a connector after a repair."""
    return state.tone is not Tone.GOOD or bool(connector["draining"])


def without_jobs(verdict: Result) -> Callable[[Result], bool]:
    """Return what tells whether a finding of a host is not told already by the jobs of its verdict."""
    told = {guid for guid, each in verdict["connectors"].items() if is_open(STATES[each["verdict"]], each)}
    return lambda finding: not (finding["primary"] and finding["guid"] in told)

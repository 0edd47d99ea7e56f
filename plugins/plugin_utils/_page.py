# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdicts of a run as one HTML page that needs nothing else: no script, no font, no other file.

What is on the page and in which order is decided here; ``_page.html.j2`` beside this file says how it looks. Servers of
strangers wrote parts of the text, so everything is escaped, and characters that would not be seen are made visible.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

Verdict = Mapping[str, Any]
"""A verdict as the filter outbound_tls_verdict returns it."""


class Tone(Enum):
    """How a state is to be taken; the template has a colour for each."""

    GOOD = "good"
    OPEN = "open"
    BAD = "bad"
    UNKNOWN = "unknown"


class State(Enum):
    """What became of a server, and its label, tone and place: the most urgent first."""

    REJECTED = ("rejected", "Rejected", Tone.BAD)
    FAILED = ("failed", "Failed", Tone.BAD)
    BOUND_NOT_PROVEN = ("bound_not_proven", "Not proven", Tone.BAD)
    OTHER_CAUSE = ("other_cause", "Other cause", Tone.BAD)
    REFUSED = ("refused", "Refused", Tone.BAD)
    NO_EVIDENCE = ("no_evidence", "No evidence", Tone.OPEN)
    WOULD_REPAIR = ("would_repair", "Would be repaired", Tone.OPEN)
    UNREACHABLE = ("unreachable", "Unreachable", Tone.UNKNOWN)
    ABSENT = ("absent", "Not in this run", Tone.UNKNOWN)
    REPAIRED = ("repaired", "Repaired", Tone.GOOD)
    HEALTHY = ("healthy", "Healthy", Tone.GOOD)

    def __init__(self, word: str, label: str, tone: Tone) -> None:
        self.word = word
        self.label = label
        self.tone = tone

    @property
    def place(self) -> int:
        """Return the place among all, 0 for the most urgent."""
        return list(State).index(self)


_STATES: Final = {state.word: state for state in State}
GRADES: Final = {
    "marked": "the log says that the server presented this very certificate and could not use it",
    "inferred": "the row that says whose certificate it is is missing; everything else agrees that it is the server's",
    "eliminated": "the log shows no certificate; of those that the connector names, all others are enabled for SMTP",
    "refusal": "Exchange itself refused to change the connector because of it",
}
_AGAIN: Final = {
    State.UNREACHABLE: "make the server reachable and run again; until then nothing is known of its mail.",
    State.FAILED: "read the message, look at the state that it shows, and run again.",
}

# Characters that would vanish, or turn what stands beside them around; those of ASCII have a picture.
_UNSEEN: Final = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"},
    **dict.fromkeys((*range(0x7F, 0xA0), 0x061C, *range(0x200B, 0x2010), *range(0x2028, 0x202F)), 0xFFFD),
    **dict.fromkeys((*range(0x2060, 0x2070), *range(0xD800, 0xE000), 0xFEFF, 0xFFFE, 0xFFFF), 0xFFFD),
}


@dataclass(frozen=True)
class Job:
    """Something that somebody has to do: where, why, and what."""

    state: State
    server: str
    why: str
    what: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Host:
    """A host of the run; ``anchor`` names its part of the page."""

    anchor: str
    state: State
    verdict: Verdict


@dataclass(frozen=True)
class Row:
    """A source server in the table; one that no host of the run is has no ``anchor``."""

    state: State
    server: str
    sentence: str
    anchor: str = ""


@dataclass(frozen=True)
class Page:
    """Everything that the template shows."""

    title: str
    time: str
    check_mode: bool
    jobs: tuple[Job, ...]
    warnings: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    hosts: tuple[Host, ...]

    @property
    def tally(self) -> list[tuple[State, int]]:
        """Return how many servers are in which state, the most urgent first."""
        counted = Counter(row.state for row in self.rows)
        return [(state, counted[state]) for state in State if counted[state]]


def render_page(verdicts: Sequence[Verdict], *, title: str, time: str) -> str:
    """Return the page of a run's verdicts.

    Raises:
        LookupError, TypeError, AttributeError, jinja2.UndefinedError: something is not a verdict.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template = environment.get_template("_page.html.j2")
    return template.render(page=make_page(verdicts, title=title, time=time), states=_STATES, grades=GRADES)


def make_page(verdicts: Sequence[Verdict], *, title: str, time: str) -> Page:
    """Decide what is on the page."""
    hosts = _in_order(verdicts)
    absent = _absent_servers(verdicts)
    rows = [Row(host.state, str(host.verdict["server"]), host.verdict["message"], host.anchor) for host in hosts]
    rows += [Row(State.ABSENT, name, _absence(connectors)) for name, connectors in absent.items()]
    jobs = [job for host in hosts for job in _jobs_of(host)]
    if absent:
        connectors = dict.fromkeys(name for names in absent.values() for name in names)
        jobs.append(Job(State.ABSENT, ", ".join(absent), _absence(connectors), "run again on all source servers."))
    return Page(
        title=title,
        time=time,
        check_mode=any(verdict["check_mode"] for verdict in verdicts),
        jobs=tuple(sorted(jobs, key=lambda job: job.state.place)),
        warnings=tuple((str(verdict["server"]), text) for verdict in verdicts for text in verdict["warnings"]),
        rows=tuple(sorted(rows, key=lambda row: row.state.place)),
        hosts=hosts,
    )


def _in_order(verdicts: Sequence[Verdict]) -> tuple[Host, ...]:
    judged = [(_STATES[verdict["verdict"]], verdict) for verdict in verdicts]
    judged.sort(key=lambda pair: (pair[0].place, str(pair[1]["server"]).lower()))
    return tuple(Host(f"server-{number}", *pair) for number, pair in enumerate(judged, 1))


def _absent_servers(verdicts: Sequence[Verdict]) -> dict[str, list[str]]:
    """Return the source servers that are no host of the run, each with the names of its connectors."""
    present = {str(verdict["server"]) for verdict in verdicts}
    absent: dict[str, list[str]] = {}
    for verdict in verdicts:
        for connector in verdict["connectors"].values():
            for name in connector["source_servers"]:
                if not any(_same_server(name, other) for other in present):
                    connectors = absent.setdefault(name.upper(), [])
                    connectors += [connector["name"]] if connector["name"] not in connectors else []
    return dict(sorted(absent.items()))


def _same_server(one: str, other: str) -> bool:
    """Compare names, either of which may lack its domain."""
    one, other = one.lower().rstrip("."), other.lower().rstrip(".")
    if "." in one and "." in other:
        return one == other
    return one.partition(".")[0] == other.partition(".")[0]


def _absence(connectors: Iterable[str]) -> str:
    names = " and ".join(f'"{name}"' for name in connectors)
    return f"Source server of {names}, but no host of this run has that name: nothing is known of its mail."


def _jobs_of(host: Host) -> Iterator[Job]:
    """Tell what is to be done about a host: about itself when its work has ended early, else about its connectors."""
    verdict, server = host.verdict, str(host.verdict["server"])
    connectors = [(_STATES[each["verdict"]], each) for each in verdict["connectors"].values()]
    for state, connector in connectors:
        if state.tone is not Tone.GOOD or connector["draining"]:
            lines = tuple(connector["lines_to_type"])
            yield Job(state, server, connector["message"], connector["remedy"], lines)
    if host.state.tone is not Tone.GOOD and host.state not in [state for state, __ in connectors]:
        yield Job(host.state, server, verdict["message"], _AGAIN.get(host.state, ""))


def _visible(value: object) -> object:
    """Make unseen characters visible; markup of the template itself is left alone."""
    return value.translate(_UNSEEN) if isinstance(value, str) and not isinstance(value, Markup) else value

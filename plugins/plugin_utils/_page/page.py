# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen of a fleet as one HTML page that needs nothing else: no script, no font, no other file.

What is on the page and in which order is decided in this folder; its templates say how it looks. Servers of strangers
wrote parts of the text, so everything is escaped, and characters that would not be seen are made visible.

The page of an audit shows one document. That of a repair shows the document of what was seen last, and of each host its
verdict as well, which holds what was seen first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .chart import LONGEST, draw_expiries
from .expiries import Expiry, expiries_of
from .matrix import Cell, Column, cell_of, columns_of, presented_of
from .states import GRADES, OF_HOST, OF_SEVERITY, STATES, State, Tone
from .times import day_of, minute_of
from .todo import (
    Group,
    Job,
    absence,
    absent_job,
    group_findings,
    listed,
    unknown_jobs,
    verdict_jobs,
    without_jobs,
)
from .unseen import seen_value, short_subject, short_thumbprint

Result = Mapping[str, Any]

# More servers than this are folded unless something is wrong with them, and all are when that is true of most.
_FEW: Final = 4
# So many certificates are shown at once; the others are folded, unless they expire as soon.
_FIRST: Final = 12


@dataclass(frozen=True)
class Server:
    """A server of the fleet. One that no host of the run is has neither ``anchor`` nor ``seen``.

    ``seen`` is its picture in the document, ``before`` what was seen first, where there is a ``verdict``. ``quiet`` is
    one of many with which nothing is wrong: paper is not spent on it.
    """

    name: str
    state: State
    sentence: str
    anchor: str = ""
    seen: Result | None = None
    before: Result | None = None
    verdict: Result | None = None
    cells: tuple[Cell | None, ...] = ()
    opened: bool = False
    quiet: bool = False


@dataclass(frozen=True)
class Unobserved:
    """What could not be told, and what it would need."""

    what: str
    needs: str
    servers: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """Everything that the templates show."""

    title: str
    time: str
    check_mode: bool
    repair: bool
    warnings: tuple[tuple[str, str], ...]
    jobs: tuple[Job, ...]
    groups: tuple[Group, ...]
    columns: tuple[Column, ...]
    servers: tuple[Server, ...]
    expiries: tuple[Expiry, ...]
    charts: tuple[tuple[str, Markup], ...]
    unobserved: tuple[Unobserved, ...]

    @property
    def tally(self) -> list[tuple[State, int]]:
        """Return how many servers are in which state, the most urgent first."""
        counted = Counter(each.state for each in self.servers)
        return [(state, counted[state]) for state in State if counted[state]]

    def of_severity(self, severity: str) -> list[Group]:
        """Return the findings of a severity."""
        return [group for group in self.groups if group.severity == severity]

    @property
    def holds_mail(self) -> bool:
        """Tell whether mail lies in suspended queues: it is not stuck, and does not leave either."""
        return any(group.first["id"] == "held_back" for group in self.groups)

    @property
    def first_to_expire(self) -> tuple[Expiry, ...]:
        """Return the certificates that are shown at once."""
        return self.expiries[: _shown(self.expiries)]

    @property
    def others_to_expire(self) -> tuple[Expiry, ...]:
        """Return the certificates that are folded."""
        return self.expiries[_shown(self.expiries) :]

    @property
    def looked_at(self) -> list[Server]:
        """Return the hosts of the run."""
        return [each for each in self.servers if each.seen is not None]


def render_page(document: Result, *, title: str, time: str | None = None, verdicts: Sequence[Result] = ()) -> str:
    """Return the page of a document, and of the verdicts of a repair.

    Raises:
        LookupError, TypeError, ValueError, AttributeError, jinja2.UndefinedError: something is not what it should be.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=seen_value,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        day=day_of, minute=minute_of, presented=presented_of, short_subject=short_subject, short=short_thumbprint
    )
    environment.filters["listed"] = listed
    template = environment.get_template("page.html.j2")
    page = make_page(document, title=title, time=_time(document) if time is None else time, verdicts=verdicts)
    return template.render(page=page, states=STATES, of_severity=OF_SEVERITY, grades=GRADES, longest=LONGEST)


def make_page(document: Result, *, title: str, time: str, verdicts: Sequence[Result] = ()) -> Page:
    """Decide what is on the page."""
    hosts, clock = document["hosts"], document["clock"]
    told = {verdict["host"]: verdict for verdict in verdicts}
    jobs = [job for verdict in verdicts for job in verdict_jobs(verdict)]
    if not verdicts:
        jobs += unknown_jobs(hosts)
    jobs += absent_job(document["absent"])
    groups = group_findings(
        (
            finding
            for host in hosts
            for finding in host["findings"]
            if host["host"] not in told or without_jobs(told[host["host"]])(finding)
        ),
        clock,
    )
    columns = columns_of(hosts)
    servers = _servers(hosts, told, columns, groups)
    expiries = expiries_of(hosts, clock, document["warn_days"])
    return Page(
        title=title,
        time=time,
        check_mode=any(verdict["check_mode"] for verdict in verdicts),
        repair=bool(verdicts),
        warnings=tuple((str(verdict["server"]), text) for verdict in verdicts for text in verdict["warnings"]),
        jobs=tuple(sorted(jobs, key=lambda job: job.state.place)),
        groups=groups,
        columns=columns,
        servers=(*servers, *_absent(document, servers)),
        expiries=expiries,
        charts=draw_expiries(expiries[: _shown(expiries)], clock),
        unobserved=_unobserved(hosts),
    )


def _shown(expiries: Sequence[Expiry]) -> int:
    """Return how many certificates are shown at once; a few more than usual rather than fold a few."""
    urgent = sum(each.tone in (Tone.BAD, Tone.OPEN) for each in expiries)
    return len(expiries) if len(expiries) <= _FIRST + 4 else max(_FIRST, urgent)


def _time(document: Result) -> str:
    """Say when it was: by the controller's clock, and by the servers' where that is another time."""
    made, clock = minute_of(document["generated"]), minute_of(document["clock"])
    return made if not clock or clock == made else f"{made}; the servers' clocks said {clock}"


def _servers(
    hosts: Sequence[Result], told: Mapping[str, Result], columns: Sequence[Column], groups: Sequence[Group]
) -> tuple[Server, ...]:
    anchors = {id(shown.finding): shown.anchor for group in groups for shown in group.findings}
    judged = sorted(
        ((_state(host, told.get(host["host"])), host) for host in hosts),
        key=lambda pair: (pair[0].place, str(pair[1]["server"] or pair[1]["host"]).lower()),
    )
    troubled = sum(state.tone is not Tone.GOOD for state, __ in judged)
    servers = []
    for number, (state, host) in enumerate(judged, 1):
        verdict = told.get(host["host"])
        before = None if verdict is None else verdict["before"]
        servers.append(
            Server(
                name=str(host["server"] or host["host"]),
                state=state,
                sentence=str(host["message"] if verdict is None else verdict["message"]),
                anchor=f"server-{number}",
                seen=host,
                before=before,
                verdict=verdict,
                cells=tuple(cell_of(column, host, before, verdict, anchors) for column in columns),
                quiet=len(judged) > _FEW and state.tone is Tone.GOOD and verdict is None,
                opened=len(judged) <= _FEW or (troubled <= _FEW and state.tone is not Tone.GOOD),
            )
        )
    return tuple(servers)


def _state(host: Result, verdict: Result | None) -> State:
    if verdict is not None:
        return STATES[verdict["verdict"]]
    return OF_HOST.get(host["state"]) or OF_SEVERITY[host["severity"]]


def _absent(document: Result, servers: Sequence[Server]) -> list[Server]:
    nothing = servers[0].cells if servers else ()
    return [
        Server(str(each["server"]), State.ABSENT, absence(each["connectors"]), cells=(None,) * len(nothing))
        for each in document["absent"]
    ]


def _unobserved(hosts: Sequence[Result]) -> tuple[Unobserved, ...]:
    found: dict[tuple[str, str], list[str]] = {}
    for host in hosts:
        for each in host["unobserved"]:
            found.setdefault((each["what"], each["needs"]), []).append(str(host["server"] or host["host"]))
    return tuple(Unobserved(*key, tuple(servers)) for key, servers in found.items())

# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificate each server presents for each Send connector."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .states import OF_SEVERITY, STATES, USABLE, State, Tone, finding_label
from .times import day_of
from .unseen import short_subject, short_thumbprint

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """A connector. ``guids`` has several where EdgeSync gave copies on Edges other ones."""

    name: str
    guids: frozenset[str]


@dataclass(frozen=True)
class Presented:
    """A certificate that a server may present, or that it presents none."""

    thumbprint: str
    short: str
    name: str
    word: str
    tone: Tone
    problem: str
    reasons: tuple[str, ...]
    services: str
    until: str


@dataclass(frozen=True)
class Cell:
    """A connector on a server. ``before`` is empty where nothing has changed."""

    connector: str
    label: str
    tone: Tone
    anchor: str
    now: tuple[Presented, ...]
    before: tuple[Presented, ...] = ()


def columns_of(hosts: Iterable[Result]) -> tuple[Column, ...]:
    """Return the connectors of all hosts, in the order in which they are met."""
    found: dict[tuple[str, tuple[str, ...]], set[str]] = {}
    by_guid: dict[str, tuple[str, tuple[str, ...]]] = {}
    for connector in (each for host in hosts for each in host["connectors"]):
        sources = tuple(sorted(str(name).lower() for name in connector["source_servers"]))
        key = by_guid.setdefault(connector["guid"], (str(connector["name"]).lower(), sources))
        found.setdefault(key, set()).add(connector["guid"])
    names = {each["guid"]: each["name"] for host in hosts for each in host["connectors"]}
    return tuple(Column(names[min(guids)], frozenset(guids)) for guids in found.values())


def cell_of(
    column: Column, host: Result, before: Result | None, verdict: Result | None, anchors: Mapping[int, str]
) -> Cell | None:
    """Return what a server presents for a connector; None where it has nothing to do with it.

    ``anchors`` are the names of the parts of the page that show findings, by their Python identity.
    """
    entry = _entry_in(column, host)
    if entry is None:
        return None
    found = [each for each in host["findings"] if each["guid"] == entry["guid"]]
    grave = [each for each in found if each["severity"] != "info"]
    anchor = anchors.get(id(grave[0]), "") if grave else ""
    label, tone = "OK", Tone.GOOD
    if grave:
        label, tone = finding_label(grave[0]["id"]), OF_SEVERITY[grave[0]["severity"]].tone
    told = None if verdict is None else verdict["connectors"].get(entry["guid"])
    if told is not None and STATES[told["verdict"]] is not State.HEALTHY:
        label, tone = STATES[told["verdict"]].label, STATES[told["verdict"]].tone
    now = presented_of(entry)
    earlier = None if before is None else _entry_in(column, before)
    then = () if earlier is None else presented_of(earlier)
    return Cell(column.name, label, tone, anchor, now, then if _differs(then, now) else ())


def presented_of(entry: Result) -> tuple[Presented, ...]:
    """Return the certificates that a server may present for a connector."""
    return tuple(_presented(each) for each in entry["presented"])


def _presented(told: Result) -> Presented:
    word, tone = USABLE[told["usable"]]
    thumbprint = told["thumbprint"] or ""
    return Presented(
        thumbprint=thumbprint,
        short=short_thumbprint(thumbprint),
        name=short_subject(told["subject"] or "") if thumbprint else "no certificate",
        word=word if thumbprint else "",
        tone=tone,
        problem=told["problem"] or "",
        reasons=tuple(told["reasons"]),
        services=", ".join(told["services"] or ()) or ("none" if told["services"] is not None else "unknown"),
        until=day_of(told["not_after"]),
    )


def _differs(then: Sequence[Presented], now: Sequence[Presented]) -> bool:
    return {(each.thumbprint, each.word) for each in then} != {(each.thumbprint, each.word) for each in now}


def _entry_in(column: Column, host: Result) -> Result | None:
    return next((each for each in host["connectors"] if each["guid"] in column.guids), None)

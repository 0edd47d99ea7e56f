# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts about Exchange that the lab and the client rest on, as ``facts.yml`` states them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

FACTS = Path(__file__).with_name("facts.yml")

CONFIDENCES = ("seen", "published source", "documented", "reported", "analysis", "inferred", "open", "ours")


class FactsError(Exception):
    """``facts.yml`` contradicts itself or the lab; the message says where."""


@dataclass(frozen=True)
class Fact:
    """One sentence about Exchange.

    Attributes:
        id: The name that tests are marked with, such as ``cmdlets 0.4``.
        says: The fact in one sentence.
        confidence: One or more of CONFIDENCES, the strongest first.
        source: Who says so: a KB number, the title of a page, a published analysis.
        readings: The lab's switches for it, each a field of its Readings.
    """

    id: str
    says: str
    confidence: tuple[str, ...]
    source: str
    readings: tuple[str, ...] = ()


def read() -> dict[str, Fact]:
    """All facts by their id, in the order of the file; FactsError if one is incomplete or told twice."""
    facts: dict[str, Fact] = {}
    for group, entries in yaml.safe_load(FACTS.read_text(encoding="utf-8")).items():
        for number, entry in entries.items():
            fact = Fact(
                id=f"{group}.{number}",
                says=entry["says"],
                confidence=tuple(entry["confidence"]),
                source=entry["source"],
                readings=tuple(entry.get("readings", ())),
            )
            if unknown := set(fact.confidence) - set(CONFIDENCES):
                raise FactsError(f"{fact.id}: no such confidence: {', '.join(sorted(unknown))}")
            if fact.id in facts:
                raise FactsError(f"{fact.id} stands in {FACTS.name} twice")
            facts[fact.id] = fact
    return facts

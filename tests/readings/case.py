# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A case: facts of the lab under which the shipped playbook has to find its way, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass

MBX01 = "servers.mbx01.contoso.test"
CERTIFICATE = f"{MBX01}.certificates.third-party"
CONNECTOR = "connectors.Outbound to Office 365"
THIRD_PARTY = ("mbx01.contoso.test/third-party",)


@dataclass(frozen=True)
class Case:
    """A scenario with some of its facts changed, and what must come of a run.

    What must come follows from the facts, and is decided before the first run.

    Attributes:
        area: What of Exchange is in question: the name of a reading, or what is unusual.
        name: The answer to it, or how it is unusual.
        verdict: Of every host of the scenario; several words, sorted, where hosts differ.
        facts: What is changed in the scenario, as ``KEY=VALUE`` of the lab's option ``--set``.
        variables: The playbook's own, as ``NAME=VALUE``.
        says: A regular expression that the report of the run must match.
        grade: How certain the evidence must have been; empty where it does not matter.
        bound: The certificates that get SMTP, as ``server/key``. No other one may gain a service.
        lost: What a certificate must have lost, by ``server/key``: harm that the lab does and a run has to report.
        default_lost: Whether the default certificate is another one at the end: harm of the same kind.
        level: What the connector's logging level must be at the end.
        delivered: Whether all mail that waited at the beginning must have been accepted over TLS.
    """

    area: str
    name: str
    verdict: str
    facts: tuple[str, ...] = ()
    scenario: str = "kb4051498"
    variables: tuple[str, ...] = ()
    says: str = ""
    grade: str = ""
    bound: tuple[str, ...] = ()
    lost: tuple[tuple[str, frozenset[str]], ...] = ()
    default_lost: bool = False
    level: str = "None"
    delivered: bool = False

    def __str__(self) -> str:
        return f"{self.area}: {self.name}"

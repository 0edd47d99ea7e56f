# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the certificates expire that mail depends on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .states import Tone
from .times import day_of, days_between, distance
from .unseen import short_subject, short_thumbprint

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Expiry:
    """A certificate: ``days`` are left, negative when it has expired. ``users`` are servers by connector's name.

    ``presented`` tells whether a server may present it; otherwise a connector only names it.
    """

    thumbprint: str
    short: str
    name: str
    subject: str
    issuer: str
    day: str
    days: int
    far: str
    tone: Tone
    presented: bool
    users: dict[str, tuple[str, ...]]

    @property
    def servers(self) -> int:
        """Return how many servers it concerns."""
        return len({server for servers in self.users.values() for server in servers})


@dataclass
class _Certificate:
    told: Result
    presented: bool = False
    users: dict[str, list[str]] = field(default_factory=dict)


def expiries_of(hosts: Iterable[Result], clock: str | None, warn_days: int) -> tuple[Expiry, ...]:
    """Return the certificates that connectors present or name, the one that expires first at the head.

    Days count from the servers' own time. What only lies in a store is nobody's concern.
    """
    found: dict[str, _Certificate] = {}
    for host in hosts:
        stored = {each["thumbprint"]: each for each in host["certificates"]}
        for connector in host["connectors"]:
            for thumbprint, told, presented in _of_connector(connector, stored):
                certificate = found.setdefault(thumbprint, _Certificate(told))
                certificate.presented |= presented
                servers = certificate.users.setdefault(connector["name"], [])
                servers += [host["server"]] if host["server"] not in servers else []
    expiries = (_expiry(thumbprint, each, clock, warn_days) for thumbprint, each in found.items())
    return tuple(sorted((each for each in expiries if each is not None), key=lambda each: (each.days, each.thumbprint)))


def _of_connector(connector: Result, stored: Mapping[str, Result]) -> Iterator[tuple[str, Result, bool]]:
    presented = [each for each in connector["presented"] if each["thumbprint"]]
    for each in presented:
        yield each["thumbprint"], {**each, **stored.get(each["thumbprint"], {})}, True
    for thumbprint in connector["named"]:
        if thumbprint in stored and thumbprint not in {each["thumbprint"] for each in presented}:
            yield thumbprint, stored[thumbprint], False


def _expiry(thumbprint: str, certificate: _Certificate, clock: str | None, warn_days: int) -> Expiry | None:
    told = certificate.told
    days = days_between(clock, told["not_after"])
    if days is None:
        return None
    return Expiry(
        thumbprint=thumbprint,
        short=short_thumbprint(thumbprint),
        name=short_subject(told["subject"] or ""),
        subject=told["subject"] or "",
        issuer=told.get("issuer") or "",
        day=day_of(told["not_after"]),
        days=days,
        far=f"expired {distance(days)}" if days < 0 else distance(days),
        tone=_tone(days, warn_days, presented=certificate.presented),
        presented=certificate.presented,
        users={name: tuple(servers) for name, servers in certificate.users.items()},
    )


def _tone(days: int, warn_days: int, *, presented: bool) -> Tone:
    if not presented:
        return Tone.UNKNOWN
    if days < 0:
        return Tone.BAD
    return Tone.OPEN if days <= warn_days else Tone.GOOD

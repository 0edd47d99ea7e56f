# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a connection goes."""

from __future__ import annotations

from dataclasses import dataclass

from ..world import Peer


@dataclass(frozen=True)
class Host:
    """One address of a host."""

    name: str
    address: str
    port: int

    @property
    def endpoint(self) -> str:
        """As logs have it: .NET puts an IPv6 address in brackets."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @property
    def queue_endpoint(self) -> str:
        """As a queue's LastError has it, without brackets (seen in 2021, Exchange 2013)."""
        return f"{self.address}:{self.port}"


@dataclass(frozen=True)
class Target(Host):
    """One address of a peer."""

    peer: Peer

    @classmethod
    def of(cls, peer: Peer, address: str) -> Target:
        return cls(peer.name, address, peer.port, peer)

# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a connection goes: one address of a host outside."""

from __future__ import annotations

from dataclasses import dataclass

from ..world import Peer


@dataclass(frozen=True)
class Target:
    """One address of a peer."""

    peer: Peer
    address: str

    @property
    def name(self) -> str:
        return self.peer.name

    @property
    def port(self) -> int:
        return self.peer.port

    @property
    def endpoint(self) -> str:
        """As logs have it: .NET puts an IPv6 address in brackets."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @property
    def queue_endpoint(self) -> str:
        """As a queue's LastError has it, without brackets (seen in 2021, Exchange 2013)."""
        return f"{self.address}:{self.port}"

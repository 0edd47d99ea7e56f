# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shadow redundancy: a second server keeps a copy of each message until the first one has delivered it."""

from __future__ import annotations

from collections.abc import Callable

from ..world import Server, World
from .queue import Message, Queue


class ShadowQueues:
    """The shadow queues that one server keeps for others."""

    def __init__(self, world: World, server: Server, next_number: Callable[[], int]) -> None:
        self._world = world
        self._server = server
        self._next_number = next_number
        self._queues: dict[str, Queue] = {}

    def reflect(self, undelivered: Callable[[Server], list[Message]]) -> list[Queue]:
        """The shadow queues as they are now; ``undelivered`` tells what another server still has."""
        for primary in self._world.servers.values():
            if self._keeper(primary) is not self._server:
                continue
            copies = undelivered(primary)
            if primary.fqdn not in self._queues and copies:
                identity = rf"{self._server.name}\Shadow\{self._next_number()}"
                self._queues[primary.fqdn] = Queue(identity, "ShadowRedundancy", primary.fqdn)
            if primary.fqdn in self._queues:
                self._queues[primary.fqdn].messages = copies
        return list(self._queues.values())

    def _keeper(self, primary: Server) -> Server | None:
        """Who keeps a server's copies: here the next Mailbox server of the organisation, if there is another one."""
        servers = [each for each in self._world.servers.values() if each.role == "mailbox"]
        if primary not in servers or len(servers) == 1:
            return None
        return servers[(servers.index(primary) + 1) % len(servers)]

# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is true in the world at one moment, as the document that ``state.schema.json`` describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from .timespan import log_time
from .transport.certificate_choice import receive_certificate
from .world import Delivery, Event, EventLog, QueueFacts, SendConnector, Server, Services, World

State = dict[str, Any]


def state_of(world: World, *, open_shells: int, rejections: Mapping[str, int], crashes: tuple[str, ...] = ()) -> State:
    """The state; ``open_shells``, ``rejections`` and ``crashes`` are what the listeners know."""
    with world.lock:
        now = world.clock.now()
        first = next(iter(world.domain_controllers))
        return {
            "servers": {fqdn: _server(world, server, now) for fqdn, server in world.servers.items()},
            "connectors": {each.name: _connector(each) for each in world.connectors.view(first, now)},
            "queues": [
                _queue(server, queue)
                for server in world.servers.values()
                if server.transport is not None
                for queue in server.transport.queues()
            ],
            "delivered": [_delivery(each) for each in world.delivered],
            "commands": [asdict(each) for each in world.commands],
            "rejections": dict(rejections),
            "open_shells": open_shells,
            "crashes": list(crashes),
        }


def _server(world: World, server: Server, now: datetime) -> State:
    own: State = {}
    if server.role == "edge":
        own["connectors"] = {each.name: _connector(each) for each in world.connectors_of(server, now)}
    return {
        **own,
        "certificates": {
            each.label: {
                "thumbprint": each.thumbprint,
                "services": _services(server.services_of(each)),
                "status": each.status(now).text,
                "iis_sites": list(each.iis_sites),
            }
            for each in server.store
        },
        "default_certificate": server.default_certificate,
        "receive_connectors": {
            each.name: {
                "fqdn": each.fqdn or server.fqdn,
                "tls_certificate_name": each.tls_certificate_name,
                "presents": None
                if (found := receive_certificate(server, each, now, world.readings)) is None
                else found.thumbprint,
            }
            for each in server.receive_connectors
        },
        "events": _events(server.event_log),
    }


def _events(event_log: EventLog) -> list[State]:
    """Events of one kind are one entry: a queue that waits writes the same one again and again."""
    kinds: dict[tuple[str, str, int], list[Event]] = {}
    for each in event_log.events:
        kinds.setdefault((each.log, each.provider, each.id), []).append(each)
    return [
        {
            "log": log,
            "provider": provider,
            "id": number,
            "level": events[-1].level,
            "count": len(events),
            "first": log_time(events[0].at),
            "last": log_time(events[-1].at),
            "message": events[-1].message,
        }
        for (log, provider, number), events in kinds.items()
    ]


def _services(services: Services) -> list[str]:
    return services.text.split(", ") if services else []


def _connector(connector: SendConnector) -> State:
    facts = {key: _plain(value) for key, value in asdict(connector).items()}
    del facts["name"]
    return facts


def _queue(server: Server, queue: QueueFacts) -> State:
    return {
        "server": server.fqdn,
        "identity": queue.identity,
        "delivery_type": queue.delivery_type,
        "next_hop_domain": queue.next_hop_domain,
        "next_hop_connector": queue.next_hop_connector,
        "status": queue.status,
        "message_count": queue.message_count,
        "last_error": queue.last_error,
        "retry_count": queue.retry_count,
        "first_retry_time": _plain(queue.first_retry_time),
        "last_retry_time": _plain(queue.last_retry_time),
        "next_retry_time": _plain(queue.next_retry_time),
    }


def _delivery(delivery: Delivery) -> State:
    return {
        "time": log_time(delivery.at),
        "connector": delivery.connector,
        "server": delivery.server,
        "peer": delivery.peer,
        "tls": delivery.tls,
        "thumbprint": delivery.thumbprint,
        "reply": delivery.reply,
        "front_end": delivery.front_end,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return log_time(value)
    return list(value) if isinstance(value, tuple) else value

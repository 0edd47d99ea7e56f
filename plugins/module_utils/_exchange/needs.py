# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each module asks of Exchange, so that it can be told beforehand whether an account's roles suffice.

The commands are made by the same functions that make the real ones, so names and parameters cannot differ; a test runs
every module and holds what it sends against this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .._powershell import Pipeline, foresee_no_prompt
from .cmdlets import (
    enable_exchange_certificate,
    get_every_message,
    get_exchange_certificate,
    get_exchange_certificates,
    get_exchange_servers,
    get_frontend_transport_service,
    get_queues,
    get_send_connectors,
    get_transport_service,
    resume_message,
    resume_queue,
    retry_queue,
    set_send_connector_logging,
    suspend_message,
    suspend_queue,
)
from .connector import LoggingLevel
from .services import Service

_ANY: Final = "any"


def needs_of_modules(*, on_edge: bool) -> Mapping[str, tuple[Pipeline, ...]]:
    """Return the pipelines of every module, by the module's name. What a module can do without is left out.

    On an Edge the cmdlets act on it alone, and take neither its name nor a domain controller.
    """
    controller = None if on_edge else _ANY
    servers = (get_exchange_servers(),)
    directory = () if on_edge else (get_exchange_servers(_ANY, status=True),)
    transport = (*directory, get_transport_service(None if on_edge else _ANY, domain_controller=controller))
    front_end = () if on_edge else (get_frontend_transport_service(_ANY, domain_controller=controller),)
    certificates = (get_exchange_certificates(_ANY), get_exchange_certificate(_ANY, _ANY))
    standing = (get_send_connectors(),) if on_edge else ()
    connector = get_send_connectors(_ANY, domain_controller=controller)
    bind = enable_exchange_certificate(_ANY, _ANY, frozenset({Service.SMTP}), policy=foresee_no_prompt)
    return {
        "exchange_certificate_enable": (*servers, *standing, *transport, *certificates, bind),
        "exchange_certificate_info": (*servers, *transport, *certificates),
        "exchange_outbound_tls_info": (
            *servers, *transport, *front_end, *certificates, get_queues(_ANY), get_send_connectors(),
        ),
        "exchange_protocollog_info": (*servers, *transport, *front_end),
        "exchange_queue_hold": (
            *servers, get_queues(_ANY), get_every_message(_ANY), suspend_queue(_ANY), resume_queue(_ANY),
            suspend_message(_ANY), resume_message(_ANY),
        ),
        "exchange_queue_info": (*servers, get_queues(_ANY, where=_ANY)),
        "exchange_queue_retry": (*servers, get_queues(_ANY), retry_queue(_ANY)),
        "exchange_sendconnector_info": (get_send_connectors(_ANY),),
        "exchange_sendconnector_logging": (
            *servers, connector, set_send_connector_logging(_ANY, LoggingLevel.VERBOSE, domain_controller=controller),
        ),
        "exchange_session_info": (),
    }  # fmt: skip

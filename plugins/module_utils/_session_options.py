# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options by which every module reaches Exchange, declared once.

The documentation fragment ``session`` says the same in words; ansible-test's validate-modules holds the two together.
An option without a default is taken from the host's own connection when nobody sets it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

SESSION_ARGUMENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "server": {"type": "str"},
    "exchange_role": {"type": "str", "choices": ["mailbox", "edge"], "default": "mailbox"},
    "exchange_host": {"type": "str"},
    "exchange_port": {"type": "int"},
    "exchange_scheme": {"type": "str", "choices": ["http", "https"], "default": "http"},
    "exchange_path": {"type": "str"},
    "exchange_auth": {
        "type": "str",
        "choices": ["auto", "kerberos", "negotiate", "ntlm", "basic", "credssp"],
        "default": "auto",
    },
    "exchange_username": {"type": "str"},
    "exchange_password": {"type": "str", "no_log": True},
    "exchange_validate_certs": {"type": "bool"},
    "exchange_ca_cert": {"type": "path"},
    "exchange_message_encryption": {"type": "str", "choices": ["auto", "always", "never"], "default": "auto"},
    "exchange_kerberos_service": {"type": "str"},
    "exchange_hostname_override": {"type": "str"},
    "exchange_connection_timeout": {"type": "int"},
    "exchange_read_timeout": {"type": "int"},
    "exchange_operation_timeout": {"type": "int"},
    "exchange_timeout": {"type": "int", "default": 300},
    "exchange_idle_timeout": {"type": "int", "default": 120},
    "exchange_transport": {"type": "str", "choices": ["auto", "pypsrp", "pywinrm"], "default": "auto"},
}

QUERY_ARGUMENT: Final[Mapping[str, Mapping[str, Any]]] = {"query": {"type": "str"}}
"""The option of every information module: a JMESPath expression over its result."""

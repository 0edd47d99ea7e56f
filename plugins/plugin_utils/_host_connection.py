# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the options of ansible-core's Windows connections, psrp and winrm, mean in the words of our sessions."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.release import __version__ as ansible_version

from ..module_utils._libraries import is_installed
from ..module_utils._remoting.endpoint import Lent
from ..module_utils._remoting.options import Kinit

_HTTP_PORT: Final = 5985
_HTTPS_PORT: Final = 5986

Get = Callable[[str], Any]
"""``get_option`` of a connection plugin, values in plain types."""


@dataclass(frozen=True, kw_only=True)
class HostConnection:
    """A host's own connection, by its options.

    ``lent`` is what it lends to other sessions on the host; the rest leads to the host's own PowerShell alone.
    ``authentication`` is one of pypsrp's words.
    """

    lent: Lent
    scheme: str
    port: int
    path: str
    authentication: str
    configuration: str
    message_encryption: str
    kerberos_service: str


def read_psrp(get: Get, called: str) -> HostConnection:
    """Read the options of a ``psrp`` connection."""
    scheme, port = get("protocol"), get("port")
    # One follows from the other (the plugin's documentation of port and protocol).
    scheme = scheme or ("http" if port == _HTTP_PORT else "https")
    lent = Lent(
        host=get("remote_addr"),
        username=get("remote_user"),
        password=get("remote_password"),
        authentication=get("auth"),
        validate_certificates=get("cert_validation") != "ignore",
        ca_certificate=get("ca_cert"),
        client_certificate=get("certificate_pem"),
        client_certificate_key=get("certificate_key_pem"),
        hostname_override=get("negotiate_hostname_override"),
        send_cbt=get("negotiate_send_cbt"),
        delegate=bool(get("negotiate_delegate")),
        credssp_mechanism=get("credssp_auth_mechanism"),
        credssp_disable_tlsv1_2=get("credssp_disable_tlsv1_2"),
        credssp_minimum_version=get("credssp_minimum_version"),
        proxy=get("proxy"),
        no_proxy=get("ignore_proxy"),
        connection_timeout=get("connection_timeout"),
        read_timeout=get("read_timeout"),
        operation_timeout=get("operation_timeout"),
        library="pypsrp",
        called=called,
    )
    return HostConnection(
        lent=lent,
        scheme=scheme,
        port=port or (_HTTP_PORT if scheme == "http" else _HTTPS_PORT),
        path=get("path"),
        authentication=lent.authentication,
        configuration=get("configuration_name"),
        message_encryption=get("message_encryption"),
        kerberos_service=get("negotiate_service"),
    )


def read_winrm(get: Get, called: str) -> HostConnection:
    """Read the options of a ``winrm`` connection.

    Half of its options are declared nowhere: variables ``ansible_winrm_*`` that the plugin hands to pywinrm as they
    are, mere text from an INI inventory included. Of several transports the first counts: what the plugin would try
    after it could be NTLM or Basic where Kerberos was meant, and a second try of the password.
    """
    extras = {name.removeprefix("ansible_winrm_"): value for name, value in dict(get("_extras") or {}).items()}
    port, user = get("port"), get("remote_user")
    scheme = get("scheme") or ("http" if port == _HTTP_PORT else "https")
    chosen = (get("transport") or [None])[0]
    operation_timeout, read_timeout = _times(get("connection_timeout"), extras)
    transport = chosen or _guessed_transport(user)
    authentication = _mechanism(transport, extras)
    lent = Lent(
        host=get("remote_addr"),
        username=user,
        password=get("remote_password"),
        # What nobody has chosen is a guess about WinRM, and none about Exchange.
        authentication=authentication if chosen else "negotiate",
        validate_certificates=extras.get("server_cert_validation", "validate") != "ignore",
        ca_certificate=_path(extras.get("ca_trust_path")),
        client_certificate=extras.get("cert_pem"),
        client_certificate_key=extras.get("cert_key_pem"),
        hostname_override=extras.get("kerberos_hostname_override"),
        send_cbt=boolean(extras.get("send_cbt", True)),
        delegate=boolean(extras.get("kerberos_delegation", False)),
        credssp_disable_tlsv1_2=boolean(extras.get("credssp_disable_tlsv1_2", False)),
        proxy=_path(extras.get("proxy")),
        # pywinrm takes null as the wish for no proxy, not even the environment's.
        no_proxy="proxy" in extras and extras["proxy"] is None,
        read_timeout=read_timeout,
        operation_timeout=operation_timeout,
        library="pywinrm",
        kinit=Kinit(
            command=get("kerberos_command"),
            arguments=tuple(shlex.split(get("kinit_args") or "")),
            environment=tuple(get("kinit_env_vars") or ()),
            mode=get("kerberos_mode") or "",
        ),
        called=called,
    )
    return HostConnection(
        lent=lent,
        scheme=scheme,
        port=port,
        path=get("path"),
        authentication=authentication,
        configuration="Microsoft.PowerShell",
        message_encryption=extras.get("message_encryption", "auto"),
        kerberos_service=extras.get("service", "HTTP"),
    )


def _guessed_transport(user: str | None) -> str:
    """Return what the plugin takes where nobody has chosen: Kerberos for a user principal name, else Basic.

    Before ansible-core 2.19 it takes Kerberos only where pykerberos is installed.
    """
    able = ansible_version.split(".")[:2] != ["2", "18"] or is_installed("kerberos")
    return "kerberos" if user and "@" in user and able else "basic"


def _mechanism(transport: str, extras: Mapping[str, Any]) -> str:
    """Return pypsrp's word for one of pywinrm's transports, of which ``ssl`` and ``plaintext`` are Basic."""
    if transport == "ssl" and (extras.get("cert_pem") or extras.get("cert_key_pem")):
        return "certificate"
    return {"ssl": "basic", "plaintext": "basic"}.get(transport, transport)


def _times(connection_timeout: int | None, extras: Mapping[str, Any]) -> tuple[int, int]:
    """Return operation and read time-out; the plugin's one option sets both, ten seconds apart."""
    if connection_timeout:
        return connection_timeout, connection_timeout + 10
    return int(extras.get("operation_timeout_sec", 20)), int(extras.get("read_timeout_sec", 30))


def _path(value: str | None) -> str | None:
    """Return a value that pywinrm calls ``legacy_requests`` where it means the environment's."""
    return None if value == "legacy_requests" else value

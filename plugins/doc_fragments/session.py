# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options by which every module reaches Exchange."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  server:
    description:
      - The Exchange server that is meant, by its name or fully qualified domain name.
      - By default it is the server that has one of the host's names, which are O(exchange_host), the host's address and
        its inventory name. Where these fit no server, as an alias or the name of a load balancer does, or more than
        one, the host itself is asked for its computer name.
      - A name that fits no server, or more than one, is refused with the list of servers.
    type: str
  exchange_role:
    description:
      - What kind of Exchange server the host is.
      - An V(edge) is an Edge Transport server. It has no PowerShell endpoint of Exchange's own, so the cmdlets run in
        its Windows PowerShell, where Exchange's snap-in is added first, over the host's own connection and as its user,
        who has to be a local administrator. The other options for the endpoint, such as O(exchange_port) and
        O(exchange_username), then mean something only where the host has no Windows connection.
    type: str
    choices: [mailbox, edge]
    default: mailbox
  exchange_host:
    description:
      - The name or address at which Exchange's PowerShell endpoint is opened.
      - By default it is the address of the host's own connection.
    type: str
  exchange_port:
    description:
      - Port of Exchange's PowerShell endpoint. By default 80 for V(http) and 443 for V(https), never the port of WinRM;
        on an Edge 5985 and 5986.
    type: int
  exchange_scheme:
    description:
      - Protocol of Exchange's PowerShell endpoint.
      - Over V(http) every message is encrypted by the authentication itself.
    type: str
    choices: [http, https]
    default: http
  exchange_path:
    description: Path of Exchange's PowerShell endpoint. By default C(/PowerShell/), on an Edge C(/wsman).
    type: str
  exchange_auth:
    description:
      - How to authenticate at Exchange's PowerShell endpoint.
      - V(auto) takes the authentication of the host's connection. Where that is V(negotiate), or nobody has chosen it,
        the user's name decides. C(name@REALM) or none takes V(kerberos), any other V(ntlm). To negotiate would fall
        back to NTLM without a word, and an untouched Exchange server offers Kerberos only.
      - V(basic) is refused over V(http), where the password would travel in clear.
    type: str
    choices: [auto, kerberos, negotiate, ntlm, basic, credssp]
    default: auto
  exchange_username:
    description: Account for Exchange. By default the user of the host's connection.
    type: str
  exchange_password:
    description: Password for O(exchange_username). By default the password of the host's connection.
    type: str
  exchange_validate_certs:
    description: Whether the endpoint's certificate is checked over V(https). By default as in the host's connection.
    type: bool
  exchange_ca_cert:
    description:
      - File on the controller with the certificate authorities to trust over V(https).
      - By default as in the host's connection. Naming it is safer and several times cheaper than the system's whole
        store.
    type: path
  exchange_message_encryption:
    description: Whether messages are encrypted by the authentication. V(auto) encrypts over V(http).
    type: str
    choices: [auto, always, never]
    default: auto
  exchange_kerberos_service:
    description:
      - Service part of the Kerberos principal of Exchange's endpoint. By default C(HTTP), on an Edge C(WSMAN).
    type: str
  exchange_hostname_override:
    description:
      - Host part of the Kerberos principal, where it differs from the name that is dialled, as behind a load balancer.
    type: str
  exchange_connection_timeout:
    description: Seconds to wait for the TCP connection. By default as in the host's connection.
    type: int
  exchange_read_timeout:
    description: Seconds to wait for one answer. By default as in the host's connection.
    type: int
  exchange_operation_timeout:
    description: Seconds after which the server ends one poll. By default as in the host's connection.
    type: int
  exchange_timeout:
    description: Seconds that one command may take before it is stopped.
    type: int
    default: 300
  exchange_idle_timeout:
    description:
      - Seconds after which the server closes a session that nobody uses.
      - It bounds how long a session outlives a controller that was killed.
    type: int
    default: 120
  exchange_transport:
    description:
      - The library that carries the session's HTTP. V(auto) takes the library of the host's connection. Where the
        endpoint offers nothing but the header Kerberos, which pywinrm does not speak, it takes V(pypsrp).
    type: str
    choices: [auto, pypsrp, pywinrm]
    default: auto
requirements:
  - pypsrp >= 0.8.1 (on the controller; for Kerberos pypsrp[kerberos])
  - pywinrm >= 0.4.3 (on the controller, for hosts of C(winrm); for Kerberos pywinrm[kerberos])
  - cryptography (on the controller)
notes:
  - The module runs on the controller. It opens its own session to Exchange with the user, password, authentication and
    timeouts of the host's C(psrp) or C(winrm) connection. Nothing is installed on the server, and no script is sent to
    it.
  - Each O(exchange_host)-like option is read from the task, then from C(module_defaults), then from a host variable of
    the same name, then from the host's connection.
  - C(become) has no meaning for Exchange cmdlets and is refused.
"""

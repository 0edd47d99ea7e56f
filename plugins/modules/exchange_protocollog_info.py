#!/usr/bin/python
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Send protocol log of an Exchange server."""

from __future__ import annotations

DOCUMENTATION = r"""
module: exchange_protocollog_info
short_description: Read the SMTP sessions in the Send protocol log of an Exchange server
version_added: 0.1.0
author: mailops contributors (@mailops)
description:
  - Reads the Send protocol log where it lies, and returns its SMTP sessions with how TLS went, which certificates they
    tell of, and what became of the messages.
  - A session is logged only while the protocol logging of its connector is V(Verbose), and Exchange writes rows some
    time after they happened. So no session in the log does not mean that no mail was sent.
  - A log that cannot be read is a failure, never an empty list.
options:
  service:
    description:
      - Whose log. V(transport) is the transport service, which sends the mail of the server's queues.
      - V(frontend_transport) is the Front End Transport service, through which connectors with FrontendProxyEnabled
        send, perhaps for other servers too. An Edge Transport server has none.
    type: str
    choices: [transport, frontend_transport]
    default: transport
  connectors:
    description:
      - Only sessions of these Send connectors, given by their names as the log has them, or by Guid or distinguished
        name.
      - A Front End Transport service may log under the name C(Outbound proxy virtual send connector).
    type: list
    elements: str
  since:
    description:
      - Only sessions that have a row after this one. RV(read_until) of an earlier result fits; a session that was not
        over then is returned again, whole.
      - By default those of the last hour, by the server's own clock.
    type: dict
    suboptions:
      time:
        description: Time of the row with its time zone, like C(2026-03-02T02:15:00Z).
        type: str
        required: true
      session:
        description: Id of the session of the row. Only O(since.time) decides.
        type: str
        default: ''
      sequence:
        description: Number of the row in its session. Only O(since.time) decides.
        type: int
        default: -1
  limit:
    description: Return at most this many sessions, the latest ones.
    type: int
    default: 100
extends_documentation_fragment:
  - mailops.exchange.session
  - mailops.exchange.query
  - mailops.exchange.attributes
  - mailops.exchange.attributes.info
notes:
  - The protocol log is read through the host's own PowerShell, so the task's host must be the server that is meant.
    Where its name does not prove that, it is asked for its computer name.
seealso:
  - plugin: mailops.exchange.smtp_protocol_log
    plugin_type: filter
  - name: Protocol logging
    description: Microsoft's description of the log.
    link: https://learn.microsoft.com/exchange/mail-flow/transport-logs/protocol-logging
"""

EXAMPLES = r"""
- name: Show the sessions of the last hour that could not start TLS
  mailops.exchange.exchange_protocollog_info:
    query: sessions[?tls_outcome=='failed'].[connector, tls_error, certificates[].thumbprint]

- name: Read a night
  mailops.exchange.exchange_protocollog_info:
    connectors: [Outbound to Office 365]
    since:
      time: '2026-03-02T00:00:00Z'
    limit: 1000
  register: night

- name: Read on, later
  mailops.exchange.exchange_protocollog_info:
    since: "{{ night.read_until }}"
"""

RETURN = r"""
server:
  description: Fully qualified domain name of the server whose log it is.
  returned: success
  type: str
  sample: mbx01.contoso.test
service:
  description: Whose log it is, as O(service).
  returned: success
  type: str
  sample: transport
path:
  description: Directory of the log.
  returned: success
  type: str
  sample: C:\Program Files\Microsoft\Exchange Server\V15\TransportRoles\Logs\Hub\ProtocolLog\SmtpSend
read_until:
  description: The last row of the log that was read, of any connector. Give it back as O(since) to read on.
  returned: success
  type: dict
  contains:
    time:
      description: Time of the row, in UTC; of a log without rows the server's clock.
      type: str
      sample: '2026-03-02T02:15:00.750Z'
    session:
      description: Id of its session; empty without rows.
      type: str
      sample: 08DE7814C5A2B301
    sequence:
      description: Its number in the session; -1 without rows.
      type: int
      sample: 12
connectors_seen:
  description:
    - Names of all connectors that have rows in what was read, asked for or not. What is missing here was not logged,
      sent nothing, or is called otherwise in the log.
  returned: success
  type: list
  elements: str
  sample: [Outbound to Office 365]
total:
  description: How many sessions there are; more than are returned when it is more than O(limit).
  returned: success
  type: int
  sample: 1
sessions:
  description: The sessions, in the order in which they began.
  returned: success
  type: list
  elements: dict
  contains:
    connector:
      description: Name of the connector, as the log has it.
      type: str
      sample: Outbound to Office 365
    session:
      description: The session's id.
      type: str
      sample: 08DE7814C5A2B301
    log_type:
      description: What the header of the file says, C(SMTP Send Protocol Log) or another; empty without a header.
      type: str
      sample: SMTP Send Protocol Log
    started:
      description: Time of the first row, in UTC.
      type: str
      sample: '2026-03-02T02:15:00.125Z'
    ended:
      description: Time of the last row, in UTC.
      type: str
      sample: '2026-03-02T02:15:00.750Z'
    local_endpoint:
      description: Address and port of this server; empty when the connection was not made.
      type: str
      sample: 10.10.248.7:16547
    remote_endpoint:
      description: Address and port of the other server.
      type: str
      sample: 203.0.113.25:25
    starttls_offered:
      description: Whether the other server offered STARTTLS; null when the log holds no complete reply to EHLO.
      type: bool
      sample: true
    tls_verb:
      description: The last TLS verb of the session, V(STARTTLS) or V(X-ANONYMOUSTLS); empty when there was none.
      type: str
      sample: STARTTLS
    tls_outcome:
      description: How the last TLS negotiation ended, V(not_tried), V(pending), V(established) or V(failed).
      type: str
      sample: failed
    tls_error:
      description: Exchange's word for the failure of TLS; empty when there was none.
      type: str
      sample: UnknownCredentials
    certificates:
      description: The certificates of the last TLS negotiation, in the order of the log.
      type: list
      elements: dict
      contains:
        whose:
          description:
            - V(ours) for the certificate that this server presented, V(theirs) for that of the other server.
            - V(unmarked) when the row that says so is missing. Before a failed negotiation only ours can stand there.
          type: str
          sample: ours
        thumbprint:
          description: Thumbprint in upper case; empty when the log holds none.
          type: str
          sample: 3F9C1A7E5B2D4C6F8A9B0C1D2E3F4A5B6C7D8E9F
        serial_number:
          description: Serial number in upper-case hexadecimal digits.
          type: str
          sample: 0A1B2C3D4E5F60718293A4B5C6D7E8F9
        subject:
          description: Subject; empty in the form of newer versions, see RV(sessions[].certificates[].names).
          type: str
          sample: CN=*.contoso.com, OU=IT, O=Contoso
        issuer:
          description: Issuer; empty in the form of newer versions, see RV(sessions[].certificates[].names).
          type: str
          sample: CN=Example CA, O=Example, C=US
        names:
          description: Subject and issuer in one text, as newer versions write them; they cannot be told apart.
          type: str
          sample: ''
    accepted:
      description: Messages that the other server accepted over TLS.
      type: int
      sample: 0
    accepted_in_clear:
      description: Messages that the other server accepted without TLS.
      type: int
      sample: 0
    rejected:
      description: Replies of class 5xx to a sender, a recipient or a message.
      type: int
      sample: 0
    replies:
      description: Replies that accepted a message, and all of class 4xx and 5xx, the latest 20.
      type: list
      elements: str
      sample: ['250 2.6.0 <1@contoso.com> Queued mail for delivery']
    disconnect:
      description: Who ended the connection, V(Local), V(Remote) or V(Remote) with a reason; empty if nobody did yet.
      type: str
      sample: Local
    proxied_for_server:
      description:
        - In the log of a Front End Transport service, the server whose transport service asked for the session; else
          empty.
      type: str
      sample: mbx01.contoso.test
    proxied_for_session:
      description: The id of the session in that server's own log.
      type: str
      sample: 08DE7814C5A2B301
    handed_over:
      description: Whether a Front End Transport service has taken the session over (FrontendProxyEnabled).
      type: bool
      sample: false
selected:
  description: What O(query) selects of this result.
  returned: when O(query) is given
  type: raw
  sample: [[Outbound to Office 365, UnknownCredentials, [3F9C1A7E5B2D4C6F8A9B0C1D2E3F4A5B6C7D8E9F]]]
reason:
  description: What kind of failure it is, in one word for programs, such as V(refused), V(unreachable) or V(not_found).
  returned: failure
  type: str
  sample: refused
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from ..module_utils._exchange.fields import Unreadable
from ..module_utils._exchange.protocol_log import session_result
from ..module_utils._exchange.send_log import position_from, position_result
from ..module_utils._module import Definition, Task, run_as_module
from ..module_utils._observe.exchange import Exchange
from ..module_utils._observe.server import ObservedServer
from ..module_utils._outbound_tls.plan import Outcome, Refused
from ..module_utils._session_options import QUERY_ARGUMENT, SESSION_ARGUMENTS

_HOUR: Final = timedelta(hours=1)


def run(task: Task, exchange: Exchange) -> Outcome:
    """Return the sessions of the log."""
    since = _given(task.options["since"])
    if task.options["limit"] < 1:
        raise Refused("limit: give the number of sessions that are wanted at the most, from 1.")
    server = exchange.server(task.options["server"])
    service = task.options["service"]
    if service == "frontend_transport" and server.server.is_edge:
        raise Refused(f"{server.fqdn}: an Edge Transport server has no Front End Transport service. Leave service out.")
    if why := server.elsewhere:
        raise Refused(why)
    path, names = _path(server, service), _names(task.options["connectors"], exchange)
    clock = server.clock()
    after = since or clock - _HOUR
    # A session that goes on after that time may have begun in the file of the hour before.
    log = server.send_log(path, after - _HOUR, names, clock)
    if log.problem:
        raise Unreadable(f"{server.fqdn}: {log.problem}")
    sessions = [each for each in log.sessions if each.ended > after]
    result = {
        "server": server.fqdn,
        "service": service,
        "path": log.path,
        "read_until": position_result(log.read_until),
        "connectors_seen": sorted(log.connectors),
        "total": len(sessions),
        "sessions": [session_result(each) for each in sessions[-task.options["limit"] :]],
    }
    return Outcome(changed=False, result=result, warnings=_missed(server.fqdn, names, log.connectors))


def _missed(server: str, names: Sequence[str] | None, seen: Collection[str]) -> tuple[str, ...]:
    """Say which of the names the log does not have: no session of theirs is not the same as no session."""
    missed = [f'"{each}"' for each in names or () if each not in seen]
    if not missed:
        return ()
    known = ", ".join(f'"{each}"' for each in sorted(seen)) or "no connector"
    told = f"{server}: what was read of the log has no row of {' and '.join(missed)}, but rows of {known}."
    return (f"{told} A connector is logged while its ProtocolLoggingLevel is Verbose.",)


def _given(since: Mapping[str, Any] | None) -> datetime | None:
    try:
        position = position_from(since)
    except ValueError as error:
        raise Refused(
            f"since: {error}. Give read_until of an earlier result, or a time like 2026-03-02T02:15:00Z."
        ) from error
    return position.time if position else None


def _path(server: ObservedServer, service: str) -> str | None:
    if service == "frontend_transport":
        return server.frontend_transport_service().send_log_path
    return server.transport_service().send_log_path


def _names(identities: Sequence[str] | None, exchange: Exchange) -> list[str] | None:
    """Return the names that the log has. A Guid or a distinguished name is none; Exchange knows its name."""
    if identities is None:
        return None
    return [exchange.connector(each).name if _is_no_name(each) else each for each in identities]


def _is_no_name(identity: str) -> bool:
    try:
        UUID(identity)
    except ValueError:
        return identity.upper().startswith("CN=")
    return True


DEFINITION = Definition(
    name="exchange_protocollog_info",
    argument_spec={
        **SESSION_ARGUMENTS,
        **QUERY_ARGUMENT,
        "service": {"type": "str", "choices": ["transport", "frontend_transport"], "default": "transport"},
        "connectors": {"type": "list", "elements": "str"},
        "since": {
            "type": "dict",
            "options": {
                "time": {"type": "str", "required": True},
                "session": {"type": "str", "default": ""},
                "sequence": {"type": "int", "default": -1},
            },
        },
        "limit": {"type": "int", "default": 100},
    },
    run=run,
)


def main() -> None:
    """Run where Ansible executes the module itself, on a host that is reached by neither psrp nor winrm."""
    run_as_module(DEFINITION)


if __name__ == "__main__":
    main()

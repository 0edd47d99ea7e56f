# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``smtp_protocol_log``: an SMTP protocol log's text as a list of sessions."""

from __future__ import annotations

DOCUMENTATION = r"""
name: smtp_protocol_log
short_description: Read an SMTP protocol log of Microsoft Exchange into sessions
version_added: 0.1.0
author: mailops contributors (@mailops)
description:
  - Reads the text of an SMTP Send protocol log of Exchange 2010 to Subscription Edition, for example one that somebody
    mailed you, and returns what each SMTP session in it says about TLS and about the mail.
  - No server is needed. Rows of one session are found although sessions interleave and run over the borders of files.
  - Certificates are told apart by whose they are. What a remote server said is never taken for a row of the log.
  - A Receive protocol log is read too. It tells of connections that others made to the server, so it says nothing
    about why outbound mail waits; see RV(_value[].log_type).
options:
  _input:
    description:
      - The log's text, or a list of the texts of several files of one server, in any order.
      - Excerpts without a header are accepted; the nine fields of Exchange are assumed.
      - Lines that are no rows of a protocol log are left out.
    type: raw
    required: true
seealso:
  - name: Protocol logging
    description: Microsoft's description of the log.
    link: https://learn.microsoft.com/exchange/mail-flow/transport-logs/protocol-logging
  - name: KB 4051498
    description: Outbound messages are not sent, and the log says UnknownCredentials.
    link: https://learn.microsoft.com/troubleshoot/exchange/mailflow/outbound-email-messages-are-not-sent
"""

EXAMPLES = r"""
- name: Say which sessions could not start TLS, and which certificate the server wanted to present
  ansible.builtin.debug:
    msg: >-
      {{ item.started }} {{ item.connector }} to {{ item.remote_endpoint }}: {{ item.tls_error }},
      {{ item.certificates | rejectattr('whose', 'equalto', 'theirs') | map(attribute='thumbprint') | join(', ') }}
  loop: "{{ lookup('ansible.builtin.file', 'SEND2026030202-1.LOG') | mailops.exchange.smtp_protocol_log
    | selectattr('tls_outcome', 'equalto', 'failed') }}"
  loop_control:
    label: "{{ item.session }}"

- name: Count the messages that left without encryption on a day
  ansible.builtin.debug:
    msg: "{{ query('ansible.builtin.file', *files) | mailops.exchange.smtp_protocol_log
      | map(attribute='accepted_in_clear') | sum }} messages left in clear text"
  vars:
    files: "{{ query('ansible.builtin.fileglob', 'logs/SEND20260302*.LOG') }}"
"""

RETURN = r"""
_value:
  description: The sessions, in the order in which they began.
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
          description: Subject; empty in the form of newer versions, see RV(_value[].certificates[].names).
          type: str
          sample: CN=*.contoso.com, OU=IT, O=Contoso
        issuer:
          description: Issuer; empty in the form of newer versions, see RV(_value[].certificates[].names).
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
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var

from ..module_utils._exchange.log_rows import parse_rows
from ..module_utils._exchange.log_sessions import group_sessions
from ..module_utils._exchange.protocol_log import session_result


def smtp_protocol_log(text: Any) -> list[dict[str, Any]]:
    """Return the sessions of a log's text, or of the texts of several files of one server."""
    files = [text] if isinstance(text, str) else text
    if not isinstance(files, list) or not all(isinstance(file, str) for file in files):
        raise AnsibleFilterError(
            f"smtp_protocol_log takes the text of a protocol log or a list of such texts, not {type(text).__name__}. "
            f"Read the file with lookup('ansible.builtin.file', …) first."
        )
    # Nobody writes to the text any more, and the file lookup takes the last line's end away.
    rows = [row for number, file in enumerate(files, 1) for row in parse_rows([file, "\n"], str(number))]
    rows.sort(key=lambda row: row.time)
    # Remote servers wrote parts of it: it must never be taken for a template.
    sessions: list[dict[str, Any]] = wrap_var([session_result(session) for session in group_sessions(rows)])
    return sessions


class FilterModule:
    """Ansible's way to find the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"smtp_protocol_log": smtp_protocol_log}

#!/usr/bin/python
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The diagnosis of a server's outbound TLS: all readings in one task."""

from __future__ import annotations

DOCUMENTATION = r"""
module: exchange_outbound_tls_info
short_description: Tell why outbound mail waits, and what would cure it
version_added: 0.1.0
author: mailops contributors (@mailops)
description:
  - Reads the queues, the Send connectors, the certificates and the Send protocol log of one server, and returns
    findings. Each enabled Send connector that has the server among its sources has exactly one that is its root cause
    (RV(findings[].primary)), be it that nothing is wrong.
  - A certificate is called the culprit only by evidence, whose grade is always named. V(marked) means that the log
    shows that the server presented this very certificate and could not use it. V(inferred) means that the row that says
    whose certificate it is is missing, as in the sample of KB 4051498, and everything else agrees. V(eliminated) means
    that the log shows no certificate at all, and that these are all certificates of the connector's name that could
    serve and are not enabled for SMTP. V(refusal) means that Exchange itself refused to change the connector because
    of it.
  - Where mail waits, also the connectivity log and the event logs are read, and single messages if the queue says
    nothing. They tell other reasons apart without any change; what cannot be read of them is RV(unobserved).
  - What a remote server presented, what a Receive log says, and hops inside the organisation are never evidence.
options:
  connectors:
    description: Names or Guids of the Send connectors to look at. By default all enabled ones.
    type: list
    elements: str
  since:
    description:
      - RV(connectors[].log.read_until) of an earlier result. With it every connector has a RV(connectors[].proof),
        which counts what the sessions after that row have brought about.
    type: dict
  refusals:
    description:
      - Refusals of M(mailops.exchange.exchange_sendconnector_logging) in the same run, which say that a certificate of
        the connector lacks SMTP. They are evidence where the log is silent.
    type: list
    elements: dict
    suboptions:
      connector: {description: Guid of the connector., type: str, required: true}
      words: {description: What Exchange said., type: str, required: true}
  proxied:
    description:
      - RV(proxied) of other hosts, all in one list. What they have handed to the Front End Transport service of this
        server is looked up in its own Send log, and judged by this server's certificates.
    type: list
    elements: dict
  warn_days: {description: How many days ahead an expiry is told., type: int, default: 30}
  wait_for:
    description:
      - Look again and again until this has come or O(wait_timeout) has passed; either way the last look is returned.
      - V(verbose) waits until the connectors' logging level is Verbose as the server itself sees them, such as an Edge
        Transport server that EdgeSync brings it to.
      - V(evidence) waits until the log tells what fails, by a session after O(since). V(proof) waits until the queues
        are empty and the log tells what became of O(wait_messages) messages after O(since). V(answer) waits until
        it tells what became of so many messages of each connector, whatever is still in the queues.
    type: str
    choices: [verbose, evidence, answer, proof]
  wait_messages:
    {description: 'Messages that the log shall account for, with V(proof) and V(answer).', type: int, default: 0}
  wait_timeout: {description: Seconds to wait at the most., type: int, default: 60}
  wait_interval: {description: Seconds between two looks., type: int, default: 5}
extends_documentation_fragment:
  - mailops.exchange.session
  - mailops.exchange.query
  - mailops.exchange.attributes
  - mailops.exchange.attributes.info
notes:
  - The protocol log is read through the host's own PowerShell, so the task's host must be the server that is meant.
seealso:
  - name: KB 4051498
    description: Outbound messages are not sent, and the log says UnknownCredentials.
    link: https://learn.microsoft.com/troubleshoot/exchange/mailflow/outbound-email-messages-are-not-sent
"""

EXAMPLES = r"""
- name: Ask why mail waits
  mailops.exchange.exchange_outbound_tls_info:
  register: outbound

- name: Say it
  ansible.builtin.debug:
    msg: "{{ outbound.findings | map(attribute='message') }}"

- name: Only the certificates that are missing from SMTP
  mailops.exchange.exchange_outbound_tls_info:
    connectors: [Outbound to Office 365]
    query: connectors[].evidence.thumbprints[]
"""

RETURN = r"""
server:
  description: Fully qualified domain name of the server.
  returned: success
  type: str
  sample: mbx01.contoso.test
clock:
  description: The server's own time of the look, in UTC.
  returned: success
  type: str
  sample: '2026-03-02T02:15:00.000Z'
edge:
  description:
    - Of an Edge Transport server whether it is C(subscribed) to an Active Directory site, and the C(signs) of it. Null
      for any other server. One sign is enough for true, false needs the absence of all, and null means unknown.
    - The connectors of a subscribed Edge are copies that EdgeSync brings, and are changed in the organisation.
  returned: success
  type: dict
  sample: {subscribed: true, signs: [its directory lists the Mailbox server MBX01]}
default_certificate:
  description: Thumbprint of the server's default SMTP certificate; null when it is unknown.
  returned: success
  type: str
  sample: D003810E5D7A4C6288E1F00A9B3D5C7E1A2B4C6D
connectors:
  description: The enabled Send connectors that have this server among their sources, and those of O(proxied).
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: Name of the connector., type: str, sample: Outbound to Office 365}
    guid: {description: Its Guid., type: str, sample: 6f1c2d3e-4a5b-4c6d-8e7f-0123456789ab}
    logging_level: {description: Its ProtocolLoggingLevel., type: str, sample: None}
    tls_certificate_name:
      description: Its TlsCertificateName; null when unset.
      type: str
      sample: <I>CN=Example TLS CA, O=Example, C=US<S>CN=mail.contoso.com, O=Contoso
    require_tls: {description: Its RequireTLS., type: bool, sample: true}
    insists_on_tls: {description: Whether mail waits rather than leave in clear., type: bool, sample: true}
    frontend_proxy: {description: Whether mail leaves through a Front End Transport service., type: bool, sample: false}
    source_servers:
      description: Names of its source servers, in Exchange's order.
      type: list
      elements: str
      sample: [MBX01]
    source_server: {description: Whether this server is one of them., type: bool}
    front_ends:
      description: Names of the servers to whose Front End Transport service the waiting mail was handed lately.
      type: list
      elements: str
    first_source_server:
      description: Whether this server is the first of them, whose certificates Exchange checks when it is changed.
      type: bool
      sample: true
    originating_server: {description: The domain controller that answered., type: str, sample: dc01.contoso.test}
    stuck_queues: {description: Queues of the connector whose mail waits for a retry., type: list, elements: dict}
    suspended_queues:
      description: Identities of queues that are suspended, by an administrator or by a canary.
      type: list
      elements: str
    messages: {description: How many messages are stuck., type: int, sample: 25}
    named_certificates:
      description:
        - This server's certificates that the connector's TlsCertificateName names, as
          M(mailops.exchange.exchange_certificate_info) returns them.
      type: list
      elements: dict
    presented:
      description:
        - What this server, or its front end, may present; one is certain, of several Exchange may take any. Each has
          thumbprint (null for none), reasons, usable (yes, no, unknown), problem, subject, not_after and services.
      type: list
      elements: dict
      sample: [{thumbprint: 3F9C1B0E5D7A4C6288E1F00A9B3D5C7E1A2B4C6D, usable: 'yes', problem: ''}]
    log:
      description: The Send protocol log, as far as it was read.
      type: dict
      contains:
        path:
          description: Its directory; null when the server writes none.
          type: str
          sample: C:\Program Files\Microsoft\Exchange Server\V15\TransportRoles\Logs\Hub\ProtocolLog\SmtpSend
        read_until:
          description: The last row that was read (time, session, sequence); null when the log could not be read.
          type: dict
          sample: {time: '2026-03-02T02:15:00.000Z', session: 08DE7814C5A2B301, sequence: 14}
        sessions: {description: How many sessions of the connector were read., type: int, sample: 1}
        problem: {description: Why the log could not be read; empty when it was., type: str, sample: ''}
    evidence:
      description: What proves the culprit (grade, thumbprints, lines, where, session, time); null without a proof.
      type: dict
      sample: {grade: marked, thumbprints: [3F9C1B0E5D7A4C6288E1F00A9B3D5C7E1A2B4C6D]}
    finding:
      description: The finding that is its root cause, as in RV(findings).
      type: dict
      sample: {id: certificate_not_bound, primary: true}
    repair:
      description:
        - What the role P(mailops.exchange.outbound_tls_repair#role) would do about it, each with certainty and reason.
        - RV(connectors[].repair.raise_logging), RV(connectors[].repair.bind), with thumbprints and whether a rule
          refuses it, and RV(connectors[].repair.retry), with queues.
      type: dict
      contains:
        raise_logging: {description: Whether the logging level is raised., type: dict, sample: {certainty: certain}}
        bind: {description: What is bound to SMTP; and side_effects., type: dict, sample: {certainty: certain}}
        retry: {description: 'Which queues are tried.', type: dict, sample: {certainty: certain}}
    proof:
      description:
        - What the sessions after O(since) have brought about (proven, sessions, established, accepted,
          accepted_in_clear, answered, rejected, thumbprints, tls_errors, replies); null without O(since).
      type: dict
      sample: {proven: true, accepted: 25, rejected: 0}
    front_end_log:
      description: The Send log of this server's Front End Transport service (path, sessions, problem), if it was read.
      type: dict
proxied:
  description:
    - Sessions that this server has handed to Front End Transport services (FrontendProxyEnabled), for mail that waits.
      The option of the same name takes them on other hosts. The id is empty where the log is silent.
  returned: success
  type: list
  elements: dict
  sample:
    - {session: 08DE7814C5A2B301, server: mbx01.contoso.test, front_end: mbx02.contoso.test, messages: 25}
findings:
  description: All findings, the gravest first; one for each connector is RV(findings[].primary).
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description:
        - What exactly it is. It stays the same over versions.
        - V(certificate_not_bound) is KB 4051498.
        - Other reasons are V(key_unusable), V(certificate_gone), V(no_private_key), V(certificate_name_not_found),
          V(certificate_name_missing), V(peer_certificate), V(refused_by_peer), V(tls_mismatch), V(not_tls),
          V(port_closed), V(connection_refused), V(no_route), V(ipv6_route), V(smtp_inspection),
          V(starttls_not_offered), V(starttls_ignored), V(dns), V(authentication), V(receive_timeout),
          V(peer_timeout), V(load), V(frontend_proxy), V(frontend_hop), V(relayed), V(maintenance) and
          V(unknown_error).
        - Nothing proves why with V(unexplained), with V(suspected), where a certificate of the connector's name lacks
          SMTP, and with V(sent_in_clear), where mail left unencrypted.
        - V(held_back), V(messages_expire), V(name_matches_nothing), V(source_lacks_certificate), V(expires),
          V(named_certificate_unusable), V(unbound_twin), V(renewal_not_named) and V(clear_text_fallback) are to come.
        - V(healthy) is none of these.
      type: str
      sample: certificate_not_bound
    kind:
      description: V(certificate_not_bound), V(other_cause), V(no_evidence), V(prediction) or V(healthy).
      type: str
      sample: certificate_not_bound
    severity:
      description:
        - V(error) while mail waits or is lost for it, V(warning) for what will break or leaves in clear, V(notice) for
          what is worth knowing, and V(info) where there is nothing to do.
      type: str
      sample: error
    primary: {description: Whether it is the root cause; every connector has exactly one., type: bool, sample: true}
    server: {description: The server., type: str, sample: mbx01.contoso.test}
    connector:
      description: Name of the connector; empty for a finding about the server alone.
      type: str
      sample: Outbound to Office 365
    guid:
      description: Guid of the connector; empty for a finding about the server alone.
      type: str
      sample: 6f1c2d3e-4a5b-4c6d-8e7f-0123456789ab
    message:
      description: One plain sentence.
      type: str
      sample: mbx01.contoso.test presents a certificate that is not bound to SMTP.
    qualifiers:
      description:
        - What else is true of it. V(front_end) means that mail leaves through a Front End Transport service,
          V(some_sources_only) and V(other_sources_fail) that other source servers have no such fault, or have it too,
          V(sent_in_clear) that mail has left unencrypted, V(last_target_ipv6) that the address tried last is IPv6,
          and V(log_not_verbose) that the connector does not log its sessions.
      type: list
      elements: str
      sample: [some_sources_only]
    word:
      description: Exchange's own word for it, such as V(NoCredentials); empty without one.
      type: str
      sample: NoCredentials
    thumbprints:
      description: The certificates that it is about.
      type: list
      elements: str
      sample: [3F9C1B0E5D7A4C6288E1F00A9B3D5C7E1A2B4C6D]
    when:
      description: When a prediction comes true, in UTC; null where that is no date.
      type: str
      sample: '2026-05-01T12:00:00.000Z'
    confidence:
      description:
        - V(certain) rests on rows of the log or on Exchange's own refusal, V(probable) on a queue's text or on what is
          missing, and V(none) means that nothing is proven.
      type: str
      sample: certain
    evidence:
      description:
        - What it rests on (grade, thumbprints, lines, where). The grade is empty where the lines are quoted without
          proving that a certificate is not bound.
      type: dict
      sample: {grade: marked}
    remedy: {description: What to do., type: str, sample: Bind it to SMTP.}
    lines:
      description: What an administrator would type to do it; empty where that is not known or no matter of a cmdlet.
      type: list
      elements: str
      sample: ["Enable-ExchangeCertificate -Thumbprint 3F9C1B0E5D7A4C6288E1F00A9B3D5C7E1A2B4C6D -Services SMTP"]
    repairable_by_role:
      description: Whether the role P(mailops.exchange.outbound_tls_repair#role) cures it.
      type: bool
      sample: true
unobserved:
  description:
    - What could not be told, and what telling it needs, such as a log that is not written or a cmdlet that the
      account's roles hide. What was not read is never taken for nothing that was there.
  returned: success
  type: list
  elements: dict
  contains:
    what: {description: What could not be told., type: str, sample: what single messages wait for}
    needs: {description: What it takes., type: str, sample: a role with Get-Message}
certificates:
  description: All certificates of the server, as M(mailops.exchange.exchange_certificate_info) returns them.
  returned: success
  type: list
  elements: dict
version: {description: The server's version., returned: success, type: str, sample: 15.2 (Build 1544.4)}
awaited:
  description: Whether what O(wait_for) names has come; null without it.
  returned: success
  type: bool
  sample: true
selected:
  description: What O(query) selects of this result.
  returned: when O(query) is given
  type: raw
  sample: [3F9C1B0E5D7A4C6288E1F00A9B3D5C7E1A2B4C6D]
reason:
  description: What kind of failure it is, in one word for programs, such as V(refused), V(unreachable) or V(not_found).
  returned: failure
  type: str
  sample: unreachable
"""

from time import monotonic, sleep

from ..module_utils._module import Definition, Task, run_as_module
from ..module_utils._observe.exchange import Exchange
from ..module_utils._outbound_tls.assessment import assess, assessment_result
from ..module_utils._outbound_tls.plan import Outcome
from ..module_utils._outbound_tls.waiting import Awaited, has_come
from ..module_utils._session_options import QUERY_ARGUMENT, SESSION_ARGUMENTS
from ..module_utils._survey import survey


def run(task: Task, exchange: Exchange) -> Outcome:
    """Look at the server, and judge what was seen; once, or until what is awaited has come."""
    awaited = None if task.options["wait_for"] is None else Awaited(task.options["wait_for"])
    interval = task.options["wait_interval"]
    deadline = monotonic() + task.options["wait_timeout"]
    while True:
        assessment = assess(survey(task.options, exchange), warn_days=task.options["warn_days"])
        come = None if awaited is None else has_come(awaited, assessment, task.options["wait_messages"])
        left = deadline - monotonic()
        if come is not False or left <= 0:
            return Outcome(changed=False, result={**assessment_result(assessment), "awaited": come})
        sleep(min(interval, left))


DEFINITION = Definition(
    name="exchange_outbound_tls_info",
    argument_spec={
        **SESSION_ARGUMENTS,
        **QUERY_ARGUMENT,
        "connectors": {"type": "list", "elements": "str"},
        "since": {"type": "dict"},
        "refusals": {
            "type": "list",
            "elements": "dict",
            "options": {
                "connector": {"type": "str", "required": True},
                "words": {"type": "str", "required": True},
            },
        },
        "proxied": {"type": "list", "elements": "dict"},
        "warn_days": {"type": "int", "default": 30},
        "wait_for": {"type": "str", "choices": ["verbose", "evidence", "answer", "proof"]},
        "wait_messages": {"type": "int", "default": 0},
        "wait_timeout": {"type": "int", "default": 60},
        "wait_interval": {"type": "int", "default": 5},
    },
    run=run,
)


def main() -> None:
    """Run where Ansible executes the module itself, on a host that is reached by neither psrp nor winrm."""
    run_as_module(DEFINITION)


if __name__ == "__main__":
    main()

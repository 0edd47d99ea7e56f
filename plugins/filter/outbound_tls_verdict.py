# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``outbound_tls_verdict``: what became of a host, from the results of a repair's steps."""

from __future__ import annotations

DOCUMENTATION = r"""
name: outbound_tls_verdict
short_description: Say what became of a server whose outbound mail was to be repaired
version_added: 0.1.0
author: mailops contributors (@mailops)
description:
  - Takes the results of the tasks that diagnosed and changed one server, in their order, and returns one word, one
    sentence, and the details of each Send connector.
  - The role P(mailops.exchange.outbound_tls_repair#role) uses it. Use it yourself in a playbook that takes the same
    steps with the modules of this collection.
  - It asks no server. A repair counts only when the protocol log shows that the other server accepted mail over TLS.
    One rejected message makes the verdict V(rejected).
options:
  _input:
    description: What was collected of one host.
    type: dict
    required: true
    suboptions:
      host:
        description: Its inventory name.
        type: str
        required: true
      check_mode:
        description: Whether nothing was really changed.
        type: bool
        default: false
      organization_host:
        description:
          - Of a subscribed Edge Transport server, the inventory name of the Mailbox server on which the logging of its
            connectors is changed.
        type: str
        default: ''
      looks:
        description:
          - Results of M(mailops.exchange.exchange_outbound_tls_info), in their order.
          - A look proves a cure only if it was taken with the option
            O(mailops.exchange.exchange_outbound_tls_info#module:since).
        type: list
        elements: dict
        default: []
      steps:
        description: The tasks that made, promised or tried a change, in their order.
        type: list
        elements: dict
        default: []
        suboptions:
          what:
            description: Which change it was.
            type: str
            required: true
            choices:
              raise: The protocol logging of the connector, by M(mailops.exchange.exchange_sendconnector_logging).
              hold: Waiting mail that is held back and let go, by M(mailops.exchange.exchange_queue_hold).
              bind: A certificate to SMTP, by M(mailops.exchange.exchange_certificate_enable).
              retry: Queues, by M(mailops.exchange.exchange_queue_retry).
              put_back: The protocol logging of the connector, back to what it was.
          results:
            description:
              - The C(results) of the task, which is a loop. The C(item) of each result, or the first of its items, is
                what the loop went over and holds the C(guid) of the connector, such as an entry of
                RV(mailops.exchange.exchange_outbound_tls_info#module:connectors).
            type: list
            elements: dict
            required: true
      others:
        description:
          - C(host), C(looks) and C(steps) of the other hosts of the run, where mail leaves through Front End Transport
            services. The server of the front end binds, and the server that sends proves.
        type: list
        elements: dict
        default: []
      failure:
        description: The result of the task that ended the work on this host, with its C(msg) and C(reason).
        type: dict
seealso:
  - plugin: mailops.exchange.outbound_tls_page
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Look
  mailops.exchange.exchange_outbound_tls_info:
    connectors: [Outbound to Office 365]
  register: first

- name: Enable for SMTP what the evidence names
  mailops.exchange.exchange_certificate_enable:
    thumbprint: "{{ item.1 }}"
  loop: "{{ first.connectors | selectattr('evidence') | subelements('evidence.thumbprints') }}"
  loop_control:
    label: "{{ item.1 }}"
  register: bind

- name: Try the queues again
  mailops.exchange.exchange_queue_retry:
    connector: "{{ item.guid }}"
  loop: "{{ first.connectors }}"
  loop_control:
    label: "{{ item.name }}"
  register: retry

- name: Look again
  mailops.exchange.exchange_outbound_tls_info:
    connectors: [Outbound to Office 365]
    since: "{{ first.connectors[0].log.read_until }}"
  register: second

- name: Say what became of it
  ansible.builtin.debug:
    msg: "{{ (story | mailops.exchange.outbound_tls_verdict).summary }}"
  vars:
    story:
      host: "{{ inventory_hostname }}"
      looks: ["{{ first }}", "{{ second }}"]
      steps:
        - {what: bind, results: "{{ bind.results }}"}
        - {what: retry, results: "{{ retry.results }}"}
"""

RETURN = r"""
_value:
  description: What became of the host.
  type: dict
  contains:
    verdict:
      description:
        - The worst of the connectors' verdicts.
        - V(healthy), V(repaired) and V(would_repair) are good. V(other_cause), V(refused), V(no_evidence),
          V(bound_not_proven), V(rejected), V(unreachable) and V(failed) need somebody.
      type: str
      sample: repaired
    host:
      description: Inventory name.
      type: str
      sample: mbx01
    server:
      description: Fully qualified domain name; the inventory name of a host that never answered.
      type: str
      sample: mbx01.contoso.test
    check_mode:
      description: Whether nothing was really changed.
      type: bool
      sample: false
    message:
      description: One sentence.
      type: str
      sample: >-
        mbx01.contoso.test, "Outbound to Office 365": certificate 3F9C1A7E5B2D4C6F8A9B0C1D2E3F4A5B6C7D8E9F is enabled
        for SMTP now; 25 of 25 messages left, 25 accepted over TLS.
    next:
      description: What to do now about the worst connector; empty where the host's own work has ended early.
      type: str
      sample: nothing.
    summary:
      description: Sentences on what was wrong, what was changed, what left, and what to do next.
      type: list
      elements: str
      sample: ['Next: nothing.']
    warnings:
      description: Sentences that must not be overlooked, like a logging level that could not be put back.
      type: list
      elements: str
      sample: []
    before:
      description:
        - What was seen of the host at first, as an entry of C(hosts) that
          P(mailops.exchange.outbound_tls_audit#filter) returns.
      type: dict
      sample: {host: mbx01, state: audited, severity: error}
    after:
      description: What was seen of it at last, in the same form.
      type: dict
      sample: {host: mbx01, state: audited, severity: info}
    connectors:
      description: The details, by the Guid of each connector.
      type: dict
      sample:
        6f1c2d3e-4a5b-4c6d-8e7f-0123456789ab:
          name: Outbound to Office 365
          verdict: repaired
          finding: certificate_not_bound
          kind: certificate_not_bound
          grade: marked
          thumbprints: [3F9C1A7E5B2D4C6F8A9B0C1D2E3F4A5B6C7D8E9F]
          source_servers: [MBX01]
          messages_before: 25
          messages_after: 0
          accepted: 25
          accepted_in_clear: 0
          rejected: 0
          went_first: []
          held_back: 0
          held_because: ''
          commands_on:
            mbx01.contoso.test: ["Enable-ExchangeCertificate -Thumbprint 3F9C1A7E5B2D4C6F8A9B0C1D2E3F4A5B6C7D8E9F"]
          not_raised: ''
          remedy: nothing.
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var

from ..module_utils._outbound_tls.plan import shortened
from ..module_utils._outbound_tls.summary import verdict_result
from ..module_utils._outbound_tls.verdict import judge_story, story_from
from ..module_utils._plain import plain


def outbound_tls_verdict(story: Any) -> dict[str, Any]:
    """Return what became of a host, in the words of the verdict's own documentation."""
    try:
        verdict = verdict_result(judge_story(story_from(plain(story))))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        sentence = (
            f"outbound_tls_verdict takes what was collected of one host (host, looks, steps, failure), with results of "
            f"this collection's modules as they are; this is something else ({type(error).__name__}: {error})."
        )
        # Some versions of ansible-core would append the cause, which the sentence tells already.
        raise AnsibleFilterError(shortened(sentence)) from None
    # Remote servers and Exchange wrote parts of it: it must never be taken for a template.
    wrapped: dict[str, Any] = wrap_var(verdict)
    return wrapped


class FilterModule:
    """Ansible's way to find the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"outbound_tls_verdict": outbound_tls_verdict}

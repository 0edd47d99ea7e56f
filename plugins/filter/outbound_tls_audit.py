# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``outbound_tls_audit``: what was seen of a fleet, as one document."""

from __future__ import annotations

DOCUMENTATION = r"""
name: outbound_tls_audit
short_description: Put together what was seen of a fleet's outbound mail
version_added: 0.1.0
author: mailops contributors (@mailops)
description:
  - Takes the results of M(mailops.exchange.exchange_outbound_tls_info) of any number of hosts, and of those that could
    not be looked at the failure, and returns one document, for programs and for
    P(mailops.exchange.outbound_tls_page#filter).
  - The role P(mailops.exchange.outbound_tls_audit#role) uses it, and ships the JSON Schema of the document.
  - It asks no server, and leaves nobody out. A host of which nothing is known has the severity V(unknown).
options:
  _input:
    description: What was collected, one entry a host.
    type: list
    elements: dict
    required: true
    suboptions:
      host:
        description: Its inventory name.
        type: str
        required: true
      looks:
        description: Results of M(mailops.exchange.exchange_outbound_tls_info), in their order.
        type: list
        elements: dict
        default: []
      failure:
        description: The result of the task that ended the work on this host, with its C(msg) and C(reason).
        type: dict
  warn_days:
    description: How many days before an expiry the warning begins.
    type: int
    default: 30
  generated:
    description: When it was, as C(2026-03-02T02:15:00.000Z). By default now, by the controller's clock.
    type: str
seealso:
  - plugin: mailops.exchange.outbound_tls_page
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Put together what was seen
  ansible.builtin.set_fact:
    audit: "{{ seen | mailops.exchange.outbound_tls_audit(warn_days=60) }}"
  vars:
    seen:
      - host: mbx01.contoso.com
        looks: ["{{ hostvars['mbx01.contoso.com'].look }}"]
      - host: mbx02.contoso.com
        failure: "{{ hostvars['mbx02.contoso.com'].look }}"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
_value:
  description: The document.
  type: dict
  contains:
    schema_version:
      description: Version of its JSON Schema. The first number grows when a key goes away or changes its meaning.
      type: str
      sample: '1.0'
    generated:
      description: When it was made, by the controller's clock.
      type: str
      sample: '2026-03-02T02:15:07.000Z'
    clock:
      description: The latest of the servers' own clocks, from which days are counted; null where none was read.
      type: str
      sample: '2026-03-02T02:15:00.000Z'
    warn_days:
      description: How many days before an expiry the warning begins.
      type: int
      sample: 30
    summary:
      description:
        - The worst C(severity) of all, how many hosts are in which of the C(states), how many C(findings) of each
          severity there are, and all this of each of the C(servers), with one sentence.
        - The severity is V(error), V(unknown), V(warning), V(notice) or V(info), from the worst to the best.
      type: dict
      sample:
        severity: error
        states: {audited: 1, unreachable: 0, failed: 0}
        findings: {error: 1, warning: 0, notice: 0, info: 0}
        servers:
          mbx01.contoso.com:
            state: audited
            severity: error
            findings: {error: 1, warning: 0, notice: 0, info: 0}
            message: mbx01.contoso.com presents a certificate that is not bound to SMTP.
    absent:
      description: Source servers of the connectors that no host of the run is, each with the names of the connectors.
      type: list
      elements: dict
      sample: [{server: MBX09, connectors: [Outbound to Office 365]}]
    hosts:
      description:
        - What was seen of each host (host, server, state, reason, message, severity, clock, version, edge,
          default_certificate, certificates, connectors, findings, unobserved).
      type: list
      elements: dict
      sample: [{host: mbx01.contoso.com, state: audited, severity: error}]
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var

from ..module_utils._exchange.moments import moment_text
from ..module_utils._outbound_tls.audit import audit_document, host_picture
from ..module_utils._outbound_tls.plan import shortened
from ..module_utils._plain import plain


def outbound_tls_audit(seen: Any, warn_days: int = 30, generated: str | None = None) -> dict[str, Any]:
    """Return the document of an audit."""
    made = moment_text(datetime.now(UTC)) if generated is None else generated
    try:
        pictures = [
            host_picture(str(each["host"]), each.get("looks") or (), each.get("failure") or None)
            for each in plain(seen)
        ]
        document = audit_document(pictures, generated=str(made), warn_days=int(warn_days))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        sentence = (
            f"outbound_tls_audit takes what was seen of each host (host, looks, failure), with results of "
            f"exchange_outbound_tls_info as they are; this is something else ({type(error).__name__}: {error})."
        )
        raise AnsibleFilterError(shortened(sentence)) from None
    # Remote servers and Exchange wrote parts of it: it must never be taken for a template.
    wrapped: dict[str, Any] = wrap_var(document)
    return wrapped


class FilterModule:
    """Ansible's way to find the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"outbound_tls_audit": outbound_tls_audit}

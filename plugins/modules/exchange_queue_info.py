#!/usr/bin/python
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queues of an Exchange server."""

from __future__ import annotations

DOCUMENTATION = r"""
module: exchange_queue_info
short_description: Read the queues of an Exchange server
version_added: 0.1.0
author: mailops contributors (@mailops)
description:
  - Returns the queues of a server's transport service, however many there are (Get-Queue).
  - The options narrow the list; of those that are given, all have to fit.
options:
  connector:
    description: Only queues whose mail leaves by this Send connector, given by its name, Guid or distinguished name.
    type: str
  identities:
    description: Only these queues, by identity, like C(MBX01\12). One that does not exist (any more) is left out.
    type: list
    elements: str
  status:
    description: Only queues of one of these states.
    type: list
    elements: str
    choices: [Active, Connecting, Ready, Retry, Suspended]
extends_documentation_fragment:
  - mailops.exchange.session
  - mailops.exchange.query
  - mailops.exchange.attributes
  - mailops.exchange.attributes.info
seealso:
  - module: mailops.exchange.exchange_queue_retry
"""

EXAMPLES = r"""
- name: Show what waits, and why
  mailops.exchange.exchange_queue_info:
    status: [Retry]
    query: queues[].[identity, message_count, last_error]
  register: waiting

- name: Try it at once
  mailops.exchange.exchange_queue_retry:
    identities: "{{ waiting.queues | map(attribute='identity') }}"
"""

RETURN = r"""
server:
  description: Fully qualified domain name of the server that was asked.
  returned: success
  type: str
  sample: mbx01.contoso.test
queues:
  description: The queues.
  returned: success
  type: list
  elements: dict
  contains:
    identity:
      description: The queue, as server and number.
      type: str
      sample: MBX01\12
    delivery_type:
      description: How its mail is delivered.
      type: str
      sample: SmartHostConnectorDelivery
    next_hop_domain:
      description: Where its mail goes.
      type: str
      sample: contoso-com.mail.protection.outlook.com
    next_hop_connector:
      description: Guid of its Send connector; zeros, or another object's Guid, when it is not delivered by one.
      type: str
      sample: 6f1c2d3e-4a5b-4c6d-8e7f-0123456789ab
    tls_domain:
      description: The name that the other server's certificate must have; empty when there is none.
      type: str
      sample: ''
    status:
      description: Its state, in Exchange's words.
      type: str
      sample: Retry
    message_count:
      description: How many messages are in it.
      type: int
      sample: 25
    last_error:
      description: What the last try has led to; empty without an error.
      type: str
      sample: '[{LRT=3/2/2026 2:14:00 AM};{LED=421 4.4.1 Connection timed out}]'
    retry_count:
      description: How often it was tried again.
      type: int
      sample: 4
    first_retry_time:
      description: When it failed for the first time, in UTC; null when it did not.
      type: str
      sample: '2026-03-02T01:44:00.000Z'
    last_retry_time:
      description: When it was tried last, in UTC.
      type: str
      sample: '2026-03-02T02:14:00.000Z'
    next_retry_time:
      description: When Exchange tries it again by itself, in UTC.
      type: str
      sample: '2026-03-02T02:24:00.000Z'
selected:
  description: What O(query) selects of this result.
  returned: when O(query) is given
  type: raw
  sample: [['MBX01\12', 25, '[{LED=421 4.4.1 Connection timed out}]']]
reason:
  description: What kind of failure it is, in one word for programs, such as V(refused), V(unreachable) or V(not_found).
  returned: failure
  type: str
  sample: not_found
"""

from uuid import UUID

from ..module_utils._exchange.queue import QUEUE_STATUSES, queue_filter, queue_result
from ..module_utils._module import Definition, Task, run_as_module
from ..module_utils._observe.exchange import Exchange
from ..module_utils._outbound_tls.plan import Outcome
from ..module_utils._session_options import QUERY_ARGUMENT, SESSION_ARGUMENTS


def run(task: Task, exchange: Exchange) -> Outcome:
    """Return the server's queues. Exchange filters what it can, so that a long list need not travel."""
    server = exchange.server(task.options["server"])
    statuses = task.options["status"]
    one = statuses[0] if statuses and len(statuses) == 1 else ""
    found = server.queues(queue_filter(connector=_guid(task.options["connector"], exchange), status=one))
    if statuses is not None:
        found = tuple(each for each in found if each.status in statuses)
    if task.options["identities"] is not None:
        wanted = {each.lower() for each in task.options["identities"]}
        found = tuple(each for each in found if each.identity.lower() in wanted)
    return Outcome(changed=False, result={"server": server.fqdn, "queues": [queue_result(each) for each in found]})


def _guid(identity: str | None, exchange: Exchange) -> str:
    """Return the Guid of the connector that is wanted, without a question where it is one already."""
    if identity is None:
        return ""
    try:
        return str(UUID(identity))
    except ValueError:
        return exchange.connector(identity).guid


DEFINITION = Definition(
    name="exchange_queue_info",
    argument_spec={
        **SESSION_ARGUMENTS,
        **QUERY_ARGUMENT,
        "connector": {"type": "str"},
        "identities": {"type": "list", "elements": "str"},
        "status": {"type": "list", "elements": "str", "choices": list(QUEUE_STATUSES)},
    },
    run=run,
)


def main() -> None:
    """Run where Ansible executes the module itself, on a host that is reached by neither psrp nor winrm."""
    run_as_module(DEFINITION)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Try the queues of a server at once."""

from __future__ import annotations

DOCUMENTATION = r"""
module: exchange_queue_retry
short_description: Let Exchange try waiting queues at once
version_added: 0.1.0
author: mailops contributors (@mailops)
description:
  - Tries the queues of a Send connector, or single queues, that wait for a retry (Retry-Queue).
  - What is promised is which queues are tried, not what becomes of their mail.
  - A suspended queue is an administrator's choice and is never touched. Shadow, poison, submission and unreachable
    queues are not the matter of a Send connector and are tried only by their exact identity.
options:
  connector:
    description: Guid of the Send connector whose queues are meant.
    type: str
  identities:
    description: The queues by identity, like C(MBX01\12).
    type: list
    elements: str
extends_documentation_fragment:
  - mailops.exchange.session
  - mailops.exchange.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: partial
    details: A queue that still waits is tried again.
"""

EXAMPLES = r"""
- name: Try everything that waits for this connector
  mailops.exchange.exchange_queue_retry:
    connector: 6f1c2d3e-4a5b-4c6d-8e7f-0123456789ab
"""

RETURN = r"""
server:
  description: Fully qualified domain name of the server that was asked.
  returned: success
  type: str
  sample: mbx01.contoso.test
connector:
  description: Guid of the connector that was asked for; null with O(identities).
  returned: success
  type: str
  sample: 6f1c2d3e-4a5b-4c6d-8e7f-0123456789ab
retried:
  description: Identities of the queues that are tried.
  returned: success
  type: list
  elements: str
  sample: ['MBX01\12']
not_retried:
  description: Queues that were asked for and are not tried.
  returned: success
  type: list
  elements: dict
  contains:
    identity:
      description: The queue.
      type: str
      sample: MBX01\13
    why:
      description: Why it is not tried.
      type: str
      sample: an administrator has suspended it
messages:
  description: How many messages wait in the queues that are tried.
  returned: success
  type: int
  sample: 25
commands:
  description: The changes as the lines that an administrator would have typed, for the change record.
  returned: success
  type: list
  elements: str
  sample: ["Retry-Queue -Identity 'MBX01\\12'"]
reason:
  description: What kind of failure it is, in one word for programs, such as V(refused), V(unreachable) or V(not_found).
  returned: failure
  type: str
  sample: refused
state_before:
  description: What the task manages, before the commands were sent.
  returned: when commands were sent and the promised state did not come
  type: dict
  sample: {}
state_now:
  description: What the task manages now; null when nobody could look.
  returned: when commands were sent and the promised state did not come
  type: dict
  sample: {}
remedy:
  description: The lines to type, in their order.
  returned: when commands were sent and the promised state did not come
  type: list
  elements: str
  sample: []
errors:
  description: Exchange's own error records (message, fully_qualified_error_id, category, exception_type).
  returned: when a cmdlet failed
  type: list
  elements: dict
  sample: []
failure_kind:
  description: What the error records mean.
  returned: when a cmdlet failed
  type: str
  sample: connector_certificate_lacks_smtp
"""

from functools import partial

from ..module_utils._module import Definition, Task, carry_out, run_as_module
from ..module_utils._observe.exchange import Exchange
from ..module_utils._observe.server import ObservedServer
from ..module_utils._outbound_tls.plan import Outcome
from ..module_utils._outbound_tls.queue_retry import RetryState, RetryWish, plan_retry
from ..module_utils._session_options import SESSION_ARGUMENTS


def run(task: Task, exchange: Exchange) -> Outcome:
    """Try the queues."""
    wish = RetryWish.from_options(task.options)
    server = exchange.server(task.options["server"])
    return carry_out(task, observe=partial(_observe, server), decide=partial(plan_retry, wish), apply=server.retry)


def _observe(server: ObservedServer) -> RetryState:
    return RetryState(server.fqdn, server.queues())


DEFINITION = Definition(
    name="exchange_queue_retry",
    argument_spec={
        **SESSION_ARGUMENTS,
        "connector": {"type": "str"},
        "identities": {"type": "list", "elements": "str"},
    },
    run=run,
    checks={"mutually_exclusive": [["connector", "identities"]], "required_one_of": [["connector", "identities"]]},
)


def main() -> None:
    """Run where Ansible executes the module itself, on a host that is reached by neither psrp nor winrm."""
    run_as_module(DEFINITION)


if __name__ == "__main__":
    main()

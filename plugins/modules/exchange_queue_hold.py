#!/usr/bin/python
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold a connector's waiting mail back, and let one message go first."""

from __future__ import annotations

DOCUMENTATION = r"""
module: exchange_queue_hold
short_description: Hold waiting mail back, and let one message go first
version_added: 0.1.0
author: mailops contributors (@mailops)
description:
  - Lets one message of each stuck queue of a Send connector go before the others, so that another server that rejects
    mail costs that message and not the backlog (Suspend-Queue, Suspend-Message and their counterparts).
  - What is held is remembered in O(journal_dir) before it is suspended, queue by queue and message by message. Only
    that is ever resumed. What an administrator has suspended is never touched.
  - Use it in the order of O(state). The role P(mailops.exchange.outbound_tls_repair#role) does so with
    C(outbound_tls_repair_canary).
  - It takes a command for each message, so some thousand messages take minutes.
options:
  connector:
    description: Guid of the Send connector whose queues are meant.
    type: str
    required: true
  state:
    description:
      - V(held) suspends the connector's queues that have mail, once one of them is stuck, so that nothing leaves, not
        even mail that arrives meanwhile. Those that work are among them, since the log tells how many messages were
        answered, and not of which queue they were. Queues that are suspended already are left alone.
      - V(canary) suspends all messages of these queues but the oldest of each, and lets the queues work. Said again, it
        suspends what has arrived since, and other queues that have got mail, tells by RV(ignore:first_waiting) whether
        the chosen ones have left, and lets no other go. Say V(held) when they have left.
      - V(released) lets all go, unless a message that went first was rejected, or one left and O(proof) does not
        account for each that was to go first. Then all is kept suspended, also when the run has ended, until
        RV(ignore:lines) are typed, another run that begins with V(held) sees a message accepted, or O(even_if_kept) is
        given.
      - A record of a run that has ended is refused when it names no message and is older than two days, for which mail
        waits by default. Then nobody can tell who has suspended the queue.
    type: str
    required: true
    choices: [held, canary, released]
  journal_dir:
    description:
      - Directory on the controller that remembers what is held.
      - In an execution environment that is thrown away after the run, name a mounted directory.
    type: path
    required: true
  journal_patience:
    description:
      - For how many seconds a run on another machine counts as alive after it has held mail back, as
        O(mailops.exchange.exchange_sendconnector_logging#module:journal_patience).
    type: int
    default: 1800
  proof:
    description:
      - With O(state=released), what the log tells of mail since the first ones were let go. It is
        C(connectors[].proof) of M(mailops.exchange.exchange_outbound_tls_info), of which
        C(answered) and C(rejected) are read. What was answered with 250 lets the rest go, over TLS or not.
    type: dict
  even_if_kept:
    description: With O(state=released), let everything go whatever became of the messages that went first.
    type: bool
    default: false
extends_documentation_fragment:
  - mailops.exchange.session
  - mailops.exchange.attributes
  - mailops.exchange.attributes.changes
"""

EXAMPLES = r"""
- name: Let nothing leave while something is changed
  mailops.exchange.exchange_queue_hold:
    connector: 6f1c2d3e-4a5b-4c6d-8e7f-0123456789ab
    state: held
    journal_dir: ~/.ansible/mailops.exchange/journal

- name: Let one message of each queue go, and wait until it has left
  mailops.exchange.exchange_queue_hold:
    connector: 6f1c2d3e-4a5b-4c6d-8e7f-0123456789ab
    state: canary
    journal_dir: ~/.ansible/mailops.exchange/journal
  register: canary
  until: canary.first_waiting | length == 0
  retries: 30
  delay: 2

- name: Let everything go that the role has kept, when the other end is mended
  mailops.exchange.exchange_queue_hold:
    connector: 6f1c2d3e-4a5b-4c6d-8e7f-0123456789ab
    state: released
    even_if_kept: true
    journal_dir: ~/.ansible/mailops.exchange/journal
"""

RETURN = r"""
server:
  description: Fully qualified domain name of the server that was asked.
  returned: success
  type: str
  sample: mbx01.contoso.test
connector:
  description: Guid of the connector that was asked for.
  returned: success
  type: str
  sample: 6f1c2d3e-4a5b-4c6d-8e7f-0123456789ab
queues:
  description: Identities of the queues that are held back.
  returned: success
  type: list
  elements: str
  sample: ['MBX01\3']
messages:
  description: Identities of the messages that are suspended one by one, so that another one goes first.
  returned: success
  type: list
  elements: str
  sample: ['MBX01\3\72911']
first:
  description: Identities of the messages that go first, one of each queue, once they are chosen.
  returned: success
  type: list
  elements: str
  sample: ['MBX01\3\72910']
first_waiting:
  description: Those of them that were still in their queue when the task began.
  returned: success
  type: list
  elements: str
  sample: []
left_alone:
  description: Messages in these queues that somebody else has suspended.
  returned: success
  type: list
  elements: str
  sample: []
held_by:
  description:
    - With O(state=released), the inventory host of another run that lives and holds this mail, so that nothing was let
      go; otherwise empty.
  returned: success
  type: str
  sample: ''
waiting:
  description: How many messages were in these queues when the task began.
  returned: success
  type: int
  sample: 25
held_back:
  description: How many of them are held back, which counts neither the first nor what somebody else has suspended.
  returned: success
  type: int
  sample: 24
kept:
  description:
    - Why the hold outlasts the run. V(rejected), a message that went first was rejected; V(unseen), it left and the log
      does not tell how. Empty where it does not.
  returned: success
  type: str
  sample: rejected
lines:
  description: The lines that let everything go that is held back.
  returned: success
  type: list
  elements: str
  sample: ["Resume-Queue -Identity 'MBX01\\3' -Confirm:$false"]
commands:
  description: The changes as the lines that an administrator would have typed, for the change record.
  returned: success
  type: list
  elements: str
  sample: ["Suspend-Queue -Identity 'MBX01\\3' -Confirm:$false"]
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

from datetime import timedelta

from ..module_utils._hold import Mail, change_hold
from ..module_utils._module import Definition, Task, run_as_module
from ..module_utils._observe.exchange import Exchange
from ..module_utils._outbound_tls.plan import Outcome
from ..module_utils._outbound_tls.queue_hold import HoldWish
from ..module_utils._session_options import SESSION_ARGUMENTS


def run(task: Task, exchange: Exchange) -> Outcome:
    """Hold, or let go, under the lock of the record."""
    wish = HoldWish.from_options(task.options, check_mode=task.check_mode)
    server = exchange.server(task.options["server"])
    mail = Mail(server.fqdn, server.queues, server.every_message, server.hold)
    return change_hold(
        task,
        wish,
        task.options["journal_dir"],
        mail,
        budget=task.options["exchange_timeout"],
        patience=timedelta(seconds=task.options["journal_patience"]),
    )


DEFINITION = Definition(
    name="exchange_queue_hold",
    argument_spec={
        **SESSION_ARGUMENTS,
        "connector": {"type": "str", "required": True},
        "state": {"type": "str", "required": True, "choices": ["held", "canary", "released"]},
        "journal_dir": {"type": "path", "required": True},
        "journal_patience": {"type": "int", "default": 1800},
        "proof": {"type": "dict"},
        "even_if_kept": {"type": "bool", "default": False},
    },
    run=run,
)


def main() -> None:
    """Run where Ansible executes the module itself, on a host that is reached by neither psrp nor winrm."""
    run_as_module(DEFINITION)


if __name__ == "__main__":
    main()

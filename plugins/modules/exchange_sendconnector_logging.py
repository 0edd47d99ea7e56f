#!/usr/bin/python
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol logging level of a Send connector."""

from __future__ import annotations

DOCUMENTATION = r"""
module: exchange_sendconnector_logging
short_description: Raise the protocol logging level of a Send connector, and put it back
version_added: 0.1.0
author: mailops contributors (@mailops)
description:
  - Sets ProtocolLoggingLevel of a Send connector (Set-SendConnector). A Send connector belongs to the whole
    organisation, so the level is sent only where it differs, and read back on the domain controller that got it.
  - With a O(journal_dir) the level before is remembered on the controller, with the hosts that still need V(verbose).
    Any number of hosts, forks and runs share one record a connector. V(previous) of the last of them restores it.
    All of them ask the domain controller that the level was raised on, so nobody waits for replication.
  - After a change of a connector that has an Edge Transport server among its sources, EdgeSync is asked to bring it
    there at once (Start-EdgeSynchronization). Where that does not work it is a warning, since EdgeSync comes by itself
    every three minutes.
  - On an Edge Transport server that is subscribed, or may be, it is refused. Its connectors are copies of the
    organisation's, so run the task on a Mailbox server, as the role P(mailops.exchange.outbound_tls_repair#role) does
    with C(outbound_tls_repair_organization_host).
  - A run that was killed leaves its record behind, and the next run restores what it finds there.
options:
  identity:
    description: The Send connector, by name, Guid or distinguished name.
    type: str
    required: true
    aliases: [name]
  level:
    description:
      - V(verbose) and V(none) are Exchange's own levels.
      - V(previous) says that this host needs V(verbose) no more. Without a record in the journal nothing is put back.
    type: str
    required: true
    choices: [verbose, none, previous]
  journal_dir:
    description:
      - Directory on the controller with the records. Needed for V(previous).
      - In an execution environment that is thrown away after the run, name a mounted directory.
    type: path
  journal_patience:
    description:
      - For how many seconds a run on another machine counts as alive after it has last said that it needs the level.
        Whether it lives cannot be asked. Each job of AWX is on another machine, since its container has a name of its
        own. A run on this machine is asked.
      - It must be longer than a host may go without a task of this module. With V(0) nobody on another machine is
        waited for, which is right where the job scheduler never lets two runs at the same organisation.
    type: int
    default: 1800
  raised_from:
    description:
      - For check mode only, in which nothing was raised. The RV(ignore:level_before) that the raise of the same check
        run returned, so that V(previous) promises what a run would do.
    type: str
    choices: [None, Verbose]
extends_documentation_fragment:
  - mailops.exchange.session
  - mailops.exchange.attributes
  - mailops.exchange.attributes.changes
"""

EXAMPLES = r"""
- name: Let the connector log its sessions
  mailops.exchange.exchange_sendconnector_logging:
    identity: Outbound to Office 365
    level: verbose
    journal_dir: ~/.ansible/mailops.exchange/journal
  register: raised

- name: Put the level back where it was
  mailops.exchange.exchange_sendconnector_logging:
    identity: "{{ raised.guid }}"
    level: previous
    journal_dir: ~/.ansible/mailops.exchange/journal
"""

RETURN = r"""
connector:
  description: Name of the Send connector.
  returned: success
  type: str
  sample: Outbound to Office 365
guid:
  description: Its Guid.
  returned: success
  type: str
  sample: 6f1c2d3e-4a5b-4c6d-8e7f-0123456789ab
level:
  description: The level now.
  returned: success
  type: str
  sample: Verbose
level_before:
  description: The level before this task.
  returned: success
  type: str
  sample: None
level_recorded:
  description: The level that the journal will restore; null without a record.
  returned: success
  type: str
  sample: None
raised_at:
  description: When the first host raised the level, by the controller's clock; null without a record.
  returned: success
  type: str
  sample: '2026-03-02T02:15:00.000Z'
holders:
  description: The hosts that need the level, by the journal.
  returned: success
  type: list
  elements: str
  sample: [mbx01.contoso.test]
domain_controller:
  description: The domain controller that was asked and that answered; null on an Edge, which has none.
  returned: success
  type: str
  sample: dc01.contoso.test
edge_synchronization:
  description:
    - The Edge Transport servers that EdgeSync is asked to bring the change to, by name. Empty without a change, and
      where no Edge is a source of the connector.
  returned: success
  type: list
  elements: str
  sample: [EDGE01]
explanation:
  description: Why the level is what it is.
  returned: success
  type: str
  sample: The last who needs the level restores it.
commands:
  description: The changes as the lines that an administrator would have typed, for the change record.
  returned: success
  type: list
  elements: str
  sample: ["Set-SendConnector -Identity '6f1c2d3e-4a5b-4c6d-8e7f-0123456789ab' -ProtocolLoggingLevel Verbose"]
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

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from ..module_utils._exchange.connector import SendConnector
from ..module_utils._exchange.edge import EdgeStanding, edge_sync_of
from ..module_utils._journal import Journal, change_level
from ..module_utils._module import Definition, Task, run_as_module
from ..module_utils._observe.edge_sync import hurry
from ..module_utils._observe.exchange import Exchange
from ..module_utils._outbound_tls.logging_level import LoggingWish
from ..module_utils._outbound_tls.plan import Outcome, Refused
from ..module_utils._powershell import Pipeline, Result
from ..module_utils._session_options import SESSION_ARGUMENTS


def run(task: Task, exchange: Exchange) -> Outcome:
    """Set the level, under the journal's lock if there is a journal."""
    wish = LoggingWish.from_options(task.options, check_mode=task.check_mode)
    directory = task.options["journal_dir"]
    standing = exchange.edge_standing()
    if standing is not None and standing.subscribed is not False:
        raise Refused(_belongs_to_the_organisation(exchange.called, standing))
    connector = exchange.connector(wish.identity)
    if standing is None:  # an Edge that stands alone hands its connectors on to nobody
        wish = replace(wish, edge_sync=edge_sync_of(connector, exchange.servers()))

    def observe(domain_controller: str) -> SendConnector:
        return exchange.connector(connector.guid, domain_controller=domain_controller or None)

    def apply(commands: Sequence[Pipeline]) -> Sequence[Result]:
        return [*exchange.send(commands), hurry(wish.edge_sync, exchange.run)]

    return change_level(
        task,
        wish,
        Journal(directory, timedelta(seconds=task.options["journal_patience"])) if directory else None,
        connector=connector,
        observe=observe,
        apply=apply,
        budget=task.options["exchange_timeout"],
        owner="" if standing is None else exchange.server(task.options["server"]).fqdn,
    )


def _belongs_to_the_organisation(server: str, standing: EdgeStanding) -> str:
    known = "a subscribed Edge" if standing.subscribed else "an Edge, and perhaps a subscribed one"
    return (
        f"{server}: this is {known} ({standing.signs[0][:80]}), whose connectors are the organisation's. Run the task "
        f"on a Mailbox server, in the role by outbound_tls_repair_organization_host; EdgeSync brings the level here."
    )


DEFINITION = Definition(
    name="exchange_sendconnector_logging",
    argument_spec={
        **SESSION_ARGUMENTS,
        "identity": {"type": "str", "required": True, "aliases": ["name"]},
        "level": {"type": "str", "required": True, "choices": ["verbose", "none", "previous"]},
        "journal_dir": {"type": "path"},
        "journal_patience": {"type": "int", "default": 1800},
        "raised_from": {"type": "str", "choices": ["None", "Verbose"]},
    },
    run=run,
)


def main() -> None:
    """Run where Ansible executes the module itself, on a host that is reached by neither psrp nor winrm."""
    run_as_module(DEFINITION)


if __name__ == "__main__":
    main()

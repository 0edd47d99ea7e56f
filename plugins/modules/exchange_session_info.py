#!/usr/bin/python
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first look at a host: who answers there, by which road, and what the account may do."""

from __future__ import annotations

DOCUMENTATION = r"""
module: exchange_session_info
short_description: Tell which Exchange server answers, and what the account may do there
version_added: 0.1.0
author: mailops contributors (@mailops)
description:
  - Opens the sessions that the other modules of this collection would open, and tells what they lead to, with which
    library, authentication and encryption.
  - Asks which cmdlets Exchange shows to the account, and which of their parameters (Get-Command). Role-based access
    hides both. From that it tells which modules of this collection the account can use, and what the others lack.
  - Tells which server the host is, also behind an alias, an address or a load balancer, and whether Exchange's cmdlets
    run on another server than the one that was dialled.
  - It fails only where no session to Exchange can be opened; the message then says what to change. Anything else that
    cannot be found out is part of the result.
extends_documentation_fragment:
  - mailops.exchange.session
  - mailops.exchange.query
  - mailops.exchange.attributes
  - mailops.exchange.attributes.info
notes:
  - Errors alone tell which server runs the cmdlets, so one is provoked. Get-ExchangeServer is asked for a Guid that
    nothing has, which may be seen in a log of the server.
"""

EXAMPLES = r"""
- name: See what we have here
  mailops.exchange.exchange_session_info:
  register: here

- name: Say it
  ansible.builtin.debug:
    msg:
      - "{{ here.server }} runs Exchange {{ here.exchange.version }}."
      - "{{ here.session.username }} comes by {{ here.session.mechanism }} through {{ here.session.library }}."

- name: Stop where the account cannot bind certificates
  mailops.exchange.exchange_session_info:
    query: modules[?name=='exchange_certificate_enable'].lacks[]
  register: rights
  failed_when: rights.selected is not defined or rights.selected
"""

RETURN = r"""
server:
  description:
    - Fully qualified domain name of the server that the other modules would mean without O(server); null when that
      cannot be told, and then RV(problem) says why.
  returned: success
  type: str
  sample: mbx01.contoso.test
problem:
  description: Why it cannot be told which server is meant; empty when it can.
  returned: success
  type: str
  sample: ''
exchange:
  description: That server; null when it is not known.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      sample: MBX01
    fqdn:
      description: Its fully qualified domain name.
      type: str
      sample: mbx01.contoso.test
    site:
      description: Its Active Directory site; empty without one.
      type: str
      sample: HQ
    version:
      description: Version and build of Exchange.
      type: str
      sample: 15.2 (Build 1544.4)
    is_mailbox_server:
      description: Whether it is a Mailbox server.
      type: bool
      sample: true
    is_edge_server:
      description: Whether it is an Edge Transport server.
      type: bool
      sample: false
edge:
  description: Of an Edge Transport server (O(exchange_role=edge)), whether it is subscribed; null of any other.
  returned: success
  type: dict
  contains:
    subscribed:
      description: Whether its connectors come from the organisation by EdgeSync; null when that cannot be told.
      type: bool
      sample: false
    signs:
      description: What speaks for a subscription, else what could not be looked at.
      type: list
      elements: str
      sample: []
session:
  description: The session to Exchange.
  returned: success
  type: dict
  contains:
    endpoint:
      description: Where it was opened.
      type: str
      sample: http://mbx01.contoso.test:80/PowerShell/
    username:
      description: Who opened it; null when a Kerberos ticket alone says so.
      type: str
      sample: exadmin@CONTOSO.TEST
    library:
      description: The library that carries it.
      type: str
      sample: pypsrp
    library_version:
      description: Version of that library on the controller.
      type: str
      sample: 0.9.1
    authentication:
      description: How authentication was asked for.
      type: str
      sample: negotiate
    mechanism:
      description: What authentication has led to, such as V(kerberos) or V(ntlm); empty when the library does not tell.
      type: str
      sample: kerberos
    encryption:
      description: What keeps its messages secret, V(tls), V(message) or both.
      type: list
      elements: str
      sample: [message]
    executed_by:
      description:
        - Name of the server that runs the cmdlets, when Exchange tells it; else empty. It differs from the one that was
          dialled when the session is proxied, or a load balancer stands in front. No harm is done, because every cmdlet
          that acts on one server names it.
      type: str
      sample: MBX01
host:
  description: The host's own PowerShell, through which logs are read.
  returned: success
  type: dict
  contains:
    endpoint:
      description: Where it was opened; empty when nothing leads there.
      type: str
      sample: http://mbx01.contoso.test:5985/wsman
    computer_name:
      description: Its own name; empty when it was not told.
      type: str
      sample: MBX01
    server:
      description:
        - Fully qualified domain name of the Exchange server that it is; null when it is none, or, with
          RV(host.problem), when that is not known.
      type: str
      sample: mbx01.contoso.test
    is_same_server:
      description: Whether it is the server that RV(server) names, so that its logs can be read; null when not known.
      type: bool
      sample: true
    problem:
      description: Why nothing is known of it; empty when something is.
      type: str
      sample: ''
servers:
  description: Every server of the organisation, on an Edge Transport server those that its directory holds.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
      sample: MBX01
    fqdn:
      description: Its fully qualified domain name.
      type: str
      sample: mbx01.contoso.test
    site:
      description: Its Active Directory site; empty without one.
      type: str
      sample: HQ
    version:
      description: Version and build of Exchange.
      type: str
      sample: 15.2 (Build 1544.4)
    is_mailbox_server:
      description: Whether it is a Mailbox server.
      type: bool
      sample: true
    is_edge_server:
      description: Whether it is an Edge Transport server.
      type: bool
      sample: false
cmdlets:
  description: The cmdlets that this collection may need and Exchange shows to the account.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The cmdlet.
      type: str
      sample: Get-Queue
    parameters:
      description: Names of the parameters that are shown; null when the server did not tell them.
      type: list
      elements: str
      sample: [Filter, Identity, ResultSize, Server]
modules:
  description: The modules of this collection.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The module.
      type: str
      sample: exchange_sendconnector_logging
    usable:
      description: Whether the account is shown all that the module needs; null when parameters are not known.
      type: bool
      sample: false
    lacks:
      description: The cmdlets, and parameters of other cmdlets, that the module needs and the account is not shown.
      type: list
      elements: str
      sample: [Get-SendConnector, Set-SendConnector]
selected:
  description: What O(query) selects of this result.
  returned: when O(query) is given
  type: raw
  sample: [Set-SendConnector]
reason:
  description: What kind of failure it is, in one word for programs, such as V(unreachable) or V(unauthenticated).
  returned: failure
  type: str
  sample: unauthenticated
"""

from typing import Any

from ..module_utils._exchange.edge import edge_standing_result
from ..module_utils._exchange.grants import Grants
from ..module_utils._exchange.needs import needs_of_modules
from ..module_utils._exchange.server import Server, server_result
from ..module_utils._module import Definition, Task, run_as_module
from ..module_utils._observe.exchange import Exchange
from ..module_utils._observe.session import HostFacts, SessionFacts, grants_of, host_facts, meant_server, session_facts
from ..module_utils._outbound_tls.plan import Outcome
from ..module_utils._powershell import Pipeline
from ..module_utils._session_options import QUERY_ARGUMENT, SESSION_ARGUMENTS


def run(task: Task, exchange: Exchange) -> Outcome:
    """Look at everything. What cannot be seen of one thing does not hide the others."""
    session = session_facts(exchange)
    needs = needs_of_modules(on_edge=exchange.endpoints.edge)
    grants = grants_of(exchange, [pipeline for pipelines in needs.values() for pipeline in pipelines])
    meant = meant_server(exchange, task.options["server"])
    result = {
        "server": meant.server and meant.server.fqdn,
        "problem": meant.problem,
        "exchange": meant.server and server_result(meant.server),
        "edge": edge_standing_result(exchange.edge_standing()),
        "session": _session_result(session),
        "host": _host_result(host_facts(exchange), meant.server),
        "servers": [server_result(each) for each in meant.servers],
        "cmdlets": [
            {"name": name, "parameters": None if parameters is None else sorted(parameters)}
            for name, parameters in sorted(grants.commands.items())
        ],
        "modules": [_module_result(name, pipelines, grants) for name, pipelines in sorted(needs.items())],
    }
    return Outcome(changed=False, result=result)


def _session_result(facts: SessionFacts) -> dict[str, Any]:
    return {
        "endpoint": facts.endpoint,
        "username": facts.username,
        "library": facts.carrier.library,
        "library_version": facts.carrier.version,
        "authentication": facts.authentication,
        "mechanism": facts.carrier.mechanism,
        "encryption": list(facts.encryption),
        "executed_by": facts.executed_by,
    }


def _host_result(facts: HostFacts, meant: Server | None) -> dict[str, Any]:
    return {
        "endpoint": facts.endpoint,
        "computer_name": facts.computer_name,
        "server": facts.server and facts.server.fqdn,
        "is_same_server": None if facts.problem or meant is None else facts.server == meant,
        "problem": facts.problem,
    }


def _module_result(name: str, pipelines: tuple[Pipeline, ...], grants: Grants) -> dict[str, Any]:
    lacks = grants.lacks(pipelines)
    usable = False if lacks else True if grants.is_sure_of(pipelines) else None
    return {"name": name, "usable": usable, "lacks": list(lacks)}


DEFINITION = Definition(name="exchange_session_info", argument_spec={**SESSION_ARGUMENTS, **QUERY_ARGUMENT}, run=run)


def main() -> None:
    """Run where Ansible executes the module itself, on a host that is reached by neither psrp nor winrm."""
    run_as_module(DEFINITION)


if __name__ == "__main__":
    main()

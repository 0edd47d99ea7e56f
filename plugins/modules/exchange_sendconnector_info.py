#!/usr/bin/python
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Send connectors of the organisation."""

from __future__ import annotations

DOCUMENTATION = r"""
module: exchange_sendconnector_info
short_description: Read the Send connectors of the organisation
version_added: 0.1.0
author: mailops contributors (@mailops)
description:
  - Returns the Send connectors of the organisation, on an Edge Transport server those of its own directory
    (Get-SendConnector).
  - A Send connector belongs to the whole organisation, so every server returns the same ones, as far as its domain
    controller has got them.
options:
  identity:
    description: Ask for this Send connector alone, by name, Guid or distinguished name.
    type: str
    aliases: [name]
extends_documentation_fragment:
  - mailops.exchange.session
  - mailops.exchange.query
  - mailops.exchange.attributes
  - mailops.exchange.attributes.info
seealso:
  - module: mailops.exchange.exchange_sendconnector_logging
"""

EXAMPLES = r"""
- name: Show which connectors name a certificate
  mailops.exchange.exchange_sendconnector_info:
    query: connectors[?tls_certificate_name].[name, tls_certificate_name, source_transport_servers]
  register: named

- name: Raise the logging of a connector that is known by its name
  mailops.exchange.exchange_sendconnector_logging:
    identity: "{{ named.connectors[0].guid }}"
    level: verbose
"""

RETURN = r"""
connectors:
  description: The Send connectors, or the one that O(identity) means.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the connector.
      type: str
      sample: Outbound to Office 365
    guid:
      description: Guid of the connector, in lower case.
      type: str
      sample: 6f1c2d3e-4a5b-4c6d-8e7f-0123456789ab
    distinguished_name:
      description: Its distinguished name in the directory.
      type: str
      sample: CN=Outbound to Office 365,CN=Connections,CN=Exchange Routing Group,DC=contoso,DC=test
    enabled:
      description: Whether Exchange uses it.
      type: bool
      sample: true
    protocol_logging_level:
      description: V(None) or V(Verbose).
      type: str
      sample: None
    tls_certificate_name:
      description: The certificate that it names, as C(<I>issuer<S>subject); null when it names none.
      type: str
      sample: <I>CN=Example TLS CA, O=Example, C=US<S>CN=mail.contoso.com, O=Contoso
    fqdn:
      description: The name that it gives to other servers; null for the server's own.
      type: str
      sample: mail.contoso.com
    require_tls:
      description: Whether mail waits rather than leave without TLS.
      type: bool
      sample: true
    ignore_starttls:
      description: Whether it does without TLS in any case.
      type: bool
      sample: false
    domain_secure_enabled:
      description: Whether it asks for mutual TLS.
      type: bool
      sample: false
    tls_auth_level:
      description: How the other server's certificate is judged; null when it is not set.
      type: str
      sample: CertificateValidation
    tls_domain:
      description: The name that the other server's certificate must have; null when it is not set.
      type: str
      sample: mail.protection.outlook.com
    dns_routing_enabled:
      description: Whether the next hop is looked up in DNS.
      type: bool
      sample: false
    smart_hosts:
      description: The next hops.
      type: list
      elements: str
      sample: [contoso-com.mail.protection.outlook.com]
    smart_host_auth_mechanism:
      description: How it authenticates at a smart host.
      type: str
      sample: None
    address_spaces:
      description: The domains that it is for, as Exchange writes them.
      type: list
      elements: str
      sample: [SMTP:*;1]
    source_transport_servers:
      description: Names of the servers that send through it. It is the first one that Set-SendConnector asks.
      type: list
      elements: str
      sample: [MBX01, MBX02]
    frontend_proxy_enabled:
      description: Whether mail leaves through the Front End Transport service of a Mailbox server.
      type: bool
      sample: false
    originating_server:
      description: The domain controller that answered; empty on an Edge Transport server.
      type: str
      sample: dc01.contoso.test
selected:
  description: What O(query) selects of this result.
  returned: when O(query) is given
  type: raw
  sample: [[Outbound to Office 365, '<I>CN=Example TLS CA<S>CN=mail.contoso.com', [MBX01]]]
reason:
  description: What kind of failure it is, in one word for programs, such as V(refused), V(unreachable) or V(not_found).
  returned: failure
  type: str
  sample: not_found
"""

from ..module_utils._exchange.connector import connector_result
from ..module_utils._module import Definition, Task, run_as_module
from ..module_utils._observe.exchange import Exchange
from ..module_utils._outbound_tls.plan import Outcome
from ..module_utils._session_options import QUERY_ARGUMENT, SESSION_ARGUMENTS


def run(task: Task, exchange: Exchange) -> Outcome:
    """Return the connectors."""
    identity = task.options["identity"]
    found = exchange.connectors() if identity is None else (exchange.connector(identity),)
    return Outcome(changed=False, result={"connectors": [connector_result(each) for each in found]})


DEFINITION = Definition(
    name="exchange_sendconnector_info",
    argument_spec={**SESSION_ARGUMENTS, **QUERY_ARGUMENT, "identity": {"type": "str", "aliases": ["name"]}},
    run=run,
)


def main() -> None:
    """Run where Ansible executes the module itself, on a host that is reached by neither psrp nor winrm."""
    run_as_module(DEFINITION)


if __name__ == "__main__":
    main()

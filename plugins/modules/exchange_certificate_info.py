#!/usr/bin/python
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates of an Exchange server."""

from __future__ import annotations

DOCUMENTATION = r"""
module: exchange_certificate_info
short_description: Read the certificates of an Exchange server and their services
version_added: 0.1.0
author: mailops contributors (@mailops)
description:
  - Returns the certificates of a server with the services that each of them has (Get-ExchangeCertificate).
  - Exchange lists only what it can use. A certificate without a private key, for example, is found only by its
    O(thumbprint), and then with the reason why Exchange cannot use it.
options:
  thumbprint:
    description: Ask for this certificate alone. Upper or lower case, with or without blanks.
    type: str
extends_documentation_fragment:
  - mailops.exchange.session
  - mailops.exchange.query
  - mailops.exchange.attributes
  - mailops.exchange.attributes.info
seealso:
  - module: mailops.exchange.exchange_certificate_enable
"""

EXAMPLES = r"""
- name: Show which certificates SMTP may use
  mailops.exchange.exchange_certificate_info:
    query: certificates[?contains(services, 'SMTP')].[thumbprint, subject, not_after]
  register: smtp

- name: Ask why Exchange does not list a certificate
  mailops.exchange.exchange_certificate_info:
    thumbprint: 3F9C1B0E5D7A4C6288E1F00A9B3D5C7E1A2B4C6D
"""

RETURN = r"""
server:
  description: Fully qualified domain name of the server that was asked.
  returned: success
  type: str
  sample: mbx01.contoso.test
default_certificate:
  description: Thumbprint of the server's default SMTP certificate; null when it is unknown.
  returned: success
  type: str
  sample: D003810E5D7A4C6288E1F00A9B3D5C7E1A2B4C6D
certificates:
  description: The certificates that Exchange shows, the newest first.
  returned: success
  type: list
  elements: dict
  contains:
    thumbprint:
      description: SHA-1 thumbprint, 40 upper-case hexadecimal digits.
      type: str
      sample: 3F9C1B0E5D7A4C6288E1F00A9B3D5C7E1A2B4C6D
    subject:
      description: Subject as Windows writes it.
      type: str
      sample: CN=mail.contoso.com, O=Contoso
    issuer:
      description: Issuer as Windows writes it.
      type: str
      sample: CN=Example TLS CA, O=Example, C=US
    serial_number:
      description: Serial number in hexadecimal digits.
      type: str
      sample: 0A9B3D5C7E1A2B4C
    not_before:
      description: Begin of its validity, in UTC.
      type: str
      sample: '2026-01-01T00:00:00.000Z'
    not_after:
      description: End of its validity, in UTC.
      type: str
      sample: '2027-01-01T23:59:59.000Z'
    services:
      description: Services that it is enabled for; null when they are unknown, which is not the same as none.
      type: list
      elements: str
      sample: [POP, IIS, SMTP]
    status:
      description: Exchange's opinion of it.
      type: str
      sample: Valid
    has_private_key:
      description: Whether the store has its private key; null when unknown.
      type: bool
      sample: true
    self_signed:
      description: Whether it is its own issuer; null when unknown.
      type: bool
      sample: false
    domains:
      description: Host names that it is for.
      type: list
      elements: str
      sample: [mail.contoso.com]
    friendly_name:
      description: Its friendly name.
      type: str
      sample: Contoso mail 2026
    server:
      description: The server that has it.
      type: str
      sample: mbx01.contoso.test
absent:
  description: Why the certificate that O(thumbprint) names is not among the RV(certificates); null when it is.
  returned: success
  type: dict
  contains:
    installed:
      description: Whether the server's store has it at all.
      type: bool
      sample: true
    reason:
      description: Why Exchange cannot use it, empty when it is not installed.
      type: str
      sample: PrivateKeyMissing
selected:
  description: What O(query) selects of this result.
  returned: when O(query) is given
  type: raw
  sample: [3F9C1B0E5D7A4C6288E1F00A9B3D5C7E1A2B4C6D]
reason:
  description: What kind of failure it is, in one word for programs, such as V(refused), V(unreachable) or V(not_found).
  returned: failure
  type: str
  sample: refused
"""

from ..module_utils._exchange.certificate import Certificate, certificate_result
from ..module_utils._exchange.failures import FailureKind
from ..module_utils._module import Definition, Task, run_as_module
from ..module_utils._observe.exchange import Exchange
from ..module_utils._outbound_tls.binding import wanted_thumbprint
from ..module_utils._outbound_tls.plan import Outcome
from ..module_utils._session_options import QUERY_ARGUMENT, SESSION_ARGUMENTS


def run(task: Task, exchange: Exchange) -> Outcome:
    """Return the server's certificates."""
    server = exchange.server(task.options["server"])
    absent = None
    if task.options["thumbprint"] is None:
        found = server.certificates()
    else:
        answer = server.certificate(wanted_thumbprint(task.options["thumbprint"]))
        found = (answer,) if isinstance(answer, Certificate) else ()
        if not isinstance(answer, Certificate):
            absent = {"installed": answer.kind is not FailureKind.CERTIFICATE_NOT_FOUND, "reason": answer.reason}
    result = {
        "server": server.fqdn,
        "default_certificate": server.transport_service().default_certificate,
        "certificates": [certificate_result(each) for each in found],
        "absent": absent,
    }
    return Outcome(changed=False, result=result)


DEFINITION = Definition(
    name="exchange_certificate_info",
    argument_spec={**SESSION_ARGUMENTS, **QUERY_ARGUMENT, "thumbprint": {"type": "str"}},
    run=run,
)


def main() -> None:
    """Run where Ansible executes the module itself, on a host that is reached by neither psrp nor winrm."""
    run_as_module(DEFINITION)


if __name__ == "__main__":
    main()

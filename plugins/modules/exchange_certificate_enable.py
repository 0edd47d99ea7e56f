#!/usr/bin/python
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enable a certificate for services, keeping every service and the default certificate."""

from __future__ import annotations

DOCUMENTATION = r"""
module: exchange_certificate_enable
short_description: Enable a certificate for SMTP and other services, losing none
version_added: 0.1.0
author: mailops contributors (@mailops)
description:
  - Makes sure that a certificate has at least the given services on a server (Enable-ExchangeCertificate).
  - Only what is missing is sent. Services that the certificate has already are never sent again, because Exchange would
    rewrite web sites and the names of POP and IMAP.
  - The server's default SMTP certificate stays what it is, unless O(replace_default) is true. Exchange asks about it;
    the question is recognised by its shape in any language and answered with No. Any other question stops the task.
  - The services of all certificates of the server are compared before and after. A loss that the wish does not imply
    fails the task with both states and the lines that restore it.
  - An expired, revoked or untrusted certificate, one without a private key, a pending request, the Auth certificate and
    federation certificates are refused. So is everything while services are unknown, and while the default certificate
    is unknown unless O(replace_default=true).
options:
  thumbprint:
    description: The certificate, by its thumbprint. Upper or lower case, with or without blanks.
    type: str
    required: true
  services:
    description:
      - Services that the certificate shall have. Others that it has stay.
      - A web site and the name of POP or IMAP have one holder, so their former holder loses them, which the diff shows.
        POP and IMAP bring SMTP with them.
      - Unified Messaging and federation are left out on purpose. Enabling them asks questions of its own or belongs to
        the federation trust, and neither has to do with mail transport.
    type: list
    elements: str
    choices: [SMTP, POP, IMAP, IIS]
    default: [SMTP]
  replace_default:
    description:
      - Make the certificate the server's default SMTP certificate too.
      - The default certificate secures mail between Exchange servers. Leave it alone unless that is what you want.
      - On an Edge Transport server that is subscribed, or may be, it is refused, because EdgeSync trusts the default
        certificate.
    type: bool
    default: false
  require_ssl:
    description: With V(IIS) among the O(services), let Exchange require SSL on the root web site.
    type: bool
    default: false
extends_documentation_fragment:
  - mailops.exchange.session
  - mailops.exchange.attributes
  - mailops.exchange.attributes.changes
seealso:
  - module: mailops.exchange.exchange_certificate_info
  - name: KB 4051498
    description: Outbound messages are not sent, and the log says UnknownCredentials.
    link: https://learn.microsoft.com/troubleshoot/exchange/mailflow/outbound-email-messages-are-not-sent
"""

EXAMPLES = r"""
- name: Bind the third-party certificate to SMTP and keep the default certificate
  mailops.exchange.exchange_certificate_enable:
    thumbprint: 3F9C1B0E5D7A4C6288E1F00A9B3D5C7E1A2B4C6D

- name: Bind it to the web site as well
  mailops.exchange.exchange_certificate_enable:
    thumbprint: 3F 9C 1B 0E 5D 7A 4C 62 88 E1 F0 0A 9B 3D 5C 7E 1A 2B 4C 6D
    services: [SMTP, IIS]
"""

RETURN = r"""
server:
  description: Fully qualified domain name of the server that was asked.
  returned: success
  type: str
  sample: mbx01.contoso.test
thumbprint:
  description: The certificate.
  returned: success
  type: str
  sample: 3F9C1B0E5D7A4C6288E1F00A9B3D5C7E1A2B4C6D
services:
  description: The services that it has now.
  returned: success
  type: list
  elements: str
  sample: [POP, IIS, SMTP]
services_before:
  description: The services that it had.
  returned: success
  type: list
  elements: str
  sample: [POP, IIS]
added:
  description: The services that it has got.
  returned: success
  type: list
  elements: str
  sample: [SMTP]
default_certificate:
  description: Thumbprint of the server's default SMTP certificate now.
  returned: success
  type: str
  sample: D003810E5D7A4C6288E1F00A9B3D5C7E1A2B4C6D
default_certificate_before:
  description: Thumbprint of the server's default SMTP certificate before.
  returned: success
  type: str
  sample: D003810E5D7A4C6288E1F00A9B3D5C7E1A2B4C6D
prompt:
  description: The question that Exchange asked and the answer it got; null when it asked nothing.
  returned: success
  type: dict
  contains:
    message:
      description: What Exchange asked.
      type: str
      sample: Overwrite the existing default SMTP certificate?
    answer:
      description: What it was told.
      type: str
      sample: 'No'
commands:
  description: The changes as the lines that an administrator would have typed, for the change record.
  returned: success
  type: list
  elements: str
  sample:
    - Enable-ExchangeCertificate -Server MBX01 -Thumbprint 3F9C1B0E5D7A4C6288E1F00A9B3D5C7E1A2B4C6D -Services SMTP
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

from ..module_utils._exchange.certificate import Certificate
from ..module_utils._exchange.failures import FailureKind
from ..module_utils._exchange.services import USER_SERVICES
from ..module_utils._module import Definition, Task, carry_out, run_as_module
from ..module_utils._observe.exchange import Exchange
from ..module_utils._observe.server import ObservedServer
from ..module_utils._outbound_tls.binding import Absence, BindingState, BindingWish, plan_binding
from ..module_utils._outbound_tls.plan import Outcome
from ..module_utils._session_options import SESSION_ARGUMENTS


def run(task: Task, exchange: Exchange) -> Outcome:
    """Bind the certificate to the services."""
    wish = BindingWish.from_options(task.options)
    server = exchange.server(task.options["server"])
    return carry_out(
        task,
        observe=partial(observe_binding, exchange, server, wish.thumbprint),
        decide=partial(plan_binding, wish),
        apply=server.send,
    )


def observe_binding(exchange: Exchange, server: ObservedServer, thumbprint: str) -> BindingState:
    """Look at the wanted certificate, at all others of the server, and at its default."""
    answer = server.certificate(thumbprint)
    wanted = (
        answer
        if isinstance(answer, Certificate)
        else Absence(thumbprint, answer.kind is not FailureKind.CERTIFICATE_NOT_FOUND, answer.reason)
    )
    # A Mailbox server knows an Edge only when it is subscribed.
    standing = exchange.edge_standing() if server.asked_on_edge else None
    return BindingState(
        server=server.fqdn,
        is_edge=server.server.is_edge,
        certificates=server.certificates(),
        wanted=wanted,
        default_certificate=server.transport_service().default_certificate,
        subscribed=server.server.is_edge if standing is None else standing.subscribed,
    )


DEFINITION = Definition(
    name="exchange_certificate_enable",
    argument_spec={
        **SESSION_ARGUMENTS,
        "thumbprint": {"type": "str", "required": True},
        "services": {"type": "list", "elements": "str", "choices": list(USER_SERVICES), "default": ["SMTP"]},
        "replace_default": {"type": "bool", "default": False},
        "require_ssl": {"type": "bool", "default": False},
    },
    run=run,
)


def main() -> None:
    """Run where Ansible executes the module itself, on a host that is reached by neither psrp nor winrm."""
    run_as_module(DEFINITION)


if __name__ == "__main__":
    main()

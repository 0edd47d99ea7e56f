# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a binding changes besides."""

from __future__ import annotations

from ansible_collections.mailops.exchange.plugins.module_utils._exchange.names import CertificateName
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.receive_connector import ReceiveConnector
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.side_effects import (
    side_effect_result,
    side_effects,
)

SMTP = Service.SMTP


def receiving(name, fqdn="mail.contoso.com", **changes):
    facts = {"enabled": True, "tls_certificate_name": None, "offers_starttls": True, **changes}
    return ReceiveConnector(name=name, fqdn=fqdn, **facts)


def test_implicit_connectors_of_the_domain_change(make):
    old = make.certificate(1, SMTP, not_before=make.at(days=-300))
    new = make.certificate(2)
    named = CertificateName(make.issuer, make.subject)
    reading = make.reading(
        certificates=(make.setup_certificate(), old, new),
        connectors=(
            make.connector(),
            make.connector(name="Internet", guid="0" * 8, tls_certificate_name=None),
            make.connector(name="Elsewhere", guid="1" * 8, tls_certificate_name=None, fqdn=make.fqdn),
        ),
        receive_connectors=(
            receiving("Default Frontend MBX01"),
            receiving("Client Frontend MBX01", fqdn=None),
            receiving("Named", tls_certificate_name=named),
            receiving("Disabled", enabled=False),
            receiving("Without STARTTLS", offers_starttls=False),
        ),
    )
    found = side_effects(reading, [new.thumbprint])
    assert [(each.kind, each.name) for each in found] == [
        ("receive_connector", "Default Frontend MBX01"),
        ("send_connector", "Internet"),
    ]
    assert all((each.before, each.after) == ((old.thumbprint,), (new.thumbprint,)) for each in found)
    assert side_effect_result(found[0])["after"] == [new.thumbprint]


def test_nothing_bound_changes_nothing_and_what_is_bound_already_neither(make):
    bound = make.certificate(1, SMTP)
    reading = make.reading(certificates=(bound,), receive_connectors=(receiving("Default Frontend MBX01"),))
    assert side_effects(reading, []) == ()
    assert side_effects(reading, [bound.thumbprint]) == ()


def test_the_first_one_that_fits_is_an_effect_too(make):
    only = make.certificate(1)
    reading = make.reading(certificates=(only,), receive_connectors=(receiving("Default Frontend MBX01"),))
    (effect,) = side_effects(reading, [only.thumbprint])
    assert (effect.before, effect.after) == ((), (only.thumbprint,))


def test_connectors_that_nobody_asked_for_change_too(make):
    only = make.certificate(1)
    implicit = make.connector(name="Internet", guid="0" * 8, tls_certificate_name=None)
    (effect,) = side_effects(make.reading(certificates=(only,), bystanders=(implicit,)), [only.thumbprint])
    assert (effect.kind, effect.name) == ("send_connector", "Internet")


def test_unknown_receive_connectors_do_not_hide_send_connectors(make):
    only = make.certificate(1)
    implicit = make.connector(tls_certificate_name=None)
    reading = make.reading(certificates=(only,), connectors=(implicit,), receive_connectors=None)
    assert [each.kind for each in side_effects(reading, [only.thumbprint])] == ["send_connector"]


def test_a_binding_settles_which_one_is_presented_where_services_were_unknown(make):
    bound = make.certificate(1, SMTP, not_before=make.at(days=-300))
    unknown = make.certificate(2, services=None)
    reading = make.reading(certificates=(bound, unknown), receive_connectors=(receiving("Default Frontend MBX01"),))
    (effect,) = side_effects(reading, [unknown.thumbprint])
    assert set(effect.before) == {bound.thumbprint, unknown.thumbprint}
    assert effect.after == (unknown.thumbprint,)

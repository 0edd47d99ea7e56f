# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The search for a domain: what a certificate is to it, and which of several it ends with."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.certificate import CertificateStatus
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.choice_by_domain import (
    NOTHING,
    Found,
    Kind,
    covers,
    kinds_of,
    search,
)

SMTP = Service.SMTP
DOMAIN = "mail.contoso.com"


@pytest.mark.parametrize(
    ("domains", "domain", "covered"),
    [
        (("Mail.Contoso.com",), "mail.CONTOSO.com", True),
        (("*.Contoso.com",), "MAIL.contoso.com", True),
        (("*.contoso.com",), "smtp.mail.contoso.com", True),
        (("*.contoso.com",), "notcontoso.com", False),
        (("*.contoso.com",), "contoso.com", False),
        (("*.fabrikam.com", "www.contoso.com"), DOMAIN, False),
        (("contoso.com",), DOMAIN, False),
        ((), DOMAIN, False),
    ],
)
def test_a_certificate_is_for_a_domain_by_name_or_by_a_wildcard(make, domains, domain, covered):
    assert covers(make.certificate(1, SMTP, domains=domains), domain) is covered


def test_it_is_told_whether_a_name_or_a_wildcard_was_found(make):
    exact = make.certificate(1, SMTP, domains=(DOMAIN,))
    wildcard = make.certificate(2, SMTP, domains=("*.contoso.com",))
    assert search((wildcard, exact), DOMAIN, make.clock) == (Found(exact, Kind.GOOD, by_wildcard=False),)
    assert search((wildcard,), DOMAIN, make.clock) == (Found(wildcard, Kind.GOOD, by_wildcard=True),)
    assert search((), DOMAIN, make.clock) == (NOTHING,)


def test_a_wildcard_comes_next_where_the_exact_one_may_not_be_taken(make):
    unsure = make.certificate(1, domains=(DOMAIN,), services=None)
    wildcard = make.certificate(2, SMTP, domains=("*.contoso.com",))
    assert [each.certificate for each in search((wildcard, unsure), DOMAIN, make.clock)] == [unsure, wildcard]


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, {Kind.GOOD}),
        ({"self_signed": True}, {Kind.SELF_SIGNED}),
        ({"status": CertificateStatus.REVOCATION_CHECK_FAILURE}, {Kind.REVOCATION_UNKNOWN}),
        ({"status": CertificateStatus.REVOCATION_CHECK_FAILURE, "self_signed": True}, {Kind.SELF_SIGNED}),
        ({"status": CertificateStatus.REVOKED}, {Kind.UNFIT}),
        ({"status": CertificateStatus.UNTRUSTED}, {Kind.UNFIT}),
        ({"services": frozenset()}, {Kind.UNFIT}),
        ({"services": None}, {Kind.GOOD, Kind.UNFIT}),
        ({"has_private_key": False}, {Kind.UNFIT}),
        ({"has_private_key": None}, {Kind.GOOD, Kind.UNFIT}),
        (
            {"status": CertificateStatus.UNKNOWN},
            {Kind.GOOD, Kind.EXPIRED, Kind.REVOCATION_UNKNOWN, Kind.UNFIT},
        ),
        (
            {"status": CertificateStatus.UNKNOWN, "self_signed": True},
            {Kind.SELF_SIGNED, Kind.EXPIRED_SELF_SIGNED, Kind.UNFIT},
        ),
    ],
)
def test_what_a_certificate_may_be(make, changes, kinds):
    assert kinds_of(make.certificate(1, SMTP, **changes), make.clock) == kinds


@pytest.mark.parametrize(("self_signed", "kind"), [(False, Kind.EXPIRED), (True, Kind.EXPIRED_SELF_SIGNED)])
def test_one_that_is_not_valid_now_is_taken_for_expired_whichever_end_it_is_beyond(make, self_signed, kind):
    over = make.certificate(1, SMTP, not_after=make.at(days=-1), self_signed=self_signed)
    coming = make.certificate(1, SMTP, not_before=make.at(days=1), self_signed=self_signed)
    for each in (over, coming):
        assert kinds_of(each, make.clock) == {kind}
        unasked = replace(each, status=CertificateStatus.REVOCATION_CHECK_FAILURE)
        assert kinds_of(unasked, make.clock) == {kind}, "its dates are judged first"
        doubtful = replace(each, status=CertificateStatus.DATE_INVALID)
        assert kinds_of(doubtful, make.clock) == {kind, Kind.UNFIT}, "it may be revoked or untrusted as well"


def the_kind(make, kind, number, age):
    """A certificate that is of a kind to the search; the greater its age, the later it is looked at."""
    changes = {
        Kind.GOOD: {},
        Kind.REVOCATION_UNKNOWN: {"status": CertificateStatus.REVOCATION_CHECK_FAILURE},
        Kind.SELF_SIGNED: {"self_signed": True},
        Kind.EXPIRED: {"not_after": make.at(days=-1)},
        Kind.EXPIRED_SELF_SIGNED: {"not_after": make.at(days=-1), "self_signed": True},
        Kind.UNFIT: {"services": frozenset()},
    }[kind]
    return make.certificate(number, SMTP, **{"not_before": make.at(days=-age), "domains": (DOMAIN,), **changes})


@pytest.mark.parametrize(
    ("newest_first", "taken"),
    [
        ((Kind.GOOD, Kind.GOOD), 0),
        ((Kind.UNFIT, Kind.GOOD), 1),
        ((Kind.REVOCATION_UNKNOWN,), 0),
        ((Kind.REVOCATION_UNKNOWN, Kind.REVOCATION_UNKNOWN), 0),
        ((Kind.REVOCATION_UNKNOWN, Kind.SELF_SIGNED), 0),
        ((Kind.REVOCATION_UNKNOWN, Kind.GOOD), 1),
        ((Kind.REVOCATION_UNKNOWN, Kind.EXPIRED), 0),
        ((Kind.REVOCATION_UNKNOWN, Kind.EXPIRED_SELF_SIGNED), 0),
        ((Kind.SELF_SIGNED,), 0),
        ((Kind.SELF_SIGNED, Kind.SELF_SIGNED), 0),
        ((Kind.SELF_SIGNED, Kind.REVOCATION_UNKNOWN), 1),
        ((Kind.SELF_SIGNED, Kind.GOOD), 1),
        ((Kind.SELF_SIGNED, Kind.EXPIRED), 1),
        ((Kind.SELF_SIGNED, Kind.EXPIRED_SELF_SIGNED), 0),
        ((Kind.SELF_SIGNED, Kind.REVOCATION_UNKNOWN, Kind.EXPIRED_SELF_SIGNED), 1),
        ((Kind.EXPIRED, Kind.GOOD), 0),
        ((Kind.EXPIRED_SELF_SIGNED, Kind.GOOD), 0),
    ],
)
def test_which_of_several_the_search_ends_with(make, newest_first, taken):
    store = [the_kind(make, kind, number, 30 + number) for number, kind in enumerate(newest_first)]
    (found,) = search(store[::-1], DOMAIN, make.clock)
    assert (found.certificate, found.kind) == (store[taken], newest_first[taken])

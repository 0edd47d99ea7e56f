# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What decides whether a certificate of the name may be taken."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.certificate import CertificateStatus
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.names import CertificateName
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.choice_by_name import (
    has_expired,
    is_future,
    is_self_signed,
    may_be_taken,
)

SMTP = Service.SMTP


@pytest.mark.parametrize(
    ("said", "issuer", "own"),
    [
        (None, "CN=mbx01", True),
        (None, "cn=MBX01", True),
        (None, "CN=Example CA 5", False),
        (True, "CN=Example CA 5", True),
        (False, "CN=mbx01", False),
    ],
)
def test_where_exchange_does_not_say_who_signed_it_its_names_do(make, said, issuer, own):
    assert is_self_signed(make.certificate(1, subject="CN=mbx01", issuer=issuer, self_signed=said)) is own


def test_a_certificate_is_valid_from_its_first_moment_to_its_last(make):
    at_its_first = make.certificate(1, not_before=make.clock)
    at_its_last = make.certificate(1, not_after=make.clock)
    assert not is_future(at_its_first, make.clock)
    assert not has_expired(at_its_last, make.clock)
    assert is_future(at_its_first, make.at(seconds=-1))
    assert has_expired(at_its_last, make.at(seconds=1))


def test_one_that_says_no_dates_is_neither_to_come_nor_over(make):
    undated = make.certificate(1, not_before=None, not_after=None)
    assert (is_future(undated, make.clock), has_expired(undated, make.clock)) == (False, False)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "sure"),
        ({"services": frozenset(), "has_private_key": False}, "sure"),
        ({"status": CertificateStatus.REVOCATION_CHECK_FAILURE}, "sure"),
        ({"status": CertificateStatus.REVOKED}, "in doubt"),
        ({"status": CertificateStatus.UNKNOWN}, "in doubt"),
        ({"status": CertificateStatus.DATE_INVALID}, "in doubt"),
        ({"self_signed": True}, "in doubt"),
        ({"status": CertificateStatus.UNTRUSTED}, "never"),
        ({"status": CertificateStatus.INVALID}, "never"),
        ({"status": CertificateStatus.PENDING_REQUEST}, "never"),
    ],
)
def test_a_chain_decides_whether_it_is_taken_and_a_key_does_not(make, changes, expected):
    assert taken(make, **changes) == expected


def test_its_dates_decide_too(make):
    assert taken(make, not_before=make.at(days=1)) == "never"
    assert taken(make, not_after=make.at(days=-1)) == "in doubt"


def taken(make, **changes):
    certificate = make.certificate(1, SMTP, **changes)
    found = may_be_taken((certificate,), CertificateName(make.issuer, make.subject), make.clock)
    if not found:
        return "never"
    (named,) = found
    assert named.certificate is certificate
    return "in doubt" if named.doubts else "sure"

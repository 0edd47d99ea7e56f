# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is predicted of a connector that names its certificate, where one of several counts and at the borders."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.certificate import CertificateStatus
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.finding import FindingKind, Severity
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.reading import OtherStore

SMTP, FEDERATION = Service.SMTP, Service.FEDERATION
OTHER = "CN=Example CA 6, O=Example, C=US"


@pytest.fixture
def predicted(look):
    """The only prediction about a connector; None where there is none."""

    def predicted(*certificates, **facts):
        found = [each for each in look(*certificates, **facts) if each.kind is FindingKind.PREDICTION]
        assert len(found) <= 1
        return found[0] if found else None

    return predicted


# No certificate of the name.


@pytest.mark.parametrize(
    ("servers", "said"),
    [(("MBX02",), "which MBX02 has:"), (("MBX02", "MBX03"), "which MBX02 and MBX03 have:")],
)
def test_each_source_server_that_holds_the_certificate_is_told(make, predicted, servers, said):
    stores = tuple(OtherStore(each, (make.certificate(5, SMTP),)) for each in servers)
    assert said in predicted(connector={"source_servers": (*servers, "MBX01")}, other_stores=stores).sentence


@pytest.mark.parametrize(
    "changes",
    [
        {"domains": ("www.fabrikam.com",)},
        {"self_signed": True},
        {"subject": "O=Contoso, C=US"},
        {"services": frozenset()},
        {"has_private_key": False},
    ],
    ids=str,
)
def test_no_name_is_proposed_of_a_certificate_that_would_not_do(make, predicted, changes):
    told = predicted(make.certificate(2, **{"services": frozenset({SMTP}), "issuer": OTHER, **changes}))
    assert (told.id.value, told.lines, told.thumbprints) == ("name_matches_nothing", (), ())


def test_no_name_is_proposed_where_several_would_do(make, predicted):
    told = predicted(make.certificate(2, SMTP, issuer=OTHER), make.certificate(3, SMTP, issuer="CN=Example CA 7"))
    assert (told.id.value, told.lines) == ("name_matches_nothing", ())


# None that is taken.


def test_of_several_that_have_expired_the_latest_is_told_whatever_their_order(make, predicted):
    later, earlier = (
        make.certificate(number, SMTP, not_after=make.at(days=-days), status=CertificateStatus.DATE_INVALID)
        for number, days in ((1, 2), (2, 9))
    )
    for certificates in ((later, earlier), (earlier, later)):
        told = predicted(*certificates)
        assert (told.id.value, told.when, told.thumbprints) == ("expires", later.not_after, (later.thumbprint,))


def test_one_that_is_yet_to_come_is_told_with_its_first_day(make, predicted):
    coming = make.certificate(1, SMTP, not_before=make.at(days=5), status=CertificateStatus.DATE_INVALID)
    told = predicted(coming)
    assert told.id.value == "named_certificate_unusable"
    assert f"{coming.thumbprint} (valid from 2026-03-07 on)" in told.sentence


# None that can be used.


def test_what_lacks_smtp_is_to_be_enabled_and_what_lacks_its_key_to_be_replaced(make, predicted):
    unbound = predicted(make.certificate(2))
    assert "is not enabled for SMTP: the next message will wait" in unbound.sentence
    assert unbound.remedy.startswith("Enable it for SMTP")
    keyless = predicted(make.certificate(2, SMTP, has_private_key=False))
    assert "it has no private key here (KB 4495258): the next message will wait (NoCredentials)" in keyless.sentence
    assert keyless.remedy.startswith("Get a new one")
    assert keyless.lines == ()


def test_each_way_in_which_they_fail_is_told_once(make, predicted):
    keyless = make.certificate(1, SMTP, has_private_key=False)
    told = predicted(keyless, make.certificate(2))
    assert "will wait (NoCredentials or UnknownCredentials)" in told.sentence
    told = predicted(make.certificate(2), make.certificate(3))
    assert "will wait (UnknownCredentials)" in told.sentence


# One among others that cannot be used.


def test_a_twin_that_lacks_smtp_is_to_be_enabled_and_one_that_lacks_its_key_to_be_replaced(make, predicted):
    old = make.certificate(1, SMTP, not_before=make.at(days=-340), not_after=make.at(days=20))
    unbound = predicted(make.certificate(2), old)
    assert "is not enabled for SMTP: mail waits (UnknownCredentials) when Exchange takes it" in unbound.sentence
    assert unbound.remedy.startswith("Enable it for SMTP on this server before")
    keyless = predicted(make.certificate(2, SMTP, has_private_key=False), old)
    assert keyless.id.value == "named_certificate_unusable"
    assert "has no private key here (KB 4495258): mail waits (NoCredentials) when Exchange takes it" in keyless.sentence
    assert keyless.remedy.startswith("Get a new one")
    assert keyless.lines == ()


def test_a_twin_that_must_not_be_bound_is_not_proposed_for_it(make, predicted):
    old = make.certificate(1, SMTP, not_before=make.at(days=-340), not_after=make.at(days=20))
    told = predicted(make.certificate(2, FEDERATION), old)
    assert (told.id.value, told.lines) == ("named_certificate_unusable", ())
    assert told.remedy.startswith("Get a new one")


def test_an_outlived_twin_is_bound_by_a_line_only_if_it_may_be(make, predicted):
    dates = {"not_before": make.at(days=-340), "not_after": make.at(days=10)}
    unbound, bound = make.certificate(1, **dates), make.certificate(2, SMTP)
    told = predicted(unbound, bound)
    assert (told.severity, len(told.lines)) == (Severity.NOTICE, 1)
    assert unbound.thumbprint in told.lines[0]
    told = predicted(make.certificate(1, FEDERATION, **dates), bound)
    assert (told.severity, told.lines) == (Severity.NOTICE, ())


@pytest.mark.parametrize(
    ("begins", "ends", "severity"),
    [
        (-20, 345, Severity.NOTICE),
        (-19, 345, Severity.NOTICE),
        (-20, 346, Severity.NOTICE),
        (-21, 346, Severity.WARNING),
        (-19, 344, Severity.WARNING),
    ],
)
def test_a_twin_is_outlived_by_one_that_neither_began_nor_ends_before_it(make, predicted, begins, ends, severity):
    twin = make.certificate(1, not_before=make.at(days=-20), not_after=make.at(days=345))
    told = predicted(twin, make.certificate(2, SMTP, not_before=make.at(days=begins), not_after=make.at(days=ends)))
    assert (told.severity, told.thumbprints) == (severity, (twin.thumbprint,))


@pytest.mark.parametrize(
    ("of_the_twin", "of_the_other"),
    [({"not_before": None}, {}), ({}, {"not_before": None}), ({"not_before": None}, {"not_before": None})],
)
def test_where_a_beginning_is_unknown_nothing_is_outlived(make, predicted, of_the_twin, of_the_other):
    told = predicted(make.certificate(1, **of_the_twin), make.certificate(2, SMTP, **of_the_other))
    assert (told.id.value, told.severity) == ("unbound_twin", Severity.WARNING)


# The one in use expires.


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [
        ({"days": 20}, {"days": 400}, None),
        ({"days": 20, "seconds": 1}, {"days": 400}, "expires"),
        ({"days": 3}, {"days": 20}, "expires"),
        ({"days": 3}, {"days": 20, "seconds": 1}, None),
    ],
)
def test_one_that_is_to_come_helps_if_it_leaves_no_gap_and_lasts_longer(make, predicted, begins, ends, expected):
    last = make.certificate(1, SMTP, not_after=make.at(days=20))
    coming = make.certificate(
        2, SMTP, not_before=make.at(**begins), not_after=make.at(**ends), status=CertificateStatus.DATE_INVALID
    )
    told = predicted(last, coming)
    assert (told and told.id.value) == expected


def test_in_its_last_moment_it_has_not_expired_yet(make, predicted):
    last = make.certificate(1, SMTP, not_before=make.at(days=-340), not_after=make.clock)
    told = predicted(last)
    assert "expires on 2026-03-02" in told.sentence
    assert "then mail waits" in told.sentence
    told = predicted(last, make.certificate(2, SMTP, issuer=OTHER))
    assert (told.id.value, "expires on 2026-03-02" in told.sentence) == ("renewal_not_named", True)


def test_a_renewal_of_another_name_is_told_before_and_after(make, predicted):
    renewal = make.certificate(2, issuer=OTHER)
    bound = make.certificate(2, SMTP, issuer=OTHER)
    dates = {"not_before": make.at(days=-340)}
    soon = make.certificate(1, SMTP, **dates, not_after=make.at(days=20))
    past = make.certificate(1, SMTP, **dates, not_after=make.at(days=-2), status=CertificateStatus.DATE_INVALID)
    for last, said in ((soon, "expires on 2026-03-22"), (past, "expired on 2026-02-28")):
        told = predicted(last, renewal)
        assert (told.id.value, told.when) == ("renewal_not_named", last.not_after)
        assert f"{last.thumbprint} {said}, and its renewal has another name" in told.sentence
        assert told.remedy.startswith(f"Enable {renewal.thumbprint} for SMTP on every source server")
        assert predicted(last, bound).remedy.startswith("Set TlsCertificateName")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"not_before": None}, "renewal_not_named"),
        ({"domains": ("*.contoso.com",)}, "renewal_not_named"),
        ({"domains": ("MAIL.contoso.com",)}, "renewal_not_named"),
        ({"domains": ("www.contoso.com",)}, "expires"),
        ({"not_before": "as the old one"}, "expires"),
        ({"not_after": "as far as is looked"}, "expires"),
    ],
    ids=str,
)
def test_what_takes_the_place_of_one_that_is_for_one_host(make, predicted, changes, expected):
    old = make.certificate(
        1, SMTP, not_before=make.at(days=-340), not_after=make.at(days=20), domains=("mail.contoso.com",)
    )
    moments = {"as the old one": old.not_before, "as far as is looked": make.at(days=30)}
    known = {name: moments.get(value, value) for name, value in changes.items()}
    assert predicted(old, make.certificate(2, SMTP, issuer=OTHER, **known)).id.value == expected


def test_a_certificate_that_does_not_say_when_it_began_may_have_a_renewal(make, predicted):
    old = make.certificate(1, SMTP, not_before=None, not_after=make.at(days=20))
    assert predicted(old, make.certificate(2, SMTP, issuer=OTHER)).id.value == "renewal_not_named"


# What the log proves.


def test_a_success_that_a_failure_followed_proves_nothing(make, predicted):
    used = make.certificate(1)
    remote = make.certificate(9, subject="CN=mail.protection.outlook.com")
    other = make.certificate(2, SMTP, not_before=make.at(days=-340), not_after=make.at(days=20))
    failed = make.failing(other, -3, word="InvalidToken")
    told = predicted(used, other, sessions=(make.succeeding(used, remote, -5), failed))
    assert (told.id.value, told.thumbprints) == ("unbound_twin", (used.thumbprint,))


# The Fqdn.

BY_FQDN = {"tls_certificate_name": None, "require_tls": False}


def test_by_fqdn_the_same_time_ahead_is_looked_at(make, predicted):
    assert predicted(make.certificate(1, SMTP, not_after=make.at(days=30)), connector=BY_FQDN).id.value == "expires"
    assert predicted(make.certificate(1, SMTP, not_after=make.at(days=30, seconds=1)), connector=BY_FQDN) is None


@pytest.mark.parametrize(
    ("offset", "said"),
    [({"days": -2}, "expired on 2026-02-28"), ({}, "expires on 2026-03-02"), ({"days": 9}, "expires on 2026-03-11")],
)
def test_by_fqdn_it_is_told_whether_it_has_expired(make, predicted, offset, said):
    told = predicted(make.certificate(1, SMTP, not_after=make.at(**offset)), connector=BY_FQDN)
    assert f"which is presented as mail.contoso.com, {said}, and no other" in told.sentence


@pytest.mark.parametrize(
    "changes",
    [
        {"domains": ("www.fabrikam.com",)},
        {"has_private_key": False},
        {"services": frozenset({FEDERATION})},
        {"not_after": "as far as is looked"},
    ],
    ids=str,
)
def test_by_fqdn_only_a_renewal_that_would_do_is_to_be_enabled(make, predicted, changes):
    last = make.certificate(1, SMTP, not_before=make.at(days=-340), not_after=make.at(days=20))
    known = {name: make.at(days=30) if name == "not_after" else value for name, value in changes.items()}
    told = predicted(last, make.certificate(2, **known), connector=BY_FQDN)
    assert (told.id.value, told.lines) == ("expires", ())
    assert told.remedy.startswith("Import its renewal for mail.contoso.com")

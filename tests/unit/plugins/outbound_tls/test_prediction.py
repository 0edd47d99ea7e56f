# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is predicted, what is not, and how it is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.certificate import CertificateStatus
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.names import CertificateName
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.server import TransportService
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.finding import FindingKind, Severity
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.reading import OtherStore

SMTP = Service.SMTP
DAYS = 30


def ids(findings):
    return [each.id.value for each in findings]


def predicted(findings):
    (found,) = [each for each in findings if each.kind is FindingKind.PREDICTION]
    assert found.sentence.startswith('mbx01.contoso.test, "Outbound to Office 365": ')
    assert found.remedy
    return found


# An explicit name.


def test_a_certificate_that_expires_is_told_with_both_readings(make, look):
    last = make.certificate(1, SMTP, not_after=make.at(days=20))
    found = look(last)
    assert ids(found) == ["healthy", "expires"]
    told = predicted(found)
    assert (told.severity, told.when, told.thumbprints) == (Severity.WARNING, last.not_after, (last.thumbprint,))
    assert "expires on 2026-03-22" in told.sentence
    assert "then mail waits with 454 4.7.5, unless Exchange still takes the expired one" in told.sentence
    assert told.lines == (
        "Enable-ExchangeCertificate -Server 'mbx01.contoso.test' -Thumbprint THUMBPRINT -Services SMTP",
        "Set-SendConnector -Identity 'Outbound to Office 365' -TlsCertificateName '<I>ISSUER<S>SUBJECT'",
    )
    assert "-Force" not in "".join(told.lines)


def test_how_far_ahead_is_looked(make, look):
    assert ids(look(make.certificate(1, SMTP, not_after=make.at(days=DAYS, seconds=1)))) == ["healthy"]
    assert ids(look(make.certificate(1, SMTP, not_after=make.at(days=DAYS)))) == ["healthy", "expires"]


def test_one_that_has_expired_while_nothing_waits_is_told_too(make, look):
    expired = make.certificate(1, SMTP, not_after=make.at(days=-2), status=CertificateStatus.DATE_INVALID)
    told = predicted(look(expired))
    assert (told.id.value, told.when) == ("expires", expired.not_after)
    assert "expired on 2026-02-28" in told.sentence


def test_a_renewal_of_another_name_is_named(make, look):
    last = make.certificate(1, SMTP, not_after=make.at(days=20), not_before=make.at(days=-340))
    renewal = make.certificate(2, issuer="CN=Example CA 6, O=Example, C=US")
    told = predicted(look(last, renewal))
    assert (told.id.value, told.when) == ("renewal_not_named", last.not_after)
    assert told.thumbprints == (last.thumbprint, renewal.thumbprint)
    assert told.lines == (
        f"Enable-ExchangeCertificate -Server 'mbx01.contoso.test' -Thumbprint {renewal.thumbprint} -Services SMTP",
        f"Set-SendConnector -Identity 'Outbound to Office 365' -TlsCertificateName "
        f"'<I>CN=Example CA 6, O=Example, C=US<S>{make.subject}'",
    )
    bound = replace(renewal, services=frozenset({SMTP}))
    assert len(predicted(look(last, bound)).lines) == 1
    # What is not for all of its names, expires as soon, or is older takes nobody's place.
    for changes in (
        {"domains": ("mail.contoso.com",)},
        {"not_after": make.at(days=25)},
        {"not_before": make.at(days=-341)},
        {"self_signed": True},
        {"has_private_key": False},
    ):
        assert predicted(look(last, replace(renewal, **changes))).id.value == "expires", changes


def test_an_unbound_twin_is_told_with_the_day_on_which_no_other_is_left(make, look):
    old = make.certificate(1, SMTP, not_before=make.at(days=-340), not_after=make.at(days=20))
    twin = make.certificate(2)
    found = look(twin, old)
    assert ids(found) == ["unbound_twin"], "the suspicion gives way"
    told = predicted(found)
    assert told.primary is True
    assert (told.severity, told.when, told.thumbprints) == (Severity.WARNING, old.not_after, (twin.thumbprint,))
    assert "at the latest on 2026-03-22, when the other expires, unless that is still taken" in told.sentence
    assert told.lines == (
        f"Enable-ExchangeCertificate -Server 'mbx01.contoso.test' -Thumbprint {twin.thumbprint} -Services SMTP",
    )
    remote = make.certificate(9, subject="CN=mail.protection.outlook.com")
    found = look(twin, old, sessions=(make.succeeding(old, remote, -5),))
    assert ids(found) == ["healthy", "unbound_twin"]


def test_a_twin_that_is_not_valid_yet_fails_from_its_first_day(make, look):
    old = make.certificate(1, SMTP)
    twin = make.certificate(
        2, not_before=make.at(days=5), not_after=make.at(days=500), status=CertificateStatus.DATE_INVALID
    )
    told = predicted(look(twin, old))
    assert (told.id.value, told.when) == ("unbound_twin", twin.not_before)
    assert "from 2026-03-07 on" in told.sentence
    assert told.lines


def test_a_twin_that_is_outlived_is_but_a_notice(make, look):
    twin = make.certificate(1, not_before=make.at(days=-340), not_after=make.at(days=10))
    told = predicted(look(twin, make.certificate(2, SMTP)))
    assert (told.id.value, told.severity, told.when) == ("unbound_twin", Severity.NOTICE, None)


@pytest.mark.fact("cmdlets 0.8")
def test_without_require_tls_mail_leaves_in_clear(make, look):
    old = make.certificate(1, SMTP, not_before=make.at(days=-340), not_after=make.at(days=20))
    told = predicted(look(make.certificate(2), old, connector={"require_tls": False}))
    assert (told.id.value, told.when) == ("clear_text_fallback", old.not_after)
    assert "leaves unencrypted" in told.sentence
    told = predicted(look(make.certificate(2), connector={"require_tls": False}))
    assert (told.id.value, told.when) == ("clear_text_fallback", None)


def test_the_only_one_of_its_name_cannot_be_used(make, look):
    found = look(make.certificate(2))
    assert ids(found) == ["named_certificate_unusable"]
    told = predicted(found)
    assert "the next message will wait (UnknownCredentials)" in told.sentence
    assert told.lines
    federated = look(make.certificate(2, Service.FEDERATION))
    assert predicted(federated).lines == (), "it must not be bound"


def test_without_its_private_key_tls_fails_with_another_word(make, look):
    for services in ((), (SMTP,)):
        told = predicted(look(make.certificate(2, *services, has_private_key=False)))
        assert told.id.value == "named_certificate_unusable"
        assert "has no private key here (KB 4495258): the next message will wait (NoCredentials)" in told.sentence
        assert told.lines == ()
    old = make.certificate(1, SMTP, not_before=make.at(days=-340), not_after=make.at(days=20))
    told = predicted(look(make.certificate(2, has_private_key=False), old))
    assert "mail waits (NoCredentials) when Exchange takes it" in told.sentence
    both = look(make.certificate(2, has_private_key=False), make.certificate(3))
    assert "cannot be used: the next message will wait (" in predicted(both).sentence
    assert all(word in predicted(both).sentence for word in ("NoCredentials", " or ", "UnknownCredentials"))


def test_one_that_is_revoked_is_told(make, look):
    revoked = make.certificate(1, SMTP, status=CertificateStatus.REVOKED)
    found = look(revoked)
    assert ids(found) == ["healthy", "named_certificate_unusable"]
    told = predicted(found)
    assert (told.severity, told.thumbprints) == (Severity.WARNING, (revoked.thumbprint,))
    assert "is revoked: the other end may refuse it" in told.sentence
    assert told.remedy.startswith("Get a new one: import it")
    other = make.certificate(2, SMTP)
    told = predicted(look(revoked, other))
    assert (told.thumbprints, told.remedy) == ((revoked.thumbprint,), "Remove it if nothing else uses it.")


def test_one_that_nobody_trusts_is_not_taken(make, look):
    told = predicted(look(make.certificate(2, SMTP, status=CertificateStatus.UNTRUSTED)))
    assert told.id.value == "named_certificate_unusable"
    assert "Untrusted" in told.sentence
    assert "454 4.7.5" in told.sentence


def test_a_name_that_fits_nothing_is_told_with_what_it_should_say(make, look):
    found = look(make.certificate(2, SMTP, issuer="CN=Example CA 6"))
    told = predicted(found)
    assert (told.id.value, told.when) == ("name_matches_nothing", None)
    assert told.lines == (
        f"Set-SendConnector -Identity 'Outbound to Office 365' -TlsCertificateName "
        f"'<I>CN=Example CA 6<S>{make.subject}'",
    )
    assert predicted(look()).lines == ()


def test_a_source_server_that_lacks_what_others_have(make, look):
    held = make.certificate(5, SMTP)
    sources = {"source_servers": ("MBX02", "MBX03", "MBX01")}
    stores = (OtherStore("MBX02", (held,)), OtherStore("MBX03", None, "nobody answers"))
    told = predicted(look(connector=sources, other_stores=stores))
    assert (told.id.value, told.thumbprints) == ("source_lacks_certificate", (held.thumbprint,))
    assert "Exchange lists no certificate of the name in TlsCertificateName, which MBX02 has" in told.sentence
    assert held.thumbprint in told.lines[0]
    unknown = predicted(look(connector=sources, other_stores=stores[1:]))
    assert unknown.id.value == "name_matches_nothing"
    assert "the stores of MBX03 are unknown" in unknown.sentence


def test_what_the_log_proves_counts_more_than_a_flag(make, look):
    """An account may read a key by another way than the one that the service SMTP shows."""
    used = make.certificate(1)
    remote = make.certificate(9, subject="CN=mail.protection.outlook.com")
    assert ids(look(used, sessions=(make.succeeding(used, remote, -5),))) == ["healthy"]
    other = make.certificate(2, SMTP, not_before=make.at(days=-340), not_after=make.at(days=20))
    assert ids(look(used, other, sessions=(make.succeeding(other, remote, -5),))) == ["healthy", "unbound_twin"]


# The Fqdn.


def test_by_fqdn_an_expiry_is_a_notice_unless_tls_is_required(make, look):
    last = make.certificate(1, SMTP, not_before=make.at(days=-340), not_after=make.at(days=20))
    implicit = {"tls_certificate_name": None, "require_tls": False}
    told = predicted(look(last, connector=implicit))
    assert (told.id.value, told.severity, told.when) == ("expires", Severity.NOTICE, last.not_after)
    unbound = make.certificate(2)
    told = predicted(look(last, unbound, connector={"tls_certificate_name": None}))
    assert told.severity is Severity.WARNING
    assert unbound.thumbprint in told.lines[0]
    assert ids(look(last, replace(unbound, services=frozenset({SMTP})), connector=implicit)) == ["healthy"]
    assert ids(look(last, replace(unbound, services=None), connector=implicit)) == ["healthy"], "unknown is not none"


# Mail that waits.


def waiting(make, hours, **changes):
    return make.queue(first_retry_time=make.at(hours=-hours), next_retry_time=make.at(minutes=10), **changes)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(1, None), (35, None), (37, Severity.WARNING), (45, Severity.ERROR), (49, Severity.ERROR)],
)
def test_mail_that_goes_back_soon(make, look, hours, expected):
    transport = TransportService("MBX01", make.thumbprint(0xD0), r"C:\S", message_expiration=timedelta(days=2))
    found = look(
        make.certificate(1, SMTP), queues=(waiting(make, hours, last_error=make.network),), transport=transport
    )
    assert found[0].id.value == "port_closed"
    told = [each for each in found if each.id.value == "messages_expire"]
    assert [each.severity for each in told] == ([] if expected is None else [expected])
    for each in told:
        assert each.when == make.at(hours=48 - hours)
        assert each.lines == ("Retry-Queue -Identity 'MBX01\\3'",)
        assert (f"{each.when:%Y-%m-%d %H:%M} UTC") in each.sentence


def test_a_retry_that_comes_too_late_is_an_error(make, look):
    transport = TransportService("MBX01", make.thumbprint(0xD0), r"C:\S", message_expiration=timedelta(days=2))
    queue = make.queue(next_retry_time=make.at(days=3), last_error=make.network)
    found = look(make.certificate(1, SMTP), queues=(queue,), transport=transport)
    assert [each.severity for each in found if each.id.value == "messages_expire"] == [Severity.ERROR]


def test_without_a_timeout_nothing_is_guessed(make, look):
    found = look(make.certificate(1, SMTP), queues=(waiting(make, 400, last_error=make.network),))
    assert ids(found) == ["port_closed"]


# One root cause.


def test_a_prediction_does_not_repeat_the_root_cause(make, look):
    culprit = make.certificate(1, Service.IIS)
    old = make.certificate(2, SMTP, not_before=make.at(days=-340), not_after=make.at(days=100))
    found = look(culprit, old, sessions=(make.failing(culprit),), queues=(make.queue(),))
    assert ids(found) == ["certificate_not_bound"]
    not_found = make.queue(
        last_error="454 4.7.5 The certificate specified in TlsCertificateName of the SendConnector could not be found."
    )
    expired = make.certificate(1, SMTP, not_after=make.at(days=-1), status=CertificateStatus.DATE_INVALID)
    assert ids(look(expired, queues=(not_found,))) == ["certificate_name_not_found"]
    assert ids(look(queues=(not_found,))) == ["certificate_name_not_found"]


def test_that_a_culprit_expires_soon_is_another_matter(make, look):
    culprit = make.certificate(1, Service.IIS, not_after=make.at(days=9))
    other = make.certificate(2, SMTP, not_before=make.at(days=-340), not_after=make.at(days=9))
    found = look(culprit, other, sessions=(make.failing(culprit),), queues=(make.queue(),))
    assert ids(found) == ["certificate_not_bound"], "its twin is told by what is found"
    network = look(make.certificate(1, SMTP, not_after=make.at(days=9)), queues=(make.queue(last_error=make.network),))
    assert ids(network) == ["port_closed", "expires"]


# What is healthy stays silent.


def healthy_organisations(make):
    bound = make.certificate(1, SMTP)
    expired = make.certificate(
        7, not_before=make.at(days=-400), not_after=make.at(days=-30), status=CertificateStatus.DATE_INVALID
    )
    soon = make.at(days=5)
    auth = make.certificate(
        8, SMTP, subject="CN=Microsoft Exchange Server Auth Certificate", self_signed=True, not_after=soon, domains=()
    )
    federation = make.certificate(9, Service.FEDERATION, subject="CN=Federation", self_signed=True, not_after=soon)
    iis = make.certificate(4, Service.IIS, subject="CN=owa.contoso.com", not_after=soon)
    own = replace(make.setup_certificate(), not_after=soon)
    implicit = {"tls_certificate_name": None, "require_tls": False}
    dead = {"tls_certificate_name": CertificateName("CN=Gone", "CN=gone.contoso.com")}
    return {
        "implicit by Fqdn": ((bound,), implicit),
        "implicit without any certificate that fits": ((iis,), {**implicit, "fqdn": "smtp.example.net"}),
        "self-signed default that expires": ((own,), {**implicit, "fqdn": make.fqdn}),
        "expired and unused, of another name": ((bound, replace(expired, subject="CN=old")), {}),
        "expired twin": ((bound, expired), {}),
        "expired twin that is bound": ((bound, replace(expired, services=frozenset({SMTP}))), {}),
        "disabled with a dead name": ((bound,), {**dead, "enabled": False}),
        "no STARTTLS by choice": ((), {**dead, "ignore_starttls": True}),
        "another case": ((make.certificate(1, SMTP, subject=make.subject.upper()),), {}),
        "certificates of other purposes that expire": ((bound, auth, federation, iis), {}),
        "a renewal that is bound": ((replace(bound, not_after=soon), make.certificate(2, SMTP)), {}),
        "a renewal that is bound and comes": (
            (
                replace(bound, not_after=soon),
                make.certificate(
                    2, SMTP, not_before=make.at(days=3), not_after=make.at(days=400),
                    status=CertificateStatus.DATE_INVALID,
                ),
            ),
            {},
        ),
        "revocation cannot be asked": (
            (replace(bound, status=CertificateStatus.REVOCATION_CHECK_FAILURE),),
            {},
        ),
        "services are unknown": ((replace(bound, services=None),), {}),
        "the key is unknown": ((replace(bound, has_private_key=None),), {}),
        "a renewal with years left": (
            (replace(bound, not_before=make.at(days=-90)), make.certificate(3, SMTP, issuer="CN=Example CA 6")),
            {},
        ),
        "to other Exchange servers": ((own,), {**dead, "smart_host_auth": "ExchangeServer"}),
        "through a front end, elsewhere": ((), {"frontend_proxy": True}),
    }  # fmt: skip


def test_what_is_healthy_stays_silent(make, look):
    for what, (certificates, connector) in healthy_organisations(make).items():
        found = look(*certificates, connector=connector)
        assert ids(found) == ["healthy"], what

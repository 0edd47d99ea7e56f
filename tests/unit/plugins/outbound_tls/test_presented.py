# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The set of certificates that a server may present: whatever the lab's transport service takes, under any reading."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.certificate import (
    Certificate,
    CertificateStatus,
)
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.names import CertificateName
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.receive_connector import ReceiveConnector
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.presented import (
    Usable,
    presented,
    presented_result,
    presented_to_senders,
    thumbprints,
)
from exchange_lab.transport.certificate_choice import certificate_for_domain, named_certificate
from exchange_lab.world import Readings, StoredCertificate
from hypothesis import given
from hypothesis import strategies as st

SMTP = Service.SMTP
SUBJECT, ISSUER = "CN=mail.contoso.com, O=Contoso, C=US", "CN=Example CA 5, O=Example, C=US"
DOMAINS = ("mail.contoso.com", "*.contoso.com", "sip.example.net")


@dataclass(frozen=True)
class Facts:
    """What a certificate says and what is true of it, in days around the clock."""

    subject: str
    issuer: str
    begins: int
    lasts: int
    domains: tuple[str, ...]
    bound: bool
    trusted: bool
    revoked: bool
    reachable: bool


class Stored(StoredCertificate):
    """A certificate of the lab without its bytes."""

    def __init__(self, number: int, facts: Facts, clock: datetime) -> None:
        super().__init__(
            label=str(number),
            certificate=None,  # type: ignore[arg-type]
            network_service=facts.bound,
            trusted=facts.trusted,
            revoked=facts.revoked,
            revocation_reachable=facts.reachable,
        )
        self.facts, self.clock = facts, clock

    @property
    def thumbprint(self) -> str:
        return f"{int(self.label):040X}"

    @property
    def subject(self) -> str:
        return self.facts.subject

    @property
    def issuer(self) -> str:
        return self.facts.subject if self.self_signed else self.facts.issuer

    @property
    def self_signed(self) -> bool:
        return self.facts.issuer == "self"

    @property
    def not_before(self) -> datetime:
        return self.clock + timedelta(days=self.facts.begins, minutes=int(self.label))

    @property
    def not_after(self) -> datetime:
        return self.not_before + timedelta(days=self.facts.lasts)

    @property
    def domains(self) -> tuple[str, ...]:
        return self.facts.domains

    def as_exchange_tells(self) -> Certificate:
        return Certificate(
            thumbprint=self.thumbprint,
            subject=self.subject,
            issuer=self.issuer,
            serial_number=self.label,
            not_before=self.not_before,
            not_after=self.not_after,
            services=frozenset({SMTP}) if self.network_service else frozenset(),
            status=CertificateStatus(self.status(self.clock).text),
            has_private_key=True,
            self_signed=self.self_signed,
            domains=self.domains,
        )


STORES = st.lists(
    st.builds(
        Facts,
        subject=st.sampled_from((SUBJECT, SUBJECT, SUBJECT.upper(), "CN=other.contoso.com")),
        issuer=st.sampled_from((ISSUER, ISSUER, "CN=Example CA 6", "self")),
        begins=st.integers(-60, 10),
        lasts=st.integers(20, 80),
        domains=st.lists(st.sampled_from(DOMAINS), unique=True).map(tuple),
        bound=st.booleans(),
        trusted=st.booleans(),
        revoked=st.booleans(),
        reachable=st.booleans(),
    ),
    max_size=5,
)
NAMES = st.sampled_from((CertificateName(ISSUER, SUBJECT), CertificateName(None, SUBJECT)))
READINGS = [
    Readings(named_certificate=which, expired_named_certificate=expired, named_certificate_case=case)
    for which, expired, case in product(("latest_expiry", "store_order"), ("not_found", "used"), ("ignored", "matched"))
]


def store_of(make, facts):
    return [Stored(number, each, make.clock) for number, each in enumerate(facts)]


def told(store):
    return tuple(each.as_exchange_tells() for each in store)


def taken(entries):
    return {None if each.certificate is None else each.certificate.thumbprint for each in entries}


@pytest.mark.fact("cmdlets 10.2")
@given(facts=STORES, name=NAMES)
def test_by_name_the_set_holds_what_any_reading_takes(make, facts, name):
    store = store_of(make, facts)
    entries = presented(told(store), make.connector(tls_certificate_name=name), make.server(), make.clock)
    for readings in READINGS:
        chosen = named_certificate(store, str(name), make.clock, readings)
        assert (None if chosen is None else chosen.thumbprint) in taken(entries)


@given(facts=STORES)
def test_by_domain_the_set_holds_what_is_taken_and_is_certain_where_all_is_known(make, facts):
    store = store_of(make, facts)
    connector = make.connector(tls_certificate_name=None, fqdn="mail.contoso.com")
    entries = presented(told(store), connector, make.server(), make.clock)
    chosen = certificate_for_domain(store, "mail.contoso.com", make.clock, Readings())
    assert (None if chosen is None else chosen.thumbprint) in taken(entries)
    if all(each.is_dated(make.clock) for each in store):
        assert len(entries) == 1


@given(facts=STORES, order=st.randoms(use_true_random=False))
def test_the_order_of_exchanges_list_decides_nothing(make, facts, order):
    certificates = list(told(store_of(make, facts)))
    shuffled = [*certificates]
    order.shuffle(shuffled)
    for connector in (make.connector(), make.connector(tls_certificate_name=None)):
        one = presented(certificates, connector, make.server(), make.clock)
        assert taken(one) == taken(presented(shuffled, connector, make.server(), make.clock))


@pytest.mark.fact("wire 2.8")
@given(facts=STORES, number=st.integers(0, 4))
def test_what_is_unknown_leaves_every_outcome_open(make, facts, number):
    certificates = told(store_of(make, facts))
    connector = make.connector(tls_certificate_name=None, fqdn="mail.contoso.com")

    def outcome(**changes):
        changed = [replace(each, **changes) if i == number else each for i, each in enumerate(certificates)]
        return taken(presented(changed, connector, make.server(), make.clock))

    known = outcome(services=frozenset({SMTP})) | outcome(services=frozenset())
    assert known <= outcome(services=None)
    assert outcome(has_private_key=True) | outcome(has_private_key=False) <= outcome(has_private_key=None)
    valid, revoked = outcome(status=CertificateStatus.VALID), outcome(status=CertificateStatus.REVOKED)
    assert valid | revoked <= outcome(status=CertificateStatus.UNKNOWN)


def the_only(entries):
    (entry,) = entries
    return entry


def test_a_name_with_one_certificate_is_certain(make):
    certificate = make.certificate(1, SMTP)
    entry = the_only(presented((make.setup_certificate(), certificate), make.connector(), make.server(), make.clock))
    assert (entry.certificate, entry.usable, entry.problem) == (certificate, Usable.YES, "")
    assert entry.reasons == ("TlsCertificateName names its issuer and subject",)


def test_a_name_is_followed_without_a_look_at_the_key(make):
    entry = the_only(presented((make.certificate(1),), make.connector(), make.server(), make.clock))
    assert entry.usable is Usable.NO
    assert "KB 4051498" in entry.problem
    keyless = make.certificate(1, SMTP, has_private_key=False)
    entry = the_only(presented((keyless,), make.connector(), make.server(), make.clock))
    assert "KB 4495258" in entry.problem


def test_of_two_twins_each_says_what_speaks_for_it(make):
    old = make.certificate(1, SMTP, not_before=make.at(days=-300), not_after=make.at(days=20))
    new = make.certificate(2)
    entries = presented((new, old), make.connector(), make.server(), make.clock)
    assert [each.usable for each in entries] == [Usable.NO, Usable.YES]
    assert "valid longest and the newest" in entries[0].reasons[1]
    assert "may come first in the store" in entries[1].reasons[1]


def test_an_expired_one_is_in_the_set_beside_none(make):
    expired = make.certificate(1, SMTP, not_after=make.at(days=-1), status=CertificateStatus.DATE_INVALID)
    entries = presented((expired,), make.connector(), make.server(), make.clock)
    assert taken(entries) == {expired.thumbprint, None}
    assert "whether Exchange still takes it is not known" in entries[0].reasons[-1]
    assert entries[1].problem == "mail waits with 454 4.7.5"


def test_one_that_is_not_valid_yet_is_not_taken(make):
    future = make.certificate(1, SMTP, not_before=make.at(days=3), status=CertificateStatus.DATE_INVALID)
    assert taken(presented((future,), make.connector(), make.server(), make.clock)) == {None}


def test_a_name_that_differs_in_case_is_followed(make):
    shouted = make.certificate(1, SMTP, subject=make.subject.upper())
    entries = presented((shouted,), make.connector(), make.server(), make.clock)
    assert entries[0].usable is Usable.YES
    assert "differs in case" in entries[0].reasons[-1]


def test_unknown_services_are_not_none(make):
    entry = the_only(presented((make.certificate(1, services=None),), make.connector(), make.server(), make.clock))
    assert (entry.usable, entry.problem) == (Usable.UNKNOWN, "its services are unknown")


def test_by_domain_an_exact_name_comes_before_a_wildcard_and_what_is_not_bound_is_not_seen(make):
    connector = make.connector(tls_certificate_name=None, fqdn="mail.contoso.com")
    exact = make.certificate(1, SMTP, domains=("mail.contoso.com",), not_before=make.at(days=-90))
    wildcard = make.certificate(2, SMTP, domains=("*.contoso.com",))
    unbound = make.certificate(3, domains=("mail.contoso.com",), not_before=make.at(days=-1))
    entry = the_only(presented((unbound, wildcard, exact), connector, make.server(), make.clock))
    assert (entry.certificate, entry.usable) == (exact, Usable.YES)
    assert the_only(presented((unbound, wildcard), connector, make.server(), make.clock)).certificate == wildcard
    none = the_only(presented((unbound,), connector, make.server(), make.clock))
    assert (none.certificate, none.usable) == (None, Usable.YES)
    assert "goes on without a certificate" in none.reasons[0]


def test_by_domain_an_expired_one_of_an_authority_wins_over_a_self_signed_one(make):
    connector = make.connector(tls_certificate_name=None, fqdn=None)
    own = make.setup_certificate()
    expired = make.certificate(1, SMTP, domains=(make.fqdn,), not_after=make.at(days=-1))
    entry = the_only(presented((own, expired), connector, make.server(), make.clock))
    assert entry.certificate == expired
    assert the_only(presented((own,), connector, make.server(), make.clock)).certificate == own


def test_without_starttls_none_is_presented(make):
    connector = make.connector(ignore_starttls=True)
    entry = the_only(presented((make.certificate(1),), connector, make.server(), make.clock))
    assert (entry.certificate, entry.usable) == (None, Usable.YES)


def test_between_exchange_servers_the_default_is_presented(make):
    connector = make.connector(smart_host_auth="ExchangeServer")
    own = make.setup_certificate()
    store = (own, make.certificate(1, SMTP))
    entry = the_only(presented(store, connector, make.server(), make.clock, own.thumbprint))
    assert entry.certificate == own
    unknown = presented(store, connector, make.server(), make.clock, None)
    assert own.thumbprint in taken(unknown)


def receiving(**changes):
    facts = {
        "name": "Default Frontend MBX01", "enabled": True, "fqdn": "mail.contoso.com",
        "tls_certificate_name": None, "offers_starttls": True,
    }  # fmt: skip
    return ReceiveConnector(**{**facts, **changes})


def test_receive_connectors_are_searched_in_the_same_way(make):
    bound, unbound = make.certificate(1, SMTP), make.certificate(2, not_before=make.at(days=-1))
    store = (bound, unbound)
    found = presented_to_senders(store, receiving(), make.server(), make.clock)
    assert thumbprints(found) == (bound.thumbprint,)
    named = receiving(tls_certificate_name=CertificateName(make.issuer, make.subject))
    assert set(thumbprints(presented_to_senders(store, named, make.server(), make.clock))) == {
        bound.thumbprint,
        unbound.thumbprint,
    }
    nothing = the_only(presented_to_senders((unbound,), receiving(), make.server(), make.clock))
    assert (nothing.usable, "12014" in nothing.problem + nothing.reasons[0]) == (Usable.NO, True)
    assert thumbprints(presented_to_senders(store, receiving(offers_starttls=False), make.server(), make.clock)) == ()


def test_an_entry_is_told_as_json(make):
    entry = the_only(presented((make.certificate(1, SMTP),), make.connector(), make.server(), make.clock))
    result = presented_result(entry)
    json.dumps(result)
    assert (result["thumbprint"], result["usable"], result["services"]) == (make.thumbprint(1), "yes", ["SMTP"])
    none = the_only(presented((), make.connector(), make.server(), make.clock))
    assert presented_result(none)["thumbprint"] is None


def test_where_none_is_presented_it_is_told_whether_one_bears_the_name(make):
    def why(*certificates):
        return presented(certificates, make.connector(), make.server(), make.clock)[-1].reasons[0]

    assert why() == "no certificate that Exchange lists here bears the name: then mail waits with 454 4.7.5"
    expired = make.certificate(1, SMTP, not_after=make.at(days=-1), status=CertificateStatus.DATE_INVALID)
    assert why(expired) == "Exchange may take none of them: then mail waits with 454 4.7.5"


@pytest.mark.parametrize(("domain", "how"), [("mail.contoso.com", "by name"), ("*.contoso.com", "by a wildcard")])
def test_by_domain_it_is_told_how_it_was_found(make, domain, how):
    connector = make.connector(tls_certificate_name=None)
    certificate = make.certificate(1, SMTP, domains=(domain,))
    entry = the_only(presented((certificate,), connector, make.server(), make.clock))
    assert entry.reasons[0] == f"no TlsCertificateName is set, and it is for mail.contoso.com {how}"


def test_by_domain_one_is_presented_outside_of_its_dates_and_may_not_help(make):
    connector = make.connector(tls_certificate_name=None)
    for dates, problem in (
        ({"not_after": make.at(days=-1)}, "it expired on 2026-03-01, and the other end may refuse it"),
        ({"not_before": make.at(days=3)}, "it is valid from 2026-03-05 on"),
    ):
        certificate = make.certificate(1, SMTP, **dates)
        entry = the_only(presented((certificate,), connector, make.server(), make.clock))
        assert (entry.certificate, entry.usable, entry.problem) == (certificate, Usable.UNKNOWN, problem)

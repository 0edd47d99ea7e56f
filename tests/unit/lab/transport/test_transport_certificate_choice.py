# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificate goes out, by TlsCertificateName and by host name, and whether its key can be used."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from exchange_lab.transport.certificate_choice import (
    Credentials,
    certificate_for_domain,
    choose_credentials,
    key_failure,
    named_certificate,
)
from exchange_lab.world import Readings

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
NAME = "<I>CN=Example CA, O=Example, C=US<S>CN=*.contoso.com, OU=IT, O=Contoso"


class TestKey:
    @pytest.mark.parametrize(
        ("facts", "failure"),
        [
            ({"key": "ok", "network_service": True}, None),
            ({"key": "ok", "network_service": False}, "UnknownCredentials"),
            ({"key": "unreadable", "network_service": True}, "UnknownCredentials"),
            ({"key": "missing", "network_service": False}, "NoCredentials"),
            ({"key": "cng", "network_service": True}, None),
            ({"key": "cng", "network_service": False}, "UnknownCredentials"),
        ],
    )
    def test_is_usable_when_it_exists_and_network_service_may_read_it(
        self, make_certificate: Any, facts: dict[str, Any], failure: str | None
    ) -> None:
        assert key_failure(make_certificate(**facts), Readings()) == failure

    def test_of_a_cng_provider_is_a_matter_of_reading(self, make_certificate: Any) -> None:
        stored = make_certificate(key="cng", network_service=True)
        assert key_failure(stored, Readings(cng_key="unusable")) == "UnknownCredentials"


class TestByName:
    @pytest.mark.fact("cmdlets 0.6")
    def test_is_found_without_a_look_at_its_services(self, make_certificate: Any) -> None:
        stored = make_certificate(network_service=False)
        assert named_certificate([stored], NAME, NOW, Readings()) is stored

    def test_compares_names_in_any_case_and_spacing(self, make_certificate: Any) -> None:
        stored = make_certificate()
        written = "<i>cn=EXAMPLE ca,o=Example,C=US<s>CN=*.CONTOSO.com,OU=it,O=Contoso"
        assert named_certificate([stored], written, NOW, Readings()) is stored

    def test_takes_any_issuer_when_the_name_has_none(self, make_certificate: Any) -> None:
        stored = make_certificate(issuer="CN=Another CA")
        assert named_certificate([stored], NAME, NOW, Readings()) is None
        assert named_certificate([stored], "<S>CN=*.contoso.com, OU=IT, O=Contoso", NOW, Readings()) is stored

    def test_another_subject_is_not_found(self, make_certificate: Any) -> None:
        stored = make_certificate(subject="CN=*.contoso.com, O=Contoso")
        assert named_certificate([stored], NAME, NOW, Readings()) is None

    def test_a_text_that_is_no_name_finds_nothing(self, make_certificate: Any) -> None:
        assert named_certificate([make_certificate()], "CN=*.contoso.com, OU=IT, O=Contoso", NOW, Readings()) is None

    @pytest.mark.fact("cmdlets 10.2", "protocol-log 0.3")
    def test_of_several_takes_the_latest_expiry_or_the_first_of_the_store(self, make_certificate: Any) -> None:
        old, new = make_certificate(days=(-300, 40)), make_certificate(days=(-3, 360))
        assert named_certificate([old, new], NAME, NOW, Readings()) is new
        assert named_certificate([old, new], NAME, NOW, Readings(named_certificate="store_order")) is old

    def test_an_expired_one_is_a_matter_of_reading(self, make_certificate: Any) -> None:
        stored = make_certificate(days=(-300, -1))
        assert named_certificate([stored], NAME, NOW, Readings()) is None
        assert named_certificate([stored], NAME, NOW, Readings(expired_named_certificate="used")) is stored

    def test_one_not_yet_valid_is_not_found(self, make_certificate: Any) -> None:
        stored = make_certificate(days=(1, 300))
        assert named_certificate([stored], NAME, NOW, Readings(expired_named_certificate="used")) is None

    def test_an_untrusted_one_is_not_found_but_a_revoked_one_is(self, make_certificate: Any) -> None:
        assert named_certificate([make_certificate(trusted=False)], NAME, NOW, Readings()) is None
        revoked = make_certificate(revoked=True)
        assert named_certificate([revoked], NAME, NOW, Readings()) is revoked


class TestByDomain:
    @pytest.fixture
    def find(self) -> Any:
        return lambda *store: certificate_for_domain(store, "Mail.contoso.com", NOW, Readings())

    def test_prefers_the_exact_name_to_a_wildcard(self, find: Any, make_certificate: Any) -> None:
        wildcard = make_certificate(network_service=True)
        exact = make_certificate(subject="CN=mail.contoso.com", domains=(), days=(-200, 100), network_service=True)
        assert find(wildcard, exact) is exact
        assert find(wildcard) is wildcard

    def test_takes_the_newest_of_several(self, find: Any, make_certificate: Any) -> None:
        older = make_certificate(days=(-100, 300), network_service=True)
        newer = make_certificate(days=(-10, 200), network_service=True)
        assert find(older, newer) is newer

    @pytest.mark.fact("cmdlets 0.6")
    def test_drops_what_network_service_cannot_read(self, find: Any, make_certificate: Any) -> None:
        older = make_certificate(days=(-100, 300), network_service=True)
        newer = make_certificate(days=(-10, 200), network_service=False)
        assert find(newer, older) is older
        assert find(newer) is None

    def test_drops_untrusted_and_revoked(self, find: Any, make_certificate: Any) -> None:
        assert find(make_certificate(trusted=False, network_service=True)) is None
        assert find(make_certificate(revoked=True, network_service=True)) is None

    def test_prefers_an_expired_one_of_an_authority_to_a_self_signed_one(
        self, find: Any, make_certificate: Any
    ) -> None:
        self_signed = make_certificate(issuer="self", days=(-5, 300), network_service=True)
        expired = make_certificate(days=(-300, -5), network_service=True)
        assert find(self_signed) is self_signed
        assert find(self_signed, expired) is expired

    @pytest.mark.fact("cmdlets 10.9")
    def test_prefers_one_whose_revocation_is_unknown_to_an_expired_one(self, find: Any, make_certificate: Any) -> None:
        offline = make_certificate(revocation_reachable=False, days=(-5, 300), network_service=True)
        expired = make_certificate(days=(-300, -5), network_service=True)
        assert find(expired, offline) is offline


class TestCredentials:
    @pytest.mark.fact("cmdlets 0.6")
    def test_of_a_name_carry_the_failure_of_the_key(self, bench: Any) -> None:
        here = bench()
        connector = here.world.connectors.view("dc01.contoso.test", NOW)[0]
        assert choose_credentials(here.server, connector, NOW, Readings()) == Credentials(
            here.third_party, "UnknownCredentials"
        )

    def test_of_a_name_that_fits_nothing_are_none(self, bench: Any) -> None:
        here = bench(connector={"tls_certificate_name": "<S>CN=gone.contoso.com"})
        connector = here.world.connectors.view("dc01.contoso.test", NOW)[0]
        assert choose_credentials(here.server, connector, NOW, Readings()) is None

    def test_without_a_name_are_looked_for_by_fqdn_and_may_be_anonymous(self, bench: Any) -> None:
        here = bench(connector={"tls_certificate_name": None})
        connector = here.world.connectors.view("dc01.contoso.test", NOW)[0]
        assert choose_credentials(here.server, connector, NOW, Readings()) == Credentials(None)
        here.third_party.network_service = True
        assert choose_credentials(here.server, connector, NOW, Readings()) == Credentials(here.third_party)

    def test_without_name_and_fqdn_are_looked_for_by_the_server(self, bench: Any) -> None:
        here = bench(connector={"tls_certificate_name": None, "fqdn": None})
        connector = here.world.connectors.view("dc01.contoso.test", NOW)[0]
        assert choose_credentials(here.server, connector, NOW, Readings()) == Credentials(here.setup)

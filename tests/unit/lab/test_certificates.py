# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates that the lab makes."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from exchange_lab.certificates import CertificateMaker, TlsAuthority

NOW = datetime(2026, 3, 2, 2, 15, tzinfo=UTC)


def test_a_certificate_says_what_it_was_asked_to_say() -> None:
    made = CertificateMaker().make("CN=mail, O=A", "CN=CA, O=B", ["mail.contoso.com"], NOW, NOW + timedelta(days=1))
    assert made.subject.rfc4514_string() == "CN=mail,O=A"
    assert made.issuer.rfc4514_string() == "CN=CA,O=B"
    assert (made.not_valid_before_utc, made.not_valid_after_utc) == (NOW, NOW + timedelta(days=1))


def test_a_self_signed_certificate_is_signed_by_itself_and_another_is_not() -> None:
    maker = CertificateMaker()
    own = maker.make("CN=mail", "self", [], NOW, NOW + timedelta(days=1))
    own.verify_directly_issued_by(own)
    issued = maker.make("CN=mail", "CN=mail", [], NOW, NOW + timedelta(days=1))
    with pytest.raises(InvalidSignature):
        issued.verify_directly_issued_by(issued)


def test_two_certificates_of_one_name_differ() -> None:
    maker = CertificateMaker()
    first, second = (maker.make("CN=mail", "self", [], NOW, NOW + timedelta(days=1)) for __ in range(2))
    assert first.subject == first.issuer == second.subject
    assert first.serial_number != second.serial_number


def test_dates_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="before"):
        CertificateMaker().make("CN=mail", "self", [], NOW, NOW - timedelta(days=1))


@pytest.mark.parametrize("name", ["mbx01.contoso.test", "127.0.1.1"])
def test_a_tls_client_that_trusts_the_authority_accepts_name_and_address(name: str) -> None:
    authority = TlsAuthority()
    trusting = ssl.create_default_context(cadata=authority.certificate)
    assert _handshake(authority.channel("mbx01.contoso.test", "127.0.1.1").context, trusting, name) is None


@pytest.mark.parametrize(
    ("trusted", "name", "told"),
    [(True, "mbx02.contoso.test", "Hostname mismatch"), (False, "127.0.1.1", "certificate verify failed")],
)
def test_a_tls_client_refuses_another_name_and_an_unknown_authority(trusted: bool, name: str, told: str) -> None:
    authority = TlsAuthority()
    client = ssl.create_default_context(cadata=(authority if trusted else TlsAuthority()).certificate)
    error = _handshake(authority.channel("mbx01.contoso.test", "127.0.1.1").context, client, name)
    assert isinstance(error, ssl.SSLCertVerificationError)
    assert told in str(error)


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> Exception | None:
    """Shake hands over a socket pair; the client's error, if it had one."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except ssl.SSLError:
            theirs.close()  # the client's alert; its own error is what the test reads

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        client.wrap_socket(ours, server_hostname=name).close()
    except ssl.SSLError as error:
        return error
    finally:
        ours.close()
        thread.join()
    return None

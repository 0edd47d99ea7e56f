# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a queue's error hints at: real texts of Exchange 2013 to 2019."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.last_error import (
    TLS_SYMPTOMS,
    ErrorFamily,
    LastError,
    classify_last_error,
    is_about_the_way_to_the_front_end,
    next_hop_named,
)

FAILED_OVER = (
    "Attempted failover to alternate host, but that did not succeed. Either there are no alternate hosts, or delivery "
    "failed to all alternate hosts."
)


@pytest.mark.fact("cmdlets 10.8", "protocol-log 0.1", "protocol-log 7.8", "protocol-log 7.9")
def test_tells_the_published_texts_apart(log_excerpt: Callable[[str], bytes]) -> None:
    texts = [line for line in log_excerpt("20-").decode().splitlines() if not line.startswith("#")]
    assert [classify_last_error(text) for text in texts] == [
        LastError(ErrorFamily.TLS_LOCAL),
        LastError(ErrorFamily.TLS_OR_NETWORK),
        LastError(ErrorFamily.AUTHENTICATION_FAILED),
        LastError(ErrorFamily.FRONTEND_SECURITY_STATUS, "InvalidToken"),
        LastError(ErrorFamily.STARTTLS_REQUIRED),
        LastError(ErrorFamily.SOCKET, "TimedOut"),
        LastError(ErrorFamily.SOCKET, "10060"),
        LastError(ErrorFamily.SOCKET, "10061"),
        LastError(ErrorFamily.SOCKET, "10051"),
        LastError(ErrorFamily.SOCKET, "ConnectionReset"),
        LastError(ErrorFamily.CERTIFICATE_NAME_NOT_FOUND),
        LastError(ErrorFamily.VALIDATION_FAILED, "untrustedroot"),
        LastError(ErrorFamily.ACCESS_DENIED, "UntrustedRoot"),
        LastError(ErrorFamily.ACCESS_DENIED, "TenantInboundAttribution"),
        LastError(ErrorFamily.STARTTLS_REQUIRED),
    ]


@pytest.mark.fact("cmdlets 10.8", "protocol-log 7.9")
@pytest.mark.parametrize(
    ("text", "family", "word"),
    [
        (
            "[{LED=451 4.4.395 Target host responded with error. -> 421 4.4.1 Connection timed out};{MSG=};"
            "{FQDN=contoso-com.mail.protection.outlook.com};{IP=203.0.113.25};{LRT=5/2/2019 6:32:14 AM}]",
            ErrorFamily.TLS_LOCAL,
            "",
        ),
        (
            "451 4.4.0 Error encountered while communicating with primary target IP address: "
            f'"421 4.2.1 Unable to connect." {FAILED_OVER}',
            ErrorFamily.SOCKET,
            "",
        ),
        (
            '451 4.4.0 Primary outbound frontend IP address responded with:   "421 4.4.1 Connection timed out." '
            + FAILED_OVER,
            ErrorFamily.TLS_LOCAL,
            "",
        ),
        (
            "450 4.4.101 Proxy session setup failed on Frontend with '451 4.4.0 Primary target IP address responded "
            f'with: "451 4.4.0 Security status UnknownCredentials." {FAILED_OVER}\'',
            ErrorFamily.FRONTEND_SECURITY_STATUS,
            "UnknownCredentials",
        ),
        (
            "451 4.4.0 DNS query failed. The error was: SMTPSEND.DNS.NonExistentDomain; nonexistent domain",
            ErrorFamily.DNS,
            "NonExistentDomain",
        ),
        ("451 4.4.0 DNS query failed", ErrorFamily.DNS, ""),
        ("550 5.7.64 TenantAttribution; Relay Access Denied", ErrorFamily.ACCESS_DENIED, "TenantAttribution"),
        (
            "421 4.4.1 Connection timed out. Total session duration: 00:10:00.5",
            ErrorFamily.RECEIVE_TIMEOUT,
            "",
        ),
        ("432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded", ErrorFamily.LOAD, ""),
        ('451 4.4.0 Primary target IP address responded with: "421 4.3.2 Service not available"', ErrorFamily.LOAD, ""),
        ("452 4.3.1 Insufficient system resources", ErrorFamily.LOAD, ""),
        ("550 5.1.1 User unknown", ErrorFamily.OTHER, ""),
        ("", ErrorFamily.NONE, ""),
        (" \r\n", ErrorFamily.NONE, ""),
    ],
)
def test_reads_through_the_wrappers(text: str, family: ErrorFamily, word: str) -> None:
    assert classify_last_error(text) == LastError(family, word)


def test_the_way_to_the_front_end_is_told_from_what_a_front_end_answers() -> None:
    unreached = "451 4.4.0 Primary Outbound Frontend IP address responded with: ..."
    assert is_about_the_way_to_the_front_end(unreached)
    assert is_about_the_way_to_the_front_end(f"[{{LED=x}};\r\n{unreached}]")
    assert not is_about_the_way_to_the_front_end(f"{unreached}\r\nproxy session setup FAILED on Frontend")
    assert not is_about_the_way_to_the_front_end("451 4.4.0 Primary target IP address responded with: ...")


@pytest.mark.fact("protocol-log 0.1", "protocol-log 7.8")
def test_two_families_are_worth_a_look_into_the_log() -> None:
    assert {ErrorFamily.TLS_LOCAL, ErrorFamily.TLS_OR_NETWORK} == TLS_SYMPTOMS


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[{LED=451 4.4.397 …};{MSG=};{FQDN=mbx02.contoso.test};{IP=192.0.2.1};{LRT=8/20/2018 12:00:39 AM}]",
         "mbx02.contoso.test"),
        ("[{IP=192.0.2.1};{fqdn=MBX02};{LED=421 4.4.1 Connection timed out}]", "MBX02"),
        ("[{LED=421 4.4.1 Connection timed out};{FQDN=}]", ""),
        ("421 4.4.1 Connection timed out", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_the_next_hop_is_named_in_a_field_of_its_own(text: str, name: str) -> None:
    assert next_hop_named(text) == name

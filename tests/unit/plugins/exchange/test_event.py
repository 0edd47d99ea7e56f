# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of Windows, by the numbers under which they are documented."""

from __future__ import annotations

from datetime import UTC, datetime

from ansible_collections.mailops.exchange.plugins.module_utils._exchange import event
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import RemoteObject

DOCUMENTED = {
    event.NOT_DELIVERED: 2004,
    event.TLS_NOT_OFFERED: 2015,
    event.AUTHENTICATION_FAILED: 2017,
    event.NO_CERTIFICATE: 12014,
    event.INTERNAL_EXPIRED: 12015,
    event.STARTTLS_EXPIRED: 12016,
    event.KEY_NOT_THERE: 36869,
    event.KEY_NOT_ACCESSIBLE: 36870,
    event.NO_CREDENTIAL: 36871,
    event.NO_COMMON_CIPHER: 36874,
    event.ALERT_RECEIVED: 36887,
    event.ALERT_SENT: 36888,
}
"""Documentation pages of MSExchangeTransport's events, and "Schannel Events"."""


def test_events_are_asked_for_by_the_numbers_that_are_documented() -> None:
    assert all(ours == documented for ours, documented in DOCUMENTED.items())
    asked = [number for __, __, numbers in event.SOURCES for number in numbers]
    assert sorted(asked) == sorted(DOCUMENTED.values())
    assert [(log, provider) for log, provider, __ in event.SOURCES] == [
        ("Application", "MSExchangeTransport"),
        ("System", "Schannel"),
    ]


def test_an_event_may_have_no_message() -> None:
    """Windows has none where the provider's own texts are not installed."""
    read = event.event_from(
        RemoteObject(
            properties={
                "ProviderName": "Schannel",
                "Id": 36871,
                "TimeCreated": "2026-03-02T02:14:00.000Z",
                "Message": None,
            }
        )
    )
    assert read == event.Event("Schannel", 36871, datetime(2026, 3, 2, 2, 14, tzinfo=UTC), "")

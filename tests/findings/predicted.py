# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has not failed yet, and will.

Where mail leaves today, that is the root cause's place: the prediction stands beside it.
"""

from __future__ import annotations

from .case import MBX01, Case


def flows(name: str, scenario: str, prediction: str, *facts: str, server: str = MBX01) -> Case:
    return Case("predicted", name, "healthy", facts, scenario, frozenset({prediction}), severity="info", server=server)


PREDICTED = (
    flows("the certificate expires", "certificate-expires", "expires"),
    flows("... and Exchange goes on with it", "certificate-expires", "expires",
          "readings.expired_named_certificate=used"),
    flows("its renewal is not bound", "renewal-not-bound", "unbound_twin"),
    flows("... and TLS is not required", "renewal-not-bound-opportunistic", "clear_text_fallback"),
    flows("its renewal has another name", "renewal-by-another-authority", "renewal_not_named"),
    flows("the name fits nothing", "name-of-nothing", "name_matches_nothing"),
    flows("a source server lacks it", "new-source-server", "source_lacks_certificate", server="mbx02.contoso.test"),
    Case("predicted", "imported, not bound, not used", "named_certificate_unusable", scenario="imported-not-bound",
         severity="warning"),
    flows("mail is held", "kb4051498", "held_back",
          "servers.mbx01.contoso.test.certificates.third-party.network_service=true",
          "mail=[{server: mbx01.contoso.test, domain: fabrikam.com, count: 24, queued_at: -40m, suspended_at: -41m}]"),
    Case("predicted", "mail goes back soon", "port_closed", scenario="mail-about-to-go-back",
         also=frozenset({"messages_expire"})),
)  # fmt: skip

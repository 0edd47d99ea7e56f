# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What predictions about one connector look at, and how they are worded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from .._exchange.certificate import Certificate
from .._exchange.cmdlets import set_send_connector_certificate
from .._exchange.names import CertificateName
from .._exchange.protocol_log import Whose
from .case import Case
from .choice_by_name import has_expired, is_future
from .finding import Confidence, Finding, FindingId, Severity
from .presented import Presented, Usable, usability
from .telling import enabling, finding, on_its_server

THUMBPRINT: Final = "THUMBPRINT"
"""Stands in a line for the thumbprint of a certificate that does not exist yet."""


@dataclass(frozen=True)
class Outlook:
    """A connector, what may be presented for it now, and how far ahead is looked."""

    case: Case
    entries: tuple[Presented, ...]
    warn_days: int

    @property
    def clock(self) -> datetime:
        """Return the server's own time."""
        return self.case.reading.clock

    @property
    def soon(self) -> datetime:
        """Return the end of the time that is looked at."""
        return self.clock + timedelta(days=self.warn_days)

    @property
    def _valid(self) -> tuple[Certificate, ...]:
        found = (each.certificate for each in self.entries if each.certificate is not None)
        return tuple(each for each in found if not has_expired(each, self.clock))

    @property
    def serving(self) -> tuple[Certificate, ...]:
        """Return the certificates that may be presented and used now; what is unknown of them speaks for them."""
        return tuple(each for each in self._valid if not self.fails(each))

    @property
    def failing(self) -> tuple[Certificate, ...]:
        """Return the certificates that may be presented now and cannot be used."""
        return tuple(each for each in self._valid if self.fails(each))

    @property
    def _proven(self) -> frozenset[str]:
        """Return the certificates with which TLS was established last: a row of the log counts more than a flag."""
        story = self.case.story
        if story.success is None or not story.succeeded_last:
            return frozenset()
        return frozenset(each.thumbprint for each in story.success.certificates if each.whose is Whose.OURS)

    @property
    def expired(self) -> tuple[Certificate, ...]:
        """Return the certificates that may still be presented and have expired, the latest first."""
        found = [
            each.certificate
            for each in self.entries
            if each.certificate is not None and has_expired(each.certificate, self.clock)
        ]
        return tuple(sorted(found, key=lambda each: each.not_after or self.clock, reverse=True))

    @property
    def coming(self) -> tuple[Certificate, ...]:
        """Return the certificates of the connector's name that are not valid yet."""
        return tuple(each for each in self.case.named if is_future(each, self.clock))

    def fails(self, certificate: Certificate) -> bool:
        """Tell whether a certificate is known to be unusable, and nothing proves the contrary."""
        return usability(certificate, self.clock)[0] is Usable.NO and certificate.thumbprint not in self._proven

    def prediction(self, what: FindingId, sentence: str, **rest: Any) -> Finding:
        """Return a prediction: a warning, probable and not primary unless ``rest`` says otherwise."""
        fields: dict[str, Any] = {
            "severity": Severity.WARNING,
            "confidence": Confidence.PROBABLE,
            "primary": False,
            **rest,
        }
        return finding(self.case, what, sentence, **fields)

    def binding(self, certificates: tuple[Certificate, ...]) -> tuple[str, ...]:
        """Return the lines that enable certificates of this server for SMTP."""
        return tuple(enabling(self.case.reading.server.fqdn, each.thumbprint) for each in certificates)

    def naming(self, issuer: str, subject: str) -> str:
        """Return the line that lets the connector name a certificate."""
        name = str(CertificateName(issuer, subject))
        return on_its_server(self.case, set_send_connector_certificate(self.case.connector.name, name))


def ends(certificate: Certificate) -> datetime:
    """Return when a certificate expires; one that does not say so never does."""
    return certificate.not_after or _NEVER


_NEVER: Final = datetime.fromisoformat("9999-12-31T00:00:00+00:00")

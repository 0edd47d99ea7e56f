# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be known of a server before a certificate is bound on it, and what is looked at again afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .._exchange.certificate import Certificate, CertificateStatus
from .._exchange.services import Services


@dataclass(frozen=True)
class Absence:
    """Exchange did not return the wanted certificate when it was asked for by its thumbprint.

    ``installed`` is false when the store does not have it; else ``reason`` is the validity word by which Exchange
    refuses it, like ``PrivateKeyMissing``. The list of certificates hides both, so it proves neither.
    """

    thumbprint: str
    installed: bool
    reason: str = ""


@dataclass(frozen=True)
class BindingState:
    """One server's certificates, the wanted one among them.

    ``server`` is its FQDN; ``certificates`` is Exchange's list; ``wanted`` is what asking by the thumbprint returned;
    ``default_certificate`` is InternalTransportCertificateThumbprint, read from the server's own domain controller and
    on an Edge from the Edge, None when it is unknown; ``subscribed`` tells whether it is an Edge that is subscribed
    to a site, None when that is unknown.
    """

    server: str
    is_edge: bool
    certificates: tuple[Certificate, ...]
    wanted: Certificate | Absence
    default_certificate: str | None
    subscribed: bool | None = False

    @property
    def thumbprint(self) -> str:
        """Return the wanted certificate's thumbprint."""
        return self.wanted.thumbprint

    @property
    def others(self) -> tuple[Certificate, ...]:
        """Return all certificates of the list but the wanted one; requests in it are no certificates yet."""
        return tuple(
            each
            for each in self.certificates
            if each.thumbprint != self.thumbprint and each.status is not CertificateStatus.PENDING_REQUEST
        )

    @property
    def holdings(self) -> Mapping[str, Services | None]:
        """Return the services of every certificate by its thumbprint; None where they are unknown."""
        found: dict[str, Services | None] = {each.thumbprint: each.services for each in self.others}
        if isinstance(self.wanted, Certificate):
            found[self.wanted.thumbprint] = self.wanted.services
        return found

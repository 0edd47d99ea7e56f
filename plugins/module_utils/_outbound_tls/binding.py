# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Binding services to a certificate, without taking any from another one.

Read from top to bottom: what is wished, what is there, what forbids it, what will be true, what is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .._exchange.certificate import Certificate, CertificateStatus, is_auth_certificate
from .._exchange.cmdlets import enable_exchange_certificate
from .._exchange.names import thumbprint_from
from .._exchange.prompts import keep_default_certificate, replace_default_certificate, require_ssl
from .._exchange.services import USER_SERVICES, Service, Services
from .._powershell import Pipeline, PromptPolicy, foresee_no_prompt
from .binding_outcome import BindingPlan, Bound, Holdings, binding_outcome
from .binding_state import Absence, BindingState
from .plan import Refused, typed

__all__ = ["Absence", "BindingState", "BindingWish", "plan_binding"]

_NOTHING: Final[Services] = frozenset()
SMTP: Final = frozenset({Service.SMTP})
MAILBOX_SERVICES: Final = frozenset({Service.POP, Service.IMAP})
"""They grant NETWORK SERVICE the key as well, which is what SMTP is (published analysis of Exchange 2013 CU23)."""

_BINDS_WITH_A_WARNING: Final = {
    CertificateStatus.REVOCATION_CHECK_FAILURE: "its revocation list could not be fetched",
    CertificateStatus.UNKNOWN: "the server does not say whether it is valid",
}
_REFUSED: Final = {
    CertificateStatus.DATE_INVALID: "it has expired or is not valid yet. Bind its renewal instead",
    CertificateStatus.REVOKED: "its issuer has revoked it. Bind another certificate",
    CertificateStatus.UNTRUSTED: "the server does not trust its issuer. Install the issuer's certificates first",
    CertificateStatus.INVALID: "the server calls it invalid. Look at it with certutil -verifystore My",
    CertificateStatus.PENDING_REQUEST: "it is a request that was not completed. Import the issued certificate first",
}


@dataclass(frozen=True)
class BindingWish:
    """The certificate that shall have at least these services.

    ``replace_default`` makes it the server's default SMTP certificate too; ``require_ssl`` lets IIS demand SSL of the
    root web site, which Exchange's own tools do unless told otherwise.
    """

    thumbprint: str
    services: Services = SMTP
    replace_default: bool = False
    require_ssl: bool = False

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> BindingWish:
        """Read a module's options.

        Raises:
            Refused: the thumbprint is none, or the options contradict each other.
        """
        services = frozenset(USER_SERVICES[word] for word in options.get("services") or ["SMTP"])
        replace_default = bool(options.get("replace_default"))
        if replace_default and Service.SMTP not in services:
            raise Refused(
                "replace_default is about the default SMTP certificate. Add SMTP to services, or leave it out."
            )
        thumbprint = wanted_thumbprint(str(options["thumbprint"]))
        return cls(thumbprint, services, replace_default, bool(options.get("require_ssl")))


def wanted_thumbprint(text: str) -> str:
    """Read a thumbprint as a user gives it.

    Raises:
        Refused: it is none.
    """
    try:
        return thumbprint_from(text)
    except ValueError as error:
        raise Refused(f"{str(error)[:200]}. exchange_certificate_info returns the thumbprints.") from error


def plan_binding(wish: BindingWish, state: BindingState) -> BindingPlan:
    """Decide what to send so that the wish comes true, and promise what will be true then.

    Raises:
        Refused: the certificate must not or cannot be bound, or something is unknown that must be known.
    """
    certificate = _bindable(state)
    services = _known_services(certificate, state)
    replaces = wish.replace_default and state.default_certificate != certificate.thumbprint
    # Only what is missing: to send a service again rewrites web sites and the names of POP and IMAP.
    to_send = (wish.services - services) | (SMTP if replaces else _NOTHING)
    if replaces:
        _refuse_breaking_the_subscription(state)
    if to_send:
        _refuse_status(certificate, state)
        _refuse_unforeseeable(to_send, certificate, wish, state)
    commands = _commands(to_send, wish, state)
    promise = Bound(
        sent=to_send,
        holdings=_holdings_after(to_send, certificate, state),
        default_certificate=certificate.thumbprint if replaces else state.default_certificate,
        prompt=Service.SMTP in to_send and state.default_certificate not in (None, certificate.thumbprint),
    )
    warnings = _warnings(certificate, state)
    outcome = binding_outcome(state, certificate, promise, typed(commands), warnings)
    return BindingPlan(commands, outcome, state, certificate, promise)


def _bindable(state: BindingState) -> Certificate:
    """Return the wanted certificate, if it is there and belongs to mail."""
    if isinstance(state.wanted, Absence):
        raise Refused(_absent(state.wanted, state.server))
    certificate = state.wanted
    if is_auth_certificate(certificate):
        raise Refused(
            f"{state.server}: {certificate.thumbprint} is the Auth certificate, which signs tokens between servers and "
            f"serves no mail. Take the certificate that the Send connector names."
        )
    if certificate.services is not None and Service.FEDERATION in certificate.services:
        raise Refused(
            f"{state.server}: {certificate.thumbprint} is a federation certificate, which is managed by the federation "
            f"trust alone. Take the certificate that the Send connector names."
        )
    return certificate


def _absent(absence: Absence, server: str) -> str:
    if not absence.installed:
        return (
            f"{server}: there is no certificate {absence.thumbprint} in its store. Import it with its private key "
            f"(Import-ExchangeCertificate, PFX), or take the thumbprint from exchange_certificate_info."
        )
    advice = (
        "Import it again with its private key (PFX), then run again (KB 4495258)"
        if "PrivateKey" in absence.reason or "KeyContainer" in absence.reason
        else "Take another certificate, or have this one issued anew"
    )
    return f"{server}: Exchange cannot use certificate {absence.thumbprint}: {absence.reason or 'no reason'}. {advice}."


def _known_services(certificate: Certificate, state: BindingState) -> Services:
    if certificate.services is None:
        raise Refused(
            f"{state.server}: the services of certificate {certificate.thumbprint} are unknown, so none is added. Look "
            f"at it: Get-ExchangeCertificate {certificate.thumbprint} | Format-List Services."
        )
    return certificate.services


def _refuse_status(certificate: Certificate, state: BindingState) -> None:
    """Exchange itself would bind an expired certificate without a word (published analysis of Exchange 2013 CU23)."""
    if certificate.status in _REFUSED:
        raise Refused(
            f"{state.server}: certificate {certificate.thumbprint} is {certificate.status.value}: "
            f"{_REFUSED[certificate.status]}."
        )
    if certificate.has_private_key is not True:
        known = "has no private key" if certificate.has_private_key is False else "may have no private key: unknown"
        raise Refused(
            f"{state.server}: certificate {certificate.thumbprint} {known}. Import it with its key (PFX), then run "
            f"again (KB 4495258)."
        )


def _refuse_breaking_the_subscription(state: BindingState) -> None:
    """The default certificate of an Edge is the one that EdgeSync trusts since the Edge was subscribed."""
    if not state.is_edge or state.subscribed is False:
        return
    known = "it is a subscribed Edge" if state.subscribed else "whether this Edge is subscribed is unknown"
    raise Refused(
        f"{state.server}: {known}, and EdgeSync trusts its default SMTP certificate: with another one it would have to "
        f"be subscribed again. Leave replace_default out; binding SMTP keeps the default."
    )


def _refuse_unforeseeable(to_send: Services, certificate: Certificate, wish: BindingWish, state: BindingState) -> None:
    if state.default_certificate is None and not wish.replace_default:
        raise Refused(
            f"{state.server}: its default SMTP certificate is unknown, and then Exchange would make "
            f"{certificate.thumbprint} the default without asking. Make the right one the default first "
            f"(replace_default: true), then run again."
        )
    unknown = next((each for each in state.others if each.services is None), None)
    if unknown is not None:
        raise Refused(
            f"{state.server}: the services of certificate {unknown.thumbprint} are unknown, so nobody could see "
            f"whether it loses one. Nothing is changed; look at it in the Exchange Management Shell."
        )
    if to_send & MAILBOX_SERVICES and not _is_host_name(certificate):
        raise Refused(
            f"{state.server}: certificate {certificate.thumbprint} begins with no host name, so Exchange cannot use it "
            f"for POP or IMAP. Set X509CertificateName by Set-PopSettings or Set-ImapSettings instead."
        )


def _is_host_name(certificate: Certificate) -> bool:
    """Tell whether the first name can become X509CertificateName, as Exchange sets it; a wildcard cannot."""
    return bool(certificate.domains) and not certificate.domains[0].startswith("*")


def _holdings_after(to_send: Services, certificate: Certificate, state: BindingState) -> Holdings:
    """Return which certificate has which services afterwards: what is sent, and what that implies.

    SMTP can belong to many certificates. POP and IMAP belong to those that hold the service's X509CertificateName,
    which Exchange sets to the first name of the certificate that is enabled. IIS is a web site's one binding.
    """
    others = {each.thumbprint: _after(each, to_send, certificate) for each in state.others}
    implied = SMTP if to_send & MAILBOX_SERVICES else _NOTHING
    return {**others, certificate.thumbprint: (certificate.services or _NOTHING) | to_send | implied}


def _after(other: Certificate, to_send: Services, certificate: Certificate) -> Services:
    """Return what another certificate holds once the wanted one has got its services."""
    services = other.services or _NOTHING
    for service in to_send & MAILBOX_SERVICES:
        holds_name = certificate.domains[0].lower() in (domain.lower() for domain in other.domains)
        services = services | {service} if holds_name else services - {service}
    if Service.IIS in to_send and not other.self_signed:
        # A self-signed one is Exchange's own, on the web site of the back end, and that one keeps its binding.
        services = services - {Service.IIS}
    return services


def _commands(to_send: Services, wish: BindingWish, state: BindingState) -> tuple[Pipeline, ...]:
    """SMTP, POP and IMAP never ask anything but the one question about the default; IIS asks about SSL, apart."""
    alone = to_send & {Service.IIS} if wish.require_ssl else _NOTHING
    together = to_send - alone
    commands = []
    if together:
        commands.append(
            enable_exchange_certificate(
                state.server,
                state.thumbprint,
                together,
                policy=_about_default(wish, state),
                do_not_require_ssl=Service.IIS in together,
            )
        )
    if alone:
        commands.append(enable_exchange_certificate(state.server, state.thumbprint, alone, policy=require_ssl()))
    return tuple(commands)


def _about_default(wish: BindingWish, state: BindingState) -> PromptPolicy:
    if state.default_certificate is None or state.default_certificate == state.thumbprint:
        return foresee_no_prompt
    answer = replace_default_certificate if wish.replace_default else keep_default_certificate
    return answer(state.thumbprint, state.default_certificate)


def _warnings(certificate: Certificate, state: BindingState) -> tuple[str, ...]:
    found = []
    if certificate.status in _BINDS_WITH_A_WARNING:
        found.append(
            f"{state.server}: the status of certificate {certificate.thumbprint} is {certificate.status.value}: "
            f"{_BINDS_WITH_A_WARNING[certificate.status]}."
        )
    return tuple(found)

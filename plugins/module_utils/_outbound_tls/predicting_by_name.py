# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Predictions for a connector with a TlsCertificateName: an explicit name is taken without a look at the key.

The rules stand in the order of what comes first: no certificate of the name, none that is taken, none that can be used,
one among others that cannot be used, one that is revoked, and last that the one in use expires.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from .._exchange.certificate import Certificate, CertificateStatus
from .._exchange.moments import day_text
from .candidates import is_usable, lacks_smtp, named_certificates
from .choice_by_domain import covers
from .choice_by_name import is_future, is_self_signed
from .finding import Finding, FindingId, Severity
from .outlook import THUMBPRINT, Outlook, ends
from .telling import enabling, held

_NO: Final = "answer No to the question about the default certificate"
_IMPORT: Final = "import it with its private key (PFX) on every source server, enable it for SMTP and " + _NO
_UNLESS: Final = "unless Exchange still takes the expired one"


def predict_by_name(outlook: Outlook) -> Finding | None:
    """Return the first that applies; None where nothing is known to fail."""
    return next((found for rule in _RULES if (found := rule(outlook)) is not None), None)


def _names_nothing(outlook: Outlook) -> Finding | None:
    """Where a front end opens the connection, nobody knows whose store counts until its log has spoken."""
    case = outlook.case
    name = case.connector.tls_certificate_name
    if case.named or name is None or case.connector.frontend_proxy:
        return None
    holders = {
        store.server: named_certificates(store.certificates, case.connector)
        for store in case.reading.other_stores
        if store.certificates is not None
    }
    held_by = [server for server, found in holders.items() if found]
    if held_by:
        return _lacks_what_others_have(outlook, held_by, [one for found in holders.values() for one in found])
    unread = [each.server for each in case.reading.other_stores if each.certificates is None]
    where = f" (the stores of {' and '.join(unread)} are unknown)" if unread else ""
    fitting = _fitting(outlook)
    lines = (outlook.naming(fitting.issuer, fitting.subject),) if fitting else ()
    what = f"that of {fitting.thumbprint}" if fitting else "that of the certificate that is meant"
    return outlook.prediction(
        FindingId.NAME_MATCHES_NOTHING,
        f"no certificate that Exchange lists here bears the name in TlsCertificateName{where}: mail will wait with "
        f"454 4.7.5.",
        remedy=f"Set TlsCertificateName to {what}; one without its private key is hidden from Exchange's list "
        f"(certutil -store My).",
        lines=lines,
        thumbprints=(fitting.thumbprint,) if fitting else (),
    )


def _lacks_what_others_have(outlook: Outlook, holders: Sequence[str], found: Sequence[Certificate]) -> Finding:
    newest = max(found, key=ends)
    return outlook.prediction(
        FindingId.SOURCE_LACKS_CERTIFICATE,
        f"on this source server Exchange lists no certificate of the name in TlsCertificateName, which "
        f"{' and '.join(holders)} {'has' if len(holders) == 1 else 'have'}: mail that it sends will wait (454 4.7.5).",
        remedy=f"Import certificate {newest.thumbprint} here with its private key (PFX), enable it for SMTP and {_NO}; "
        f"or take this server out of the connector's sources.",
        thumbprints=(newest.thumbprint,),
        lines=outlook.binding((newest,)),
    )


def _fitting(outlook: Outlook) -> Certificate | None:
    """Return the certificate that is enabled for SMTP and is for the connector's Fqdn; None where there are several."""
    domain = outlook.case.connector.fqdn
    found = [
        each
        for each in outlook.case.reading.certificates
        if domain and covers(each, domain) and _could_be_named(each) and not outlook.fails(each)
    ]
    return found[0] if len(found) == 1 else None


def _could_be_named(certificate: Certificate) -> bool:
    """A name needs a common name that is a domain (published analysis of Exchange 2013 CU23)."""
    return is_usable(certificate) and not is_self_signed(certificate) and "CN=" in certificate.subject


def _none_is_taken(outlook: Outlook) -> Finding | None:
    """Certificates of the name are here, and none is valid."""
    if outlook.serving or outlook.failing or not outlook.case.named:
        return None
    if outlook.expired:
        return _expires(outlook, outlook.expired[0])
    certificates = outlook.case.named
    states = " and ".join(f"{each.thumbprint} ({_state(outlook, each)})" for each in certificates)
    return outlook.prediction(
        FindingId.NAMED_CERTIFICATE_UNUSABLE,
        f"certificate {states} is all that bears the connector's name, and Exchange takes none that is not valid: mail "
        f"will wait with 454 4.7.5.",
        remedy="Mend its chain (intermediate and root certificates), or set TlsCertificateName to another one.",
        thumbprints=tuple(each.thumbprint for each in certificates),
    )


def _state(outlook: Outlook, certificate: Certificate) -> str:
    if certificate.not_before is not None and is_future(certificate, outlook.clock):
        return f"valid from {day_text(certificate.not_before)} on"
    return certificate.status.value


def _none_serves(outlook: Outlook) -> Finding | None:
    """Whatever is taken cannot be used."""
    if outlook.serving or not outlook.failing:
        return None
    failing = outlook.failing
    thumbprints = " and ".join(each.thumbprint for each in failing)
    bindable = all(lacks_smtp(each) and is_usable(each) for each in failing)
    what, outcome = _outcome(outlook, failing, FindingId.NAMED_CERTIFICATE_UNUSABLE, "the next message will wait")
    return outlook.prediction(
        what,
        f"certificate {thumbprints} is all that bears the connector's name here, and it {_why(failing)}: "
        f"{outcome}."
        f"{held(outlook.case)}",
        remedy=f"Enable it for SMTP, and {_NO}." if bindable else f"Get a new one: {_IMPORT}.",
        thumbprints=tuple(each.thumbprint for each in failing),
        lines=outlook.binding(failing) if bindable else (),
    )


def _why(failing: Sequence[Certificate]) -> str:
    if all(each.has_private_key is False for each in failing):
        return "has no private key here (KB 4495258)"
    bare = all(lacks_smtp(each) and each.has_private_key is not False for each in failing)
    return "is not enabled for SMTP" if bare else "cannot be used"


def _outcome(outlook: Outlook, failing: Sequence[Certificate], waiting: FindingId, waits: str) -> tuple[FindingId, str]:
    """Without RequireTLS Exchange tries again without STARTTLS (published analysis of Exchange 2013 CU23).

    TLS fails with NoCredentials where there is no key, whatever the services are (KB 4495258).
    """
    if outlook.case.connector.insists_on_tls:
        words = ("NoCredentials" if each.has_private_key is False else "UnknownCredentials" for each in failing)
        return waiting, f"{waits} ({' or '.join(dict.fromkeys(words))})"
    return FindingId.CLEAR_TEXT_FALLBACK, "mail leaves unencrypted"


def _twin(outlook: Outlook) -> Finding | None:
    """Some certificates of the name can be used, and others that Exchange may take cannot."""
    serving = outlook.serving
    twins = (*outlook.failing, *(each for each in outlook.coming if outlook.fails(each)))
    if not serving or not twins:
        return None
    twin, last = max(twins, key=ends), max(serving, key=ends)
    bindable = lacks_smtp(twin) and _could_be_bound(outlook, twin)
    if _is_outlived(twin, serving):
        return outlook.prediction(
            FindingId.UNBOUND_TWIN if bindable else FindingId.NAMED_CERTIFICATE_UNUSABLE,
            f"certificate {twin.thumbprint}, which a newer one of the same name outlives, cannot be used: Exchange may "
            f"refuse to change the connector, and mail fails if it takes it.",
            severity=Severity.NOTICE,
            remedy=f"Remove it if nothing else uses it, or enable it for SMTP and {_NO}.",
            thumbprints=(twin.thumbprint,),
            lines=outlook.binding((twin,)) if bindable else (),
        )
    when = twin.not_before if is_future(twin, outlook.clock) else last.not_after
    unusable = FindingId.UNBOUND_TWIN if bindable else FindingId.NAMED_CERTIFICATE_UNUSABLE
    what, outcome = _outcome(outlook, (twin,), unusable, "mail waits")
    return outlook.prediction(
        what,
        f"certificate {twin.thumbprint} of the connector's name {_why((twin,))}: {outcome} when Exchange takes it"
        f"{_at_the_latest(outlook, twin, last)}.{held(outlook.case)}",
        remedy=f"Enable it for SMTP on this server before, and {_NO}." if bindable else f"Get a new one: {_IMPORT}.",
        thumbprints=(twin.thumbprint,),
        when=when,
        lines=outlook.binding((twin,)) if bindable else (),
    )


def _revoked(outlook: Outlook) -> Finding | None:
    """Exchange does not ask whether its own certificate is revoked, as far as is known; the other end may."""
    revoked = [each for each in outlook.serving if each.status is CertificateStatus.REVOKED]
    if not revoked:
        return None
    thumbprints = tuple(each.thumbprint for each in revoked)
    others = len(revoked) < len(outlook.serving)
    return outlook.prediction(
        FindingId.NAMED_CERTIFICATE_UNUSABLE,
        f"certificate {' and '.join(thumbprints)} of the connector's name is revoked: the other end may refuse it when "
        f"Exchange presents it.{held(outlook.case)}",
        remedy="Remove it if nothing else uses it." if others else f"Get a new one: {_IMPORT}.",
        thumbprints=thumbprints,
    )


def _could_be_bound(outlook: Outlook, certificate: Certificate) -> bool:
    """One that is not valid yet has a status that says so, and can be bound for when it is."""
    coming = is_future(certificate, outlook.clock) and certificate.has_private_key is True
    return coming or is_usable(certificate)


def _is_outlived(twin: Certificate, serving: Sequence[Certificate]) -> bool:
    """Tell whether one that can be used is newer and valid longer: only the store's order may prefer the twin then."""
    return any(
        ends(each) >= ends(twin)
        and each.not_before is not None
        and twin.not_before is not None
        and each.not_before >= twin.not_before
        for each in serving
    )


def _at_the_latest(outlook: Outlook, twin: Certificate, last: Certificate) -> str:
    """Tell when no other is left. In both readings of what an expired certificate is good for."""
    if twin.not_before is not None and is_future(twin, outlook.clock):
        return f", from {day_text(twin.not_before)} on"
    if last.not_after is None:
        return ""
    return f", at the latest on {day_text(last.not_after)}, when the other expires, unless that is still taken"


def _ends(outlook: Outlook) -> Finding | None:
    """The last certificate of the name that can be used expires soon. One that follows at once keeps it silent."""
    serving = outlook.serving
    if not serving:
        return None
    last = max(serving, key=ends)
    following = [
        each for each in outlook.coming if not outlook.fails(each) and (each.not_before or ends(last)) <= ends(last)
    ]
    if ends(last) > outlook.soon or any(ends(each) > ends(last) for each in following):
        return None
    renewal = _renewal(outlook, last)
    return _expires(outlook, last) if renewal is None else _not_named(outlook, last, renewal)


def _expires(outlook: Outlook, last: Certificate) -> Finding:
    past = ends(last) < outlook.clock
    day = day_text(ends(last))
    renewal = _renewal(outlook, last)
    if past and renewal is not None:
        return _not_named(outlook, last, renewal)
    return outlook.prediction(
        FindingId.EXPIRES,
        f"certificate {last.thumbprint} {'expired' if past else 'expires'} on {day}, and no other of the connector's "
        f"name follows: {'mail waits' if past else 'then mail waits'} with 454 4.7.5, {_UNLESS}.",
        remedy=f"Renew it: {_IMPORT}. Set TlsCertificateName where issuer or subject have changed.",
        thumbprints=(last.thumbprint,),
        when=last.not_after,
        lines=_lines_for_a_renewal(outlook),
    )


def _lines_for_a_renewal(outlook: Outlook) -> tuple[str, ...]:
    return (enabling(outlook.case.reading.server.fqdn, THUMBPRINT), outlook.naming("ISSUER", "SUBJECT"))


def _not_named(outlook: Outlook, last: Certificate, renewal: Certificate) -> Finding:
    past = ends(last) < outlook.clock
    bind = outlook.binding((renewal,)) if lacks_smtp(renewal) else ()
    first = f"Enable {renewal.thumbprint} for SMTP on every source server and {_NO}, then set" if bind else "Set"
    return outlook.prediction(
        FindingId.RENEWAL_NOT_NAMED,
        f"certificate {last.thumbprint} {'expired' if past else 'expires'} on {day_text(ends(last))}, and its renewal "
        f"has another name than TlsCertificateName says: then mail waits with 454 4.7.5, {_UNLESS}.",
        remedy=f"{first} TlsCertificateName to issuer and subject of the renewal.",
        thumbprints=(last.thumbprint, renewal.thumbprint),
        when=last.not_after,
        lines=(*bind, outlook.naming(renewal.issuer, renewal.subject)),
    )


def _renewal(outlook: Outlook, old: Certificate) -> Certificate | None:
    """Return the certificate that takes the old one's place by all but its name; the one that is valid longest."""
    name = outlook.case.connector.tls_certificate_name
    named = {each.thumbprint for each in outlook.case.named}
    found = [
        each
        for each in outlook.case.reading.certificates
        if name is not None
        and each.thumbprint not in named
        and _could_be_named(each)
        and ends(each) > max(ends(old), outlook.soon)
        and (each.not_before is None or old.not_before is None or each.not_before > old.not_before)
        and old.domains
        and all(_covers_as_well(each, domain) for domain in old.domains)
    ]
    return max(found, key=ends, default=None)


def _covers_as_well(certificate: Certificate, domain: str) -> bool:
    """Tell whether a certificate is for a domain, or has the same wildcard."""
    return domain.lower() in {each.lower() for each in certificate.domains} or covers(certificate, domain)


_RULES: Final[tuple[Callable[[Outlook], Finding | None], ...]] = (
    _names_nothing,
    _none_is_taken,
    _none_serves,
    _twin,
    _revoked,
    _ends,
)

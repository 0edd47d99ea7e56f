# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Predictions for a connector without a TlsCertificateName: a certificate that fits its Fqdn is looked for.

That is a good way to choose one, and there is little to say: what is not bound is not taken, and an expired certificate
is presented all the same (published analysis of Exchange 2013 CU23), which matters where the other end looks at it. Of
a self-signed one nobody expects more.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from .._exchange.certificate import Certificate
from .._exchange.moments import day_text
from .candidates import is_usable, lacks_smtp
from .choice_by_domain import Kind, covers, search
from .choice_by_name import is_self_signed
from .finding import Finding, FindingId, Severity
from .outlook import Outlook, ends

_AFTER = timedelta(seconds=1)


def predict_by_domain(outlook: Outlook) -> Finding | None:
    """Tell that the certificate that is presented expires soon and nothing else takes its place; None otherwise."""
    ending = [
        each.certificate
        for each in outlook.entries
        if each.certificate is not None
        and not is_self_signed(each.certificate)
        and ends(each.certificate) <= outlook.soon
        and _leaves_a_gap(outlook, ends(each.certificate) + _AFTER)
    ]
    if not ending:
        return None
    last = max(ending, key=ends)
    domain = _domain(outlook)
    past = ends(last) < outlook.clock
    unbound = _unbound_renewal(outlook, domain)
    insists = outlook.case.connector.insists_on_tls
    return outlook.prediction(
        FindingId.EXPIRES,
        f"certificate {last.thumbprint}, which is presented as {domain}, {'expired' if past else 'expires'} on "
        f"{day_text(ends(last))}, and no other that is enabled for SMTP follows: it is presented all the same, and "
        f"mail fails where the other end looks at it.",
        severity=Severity.WARNING if insists else Severity.NOTICE,
        remedy=f"Enable its renewal {unbound.thumbprint} for SMTP, and answer No to the question about the default."
        if unbound
        else f"Import its renewal for {domain} with the private key (PFX), and enable it for SMTP.",
        thumbprints=(last.thumbprint,),
        when=last.not_after,
        lines=outlook.binding((unbound,)) if unbound else (),
    )


def _domain(outlook: Outlook) -> str:
    return outlook.case.connector.fqdn or outlook.case.reading.server.fqdn


def _leaves_a_gap(outlook: Outlook, moment: datetime) -> bool:
    """Tell whether the search then ends with an expired certificate or none, whatever is unknown now."""
    found = search(outlook.case.reading.certificates, _domain(outlook), max(moment, outlook.clock))
    return all(each.kind in (Kind.EXPIRED, Kind.EXPIRED_SELF_SIGNED, Kind.UNFIT) for each in found)


def _unbound_renewal(outlook: Outlook, domain: str) -> Certificate | None:
    found = [
        each
        for each in outlook.case.reading.certificates
        if lacks_smtp(each) and is_usable(each) and covers(each, domain) and ends(each) > outlook.soon
    ]
    return max(found, key=ends, default=None)

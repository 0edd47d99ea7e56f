# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What will fail, though it has not failed yet: predictions for one connector on one server.

A prediction names the server, the connector, the day where there is one, what happens then, and what an administrator
would type. Where it is not known what Exchange does, the sentence says both. A checker that shouts is not heard: of a
connector there is one prediction about certificates, the gravest, and none that repeats its root cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from .case import Case
from .finding import Finding, FindingId
from .outlook import Outlook
from .predicting_by_domain import predict_by_domain
from .predicting_by_name import predict_by_name
from .predicting_mail import messages_expire
from .presented import Presented, is_between_exchange_servers

# Root causes that lie in our own certificate: what is predicted of it is told with them already. Of a server that is
# out of service nothing else is judged.
_IN_THE_CERTIFICATE: Final = frozenset(
    {
        FindingId.CERTIFICATE_NOT_BOUND,
        FindingId.KEY_UNUSABLE,
        FindingId.CERTIFICATE_GONE,
        FindingId.NO_PRIVATE_KEY,
        FindingId.CERTIFICATE_NAME_NOT_FOUND,
        FindingId.FRONTEND_PROXY,
        FindingId.MAINTENANCE,
        FindingId.SUSPECTED,
        FindingId.UNEXPLAINED,
        FindingId.SENT_IN_CLEAR,
    }
)
_BY_DATE: Final = frozenset({FindingId.EXPIRES, FindingId.RENEWAL_NOT_NAMED})


def predict(case: Case, entries: Sequence[Presented], primary: Finding, warn_days: int) -> tuple[Finding, ...]:
    """Return what will fail besides the root cause.

    ``entries`` are what the server may present for the connector now; ``warn_days`` is how many days ahead an expiry is
    told. A disabled connector has no future.
    """
    if not case.connector.enabled:
        return ()
    outlook = Outlook(case, tuple(entries), warn_days)
    found = (_of_certificates(outlook), messages_expire(case))
    return tuple(each for each in found if each is not None and not _is_told(case, primary, each))


def _of_certificates(outlook: Outlook) -> Finding | None:
    connector = outlook.case.connector
    if connector.ignore_starttls or is_between_exchange_servers(connector):
        return None
    return predict_by_domain(outlook) if connector.tls_certificate_name is None else predict_by_name(outlook)


def _is_told(case: Case, primary: Finding, prediction: Finding) -> bool:
    """Tell whether the root cause says the same. That the culprit expires besides is another matter."""
    if prediction.id is FindingId.MESSAGES_EXPIRE or is_suspicion(case, primary):
        return False
    if case.mail_waits and prediction.when is not None and prediction.when <= case.reading.clock:
        return True
    return primary.id in _IN_THE_CERTIFICATE and prediction.id not in _BY_DATE


def is_suspicion(case: Case, primary: Finding) -> bool:
    """Tell whether nothing has failed, and a certificate that lacks SMTP is all that the root cause is."""
    return primary.id is FindingId.SUSPECTED and not case.mail_waits


def with_predictions(
    case: Case, primary: Finding, predictions: tuple[Finding, ...]
) -> tuple[Finding, tuple[Finding, ...]]:
    """Return the root cause and what stands beside it. A mere suspicion gives way to the prediction about it."""
    about = next((each for each in predictions if set(each.thumbprints) & set(primary.thumbprints)), None)
    if about is None or not is_suspicion(case, primary):
        return primary, predictions
    surer = replace(about, primary=True, quotes=primary.quotes, where=primary.where)
    return surer, tuple(each for each in predictions if each is not about)

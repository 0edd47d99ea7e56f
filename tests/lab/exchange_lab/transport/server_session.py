# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The beginning of a session between two servers of the organisation, as the one that connects logs it.

After a published analysis of Exchange 2013 CU23. Between the two stand their default certificates, so a ``Sending
certificate`` of such a session is never a connector's.
"""

from __future__ import annotations

from ..agenda import Steps
from ..world import Readings
from .certificate_choice import Credentials
from .failure import Failure
from .handshake import ROUND_TRIP_S, Handshake, start_tls
from .protocol_log import SessionLog
from .smtp import EXTENSIONS, Terms, greet

INSIDE_TLS = tuple(each for each in EXTENSIONS if each != "STARTTLS")


def open_server_session(
    name: str, theirs: Credentials, terms: Terms, log: SessionLog, readings: Readings, *, offers: str
) -> Steps[Failure | None]:
    """Connect to a server and have it offer, inside TLS, what only servers are offered; returns why that failed."""
    log.note("Set Session Permissions", "SendRoutingHeaders")
    log.note("attempting to connect")
    yield ROUND_TRIP_S
    log.connected(terms.local)
    yield ROUND_TRIP_S
    log.received(f"220 {name} Microsoft ESMTP MAIL Service ready")
    yield from greet(name, terms, log, readings, (*INSIDE_TLS, "X-ANONYMOUSTLS"))
    ours = terms.credentials or Credentials(None)
    failure = yield from start_tls("X-ANONYMOUSTLS", Handshake(ours, theirs), log, readings)
    if failure is None:
        yield from greet(name, terms, log, readings, (*INSIDE_TLS, offers))
    return failure

# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hop from a transport service to a Front End Transport service, as the transport service logs it.

After a published analysis of Exchange 2013 CU23; no log of such a hop has been published. Between the two servers stand
their default certificates, so a ``Sending certificate`` of this hop is never the connector's.
"""

from __future__ import annotations

from dataclasses import replace

from ..agenda import Steps
from ..world import Readings, SendConnector
from .certificate_choice import Credentials
from .client import Channel
from .failure import Failure
from .front_end import PORT, FrontEnd
from .handshake import ROUND_TRIP_S, Handshake, start_tls
from .protocol_log import SessionLog
from .smtp import EXTENSIONS, Terms, greet, leave

_INSIDE_TLS = tuple(each for each in EXTENSIONS if each != "STARTTLS")
_BEFORE_TLS = (*_INSIDE_TLS, "X-ANONYMOUSTLS")


def connect(
    front_end: FrontEnd, terms: Terms, ours: Credentials, log: SessionLog, readings: Readings
) -> Steps[Failure | None]:
    """Open the session with the front end; returns why that failed."""
    name = front_end.server.fqdn
    log.note("Set Session Permissions", "SendRoutingHeaders")
    log.note("attempting to connect")
    yield ROUND_TRIP_S
    log.connected(terms.local)
    yield ROUND_TRIP_S
    log.received(f"220 {name} Microsoft ESMTP MAIL Service ready")
    yield from greet(name, terms, log, readings, _BEFORE_TLS)
    failure = yield from start_tls("X-ANONYMOUSTLS", Handshake(ours, front_end.credentials()), log, readings)
    if failure is None:
        yield from greet(name, terms, log, readings, (*_INSIDE_TLS, "XPROXYTO"))
    return failure


def request(
    front_end: FrontEnd, connector: SendConnector, terms: Terms, log: SessionLog, readings: Readings
) -> Steps[Channel | str]:
    """Have the front end reach a peer; returns the channel behind it, or the reply by which it gives up.

    What XPROXYTO carries is not written down anywhere, and left out here.
    """
    log.sent("XPROXYTO")
    reached = yield from front_end.reach(connector, terms.destination, terms.helo, log.session)
    if isinstance(reached, str):
        log.received(reached)
        yield from leave(log)
        return reached
    log.received("250 XProxyTo accepted")
    log.note(
        f"This session is now being proxied through the next hop. The actual connector being used is: {connector.name}"
    )
    # From here on the peer itself answers, to what it sees: the front end passes everything on, and logs nothing of it.
    log.reopened()
    seen = replace(terms, helo=connector.fqdn or terms.helo, local=f"{front_end.address}:{PORT}")
    yield from greet(reached.target.name, seen, log, readings, _INSIDE_TLS)
    return reached

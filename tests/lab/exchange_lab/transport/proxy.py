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
from .client import Channel
from .failure import Failure
from .front_end import PORT, FrontEnd
from .protocol_log import SessionLog
from .server_session import INSIDE_TLS, open_server_session
from .smtp import Terms, greet, leave


def connect(front_end: FrontEnd, terms: Terms, log: SessionLog, readings: Readings) -> Steps[Failure | None]:
    """Open the session with the front end; returns why that failed."""
    name, theirs = front_end.server.fqdn, front_end.credentials()
    return (yield from open_server_session(name, theirs, terms, log, readings, offers="XPROXYTO"))


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
    yield from greet(reached.target.name, seen, log, readings, INSIDE_TLS)
    return reached

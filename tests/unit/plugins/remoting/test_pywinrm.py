# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pywinrm's requests hold, seen by a server that lets nobody in, or by one that asks for nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.options import SessionOptions
from ansible_collections.mailops.exchange.plugins.module_utils._remoting.pywinrm import PywinrmConnection
from pypsrp.exceptions import AuthenticationError, WinRMError

OptionsFor = Callable[..., SessionOptions]
SECRET = b"<an envelope that must not travel in clear/>"


class Site:
    """A web server that answers everything with one status, and remembers what it was sent."""

    def __init__(self, status: int) -> None:
        self.received: list[tuple[Message, bytes]] = []
        site = self

        class Page(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                site.received.append((self.headers, self.rfile.read(int(self.headers["Content-Length"] or 0))))
                self.send_response(status)
                self.send_header("WWW-Authenticate", "Negotiate")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Print nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Page)
        self.port = self.server.server_port


@pytest.fixture(params=[401, 200], ids=["lets nobody in", "asks for nothing"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    started = Site(request.param)
    thread = threading.Thread(target=started.server.serve_forever, args=(0.05,))
    thread.start()
    yield started
    started.server.shutdown()
    thread.join()
    started.server.server_close()


@pytest.mark.parametrize("library", ["pywinrm"], indirect=True)
def test_without_a_seal_nothing_is_sent_not_even_later(site: Site, options_for: OptionsFor) -> None:
    """pywinrm by itself sends the second message in clear, over the session whose authentication has failed."""
    connection = PywinrmConnection(options_for(site))
    for _attempt in range(2):
        with pytest.raises((AuthenticationError, WinRMError)):
            connection.send(SECRET, connection_timeout=5, read_timeout=5)
    connection.close()
    assert len(site.received) >= 2
    assert [body for __, body in site.received] == [b""] * len(site.received)


@pytest.mark.parametrize("library", ["pywinrm"], indirect=True)
def test_answers_may_not_be_compressed(site: Site, options_for: OptionsFor) -> None:
    connection = PywinrmConnection(options_for(site))
    with pytest.raises((AuthenticationError, WinRMError)):
        connection.send(SECRET, connection_timeout=5, read_timeout=5)
    connection.close()
    assert {headers["Accept-Encoding"] for headers, __ in site.received} == {"identity"}

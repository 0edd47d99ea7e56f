# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listener: HTTP and HTTPS on a loopback address, one thread and one authentication a TCP connection."""

from __future__ import annotations

import contextlib
import secrets
import select
import socket
import socketserver
import ssl
import sys
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Literal, cast
from urllib.parse import parse_qsl, urlsplit

from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

from .acceptor import Acceptance, ServiceKeys
from .accounts import Accounts
from .authentication import Authenticator, Challenge, Identity
from .commands import Caller
from .sealing import MalformedMessage, is_sealed
from .shell import ClientGone, Endpoint
from .traffic import Traffic
from .wsman import STOP_PATIENCE_S, Service, normal_path

POLL_S: Final = 0.05
"""How often a listener looks for idle shells, and for its own stop."""

SOAP: Final = "application/soap+xml;charset=UTF-8"
NOT_FOUND: Final = (
    b"<!DOCTYPE html>\r\n<html><head><title>404 - File or directory not found.</title>\r\n<body>"
    b"<h2>404 - File or directory not found.</h2><br>\r\n"
    b"The resource you are looking for might have been removed, had its name changed, or is temporarily unavailable."
    b"</body></html>\r\n"
)
"""As a browser shows it, and no well-formed XML: a client must not take it for a fault."""


class Listener:
    """One address and port with the endpoints of one server behind it.

    ``port`` 0 takes a free one; it is known at once, before ``start``. ``authentication`` lists the schemes offered, in
    the order offered; ``keys`` are those for tickets, without them Negotiate is NTLM. ``tls`` is the server's context
    and must be given for ``https``, and only then; with ``bindings``, those of that channel, a client must bind its
    authentication to it (extended protection). With ``require_encryption``, a message that neither TLS nor message
    encryption protects is refused, and Basic is not even offered over plain HTTP (WinRM's AllowUnencrypted=false).
    """

    def __init__(
        self,
        address: str,
        port: int = 0,
        *,
        scheme: Literal["http", "https"] = "http",
        endpoints: Sequence[Endpoint],
        accounts: Accounts,
        authentication: Sequence[str] = ("Negotiate", "Basic"),
        keys: ServiceKeys | None = None,
        tls: ssl.SSLContext | None = None,
        bindings: GssChannelBindings | None = None,
        require_encryption: bool = True,
        traffic: Traffic | None = None,
    ) -> None:
        if (scheme == "https") != (tls is not None):
            raise ValueError("https needs a TLS context, http has no use for one")
        if require_encryption and tls is None:
            authentication = [name for name in authentication if name != "Basic"]
        self.address = address
        self.scheme = scheme
        self.traffic = traffic or Traffic()
        self._service = Service(endpoints, self.traffic)
        self._server = _Server(
            (address, port),
            service=self._service,
            traffic=self.traffic,
            acceptance=Acceptance(accounts, keys, bindings),
            schemes=tuple(authentication),
            tls=tls,
            require_encryption=require_encryption,
        )
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_S,), name=f"listener {self.url}")

    @property
    def url(self) -> str:
        """Scheme, address and port, without a path."""
        return f"{self.scheme}://{self.address}:{self.port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port, every connection and every shell, and wait for the pipelines' threads."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.close_connections()
        self._service.shells.close_all(STOP_PATIENCE_S)

    def __enter__(self) -> Listener:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(
        self,
        address: tuple[str, int],
        *,
        service: Service,
        traffic: Traffic,
        acceptance: Acceptance,
        schemes: tuple[str, ...],
        tls: ssl.SSLContext | None,
        require_encryption: bool,
    ) -> None:
        self.service = service
        self.traffic = traffic
        self.acceptance = acceptance
        self.schemes = schemes
        self.tls = tls
        self.require_encryption = require_encryption
        self.cookie = f"balancer={secrets.token_hex(8)}"
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        super().__init__(address, _Connection)

    def server_bind(self) -> None:
        # http.server's own asks DNS for the host's name.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, client = super().get_request()
        if self.tls is not None:
            # The handshake waits for the connection's own thread, else a slow client would keep others from connecting.
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._connections_lock:
            self._connections.add(connection)
        self.traffic.count("connections")
        return connection, client

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """Hang up on everybody; their threads end by it."""
        with self._connections_lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):  # when the client was faster
                connection.shutdown(socket.SHUT_RDWR)

    def service_actions(self) -> None:
        # Called by serve_forever at every turn of its loop: no thread of its own is needed for idle shells.
        self.service.shells.close_idle()

    def handle_error(self, request: Any, client_address: Any) -> None:
        del request, client_address
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):  # lost connections and failed TLS handshakes are life
            self.traffic.crashed(error, "a connection failed")


class _Connection(BaseHTTPRequestHandler):
    """One TCP connection: http.server makes one instance for each."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body of a reply leave in one segment
    timeout = 300
    server_version = "Microsoft-HTTPAPI/2.0"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        server = self._server
        self._authenticator = Authenticator(server.acceptance, server.schemes, realm=str(server.server_address[0]))

    def log_message(self, format: str, *args: Any) -> None:
        """Traffic counts; nothing is printed."""

    def do_POST(self) -> None:
        """Answer one request."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._server.traffic.count("requests")
        self._server.traffic.count(
            "bytes_in", len(self.requestline) + len(b"\r\n") + len(self.headers.as_bytes()) + len(body)
        )
        url = urlsplit(self.path)
        endpoint = self._server.service.endpoint(url.path)
        if endpoint is None:
            self._reply(404, NOT_FOUND, "text/html")
            return
        identity = self._authenticator.authenticate(self.headers.get("Authorization"))
        if isinstance(identity, Challenge):
            self._server.traffic.count("challenges")
            self._reply(401, authenticate=identity.values)
        elif not body:  # a client that seals authenticates first, with an empty message
            self._reply(200, authenticate=_values(identity))
        else:
            self._answer(body, endpoint, identity, dict(parse_qsl(url.query)))

    def _answer(self, body: bytes, endpoint: Endpoint, identity: Identity, query: dict[str, str]) -> None:
        content_type = self.headers.get("Content-Type", "")
        sealed = is_sealed(content_type)
        encrypted = sealed or self._server.tls is not None
        if self._server.require_encryption and not encrypted:
            self._reply(500, authenticate=_values(identity))
            return
        if sealed:
            try:
                body = self._authenticator.unseal(content_type, body)
            except (MalformedMessage, SpnegoError):
                self.close_connection = True
                self._reply(400)
                return
        path = normal_path(endpoint.path)
        caller = Caller(identity.user, identity.authentication, identity.scheme, encrypted, path, query)
        misrouted = endpoint.balancer and self._server.cookie not in self.headers.get("Cookie", "")
        try:
            reply = self._server.service.handle(body, caller, self._client_gone, misrouted=misrouted)
        except ClientGone:
            self.close_connection = True
            return
        content_type, content = SOAP, reply.envelope
        if sealed:
            content_type, content = self._authenticator.seal(content, stray_space=endpoint.stray_space)
        cookie = ""
        if misrouted:
            # The server that knows nothing of the shell is another one, and keeps whoever came to it.
            cookie = self._server.cookie if reply.status == 200 else f"balancer={secrets.token_hex(8)}"
        self._reply(reply.status, content, content_type, authenticate=_values(identity), cookie=cookie)

    def _reply(
        self,
        status: int,
        body: bytes = b"",
        content_type: str = "",
        *,
        authenticate: Sequence[str] = (),
        cookie: str = "",
    ) -> None:
        self.send_response(status)
        for value in authenticate:
            self.send_header("WWW-Authenticate", value)
        if cookie:
            self.send_header("Set-Cookie", f"{cookie}; path=/; HttpOnly")
        if content_type:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        head = b"".join(self._headers_buffer)  # type: ignore[attr-defined] # http.server has no public name for it
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        self._server.traffic.count("bytes_out", len(head) + len(b"\r\n") + len(body))

    def _client_gone(self) -> bool:
        # A client owes us nothing while it waits for a reply, so anything to read is its goodbye (an end of file, under
        # TLS perhaps a close alert). Nobody pipelines requests here.
        watch = select.poll()
        watch.register(self.connection, select.POLLIN | select.POLLHUP | select.POLLERR)
        return bool(watch.poll(0))

    @property
    def _server(self) -> _Server:
        return cast("_Server", self.server)


def _values(identity: Identity) -> tuple[str, ...]:
    return (identity.reply_token,) if identity.reply_token else ()

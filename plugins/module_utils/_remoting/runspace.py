# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One runspace pool on a server, by pypsrp 0.8.1 or newer, over HTTP by whichever library.

Mechanics only: what to do when something fails is decided in ``session``.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any, Final

from .._libraries import require
from .._powershell import Pipeline, Prompt, RemoteError
from .clixml import make_reader
from .errors import UnexpectedAnswer, UnsendableValue
from .faults import UNKNOWN_SHELL
from .options import SessionOptions
from .prompts import make_host
from .pywinrm import PywinrmConnection
from .records import read_error
from .transport import BoundedTransport, PypsrpConnection
from .values import to_wire

# pypsrp logs each time-out with its traceback, and Python prints what nobody handles: every failure is raised anyway.
logging.getLogger("pypsrp").addHandler(logging.NullHandler())

_PSRP_RESOURCE: Final = "http://schemas.microsoft.com/powershell/"


class Runspace:
    """A runspace pool that is open, or was. Not for two threads."""

    def __init__(self, options: SessionOptions, answer: Callable[[Prompt], int]) -> None:
        """Build everything in memory; nothing is sent. ``answer`` is asked for the index of every choice."""
        self._options = options
        self._wsman = _wsman(options)
        own = options.library == "pypsrp"
        self.transport = BoundedTransport(
            PypsrpConnection(self._wsman.transport) if own else PywinrmConnection(options),
            connection_timeout=options.connection_timeout,
            read_timeout=options.read_timeout,
        )
        self._wsman.transport = self.transport
        self._pool = require("pypsrp.powershell").RunspacePool(
            self._wsman, host=make_host(answer), configuration_name=options.configuration
        )
        # RunspacePool takes idle_timeout only since 0.9; the attribute serves both.
        self._pool.shell.idle_time_out = options.idle_timeout
        self._pool._serializer = self._pool._fragmenter.serializer = make_reader()

    def open(self) -> None:
        """Create the pool on the server and negotiate."""
        self._pool.open()

    def prepare(self, pipeline: Pipeline) -> Any:
        """Return pypsrp's PowerShell for a pipeline, with every parameter as its own type; nothing is sent.

        Raises:
            UnsendableValue: a parameter that has no form on the wire.
        """
        running = require("pypsrp.powershell").PowerShell(self._pool)
        for command in pipeline.commands:
            running.add_cmdlet(command.name)
            for name, value in command.parameters.items():
                try:
                    running.add_parameter(name, to_wire(value))
                except (TypeError, ValueError) as error:
                    raise UnsendableValue(
                        self._options.server, f"{command.name} was not sent, its parameter {name} is wrong: {error}"
                    ) from error
        return running

    def is_running(self, running: Any) -> bool:
        """Tell whether the pipeline has not reached an end yet, as far as was received."""
        return bool(running.state == require("pypsrp.complex_objects").PSInvocationState.RUNNING)

    def receive(self, running: Any) -> None:
        """Wait for output until the operation time-out or the transport's deadline, whichever comes first."""
        wait = min(self._options.operation_timeout, math.ceil(self.transport.deadline.left()))
        running.poll_invoke(timeout=max(1, wait))

    def errors(self, running: Any) -> tuple[RemoteError, ...]:
        """Return an ended pipeline's error records; pypsrp's had_errors ignores those that did not end it.

        Raises:
            UnexpectedAnswer: it ended neither by itself nor by an error.
        """
        states = require("pypsrp.complex_objects").PSInvocationState
        if running.state not in (states.COMPLETED, states.FAILED):
            raise UnexpectedAnswer(self._options.server, f"the server stopped the pipeline (state {running.state})")
        errors = tuple(read_error(record) for record in running.streams.error)
        if running.state == states.FAILED and not errors:
            return (RemoteError("the pipeline failed and left no error record"),)
        return errors

    def refusals(self) -> tuple[type[BaseException], ...]:
        """Return how a server that is there says that it will not do this one thing: by a fault, or by no answer."""
        requests = require("requests.exceptions")
        return require("pypsrp.exceptions").WSManFaultError, requests.ReadTimeout, TimeoutError

    def stop(self, running: Any) -> None:
        """Press Ctrl-C."""
        running.stop()

    def terminate(self, running: Any) -> None:
        """Free an ended pipeline on the server. (pypsrp's own ``close`` came with 0.9.)"""
        self._pool.shell.signal(require("pypsrp.shell").SignalCode.TERMINATE, running.id)
        self._pool.pipelines.pop(running.id, None)

    def delete(self) -> None:
        """End the pool on the server, even if the answer to its creation never came: the shell's id is ours.

        A pool that is gone already is none to complain about.
        """
        selectors = require("pypsrp.wsman").SelectorSet()
        selectors.add_option("ShellId", self._pool.shell.id or self._pool.id)
        fault = require("pypsrp.exceptions").WSManFaultError
        try:
            self._wsman.delete(_PSRP_RESOURCE + self._options.configuration, selector_set=selectors)
        except fault as error:
            if error.code != UNKNOWN_SHELL:
                raise


def _wsman(options: SessionOptions) -> Any:
    verify: bool | str = options.validate_certificates and (options.ca_certificate or True)
    return require("pypsrp.wsman").WSMan(
        options.host,
        port=options.port,
        ssl=options.scheme == "https",
        path=options.path.lstrip("/"),
        username=options.username,
        password=None if options.takes_ticket else options.password,
        auth=options.authentication,
        cert_validation=verify,
        encryption=options.message_encryption,
        proxy=options.proxy,
        no_proxy=options.no_proxy,
        operation_timeout=options.operation_timeout,
        negotiate_service=options.kerberos_service,
        negotiate_hostname_override=options.hostname_override,
        negotiate_send_cbt=options.send_cbt,
        negotiate_delegate=options.delegate,
        certificate_pem=options.client_certificate,
        certificate_key_pem=options.client_certificate_key,
        credssp_auth_mechanism=options.credssp_mechanism,
        credssp_disable_tlsv1_2=options.credssp_disable_tlsv1_2,
        credssp_minimum_version=options.credssp_minimum_version,
    )

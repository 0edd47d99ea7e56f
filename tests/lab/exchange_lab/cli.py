# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: ``exchange-lab run | serve | state | advance``."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, get_args

import yaml

from . import control
from .inventory import Connection, inventory_of
from .kdc import RealmError
from .organisation import Organisation
from .scenario import ScenarioError, load
from .state import State
from .timespan import log_time, parse_span
from .transport import NotSimulated

LAB = Path(__file__).resolve().parents[1]
REPOSITORY = LAB.parents[1]

USAGE_ERROR, COMMAND_NOT_FOUND, BY_SIGNAL = 2, 127, 128


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.carry_out(options)
    except (ScenarioError, NotSimulated, RealmError, control.ControlError) as error:
        print(error, file=sys.stderr)
        return USAGE_ERROR
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="exchange-lab", description="A simulated Exchange organisation.")
    commands = parser.add_subparsers(required=True, metavar="run | serve | state | advance")

    scenario = argparse.ArgumentParser(add_help=False)
    scenario.add_argument("--scenario", type=Path, required=True, metavar="FILE", help="the facts of the organisation")
    scenario.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change one fact of the scenario, as in connectors.NAME.require_tls=false; may be repeated",
    )
    scenario.add_argument(
        "--connection", choices=get_args(Connection), default="psrp", help="what the inventory reaches servers by"
    )
    scenario.add_argument("--state", type=Path, metavar="FILE", help="where to write the state at the end, as JSON")

    run = commands.add_parser("run", parents=[scenario], help="run a command against an organisation")
    run.add_argument("command", nargs="+", metavar="COMMAND", help="after --; its exit status is that of run")
    run.set_defaults(carry_out=_run)

    serve = commands.add_parser("serve", parents=[scenario], help="keep an organisation up until interrupted")
    serve.set_defaults(carry_out=_serve)

    state = commands.add_parser("state", help="print the state of the lab around this command")
    state.set_defaults(carry_out=_state)

    advance = commands.add_parser("advance", help="let time pass in the lab around this command, and print its time")
    advance.add_argument("span", help="such as 3d, 1h30m, 90s or 0s")
    advance.set_defaults(carry_out=_advance)
    return parser


def _run(options: argparse.Namespace) -> int:
    started: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int) -> None:
        # An interrupt reaches the command directly, it shares our terminal; it ends the lab by ending.
        if number == signal.SIGTERM:
            for process in started:
                process.terminate()

    with _organisation(options) as environment, _signals(pass_on):
        try:
            started.append(subprocess.Popen(options.command, env={**os.environ, **environment}))
        except OSError as error:
            print(f"exchange-lab: {options.command[0]}: {error.strerror}", file=sys.stderr)
            return COMMAND_NOT_FOUND
        status = started[0].wait()
    return status if status >= 0 else BY_SIGNAL - status


def _serve(options: argparse.Namespace) -> int:
    stop = threading.Event()
    with _signals(lambda _number: stop.set()), _organisation(options) as environment:
        for name, value in environment.items():
            print(f"# export {name}={value}")
        print(Path(environment["ANSIBLE_INVENTORY"]).read_text(encoding="utf-8"), flush=True)
        stop.wait()
    return 0


def _state(_options: argparse.Namespace) -> int:
    print(json.dumps(control.ask(os.environ.get(control.ADDRESS_VARIABLE), {"do": "state"}), indent=2))
    return 0


def _advance(options: argparse.Namespace) -> int:
    print(control.ask(os.environ.get(control.ADDRESS_VARIABLE), {"do": "advance", "by": options.span}))
    return 0


@contextmanager
def _organisation(options: argparse.Namespace) -> Iterator[Mapping[str, str]]:
    """Keep the organisation up; yields the environment by which commands find it."""
    organisation = Organisation(load(options.scenario, options.set))
    with tempfile.TemporaryDirectory(prefix="exchange-lab-") as name:
        directory = Path(name)
        with organisation:
            authority, inventory = directory / "ca.pem", directory / "inventory.yml"
            authority.write_text(organisation.authority, encoding="ascii")
            hosts = inventory_of(organisation.world, authority, options.connection)
            inventory.write_text(yaml.safe_dump(hosts, sort_keys=False))
            channel = control.ControlServer(directory / "control", lambda request: _answer(organisation, request))
            channel.start()
            try:
                yield _environment(inventory, channel.path, organisation.kerberos_config)
            finally:
                channel.stop()
                # Before the listeners hang up: their shells are what a client left open.
                _leave(organisation.state(), options.state)


def _answer(organisation: Organisation, request: dict[str, Any]) -> Any:
    match request:
        case {"do": "state"}:
            return organisation.state()
        case {"do": "advance", "by": str() as span}:
            return log_time(organisation.advance(parse_span(span)))
        case _:
            raise ValueError(f"the lab does not know the request {request}")


def _environment(inventory: Path, channel: Path, kerberos_config: Path | None) -> dict[str, str]:
    environment = {
        "ANSIBLE_INVENTORY": str(inventory),
        control.ADDRESS_VARIABLE: str(channel),
        "PATH": os.pathsep.join([str(LAB), str(REPOSITORY / ".venv" / "bin"), os.environ.get("PATH", os.defpath)]),
    }
    if kerberos_config is not None:
        environment["KRB5_CONFIG"] = str(kerberos_config)
    collections = REPOSITORY / ".venv" / "collections"
    if "ANSIBLE_COLLECTIONS_PATH" not in os.environ and collections.is_dir():
        environment["ANSIBLE_COLLECTIONS_PATH"] = str(collections)
    return environment


def _leave(state: State, file: Path | None) -> None:
    if file is not None:
        file.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
    for crash in state["crashes"]:
        print(f"exchange-lab: error of the lab itself: {crash}", file=sys.stderr)


@contextmanager
def _signals(handler: Callable[[int], object]) -> Iterator[None]:
    """Hand SIGINT and SIGTERM to ``handler`` instead of ending this process."""

    def received(number: int, _frame: FrameType | None) -> None:
        handler(number)

    before = {number: signal.signal(number, received) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)

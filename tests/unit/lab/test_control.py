# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control channel of a running lab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from exchange_lab.control import ControlError, ControlServer, ask


def handler(request: dict[str, Any]) -> Any:
    if request["do"] == "refuse":
        raise ValueError("no such day")
    return {"heard": request}


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    server = ControlServer(tmp_path / "control", handler)
    server.start()
    yield str(server.path)
    server.stop()


def test_carries_a_request_and_its_result(address: str) -> None:
    assert ask(address, {"do": "state"}) == {"heard": {"do": "state"}}
    assert ask(address, {"do": "advance", "by": "3d"}) == {"heard": {"do": "advance", "by": "3d"}}


def test_a_refusal_becomes_the_clients_error(address: str) -> None:
    with pytest.raises(ControlError, match="no such day"):
        ask(address, {"do": "refuse"})


def test_outside_of_a_lab_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="EXCHANGE_LAB_CONTROL is not set"):
        ask(None, {"do": "state"})
    with pytest.raises(ControlError, match="does not answer: No such file"):
        ask(str(tmp_path / "control"), {"do": "state"})


def test_leaves_no_socket_behind(tmp_path: Path) -> None:
    server = ControlServer(tmp_path / "control", handler)
    server.start()
    server.stop()
    assert list(tmp_path.iterdir()) == []

# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs remember for each other on the controller: small files with a lock each, and which runs still live."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import re
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from ._outbound_tls.logging_record import Holder, Run
from ._outbound_tls.plan import Refused

_Record = TypeVar("_Record")
_PAUSE: Final = 0.05
_ENDED: Final = ":ended"
PATIENCE: Final = timedelta(minutes=30)
"""For how long a run on another machine, such as an execution environment's container, counts as alive after it has
last said something: it cannot be asked."""


def file_name(*parts: str) -> str:
    """Return parts as one name of a file, whatever they hold."""
    return re.sub(r"[^a-z0-9.-]", "_", "-".join(parts).lower())


@contextmanager
def locked_file(path: Path, budget: float, what: str) -> Iterator[None]:
    """Hold a lock, across processes, for as long as the block runs; ``what`` another task does that holds it.

    Raises:
        Refused: somebody else holds it for longer than ``budget`` seconds, or the directory cannot be used.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unusable(path, error) from error
    try:
        _wait_for(lock, path, budget, what)
        yield
    finally:
        os.close(lock)  # and with it the lock; the file stays, since another one may be waiting on it


def read_text(path: Path) -> str | None:
    """Return a file's text; None when there is no file.

    Raises:
        Refused: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise unusable(path, error) from error


def read_record(path: Path, parse: Callable[[Any], _Record], otherwise: str) -> _Record | None:
    """Return the record that a file holds; None when there is no file.

    ``parse`` raises ValueError, LookupError, TypeError or AttributeError for what is no record, or another's;
    ``otherwise`` completes the sentence that tells of such a file, and what to do about it.

    Raises:
        Refused: there is a file, and it is not such a record, or it cannot be read.
    """
    text = read_text(path)
    if text is None:
        return None
    try:
        return parse(json.loads(text))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Refused(f"{path} is not a record of {otherwise}") from error


def write_record(path: Path, value: Mapping[str, Any] | None) -> None:
    """Put a record in place, or remove it, in one step that no crash can cut in two.

    Raises:
        Refused: the directory cannot be written.
    """
    try:
        if value is None:
            path.unlink(missing_ok=True)
        elif (text := json.dumps(value, indent=2) + "\n") != read_text(path):
            _replace(path, text)
    except OSError as error:
        raise unusable(path, error) from error


def this_run() -> Run:
    """Return the run that this process belongs to: of a fork, the ansible-playbook that made it."""
    parent = multiprocessing.parent_process()
    pid = os.getpid() if parent is None or parent.pid is None else parent.pid
    return Run(socket.gethostname(), pid, _started(pid) or "")


def is_dead(holder: Holder, now: datetime, patience: timedelta = PATIENCE) -> bool:
    """Tell whether a holder's run has ended without leaving; of another machine's, by ``patience``."""
    run = holder.run
    if run.controller != socket.gethostname():
        return now - holder.since > patience
    started = _started(run.pid)
    # A worker may outlive its run, and name it when it has ended.
    if started is not None and started.endswith(_ENDED):
        return True
    if started is not None and run.started:
        return started != run.started
    return not _exists(run.pid)


def _started(pid: int) -> str | None:
    """Return the boot and the tick at which a process began; None without it, or without a ``/proc``."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # The second field is the program's name in parentheses, which may hold blanks and parentheses itself.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    # A zombie has ended; where nobody reaps it, as in many a container, it stays for good.
    return f"{boot}{_ENDED}" if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _wait_for(lock: int, path: Path, budget: float, what: str) -> None:
    end = time.monotonic() + budget
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() > end:
            raise Refused(
                f"{path} has been locked for {budget:g} seconds by another task that {what}. "
                f"Wait for it to end, then run again."
            )
        time.sleep(_PAUSE)


def _replace(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def unusable(path: Path, error: Exception) -> Refused:
    """Return the refusal for a file that cannot be read or written."""
    why = getattr(error, "strerror", None) or error  # without the path, which is told already
    return Refused(f"The journal {path} cannot be used ({why}). Make the directory writable, or set journal_dir.")

# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make roads``: KB 4051498 is repaired on every road to a server, and on each road's negative control it is not.

Progress while it runs, a table at the end, the same in build/roads.json. The exit status is 0 only if all is as it must
be. Names of roads, or parts of them, choose some: ``python -m tests.roads winrm kerberos``.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .drive import Drive, drive
from .roads import FOREIGN_AUTHORITY, ROADS, Control, Road

BUILD = Path(__file__).resolve().parents[2] / "build"
AT_ONCE = 2
"""A lab and a playbook keep a processor busy."""


def main(wanted: Sequence[str]) -> int:
    """Drive the roads whose names contain all the words; returns the exit status."""
    roads = [road for road in ROADS if all(word.casefold() in str(road).casefold() for word in wanted)]
    if not roads:
        print(f"there is no road {' '.join(wanted)}; there are:", *ROADS, sep="\n    ", file=sys.stderr)
        return 2
    shutil.rmtree(BUILD / "roads", ignore_errors=True)
    drives: dict[tuple[Road, Control | None], Drive] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        started = [
            pool.submit(drive, road, control, folder_of(road, control))
            for road in roads
            for control in (None, road.way.control)
        ]
        for future in as_completed(started):
            done = future.result()
            drives[done.road, done.control] = done
            what = "falls short" if done.problems else "fails as it must" if done.control else "repaired"
            print(f"[{len(drives):>2}/{len(started)}] {done}: {what} ({done.seconds} s)", flush=True)
    pairs = [(drives[road, None], drives[road, road.way.control]) for road in roads]
    print_table(pairs)
    (BUILD / "roads.json").write_text(json.dumps([record(*pair) for pair in pairs], indent=2) + "\n")
    return 1 if any(done.problems for done in drives.values()) else 0


def folder_of(road: Road, control: Control | None) -> Path:
    """A new folder for the run, with an authority that has signed nothing."""
    words = [road.connection, road.way.name, road.place.name, *([control.name] if control else [])]
    folder = BUILD / "roads" / "-".join(words).replace(" ", "-").casefold()
    folder.mkdir(parents=True)
    (folder / FOREIGN_AUTHORITY).write_bytes(foreign_authority())
    return folder


def foreign_authority() -> bytes:
    """The certificate of an authority that nobody knows, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Foreign CA")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


def print_table(pairs: list[tuple[Drive, Drive]]) -> None:
    row = "{:<11}{:<18}{:<9}{:<40}{:<16}{}"
    print("\n" + row.format("connection", "offered", "server", "as the lab saw it", "control", ""))
    for repair, control in pairs:
        road = repair.road
        seen = "; ".join(map(str, repair.seen)) or "nothing"
        verdict = "falls short" if repair.problems or control.problems else "as it must be"
        print(row.format(road.connection, road.way.name, road.place.name, seen, road.way.control.name, verdict))
    for done in (done for pair in pairs for done in pair if done.problems):
        print(f"{done}: {'; '.join(done.problems)}")


def record(repair: Drive, control: Drive) -> dict[str, object]:
    road = repair.road
    return {
        "connection": road.connection,
        "offered": road.way.name,
        "server": road.place.name,
        "seen": [vars(each) for each in repair.seen],
        "problems": repair.problems,
        "seconds": repair.seconds,
        "control": {"name": road.way.control.name, "problems": control.problems, "seconds": control.seconds},
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

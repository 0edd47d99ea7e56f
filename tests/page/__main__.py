# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take pictures of the page: ``python -m tests.page FOLDER [FILE.html]…``, of some fleets or of pages that exist."""

from __future__ import annotations

import sys
from pathlib import Path

from .browser import browser


def take(folder: Path, files: list[Path]) -> None:
    """Write each page as PNG, at two widths and in light and dark, and as PDF."""
    with browser() as tab:
        for file in files:
            for width in (1280, 390):
                for scheme in ("light", "dark"):
                    tab.open(file.resolve(), width=width, dark=scheme == "dark")
                    tab.picture(folder / f"{file.stem}-{width}-{scheme}.png")
            tab.print(folder / f"{file.stem}.pdf")


def made(folder: Path) -> list[Path]:
    """Write the pages of the fleets of the browser test."""
    sys.path.append(str(Path(__file__).parents[2] / ".venv/collections"))
    from ansible_collections.mailops.exchange.plugins.filter.outbound_tls_page import outbound_tls_page  # noqa: PLC0415

    from . import fleet  # noqa: PLC0415

    files = []
    for name, hosts in (("small", fleet.small), ("big", fleet.big), ("hostile", fleet.hostile)):
        files.append(folder / f"{name}.html")
        files[-1].write_text(outbound_tls_page(fleet.document(hosts())), encoding="utf-8")
    return files


if __name__ == "__main__":
    into = Path(sys.argv[1])
    into.mkdir(parents=True, exist_ok=True)
    take(into, [Path(name) for name in sys.argv[2:]] or made(into))
    print(f"The pictures are in {into}")

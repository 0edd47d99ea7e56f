# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection awx.awx, taken out of the package ``ansible`` that PyPI has; 55 MB are loaded once."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

PACKAGE: Final = "ansible==12.3.0"
"""It holds awx.awx 24.6.1, the last one that was published in it."""
INSIDE: Final = "ansible_collections/awx/awx/"


def awx_collection(folder: Path) -> Path:
    """Return a collections path with awx.awx in the folder; nothing is loaded where it is there already."""
    if not (folder / INSIDE / "plugins" / "modules").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        print(f"awx: loading {PACKAGE} for its collection awx.awx", file=sys.stderr, flush=True)
        load = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*load, "--dest", str(folder), PACKAGE], check=True)
        (wheel,) = folder.glob("ansible-*.whl")
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(folder, [each for each in packed.namelist() if each.startswith(INSIDE)])
        wheel.unlink()
    return folder

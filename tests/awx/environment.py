# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment, as far as it can be made without a container engine: its definition and its contents."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
DEFINITION: Final = ROOT / "extensions" / "awx" / "execution-environment.yml"
NEEDS: Final = ("pypsrp[kerberos]", "pywinrm[kerberos]", "cryptography", "jmespath")


def shortcomings(folder: Path, collections: Path) -> list[str]:
    """Build the collection and the context of the environment in the folder, and say what is missing from them."""
    tarball = _built_collection(folder)
    shutil.copy(DEFINITION, folder)
    context = folder / "context"
    _call(["ansible-builder", "create", "--file", str(folder / DEFINITION.name), "--context", str(context)], folder)
    found = yaml.safe_load(_call(["ansible-builder", "introspect", "--sanitize", str(collections)], folder))
    python = {each.partition(" ")[0].lower().replace(" ", "") for each in found.get("python", [])}
    dockerfile = "\n".join(each.read_text() for each in context.glob("*file"))
    checks = {
        "the context lacks the collection": (context / "_build" / "galaxy" / tarball.name).is_file(),
        "the context installs no ansible-core": "ANSIBLE_CORE" in dockerfile or "ansible-core" in dockerfile,
        "the context lists no collection": tarball.name in (context / "_build" / "requirements.yml").read_text(),
    }
    missing = [each for each in NEEDS if not any(name.startswith(each) for name in python)]
    return [each for each, holds in checks.items() if not holds] + [f"nothing installs {each}" for each in missing]


def _built_collection(folder: Path) -> Path:
    """Build the collection from what is committed, as a release is."""
    sources = folder / "sources"
    sources.mkdir()
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(sources)], input=archive, check=True)
    _call(["ansible-galaxy", "collection", "build", "--output-path", str(folder), str(sources)], folder)
    (tarball,) = folder.glob("mailops-exchange-*.tar.gz")
    return tarball


def _call(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{json.dumps(command)} failed: {done.stdout}{done.stderr}")
    return done.stdout

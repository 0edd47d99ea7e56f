# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller without our libraries can import everything and reads what to install."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils import _libraries
from ansible_collections.mailops.exchange.plugins.module_utils._libraries import require

MODULE_UTILS = Path(_libraries.__file__).parent
LIBRARIES = ("pypsrp", "winrm", "cryptography", "jmespath", "requests", "spnego", "krb5")
REMOTING = [f"_remoting.{path.stem}" for path in sorted((MODULE_UTILS / "_remoting").glob("*.py"))]


def without_libraries(program: str, missing: Sequence[str] = LIBRARIES) -> subprocess.CompletedProcess[str]:
    """Run a program that finds none of these libraries, in a process of its own: this one has loaded them."""
    preamble = f"""
import sys
sys.path[:0] = {sys.path!r}
for name in {missing!r}:
    sys.modules[name] = None
from importlib import import_module
from ansible_collections.mailops.exchange.plugins.module_utils import _libraries
"""
    return subprocess.run([sys.executable, "-c", preamble + program], capture_output=True, text=True, check=False)


def test_everything_imports_without_any_library() -> None:
    names = [f"module_utils.{name}" for name in ("_libraries", *REMOTING)] + ["plugin_utils._connection"]
    assert len(names) > 10
    run = without_libraries(
        f"for name in {names!r}: import_module('ansible_collections.mailops.exchange.plugins.' + name)"
    )
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize(
    ("module", "library", "requirement"),
    [
        ("pypsrp.wsman", "pypsrp", "pypsrp>=0.8.1"),
        ("spnego.exceptions", "pypsrp", "pypsrp>=0.8.1"),
        ("winrm", "pywinrm", "pywinrm>=0.4.3"),
        ("cryptography.x509", "cryptography", "cryptography"),
        ("jmespath", "jmespath", "jmespath"),
    ],
)
def test_a_missing_library_is_named_with_its_cure(module: str, library: str, requirement: str) -> None:
    run = without_libraries(
        f"""
try:
    _libraries.require({module!r})
except _libraries.MissingLibrary as error:
    print(error.library, type(error.__cause__).__name__, error.reason, error)
"""
    )
    start = (
        f"{library} ModuleNotFoundError missing_library Failed to import the required Python library ({library}) on "
    )
    assert run.stdout.startswith(start)
    assert f"python -m pip install '{requirement}'" in run.stdout
    assert len(run.stdout) < 360


def test_the_library_that_is_missing_is_named_rather_than_the_one_that_needs_it() -> None:
    run = without_libraries(
        """
try:
    _libraries.require("pypsrp.powershell")
except _libraries.MissingLibrary as error:
    print(error.library)
""",
        missing=["cryptography"],
    )
    assert (run.returncode, run.stdout) == (0, "cryptography\n")


def test_a_session_without_pypsrp_says_so() -> None:
    run = without_libraries(
        """
from ansible_collections.mailops.exchange.plugins.module_utils._remoting import options, session
try:
    session.open_session(options.SessionOptions(
        host="mbx01", port=80, scheme="http", path="/", configuration="x", authentication="negotiate"))
except _libraries.MissingLibrary as error:
    print(error.library)
"""
    )
    assert (run.returncode, run.stdout) == (0, "pypsrp\n")


def test_a_library_that_is_there_is_returned() -> None:
    assert require("pypsrp.wsman").WSMan.__module__ == "pypsrp.wsman"

# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that imports third-party libraries.

``ansible-test`` imports every file without them, and a user's controller may lack them too, so nothing else in
``plugins/`` imports them: it asks ``require`` for the module it needs, in the function that needs it.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from types import ModuleType
from typing import Final

from ansible.module_utils.basic import missing_required_lib

# What to install when the top-level package of a module is missing.
_REQUIREMENTS: Final = {
    "cryptography": "cryptography",
    "jmespath": "jmespath",
    "kerberos": "pywinrm[kerberos]>=0.4.3",
    "pygal": "pygal>=3.1",
    "pypsrp": "pypsrp>=0.8.1",
    "requests": "pypsrp>=0.8.1",
    "requests_credssp": "pywinrm[credssp]>=0.4.3",
    "spnego": "pypsrp>=0.8.1",
    "winrm": "pywinrm>=0.4.3",
}


class MissingLibrary(Exception):
    """A library that the task needs cannot be imported. ``library`` is its distribution; the import error is the cause.

    The first sentence is Ansible's own (``missing_required_lib``: library, host, Python), without its advice about
    ``ansible_python_interpreter``, which has no meaning for code that runs on the controller.
    """

    reason = "missing_library"

    def __init__(self, requirement: str, error: ImportError) -> None:
        self.library = requirement.partition(">")[0]
        self.error = error
        sentence = missing_required_lib(self.library).partition(". ")[0]
        super().__init__(
            f"{sentence} ({error}): run python -m pip install '{requirement}' there, or take an execution environment "
            f"that contains it."
        )


def require(module: str) -> ModuleType:
    """Import a module of one of our libraries, like ``require("pypsrp.wsman")``.

    Raises:
        MissingLibrary: the library, or something that it needs in turn, is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        asked = _REQUIREMENTS[module.partition(".")[0]]
        # pypsrp may be there, and cryptography, which it needs in turn, not.
        raise MissingLibrary(_REQUIREMENTS.get((error.name or "").partition(".")[0], asked), error) from error


def is_installed(module: str) -> bool:
    """Tell whether a top-level module can be found; nothing is imported."""
    return find_spec(module) is not None


def installed_version(library: str) -> str:
    """Return the version of an installed library, by the name of its distribution."""
    return version(library)

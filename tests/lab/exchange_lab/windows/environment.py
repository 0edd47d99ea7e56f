# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drive ``Env:``: the environment variables of a session. The lab knows the one that names the computer."""

from __future__ import annotations

from ..objects import DotNetObject, Value
from ..powershell import not_simulated
from ..world import Server

DRIVE = "env:"
_PROVIDER = r"Microsoft.PowerShell.Core\Environment"
# What Windows calls a computer on the wire of old: 15 characters, upper case.
_LONGEST_NAME = 15


def variable(server: Server, path: str) -> DotNetObject:
    """The variable at a path like ``Env:COMPUTERNAME``, in any case."""
    name = path[len(DRIVE) :].lstrip("\\/")
    if name.upper() != "COMPUTERNAME":
        raise not_simulated(f"the environment variable {name}")
    properties: dict[str, Value] = {"Key": "COMPUTERNAME", "Value": server.name.upper()[:_LONGEST_NAME]}
    # The type table's name for the key; the path is written as it was typed.
    type_table: dict[str, Value] = {"Name": "COMPUTERNAME"}
    notes: dict[str, Value] = {
        "PSPath": rf"{_PROVIDER}::{name}",
        "PSDrive": "Env",
        "PSProvider": _PROVIDER,
        "PSIsContainer": False,
    }
    type_names = ("System.Collections.DictionaryEntry", "System.ValueType", "System.Object")
    return DotNetObject(type_names, "System.Collections.DictionaryEntry", properties, type_table, notes)

# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and directories as .NET has them, with the notes that PowerShell's FileSystem provider adds to all it returns.

Properties as in Windows PowerShell 5.1 (.NET Framework's System.IO, PowerShell's types.ps1xml). Of the type table's
properties VersionInfo, Target and LinkType are left out: they tell nothing of a log file.
"""

from __future__ import annotations

from pathlib import PureWindowsPath

from ..objects import DotNetEnum, DotNetList, DotNetObject, Long, Value, local
from ..world import File

_PROVIDER = r"Microsoft.PowerShell.Core\FileSystem"
_DRIVE_TYPE = "System.Management.Automation.PSDriveInfo"


def file_object(file: File, text: str) -> DotNetObject:
    """A FileInfo with size and time of the directory's entry; ``text`` is what ToString makes of it."""
    properties: dict[str, Value] = {
        "Name": file.name,
        "Length": Long(file.listed_size),
        "DirectoryName": str(file.path.parent),
        "Directory": str(file.path.parent),
        "IsReadOnly": False,
        "Exists": True,
        "FullName": str(file.path),
        "Extension": file.path.suffix,
        "CreationTime": local(file.created),
        "CreationTimeUtc": file.created,
        # A server's NTFS keeps no times of access.
        "LastAccessTime": local(file.created),
        "LastAccessTimeUtc": file.created,
        "LastWriteTime": local(file.listed_modified),
        "LastWriteTimeUtc": file.listed_modified,
        "Attributes": DotNetEnum("System.IO.FileAttributes", "Archive", 32),
    }
    type_table: dict[str, Value] = {"Mode": "-a----", "BaseName": file.path.stem}
    notes = {**provider_notes(file.path), "PSIsContainer": False}
    return DotNetObject(_type_names("FileInfo"), text, properties, type_table, notes)


def directory_object(path: PureWindowsPath, text: str) -> DotNetObject:
    """A DirectoryInfo. Its times are left out, the disk of the lab knows none."""
    properties: dict[str, Value] = {
        "Name": path.name or str(path),
        "Parent": path.parent.name or str(path.parent),
        "Exists": True,
        "Root": path.anchor,
        "FullName": str(path),
        "Extension": path.suffix,
        "Attributes": DotNetEnum("System.IO.FileAttributes", "Directory", 16),
    }
    type_table: dict[str, Value] = {"Mode": "d-----", "BaseName": path.name}
    notes = {**provider_notes(path), "PSIsContainer": True}
    return DotNetObject(_type_names("DirectoryInfo"), text, properties, type_table, notes)


def provider_notes(path: PureWindowsPath) -> dict[str, Value]:
    """Where an item comes from: files and directories have these notes, and the lines of a file too."""
    return {
        "PSPath": rf"{_PROVIDER}::{path}",
        "PSParentPath": rf"{_PROVIDER}::{path.parent}",
        "PSChildName": path.name or str(path),
        "PSDrive": _drive(path),
        "PSProvider": _provider(path),
    }


def _drive(path: PureWindowsPath) -> DotNetObject:
    properties: dict[str, Value] = {
        "CurrentLocation": "",
        "Name": path.drive.removesuffix(":"),
        "Provider": _PROVIDER,
        "Root": path.anchor,
        "Description": "",
        "MaximumSize": None,
        "Credential": "System.Management.Automation.PSCredential",
        "DisplayRoot": None,
    }
    return DotNetObject((_DRIVE_TYPE, "System.Object"), path.drive.removesuffix(":"), properties)


def _provider(path: PureWindowsPath) -> DotNetObject:
    drives = DotNetList(
        (
            f"System.Collections.ObjectModel.Collection`1[[{_DRIVE_TYPE}, System.Management.Automation, "
            "Version=3.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]",
            "System.Object",
        ),
        (path.drive.removesuffix(":"),),
    )
    properties: dict[str, Value] = {
        "ImplementingType": "Microsoft.PowerShell.Commands.FileSystemProvider",
        "HelpFile": "System.Management.Automation.dll-Help.xml",
        "Name": "FileSystem",
        "PSSnapIn": "Microsoft.PowerShell.Core",
        "ModuleName": "Microsoft.PowerShell.Core",
        "Module": None,
        "Description": "",
        "Capabilities": "Filter, ShouldProcess, Credentials",
        "Home": "",
        "Drives": drives,
    }
    return DotNetObject(("System.Management.Automation.ProviderInfo", "System.Object"), _PROVIDER, properties)


def _type_names(name: str) -> tuple[str, ...]:
    return f"System.IO.{name}", "System.IO.FileSystemInfo", "System.MarshalByRefObject", "System.Object"

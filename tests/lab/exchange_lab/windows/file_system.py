# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk of a server as a session of PowerShell sees it: paths as they are typed, and what is said when one leads
nowhere. Texts and identifiers are those of Windows PowerShell 5.1.
"""

from __future__ import annotations

import ntpath
from pathlib import PureWindowsPath

from ..objects import DotNetObject
from ..powershell import CommandError, Invocation
from ..world import Disk
from .items import directory_object, file_object

_SYSTEM_DRIVE = "C:"


class FileSystem:
    """The disk at one moment, for one command: the transport service has written what is due by then."""

    def __init__(self, invocation: Invocation) -> None:
        self._class_name = invocation.command.class_name
        self._home = rf"{_SYSTEM_DRIVE}\Users\{invocation.session.caller.user.rpartition(chr(92))[2]}\Documents"
        self._world = invocation.world
        self._server = invocation.server

    def path(self, typed: str) -> PureWindowsPath:
        """The full path; a relative one begins where the session does, in the caller's documents."""
        return PureWindowsPath(ntpath.normpath(ntpath.join(self._home, typed)))

    def read(self, path: PureWindowsPath) -> bytes | None:
        """All that is in a file, also while a service writes to it; None when there is no such file."""
        with self._world.lock:
            file = self._disk().file(path)
            if file is None:
                return None
            file.close()
            return file.content

    def is_directory(self, path: PureWindowsPath) -> bool:
        with self._world.lock:
            return self._disk().is_directory(path)

    def item(self, path: PureWindowsPath) -> DotNetObject:
        """One file or directory, the file with its true size; CommandError when there is none."""
        with self._world.lock:
            disk = self._disk()
            file = disk.file(path)
            if file is not None:
                file.close()
                return file_object(file, str(file.path))
            if disk.is_directory(path):
                return directory_object(path, str(path))
        raise self.not_found(path)

    def children(self, path: PureWindowsPath) -> list[DotNetObject]:
        """What is in a directory, as the directory tells it: the directories, then the files."""
        with self._world.lock:
            disk = self._disk()
            if disk.is_directory(path):
                directories = [directory_object(each, each.name) for each in disk.directories(path)]
                return directories + [file_object(each, each.name) for each in disk.files(path)]
            file = disk.file(path)
            if file is not None:
                return [file_object(file, str(file.path))]
        raise self.not_found(path)

    def not_found(self, path: PureWindowsPath) -> CommandError:
        """What is said of a path that leads nowhere."""
        drive = path.drive.upper()
        with self._world.lock:
            has_drive = drive == _SYSTEM_DRIVE or drive.startswith("\\\\") or self._disk().is_directory(path.anchor)
        if not has_drive:
            name = drive.removesuffix(":")
            return CommandError(
                f"Cannot find drive. A drive with the name '{name}' does not exist.",
                f"DriveNotFound,{self._class_name}",
                "ObjectNotFound",
                "System.Management.Automation.DriveNotFoundException",
                name,
            )
        return CommandError(
            f"Cannot find path '{path}' because it does not exist.",
            f"PathNotFound,{self._class_name}",
            "ObjectNotFound",
            "System.Management.Automation.ItemNotFoundException",
            str(path),
        )

    def is_a_directory(self, path: PureWindowsPath) -> CommandError:
        """What is said to whoever reads a directory as a file."""
        return CommandError(
            f"Access to the path '{path}' is denied.",
            f"GetContentReaderUnauthorizedAccessError,{self._class_name}",
            "PermissionDenied",
            "System.UnauthorizedAccessException",
            str(path),
        )

    def _disk(self) -> Disk:
        if self._server.transport is not None:
            self._server.transport.catch_up()
        return self._server.disk

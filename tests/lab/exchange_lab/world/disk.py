# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk of a server: files by Windows path, case-insensitive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import PureWindowsPath


@dataclass
class File:
    """``path`` keeps the case in which the file was created."""

    path: PureWindowsPath
    content: bytes
    created: datetime
    modified: datetime

    @property
    def name(self) -> str:
        return self.path.name


class Disk:
    """Files and the directories that hold them. PureWindowsPath compares without regard to case."""

    def __init__(self) -> None:
        self._files: dict[PureWindowsPath, File] = {}
        self._directories: dict[PureWindowsPath, PureWindowsPath] = {}

    def make_directory(self, path: str | PureWindowsPath) -> None:
        """Make a directory and its parents; one that exists stays as it is."""
        directory = PureWindowsPath(path)
        for each in (directory, *directory.parents):
            self._directories.setdefault(each, each)

    def write(self, path: str | PureWindowsPath, content: bytes, now: datetime) -> File:
        """Create a file, or replace the content of one that exists."""
        where = PureWindowsPath(path)
        self.make_directory(where.parent)
        file = self._files.get(where)
        if file is None:
            file = self._files[where] = File(where, content, created=now, modified=now)
        else:
            file.content, file.modified = content, now
        return file

    def append(self, path: str | PureWindowsPath, content: bytes, now: datetime) -> File:
        """Append to a file, which is created when it does not exist."""
        before = self._files.get(PureWindowsPath(path))
        return self.write(path, (before.content if before else b"") + content, now)

    def file(self, path: str | PureWindowsPath) -> File | None:
        return self._files.get(PureWindowsPath(path))

    def is_directory(self, path: str | PureWindowsPath) -> bool:
        return PureWindowsPath(path) in self._directories

    def files(self, directory: str | PureWindowsPath) -> list[File]:
        """The files directly in a directory, by name as NTFS sorts them; none where there is no such directory."""
        where = PureWindowsPath(directory)
        return sorted(
            (each for each in self._files.values() if each.path.parent == where), key=lambda f: f.name.upper()
        )

    def directories(self, directory: str | PureWindowsPath) -> list[PureWindowsPath]:
        """The directories directly in a directory, by name."""
        where = PureWindowsPath(directory)
        found = (path for key, path in self._directories.items() if key.parent == where and key != where)
        return sorted(found, key=lambda path: path.name.upper())

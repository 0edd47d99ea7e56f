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
    """``path`` keeps the case in which the file was created.

    ``listed_size`` and ``listed_modified`` are what its directory tells. NTFS brings that up to date when a handle to
    the file is closed, so it lags behind for a log that a service keeps open, until somebody reads it.
    """

    path: PureWindowsPath
    content: bytes
    created: datetime
    modified: datetime
    listed_size: int
    listed_modified: datetime

    @property
    def name(self) -> str:
        return self.path.name

    def close(self) -> None:
        """Bring the directory's entry up to date: somebody has opened the file and closed it again."""
        self.listed_size, self.listed_modified = len(self.content), self.modified


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
        """Create a file, or replace the content of one that exists, and close it."""
        file = self._open(PureWindowsPath(path), now)
        file.content, file.modified = content, now
        file.close()
        return file

    def append(self, path: str | PureWindowsPath, content: bytes, now: datetime) -> File:
        """Append to a file, which is created when it does not exist, and keep it open for more."""
        file = self._open(PureWindowsPath(path), now)
        file.content, file.modified = file.content + content, now
        return file

    def _open(self, path: PureWindowsPath, now: datetime) -> File:
        self.make_directory(path.parent)
        if path not in self._files:
            self._files[path] = File(path, b"", created=now, modified=now, listed_size=0, listed_modified=now)
        return self._files[path]

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

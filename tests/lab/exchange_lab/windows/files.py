# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cmdlets that read the disk, as Windows PowerShell 5.1 has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import PureWindowsPath
from typing import TypeVar

from ..objects import DotNetList, DotNetObject, Long, Noted, Value, member
from ..powershell import Command, CommandError, Invocation, not_simulated
from ..powershell.parameters import INT32, STRING, STRINGS, SWITCH, Parameter, enum_type
from . import environment, text
from .file_system import FileSystem
from .items import provider_notes

_T = TypeVar("_T")

_CLASSES = "Microsoft.PowerShell.Commands."
_OTHER_ENCODINGS = ("Unknown", "String", "BigEndianUnicode", "UTF7", "UTF32", "Ascii", "Oem", "Byte")
_ENCODING = enum_type(
    f"{_CLASSES}FileSystemCmdletProviderEncoding", {each: each for each in (*text.NAMES, *_OTHER_ENCODINGS)}
)


def _get_child_item(invocation: Invocation) -> Iterator[Value]:
    disk = FileSystem(invocation)
    fits = _filter(invocation.arguments.get("Filter") or "*")
    for path in _each_path(invocation, disk):
        for item in _answered(invocation, disk.children, path):
            found = member(item, "Name")
            if found is not None and fits(str(found[1])):
                yield item


def _get_item(invocation: Invocation) -> Iterator[Value]:
    disk = FileSystem(invocation)
    for typed in _typed_paths(invocation):
        if typed.lower().startswith(environment.DRIVE):
            yield environment.variable(invocation.server, typed)
        else:
            yield from _answered(invocation, lambda each: [disk.item(each)], disk.path(typed))


def _get_content(invocation: Invocation) -> Iterator[Value]:
    arguments = invocation.arguments
    disk = FileSystem(invocation)
    tail = arguments.get("Tail")
    if tail is not None and (tail < 0 or arguments.flag("Raw")):
        raise not_simulated("-Tail with -Raw, or of less than no lines")

    def contents(path: PureWindowsPath) -> list[str]:
        content = disk.read(path)
        if content is None:
            raise disk.is_a_directory(path) if disk.is_directory(path) else disk.not_found(path)
        whole = _decoded(content, arguments.get("Encoding") or text.DEFAULT)
        if arguments.flag("Raw"):
            return [whole] if whole else []
        lines = text.lines_of(whole)
        return lines if tail is None else lines[max(0, len(lines) - tail) :]

    for path in _each_path(invocation, disk):
        notes = provider_notes(path)
        for number, each in enumerate(_answered(invocation, contents, path), start=1):
            yield Noted(each, {**notes, "ReadCount": Long(number)})


def _select_string(invocation: Invocation) -> Iterator[Value]:
    arguments = invocation.arguments
    if not arguments.flag("SimpleMatch"):
        raise not_simulated("regular expressions: give -SimpleMatch")
    disk = FileSystem(invocation)
    exact = arguments.flag("CaseSensitive")
    patterns: list[str] = arguments.get("Pattern")
    wanted = patterns if exact else [each.lower() for each in patterns]

    def matches(path: PureWindowsPath) -> Iterator[DotNetObject]:
        if disk.is_directory(path):
            return  # passed over without a word
        content = disk.read(path)
        if content is None:
            raise _not_readable(path, parent_exists=disk.is_directory(path.parent))
        # Unlike Get-Content it takes a file for UTF-8 when it is told nothing.
        lines = text.lines_of(_decoded(content, arguments.get("Encoding") or text.UTF8))
        for number, line in enumerate(lines, start=1):
            seen = line if exact else line.lower()
            for pattern, each in zip(patterns, wanted, strict=True):
                if each in seen:
                    yield _match_info(path, number, line, pattern, ignore_case=not exact)
                    break

    for path in _each_path(invocation, disk):
        yield from _answered(invocation, matches, path)


def _each_path(invocation: Invocation, disk: FileSystem) -> list[PureWindowsPath]:
    return [disk.path(each) for each in _typed_paths(invocation)]


def _typed_paths(invocation: Invocation) -> list[str]:
    if invocation.input is not None:
        raise not_simulated(f"{invocation.command.name} behind another command")
    paths: list[str] | None = invocation.arguments.get("LiteralPath")
    if paths is None:
        raise not_simulated(f"{invocation.command.name} without -LiteralPath")
    return paths


def _answered(
    invocation: Invocation, ask: Callable[[PureWindowsPath], Iterable[_T]], path: PureWindowsPath
) -> Iterator[_T]:
    """What there is at one of several paths: an error at one of them does not end the others."""
    try:
        yield from ask(path)
    except CommandError as error:
        invocation.error(error)


def _decoded(content: bytes, encoding: str) -> str:
    if encoding not in text.NAMES:
        raise not_simulated(f"the encoding {encoding}")
    return text.decode(content, encoding)


def _filter(pattern: str) -> Callable[[str], object]:
    """A filter as Windows understands it: only ``*`` and ``?`` mean something, and no letter has a case."""
    expression = "".join({"*": ".*", "?": "."}.get(each) or re.escape(each) for each in pattern)
    return re.compile(expression, re.IGNORECASE).fullmatch


def _match_info(path: PureWindowsPath, number: int, line: str, pattern: str, *, ignore_case: bool) -> DotNetObject:
    properties: dict[str, Value] = {
        "IgnoreCase": ignore_case,
        "LineNumber": number,
        "Line": line,
        "Filename": path.name,
        "Path": str(path),
        "Pattern": pattern,
        "Context": None,
        "Matches": DotNetList(
            ("System.Text.RegularExpressions.Match[]", "System.Array", "System.Object"), ()
        ),  # -SimpleMatch makes none
    }
    return DotNetObject((f"{_CLASSES}MatchInfo", "System.Object"), f"{path}:{number}:{line}", properties)


def _not_readable(path: PureWindowsPath, *, parent_exists: bool) -> CommandError:
    """A literal path is opened as it is; .NET then says what it misses."""
    reason = f"Could not find file '{path}'." if parent_exists else f"Could not find a part of the path '{path}'."
    return CommandError(
        f"The file {path} can not be read: {reason}",
        f"ProcessingFile,{_CLASSES}SelectStringCommand",
        "InvalidArgument",
        "System.ArgumentException",
    )


def _unknown(*names: str) -> tuple[Parameter, ...]:
    """Parameters that exist, which the lab does not simulate."""
    return tuple(Parameter(name, STRINGS, simulated=False) for name in names)


def _unknown_switches(*names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, SWITCH, simulated=False) for name in names)


_PATH = Parameter("Path", STRINGS, position=0, simulated=False)
_LITERAL_PATH = Parameter("LiteralPath", STRINGS, ("PSPath",))
_SELECTION = (Parameter("Filter", STRING), *_unknown("Include", "Exclude", "Credential"))

GET_CHILD_ITEM = Command(
    "Get-ChildItem",
    f"{_CLASSES}GetChildItemCommand",
    (
        _PATH,
        _LITERAL_PATH,
        *_SELECTION,
        *_unknown("Depth", "Attributes"),
        *_unknown_switches("Recurse", "Force", "Name", "Directory", "File", "Hidden", "ReadOnly", "System"),
    ),
    _get_child_item,
)
GET_ITEM = Command(
    "Get-Item",
    f"{_CLASSES}GetItemCommand",
    (
        _PATH,
        _LITERAL_PATH,
        *_unknown("Filter", "Include", "Exclude", "Credential", "Stream"),
        *_unknown_switches("Force"),
    ),
    _get_item,
)
GET_CONTENT = Command(
    "Get-Content",
    f"{_CLASSES}GetContentCommand",
    (
        _PATH,
        _LITERAL_PATH,
        Parameter("Encoding", _ENCODING),
        Parameter("Raw", SWITCH),
        Parameter("Tail", INT32, ("Last",)),
        *_unknown("Filter", "Include", "Exclude", "Credential", "ReadCount", "TotalCount", "Delimiter", "Stream"),
        *_unknown_switches("Force", "Wait"),
    ),
    _get_content,
)
SELECT_STRING = Command(
    "Select-String",
    f"{_CLASSES}SelectStringCommand",
    (
        Parameter("Pattern", STRINGS, position=0, mandatory=True),
        Parameter("Path", STRINGS, position=1, simulated=False),
        _LITERAL_PATH,
        Parameter("SimpleMatch", SWITCH),
        Parameter("CaseSensitive", SWITCH),
        Parameter("Encoding", _ENCODING),
        *_unknown("InputObject", "Include", "Exclude", "Context"),
        *_unknown_switches("Quiet", "List", "NotMatch", "AllMatches"),
    ),
    _select_string,
)

# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-WinEvent, as far as -FilterHashtable goes, as Windows PowerShell 5.1 has it.

Conditions, errors and their order are those of PowerShell's public source (GetEventCommand.cs and its texts). One trap
is the wire's: a list in a hashtable arrives as an ArrayList (serialization.cs), and the cmdlet knows several values by
an array alone. It takes the text of the list, so that a condition of several values, sent as a structured command, is
none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from ..objects import Value, local
from ..powershell import Command, CommandError, Invocation, not_simulated
from ..powershell.parameters import (
    INT32,
    OBJECTS,
    STRING,
    STRINGS,
    SWITCH,
    Parameter,
    ParameterType,
    Unconvertible,
)
from ..wire import TerminatingError
from ..world import Event, Server
from .event_records import LEVELS, event_object

_CLASS = "Microsoft.PowerShell.Commands.GetWinEventCommand"
_EXCEPTION = "System.Exception"
_HASHTABLES = "System.Collections.Hashtable[]"
_NOT_SIMULATED = ("path", "keywords", "userid", "data", "suppresshashfilter")
_KEYS = ("logname", "providername", "id", "level", "starttime", "endtime")

_Hash = dict[str, Any]


def _hashtables(value: Any) -> list[_Hash]:
    """A hashtable or several, whose keys have no case."""
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(each, Mapping) for each in items):
        raise Unconvertible(f'Cannot convert value "{value}" to type "{_HASHTABLES}".')
    return [{str(key).casefold(): item for key, item in each.items()} for each in items]


def _get_win_event(invocation: Invocation) -> Iterator[Value]:
    hashes: list[_Hash] | None = invocation.arguments.get("FilterHashtable")
    if hashes is None:
        raise not_simulated("Get-WinEvent without -FilterHashtable")
    most = invocation.arguments.get("MaxEvents")
    if most is not None and most < 1:
        raise not_simulated("-MaxEvents of less than one")
    with invocation.world.lock:
        transport = invocation.server.transport
        if transport is not None:
            transport.catch_up()
        queries = [query for each in hashes if (query := _query(invocation, each)) is not None]
        if not queries:
            # What is left to ask for is nothing at all, which Windows does not take for a question.
            raise _not_queried(invocation, "The parameter is incorrect")
        # Windows leaves out a query that is none, as long as there is another one (EvtQueryTolerateQueryErrors).
        queries = [each for each in queries if each.is_valid]
        if not queries:
            raise _not_queried(invocation, "The specified query is invalid")
        oldest_first = [each for each in invocation.server.event_log.events if any(it.wants(each) for it in queries)]
    found = oldest_first if invocation.arguments.flag("Oldest") else oldest_first[::-1]
    if not found:
        raise _failed(
            "No events were found that match the specified selection criteria.",
            "NoMatchingEventsFound",
            "ObjectNotFound",
        )
    for each in found[:most]:
        yield event_object(invocation.server, each)


class _Query:
    """The logs and the conditions of one hashtable; a time that is none leaves its condition out, as there."""

    def __init__(self, logs: set[str], providers: set[str] | None, conditions: _Hash) -> None:
        self._logs = logs
        self._providers = providers
        self._numbers = {key: _text(conditions[key]) for key in ("id", "level") if key in conditions}
        self._start: datetime | None = conditions.get("starttime")
        self._end: datetime | None = conditions.get("endtime")

    @property
    def is_valid(self) -> bool:
        """Whether its numbers are numbers."""
        return all(each.isdecimal() for each in self._numbers.values())

    def wants(self, event: Event) -> bool:
        has = {"id": event.id, "level": LEVELS[event.level]}
        return (
            event.log.casefold() in self._logs
            and (self._providers is None or event.provider in self._providers)
            and all(has[key] == int(value) for key, value in self._numbers.items())
            and (self._start is None or event.at >= self._start)
            and (self._end is None or event.at <= self._end)
        )


def _query(invocation: Invocation, conditions: _Hash) -> _Query | None:
    """The question of one hashtable; None when there is nothing to look through, after the errors that say so."""
    _refuse(conditions)
    server = invocation.server
    logs = {"application", "system", "security", "setup"}
    if "logname" in conditions:
        logs = set(_logs(invocation, _text(conditions["logname"])))
    providers = None
    if "providername" in conditions:
        providers = set(_providers(invocation, _text(conditions["providername"])))
        written = {log for name, log in _registered(server).items() if name in providers}
        if "logname" in conditions and logs and not logs & written:
            text = "The specified providers do not write events to any of the specified logs."
            invocation.error(_failed(text, "LogsAndProvidersDontOverlap", "InvalidArgument"))
        logs &= written
    if not logs:
        return None
    times: _Hash = {key: _time(invocation, conditions[key]) for key in ("starttime", "endtime") if key in conditions}
    return _Query(logs, providers, {**conditions, **times})


def _refuse(conditions: _Hash) -> None:
    for key, value in conditions.items():
        if value is None or (isinstance(value, list) and None in value):
            raise TerminatingError(
                f"A null value was encountered in the {key} hash table key. Null values are not permitted.",
                f"NullNotAllowedInHashtable,{_CLASS}",
                "InvalidArgument",
                _EXCEPTION,
                activity="Get-WinEvent",
                target=key,
            )
        if key in _NOT_SIMULATED or key not in _KEYS:
            raise not_simulated(f"the key {key} of -FilterHashtable")
    if not conditions.keys() & {"logname", "providername"}:
        raise TerminatingError(
            "You must specify at least one Log, Provider or Path key-value pair.",
            f"LogProviderOrPathNeeded,{_CLASS}",
            "InvalidArgument",
            _EXCEPTION,
            activity="Get-WinEvent",
        )


def _logs(invocation: Invocation, pattern: str) -> list[str]:
    """The logs that a pattern means and that the caller may read, in lower case."""
    found = [log for log in ("application", "system") if fnmatchcase(log, pattern.casefold())]
    if found and not _may_read(invocation):
        for log in found:
            text = f"Could not retrieve information about the {log.capitalize()} log. Error: {_DENIED}."
            invocation.error(_failed(text, "LogInfoUnavailable", "NotSpecified"))
        found = []
    if not found:
        text = f'There is not an event log on the localhost computer that matches "{pattern}".'
        invocation.error(_failed(text, "NoMatchingLogsFound", "ObjectNotFound", pattern))
    return found


_DENIED = "Attempted to perform an unauthorized operation."


def _may_read(invocation: Invocation) -> bool:
    user = invocation.session.caller.user.casefold()
    return all(each.reads_event_logs for each in invocation.world.accounts if each.user.casefold() == user)


def _registered(server: Server) -> dict[str, str]:
    """The providers that the lab knows, each with the log that it writes to."""
    front_end = {} if server.role == "edge" else {"MSExchangeFrontEndTransport": "application"}
    return {"MSExchangeTransport": "application", "Schannel": "system", **front_end}


def _providers(invocation: Invocation, pattern: str) -> list[str]:
    found = [name for name in _registered(invocation.server) if fnmatchcase(name.casefold(), pattern.casefold())]
    if not found:
        text = f'There is not an event provider on the localhost computer that matches "{pattern}".'
        invocation.error(_failed(text, "NoMatchingProvidersFound", "ObjectNotFound", pattern))
    return found


def _time(invocation: Invocation, value: Any) -> datetime | None:
    try:
        return time_meant(value)
    except ValueError:
        text = f"The following value is not in a valid DateTime format: {value}."
        invocation.error(_failed(text, "DateTimeExpected", "InvalidArgument"))
        return None


def time_meant(value: Any) -> datetime:
    """A condition's time, ValueError when it is none.

    The cmdlet makes a text of a time and reads that as a local one of the server, so that fractions are lost.
    """
    if isinstance(value, datetime):
        return local(value if value.tzinfo else value.replace(tzinfo=UTC)).replace(microsecond=0)
    text = str(value)
    for form in ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(value: Any) -> str:
    """What the cmdlet makes of a value, and of a list."""
    return " ".join(_text(each) for each in value) if isinstance(value, list) else str(value)


def _not_queried(invocation: Invocation, message: str) -> TerminatingError:
    exception = "System.Diagnostics.Eventing.Reader.EventLogException"
    return TerminatingError(
        message, f"{exception},{_CLASS}", "NotSpecified", exception, activity=invocation.command.name
    )


def _failed(message: str, error_id: str, category: str, target: str | None = None) -> CommandError:
    return CommandError(message, f"{error_id},{_CLASS}", category, _EXCEPTION, target)


GET_WIN_EVENT = Command(
    "Get-WinEvent",
    _CLASS,
    (
        Parameter("FilterHashtable", ParameterType(_HASHTABLES, _hashtables), position=0, sets=("HashQuerySet",)),
        Parameter("LogName", STRINGS, sets=("GetLogSet",), simulated=False),
        Parameter("ListLog", STRINGS, sets=("ListLogSet",), simulated=False),
        Parameter("ListProvider", STRINGS, sets=("ListProviderSet",), simulated=False),
        Parameter("ProviderName", STRINGS, sets=("GetProviderSet",), simulated=False),
        Parameter("Path", STRINGS, ("PSPath",), sets=("FileSet",), simulated=False),
        Parameter("FilterXml", OBJECTS, sets=("XmlQuerySet",), simulated=False),
        Parameter("FilterXPath", STRING, simulated=False),
        Parameter("MaxEvents", INT32),
        Parameter("Oldest", SWITCH),
        Parameter("ComputerName", STRING, ("Cn",), simulated=False),
        Parameter("Credential", OBJECTS, simulated=False),
        Parameter("Force", SWITCH, simulated=False),
    ),
    _get_win_event,
    default_set="GetLogSet",
)

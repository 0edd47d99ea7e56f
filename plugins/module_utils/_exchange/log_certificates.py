# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates in a protocol log, which writes them in two forms.

Old: a marker row (``Sending certificate``) that says whose it is, then a row for each property, which does not. New,
seen since 2020: one row whose context begins with the marker and whose data holds all values, joined by blanks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from .names import thumbprint_from
from .protocol_log import LoggedCertificate, Row, Whose

_SUBJECT: Final = "certificate subject"
_ISSUER: Final = "certificate issuer name"
_SERIAL_NUMBER: Final = "certificate serial number"
_THUMBPRINT: Final = "certificate thumbprint"
_PROPERTIES: Final = frozenset({_SUBJECT, _ISSUER, _SERIAL_NUMBER, _THUMBPRINT, "certificate alternate names"})
_OURS: Final = "sending certificate"
_THEIRS: Final = (
    "remote certificate",
    "received certificate",
    "validated received certificate",
    "received directtrust certificate",
    "crl validation failed",
)
# Stands among the property rows where the alternative names cannot be read.
_INTERRUPTION: Final = "cryptographicexception was thrown while attempting to get certificate"

# Subject and issuer hold blanks themselves, so the row is read from its right end.
_SINGLE_ROW: Final = re.compile(
    r"\s*(?P<names>.*)\s(?P<serial>[0-9A-F]+)\s(?P<thumbprint>[0-9A-F]{40})"
    r"\s\d{4}-\d\d-\d\dT[\d:.]+Z?\s\d{4}-\d\d-\d\dT[\d:.]+Z?(?:\s.*)?",
    flags=re.IGNORECASE | re.DOTALL,
)


@dataclass
class _Description:
    """A certificate whose property rows are still coming."""

    whose: Whose
    rows: list[Row]
    values: dict[str, str] = field(default_factory=dict)

    def finished(self) -> LoggedCertificate:
        return LoggedCertificate(
            whose=self.whose,
            thumbprint=_thumbprint(self.values.get(_THUMBPRINT, "")),
            serial_number=self.values.get(_SERIAL_NUMBER, "").upper(),
            subject=self.values.get(_SUBJECT, ""),
            issuer=self.values.get(_ISSUER, ""),
            rows=tuple(self.rows),
        )


class CertificateRows:
    """Collects the certificates that one session's rows, fed in order, describe."""

    def __init__(self) -> None:
        self._finished: list[LoggedCertificate] = []
        self._open: _Description | None = None

    def feed(self, row: Row) -> None:
        """Take the session's next row, of any kind: property rows belong to a marker only if they follow directly."""
        context = row.context.strip().lower() if row.event == "*" else ""
        if context in _PROPERTIES:
            self._add_property(context, row)
        elif (whose := _marked(context)) is not None:
            self._close()
            if row.data.strip():
                self._finished.append(_single_row(whose, row))
            else:
                self._open = _Description(whose, [row])
        elif not context.startswith(_INTERRUPTION):
            self._close()

    def found(self) -> tuple[LoggedCertificate, ...]:
        """Return the certificates so far, in the order of the log."""
        self._close()
        return tuple(self._finished)

    def _add_property(self, name: str, row: Row) -> None:
        if self._open is None or name in self._open.values:
            self._close()
            self._open = _Description(Whose.UNMARKED, [])
        self._open.values[name] = row.data.strip()
        self._open.rows.append(row)

    def _close(self) -> None:
        if self._open is not None:
            self._finished.append(self._open.finished())
        self._open = None


def _marked(context: str) -> Whose | None:
    """Return whose certificate a marker announces; every marker that is not known to be ours is theirs."""
    if context.startswith(_OURS):
        return Whose.OURS
    return Whose.THEIRS if context.startswith(_THEIRS) or context.endswith(" certificate") else None


def _single_row(whose: Whose, row: Row) -> LoggedCertificate:
    found = _SINGLE_ROW.fullmatch(row.data)
    if found is None:
        return LoggedCertificate(whose=whose, thumbprint="", names=row.data.strip(), rows=(row,))
    return LoggedCertificate(
        whose=whose,
        thumbprint=_thumbprint(found["thumbprint"]),
        serial_number=found["serial"].upper(),
        names=found["names"].strip(),
        rows=(row,),
    )


def _thumbprint(text: str) -> str:
    """Return a thumbprint, or nothing where the log holds none, as in a masked excerpt."""
    try:
        return thumbprint_from(text)
    except ValueError:
        return ""

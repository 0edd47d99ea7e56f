# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reader of CLIXML for pypsrp's sessions that keeps what Exchange sends.

pypsrp decides by type name what an object is. A list of a type that it does not know, as every MultiValuedProperty of
Exchange is, comes out as the text of its XML, and a later reference to a type name that stood inside breaks the whole
reply; text or numbers with note properties, as Get-Content writes them, can come out as XML too. This reader takes
every object as it is written: type names, text, properties, and the list, dictionary or primitive that it derives from.
"""

from __future__ import annotations

from typing import Any, Final
from xml.etree import ElementTree

from .._libraries import require

_LISTS: Final = ("LST", "IE", "QUE", "STK")


def make_reader() -> Any:
    """Return a new ``pypsrp.serializer.Serializer`` that reads as described above."""
    complex_objects = require("pypsrp.complex_objects")
    serializer = require("pypsrp.serializer")

    class Reader(serializer.Serializer):  # type: ignore[misc, name-defined]
        def deserialize(self, element: Any, metadata: Any = None, clear: bool = True) -> Any:
            if isinstance(element, str):
                element = ElementTree.fromstring(element)
            if clear:
                self._clear()
            if element.tag in _LISTS:
                return [self.deserialize(item, clear=False) for item in element]
            if element.tag == "DCT":
                return dict(self._entry(entry) for entry in element)
            if element.tag == "BA" and element.text is None:
                return b""
            if element.tag == "Obj" and _is_guess(metadata):
                metadata = complex_objects.ObjectMeta("ObjDynamic", object=complex_objects.GenericComplexObject)
            return super().deserialize(element, metadata, clear=False)

        def _entry(self, entry: Any) -> tuple[Any, Any]:
            values = {part.get("N"): self.deserialize(part, clear=False) for part in entry}
            return values["Key"], values["Value"]

    def _is_guess(metadata: Any) -> bool:
        # Messages of the protocol itself say what they expect; only there pypsrp's own classes are needed.
        return metadata is None or (metadata.__class__ is complex_objects.ObjectMeta and metadata.tag == "*")

    return Reader()

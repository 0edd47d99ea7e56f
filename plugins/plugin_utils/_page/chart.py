# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The timeline of expiries as a picture, drawn by pygal where it is installed; the page is whole without it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from xml.etree import ElementTree

from markupsafe import Markup

from ...module_utils._libraries import is_installed, require
from .expiries import Expiry
from .times import moment
from .unseen import cut, seen

LONGEST: Final = 400
"""Days at which a bar ends: no public authority issues for longer, and a self-signed decade would dwarf the rest."""

# What a picture on a page without scripts has no use for.
_NEVER_SHOWN: Final = {"script", "style", "defs", "title", "desc"}
_SVG: Final = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class _Size:
    """A picture for some width of the window, in its own units."""

    name: str
    width: int
    label: int
    ticks: int
    day: str


_SIZES: Final = (_Size("wide", 1060, 44, 4, "%Y-%m-%d"), _Size("narrow", 320, 18, 2, "%Y-%m"))


def draw_expiries(expiries: Sequence[Expiry], clock: str | None) -> tuple[tuple[str, Markup], ...]:
    """Return a picture for wide and one for narrow windows, each with its name; none without pygal or expiries."""
    if not expiries or clock is None or not is_installed("pygal"):
        return ()
    return tuple((size.name, _draw(expiries, clock, size)) for size in _SIZES)


def _draw(expiries: Sequence[Expiry], clock: str, size: _Size) -> Markup:
    last = max(100, 100 * math.ceil(min(LONGEST, max(each.days for each in expiries)) / 100))
    bars = [
        {"value": max(-last // 5, min(each.days, LONGEST)), "node": {"class": f"bar-{each.tone.value}"}}
        for each in expiries
    ]
    chart: Any = require("pygal").HorizontalBar(
        js=[],
        width=size.width,
        height=26 * len(expiries) + 42,
        margin=2,
        margin_right=40,
        margin_bottom=8,
        spacing=4,
        show_legend=False,
        truncate_label=-1,
        disable_xml_declaration=True,
        no_prefix=True,
        # pygal estimates the room that labels need by this size; the page's style sets the same one.
        style=require("pygal.style").Style(label_font_size=12, major_label_font_size=12),
    )
    # pygal draws from the bottom, and a timeline is read from the top.
    chart.x_labels = [cut(seen(f"{each.short} {each.name}"), size.label) for each in reversed(expiries)]
    chart.y_labels = [
        {"value": days, "label": _day(clock, days, size.day)} for days in range(0, last + 1, last // size.ticks)
    ]
    chart.add("", list(reversed(bars)))
    picture = ElementTree.fromstring(chart.render(is_unicode=True))
    _strip(picture)
    picture.attrib.pop("id", None)
    # The table beside it says the same to those who do not see it.
    picture.attrib.update({"class": f"chart {size.name}", "aria-hidden": "true", "focusable": "false"})
    return Markup(ElementTree.tostring(picture, encoding="unicode"))


def _day(clock: str, days: int, form: str) -> str:
    now = moment(clock)
    return "today" if not days or now is None else f"{now + timedelta(days=days):{form}}"


def _strip(element: ElementTree.Element) -> None:
    """Keep what is drawn, without names of namespaces, which HTML does not need."""
    element.tag = element.tag.removeprefix(_SVG)
    for child in list(_unwanted(element)):
        element.remove(child)
    for child in element:
        _strip(child)


def _unwanted(element: ElementTree.Element) -> Iterator[ElementTree.Element]:
    for child in element:
        shown = child.tag.removeprefix(_SVG) not in _NEVER_SHOWN
        if not shown or "tooltip-overlay" in child.get("class", ""):
            yield child

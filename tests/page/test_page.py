# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page as a browser shows it: at two widths, in light and dark, by keyboard, on paper, and full of attacks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from ansible_collections.mailops.exchange.plugins.filter.outbound_tls_page import outbound_tls_page

from tests.page import fleet
from tests.page.browser import Tab, browser

ROOT: Final = Path(__file__).parents[2]
SIGHT: Final = Path(__file__).with_name("sight.js").read_text(encoding="utf-8")
FLEETS: Final = {"small": fleet.small, "big": fleet.big, "hostile": fleet.hostile}


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    files = {}
    for name, hosts in FLEETS.items():
        files[name] = folder / f"{name}.html"
        files[name].write_text(outbound_tls_page(fleet.document(hosts())), encoding="utf-8")
    return files


@pytest.fixture(scope="module")
def lab_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page that the playbook leaves of a simulated organisation in which everything is named to do harm."""
    folder = tmp_path_factory.mktemp("lab")
    tools = Path(sys.executable).parent
    lab = [ROOT / "tests/lab/exchange-lab", "run", "--scenario", ROOT / "tests/lab/scenarios/hostile-organisation.yml"]
    playbook = [tools / "ansible-playbook", "mailops.exchange.audit", "-e", f"outbound_tls_audit_report_dir={folder}"]
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".venv/collections"),
    }
    command = [str(word) for word in (*lab, "--set", "time_scale=60", "--", *playbook)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder / "outbound_tls_audit.html"


def see(tab: Tab, page: Path, *, width: int, dark: bool = False, unfolded: bool = False) -> None:
    tab.open(page, width=width, dark=dark)
    tab.run(SIGHT)
    if unfolded:
        tab.run("document.querySelectorAll('details').forEach((each) => { each.open = true })")


def wrong(tab: Tab) -> dict[str, Any]:
    seen = {name: tab.run(f"sight.{name}()") for name in ("outside", "overlaps", "faint", "small")}
    return {name: found for name, found in seen.items() if found}


@pytest.mark.parametrize("unfolded", [False, True], ids=["folded", "unfolded"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", sorted(FLEETS))
def test_can_be_read(tab: Tab, pages: dict[str, Path], name: str, width: int, *, dark: bool, unfolded: bool) -> None:
    see(tab, pages[name], width=width, dark=dark, unfolded=unfolded)
    assert tab.run("sight.lines()") > 40
    assert wrong(tab) == {}


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", sorted(FLEETS))
def test_every_control_is_reached_by_the_tab_key(tab: Tab, pages: dict[str, Path], name: str, width: int) -> None:
    see(tab, pages[name], width=width)
    controls = tab.run("sight.controls()")
    assert controls > 5
    reached = []
    for __ in range(controls):
        tab.press("Tab")
        reached.append(tab.run("sight.at()"))
    assert [each["place"] for each in reached] == list(range(controls))
    assert [each["place"] for each in reached if not each["outlined"]] == []


def test_the_heads_of_the_matrix_stay_while_it_is_scrolled(tab: Tab, pages: dict[str, Path]) -> None:
    see(tab, pages["big"], width=1280)
    place = "const box = document.querySelector('.scroll'); const edge = box.getBoundingClientRect();"
    head = "box.querySelector('thead th:last-child').getBoundingClientRect().top - edge.top"
    side = "box.querySelector('tbody tr:last-child th').getBoundingClientRect().left - edge.left"
    scrolled = (
        f"(() => {{ {place} box.scrollTo(300, 1500); return [box.scrollLeft, box.scrollTop, {head}, {side}] }})()"
    )
    left, top, above, beside = tab.run(scrolled)
    assert top == 1500
    assert left >= 0
    assert abs(above) <= 2
    assert abs(beside) <= 2


@pytest.mark.parametrize("width", [1280, 390])
def test_attacks_run_nothing_and_ask_for_nothing(tab: Tab, pages: dict[str, Path], width: int) -> None:
    harmless(tab, pages["hostile"], width=width)
    assert "window.harmed=1" in tab.run("document.body.innerText")


def test_a_hostile_organisation_runs_nothing_and_asks_for_nothing(tab: Tab, lab_page: Path) -> None:
    harmless(tab, lab_page, width=1280)
    shown = tab.run("document.body.innerText")
    for number, where in enumerate(("subject", "subject", "issuer", "connector", "reply of the other end"), 1):
        assert f"window.harmed={number}" in shown, where
    assert "{{ 6 * 7 }}" in shown
    assert wrong(tab) == {}


def harmless(tab: Tab, page: Path, *, width: int) -> None:
    see(tab, page, width=width, unfolded=True)
    assert tab.run("new Promise((done) => setTimeout(done, 300))") is None
    assert tab.requests == [page.as_uri()]
    assert tab.complaints == []
    assert tab.run("window.harmed") is None
    assert (
        tab.run("document.querySelectorAll('script, img, iframe, object, link, form, [onload], [onerror]').length") == 0
    )
    assert tab.run("[...document.querySelectorAll('a')].every((each) => each.getAttribute('href').startsWith('#'))")


def test_this_test_would_see_an_attack(tab: Tab, tmp_path: Path) -> None:
    page = tmp_path / "open.html"
    page.write_text(f"<!DOCTYPE html><body>{fleet.HOSTILE}", encoding="utf-8")
    see(tab, page, width=1280)
    tab.run("new Promise((done) => setTimeout(done, 300))")
    assert tab.run("window.harmed") is not None
    assert len(tab.requests) > 1


def test_the_evidence_is_on_paper(tab: Tab, pages: dict[str, Path], tmp_path: Path) -> None:
    tab.open(pages["small"], width=1280)
    assert not tab.run("document.querySelector('#todo details').open"), "it is folded on the screen"
    tab.print(tmp_path / "page.pdf")
    command = ["pdftotext", "-layout", str(tmp_path / "page.pdf"), "-"]
    text = " ".join(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    for words in (
        "TLS negotiation failed with error UnknownCredentials",
        "Enable-ExchangeCertificate -Server 'mbx01.contoso.test'",
        "Attempted failover to alternate host",
        "it is the newest of its name, if Exchange goes by that",
        "the connectivity log, which this server does not write",
    ):
        assert words in text

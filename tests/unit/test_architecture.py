# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of docs/architecture.md, kept by a machine.

A rule is a function from the repository's root to the sentences that say where it is broken. Each is tried on this
repository, and on a small tree in which it is broken, so that none can fall asleep.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
MODULE_UTILS: Final = ("plugins", "module_utils")
LAB: Final = ("tests", "lab", "exchange_lab")
LONGEST_FILE: Final = 400

# The house: who may import whom. A room is a folder of plugins/ or an entry of module_utils/.
FLOOR: Final = {"_powershell", "_libraries", "_plain"}
MAY_IMPORT: Final = {
    "_powershell": set[str](),
    "_libraries": set[str](),
    "_plain": set[str](),
    "_session_options": set[str](),
    "_exchange": FLOOR,
    "_outbound_tls": FLOOR | {"_exchange"},
    "_remoting": FLOOR,
    "_observe": FLOOR | {"_exchange", "_remoting"},
    "_module": FLOOR | {"_session_options", "_exchange", "_remoting", "_observe", "_outbound_tls"},
    "_records": FLOOR | {"_exchange", "_outbound_tls"},
    "_journal": FLOOR | {"_records", "_module", "_exchange", "_outbound_tls"},
    "_hold": FLOOR | {"_records", "_module", "_exchange", "_outbound_tls"},
    "_survey": FLOOR | {"_exchange", "_observe", "_outbound_tls"},
    "modules": FLOOR
    | {"_module", "_journal", "_hold", "_survey", "_session_options", "_exchange", "_observe", "_outbound_tls"},
    "plugin_utils": FLOOR | {"_module", "_session_options", "_remoting", "_observe"},
    "action": {"plugin_utils", "modules"},
    "filter": FLOOR | {"plugin_utils", "_exchange", "_outbound_tls"},
    "doc_fragments": set[str](),
}
MEETS_ANSIBLE: Final = {"_libraries", "_module", "modules", "plugin_utils", "action", "filter"}
# What ansible-core itself cannot do without is there wherever Ansible is.
OF_ANSIBLE: Final = {"ansible", "jinja2", "markupsafe"}
# What a room may ask _libraries for; every other room may ask for anything.
MAY_REQUIRE: Final = {"_exchange": {"cryptography"}, "_outbound_tls": {"cryptography"}}

# The lab's rooms with a rule of their own: the wire knows no Exchange, the world knows no wire.
LAB_MAY_IMPORT: Final = {
    "wire": set[str](),
    "world": {"agenda", "clock", "timespan"},
    "transport": {"world", "agenda", "timespan"},
}

HEADER: Final = """\
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""


@dataclass(frozen=True)
class Import:
    """One imported module. ``target`` is its path from the root for our own, else its dotted name as one part."""

    source: tuple[str, ...]
    line: int
    target: tuple[str, ...]
    relative: bool

    @property
    def top(self) -> str:
        return self.target[0].partition(".")[0]

    def __str__(self) -> str:
        return f"{'/'.join(self.source)}.py:{self.line} imports {'/'.join(self.target)}"


def python_files(root: Path, *folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(path for path in (root / folder).rglob("*.py") if "__pycache__" not in path.parts)


def imports_of(root: Path, *folders: str) -> Iterator[Import]:
    for path in python_files(root, *folders):
        source = path.relative_to(root).with_suffix("").parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (Import(source, node.lineno, (alias.name,), relative=False) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                yield Import(source, node.lineno, (str(node.module),), relative=False)
            elif isinstance(node, ast.ImportFrom):
                base = (*source[: -node.level], *(node.module.split(".") if node.module else ()))
                targets = {_module_at(root, base, alias.name) for alias in node.names}
                yield from (Import(source, node.lineno, target, relative=True) for target in sorted(targets))


def _module_at(root: Path, base: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Tell a module of a package from a name in it: only one of them is a file."""
    inner = root.joinpath(*base, name)
    return (*base, name) if inner.is_dir() or inner.with_suffix(".py").is_file() else base


def room_of(module: tuple[str, ...]) -> str:
    return module[2] if module[:2] == MODULE_UTILS and len(module) > 2 else module[1]


def imports_run_downward(root: Path) -> list[str]:
    broken = []
    for one in imports_of(root, "plugins"):
        room = room_of(one.source)
        if room not in MAY_IMPORT:
            broken.append(f"{'/'.join(one.source)}.py is in a room without a place in the house")
        elif one.relative:
            if one.target[0] != "plugins" or room_of(one.target) not in MAY_IMPORT[room] | {room}:
                broken.append(f"{one}, upward or sideways")
        elif one.top == "ansible_collections":
            broken.append(f"{one}, which is no relative import")
    return broken


def libraries_have_one_door(root: Path) -> list[str]:
    broken = []
    for one in imports_of(root, "plugins"):
        room = room_of(one.source)
        if one.relative or room == "_libraries" or one.top == "ansible_collections":
            continue
        if one.top in OF_ANSIBLE:
            if room not in MEETS_ANSIBLE:
                broken.append(f"{one}, but {room} knows no Ansible")
        elif one.top not in sys.stdlib_module_names or one.top == "importlib":
            broken.append(f"{one} past _libraries.py")
    for path in python_files(root, "plugins"):
        room = room_of(path.relative_to(root).with_suffix("").parts)
        broken += [
            f"{path.relative_to(root)} requires {library}, but {room} may not"
            for library in _required(path)
            if room in MAY_REQUIRE and library not in MAY_REQUIRE[room]
        ]
    return broken


def _required(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id="require"), args=[ast.Constant(value=str() as module)]):
                yield module.partition(".")[0]


def no_circles(root: Path) -> list[str]:
    graph = TopologicalSorter[tuple[str, ...]]()
    for one in imports_of(root, "plugins", "tests/lab"):
        if one.relative and one.target != one.source:
            target = (*one.target, "__init__") if root.joinpath(*one.target).is_dir() else one.target
            graph.add(one.source, target)
    try:
        graph.prepare()
    except CycleError as error:
        return [" imports ".join("/".join(module) for module in reversed(error.args[1]))]
    return []


def lab_and_collection_share_nothing(root: Path) -> list[str]:
    broken = []
    for one in imports_of(root, "tests/lab"):
        if one.relative:
            reached = one.target[: len(LAB)] == LAB
            room, target = one.source[len(LAB)], one.target[len(LAB)] if len(one.target) > len(LAB) else ""
            if not reached or target not in LAB_MAY_IMPORT.get(room, {target}) | {room}:
                broken.append(f"{one}, upward or sideways")
        elif one.top in {"ansible", "ansible_collections", "plugins"}:
            broken.append(f"{one}, so a mistake could hide in both")
    return broken


def shipped_content_knows_no_lab(root: Path) -> list[str]:
    scenarios = {path.stem for path in (root / "tests/lab/scenarios").glob("*.yml")}
    shipped = (path for folder in ("plugins", "roles", "playbooks", "meta") for path in (root / folder).rglob("*"))
    return [
        f"{path.relative_to(root)} mentions {word}"
        for path in sorted(path for path in shipped if path.is_file() and path.suffix != ".pyc")
        for word in sorted({"exchange_lab", "exchange-lab", "tests/lab"} | scenarios)
        if word in path.read_text(encoding="utf-8")
    ]


def no_script_text(root: Path) -> list[str]:
    """Cmdlets travel as structure: nothing that a user types can become code."""
    return [
        f"{path.relative_to(root)}:{node.lineno} calls {node.attr}"
        for path in python_files(root, "plugins")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"add_script", "execute_ps", "run_ps", "run_cmd"}
    ]


def files_say_their_licence(root: Path) -> list[str]:
    # Ansible's sanity tests want a module to begin with a shebang.
    return [
        f"{path.relative_to(root)} lacks the header"
        for path in python_files(root, "plugins", "tests", "tools")
        if not path.read_text(encoding="utf-8").removeprefix("#!/usr/bin/python\n").startswith(HEADER)
    ]


def files_are_short(root: Path) -> list[str]:
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files(root, "plugins", "tests/lab")
    }
    return [
        f"{path.relative_to(root)} has {length} lines: it is two things"
        for path, length in lengths.items()
        if length > LONGEST_FILE
    ]


Rule = Callable[[Path], list[str]]
RULES: Final[tuple[Rule, ...]] = (
    imports_run_downward,
    libraries_have_one_door,
    no_circles,
    lab_and_collection_share_nothing,
    shipped_content_knows_no_lab,
    no_script_text,
    files_say_their_licence,
    files_are_short,
)
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)


@each_rule
def test_this_repository_keeps_the_rule(rule: Rule) -> None:
    assert rule(ROOT) == []


def test_the_rules_see_this_repository() -> None:
    rooms = {room_of(one.source) for one in imports_of(ROOT, "plugins")}
    assert {"_exchange", "_remoting", "filter", "plugin_utils"} <= rooms
    assert any(one.target[-1] == "_powershell" for one in imports_of(ROOT, "plugins"))
    assert any(one.source[: len(LAB)] == LAB for one in imports_of(ROOT, "tests/lab"))


SOUND: Final = {
    "plugins/module_utils/_powershell.py": "import re\n",
    "plugins/module_utils/_libraries.py": "from importlib import import_module\nimport ansible.module_utils.basic\n",
    "plugins/module_utils/_exchange/queue.py": (
        'from .._libraries import require\nfrom .._powershell import x\nrequire("cryptography.x509")\n'
    ),
    "plugins/module_utils/_exchange/server.py": "from . import queue\n",
    "plugins/module_utils/_remoting/session.py": 'from .._libraries import require\nrequire("pypsrp.wsman")\n',
    "plugins/module_utils/_observe/queues.py": "from .._exchange.queue import x\nfrom .._remoting import session\n",
    "plugins/module_utils/_outbound_tls/plan.py": "from .._exchange import queue\n",
    "plugins/modules/exchange_queue_retry.py": (
        "from ..module_utils._observe import queues\nfrom ..module_utils._outbound_tls.plan import x\n"
    ),
    "plugins/action/exchange_queue_retry.py": "from ..modules import exchange_queue_retry\n",
    "tests/lab/exchange_lab/__init__.py": "",
    "tests/lab/exchange_lab/cli.py": "import psrpcore\nfrom . import wire\nfrom .wire.http import x\n",
    "tests/lab/exchange_lab/wire/__init__.py": "from .http import x\n",
    "tests/lab/exchange_lab/wire/http.py": "",
    "tests/lab/scenarios/one-server.yml": "",
}


def plant(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEADER + text if path.suffix == ".py" else text, encoding="utf-8")
    return root


@each_rule
def test_a_sound_tree_passes(rule: Rule, tmp_path: Path) -> None:
    assert rule(plant(tmp_path, SOUND)) == []


UTILS: Final = "plugins/module_utils"


@pytest.mark.parametrize(
    ("rule", "file", "text"),
    [
        (imports_run_downward, f"{UTILS}/_exchange/queue.py", "from .._remoting.session import x\n"),
        (imports_run_downward, f"{UTILS}/_exchange/queue.py", "from .. import _observe\n"),
        (imports_run_downward, f"{UTILS}/_remoting/session.py", "from .._exchange.queue import x\n"),
        (imports_run_downward, f"{UTILS}/_outbound_tls/plan.py", "def f():\n    from .._observe import queues\n"),
        (imports_run_downward, f"{UTILS}/_powershell.py", "from . import _libraries\n"),
        (imports_run_downward, f"{UTILS}/_observe/queues.py", "from ...modules import exchange_queue_retry\n"),
        (imports_run_downward, "plugins/modules/x.py", "from ..action import exchange_queue_retry\n"),
        (imports_run_downward, "plugins/filter/x.py", "from ...tests.lab.exchange_lab import cli\n"),
        (imports_run_downward, f"{UTILS}/helpers.py", "import re\n"),
        (imports_run_downward, "plugins/modules/x.py", "import ansible_collections.mailops.exchange.plugins\n"),
        (libraries_have_one_door, f"{UTILS}/_remoting/session.py", "import pypsrp.wsman\n"),
        (
            libraries_have_one_door,
            f"{UTILS}/_remoting/session.py",
            "try:\n    from spnego import x\nfinally:\n    pass\n",
        ),
        (libraries_have_one_door, f"{UTILS}/_remoting/session.py", "import importlib\n"),
        (libraries_have_one_door, f"{UTILS}/_outbound_tls/plan.py", "from ansible.errors import AnsibleError\n"),
        (libraries_have_one_door, f"{UTILS}/_outbound_tls/plan.py", "from jinja2 import Environment\n"),
        (libraries_have_one_door, f"{UTILS}/_exchange/queue.py", 'def f():\n    return require("pypsrp.wsman")\n'),
        (no_circles, f"{UTILS}/_exchange/queue.py", "from .server import x\n"),
        (no_circles, "tests/lab/exchange_lab/wire/http.py", "from .. import wire\n"),
        (lab_and_collection_share_nothing, "tests/lab/exchange_lab/cli.py", "import ansible_collections.mailops\n"),
        (lab_and_collection_share_nothing, "tests/lab/exchange_lab/cli.py", "from ....plugins.module_utils import x\n"),
        (lab_and_collection_share_nothing, "tests/lab/exchange_lab/wire/http.py", "from ..cli import x\n"),
        (shipped_content_knows_no_lab, "roles/repair/tasks/main.yml", "when: scenario == 'one-server'\n"),
        (shipped_content_knows_no_lab, f"{UTILS}/_remoting/session.py", "# as tests/lab has it\n"),
        (no_script_text, f"{UTILS}/_remoting/session.py", 'shell.add_script("Get-Queue")\n'),
        (files_are_short, f"{UTILS}/_powershell.py", "\n" * LONGEST_FILE),
    ],
)
def test_a_broken_rule_is_seen(rule: Rule, file: str, text: str, tmp_path: Path) -> None:
    assert len(rule(plant(tmp_path, {**SOUND, file: text}))) == 1


def test_a_missing_header_is_seen(tmp_path: Path) -> None:
    (plant(tmp_path, SOUND) / UTILS / "_powershell.py").write_text('"""Words."""\n', encoding="utf-8")
    assert files_say_their_licence(tmp_path) == [f"{UTILS}/_powershell.py lacks the header"]

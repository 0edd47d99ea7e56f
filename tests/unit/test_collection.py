# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection says of itself: its metadata, its README and its documentation agree with what it ships."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pytest
import yaml
from packaging.requirements import Requirement

ROOT: Final = Path(__file__).parents[2]
COLLECTION: Final = "mailops.exchange"
# Files of the repository that no user of a release needs.
NOT_RELEASED: Final = (".ansible-lint", ".ci/", ".gitignore", ".shellcheckrc", ".yamllint", "ansible.cfg", "galaxy.yml")


def names(folder: str, pattern: str = "[a-z]*.py") -> set[str]:
    return {path.stem for path in (ROOT / folder).glob(pattern)}


MODULES: Final = names("plugins/modules")
SHIPPED: Final = {
    "module": MODULES,
    "filter": names("plugins/filter"),
    "role": names("roles", "[a-z]*"),
    "playbook": names("playbooks", "*.yml"),
}


def tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of the Python that runs the tests."""
    command = [str(Path(sys.executable).with_name(name)), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_action_group_all_holds_every_module() -> None:
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
    assert set(runtime["action_groups"]["all"]) == MODULES


def test_every_module_has_its_action() -> None:
    assert names("plugins/action") == MODULES


def test_the_readme_names_what_is_shipped_and_nothing_else() -> None:
    named = set(re.findall(rf"\b{re.escape(COLLECTION)}\.(\w+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named == set().union(*SHIPPED.values())


def test_an_execution_environment_gets_what_kerberos_needs() -> None:
    lines = (ROOT / "meta/ee-requirements.txt").read_text(encoding="utf-8").splitlines()
    asked = [Requirement(line) for line in lines if not line.startswith("#")]
    assert {each.name for each in asked if "kerberos" in each.extras} == {"pypsrp", "pywinrm"}


def test_the_readme_links_to_absolute_addresses() -> None:
    links = re.findall(r"\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [link for link in links if not link.startswith("https://")] == []


@pytest.mark.parametrize("kind", ["module", "filter", "role"])
def test_ansible_doc_renders(kind: str) -> None:
    wanted = sorted(f"{COLLECTION}.{name}" for name in SHIPPED[kind])
    assert wanted
    shown = tool("ansible-doc", "-t", kind, *wanted)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert [name for name in wanted if name not in shown.stdout] == []


def test_the_tests_run_with_libraries_that_the_metadata_allows() -> None:
    metadata = yaml.safe_load((ROOT / "meta/execution-environment.yml").read_text(encoding="utf-8"))
    assert (ROOT / metadata["dependencies"]["system"]).is_file()
    lines = (ROOT / metadata["dependencies"]["python"]).read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines]
    assert {requirement.name for requirement in wanted} == {"pypsrp", "pywinrm", "jmespath", "cryptography", "pygal"}
    assert [str(one) for one in wanted if not one.specifier.contains(version(one.name))] == []


def test_a_release_holds_what_git_knows_and_nothing_else(tmp_path: Path) -> None:
    built = tool("ansible-galaxy", "collection", "build", "--output-path", str(tmp_path))
    assert built.returncode == 0, built.stderr
    (artifact,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(artifact) as archive:
        released = {member.name for member in archive if not member.isdir()} - {"MANIFEST.json", "FILES.json"}
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    known = {name for name in listed if name and (ROOT / name).exists()}
    assert released == {name for name in known if not name.startswith(NOT_RELEASED)}

# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scenario as it is written: YAML values, and the place in a file where each of them stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Keys = tuple[str | int, ...]


class ScenarioError(Exception):
    """A scenario that cannot be loaded; its text names file, line and key of each mistake, one a line."""


@dataclass(frozen=True)
class Place:
    """Where a value stands: ``source`` is a file or an argument of the command line, ``line`` counts from 1."""

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}"


@dataclass
class Document:
    """The value of a scenario, and the place of each key; ``directory`` is where its relative file names begin."""

    value: dict[str, Any]
    places: dict[Keys, Place] = field(default_factory=dict)

    def place(self, keys: Keys) -> Place:
        """The place of a key, else that of the nearest key around it."""
        while keys and keys not in self.places:
            keys = keys[:-1]
        return self.places[keys]

    def error(self, keys: Keys, problem: str) -> str:
        """One line for a mistake at these keys."""
        return f"{self.place(keys)}: {dotted(keys)}: {problem}"

    def fail(self, keys: Keys, problem: str) -> ScenarioError:
        return ScenarioError(self.error(keys, problem))


def dotted(keys: Keys) -> str:
    return ".".join(str(each) for each in keys) or "(the whole file)"


def read(path: Path) -> Document:
    """Read a scenario file, on top of the one that it extends."""
    document = _parse(path)
    base = document.value.pop("extends", None)
    if base is None:
        return document
    if not isinstance(base, str) or not (path.parent / base).is_file():
        raise document.fail(("extends",), f"there is no scenario file {base!r} beside this one")
    return _override(read(path.parent / base), document)


def override(document: Document, assignment: str) -> None:
    """Change one fact: ``connectors.Outbound to Office 365.require_tls=false``; the value is YAML.

    A dot separates keys; a key that has dots itself is recognised where it exists.
    """
    place = f"--set {assignment}"
    path, equals, text = assignment.partition("=")
    if not equals:
        raise ScenarioError(f"{place}: KEY=VALUE is expected")
    holder: Any = document.value
    keys: Keys = ()
    parts = path.split(".")
    while True:
        key, parts = _next_key(holder, parts)
        if not parts:
            break
        if not isinstance(holder, list) and key not in holder:
            holder[key] = {}
            document.places[(*keys, key)] = Place(place)
        holder, keys = holder[key], (*keys, key)
        if not isinstance(holder, dict | list):
            raise ScenarioError(f"{place}: {dotted(keys)} is a single value and has no key {'.'.join(parts)}")
    keys = (*keys, key)
    try:
        value = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise ScenarioError(f"{place}: the value is not YAML: {error}") from error
    if isinstance(key, int) and key >= len(holder):
        raise ScenarioError(f"{place}: {dotted(keys[:-1])} has only {len(holder)} entries")
    holder[key] = value
    for each in [each for each in document.places if each[: len(keys)] == keys]:
        del document.places[each]
    document.places[keys] = Place(place)


def _next_key(holder: Any, parts: list[str]) -> tuple[str | int, list[str]]:
    if isinstance(holder, list) and parts[0].isdigit():
        return int(parts[0]), parts[1:]
    for length in range(len(parts), 0, -1):
        key = ".".join(parts[:length])
        if key in holder:
            return key, parts[length:]
    return parts[0], parts[1:]


class _Loader(yaml.SafeLoader):
    """YAML with JSON's types: a time stays text, so that the schema can judge it."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _parse(path: Path) -> Document:
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ScenarioError(f"{Place(str(path), mark.line + 1 if mark else None)}: {error.problem}") from error
    document = Document({}, {(): Place(str(path), 1)})
    if not isinstance(node, yaml.MappingNode):
        raise document.fail((), "a scenario is a mapping")
    document.value = _construct(loader, node, (), document)
    return document


def _construct(loader: _Loader, node: yaml.Node, keys: Keys, document: Document) -> Any:
    if isinstance(node, yaml.MappingNode):
        loader.flatten_mapping(node)
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node)
            if not isinstance(key, str):
                raise ScenarioError(f"{_place(document, key_node)}: {dotted(keys)}: the key {key!r} is not text")
            if key in mapping:
                raise ScenarioError(f"{_place(document, key_node)}: {dotted((*keys, key))}: the key stands here twice")
            document.places[(*keys, key)] = _place(document, key_node)
            mapping[key] = _construct(loader, value_node, (*keys, key), document)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            document.places[(*keys, index)] = _place(document, child)
        return [_construct(loader, child, (*keys, index), document) for index, child in enumerate(node.value)]
    return loader.construct_object(node)


def _place(document: Document, node: yaml.Node) -> Place:
    return Place(document.places[()].source, node.start_mark.line + 1)


def _override(base: Document, top: Document) -> Document:
    """Merge mappings, replace everything else; each key keeps the place it comes from."""

    def merge(below: Mapping[str, Any], above: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
        merged = dict(below)
        for key, value in above.items():
            here = (*keys, key)
            if isinstance(value, dict) and isinstance(below.get(key), dict):
                merged[key] = merge(below[key], value, here)
                continue
            for each in [each for each in places if each[: len(here)] == here]:
                del places[each]
            places.update({each: place for each, place in top.places.items() if each[: len(here)] == here})
            merged[key] = value
        return merged

    places = dict(base.places)
    places[()] = top.places[()]
    return Document(merge(base.value, top.value, ()), places)

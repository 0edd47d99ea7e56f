# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract of a scenario: the schema, what a schema cannot say, and the values that may be left out."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import jsonschema

from .document import Document, Keys, ScenarioError

SCHEMA = Path(__file__).resolve().parents[2] / "scenario.schema.json"


@functools.cache
def schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return loaded


def validate(document: Document) -> dict[str, Any]:
    """The scenario with every default filled in; ScenarioError names file, line and key of each mistake."""
    validator = jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())
    found = sorted(validator.iter_errors(document.value), key=lambda error: [str(each) for each in error.absolute_path])
    mistakes = [line for error in found for line in _explain(document, error)]
    if not mistakes:
        scenario: dict[str, Any] = _with_defaults(document.value, schema())
        mistakes = [document.error(keys, problem) for keys, problem in _contradictions(scenario)]
    if mistakes:
        raise ScenarioError("\n".join(dict.fromkeys(mistakes)))
    return scenario


def _explain(document: Document, error: jsonschema.ValidationError) -> Iterator[str]:
    keys: Keys = tuple(error.absolute_path)
    rules, rule, instance = cast("dict[str, Any]", error.schema), error.validator, cast("Any", error.instance)
    if rule == "additionalProperties":
        known = rules.get("properties", {})
        for key in [each for each in instance if each not in known]:
            yield document.error((*keys, key), f"unknown key; known here: {', '.join(sorted(known))}")
    elif rule == "required":
        # pylint: disable-next=stop-iteration-return
        missing = next(each for each in rules["required"] if each not in instance)
        yield document.error(keys, f"the key {missing} is missing")
    elif rule == "not":
        yield document.error(keys, "a server of this role has no such key")
    elif rule == "oneOf":
        yield document.error(keys, rules["description"])
    elif "propertyNames" in error.absolute_schema_path:
        yield document.error((*keys, instance), f"no name for a key here: {error.message}")
    else:
        yield document.error(keys, error.message)


def _with_defaults(value: Any, rules: dict[str, Any]) -> Any:
    """A copy of a valid value in which every key with a default exists."""
    rules = _resolved(rules)
    if isinstance(value, dict):
        properties = {key: _resolved(each) for key, each in rules.get("properties", {}).items()}
        others = rules.get("additionalProperties", {})
        values = {key: each["default"] for key, each in properties.items() if "default" in each} | value
        return {key: _with_defaults(each, properties.get(key) or others) for key, each in values.items()}
    if isinstance(value, list):
        return [_with_defaults(each, rules.get("items", {})) for each in value]
    return value


def _resolved(rules: dict[str, Any]) -> dict[str, Any]:
    """Rules with their reference looked up; what stands beside it wins."""
    if "$ref" not in rules:
        return rules
    target: Any = schema()
    for step in rules["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return {**_resolved(target), **{key: each for key, each in rules.items() if key != "$ref"}}


def _contradictions(scenario: dict[str, Any]) -> Iterator[tuple[Keys, str]]:
    """What only the whole scenario shows: names that refer to nothing."""
    yield from _servers(scenario)
    yield from _copies(scenario)
    servers, peers = scenario["servers"], scenario["peers"]
    yield from _edges(scenario)
    for name, connector in scenario["connectors"].items():
        known = [fqdn for fqdn, server in servers.items() if _is_in_directory(server)]
        for index, source in enumerate(connector.get("source_servers", [])):
            if source not in known:
                yield ("connectors", name, "source_servers", index), _not_among("servers of the organisation", known)
    for index, mail in enumerate(scenario["mail"]):
        if mail["server"] not in servers:
            yield ("mail", index, "server"), _not_among("servers", servers)
    for index, fault in enumerate(scenario["faults"]):
        down = fault.get("peer_goes_down")
        if down and down["peer"] not in peers:
            yield ("faults", index, "peer_goes_down", "peer"), _not_among("peers", peers)
        asks = fault.get("unforeseen_prompt")
        if asks and asks["default"] >= len(asks["choices"]):
            yield ("faults", index, "unforeseen_prompt", "default"), f"there are only {len(asks['choices'])} choices"


def _servers(scenario: dict[str, Any]) -> Iterator[tuple[Keys, str]]:
    servers, controllers = scenario["servers"], scenario["domain_controllers"]
    names = [fqdn.partition(".")[0].upper() for fqdn in servers]
    for fqdn, server in servers.items():
        at: Keys = ("servers", fqdn)
        if names.count(fqdn.partition(".")[0].upper()) > 1:
            yield at, "another server has the same NetBIOS name"
        # pylint: disable-next=stop-iteration-return
        if server.get("domain_controller", next(iter(controllers))) not in controllers:
            yield (*at, "domain_controller"), _not_among("domain_controllers", controllers)
        if server["default_certificate"] not in (None, *server["certificates"]):
            yield (*at, "default_certificate"), _not_among("certificates", server["certificates"])
        yield from _proxied(servers, fqdn)


def _proxied(servers: dict[str, Any], fqdn: str) -> Iterator[tuple[Keys, str]]:
    if "proxied_to" in servers[fqdn]["wsman"]:
        yield ("servers", fqdn, "wsman", "proxied_to"), "only Exchange's own endpoint is proxied"
    mailbox_servers = [name for name, server in servers.items() if server["role"] == "mailbox"]
    target = servers[fqdn].get("powershell", {}).get("proxied_to", fqdn)
    if servers[fqdn]["role"] == "mailbox" and target not in mailbox_servers:
        yield ("servers", fqdn, "powershell", "proxied_to"), _not_among("Mailbox servers", mailbox_servers)


def _is_in_directory(server: dict[str, Any]) -> bool:
    """Whether Active Directory knows a server: an Edge is there only as long as it is subscribed."""
    return server["role"] == "mailbox" or "subscribed_to" in server


def _edges(scenario: dict[str, Any]) -> Iterator[tuple[Keys, str]]:
    servers = scenario["servers"]
    sites = {server["site"] for server in servers.values() if server["role"] == "mailbox"}
    for fqdn, server in servers.items():
        if "subscribed_to" in server and server["subscribed_to"] not in sites:
            yield ("servers", fqdn, "subscribed_to"), _not_among("sites with a Mailbox server", sorted(sites))
        if "subscribed_to" in server and "connectors" in server:
            yield ("servers", fqdn, "connectors"), "a subscribed Edge has the organisation's, by EdgeSync"
        for name, connector in server.get("connectors", {}).items():
            if "source_servers" in connector:
                yield ("servers", fqdn, "connectors", name, "source_servers"), "an Edge is the only one of its own"


def _copies(scenario: dict[str, Any]) -> Iterator[tuple[Keys, str]]:
    """A copy (same_as) names an original: another server's certificate that is no copy, or a peer's."""
    servers = scenario["servers"].items()
    originals = [
        f"{fqdn}/{key}" for fqdn, server in servers for key, each in server["certificates"].items() if "subject" in each
    ] + list(scenario["peers"])
    for fqdn, server in servers:
        for key, certificate in server["certificates"].items():
            if "same_as" in certificate and certificate["same_as"] not in originals:
                yield ("servers", fqdn, "certificates", key, "same_as"), _not_among("certificates", originals)


def _not_among(what: str, known: Iterable[str]) -> str:
    return f"not among {what}: {', '.join(known) or 'there are none'}"

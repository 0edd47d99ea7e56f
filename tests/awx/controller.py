# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A loopback stand-in for AWX's API: it keeps what the modules of awx.awx send, and gives it back.

It judges nothing: a module's own specification sees to its options, and what arrives is what AWX would get.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

Item = dict[str, Any]
ROOT: Final = "/api/v2/"
EXISTING: Final = {"organizations": ["Default"], "inventories": ["Exchange"], "credentials": ["Exchange servers"]}
"""What an administrator has made before: apply.yml refers to it by name."""


class Controller:
    """What stands in the API, by collection; ``changes`` lists every request that changed something."""

    def __init__(self) -> None:
        self.collections: dict[str, list[Item]] = {}
        self.surveys: dict[str, Item] = {}
        self.associations: dict[str, list[Item]] = {}
        self.changes: list[tuple[str, str, Item]] = []
        self._numbers = itertools.count(1)
        self.lock = Lock()
        for collection, names in EXISTING.items():
            for name in names:
                self.create(collection, {"name": name})

    def create(self, collection: str, body: Item) -> Item:
        number = next(self._numbers)
        item = {**body, "id": number, "url": f"{ROOT}{collection}/{number}/", "type": _TYPES.get(collection, "")}
        item["related"] = {"survey_spec": f"{item['url']}survey_spec/"}
        item["summary_fields"] = {}
        self.collections.setdefault(collection, []).append(item)
        return item

    def named(self, collection: str, name: str) -> Item:
        return next(each for each in self.collections[collection] if each["name"] == name)

    def survey_of(self, template: Item) -> Item:
        return self.surveys[f"{template['url'].removeprefix(ROOT)}survey_spec/"]

    # One request: its status and body.

    def answer(self, method: str, path: str, query: dict[str, str], body: Item) -> tuple[int, Item]:
        parts = [each for each in path.removeprefix(ROOT).split("/") if each]
        if not parts or parts == ["ping"]:
            return 200, {"version": "24.6.1"}
        if method != "GET":
            self.changes.append((method, path, body))
        match parts:
            case [collection]:
                return self._collection(method, collection, query, body)
            case [collection, which]:
                return self._item(method, collection, unquote(which), body)
            case [*__, "survey_spec"]:
                return self._survey(method, path.removeprefix(ROOT), body)
            case ["workflow_job_templates", __, "workflow_nodes"]:
                return self._nodes(method, int(parts[1]), query, body)
            case ["workflow_job_template_nodes", number, "create_approval_template"] if method == "POST":
                return 201, self._approval(self._by_number("workflow_job_template_nodes", number), body)
            case _:
                return self._association(method, path.removeprefix(ROOT), body)

    def _collection(self, method: str, collection: str, query: dict[str, str], body: Item) -> tuple[int, Item]:
        if method == "POST":
            return 201, self.create(collection, body)
        names = ["job_templates", "workflow_job_templates", "projects"]
        searched = names if collection == "unified_job_templates" else [collection]
        wanted = {key.removesuffix("__iexact"): value for key, value in query.items() if key in _FILTERS}
        found = [
            each
            for name in searched
            for each in self.collections.get(name, [])
            if all(str(each.get(key)) == value for key, value in wanted.items())
        ]
        return 200, {"count": len(found), "results": found, "next": None}

    def _item(self, method: str, collection: str, which: str, body: Item) -> tuple[int, Item]:
        name = which.partition("++")[0]
        known = self.collections.get(collection, [])
        item = next((each for each in known if which == str(each["id"]) or each.get("name") == name), None)
        if item is None:
            return 404, {"detail": "Not found."}
        if method == "PATCH":
            item.update(body)
        if method == "DELETE":
            known.remove(item)
            return 204, {}
        return 200, item

    def _by_number(self, collection: str, number: str) -> Item:
        return next(each for each in self.collections[collection] if str(each["id"]) == number)

    def _survey(self, method: str, path: str, body: Item) -> tuple[int, Item]:
        if method == "POST":
            self.surveys[path] = body
        return 200, self.surveys.get(path, {})

    def _nodes(self, method: str, workflow: int, query: dict[str, str], body: Item) -> tuple[int, Item]:
        whose = {"workflow_job_template": str(workflow)}
        if method == "POST":
            return self._collection("POST", "workflow_job_template_nodes", {}, {**body, **whose})
        return self._collection("GET", "workflow_job_template_nodes", {**query, **whose}, {})

    def _approval(self, node: Item, body: Item) -> Item:
        """AWX keeps what an approval has, and nothing of the node that the module sends along."""
        kept: Item = {key: body[key] for key in ("name", "description", "timeout") if key in body}
        approval = self.create("workflow_approval_templates", kept)
        node["unified_job_template"] = approval["id"]
        node["related"]["unified_job_template"] = approval["url"]
        return approval

    def _association(self, method: str, path: str, body: Item) -> tuple[int, Item]:
        associated = self.associations.setdefault(path, [])
        if method == "POST" and body.get("disassociate"):
            associated[:] = [each for each in associated if each["id"] != body["id"]]
        elif method == "POST":
            associated.append({"id": body["id"]})
        return (204, {}) if method == "POST" else (200, {"count": len(associated), "results": associated, "next": None})


_FILTERS: Final = frozenset({"name", "name__iexact", "identifier", "workflow_job_template", "unified_job_template"})
_TYPES: Final = {"job_templates": "job_template", "workflow_job_templates": "workflow_job_template"}


@contextmanager
def serve(controller: Controller) -> Iterator[str]:
    """Answer at a free port of loopback, as long as the context lasts; gives the URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            with controller.lock:
                status, answer = controller.answer(self.command, parts.path, query, body)
                sent = b"" if status == 204 else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("X-API-Product-Name", "AWX")
            self.send_header("X-API-Product-Version", "24.6.1")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PATCH = do_DELETE = do_any  # noqa: N815 - the names that http.server looks for

        def log_message(self, *arguments: object) -> None:
            """Say nothing: ``changes`` tells it better."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

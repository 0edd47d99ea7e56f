# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``outbound_tls_page``: the verdicts of a run as one HTML page."""

from __future__ import annotations

DOCUMENTATION = r"""
name: outbound_tls_page
short_description: Show what became of a fleet's outbound mail on one HTML page
version_added: 0.1.0
author: mailops contributors (@mailops)
description:
  - Makes one HTML page from the verdicts of all hosts of a run, or from the document of an audit. It says what needs
    doing today, what will fail, which certificate each server presents for each Send connector, when certificates
    expire, and then for every server what was found, on what evidence, and what an administrator would type. After a
    repair it also says what was changed and what left, and shows what each server presented before.
  - The page needs nothing else, no script, no network and no other file, so it can be mailed, archived and printed.
  - A server that may send mail of one of the connectors, and that no host of the run is, is listed as not in this run.
  - What remote servers wrote is shown and never obeyed. Characters that would not be seen are made visible.
  - The timeline of expiries has a picture where the library C(pygal) is installed on the controller.
options:
  _input:
    description:
      - Verdicts, as P(mailops.exchange.outbound_tls_verdict#filter) returns them, of all hosts in any order. Or a
        document, as P(mailops.exchange.outbound_tls_audit#filter) returns it.
    type: raw
    required: true
  title:
    description: Title of the page.
    type: str
    default: Outbound mail over TLS
  time:
    description:
      - When it was, in your own words. By default it is the controller's time, in UTC, and of an audit also the
        servers'. Empty shows none.
    type: str
  warn_days:
    description: How many days before an expiry it is marked on the page of verdicts. A document brings its own.
    type: int
    default: 30
seealso:
  - plugin: mailops.exchange.outbound_tls_verdict
    plugin_type: filter
  - plugin: mailops.exchange.outbound_tls_audit
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Write the page of a run
  ansible.builtin.copy:
    content: "{{ verdicts | mailops.exchange.outbound_tls_page(title='Outbound mail of Contoso') }}"
    dest: /var/www/reports/outbound_tls.html
    mode: "0640"
  vars:
    verdicts: "{{ ansible_play_hosts_all | map('extract', hostvars) | map(attribute='outbound_tls_repair_verdict') }}"
  delegate_to: localhost
  run_once: true

- name: Write the page of an audit that somebody mailed
  ansible.builtin.copy:
    content: "{{ lookup('file', 'outbound_tls_audit.json') | from_json | mailops.exchange.outbound_tls_page }}"
    dest: outbound_tls_audit.html
    mode: "0640"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: The page.
  type: str
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var
from jinja2 import UndefinedError

from ..module_utils._exchange.moments import moment_text
from ..module_utils._outbound_tls.audit import audit_document
from ..module_utils._outbound_tls.plan import shortened
from ..module_utils._plain import plain
from ..plugin_utils._page.page import render_page


def outbound_tls_page(
    value: Any, title: str = "Outbound mail over TLS", time: str | None = None, warn_days: int = 30
) -> str:
    """Return the page of a run's verdicts, or of an audit."""
    try:
        page = _page(plain(value), title, time, int(warn_days))
    except (AttributeError, LookupError, TypeError, ValueError, UndefinedError) as error:
        sentence = (
            f"outbound_tls_page takes a list of verdicts as outbound_tls_verdict returns them, or a document of "
            f"outbound_tls_audit; this is something else ({type(error).__name__}: {error})."
        )
        raise AnsibleFilterError(shortened(sentence)) from None
    # Remote servers wrote parts of it: it must never be taken for a template.
    wrapped: str = wrap_var(page)
    return wrapped


def _page(value: Any, title: str, time: str | None, warn_days: int) -> str:
    if isinstance(value, Mapping):
        return render_page(value, title=title, time=time)
    now = datetime.now(UTC)
    shown = f"{now:%Y-%m-%d %H:%M} UTC" if time is None else time
    seen = audit_document([each["after"] for each in value], generated=moment_text(now) or "", warn_days=warn_days)
    return render_page(seen, title=title, time=shown, verdicts=value)


class FilterModule:
    """Ansible's way to find the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"outbound_tls_page": outbound_tls_page}

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
  - Makes one HTML page from the verdicts of all hosts of a run. It says what needs doing, then in which state each
    source server is, then for every server what was found, on what evidence, what was changed, and what left.
  - The page needs nothing else, no script, no network and no other file, so it can be mailed, archived and printed.
  - A server that may send mail of one of the connectors, and that no host of the run is, is listed as not in this run.
  - What remote servers wrote is shown and never obeyed. Characters that would not be seen are made visible.
options:
  _input:
    description: Verdicts, as P(mailops.exchange.outbound_tls_verdict#filter) returns them, of all hosts in any order.
    type: list
    elements: dict
    required: true
  title:
    description: Title of the page.
    type: str
    default: Outbound mail over TLS
  time:
    description: When the run was, in your own words. By default it is the controller's time, in UTC. Empty shows none.
    type: str
seealso:
  - plugin: mailops.exchange.outbound_tls_verdict
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
"""

RETURN = r"""
_value:
  description: The page.
  type: str
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var
from jinja2 import UndefinedError

from ..module_utils._plain import plain
from ..plugin_utils._page import render_page


def outbound_tls_page(verdicts: Any, title: str = "Outbound mail over TLS", time: str | None = None) -> str:
    """Return the page of a run's verdicts."""
    shown = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC" if time is None else time
    try:
        page = render_page(plain(verdicts), title=title, time=shown)
    except (AttributeError, LookupError, TypeError, UndefinedError) as error:
        raise AnsibleFilterError(
            f"outbound_tls_page takes a list of verdicts as outbound_tls_verdict returns them; this is something else "
            f"({type(error).__name__}: {error})."
        ) from None
    # Remote servers wrote parts of it: it must never be taken for a template.
    wrapped: str = wrap_var(page)
    return wrapped


class FilterModule:
    """Ansible's way to find the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"outbound_tls_page": outbound_tls_page}

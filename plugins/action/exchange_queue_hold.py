# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of the module exchange_queue_hold: its code runs on the controller."""

from __future__ import annotations

from ..modules.exchange_queue_hold import DEFINITION
from ..plugin_utils._action import ExchangeAction


class ActionModule(ExchangeAction):
    definition = DEFINITION

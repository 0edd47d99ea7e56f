# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``/PowerShell/`` and the snap-in of an Edge run: Exchange's cmdlets, with parameters, prompts and errors.

One file a family of cmdlets. ``service_host`` is the far end of the certificate cmdlets; ``rbac`` decides who sees
what; ``failures`` writes errors as Exchange does.
"""

from __future__ import annotations

from .endpoint import exchange_endpoint
from .snap_in import EDGE_COMMANDS, SNAP_IN

__all__ = ["EDGE_COMMANDS", "SNAP_IN", "exchange_endpoint"]

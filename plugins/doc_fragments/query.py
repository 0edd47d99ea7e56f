# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option that selects from what an information module returns."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  query:
    description:
      - A JMESPath expression over the module's result,
        for example V(certificates[?contains(services, 'SMTP'\)].thumbprint).
      - What it selects is returned as RV(ignore:selected), beside the full result.
      - Needs the Python library C(jmespath) on the controller.
    type: str
"""

# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What setup, the licence and Exchange's own services left in a server's directory object. Nothing follows from it: it
only shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class ComponentRequest:
    """Who wanted a state of a component, and when; kept by the server (local) or by the directory (remote)."""

    kept: Literal["local", "remote"]
    component: str
    requester: str
    state: str
    at: datetime


@dataclass(frozen=True)
class Mitigations:
    """What the service for emergency mitigations has done. It writes its time only where it has run."""

    applied: tuple[str, ...]
    at: datetime


@dataclass(frozen=True)
class Installation:
    """What a server's object says of the server's past.

    Attributes:
        created, changed: Of the server's object; None means with the server's oldest certificate, which setup makes.
        data_path: The folder of mailbox databases.
        edition: An evaluation is shown as one that has expired.
        product_id: Empty without a product key.
        reports: CustomerFeedbackEnabled and ErrorReportingEnabled; None is unset.
        collects_data: DataCollectionEnabled.
        mitigations: None where the service has never run.
        requests: Requests for component states, in the server's order.
    """

    created: datetime | None = None
    changed: datetime | None = None
    data_path: str = r"C:\Program Files\Microsoft\Exchange Server\V15\Mailbox"
    edition: Literal["Standard", "StandardEvaluation", "Enterprise"] = "Standard"
    product_id: str = ""
    reports: bool | None = False
    collects_data: bool = False
    mitigations: Mitigations | None = None
    requests: tuple[ComponentRequest, ...] = ()

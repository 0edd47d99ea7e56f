# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a connector, from the facts that a test passes."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.case import make_case
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.diagnosis import diagnose
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.prediction import (
    predict,
    with_predictions,
)
from ansible_collections.mailops.exchange.plugins.module_utils._outbound_tls.presented import presented

DAYS = 30
"""How far ahead is looked."""


@pytest.fixture
def look(make):
    """What is told of a connector whose mail leaves, unless a test says otherwise: root cause, then predictions."""

    def look(*certificates, connector=None, sessions=(), **changes):
        own = make.setup_certificate()
        setup = () if any(each.thumbprint == own.thumbprint for each in certificates) else (own,)
        facts = {"queues": (), "certificates": (*setup, *certificates), **changes}
        reading = make.reading(*make.sessions(*sessions), connectors=(make.connector(**(connector or {})),), **facts)
        case = make_case(reading, reading.connectors[0])
        primary = diagnose(case)
        entries = presented(
            reading.certificates, case.connector, reading.server, reading.clock, reading.transport.default_certificate
        )
        primary, beside = with_predictions(case, primary, predict(case, entries, primary, DAYS))
        for each in (primary, *beside):
            assert len(each.sentence) <= 300
            assert not each.sentence.endswith("…")
            assert "\n" not in each.sentence
        return primary, *beside

    return look

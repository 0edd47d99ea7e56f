# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Receive connectors as Exchange returns them."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.fields import Unreadable
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.receive_connector import (
    receive_connector_from,
)
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import RemoteObject


def test_recorded_connectors_are_read_in_both_forms(recorded, over_the_wire):
    objects = recorded("E19-exlab-GetReceiveConnector")
    for source in (objects, [over_the_wire(each) for each in objects]):
        found = {each.name: each for each in map(receive_connector_from, source)}
        assert len(found) == len(objects)
        front = next(each for name, each in found.items() if name.startswith("Default Frontend"))
        assert front.enabled
        assert front.offers_starttls
        assert front.fqdn
        assert front.tls_certificate_name is not None
        assert front.tls_certificate_name.subject.startswith("CN=")


def test_what_means_nothing_is_not_guessed(recorded):
    source = recorded("E19-exlab-GetReceiveConnector")[0]
    broken = RemoteObject(properties={**source.properties, "TlsCertificateName": "mail.contoso.com"})
    with pytest.raises(Unreadable):
        receive_connector_from(broken)

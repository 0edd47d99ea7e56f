# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the lab a toy? Clients that make the mistakes administrators and scripts make must fail as they do on Exchange.

None of them has a line of the collection in it. Where a proof is that nothing happens, the same proof shows what makes
it happen, so that a dead lab proves nothing.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import pytest

from .client import YES, ConnectionDropped
from .conftest import CONNECTOR, Lab

Start = Callable[..., Lab]

PEER = "contoso-com.mail.protection.outlook.com"


def test_force_replaces_the_default_certificate(start: Start) -> None:
    lab = start("kb4051498")
    with lab.exchange() as client:
        answer = client.run(lab.enable("third-party", Force=True))
    assert answer.errors == []
    (entry,) = lab.commands("Enable-ExchangeCertificate")
    assert (entry.parameters["Force"], entry.prompt) == (True, None)
    assert lab.server.default_certificate == lab.certificate("third-party").thumbprint


def test_yes_replaces_the_default_certificate_and_no_keeps_it(start: Start) -> None:
    lab = start("kb4051498")
    lab.bind("third-party")
    assert lab.server.default_certificate == lab.certificate("setup").thumbprint
    with lab.exchange(YES) as client:
        client.run(lab.enable("third-party"))
    assert lab.server.default_certificate == lab.certificate("third-party").thumbprint
    assert [each.answer for each in lab.commands("Enable-ExchangeCertificate")] == ["No", "Yes"]


def test_a_connection_dropped_at_the_prompt_leaves_smtp_bound_and_the_default_kept(start: Start) -> None:
    lab = start("kb4051498")
    before, default = lab.services("third-party"), lab.server.default_certificate
    with pytest.raises(ConnectionDropped), lab.exchange(answer=None) as client:
        client.run(lab.enable("third-party"))
    (entry,) = lab.commands("Enable-ExchangeCertificate")
    assert entry.prompt is not None
    assert re.findall(r"\b[0-9A-F]{40}\b", entry.prompt) == [default, lab.certificate("third-party").thumbprint]
    assert (entry.answer, entry.error) == (None, None)
    assert (before, lab.services("third-party")) == ("POP, IIS", "POP, IIS, SMTP")
    assert lab.server.default_certificate == default == lab.certificate("setup").thumbprint
    assert lab.organisation.state()["open_shells"] == 1


def test_a_reader_that_takes_the_last_thumbprint_names_the_peers_certificate(start: Start) -> None:
    lab = start("kb4051498")
    lab.raise_logging()
    lab.bind("third-party")
    lab.retry()
    thumbprints = [row[7] for row in lab.log() if row[1] == CONNECTOR and row[8] == "Certificate thumbprint"]
    assert thumbprints[-1] == lab.world.peers[PEER].certificate.thumbprint
    assert lab.certificate("third-party").thumbprint in thumbprints
    assert lab.server.certificate(thumbprints[-1]) is None


def test_where_the_store_has_the_last_thumbprint_that_reader_binds_a_certificate_that_helps_nobody(
    start: Start,
) -> None:
    lab = start("interleaved-sessions")
    thumbprints = [row[7] for row in lab.log() if row[8] == "Certificate thumbprint"]
    assert thumbprints[-1] == lab.certificate("partner").thumbprint
    lab.bind("partner")
    assert_nothing_leaves(lab)


def test_without_select_object_there_are_no_services(start: Start) -> None:
    lab = start("kb4051498")
    everything = ("Get-ExchangeCertificate", {"Server": lab.server.fqdn})
    with lab.exchange() as client:
        bare = client.run(everything).output
        selected = client.run(everything, ("Select-Object", {"Property": ["Thumbprint", "Services"]})).output
    assert len(bare) == len(selected) == len(lab.server.store) == 3
    for certificate in bare:
        assert (list(certificate.adapted_properties), list(certificate.extended_properties)) == (["RawData"], [])
        assert "SMTP" not in certificate.to_string
    services = {each.extended_properties["Thumbprint"]: each.extended_properties["Services"] for each in selected}
    assert services[lab.certificate("setup").thumbprint].to_string == "IIS, SMTP"
    assert services[lab.certificate("third-party").thumbprint].to_string == "POP, IIS"


def test_a_retry_without_a_bind_delivers_nothing_and_logs_another_failing_session(start: Start) -> None:
    lab = start("kb4051498")
    lab.raise_logging()
    lab.retry()
    before = lab.failing_sessions()
    lab.retry()
    assert lab.failing_sessions() == before + 1
    assert_nothing_leaves(lab)


def test_binding_another_certificate_delivers_nothing(start: Start) -> None:
    lab = start("receive-log-only")
    lab.bind("decoy")
    assert lab.services("decoy") == "SMTP"
    assert_nothing_leaves(lab)


def test_enabling_an_expired_certificate_succeeds_and_cures_nothing(start: Start) -> None:
    lab = start("kb4051498", "servers.mbx01.contoso.test.certificates.third-party.not_after=-1d")
    assert lab.certificate("third-party").status(lab.world.clock.now()).text == "DateInvalid"
    lab.bind("third-party")
    (entry,) = lab.commands("Enable-ExchangeCertificate")
    assert (entry.answer, entry.error) == ("No", None)
    assert lab.services("third-party") == "POP, IIS, SMTP"
    lab.retry()
    assert (lab.accepted, lab.queue.message_count) == (0, 25)
    assert "could not be found" in lab.queue.last_error


def test_script_text_is_refused(start: Start) -> None:
    lab = start("kb4051498")
    with lab.exchange() as client:
        answer = client.script("Get-ExchangeCertificate | Select-Object Thumbprint, Services")
    assert answer.output == []
    (error,) = answer.errors
    assert error.startswith("The syntax is not supported by this runspace.")
    (entry,) = lab.world.commands
    assert (entry.is_script, entry.error) == (True, error)


def test_where_object_is_refused(start: Start) -> None:
    lab = start("kb4051498")
    with lab.exchange() as client:
        answer = client.run(
            ("Get-ExchangeCertificate", {"Server": lab.server.fqdn}),
            ("Where-Object", {"Property": "Status", "EQ": True, "Value": "Valid"}),
        )
    assert answer.output == []
    (error,) = answer.errors
    assert error.startswith("The term 'Where-Object' is not recognized as the name of a cmdlet")
    assert [each.error for each in lab.commands("Where-Object")] == [error]


def test_the_clients_know_nothing_of_the_collection() -> None:
    assert [name for name in sys.modules if name.startswith("ansible_collections")] == []


def assert_nothing_leaves(lab: Lab) -> None:
    """A retry changes nothing; then the right certificate is bound, and the same retry lets all mail leave."""
    lab.retry()
    assert (lab.accepted, lab.queue.message_count, lab.queue.status) == (0, 25, "Retry")
    assert "SMTP" not in lab.services("third-party")
    lab.bind("third-party")
    lab.retry()
    assert (lab.accepted, lab.queue.message_count) == (25, 0)
    assert {each.thumbprint for each in lab.world.delivered} == {lab.certificate("third-party").thumbprint}

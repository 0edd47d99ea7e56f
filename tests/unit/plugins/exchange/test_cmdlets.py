# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pipelines that are sent, written as the lines that an administrator would type."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange import cmdlets
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.connector import LoggingLevel
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.services import Service
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import (
    SWITCH,
    Command,
    Pipeline,
    Prompt,
    foresee_no_prompt,
)

SERVER = "mbx01.contoso.test"
THUMBPRINT = "3F9C1A7E5B2D4C6F8A9B0C1D2E3F4A5B6C7D8E9F"
GUID = "0292c782-9804-4d8b-ae0e-e1c7ab90852b"
LOG = r"C:\Logs\SmtpSend"
SELECTED = (
    "Select-Object -Property Thumbprint,Services,Status,HasPrivateKey,IsSelfSigned,FriendlyName,Identity,RawData,"
    "Subject,Issuer,SerialNumber,NotBefore,NotAfter"
)


def yes(prompt: Prompt) -> int | None:
    del prompt
    return 0


READING = [
    (cmdlets.get_exchange_servers(), "Get-ExchangeServer"),
    (cmdlets.get_exchange_servers(SERVER, status=True), f"Get-ExchangeServer -Identity '{SERVER}' -Status"),
    (
        cmdlets.get_transport_service(SERVER, domain_controller="dc01.contoso.test"),
        f"Get-TransportService -Identity '{SERVER}' -DomainController 'dc01.contoso.test'",
    ),
    (cmdlets.get_server_component_state(SERVER), f"Get-ServerComponentState -Identity '{SERVER}'"),
    (cmdlets.get_send_connectors(), "Get-SendConnector"),
    (
        cmdlets.get_send_connectors("Bob's mail", domain_controller="dc01.contoso.test"),
        "Get-SendConnector -Identity 'Bob''s mail' -DomainController 'dc01.contoso.test'",
    ),
    (cmdlets.get_exchange_certificates(SERVER), f"Get-ExchangeCertificate -Server '{SERVER}' | {SELECTED}"),
    (
        cmdlets.get_exchange_certificate(SERVER, THUMBPRINT),
        f"Get-ExchangeCertificate -Server '{SERVER}' -Thumbprint {THUMBPRINT} | {SELECTED}",
    ),
    (cmdlets.get_queues(SERVER), f"Get-Queue -Server '{SERVER}' -ResultSize Unlimited"),
    (
        cmdlets.get_child_item(LOG, "SEND*.LOG"),
        f"Get-ChildItem -LiteralPath '{LOG}' -Filter 'SEND*.LOG' | Select-Object -Property Name,FullName,Length",
    ),
    (cmdlets.get_content(LOG), f"Get-Content -LiteralPath '{LOG}' -Encoding UTF8 -Raw"),
    (cmdlets.get_content_tail(LOG, 100), f"Get-Content -LiteralPath '{LOG}' -Encoding UTF8 -Tail 100"),
    (
        cmdlets.select_string(LOG, "TLS negotiation failed"),
        f"Select-String -LiteralPath '{LOG}' -Pattern 'TLS negotiation failed' -SimpleMatch -Encoding UTF8 | "
        "Select-Object -Property Path,LineNumber,Line",
    ),
    (cmdlets.get_messages("MBX01\\7", 100), "Get-Message -Queue 'MBX01\\7' -ResultSize 100"),
    (
        cmdlets.get_events("System", "Schannel", [36870, 36887], datetime(2026, 3, 2, 2, 15, tzinfo=UTC), 50),
        "Get-WinEvent -FilterHashtable "
        "@{logname=System; providername=Schannel; id=36870; starttime='2026-03-02T02:15:00.000Z'},"
        "@{logname=System; providername=Schannel; id=36887; starttime='2026-03-02T02:15:00.000Z'} -MaxEvents 50 | "
        "Select-Object -Property ProviderName,Id,TimeCreated,Message",
    ),
    (cmdlets.get_date(), "Get-Date"),
]
CHANGING = [
    (
        cmdlets.set_send_connector_logging(GUID, LoggingLevel.VERBOSE),
        f"Set-SendConnector -Identity '{GUID}' -ProtocolLoggingLevel Verbose",
    ),
    (
        cmdlets.set_send_connector_logging(GUID, LoggingLevel.NONE, domain_controller="dc01.contoso.test"),
        f"Set-SendConnector -Identity '{GUID}' -ProtocolLoggingLevel None -DomainController 'dc01.contoso.test'",
    ),
    (
        cmdlets.enable_exchange_certificate(SERVER, THUMBPRINT, frozenset({Service.SMTP}), policy=yes),
        f"Enable-ExchangeCertificate -Server '{SERVER}' -Thumbprint {THUMBPRINT} -Services SMTP",
    ),
    (
        cmdlets.enable_exchange_certificate(
            SERVER, THUMBPRINT, frozenset({Service.IIS, Service.POP}), policy=yes, do_not_require_ssl=True
        ),
        f"Enable-ExchangeCertificate -Server '{SERVER}' -Thumbprint {THUMBPRINT} -Services 'POP, IIS' -DoNotRequireSsl",
    ),
    (cmdlets.retry_queue("MBX01\\7"), "Retry-Queue -Identity 'MBX01\\7'"),
]


@pytest.mark.parametrize(("pipeline", "line"), [*READING, *CHANGING], ids=[line for __, line in [*READING, *CHANGING]])
def test_reads_like_what_an_administrator_would_type(pipeline: Pipeline, line: str) -> None:
    assert str(pipeline) == line


@pytest.mark.parametrize("pipeline", [pipeline for pipeline, __ in READING], ids=str)
def test_reading_changes_nothing_and_may_be_repeated(pipeline: Pipeline) -> None:
    assert not pipeline.changes
    assert pipeline.policy is foresee_no_prompt


@pytest.mark.parametrize("pipeline", [pipeline for pipeline, __ in CHANGING], ids=str)
def test_changing_is_never_repeated_and_never_forced(pipeline: Pipeline) -> None:
    assert pipeline.changes
    (command,) = pipeline.commands
    assert not {"Force", "Confirm", "Resubmit"} & set(command.parameters)


def test_only_enabling_a_certificate_may_ask() -> None:
    enable = cmdlets.enable_exchange_certificate(SERVER, THUMBPRINT, frozenset({Service.SMTP}), policy=yes)
    assert enable.policy is yes
    assert cmdlets.retry_queue("MBX01\\7").policy is foresee_no_prompt
    assert cmdlets.set_send_connector_logging(GUID, LoggingLevel.NONE).policy is foresee_no_prompt


def test_what_a_user_types_is_a_value() -> None:
    text = "x'; Remove-SendConnector *"
    assert cmdlets.get_send_connectors(text).commands == (Command("Get-SendConnector", {"Identity": text}),)


def test_switches_and_lists_are_typed() -> None:
    (servers,) = cmdlets.get_exchange_servers(status=True).commands
    assert servers.parameters == {"Status": SWITCH}
    __, projection = cmdlets.get_child_item(LOG, "SEND*.LOG").commands
    assert projection.parameters == {"Property": ["Name", "FullName", "Length"]}

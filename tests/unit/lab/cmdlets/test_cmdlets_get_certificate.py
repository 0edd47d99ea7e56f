# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get-ExchangeCertificate: what crosses the wire, what the list hides, and what is derived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

if TYPE_CHECKING:
    from .conftest import Lab, MakeLab

MBX02 = "mbx02.contoso.test"
CLASS = "Microsoft.Exchange.Management.SystemConfigurationTasks.ExchangeCertificate"


def thumbprints(lab: Lab, **parameters: Any) -> list[str]:
    found = lab.open().output("Get-ExchangeCertificate", ["Thumbprint"], **parameters)
    return [each.extended_properties["Thumbprint"] for each in found]


def shown(lab: Lab, name: str, thumbprint: str | None = None) -> Any:
    """A property of one certificate, by way of Select-Object."""
    wanted = thumbprint or lab.third_party.thumbprint
    (found,) = lab.open().output("Get-ExchangeCertificate", [name], Thumbprint=wanted)
    return found.extended_properties[name]


@pytest.mark.fact("wire 2.3", "wire 2.12", "wire 2.15")
def test_a_certificate_arrives_as_raw_data_alone(lab: Lab) -> None:
    first, __ = lab.open().output("Get-ExchangeCertificate", Server=lab.server.fqdn)
    assert first.types[0] == CLASS
    assert first.adapted_properties == {"RawData": lab.third_party.certificate.public_bytes(Encoding.DER)}
    assert first.extended_properties == {}
    assert str(first).startswith("[Subject]\r\n  CN=*.contoso.com, OU=IT, O=Contoso\r\n\r\n[Issuer]\r\n")


@pytest.mark.fact("cmdlets 10.5", "wire 2.13")
def test_select_object_brings_services_as_an_enum(lab: Lab) -> None:
    found = lab.open().output("Get-ExchangeCertificate", ["Thumbprint", "Services"])
    assert [each.types[0] for each in found] == [f"Selected.{CLASS}"] * 2
    services = found[0].extended_properties["Services"]
    assert (str(services), services.property_sets) == ("POP, IIS", [10])
    assert services.types[0] == "Microsoft.Exchange.Management.SystemConfigurationTasks.AllowedServices"
    assert services.types[1:] == ["System.Enum", "System.ValueType", "System.Object"]


@pytest.mark.parametrize(("reading", "services"), [("text", "POP, IIS"), ("letters", ".P.W...")])
def test_how_services_look_is_a_reading(make_lab: MakeLab, reading: str, services: str) -> None:
    assert shown(make_lab(readings={"services_value": reading}), "Services") == services


@pytest.mark.fact("cmdlets 0.7")
def test_select_object_brings_what_a_certificate_says_of_itself(lab: Lab) -> None:
    names = [
        "Subject",
        "Issuer",
        "SerialNumber",
        "HasPrivateKey",
        "IsSelfSigned",
        "FriendlyName",
        "Identity",
        "Nothing",
    ]
    (found,) = lab.open().output("Get-ExchangeCertificate", names, Thumbprint=lab.third_party.thumbprint)
    assert found.extended_properties == {
        "Subject": "CN=*.contoso.com, OU=IT, O=Contoso",
        "Issuer": "CN=Example CA, O=Example, C=US",
        "SerialNumber": lab.third_party.serial_number,
        "HasPrivateKey": True,
        "IsSelfSigned": False,
        # There is none: Exchange shows the issuer then.
        "FriendlyName": "CN=Example CA, O=Example, C=US",
        "Identity": rf"{lab.server.fqdn}\{lab.third_party.thumbprint}",
        "Nothing": None,
    }


def test_the_newest_comes_first(lab: Lab) -> None:
    newest = lab.add("CN=new.contoso.com", days=(-1, 300))
    assert thumbprints(lab) == [newest.thumbprint, lab.third_party.thumbprint, lab.setup.thumbprint]


@pytest.mark.fact("cmdlets 10.10")
@pytest.mark.parametrize(
    ("key", "reason"), [("missing", "PrivateKeyMissing"), ("unreadable", "PrivateKeyNotAccessible")]
)
def test_the_list_hides_what_the_thumbprint_explains(lab: Lab, key: Any, reason: str) -> None:
    lab.third_party.key = key
    assert thumbprints(lab) == [lab.setup.thumbprint]
    error = lab.open().error("Get-ExchangeCertificate", Thumbprint=lab.third_party.thumbprint)
    assert str(error) == (
        f"A special Rpc error occurs on server MBX01: The certificate with thumbprint {lab.third_party.thumbprint} was "
        f"found but is not valid for use with Exchange Server (reason: {reason})."
    )
    assert (error.category, error.reason) == (0, "InvalidOperationException")


@pytest.mark.fact("cmdlets 10.10")
def test_a_thumbprint_that_is_not_there_is_not_found(lab: Lab) -> None:
    error = lab.open().error("Get-ExchangeCertificate", Thumbprint="A" * 40)
    assert str(error) == (
        f"A special Rpc error occurs on server MBX01: The certificate with thumbprint {'A' * 40} was not found."
    )
    assert error.category == 0  # NotSpecified, unlike with Enable-ExchangeCertificate
    assert error.fq_error.endswith(",Microsoft.Exchange.Management.SystemConfigurationTasks.GetExchangeCertificate")


def test_expired_and_revoked_certificates_are_listed(lab: Lab) -> None:
    lab.third_party.revoked = True
    old = lab.add("CN=old.contoso.com", days=(-400, -5))
    assert old.thumbprint in thumbprints(lab)
    assert str(shown(lab, "Status")) == "Revoked"
    assert str(shown(lab, "Status", old.thumbprint)) == "DateInvalid"


@pytest.mark.parametrize(
    ("facts", "status", "number"),
    [
        ({}, "Valid", 1),
        ({"trusted": False}, "Untrusted", 4),
        ({"revocation_reachable": False}, "RevocationCheckFailure", 6),
        ({"issuer": "self", "trusted": False, "revocation_reachable": False}, "Valid", 1),
        ({"days": (5, 300)}, "DateInvalid", 3),
    ],
)
def test_the_status_is_computed(lab: Lab, facts: dict[str, Any], status: str, number: int) -> None:
    added = lab.add("CN=post.contoso.com", **facts)
    found = shown(lab, "Status", added.thumbprint)
    assert (str(found), found.property_sets) == (status, [number])


@pytest.mark.fact("cmdlets 10.5", "wire 2.13")
def test_any_certificate_with_the_name_serves_pop(lab: Lab) -> None:
    twin = lab.add("CN=post.contoso.com", domains=("mail.contoso.com",))
    assert str(shown(lab, "Services", twin.thumbprint)) == "POP"
    assert str(shown(lab, "Services")) == "POP, IIS"


def test_another_server_is_asked_by_any_of_its_names(lab: Lab) -> None:
    (other,) = lab.other.store
    for name in (MBX02, "mbx02", "MBX02"):
        assert thumbprints(lab, Server=name) == [other.thumbprint]
    identity = rf"MBX02\{other.thumbprint}"
    assert thumbprints(lab, Identity=identity) == [other.thumbprint]


def test_servers_that_cannot_be_asked(lab: Lab) -> None:
    session = lab.open()
    unknown = session.error("Get-ExchangeCertificate", Server="mbx09")
    assert str(unknown) == 'Exchange server "mbx09" was not found. Please make sure you typed the name correctly.'
    down = session.error("Get-ExchangeCertificate", Server="mbx03.contoso.test")
    assert str(down).startswith("Cannot connect to the remote procedure call service on the server named MBX03.")
    assert down.category == 7  # InvalidOperation


def test_a_list_and_one_of_it_can_be_asked_for_in_one_pipeline(lab: Lab) -> None:
    session = lab.open()
    shell = session.pipeline(
        ("Get-ExchangeCertificate", {}),
        ("Select-Object", {"Property": ["Services", "Thumbprint"], "First": 1}),
        ("Select-Object", {"ExpandProperty": "thumbprint"}),
    )
    assert list(shell.output) == [lab.third_party.thumbprint]

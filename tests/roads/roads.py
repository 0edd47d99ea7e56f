# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roads: how a controller may reach a server, and what must then be seen.

Every road has a negative control: the same road, broken in the one place that makes it that road.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

CONNECTIONS = ("psrp", "winrm")


@dataclass(frozen=True)
class Seen:
    """What the lab saw of one command: what was spoken, whether it was encrypted, the Authorization header's scheme."""

    auth: str
    encrypted: bool
    header: str

    def __str__(self) -> str:
        return f"{self.auth}, {'encrypted' if self.encrypted else 'in clear'}, header {self.header}"


@dataclass(frozen=True)
class Control:
    """What breaks a road: facts of the lab or variables of the playbook, in which ``{folder}`` is that of the run.

    No command may pass; ``says`` is a regular expression for the verdict's message, ``rejections`` how many passwords
    were shown to a server or the KDC and refused.
    """

    name: str
    says: str
    facts: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    rejections: int = 0


@dataclass(frozen=True)
class Way:
    """What the server's endpoints offer, and what is then seen of every command.

    ``variables`` are the playbook's; without any, the inventory is the lab's.
    """

    name: str
    endpoint: str
    seen: Seen
    control: Control
    variables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """A kind of server with KB 4051498, and the endpoints that a repair of it uses."""

    name: str
    scenario: str
    server: str
    endpoints: tuple[str, ...]


@dataclass(frozen=True)
class Road:
    connection: str
    way: Way
    place: Place

    def __str__(self) -> str:
        return f"{self.connection}, {self.way.name}, {self.place.name}"

    @property
    def facts(self) -> tuple[str, ...]:
        """The scenario's facts to set."""
        server = f"servers.{self.place.server}"
        return tuple(f"{server}.{path.strip('/')}={self.way.endpoint}" for path in self.place.endpoints)


FOREIGN_AUTHORITY = "foreign-ca.pem"

# With the right password, which NTLM would take: so no NTLM can have passed for Kerberos.
KDC_STOPPED = Control("KDC stopped", facts=("realm={kdc: stopped}",), says="Cannot contact any KDC")

WAYS = (
    Way(
        name="Kerberos only",
        endpoint="{scheme: http, authentication: [Kerberos]}",
        seen=Seen("kerberos", True, "Kerberos"),
        control=KDC_STOPPED,
    ),
    # What a listener of WinRM offers. The way on which pywinrm's own Kerberos is seen.
    Way(
        name="Kerberos or NTLM",
        endpoint="{scheme: http, authentication: [Negotiate, Kerberos]}",
        seen=Seen("kerberos", True, "Negotiate"),
        control=KDC_STOPPED,
        # A connection that negotiates may end in NTLM, and on an Edge it is the only one.
        variables=("ansible_psrp_auth=kerberos",),
    ),
    Way(
        name="NTLM over HTTP",
        endpoint="{scheme: http, authentication: [Negotiate]}",
        seen=Seen("ntlm", True, "Negotiate"),
        control=Control(
            "wrong password",
            variables=("ansible_password=wrong", "exchange_password=wrong"),
            says="Check user and password; tried once",
            rejections=1,
        ),
    ),
    Way(
        name="Basic over HTTPS",
        endpoint="{scheme: https, authentication: [Basic]}",
        seen=Seen("basic", True, "Basic"),
        control=Control(
            "foreign CA",
            variables=tuple(
                f"{name}={{folder}}/{FOREIGN_AUTHORITY}"
                for name in ("ansible_psrp_ca_cert", "ansible_winrm_ca_trust_path", "exchange_ca_cert")
            ),
            says="certificate verify failed",
        ),
    ),
)

PLACES = (
    Place("Mailbox", "kb4051498", "mbx01.contoso.test", ("/powershell", "/wsman")),
    Place("Edge", "edge-standalone", "edge01.contoso.test", ("/wsman",)),
)

ROADS = tuple(Road(*each) for each in product(CONNECTIONS, WAYS, PLACES))

# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Type a line as an administrator would: type_line.py HOST PORT USER PASSWORD LINE."""

from __future__ import annotations

import shlex
import sys

from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan


def type_line(host: str, port: str, user: str, password: str, line: str) -> None:
    """Send one cmdlet with its parameters; RuntimeError when it fails."""
    name, *words = shlex.split(line)
    parameters = {key.removeprefix("-"): value for key, value in zip(words[::2], words[1::2], strict=True)}
    connection = WSMan(
        host,
        port=int(port),
        path="PowerShell",
        ssl=False,
        auth="ntlm",
        username=user,
        password=password,
        no_proxy=True,
    )
    with connection, RunspacePool(connection, configuration_name="Microsoft.Exchange") as pool:
        pipeline = PowerShell(pool)
        pipeline.add_cmdlet(name).add_parameters(parameters)
        pipeline.invoke()
        if pipeline.had_errors:
            raise RuntimeError("; ".join(map(str, pipeline.streams.error)))


if __name__ == "__main__":
    type_line(*sys.argv[1:])

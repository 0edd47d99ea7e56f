# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send log files: which they are, and in which order their rows were written."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.fields import Unreadable
from ansible_collections.mailops.exchange.plugins.module_utils._exchange.log_files import (
    LogFile,
    log_file_from,
    log_order,
)
from ansible_collections.mailops.exchange.plugins.module_utils._powershell import RemoteObject


@pytest.mark.fact("protocol-log 7.2")
def test_files_sort_by_day_hour_and_number_not_by_name() -> None:
    files = [
        "SEND20260302-2.LOG",
        "SEND20260302-10.LOG",
        "SEND2026030209-1.LOG",
        "send2026030211-9.log",
        "SEND2026030211-10.LOG",
        "SEND20260303-1.LOG",
    ]
    orders = [order for name in files if (order := log_order(name, "SEND"))]
    assert orders == sorted(orders)
    assert len(orders) == len(files)


@pytest.mark.parametrize(
    "name",
    [
        "RECV20260302-1.LOG",
        "SEND20260302-1.LOG.bak",
        "SEND2026030-1.LOG",
        "SEND20260302.LOG",
        "CONNECTLOG20260302-1.LOG",
    ],
)
def test_other_files_are_no_send_logs(name: str) -> None:
    assert log_order(name, "SEND") is None


def test_reads_what_the_directory_lists() -> None:
    path = r"C:\Logs\SmtpSend\SEND20260302-1.LOG"
    source = RemoteObject(properties={"Name": "SEND20260302-1.LOG", "FullName": path, "Length": 4096})
    assert log_file_from(source) == LogFile("SEND20260302-1.LOG", path, 4096)


def test_a_file_without_path_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="the log file came without its property FullName"):
        log_file_from(RemoteObject(properties={"Name": "SEND20260302-1.LOG", "Length": 4096}))

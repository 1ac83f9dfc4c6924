"""Prefect's local servers, as runs start them where none is configured."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from flows.local_server import local_api, wait_until_ready

AT_ONCE = 4


def test_servers_that_start_at_once_on_a_new_machine_all_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    logs = [tmp_path / f"{number}.log" for number in range(AT_ONCE)]

    with ExitStack() as stack:
        addresses = [stack.enter_context(local_api(log)) for log in logs]
        for address, log in zip(addresses, logs, strict=True):
            wait_until_ready(address, log)

    assert [log.read_text() for log in logs] == [""] * AT_ONCE

"""A worker that is told to end while Prefect's server is away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support.servers.prefect import prefect_running

DIGITS = Path(sys.executable).parent / "digits"
AWAY_SECONDS = 8.0  # by then the worker has asked in vain, and waits before it asks again


def test_a_worker_ends_at_sigterm_although_its_server_is_away(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with prefect_running(tmp_path / "server") as server:
        environment = {**os.environ, **server.environment, "DIGITS_HOME": str(tmp_path / "home")}
        pool = [Path(sys.executable).parent / "prefect", "work-pool", "create", "digits", "--type", "process"]
        subprocess.run(pool, env=environment, check=True, capture_output=True)
        with log.open("wb") as output:
            worker = subprocess.Popen([DIGITS, "worker", "--name", "one"], env=environment, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + 120
            while "started!" not in log.read_text():
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
            server.kill()
            time.sleep(AWAY_SECONDS)

            worker.send_signal(signal.SIGTERM)

            worker.wait(timeout=40)
        finally:
            worker.kill()
            worker.wait()

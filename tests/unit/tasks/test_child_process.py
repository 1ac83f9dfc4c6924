import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from digit_core.errors import DigitsError, FailureReason
from tasks.child_process import CAN_FORK, run_in_child
from tasks.work_limits import MEGABYTES, Lost
from tests.support import pool_jobs

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="children are forked on Linux alone")


def test_results_come_in_the_order_of_the_items_from_one_child() -> None:
    assert run_in_child(pool_jobs.act, ["a", "b", "c"], 60, MEGABYTES) == ["A", "B", "C"]
    first, second = run_in_child(pool_jobs.pid, ["a", "b"], 60, MEGABYTES)
    assert first == second != os.getpid()


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("compute", FailureReason.TIMED_OUT),
        ("hang", FailureReason.TIMED_OUT),
        ("crash", FailureReason.CRASHED),
        ("fail", FailureReason.CRASHED),
    ],
)
def test_an_item_that_ends_its_child_is_lost_alone(deed: str, reason: FailureReason) -> None:
    results = run_in_child(pool_jobs.act, ["a", deed, "b"], 0.5, MEGABYTES)

    assert results[0::2] == ["A", "B"]
    assert isinstance(results[1], Lost)
    assert results[1].reason is reason


def test_memory_that_the_parent_holds_is_none_of_the_childs(tmp_path: Path) -> None:
    held = np.ones(600_000_000, np.uint8)

    answers = run_in_child(pool_jobs.act, ["a"], 60, 300)
    (lost,) = run_in_child(pool_jobs.take, [tmp_path / "tried"], 60, 300)

    assert (answers, len(held)) == (["A"], 600_000_000)
    assert isinstance(lost, Lost)
    assert lost.reason is FailureReason.TOO_LARGE


def test_an_error_meant_for_the_user_is_raised() -> None:
    def refuse(item: object) -> str:
        raise DigitsError("no such model")

    with pytest.raises(DigitsError, match="no such model"):
        run_in_child(refuse, ["a"], 60, MEGABYTES)


def test_sigterm_ends_the_command_and_its_child_within_two_seconds() -> None:
    program = (
        "import signal, sys; from deployments.cli.errors import _terminate; from tasks.child_process import run_in_child; "
        "from tests.support import pool_jobs; signal.signal(signal.SIGTERM, _terminate); print('started', flush=True); "
        "run_in_child(pool_jobs.act, ['compute'], 600, 4096)"
    )
    command = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert command.stdout is not None
    command.stdout.readline()
    time.sleep(1)

    command.send_signal(signal.SIGTERM)

    command.wait(timeout=10)
    assert command.stdout.read() == ""  # until the child has gone, it holds this pipe open


def test_a_child_starts_although_opencv_has_threads_in_its_parent() -> None:
    cv2.setNumThreads(4)
    cv2.GaussianBlur(np.zeros((3000, 3000), np.uint8), (0, 0), 5)

    assert run_in_child(pool_jobs.act, ["a"], 3, MEGABYTES) == ["A"]
    assert cv2.getNumThreads() == 4

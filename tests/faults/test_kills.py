"""kill -9 of a run's processes at drawn moments."""

import os
import random
import signal
import subprocess
import time

import pytest

from tests.support import processes
from tests.support.faults import MARK, PATIENCE, ROUNDS, SEED, Place, assert_like, assert_nothing_torn, drawn_moment

VICTIMS = ("flow", "page worker", "both")


def victims(place: Place, run: subprocess.Popen[bytes], who: str) -> list[int]:
    """The flow's own process, one of its worker processes, or every process of the run."""
    if who == "flow":
        return [run.pid]
    started = [pid for pid in processes.marked(MARK, place.mark) if pid != run.pid]
    workers = [pid for pid in started if "spawn_main" in processes.command(pid)]
    return workers[:1] if who == "page worker" else [run.pid, *started]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_run_that_is_killed_is_taken_up_by_the_next_and_nothing_is_lost_or_doubled(number, place, undisturbed, usual_seconds):
    draw = random.Random(f"{SEED} {number}")
    who, moment = VICTIMS[number % len(VICTIMS)], drawn_moment(draw, usual_seconds)
    run = place.start()
    moment.wait(place, run)
    stood = f"{place.manifests()} batches and {place.objects()} objects stood"
    killed = victims(place, run, who)
    for pid in killed:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    run.wait(PATIENCE)
    print(f"{who}: {len(killed)} killed when {stood}")
    assert_nothing_torn(place)

    place.run_well()

    assert_like(place, undisturbed)


def test_a_run_that_is_told_to_end_says_what_it_did_and_how_to_go_on(place, undisturbed):
    run = place.start()
    deadline = time.monotonic() + PATIENCE
    while run.poll() is None and not place.manifests() and time.monotonic() < deadline:
        time.sleep(0.05)
    run.terminate()
    code = run.wait(PATIENCE)

    assert code == 143 or "pages read" in place.words()  # or it was over a moment before
    assert "pages read in" in place.words()
    place.run_well()
    assert_like(place, undisturbed)

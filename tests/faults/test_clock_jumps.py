"""The wall clock jumps by hours and days, ahead and back, in the middle of a run and between two."""

from __future__ import annotations

import random
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.support.faults import PATIENCE, ROUNDS, SEED, Place, assert_like, assert_nothing_torn, drawn_moment

pytestmark = pytest.mark.long

HOUR, DAY = 3600, 86_400
JUMPS = 3


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It bends the wall clock, and no other one: what waits by libfaketime fails, which no real jump does."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler (Debian: apt-get install gcc libc6-dev)")
    built = tmp_path_factory.mktemp("clock") / "bent_clock.so"
    source = Path(__file__).with_name("bent_clock.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", built, source], check=True)
    return built


@dataclass(frozen=True)
class BentClock:
    """The clock of the processes that have `variables` in their environment; `file` says how many seconds it is off."""

    library: Path
    file: Path

    def set(self, seconds: int) -> None:
        """At once: whoever looks meanwhile sees the old file or the new one."""
        new = self.file.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self.file)

    @property
    def variables(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.library), "BENT_CLOCK": str(self.file)}


@pytest.fixture
def clocks(library: Path, tmp_path: Path) -> tuple[BentClock, BentClock]:
    """One for each of two runs."""
    return BentClock(library, tmp_path / "clock 1"), BentClock(library, tmp_path / "clock 2")


def drawn_jump(draw: random.Random) -> int:
    """Seconds: an hour to a week, ahead or back."""
    return draw.choice((-1, 1)) * round(draw.choice((draw.uniform(HOUR, DAY), draw.uniform(DAY, 7 * DAY))))


def with_a_server_of_its_own(place: Place) -> Place:
    """None is configured: the run starts one, which has the clock that the run has."""
    return replace(place, environment={**place.environment, "PREFECT_API_URL": ""})


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_clock_that_jumps_ahead_and_back_takes_nothing_away(number, place, undisturbed, usual_seconds, clocks):
    draw = random.Random(f"{SEED} clock {number}")
    here = with_a_server_of_its_own(place) if number % 2 else place
    jumping, ahead = clocks
    jumping.set(0)
    ahead.set(draw.randrange(2 * DAY, 7 * DAY))  # it takes what the other has not sealed for long abandoned
    runs = [here.start(**jumping.variables)]
    other_from = draw.randrange(JUMPS)
    seen = []
    moments = sorted((drawn_moment(draw, usual_seconds) for _ in range(JUMPS)), key=lambda moment: moment.objects)
    for jump, moment in enumerate(moments):
        moment.wait(here, runs[0])
        off = drawn_jump(draw)
        jumping.set(off)
        seen.append(f"{off / HOUR:+.0f} h with {here.manifests()} batches")
        if jump == other_from:
            runs.append(here.start(**ahead.variables))

    codes = [run.wait(PATIENCE) for run in runs]

    print(f"{'a server of its own' if number % 2 else 'a server with the right time'}: {', '.join(seen)}")
    assert codes == [0, 0], here.words()[-3000:]
    assert_nothing_torn(here)
    here.run_well()
    assert_like(here, undisturbed)

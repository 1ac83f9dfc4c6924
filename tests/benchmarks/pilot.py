"""Does the bound of a pilot hold on the rest of a collection? Each set of real numbers is a collection.

    python -m tests.benchmarks.pilot [--most 400] [--draws 200] [--kept FOLDER]

Of each set a hundred numbers (half of a smaller one) are drawn as `digits pilot` draws them, and labelled by the set's truth; on
the others the share of wrong numbers among the accepted is counted. One pilot is a matter of luck, so this is repeated. A pilot
breaks its bound where more of the accepted numbers of the collection are wrong than it guaranteed, which may happen in 5 of 100.
The rest alone is counted too: a set has a fixed number of errors, so that the fewer a pilot meets, the more are left in a small
rest, and few numbers scatter. --kept: folder in which the readings are kept between runs.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from deployments.commands.local_reader import read_files, spec_of
from digit_core.readings import PageRead, one_number
from digit_core.review.pilot import SampledNumbers, acceptable, dial_of, drawn, temperature_of
from flows.options import run_options
from flows.settings import load_settings
from tests.benchmarks.real_sets import SETS, RealSet, pictures

ASKED = 100
CERTAINTY = 0.95
TARGETS = (0.05, 0.10, 0.20)


@dataclass(frozen=True, slots=True)
class ReadStrip:
    """A strip of a set: its number's confidence before any threshold, whether it could be accepted, and whether it is right."""

    confidence: float
    acceptable: bool
    right: bool


@dataclass(frozen=True, slots=True)
class PilotOutcome:
    """What became of a pilot's guarantee: counts of numbers of the rest, and of the whole collection; none are accepted where
    nothing could be guaranteed."""

    rest: int
    accepted: int
    wrong: int
    all_accepted: int
    all_wrong: int

    def breaks(self, target: float) -> bool:
        """Whether more of the collection's accepted numbers are wrong than guaranteed."""
        return self.all_wrong > target * self.all_accepted

    def rest_breaks(self, target: float) -> bool:
        """Whether more of the rest's are."""
        return self.wrong > target * self.accepted


def read_strips(one: RealSet, most: int) -> list[ReadStrip]:
    """Read the set's strips with the networks in service, as `digits read --strip --threshold 0` does."""
    settings = load_settings().replaced_by(run_options({"threshold": 0.0}))
    with tempfile.TemporaryDirectory() as folder:
        rows = list(pictures(replace(one, most=most)))
        files = [Path(folder) / f"{at:06d}" for at in range(len(rows))]
        for file, (picture, _) in zip(files, rows, strict=True):
            file.write_bytes(picture)
        pages = [page for (page,) in read_files(files, spec_of(settings), settings, strip=True)]
    numbers = [one_number(page) if isinstance(page, PageRead) else None for page in pages]
    return [
        ReadStrip(number.confidence, acceptable(number), number.digits == digits) if number else ReadStrip(0.0, False, False)
        for number, (_, digits) in zip(numbers, rows, strict=True)
    ]


def pilots(strips: Sequence[ReadStrip], draws: int) -> Iterator[tuple[float, dict[float, PilotOutcome]]]:
    """Yield for each draw the fitted temperature, and the outcome by target."""
    for draw in range(draws):
        order = np.random.default_rng(draw).permutation(len(strips))
        mixed = [strips[i] for i in order]
        confidences = np.array([one.confidence for one in mixed])
        could, right = np.array([one.acceptable for one in mixed]), np.array([one.right for one in mixed])
        asked = np.zeros(len(mixed), bool)
        asked[drawn(confidences, could, min(ASKED, len(mixed) // 2))] = True
        numbers = SampledNumbers(confidences, could, asked, right & asked)
        yield temperature_of(numbers), {target: _on_the_rest(numbers, right, target) for target in TARGETS}


def _on_the_rest(numbers: SampledNumbers, right: np.ndarray, target: float) -> PilotOutcome:
    dial = dial_of(numbers, target, CERTAINTY, temperature=1.0)
    if not dial.feasible:
        return PilotOutcome(int((~numbers.asked).sum()), 0, 0, 0, 0)
    accepted = numbers.acceptable & (numbers.confidences >= dial.threshold)
    rest = accepted & ~numbers.asked
    counts = (~numbers.asked, rest, rest & ~right, accepted, accepted & ~right)
    return PilotOutcome(*(int(one.sum()) for one in counts))


def row(name: str, strips: Sequence[ReadStrip], draws: int) -> list[str]:
    """Format the outcomes of a set as the cells of a row."""
    found = list(pilots(strips, draws))
    cells = [name, f"{len(strips)}", f"{np.mean([one.right for one in strips]):.1%}", f"{np.median([t for t, _ in found]):.2f}"]
    for target in TARGETS:
        outcomes = [of[target] for _, of in found]
        made = [one for one in outcomes if one.all_accepted]
        accepted, rest, wrong = (sum(getattr(one, name) for one in made) for name in ("accepted", "rest", "wrong"))
        broken = sum(one.breaks(target) for one in made), sum(one.rest_breaks(target) for one in made)
        shares = f"{accepted / rest:.0%}, {wrong / max(1, accepted):.1%}" if made else "-"
        cells += [f"{len(made) / draws:.0%}", shares, f"{broken[0] / draws:.1%} ({broken[1] / draws:.1%})"]
    return cells


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=400, help="strips of a set")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--kept", type=Path, help="folder of the readings")
    options = parser.parse_args()
    titles = [f"{target:.0%} guaranteed by | accepted and wrong of the rest | broken (by the rest)" for target in TARGETS]
    print(f"| set | numbers | exact | temperature | {' | '.join(titles)} |\n|{'---|' * (4 + 3 * len(TARGETS))}")
    for one in SETS:
        kept = options.kept / f"{one.file}.json" if options.kept else None
        if kept and kept.exists():
            strips = [ReadStrip(**values) for values in json.loads(kept.read_text())]
        else:
            strips = read_strips(one, options.most)
            if kept:
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text(json.dumps([asdict(strip) for strip in strips]))
        print("| " + " | ".join(row(one.name, strips, options.draws)) + " |", flush=True)


if __name__ == "__main__":
    main()

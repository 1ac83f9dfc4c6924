"""How many single digits of number sets a classifier gets right, each seen alone, cut out as on a page.

    python -m tests.benchmarks.classifier_on_sets SET… [--model FILE]

Reads the same rows as the card of `digits train --measure SET…`: dev rows, or measure rows, 400 at most.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from digit_core.inference.classifier import SHIPPED_MODEL, OnnxRecogniser
from digit_core.inference.reader import OnnxReader
from digit_core.training.set_exam import examine_digits
from digit_core.training.transcribed_numbers import read_set


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", type=Path, metavar="SET")
    parser.add_argument("--model", type=Path, default=SHIPPED_MODEL, help="an exported classifier; default: the shipped one")
    arguments = parser.parse_args()
    reader, classifier = OnnxReader(), OnnxRecogniser(arguments.model, "")
    for path in arguments.sets:
        figures = examine_digits(read_set(path), False, reader, classifier)
        print(f"{path.stem}: " + (f"{figures.accuracy:.2%} of {figures.digits}" if figures else "no digit was found"), flush=True)


if __name__ == "__main__":
    main()

"""The command `digits evaluate --set`: number sets, read as `digits read --strip` reads images."""

from __future__ import annotations

import json as json_format
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import typer

from deployments.commands.local_reader import read_files, spec_of
from deployments.commands.tables import print_table
from digit_core.errors import InputError
from digit_core.evaluation.set_score import SUREST, ReadNumber, SetScore, score_set
from digit_core.readings import PageRead, one_number
from digit_core.records import PageFailure
from digit_core.synthesis.stroke_figures import plainly_drawn
from digit_core.training.number_sets import DEV, MEASURE, LabelledNumber, in_alphabet
from digit_core.training.transcribed_numbers import read_set
from digit_core.visualisation.error_sheet import Misread, error_sheet
from flows.options import run_options
from flows.settings import Settings, load_settings
from tasks.reader_spec import ReaderSpec

_COLUMNS = ("set", "numbers", "exact", "exact text", "digits", *(f"wrong in surest {share} %" for share in SUREST))
_MORE = ("accepted", "wrong", "at most", "calibration error")


def evaluate_sets(
    sets: Sequence[Path],
    split: str | None,
    sample: int,
    model: Path | None,
    threshold: float | None,
    json: bool,
    errors: Path | None,
) -> None:
    """Print how well the numbers of each set are read; write a picture of the errors if asked for."""
    rows = {path: _rows(path, split, sample) for path in sets}  # check every set before reading any
    settings = load_settings().replaced_by(run_options({"threshold": threshold}))
    spec = spec_of(settings, model)
    read = {path: _read(its, spec, settings) for path, its in rows.items()}
    scores = [score_set(path.stem, its) for path, its in read.items()]
    if len(scores) > 1:
        scores.append(score_set("all", [number for its in read.values() for number in its]))
    if errors:
        _draw(errors, [(row, number) for path in sets for row, number in zip(rows[path], read[path], strict=True)])
    if json:
        typer.echo(json_format.dumps([score.to_dict() for score in scores], indent=1))
    else:
        _print(scores)


def _rows(path: Path, split: str | None, sample: int) -> tuple[LabelledNumber, ...]:
    numbers = read_set(path)
    found = numbers.of(split) if split else numbers.of(DEV) + numbers.of(MEASURE)
    if not found:
        have = ", ".join(name for name, rows in numbers.rows.items() if rows)
        raise InputError(
            f"the number set {path} has no rows of the split {split or 'dev or measure'}; it has {have}: choose one with --split"
        )
    if not sample or sample >= len(found):
        return found
    return tuple(found[i] for i in sorted(np.random.default_rng(0).permutation(len(found))[:sample]))


def _read(rows: Sequence[LabelledNumber], spec: ReaderSpec, settings: Settings) -> list[ReadNumber]:
    """Write the images as files and read those, exactly as a user would."""
    with tempfile.TemporaryDirectory(prefix="digits-evaluate-") as folder:
        files = [Path(folder) / f"{index:06d}" for index in range(len(rows))]
        for file, row in zip(files, rows, strict=True):
            file.write_bytes(_picture(row))
        pages = read_files(files, spec, settings, strip=True)
        return [_as_read(row, *its) for row, its in zip(rows, pages, strict=True)]


def _picture(row: LabelledNumber) -> bytes:
    if row.picture is not None:
        return row.picture
    return bytes(cv2.imencode(".png", plainly_drawn(row.strokes or ()))[1].tobytes())


def _as_read(row: LabelledNumber, page: PageRead | PageFailure) -> ReadNumber:
    if isinstance(page, PageFailure):
        return ReadNumber(row.digits, row.text, "", "", 0.0, False)
    one = one_number(page)
    return ReadNumber(row.digits, row.text, one.digits, in_alphabet(one.text), one.confidence, one.state.value == "accepted")


def _draw(file: Path, numbers: Sequence[tuple[LabelledNumber, ReadNumber]]) -> None:
    wrong = [
        Misread(_grey(row), row.text, number.read_text or number.read_digits, number.confidence, number.accepted)
        for row, number in numbers
        if not number.right
    ]
    done, data = cv2.imencode(".png", error_sheet(wrong))
    try:
        file.write_bytes(data.tobytes() if done else b"")
    except OSError as error:
        raise InputError(
            f"the picture {file} cannot be written: {error.strerror}; choose a file in an existing folder"
        ) from error


def _grey(row: LabelledNumber) -> np.ndarray:
    return row.pixels() if row.picture is not None else plainly_drawn(row.strokes or ())


def _print(scores: Sequence[SetScore]) -> None:
    print_table((*_COLUMNS, *_MORE), (_figures(score) for score in scores))
    for score in scores:
        if score.confusions:
            said = ", ".join(
                f"{digit or 'nothing'} read {read or 'nothing'} {count}" for digit, read, count in score.confusions[:8]
            )
            typer.echo(f"{score.name}: {said}")


def _figures(score: SetScore) -> tuple[str, ...]:
    shares = (score.exact, score.exact_text, score.digits, *score.wrong_in_surest.values())
    bound = "-" if score.wrong_at_most is None else f"{score.wrong_at_most:.1%}"
    counts = str(score.accepted), str(score.accepted_wrong), bound, f"{score.calibration_error:.3f}"
    return (score.name, str(score.numbers), *(f"{share:.1%}" for share in shares), *counts)

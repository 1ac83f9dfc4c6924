"""The command `digits dial`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import typer

from deployments.commands.open_results import open_results
from deployments.commands.tables import print_table
from digit_core.calibration.record import CalibrationRecord
from digit_core.calibration.risk_control import LADDER, DialSetting, least_promise, percent, set_dial, shortage
from digit_core.errors import InputError
from digit_core.inference.classifier import calibration_of
from digit_core.params import CalibrationSet
from digit_core.recognition.transcription.fusion_weights import real_record
from digit_core.review.audits import set_by_audits
from flows.networks import networks_for_a_look
from flows.planning import audits_of, read_real_collections
from flows.settings import load_settings

HEADER = ("max error", "threshold", "wrong at most", "wrong seen", "to review")
AUDIT_HEADER = (*HEADER[:-1], "of the accepted to review")
TITLES = {
    CalibrationSet.REAL: "digits of real collections",
    CalibrationSet.ARCHIVE: "digits in archive ink",
    CalibrationSet.CLEAN: "clean digits",
}

Dials = Mapping[CalibrationSet, Sequence[DialSetting]]


def dial_of_audits(dest: str, model: Path | None, targets: Sequence[float], certainty: float | None) -> None:
    """Print the table of thresholds from a collection's audits, for the model in service."""
    settings = load_settings()
    certainty = settings.certainty if certainty is None else certainty
    if model is not None:
        raise InputError("audits were made with a registered version: leave out --model")
    record = audits_of(open_results(dest).dest, settings, networks_for_a_look(settings).classifier.version)
    title = f"{record.digits:,} audited digits of {dest}, of those that were accepted"
    typer.echo(f"{title}; guaranteed with {percent(certainty)} certainty")
    dials = [set_by_audits(record, target, certainty) for target in targets or LADDER]
    print_table(AUDIT_HEADER, (_row(setting) for setting in dials))
    for line in _notes(record, dials, certainty):
        typer.echo(line)
    if any(setting.feasible for setting in dials):
        typer.echo("Next: digits digitise … --max-error E --ink audits")


def dial(model: Path | None, targets: Sequence[float], certainty: float | None, output: Path | None) -> None:
    """Print a table of thresholds for each kind of ink the model was tested on; write their chart if asked for."""
    settings = load_settings()
    certainty = settings.certainty if certainty is None else certainty
    if model is not None and not model.is_file():
        raise InputError(f"there is no model {model}; leave out --model to use the registry's champion")
    file = model or networks_for_a_look(settings).classifier.path
    records = calibration_of(file)
    if read_real_collections(file):
        real = real_record()
        records = {CalibrationSet.REAL: real.record, **records}
        typer.echo(f"real: digits of {', '.join(real.sets)}, each read by weights from the other collections")
    dials = {ink: [set_dial(record, target, certainty) for target in targets or LADDER] for ink, record in records.items()}
    for ink, record in records.items():
        _print(TITLES[ink], record, dials[ink], certainty)
    if output:
        _draw(records, dials, output)


def _print(title: str, record: CalibrationRecord, dials: Sequence[DialSetting], certainty: float) -> None:
    typer.echo(f"{title}, {record.digits:,} not used in training; guaranteed with {percent(certainty)} certainty")
    print_table(HEADER, (_row(setting) for setting in dials))
    for line in _notes(record, dials, certainty):
        typer.echo(line)
    typer.echo()


def _row(setting: DialSetting) -> Sequence[str]:
    if not setting.feasible:
        return percent(setting.target), "-", "-", "-", "-"
    promise = f"{setting.threshold:.4f}", percent(setting.bound), percent(setting.observed_error)
    return percent(setting.target), *promise, f"{setting.review_share:.1%}"


def _notes(record: CalibrationRecord, dials: Sequence[DialSetting], certainty: float) -> Iterator[str]:
    refused = [setting.target for setting in dials if not setting.feasible]
    if refused:
        yield f"{percent(max(refused))} cannot be promised: {shortage(record, max(refused), certainty)}"
        least = least_promise(record, certainty)
        yield (
            f"the lowest possible is {percent(least.target)}, {least.review_share:.1%} to review"
            if least
            else "none can be guaranteed"
        )


def _draw(records: Mapping[CalibrationSet, CalibrationRecord], dials: Dials, output: Path) -> None:
    from digit_core.visualisation.risk_chart import dial_chart  # imports matplotlib

    try:
        output.write_bytes(dial_chart(records, dials))
    except OSError as error:
        raise InputError(f"cannot write {output}: {error.strerror}; choose a file in a folder that can be written") from error
    typer.echo(f"chart in {output}")

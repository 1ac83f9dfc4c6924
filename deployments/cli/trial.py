"""Commands to try it out and to measure: synth, evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deployments.cli.output import Json, OutputForm, Quiet, Verbose, chosen

Dest = Annotated[str, typer.Argument(metavar="DEST", help="Results: the --out of `digits digitise`.")]


def synth(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write to.")],
    pages: Annotated[int, typer.Option(min=1, help="Number of pages.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same pages.")] = 1,
    style: Annotated[str, typer.Option(help="Style of the pages: ledger, dense, clean or hard.")] = "ledger",
) -> None:
    """Write ledger pages in simulated handwriting into DIR, and their true numbers into DIR/truth.

    \b
    Examples:
      digits synth pages --pages 20 --seed 7
      digits synth pages --pages 100 --style dense
    """
    from deployments.commands.synth import synth

    synth(folder, pages, seed, style)


def evaluate(
    dest: Annotated[str | None, typer.Argument(metavar="[DEST", help="Results: the --out of `digits digitise`.")] = None,
    truth: Annotated[
        Path | None, typer.Argument(metavar="TRUTH]", help="What stands on the pages: a CSV, ALTO or PAGE-XML file, or a folder.")
    ] = None,
    corrected: Annotated[bool, typer.Option("--corrected", help="Evaluate the numbers as corrected by people.")] = False,
    sets: Annotated[
        list[Path] | None,
        typer.Option("--set", metavar="FILE", help="Evaluate on this number set instead of results; repeatable."),
    ] = None,
    split: Annotated[str | None, typer.Option(help="With --set: train, dev or measure.  [dev and measure]")] = None,
    sample: Annotated[int, typer.Option(min=0, help="With --set: a random sample of so many numbers per set.  [0: all]")] = 0,
    model: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --set: classifier to use (ONNX file) instead of the champion.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="With --set: confidence from which a digit is accepted.  [setting]")
    ] = None,
    errors: Annotated[Path | None, typer.Option(metavar="PNG", help="With --set: draw the misread numbers here.")] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Compare results with the true numbers of the pages, or measure the accuracy on number sets.

    A truth CSV bears its page's name and has the columns row, column, text, digits, certain. With --corrected a number that
    people settled counts as accepted, as they left it.
    A transcription of the page in ALTO or PAGE-XML will do as well. --quiet prints the line of all pages alone, --verbose the
    mistakes too.

    A number set is a Parquet file with the columns text, image (or strokes), split and writer. Its numbers are read one by
    one, as by `digits read --strip`.

    \b
    Columns of number sets:
      exact                numbers with all digits right, and no extra ones
      exact text           numbers with all digits and all marks right
      digits               digits right; missing and extra ones count as wrong
      wrong in surest N %  wrong numbers among those with the highest confidence
      accepted, wrong      numbers accepted at the threshold, and the wrong ones among them
      at most              upper bound of the share of wrong ones among accepted numbers, with a certainty of 95 %
      calibration error    mean distance between confidence and share of right numbers

    \b
    Examples:
      digits evaluate results pages/truth
      digits evaluate results pages/truth --json
      digits evaluate results pages/truth --corrected
      digits evaluate --set cells.parquet --set cheques.parquet
      digits evaluate --set cells.parquet --sample 300 --errors errors.png
    """
    output = chosen(quiet, verbose, json)
    if sets:
        if dest is not None or truth is not None or corrected:
            raise typer.BadParameter("--set reads number sets: leave out DEST, TRUTH and --corrected")
        from deployments.commands.evaluate_sets import evaluate_sets

        if output in (OutputForm.QUIET, OutputForm.VERBOSE):
            raise typer.BadParameter(f"--{output} is for results: leave it away with --set")
        evaluate_sets(sets, split, sample, model, threshold, json, errors)
        return
    if dest is None or truth is None:
        raise typer.BadParameter("give DEST and TRUTH, or number sets with --set")
    if split is not None or sample or model is not None or threshold is not None or errors is not None:
        raise typer.BadParameter("--split, --sample, --model, --threshold and --errors need --set")
    from deployments.commands.evaluate import evaluate

    evaluate(dest, truth, corrected, output)

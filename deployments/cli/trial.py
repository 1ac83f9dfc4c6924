"""Pages to try it with, and what is known to stand on them: synth, evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deployments.cli.output import Json, OutputForm, Quiet, Verbose, chosen

Dest = Annotated[str, typer.Argument(metavar="DEST", help="Results: the --out of `digits digitise`.")]


def synth(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write to.")],
    pages: Annotated[int, typer.Option(min=1, help="How many pages.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same pages.")] = 1,
    style: Annotated[str, typer.Option(help="ledger, dense, clean or hard.")] = "ledger",
) -> None:
    """Write ledger pages by invented hands into DIR, and what stands on them into DIR/truth.

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
    corrected: Annotated[bool, typer.Option("--corrected", help="With what people said, not the machine alone.")] = False,
    sets: Annotated[
        list[Path] | None, typer.Option("--set", metavar="FILE", help="A number set, in place of results; may be given again.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="With --set: train, dev or measure.  [dev and measure]")] = None,
    sample: Annotated[int, typer.Option(min=0, help="With --set: so many numbers of each, drawn by lot.  [0: all]")] = 0,
    model: Annotated[Path | None, typer.Option(metavar="FILE", help="With --set: this ONNX file, not the champion.")] = None,
    threshold: Annotated[
        float | None, typer.Option(min=0, max=1, help="With --set: confidence from which a digit is accepted.  [setting]")
    ] = None,
    errors: Annotated[Path | None, typer.Option(metavar="PNG", help="With --set: draw the misread numbers here.")] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Compare results with what is known to stand on the pages, or read number sets and count what is right.

    A truth CSV bears its page's name and has the columns row, column, text, digits, certain. With --corrected a number that
    people settled counts as accepted, as they left it.
    A transcription of the page in ALTO or PAGE-XML will do as well. --quiet prints the line of all pages alone, --verbose the
    mistakes too.

    A number set is a Parquet file with the columns text, image (or strokes), split and writer. Its numbers are read one by
    one as `digits read --strip` reads them.

    \b
    Columns of number sets:
      exact                all digits read, and no others
      exact text           and all marks
      digits               digits right, missing and invented ones counted as wrong
      wrong in surest N %  of the numbers with the highest confidence
      accepted, wrong      numbers accepted at the threshold, and those of them with a wrong digit
      at most              share of wrong ones among such accepted numbers, with a certainty of 95 %
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
            raise typer.BadParameter("--set reads number sets: leave DEST, TRUTH and --corrected away")
        from deployments.commands.evaluate_sets import evaluate_sets

        if output in (OutputForm.QUIET, OutputForm.VERBOSE):
            raise typer.BadParameter(f"--{output} is for results: leave it away with --set")
        evaluate_sets(sets, split, sample, model, threshold, json, errors)
        return
    if dest is None or truth is None:
        raise typer.BadParameter("name DEST and TRUTH, or number sets by --set")
    if split is not None or sample or model is not None or threshold is not None or errors is not None:
        raise typer.BadParameter("--split, --sample, --model, --threshold and --errors go with --set")
    from deployments.commands.evaluate import evaluate

    evaluate(dest, truth, corrected, output)

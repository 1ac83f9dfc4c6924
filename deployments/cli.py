"""The command `digits`. Only arguments are handled here; what a command needs is imported once they are known to be right."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deployments.errors import DigitsGroup
from digit_core.params import Ink

app = typer.Typer(
    name="digits",
    help="Reads the handwritten numbers on scanned archive pages into tables that people can trust.",
    cls=DigitsGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)

Dest = Annotated[str, typer.Argument(metavar="DEST", help="Results: the --out of `digits digitise`.")]


class Format(StrEnum):
    """Forms of the output of `digits read`."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class Show(StrEnum):
    """What `digits results` lists."""

    ACCEPTED = "accepted"
    REVIEW = "review"
    QUARANTINED = "quarantined"


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("archive-digits"))
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Reads the handwritten numbers on scanned archive pages into tables that people can trust.

    \b
    Try it:
      digits synth pages --pages 20
      digits digitise pages --out results
      digits results results
    """


@app.command()
def digitise(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Folder, file or URL (s3://bucket/folder) of the scans.")],
    out: Annotated[str, typer.Option("--out", metavar="DEST", help="Folder or URL that the results are added to.")],
    threshold: Annotated[float | None, typer.Option(min=0, max=1, help="Less sure digits go to review.  [setting: 0.97]")] = None,
    max_error: Annotated[
        float | None, typer.Option(min=0, max=1, help="Instead: share of accepted digits that may be wrong; see `digits dial`.")
    ] = None,
    ink: Annotated[Ink | None, typer.Option(help="Digits that --max-error is promised for.  [setting: archive]")] = None,
    audit_share: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of sure digits to check.  [setting: 0.01]")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=1024, help="Processes.  [setting: one for each core]")] = None,
    max_failed: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of unreadable pages that ends a run.  [setting: 0.1]")
    ] = None,
    max_megapixels: Annotated[float | None, typer.Option(help="Larger scans are quarantined.  [setting: 200]")] = None,
) -> None:
    """Read all scans of SOURCE that are new or changed, and add their numbers to DEST.

    JPEG, PNG, TIFF, JPEG 2000 and PDF, in folders of any depth. Pages that cannot be read are listed with their reason and
    the run goes on. A run that was stopped, in whatever way, goes on where it was when it is started again.

    \b
    Examples:
      digits digitise scans --out results
      digits digitise s3://archive/1901 --out s3://results/1901 --threshold 0.99
      digits digitise scans --out results --max-error 0.01
      digits digitise scans --out results --workers 8 --max-failed 0.5
    """
    from deployments.commands.digitise import digitise

    digitise(
        source,
        out,
        threshold=threshold,
        max_error=max_error,
        ink=ink,
        audit_share=audit_share,
        workers=workers,
        max_failed=max_failed,
        max_megapixels=max_megapixels,
    )


@app.command()
def read(
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Scans, or - for standard input.")],
    strip: Annotated[bool, typer.Option("--strip", help="Each image is one cropped number.")] = False,
    format: Annotated[Format, typer.Option("--format", "-f", help="Form of the output.")] = Format.TABLE,
    model: Annotated[Path | None, typer.Option(metavar="FILE", help="Read by this ONNX file instead of the champion.")] = None,
) -> None:
    """Read images at once and print their numbers, in reading order.

    \b
    Columns of the CSV, one row a number:
      file        as given
      page        page of the file, from 1
      index       place of the number on its page in reading order, from 0
      digits      the number, with its leading zeros
      confidence  calibrated probability that all its digits are right
      x,y,w,h     its box in pixels of the scan, origin top left
    With --strip an image without digits gives a row with empty digits.
    An image that cannot be read gives a line on standard error and the exit code 1; the others are read.

    \b
    Examples:
      digits read page.jpg
      digits read scans/*.tif --format csv > numbers.csv
      digits read --strip cell.png --format json
    """
    from deployments.commands.read import read

    raise typer.Exit(read(images, strip=strip, form=format.value, model=model))


@app.command()
def results(
    dest: Dest,
    state: Annotated[Show | None, typer.Option(help="Only numbers in this state, or the pages that could not be read.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most rows to show.")] = 20,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all numbers here, with a datapackage.json beside it.")
    ] = None,
) -> None:
    """Show what was read, or write it as CSV.

    \b
    Examples:
      digits results results
      digits results results --state quarantined
      digits results s3://results/1901 --state review --limit 100
      digits results results --csv numbers.csv
    """
    from deployments.commands.results import results

    results(dest, state and state.value, limit, csv)


@app.command()
def show(
    page: Annotated[
        str, typer.Argument(metavar="PAGE", help="A scan on this machine; with --results also its name or uri there.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="PNG", help="Picture to write.")],
    results: Annotated[
        str | None, typer.Option(metavar="DEST", help="Draw what DEST says instead of reading the page now.")
    ] = None,
    number: Annotated[int, typer.Option("--page", min=1, help="Page of a file of several.")] = 1,
) -> None:
    """Draw boxes, digits and confidence on a page.

    \b
    Examples:
      digits show page.jpg -o look.png
      digits show ledger-0001.jpg -o look.png --results results
      digits show volume.pdf --page 12 -o look.png
    """
    from deployments.commands.show import show

    show(page, number, output, results)


@app.command()
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


@app.command()
def evaluate(
    dest: Dest,
    truth: Annotated[Path, typer.Argument(metavar="TRUTH", help="Folder of CSVs with what stands on the pages, or one CSV.")],
    json: Annotated[bool, typer.Option("--json", help="All figures as JSON.")] = False,
) -> None:
    """Compare results with what is known to stand on the pages.

    A truth CSV bears its page's name and has the columns row, column, text, digits, certain.

    \b
    Examples:
      digits evaluate results pages/truth
      digits evaluate results pages/truth --json
    """
    from deployments.commands.evaluate import evaluate

    evaluate(dest, truth, json)


@app.command()
def recipes() -> None:
    """List the networks that can be trained, with what was published of them.

    \b
    Examples:
      digits recipes
    """
    from deployments.commands.train import recipes

    recipes()


@app.command()
def train(
    recipe: Annotated[str | None, typer.Argument(metavar="RECIPE", help="One of `digits recipes`.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every recipe, one after the other.")] = False,
    epochs: Annotated[int, typer.Option(min=0, help="Times that all digits are seen.  [0: the recipe's]")] = 0,
    batch: Annotated[int, typer.Option(min=0, help="Digits of one step.  [0: the recipe's]")] = 0,
    learning_rate: Annotated[float, typer.Option(min=0, help="Of the recipe's optimiser.  [0: the recipe's]")] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same model.")] = 1,
    patience: Annotated[
        int, typer.Option(min=0, help="End after so many epochs without a better validation loss, and keep the best.  [0: never]")
    ] = 0,
    augment: Annotated[bool, typer.Option("--augment", help="Learn digits in archive ink, whatever the recipe says.")] = False,
    mnist: Annotated[
        Path | None, typer.Option(metavar="FILE", help="mnist.npz.  [setting: DIGITS_MNIST; else Keras fetches it]")
    ] = None,
    reviewed: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Digits that people read, to learn as well: .npz of images and labels.")
    ] = None,
    ship: Annotated[Path | None, typer.Option(metavar="DIR", help="Put the model and its card here too; with --all, the recipe archive's.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write published against measured as Markdown.")] = None,
) -> None:
    """Train a network on MNIST and register it as challenger, with charts of how it did.

    The registry keeps for each version the metrics of every epoch, confusion matrix, ROC curves, calibration, risk against
    coverage, the worst mistakes, and the model as Keras and as ONNX file. `digits promote` puts it into service.

    \b
    Examples:
      digits train mlp-100 --epochs 10
      digits train cnn --augment --patience 3
      digits train --all --mnist mnist.npz --report results.md
      digits train archive --ship digit_core/model
    """
    from deployments.commands.train import train

    train(
        recipe,
        every,
        report,
        seed=seed,
        epochs=epochs,
        batch=batch,
        learning_rate=learning_rate,
        patience=patience,
        augment=augment,
        mnist=mnist and str(mnist),
        reviewed=reviewed and str(reviewed),
        ship=ship and str(ship),
    )


@app.command()
def models() -> None:
    """List the model versions: which serves, how well each reads, and what the gate said of it.

    A newer package brings a newer model: it is registered here as a challenger, and serves when it is promoted.

    \b
    Examples:
      digits models
    """
    from deployments.commands.models import models

    models()


@app.command()
def promote(
    model_version: Annotated[str, typer.Argument(metavar="VERSION", help="Number of a version, or its alias: challenger.")],
    against: Annotated[
        str | None, typer.Option(metavar="DEST", help="Only show which published numbers of DEST would change.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="With --against: most rows to show.")] = 20,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="With --against: write all rows here, as CSV.")
    ] = None,
    mnist: Annotated[Path | None, typer.Option(metavar="FILE", help="mnist.npz.  [setting: Keras fetches it]")] = None,
) -> None:
    """Put a model version into service, if it reads no worse than the champion.

    Both read MNIST's test digits and the same digits in archive ink. The version is refused (exit code 7) when it reads
    fewer of them right than chance explains, loses a class, sends more digits to review, is much slower, or is not the
    model that Keras has. The report with pictures is kept in MLflow. Runs in progress keep the version they began with.

    \b
    Examples:
      digits promote challenger --against results
      digits promote 3 --against s3://results/1901 -o changes.csv
      digits promote challenger
    """
    if against is not None:
        from deployments.commands.against import against as show_changes

        show_changes(model_version, against, limit, output)
        return
    if output is not None:
        raise typer.BadParameter("-o writes what --against DEST finds: name DEST too")
    from deployments.commands.models import promote

    promote(model_version, mnist)


@app.command()
def rollback() -> None:
    """Put the champion before the present one back into service; again, the one before that.

    \b
    Examples:
      digits rollback
    """
    from deployments.commands.models import rollback

    rollback()


@app.command()
def dial(
    model: Annotated[Path | None, typer.Option(metavar="FILE", help="This ONNX file instead of the champion.")] = None,
    max_error: Annotated[
        list[float] | None,
        typer.Option(metavar="SHARE", min=0, max=1, help="Only this one; may be given again.  [0.0005 to 0.02]"),
    ] = None,
    certainty: Annotated[float | None, typer.Option(min=0, max=1, help="Of the promise.  [setting: 0.95]")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="PNG", help="Write a chart: error against share to review.")
    ] = None,
) -> None:
    """Show which confidence a digit needs for the error that you can bear, and how many go to a person for it.

    For digits that the model never learned, in archive ink (written anew on worn paper) and clean (as MNIST has them).

    \b
    Columns:
      max error      share of the accepted digits that may be wrong
      threshold      confidence from which digits are accepted; - where nothing can be promised
      wrong at most  what is promised with the certainty
      wrong seen     what was counted among the accepted
      to review      share of the digits that goes to a person

    The promise is for each digit, and for digits like these: other hands can be harder, so let people check a share of the
    accepted digits too (--audit-share).

    \b
    Examples:
      digits dial
      digits dial --max-error 0.0014 --certainty 0.9
      digits dial --model digits.onnx -o dial.png
    """
    from deployments.commands.dial import dial

    dial(model, tuple(max_error or ()), certainty, output)


@app.command()
def settings() -> None:
    """List all settings, their values and where those come from; passwords are masked.

    A setting is an environment variable, or a line of the file .env in the current folder.

    \b
    Examples:
      digits settings
      DIGITS_WORKERS=4 digits digitise scans --out results
    """
    from deployments.commands.settings import settings

    settings()


@app.command()
def version() -> None:
    """Print the version.

    \b
    Examples:
      digits version
    """
    _version(True)


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()

"""From scans to numbers: digitise, read, results, show."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from digit_core.params import CalibrationSet, Writing

Dest = Annotated[str, typer.Argument(metavar="DEST", help="Results: the --out of `digits digitise`.")]


Handwritten = Annotated[bool, typer.Option("--handwritten", help="Only numbers written by hand.")]
Printed = Annotated[bool, typer.Option("--printed", help="Only printed numbers.")]


LayoutOption = Annotated[
    str | None, typer.Option("--layout", metavar="FILE|DIR", help="Form that the scans show, or a folder of several.  [setting]")
]


class Runner(StrEnum):
    """Where the pages of `digits digitise` are read."""

    HERE = "here"
    DASK = "dask"


class Format(StrEnum):
    """Forms of the output of `digits read`."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class Show(StrEnum):
    """What `digits results` lists."""

    ACCEPTED = "accepted"
    REVIEW = "review"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    UNREADABLE = "unreadable"
    QUARANTINED = "quarantined"


def _writing(handwritten: bool, printed: bool) -> Writing | None:
    if handwritten and printed:
        raise typer.BadParameter("--handwritten and --printed: give one of them, or none for both kinds")
    return Writing.HAND if handwritten else Writing.PRINT if printed else None


def digitise(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Folder, file or URL (s3://bucket/folder) of the scans.")],
    out: Annotated[str, typer.Option("--out", metavar="DEST", help="Folder or URL that the results are added to.")],
    threshold: Annotated[float | None, typer.Option(min=0, max=1, help="Less sure digits go to review.  [setting: 0.97]")] = None,
    max_error: Annotated[
        float | None, typer.Option(min=0, max=1, help="Instead: share of accepted digits that may be wrong; see `digits dial`.")
    ] = None,
    ink: Annotated[
        CalibrationSet | None, typer.Option(help="Digits that --max-error is promised for.  [setting: archive]")
    ] = None,
    audit_share: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of sure digits to check.  [setting: 0.01]")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=1024, help="Processes.  [setting: one for each core]")] = None,
    max_failed: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of unreadable pages that ends a run.  [setting: 0.1]")
    ] = None,
    max_megapixels: Annotated[float | None, typer.Option(help="Larger scans are quarantined.  [setting: 200]")] = None,
    handwritten: Handwritten = False,
    printed: Printed = False,
    layout: LayoutOption = None,
    share: Annotated[str | None, typer.Option(metavar="N/M", help="Only this share of SOURCE, such as 2/3.")] = None,
    runner: Annotated[Runner | None, typer.Option(help="Where pages are read: here, or dask.  [setting: here]")] = None,
    scheduler: Annotated[str | None, typer.Option(metavar="URL", help="Of --runner dask: tcp://host:8786.  [setting]")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only foretell pages, time and review hours.")] = False,
) -> None:
    """Read all scans of SOURCE that are new or changed, and add their numbers to DEST.

    JPEG, PNG, TIFF, JPEG 2000 and PDF, in folders of any depth. Pages that cannot be read are listed with their reason and
    the run goes on. A run that was stopped, in whatever way, goes on where it was when it is started again.

    \b
    Examples:
      digits digitise scans --out results
      digits digitise s3://archive/1901 --out s3://results/1901 --threshold 0.99
      digits digitise scans --out results --max-error 0.01
      digits digitise scans --out results --layout rainfall.yaml
      digits digitise scans --out results --workers 8 --max-failed 0.5
      digits digitise scans --out results --dry-run
      digits digitise s3://archive/1901 --out s3://results/1901 --runner dask --scheduler tcp://head:8786
    """
    from deployments.commands.digitise import digitise

    digitise(
        source,
        out,
        share,
        dry_run,
        threshold=threshold,
        max_error=max_error,
        ink=ink,
        audit_share=audit_share,
        workers=workers,
        max_failed=max_failed,
        max_megapixels=max_megapixels,
        runner=runner and runner.value,
        scheduler=scheduler,
        writing=_writing(handwritten, printed),
        layout=layout,
    )


def read(
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Scans, or - for standard input.")],
    strip: Annotated[bool, typer.Option("--strip", help="Each image is one cropped number.")] = False,
    format: Annotated[Format, typer.Option("--format", "-f", help="Form of the output.")] = Format.TABLE,
    model: Annotated[Path | None, typer.Option(metavar="FILE", help="Read by this ONNX file instead of the champion.")] = None,
    handwritten: Handwritten = False,
    printed: Printed = False,
    layout: LayoutOption = None,
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
    With --layout there are zone, row, column, cell and value too, and a row for each cell of the form.
    With --strip an image without digits gives a row with empty digits.
    An image that cannot be read gives a line on standard error and the exit code 1; the others are read.

    \b
    Examples:
      digits read page.jpg
      digits read scans/*.tif --format csv > numbers.csv
      digits read form.jpg --layout rainfall.yaml
      digits read --strip cell.png --format json
    """
    from deployments.commands.read import read

    if strip and layout:
        raise typer.BadParameter("--strip and --layout: a cropped number has no form; give one of them")
    options = {"writing": _writing(handwritten, printed), "layout": layout}
    raise typer.Exit(read(images, strip, format.value, model, **options))


def results(
    dest: Dest,
    state: Annotated[Show | None, typer.Option(help="Only numbers in this state, or the pages that could not be read.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most rows to show.")] = 20,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all numbers here, with a datapackage.json beside it.")
    ] = None,
    tables: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write numbers.csv here, and each page's tables as the page shows them.")
    ] = None,
) -> None:
    """Show what was read, or write it as CSV.

    \b
    Examples:
      digits results results
      digits results results --state quarantined
      digits results s3://results/1901 --state review --limit 100
      digits results results --csv numbers.csv
      digits results results --tables tables
    """
    from deployments.commands.results import results

    results(dest, state and state.value, limit, csv, tables)


def show(
    page: Annotated[
        str, typer.Argument(metavar="PAGE", help="A scan on this machine; with --results also its name or uri there.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="PNG", help="Picture to write.")],
    results: Annotated[
        str | None, typer.Option(metavar="DEST", help="Draw what DEST says instead of reading the page now.")
    ] = None,
    number: Annotated[int, typer.Option("--page", min=1, help="Page of a file of several.")] = 1,
    layout: LayoutOption = None,
) -> None:
    """Draw boxes, digits and confidence on a page.

    \b
    Examples:
      digits show page.jpg -o look.png
      digits show ledger-0001.jpg -o look.png --results results
      digits show volume.pdf --page 12 -o look.png
    """
    from deployments.commands.show import show

    show(page, number, output, results, layout)

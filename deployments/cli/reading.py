"""Commands that read scans and show the numbers: digitise, read, results, show."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.cli.output import Json, Quiet, Verbose, chosen
from deployments.cli.run_options import takes

if TYPE_CHECKING:
    from flows.options import RunOptions

Dest = Annotated[str, typer.Argument(metavar="DEST", help="Results: the --out of `digits digitise`.")]


class Format(StrEnum):
    """Output format of `digits read`."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class ExportForm(StrEnum):
    """Forms that `digits export` writes."""

    PAGE = "page"
    ALTO = "alto"
    IIIF = "iiif"
    XLSX = "xlsx"
    PDF = "pdf"
    CSV = "csv"
    SET = "set"


class Show(StrEnum):
    """State of the rows that `digits results` lists."""

    ACCEPTED = "accepted"
    REVIEW = "review"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    UNREADABLE = "unreadable"
    QUARANTINED = "quarantined"


@takes()
def digitise(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Folder, file or URL (s3://bucket/folder) of the scans.")],
    out: Annotated[str, typer.Option("--out", metavar="DEST", help="Folder or URL of the results; they are added to it.")],
    options: RunOptions,
    share: Annotated[str | None, typer.Option(metavar="N/M", help="Read only this share of SOURCE, such as 2/3.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Estimate pages, time and review hours; read nothing.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Read all new or changed scans of SOURCE, and add their numbers to DEST.

    JPEG, PNG, TIFF, JPEG 2000, WebP, BMP and PDF, in folders of any depth. A page that cannot be read is listed with its
    reason and the run goes on. A run that was stopped, in whatever way, goes on where it was when it is started again.

    --quiet shows no progress and no summary, --verbose names each file that is passed over and each page that could not be read,
    --json prints the summary as one object. --dry-run has a form of its own.

    \b
    Examples:
      digits digitise scans --out results
      digits digitise scans --out results --json > summary.json
      digits digitise s3://archive/1901 --out s3://results/1901 --threshold 0.99
      digits digitise scans --out results --max-error 0.01
      digits digitise scans --out results --layout rainfall.yaml
      digits digitise scans --out results --workers 8 --max-failed 0.5
      digits digitise scans --out results --dry-run
      digits digitise s3://archive/1901 --out s3://results/1901 --runner dask --scheduler tcp://head:8786
    """
    from deployments.commands.digitise import digitise

    digitise(source, out, options, share, dry_run, chosen(quiet, verbose, json))


@takes("threshold", "max_error", "ink", "max_megapixels", "writing", "spread", "layout", "classifier", "detector", "strip_reader")
def read(
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Scans, or - for standard input.")],
    options: RunOptions,
    strip: Annotated[bool, typer.Option("--strip", help="Each image is one cropped number.")] = False,
    format: Annotated[Format, typer.Option("--format", "-f", help="Output format.")] = Format.TABLE,
    model: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Classifier to use (ONNX file) instead of the champion.")
    ] = None,
) -> None:
    """Read images directly and print their numbers, in reading order.

    \b
    Columns of the CSV, one row per number, named as in the results:
      file        image, as given
      page        page of the file, from 1
      position    place of the number on its page in reading order, from 0
      value       what it comes to, in its unit; empty where its kind has no value
      state       accepted, or review
      confidence  calibrated probability that all of it is right
      text        as written; kind says what it is
      digits      its digits, with leading zeros
      x,y,w,h     its box in pixels of the scan, origin top left
    With --layout there are also zone, row, column, date, cell and checks, and one row per cell of the form.
    With --strip an image without digits gives a row with empty digits.
    An image that cannot be read is reported on standard error, with exit code 1; the others are read.

    \b
    Examples:
      digits read page.jpg
      digits read scans/*.tif --format csv > numbers.csv
      digits read form.jpg --layout rainfall.yaml
      digits read --strip cell.png --format json
    """
    from deployments.commands.read import read

    if strip and options.layout:
        raise typer.BadParameter("--strip and --layout exclude each other: a cropped number has no form; give one of them")
    raise typer.Exit(read(images, options, strip, format.value, model))


def results(
    dest: Dest,
    state: Annotated[Show | None, typer.Option(help="Show only numbers in this state, or the quarantined pages.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of rows to show.")] = 20,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all numbers to this file, with a datapackage.json beside it.")
    ] = None,
    tables: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write numbers.csv here, and each page's tables with values in rows and columns."),
    ] = None,
) -> None:
    """Show the numbers that were read, or write them as CSV; `digits export --as xlsx` writes a workbook.

    numbers.csv is one long table: file, page, zone, row, column, date, value, unit, state, confidence, and more. In the tables of
    the pages cells hold values; their last column, review, names those that a person has still to decide.

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


def export(
    dest: Dest,
    form: Annotated[ExportForm, typer.Option("--as", help="The form to write.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Folder to write to; it is made if need be.")] = Path(
        "export"
    ),
    base: Annotated[
        str, typer.Option(metavar="URL", help="With --as iiif: the address where FOLDER will be served.")
    ] = "http://localhost:8000",
) -> None:
    """Write what was read, with people's corrections, for other programs.

    \b
    Forms:
      page  PAGE-XML 2019 for Transkribus, eScriptorium, OCR-D: a file a page
      alto  ALTO 4: a file a page
      iiif  a IIIF 3 manifest, and a file of web annotations a page
      xlsx  numbers.xlsx: a sheet a table of the layout, one of all numbers; unsure cells are coloured
      pdf   a PDF a scan that can be searched: its picture with the numbers as invisible text
      csv   numbers.csv: one long table that computes, described by datapackage.json
      set   numbers.parquet: a number set of what people decided, for `digits train-reader --with`

    \b
    Examples:
      digits export results --as xlsx
      digits export results --as page --out pages
      digits export s3://results/1901 --as iiif --out annotations --base https://archive.example/1901
    """
    from deployments.commands.export import export

    export(dest, form.value, out, base)


@takes("max_megapixels", "spread", "layout", "classifier", "detector", "strip_reader")
def show(
    page: Annotated[
        str, typer.Argument(metavar="PAGE", help="A scan on this machine; with --results also its name or uri there.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Picture to write: .jpg, or .png.")],
    options: RunOptions,
    results: Annotated[
        str | None, typer.Option(metavar="DEST", help="Draw the results in DEST instead of reading the page now.")
    ] = None,
    number: Annotated[int, typer.Option("--page", min=1, help="Page of a multi-page file, from 1.")] = 1,
) -> None:
    """Draw boxes, digits and confidence on a page.

    \b
    Examples:
      digits show page.jpg -o look.png
      digits show ledger-0001.jpg -o look.png --results results
      digits show volume.pdf --page 12 -o look.png
    """
    from deployments.commands.show import show

    show(page, number, output, results, options)

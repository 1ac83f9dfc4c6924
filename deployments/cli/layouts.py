"""Commands for layouts: layout check, layout propose."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

PageFile = Annotated[Path, typer.Argument(metavar="PAGE", help="A scan on this machine.")]
Number = Annotated[int, typer.Option("--page", min=1, help="Page of a multi-page file, from 1.")]

app = typer.Typer(
    help="""Check and propose layouts: which boxes of a form are read, and their names.

    Draw layouts in `digits review serve`, or edit the YAML file:

    \b
      format: digits-layout/1
      name: rainfall
      page: [2362, 3812]            # size of the page in the units of all boxes; [1, 1] for fractions
      zones:
      - {name: station, box: [430, 380, 700, 90], holds: {digits: 4}}        # x, y, width, height
      grids:
      - name: rain
        rows: {names: [Jan, Feb, Total], edges: [901, 1010, 1120, 1230]}     # or span: [901, 1230] if evenly spaced
        columns: {count: 10, span: [480, 2050]}                              # names 1, 2, 3 ...
        holds: {digits: [1, 4], decimals: 2, marks: [blank, dash]}
        column_holds: {'10': {digits: 5}}
        skip_rows: [Feb]                                     # rows (skip_columns: columns) where no numbers stand
        date: {year: station, month: row, day: column}       # each of it: row, column, a zone's name, or fixed (year: 1947)
      checks:
      - {rule: total, grid: rain, of: [Jan, Feb], into: Total, direction: down}
      lines: {horizontal: [...], vertical: [...]}    # rulings that identify the form; `propose` finds them

    What a cell may contain (`holds` of a zone or a grid; column_holds and row_holds for single columns and rows):

    \b
      digits: 4 or [1, 4]         number of digits, or least and most; default 1 to 12
      decimals: 2                 digits after the decimal point, even if it is not written; default: as written
      decimal_mark: "," or "."    decimal mark; the other one separates thousands; default: as on the page
      sign: true                  a plus or minus is allowed; otherwise a sign that is read goes to review
      kinds: [integer, decimal]   any of integer, decimal, signed, fraction, money, date, time, angle; default: all
      date_order: dmy             order of day, month and year: dmy, mdy or ymd
      least: 0, most: 99.5        range of the value
      unit: mm                    unit of the value, for the column `unit` of the results
      marks: [blank, dash]        what may replace a number: any of blank, dash, ditto, word
      words: {nil: 0, tr: 0.0}    words that may replace it, with their values; [nil, tr] without

    A cell that breaks a rule goes to review and is never accepted.

    Relations between cells (`checks`; of a grid, in its `direction` down or across, `only` in some columns or rows; or of zones):

    \b
      {rule: total, of: [Jan, Feb], into: Total}       a sum
      {rule: mean, of: [Jan, Feb], into: Mean}         a mean, rounded to its own decimals
      {rule: running, of: received, into: balance}     each cell is the one before it plus the one of `of` beside it
      {rule: sequence, of: No, step: 1}                each cell is the one before it plus `step`
      {rule: equal, of: [first, second]}               all are equal

    \b
    Examples:
      digits layout propose page.jpg -o rainfall.yaml
      digits layout check rainfall.yaml page.jpg -o look.png
    """,
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


@app.command()
def check(
    layout: Annotated[Path, typer.Argument(metavar="FILE", help="A layout.")],
    page: PageFile,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="PNG", help="Picture to write.")],
    number: Number = 1,
) -> None:
    """Draw a layout on a page where it fits, and report how well it fits.

    The exit code is 1 if the page does not match the form; the picture is written in any case.

    \b
    Examples:
      digits layout check rainfall.yaml page.jpg -o look.png
      digits layout check rainfall.yaml volume.pdf --page 12 -o look.png
    """
    from deployments.commands.layout import check

    raise typer.Exit(check(layout, page, number, output))


@app.command()
def propose(
    page: Annotated[Path, typer.Argument(metavar="PAGE|FOLDER", help="A scan on this machine, or a folder of scans.")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="FILE.yaml|FOLDER", help="Layout to write; of a folder: folder to write into."),
    ],
    number: Number = 1,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Propose a layout from a page's ruled tables; then edit names, cell contents and totals.

    Rows and columns that hold names are left out; numbers among the names, such as days and years, are read. A folder's pages are
    grouped by their form: one layout for each, and a picture of all of them, forms.png.

    \b
    Examples:
      digits layout propose page.jpg -o rainfall.yaml
      digits layout propose volume.pdf --page 12 -o register.yaml --force
      digits layout propose scans -o forms
    """
    if page.is_dir():
        from deployments.commands.layout_folder import propose_forms

        return propose_forms(page, output, force)
    from deployments.commands.layout import propose

    return propose(page, number, output, force)

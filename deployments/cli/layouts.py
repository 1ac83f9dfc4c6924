"""Layouts by hand: layout check, layout propose."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

PageFile = Annotated[Path, typer.Argument(metavar="PAGE", help="A scan on this machine.")]
Number = Annotated[int, typer.Option("--page", min=1, help="Page of a file of several.")]

app = typer.Typer(
    help="""Layouts: which boxes of a form shall be read, and what they are called.

    They are drawn under Layouts on the page of `digits review serve`, and are YAML files that can be edited:

    \b
      format: digits-layout/1
      name: rainfall
      page: [2362, 3812]            # the size that all places are given in; [1, 1] for shares of the page
      zones:
      - {name: station, box: [430, 380, 700, 90], holds: {digits: 4}}        # x, y, width, height
      grids:
      - name: rain
        rows: {names: [Jan, Feb, Total], edges: [901, 1010, 1120, 1230]}     # or span: [901, 1230] for even ones
        columns: {count: 10, span: [480, 2050]}                              # names 1, 2, 3 ...
        holds: {digits: [1, 4], decimals: 2, marks: [blank, dash]}
        column_holds: {'10': {digits: 5}}
      checks:
      - {rule: total, grid: rain, of: [Jan, Feb], into: Total, direction: down}
      lines: {horizontal: [...], vertical: [...]}    # the rulings that the form is known by; `propose` takes them from a page

    What a cell may hold (`holds` of a zone or a grid; column_holds and row_holds for single columns and rows):

    \b
      digits: 4 or [1, 4]         as many digits, or so many to so many; 1 to 12 without it
      decimals: 2                 so many of them stand after the point, written or not; without it as written
      decimal_mark: "," or "."    the point; the other one then parts thousands; without it as on the page
      sign: true                  a plus or a minus may stand there; without it one that is read goes to review
      kinds: [integer, decimal]   of integer, decimal, signed, fraction, money, date, time, angle; without it all
      date_order: dmy             dmy, mdy or ymd: in which order day, month and year stand
      least: 0, most: 99.5        the range of the value
      marks: [blank, dash]        of blank, dash, ditto, word: what may stand in place of a number

    What breaks a rule goes to review and is never accepted.

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
    """Draw a layout where it is found on a page, and say how sure that is.

    The exit code is 1 where the page is not taken for the form; the picture is written all the same.

    \b
    Examples:
      digits layout check rainfall.yaml page.jpg -o look.png
      digits layout check rainfall.yaml volume.pdf --page 12 -o look.png
    """
    from deployments.commands.layout import check

    raise typer.Exit(check(layout, page, number, output))


@app.command()
def propose(
    page: PageFile,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.yaml", help="Layout to write.")],
    number: Number = 1,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a layout of a page's own ruled tables and lines, to be edited: names, what cells hold, totals.

    \b
    Examples:
      digits layout propose page.jpg -o rainfall.yaml
      digits layout propose volume.pdf --page 12 -o register.yaml --force
    """
    from deployments.commands.layout import propose

    propose(page, number, output, force)

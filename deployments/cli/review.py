"""Commands for people's part: review serve, review status, review readers, feedback."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.cli.output import Json
from deployments.cli.run_options import takes

if TYPE_CHECKING:
    from flows.options import RunOptions

app = typer.Typer(
    help="""Serve the review page, on which people check uncertain numbers.

    \b
    Examples:
      digits review serve
      digits review status
    """,
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; any but this machine's own requires a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8040,
) -> None:
    """Serve the web page on which people review numbers.

    One number at a time: space accepts it, 0-9 set its doubtful digit, e types it anew, Backspace undoes. Groups: a screen of
    digits that the machine takes for the same one; select the wrong ones and type the right digit, space accepts the rest.
    Several people may work at once.

    \b
    Examples:
      digits review serve
      DIGITS_REVIEW_TOKEN=... digits review serve --host 0.0.0.0 --port 8080
    """
    from deployments.commands.review import serve

    serve(host, port)


@app.command()
def token() -> None:
    """Print a new token, for DIGITS_REVIEW_TOKEN.

    \b
    Examples:
      digits review token
    """
    from deployments.commands.review import token

    token()


@app.command()
def status() -> None:
    """Show the progress of each collection, and the error of the accepted digits found by the audit.

    \b
    Examples:
      digits review status
    """
    from deployments.commands.review import status

    status()


@app.command()
def readers(
    dest: Annotated[str, typer.Argument(metavar="DEST", help="Collection: the --out of `digits digitise`.")],
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, max=2, help="1, or 2 who do not see each other's decisions.")],
) -> None:
    """Set how many people review each digit of a collection; where two differ, a third one decides.

    \b
    Examples:
      digits review readers results 2
    """
    from deployments.commands.review import readers

    readers(dest, number)


@takes("workers", "max_megapixels", "writing", "layout", "classifier", "detector", "strip_reader", "second_reader")
def pilot(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Folder, file or URL (s3://bucket/folder) of the scans.")],
    out: Annotated[str, typer.Option("--out", metavar="DEST", help="Folder or URL of the results.")],
    options: RunOptions,
    numbers: Annotated[int, typer.Option(min=20, max=2000, help="Numbers to ask people about.")] = 100,
    max_error: Annotated[
        float | None,
        typer.Option(
            "--max-error",
            metavar="SHARE",
            help="Tolerated share of wrong numbers among the accepted, such as 0.05.  [the lowest that can be guaranteed]",
        ),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Let later runs do without the pilot's settings.")] = False,
    json: Json = False,
) -> None:
    """Let a collection prove itself: ask people about some of its numbers, then fit its threshold and its confidences.

    The first call reads a sample spread over SOURCE and puts about a hundred of its numbers into the review queue, where nobody
    sees how they were read. When they are decided, the same command says which share of the numbers can be accepted at which
    error, and how many hours of review the rest takes. `digits digitise SOURCE --out DEST` uses what it found, and names the
    pilot in the rows.

    \b
    Examples:
      digits pilot scans --out results
      digits pilot scans --out results --max-error 0.05
      digits pilot scans --out results --layout rainfall.yaml --numbers 300
      digits pilot scans --out results --remove
    """
    from deployments.commands.pilot import pilot
    from deployments.commands.pilot import remove as remove_pilot

    if max_error is not None and not 0 < max_error < 1:
        raise typer.BadParameter("--max-error is a share between 0 and 1, such as 0.05")
    if remove:
        remove_pilot(out)
    else:
        pilot(source, out, options, numbers, max_error, json)


def feedback(
    dest: Annotated[
        str | None, typer.Argument(metavar="[DEST]", help="Results to correct.  [every collection in the queue]")
    ] = None,
    at_least: Annotated[int, typer.Option(min=1, help="Minimum of new decisions for a new training set.")] = 1,
    train: Annotated[
        str | None,
        typer.Option("--train", metavar="RECIPE", help="Then train this recipe, and promote the model if it passes the gate."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=0, help="With --train: passes over all digits.  [0: the recipe's]")] = 0,
    mnist: Annotated[Path | None, typer.Option(metavar="FILE", help="mnist.npz.  [setting: DIGITS_MNIST]")] = None,
) -> None:
    """Apply people's decisions to the results, and add them to the training set.

    `digits results` then shows the corrected numbers. No later run of `digits digitise` changes what a person decided.

    \b
    Examples:
      digits feedback results
      digits feedback --at-least 500 --train archive
    """
    from deployments.commands.feedback import feedback

    feedback(dest, at_least, train, epochs, mnist)

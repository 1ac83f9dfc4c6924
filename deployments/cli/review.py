"""People's part: review serve, review status, review readers, feedback."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="""Let people decide what the machine is not sure of.

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
    host: Annotated[str, typer.Option(help="Address; others than this machine's own ask for a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8040,
) -> None:
    """Serve the page on which digits are reviewed.

    Carpet: a screen of digits that the machine takes for the same one; choose the wrong ones and type what they are, space
    accepts the rest. One at a time: 0-9, x not a digit, u unreadable, e retypes the whole number, Backspace takes back,
    space accepts. Several people may work at once.

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
    """Show how far each collection is, and the error of the accepted digits by the audit.

    \b
    Examples:
      digits review status
    """
    from deployments.commands.review import status

    status()


@app.command()
def readers(
    dest: Annotated[str, typer.Argument(metavar="DEST", help="Collection: the --out of `digits digitise`.")],
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, max=2, help="1, or 2 who do not see each other's word.")],
) -> None:
    """Choose how many people read each digit of a collection; where two differ, a third one decides.

    \b
    Examples:
      digits review readers results 2
    """
    from deployments.commands.review import readers

    readers(dest, number)


def feedback(
    dest: Annotated[
        str | None, typer.Argument(metavar="[DEST]", help="Results to correct.  [every collection in the queue]")
    ] = None,
    at_least: Annotated[int, typer.Option(min=1, help="New decisions from which there is a new training set.")] = 1,
    train: Annotated[
        str | None,
        typer.Option("--train", metavar="RECIPE", help="Then train this network, and promote it if it passes."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=0, help="With --train.  [0: the recipe's]")] = 0,
    mnist: Annotated[Path | None, typer.Option(metavar="FILE", help="mnist.npz.  [setting: DIGITS_MNIST]")] = None,
) -> None:
    """Bring what people decided back: into the results, and into the digits to learn from.

    `digits results` then shows their numbers. No later run of `digits digitise` changes what a person decided.

    \b
    Examples:
      digits feedback results
      digits feedback --at-least 500 --train archive
    """
    from deployments.commands.feedback import feedback

    feedback(dest, at_least, train, epochs, mnist)

"""Commands for unattended runs: status, failures, retry, deploy, worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from deployments.cli.output import Json, Quiet, Verbose, chosen
from deployments.cli.reading import Dest
from deployments.cli.run_options import takes

if TYPE_CHECKING:
    from flows.options import RunOptions

Pool = Annotated[str, typer.Option(metavar="NAME", help="Work pool.")]


def status(
    dest: Dest,
    runs: Annotated[int, typer.Option(min=1, help="Maximum number of runs to show.")] = 10,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Show the state of a collection: pages, digits, review backlog, residual error, throughput, last runs.

    --quiet leaves the runs away, --verbose shows them all, and so does --json.

    \b
    Examples:
      digits status results
      digits status results --json
      digits status s3://results/1901 --runs 30
    """
    from deployments.commands.status import status

    status(dest, runs, chosen(quiet, verbose, json))


def failures(
    dest: Dest,
    reason: Annotated[str | None, typer.Option(help="Only pages with this reason, such as truncated.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of pages to list.")] = 50,
) -> None:
    """List the quarantined pages by reason, with what to do about each.

    \b
    Examples:
      digits failures results
      digits failures results --reason "took too long"
    """
    from deployments.commands.failures import failures

    failures(dest, reason, limit)


def verify(
    dest: Dest,
    forget: Annotated[
        bool, typer.Option("--forget", help="Remove the manifests of damaged batches, so that their pages are read again.")
    ] = False,
) -> None:
    """Check every table and manifest of DEST by its checksum, and list what has to be read again.

    \b
    Examples:
      digits verify results
      digits verify s3://results/1901 --forget
    """
    from deployments.commands.verify import verify

    verify(dest, forget)


@takes(without=("max_failed",))
def retry(
    dest: Dest,
    failed: Annotated[bool, typer.Option("--failed", help="Retry the quarantined pages; required.")],
    options: RunOptions,
    reason: Annotated[str | None, typer.Option(help="Only pages with this reason.")] = None,
) -> None:
    """Read the quarantined pages of DEST again, with the options of the run that failed to read them.

    Options given here override those of that run.

    \b
    Examples:
      digits retry results --failed
      digits retry results --failed --max-megapixels 400
      DIGITS_PAGE_SECONDS=600 digits retry results --failed --reason "took too long"
    """
    from deployments.commands.failures import retry

    if not failed:
        raise typer.BadParameter("only quarantined pages can be retried: give --failed")
    retry(dest, reason, options)


def deploy(
    source: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="Scans of the nightly run.  [none: no nightly run]")
    ] = None,
    out: Annotated[str | None, typer.Option("--out", metavar="DEST", help="Results of the nightly run.")] = None,
    cron: Annotated[str, typer.Option(help="Time of the nightly run: minute, hour, day, month, day of the week.")] = "0 2 * * *",
    timezone: Annotated[str, typer.Option(metavar="ZONE", help="Time zone of --cron, such as Europe/Oslo.")] = "UTC",
    shares: Annotated[int, typer.Option(min=1, max=256, help="Number of runs that share SOURCE in parallel.")] = 1,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of runs of a deployment at a time.")] = 4,
    pool: Pool = "digits",
) -> None:
    """Set up the Prefect server: work pool, deployments, schedule, and the automation that ends dead runs.

    Can be repeated to update an existing set-up. PREFECT_API_URL names the server.

    \b
    Examples:
      digits deploy
      digits deploy --source s3://archive/1901 --out s3://results/1901 --cron "0 2 * * *" --timezone Europe/Oslo --shares 2
    """
    from deployments.commands.deploy import deploy

    if (source is None) != (out is None):
        raise typer.BadParameter("the nightly run needs both --source and --out")
    deploy(pool, source, out, cron=cron, timezone=timezone, shares=shares, limit=limit)


def worker(
    name: Annotated[str | None, typer.Option(help="Name of the worker.  [machine and process]")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of runs at a time.")] = 1,
    pool: Pool = "digits",
) -> None:
    """Start a worker, which executes the runs of the work pool until it is stopped. Any number, on any machine.

    \b
    Examples:
      digits worker
      digits worker --name reading-room-2
    """
    from deployments.commands.deploy import worker

    worker(pool, name, limit)

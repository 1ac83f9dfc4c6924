"""Networks: recipes, train, models, promote, rollback, dial."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from digit_core.params import NetworkName

WhichNetwork = Annotated[NetworkName, typer.Option(help="Which network it is a version of.")]


def recipes() -> None:
    """List the networks that can be trained, with what was published of them.

    \b
    Examples:
      digits recipes
    """
    from deployments.commands.train import recipes

    recipes()


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
    with_reviewed: Annotated[
        bool, typer.Option("--with-reviewed", help="Learn the digits that people reviewed as well; see `digits feedback`.")
    ] = False,
    ship: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Put the model and its card here too; with --all, the recipe archive's.")
    ] = None,
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
      digits train archive --with-reviewed
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
        with_reviewed=with_reviewed,
        ship=ship and str(ship),
    )


def train_reader(
    sets: Annotated[
        list[Path] | None, typer.Option("--with", metavar="FILE", help="Learn from this number set too; may be given again.")
    ] = None,
    measure: Annotated[
        list[Path] | None,
        typer.Option("--measure", metavar="FILE", help="Read this number set at the end, for the card; may be given again."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed writes the same strips.")] = 1,
    chapters: Annotated[int, typer.Option(min=0, help="Each learns from 16,000 strips, a quarter of them new.  [0: 44]")] = 0,
    mnist: Annotated[
        Path | None, typer.Option(metavar="FILE", help="mnist.npz.  [setting: DIGITS_MNIST; else Keras fetches it]")
    ] = None,
    ship: Annotated[Path | None, typer.Option(metavar="DIR", help="Put the networks and their card here too.")] = None,
) -> None:
    """Train the network that reads a number as a whole, and register it with its losses and figures.

    It learns from strips that are written for it: with MNIST's digits, by invented pens, and with what number sets hold (Parquet
    files with the columns text, image or strokes, split and writer; only rows of the split train are learned). The card tells
    how rows of each set that were not learned are read. A training that was stopped goes on after its last whole chapter when
    the same command is given again, also with more chapters. The detector stays as it is.

    \b
    Examples:
      digits train-reader --mnist mnist.npz
      digits train-reader --with cells.parquet --with pens.parquet --measure cheques.parquet
      digits train-reader --with cells.parquet --seed 1 --ship digit_core/model
    """
    from deployments.commands.train_networks import train_reader

    train_reader(
        sets=[str(path) for path in sets or ()],
        measure=[str(path) for path in measure or ()],
        seed=seed,
        chapters=chapters,
        mnist=mnist and str(mnist),
        ship=ship and str(ship),
    )


def train_detector(
    sets: Annotated[
        list[Path] | None, typer.Option("--with", metavar="FILE", help="Learn from this number set too; may be given again.")
    ] = None,
    pages: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Learn from scans with an ALTO file of their name beside them; may be given again."),
    ] = None,
    measure: Annotated[
        list[Path] | None,
        typer.Option("--measure", metavar="FILE", help="Read this number set at the end, for the card; may be given again."),
    ] = None,
    start: Annotated[Path | None, typer.Option(metavar="FILE", help="Begin with this finder.onnx, not from nothing.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed writes the same patches.")] = 1,
    chapters: Annotated[
        int, typer.Option(min=0, help="Each learns from 3,840 patches of pages, a quarter of them new.  [0: the usual]")
    ] = 0,
    mnist: Annotated[
        Path | None, typer.Option(metavar="FILE", help="mnist.npz.  [setting: DIGITS_MNIST; else Keras fetches it]")
    ] = None,
    ship: Annotated[Path | None, typer.Option(metavar="DIR", help="Put the network and its card here too.")] = None,
) -> None:
    """Train the network that finds characters on a page, and register it with its losses and figures.

    It learns from patches of pages: written ones, strips of number sets, and real pages whose lines are transcribed (ALTO), so
    that it tells words from numbers. Where each digit of a transcribed number stands is told by the detector that is started
    from, or by the one that ships. A training that was stopped goes on after its last whole chapter when the same command is
    given again.

    \b
    Examples:
      digits train-detector --with cells.parquet --pages ledgers --start digit_core/model/finder.onnx
      digits train-detector --with cells.parquet --pages ledgers --seed 2 --ship digit_core/model
    """
    from deployments.commands.train_networks import train_detector

    train_detector(
        sets=[str(path) for path in sets or ()],
        pages=[str(path) for path in pages or ()],
        measure=[str(path) for path in measure or ()],
        start=start and str(start),
        seed=seed,
        chapters=chapters,
        mnist=mnist and str(mnist),
        ship=ship and str(ship),
    )


def models() -> None:
    """List the versions of each network: which serves, how well each reads, and what the gate said of it.

    A newer package brings a newer model: it is registered here as a challenger, and serves when it is promoted.

    \b
    Examples:
      digits models
    """
    from deployments.commands.models import models

    models()


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
    network: WhichNetwork = NetworkName.CLASSIFIER,
) -> None:
    """Put a version of a network into service, if it reads no worse than the champion.

    Two classifiers read MNIST's test digits and the same digits in archive ink. The version is refused (exit code 7) when it
    reads fewer of them right than chance explains, loses a class, sends more digits to review, is much slower, or is not the
    model that Keras has. Two detectors or strip readers read strips written with those digits: refused is what reads fewer
    of them exactly than chance explains, errs more often where it is sure, or is much slower. The report is kept in MLflow.
    Runs in progress keep the version they began with.

    \b
    Examples:
      digits promote challenger --against results
      digits promote 3 --against s3://results/1901 -o changes.csv
      digits promote challenger
      digits promote challenger --network strip-reader
    """
    if against is not None:
        from deployments.commands.model_diff import against as show_changes

        show_changes(network, model_version, against, limit, output)
        return
    if output is not None:
        raise typer.BadParameter("-o writes what --against DEST finds: name DEST too")
    from deployments.commands.models import promote

    promote(network, model_version, mnist)


def rollback(network: WhichNetwork = NetworkName.CLASSIFIER) -> None:
    """Put the champion before the present one back into service; again, the one before that.

    \b
    Examples:
      digits rollback
      digits rollback --network detector
    """
    from deployments.commands.models import rollback

    rollback(network)


def dial(
    model: Annotated[Path | None, typer.Option(metavar="FILE", help="This ONNX file instead of the champion.")] = None,
    results: Annotated[
        str | None, typer.Option(metavar="DEST", help="What people's audits of this collection promise, in place of that.")
    ] = None,
    max_error: Annotated[
        list[float] | None,
        typer.Option(metavar="SHARE", min=0, max=1, help="Only this one; may be given again.  [0.0005 to 0.02]"),
    ] = None,
    certainty: Annotated[float | None, typer.Option(min=0, max=1, help="Confidence level of the bound.  [setting: 0.95]")] = None,
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
      digits dial --results results
      digits dial --max-error 0.0014 --certainty 0.9
      digits dial --model digits.onnx -o dial.png
    """
    from deployments.commands.dial import dial, dial_of_audits

    if results is not None:
        dial_of_audits(results, model, tuple(max_error or ()), certainty)
    else:
        dial(model, tuple(max_error or ()), certainty, output)

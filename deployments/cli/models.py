"""Commands for networks: recipes, train, models, promote, rollback, dial."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from digit_core.params import NetworkName

WhichNetwork = Annotated[NetworkName, typer.Option(help="Network of the version.")]


def recipes() -> None:
    """List the networks that can be trained, with their published accuracy.

    \b
    Examples:
      digits recipes
    """
    from deployments.commands.train import recipes

    recipes()


def train(
    recipe: Annotated[str | None, typer.Argument(metavar="RECIPE", help="One of `digits recipes`.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Train every recipe, one after the other.")] = False,
    epochs: Annotated[int, typer.Option(min=0, help="Passes over all digits.  [0: the recipe's]")] = 0,
    batch: Annotated[int, typer.Option(min=0, help="Batch size.  [0: the recipe's]")] = 0,
    learning_rate: Annotated[float, typer.Option(min=0, help="Learning rate of the optimiser.  [0: the recipe's]")] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same model.")] = 1,
    patience: Annotated[
        int, typer.Option(min=0, help="Stop after so many epochs without a better validation loss; keep the best.  [0: never]")
    ] = 0,
    augment: Annotated[bool, typer.Option("--augment", help="Train on digits in archive ink, whatever the recipe says.")] = False,
    mnist: Annotated[
        Path | None, typer.Option(metavar="FILE", help="mnist.npz.  [setting: DIGITS_MNIST; else Keras fetches it]")
    ] = None,
    sets: Annotated[
        list[Path] | None,
        typer.Option("--with", metavar="FILE", help="Train on the digits of this number set too; repeatable."),
    ] = None,
    measure: Annotated[
        list[Path] | None,
        typer.Option("--measure", metavar="FILE", help="Measure on this number set at the end, for the card; repeatable."),
    ] = None,
    with_reviewed: Annotated[
        bool, typer.Option("--with-reviewed", help="Train on the digits that people reviewed, too; see `digits feedback`.")
    ] = False,
    ship: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Save the model and its card here too; with --all, the recipe archive's.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write published and measured accuracy as Markdown.")
    ] = None,
) -> None:
    """Train a classifier on MNIST and register it as challenger, with charts of its accuracy.

    The registry keeps for each version the metrics of every epoch, confusion matrix, ROC curves, calibration, risk against
    coverage, the worst errors, and the model as Keras and ONNX files. `digits promote` puts it into service.

    \b
    Examples:
      digits train mlp-100 --epochs 10
      digits train cnn --augment --patience 3
      digits train --all --mnist mnist.npz --report results.md
      digits train archive --with-reviewed
      digits train archive --with cells.parquet --measure cheques.parquet
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
        sets=[str(path) for path in sets or ()],
        measure=[str(path) for path in measure or ()],
        with_reviewed=with_reviewed,
        ship=ship and str(ship),
    )


def train_reader(
    sets: Annotated[
        list[Path] | None, typer.Option("--with", metavar="FILE", help="Train on this number set too; repeatable.")
    ] = None,
    measure: Annotated[
        list[Path] | None,
        typer.Option("--measure", metavar="FILE", help="Measure on this number set at the end, for the card; repeatable."),
    ] = None,
    start: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Start from this reader.onnx instead of from scratch.")
    ] = None,
    fine_tune: Annotated[
        bool,
        typer.Option(
            "--fine-tune", help="Learn a collection from its reviewed numbers, some minutes; starts from the reader in service."
        ),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same training strips.")] = 1,
    chapters: Annotated[
        int, typer.Option(min=0, help="Chapters of 16,000 strips each, with --fine-tune of 4,000.  [0: the usual]")
    ] = 0,
    mnist: Annotated[
        Path | None, typer.Option(metavar="FILE", help="mnist.npz.  [setting: DIGITS_MNIST; else Keras fetches it]")
    ] = None,
    ship: Annotated[Path | None, typer.Option(metavar="DIR", help="Save the networks and their card here too.")] = None,
) -> None:
    """Train the strip reader, which reads a number as a whole, and register it with its losses and figures.

    It trains on synthetic strips of MNIST's digits and of simulated handwriting, and on number sets: Parquet files with the
    columns text, image or strokes, split and writer (only rows of the split train are used), or folders of scans with ALTO or
    PAGE-XML beside them, whose lines that are numbers are the rows. The card reports how well the
    other rows of each set are read. A stopped training continues after its last complete chapter when the same command is
    given again, also with more chapters. The detector is not changed.

    With --fine-tune the reader in service, or that of --start, learns a few hundred reviewed numbers of a collection: half of the
    strips show them, the other half are synthetic, so that what it knew is kept.

    \b
    Examples:
      digits train-reader --mnist mnist.npz
      digits train-reader --with cells.parquet --with ledgers --measure cheques.parquet
      digits train-reader --fine-tune --with export/numbers.parquet
      digits train-reader --with cells.parquet --start digit_core/model/reader.onnx --chapters 12
      digits train-reader --with cells.parquet --seed 1 --ship digit_core/model
    """
    from deployments.commands.train_networks import train_reader

    train_reader(
        sets=[str(path) for path in sets or ()],
        measure=[str(path) for path in measure or ()],
        start=start and str(start),
        fine_tune=fine_tune,
        seed=seed,
        chapters=chapters,
        mnist=mnist and str(mnist),
        ship=ship and str(ship),
    )


def train_detector(
    sets: Annotated[
        list[Path] | None, typer.Option("--with", metavar="FILE", help="Train on this number set too; repeatable.")
    ] = None,
    pages: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Train on scans with an ALTO file of the same name beside them; repeatable."),
    ] = None,
    measure: Annotated[
        list[Path] | None,
        typer.Option("--measure", metavar="FILE", help="Measure on this number set at the end, for the card; repeatable."),
    ] = None,
    start: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Start from this finder.onnx instead of from scratch.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same training patches.")] = 1,
    chapters: Annotated[
        int, typer.Option(min=0, help="Chapters of 3,840 patches each, a quarter of them new.  [0: the usual]")
    ] = 0,
    mnist: Annotated[
        Path | None, typer.Option(metavar="FILE", help="mnist.npz.  [setting: DIGITS_MNIST; else Keras fetches it]")
    ] = None,
    ship: Annotated[Path | None, typer.Option(metavar="DIR", help="Save the network and its card here too.")] = None,
) -> None:
    """Train the detector, which finds characters on a page, and register it with its losses and figures.

    It trains on patches of pages: synthetic ones, strips of number sets, and real pages with transcribed lines (ALTO), so that
    it tells words from numbers. The detector of --start, or the shipped one, locates each digit of a transcribed number. A
    stopped training continues after its last complete chapter when the same command is given again.

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
    """List the versions of each network: which one is in service, its accuracy, and the promotion gate's verdict.

    The model of a newer package is registered here as a challenger; `digits promote` puts it into service.

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
    limit: Annotated[int, typer.Option(min=1, help="With --against: maximum number of rows to show.")] = 20,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="With --against: write all rows here, as CSV.")
    ] = None,
    mnist: Annotated[Path | None, typer.Option(metavar="FILE", help="mnist.npz.  [setting: Keras fetches it]")] = None,
    network: WhichNetwork = NetworkName.CLASSIFIER,
    sets: Annotated[
        list[Path] | None,
        typer.Option("--set", metavar="FILE", help="Number set whose held-back rows (dev) are read as well."),
    ] = None,
) -> None:
    """Put a version of a network into service, if it reads no worse than the champion.

    Classifiers are compared on MNIST's test digits and the same digits in archive ink. A version is refused (exit code 7) when
    it reads significantly fewer of them right, loses a class, sends more digits to review, is much slower, or differs from its
    Keras model. Detectors and strip readers are compared on strips of those digits: a version is refused when it reads
    significantly fewer of them exactly, makes more errors at high confidence, or is much slower; with --set also on the numbers
    of `digits export --as set` that the training did not see. MLflow keeps the report.
    Runs in progress keep the version they started with.

    \b
    Examples:
      digits promote challenger --against results
      digits promote 3 --against s3://results/1901 -o changes.csv
      digits promote challenger
      digits promote challenger --network strip-reader
      digits promote challenger --network strip-reader --set export/numbers.parquet
    """
    if against is not None:
        from deployments.commands.model_diff import against as show_changes

        show_changes(network, model_version, against, limit, output)
        return
    if output is not None:
        raise typer.BadParameter("-o writes the rows of --against: give --against DEST too")
    if sets and network is NetworkName.CLASSIFIER:
        raise typer.BadParameter("--set is for a detector or a strip reader: give --network strip-reader or detector too")
    from deployments.commands.models import promote

    promote(network, model_version, mnist, sets or ())


def rollback(network: WhichNetwork = NetworkName.CLASSIFIER) -> None:
    """Put the previous champion back into service; repeat for earlier ones.

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
        str | None, typer.Option(metavar="DEST", help="Use the audits of this collection instead of the model's own test digits.")
    ] = None,
    max_error: Annotated[
        list[float] | None,
        typer.Option(metavar="SHARE", min=0, max=1, help="Show only this error; repeatable.  [0.0005 to 0.02]"),
    ] = None,
    certainty: Annotated[float | None, typer.Option(min=0, max=1, help="Confidence level of the bound.  [setting: 0.95]")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="PNG", help="Write a chart: error against share to review.")
    ] = None,
) -> None:
    """Show the threshold for each tolerated error, and the share of digits that then goes to review.

    Measured on digits that the model was not trained on, in archive ink (redrawn on worn paper) and clean (as in MNIST).

    \b
    Columns:
      max error      share of the accepted digits that may be wrong
      threshold      confidence from which digits are accepted; - where none can be guaranteed
      wrong at most  upper bound of the error, at the given certainty
      wrong seen     measured error of the accepted digits
      to review      share of the digits that goes to review

    The bound is for single digits like these: other handwriting can be harder to read, so let people check a share of the
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

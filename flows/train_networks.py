"""The flows `train-reader` and `train-detector`: train on MNIST, number sets and transcribed pages, and register the network."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from digit_core.errors import InputError
from digit_core.training.detector.shards import DetectorParams, DetectorSources
from digit_core.training.detector.training import detector_identity
from digit_core.training.mnist import Mnist
from digit_core.training.network_card import ship as ship_network
from digit_core.training.strip_reader.shards import Sources, StripParams
from digit_core.training.strip_reader.training import identity_digest
from flows.networks import registry
from flows.settings import Settings, load_settings
from flows.workspace import spool
from tasks.adapters.registry.networks import DETECTOR, STRIP_READER, Network
from tasks.train import data
from tasks.train_networks import FittedNetwork, NumberSets, examine, fit_detector, fit_reader, read_sets, register


def _nobody(chapter: int, losses: Mapping[str, float]) -> None:
    """Ignore the chapter."""


watching: ContextVar[Callable[[int, Mapping[str, float]], None]] = ContextVar("watching", default=_nobody)
"""Callback for every chapter (from 0) with its losses; set before a flow is called."""


@dataclass(frozen=True)
class RegisteredNetwork:
    """Result of a training: the version in the registry, and its card."""

    version: str
    card: dict[str, Any]


@flow(name="train-reader", persist_result=False)
def train_reader(
    mnist: str | None = None,
    sets: Sequence[str] = (),
    measure: Sequence[str] = (),
    start: str | None = None,
    ship: str | None = None,
    seed: int = 1,
    chapters: int = 0,
    fine_tune: bool = False,
) -> RegisteredNetwork:
    """Train the strip reader, measure it on strips of MNIST's test digits and on number sets, and register it.

    A stopped training continues after its last complete chapter when it is started again with the same seed and sets, also with
    more chapters. mnist: path of mnist.npz, by default the setting DIGITS_MNIST, else Keras fetches it. sets: number sets to
    train on; measure: sets that are only read at the end. start: an exported strip reader to start from, which is then trained
    at half the rate; without it the training starts from scratch. ship: a folder to save the network and its card in.
    chapters: 0 is the usual number. fine_tune: a few hundred numbers of one collection are learned in some minutes; without
    `start` from the version in service. Raises InputError for an invalid mnist.npz or number set, or fine-tuning without a set.
    """
    if fine_tune and not sets:
        raise InputError("there is nothing to fine-tune on: name a number set by --with, such as one of `digits export --as set`")
    settings = load_settings()
    usual = StripParams.fine_tuning() if fine_tune else StripParams.further() if start else StripParams()
    params = replace(usual, seed=seed, **({"chapters": chapters} if chapters else {}))
    folder = settings.spool_folder / f"reader-{uuid.uuid4().hex}"
    with spool(folder):
        known, digits = _material(settings, mnist, sets, measure)
        if fine_tune and start is None:
            start = str(registry(settings, STRIP_READER).champion().path)
        sources = Sources(digits.train, _resolved(sets), Path(start).resolve() if start else None)
        kept = settings.home_folder / "training" / f"strips-{identity_digest(params, sources)}"
        fitted = fit_reader(sources, known, params, kept, folder / "networks", watching.get())
        return _registered(settings, STRIP_READER, fitted, digits, known, ship)


@flow(name="train-detector", persist_result=False)
def train_detector(
    mnist: str | None = None,
    sets: Sequence[str] = (),
    pages: Sequence[str] = (),
    measure: Sequence[str] = (),
    start: str | None = None,
    ship: str | None = None,
    seed: int = 1,
    chapters: int = 0,
) -> RegisteredNetwork:
    """Train the detector, measure it with the shipped strip reader, and register it.

    pages: folders of scans, each with an ALTO file of its name beside it, which gives the places of numbers and words. start: an
    exported detector to start from (its weights, and its places of the digits in the pictures); without it the training starts
    from scratch. Other parameters as in `train_reader`. Raises InputError also for a folder without transcribed pages.
    """
    settings = load_settings()
    params = replace(DetectorParams(), seed=seed, **({"chapters": chapters} if chapters else {}))
    folder = settings.spool_folder / f"detector-{uuid.uuid4().hex}"
    with spool(folder):
        known, digits = _material(settings, mnist, sets, measure)
        sources = DetectorSources(digits.train, _resolved(sets), _resolved(pages), Path(start).resolve() if start else None)
        kept = settings.home_folder / "training" / f"detector-{detector_identity(params, sources)}"
        fitted = fit_detector(sources, known, params, kept, folder / "networks", watching.get())
        return _registered(settings, DETECTOR, fitted, digits, known, ship)


def _material(settings: Settings, mnist: str | None, sets: Sequence[str], measure: Sequence[str]) -> tuple[NumberSets, Mnist]:
    known = read_sets([Path(path) for path in sets], [Path(path) for path in measure])
    return known, data("reader", Path(mnist) if mnist else settings.mnist, None)


def _resolved(paths: Sequence[str]) -> tuple[Path, ...]:
    return tuple(Path(path).resolve() for path in paths)


def _registered(
    settings: Settings, network: Network, fitted: FittedNetwork, digits: Mnist, known: NumberSets, ship: str | None
) -> RegisteredNetwork:
    """Examine the network and register it as challenger; save it in the folder `ship` too, if there is one."""
    card = examine(fitted, digits, known, registry(settings).champion().path)
    version = register(registry(settings, network), fitted, card)
    if ship:
        ship_network(fitted.folder, fitted.network, Path(ship))
    flow_name = f"digits-{network.option.replace('_', '-')}"
    create_markdown_artifact(_summary(network.kind, version, card), key=flow_name, description=f"training of the {network.kind}")
    return RegisteredNetwork(version, card)


def _summary(kind: str, version: str, card: Mapping[str, Any]) -> str:
    rows = "\n".join(f"| {name} | {value} |" for name, value in {"version": version, **card["figures"]}.items())
    return f"# {kind.capitalize()}\n\n| | |\n|---|---|\n{rows}\n"

"""Planning of a run from settings and options. No orchestrator is imported here: the command line checks first whether there is
anything to do."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from digit_core import ALGORITHM_VERSION
from digit_core.calibration.record import CalibrationRecord
from digit_core.calibration.risk_control import DialSetting, promised
from digit_core.errors import InputError
from digit_core.inference.classifier import SHIPPED_MODEL, calibration_of
from digit_core.inference.shipped import SECOND_READER
from digit_core.params import CalibrationSet, DecodeLimits, ReviewPolicy, SecondOpinion, SegmentationParams
from digit_core.partition import Share
from digit_core.readings import ReadBy
from digit_core.recognition.transcription.fusion_weights import real_record
from flows.networks import networks_of_run, second_network_of
from flows.options import READING, RunOptions
from flows.settings import Settings
from tasks.adapters.registry.networks import NETWORKS, NetworkFiles
from tasks.adapters.storage.storage import Storage, join, normalise, overlaps
from tasks.reader_spec import ReaderSpec

if TYPE_CHECKING:  # PyArrow and the results: 0.1 s that a look at an image can avoid
    from digit_core.review.pilot import PilotSettings
    from tasks.run_plan import RunPlan

NO_LAYOUT = "none"
"""Layout version of pages that are read without a form's layout."""


def dialled(
    settings: Settings, model: Path, audits: Callable[[], CalibrationRecord] | None = None
) -> tuple[Settings, DialSetting | None]:
    """Return the settings with the threshold for their max error by this model file's calibration record, and the bound.

    audits: the collection's audits, where there are any. Without a max error the settings are unchanged. Raises InputError if the
    error cannot be guaranteed, RegistryError without a record.
    """
    if settings.max_error is None:
        return settings, None
    if settings.ink is CalibrationSet.REAL:
        setting = promised(_own_real_record(model), settings.max_error, settings.certainty, settings.ink)
    elif settings.ink is not CalibrationSet.AUDITS:
        setting = promised(calibration_of(model)[settings.ink], settings.max_error, settings.certainty, settings.ink)
    elif audits is None:
        raise InputError("audits belong to a collection, and this command has none: give --ink archive or --ink clean")
    else:
        from digit_core.review.audits import promised_by_audits

        setting = promised_by_audits(audits(), settings.max_error, settings.certainty)
    return settings.model_copy(update={"threshold": setting.threshold, "max_error": None}), setting


def read_real_collections(model: Path) -> bool:
    """Whether the record of real collections was made with this classifier."""
    return hashlib.sha256(model.read_bytes()).hexdigest() == real_record().networks.get(SHIPPED_MODEL.name)


def _own_real_record(model: Path) -> CalibrationRecord:
    """Return the record of real collections. Raises InputError where it was made with another model."""
    if not read_real_collections(model):
        raise InputError(
            "the record of real collections was made with the shipped classifier, but another one serves: give --ink archive"
        )
    return real_record().record


def audits_of(out: str, settings: Settings, model_version: str) -> CalibrationRecord:
    """Return the audited digits of a destination that this model version read, as of the last `digits feedback`."""
    from digit_core.review.audits import audit_record
    from tasks.adapters.results.reviewed import Reviewed

    return audit_record(Reviewed(Storage(settings.storage_options), out).read(), model_version)


def limits(settings: Settings) -> DecodeLimits:
    """Build the limits for decoding a scan."""
    return DecodeLimits(settings.max_megapixels, settings.max_pages, settings.max_megabytes, settings.render_dpi)


def policy(settings: Settings, pilot: PilotSettings | None = None) -> ReviewPolicy:
    """Build the policy that decides which digits go to review. pilot: that of the collection, if it has one; its threshold yields
    to one that was set."""
    if pilot is None:
        return ReviewPolicy(settings.threshold, settings.audit_share, settings.writing)
    threshold = settings.threshold if threshold_is_set(settings) else pilot.threshold
    return ReviewPolicy(threshold, settings.audit_share, settings.writing, pilot.temperature)


def threshold_is_set(settings: Settings) -> bool:
    """Whether somebody chose the threshold, by an option or a setting, itself or by a max error."""
    return settings.max_error is not None or "threshold" in settings.model_fields_set


def read_layouts(settings: Settings) -> tuple[str, ...]:
    """Read and check the layout files that the setting names. Raises InputError for an invalid one."""
    if not settings.layout:
        return ()
    from digit_core.layouts.template_file import parse_layout
    from tasks.adapters.layout_files import layout_texts

    texts = layout_texts(Storage(settings.storage_options), normalise(settings.layout))
    names = [parse_layout(text, uri).name for uri, text in texts.items()]
    if twice := {name for name in names if names.count(name) > 1}:
        raise InputError(f"two layouts of {settings.layout} have the same name: {', '.join(sorted(twice))}; rename one of them")
    return tuple(texts.values())


def layout_version(layouts: tuple[str, ...]) -> str:
    """Return one version for these layouts, independent of their order."""
    if not layouts:
        return NO_LAYOUT
    from digit_core.layouts.template_file import parse_layout

    return hashlib.sha256(" ".join(sorted(parse_layout(text).version for text in layouts)).encode()).hexdigest()[:12]


def make_plan(source: str, out: str, settings: Settings, run_id: str = "", share: str | None = None) -> RunPlan:
    """Build the plan of a run.

    Raises InputError for invalid places, RegistryError when there is no model or it has no record for the max error.
    """
    from digit_core.results.schema import TABLES

    source, out = normalise(source), normalise(out)
    if any(overlaps(source, place) for place in (out, *(join(out, name) for name in (*TABLES, "manifests")))):
        raise InputError(f"the results of {out} would lie inside {source}; choose a place outside it for --out")
    return _plan(source, out, settings, run_id, Share.parse(share) if share else Share())


def make_retry_plan(out: str, settings: Settings, run_id: str = "") -> RunPlan:
    """Build the plan of a run over the quarantined pages of `out`. Raises as `make_plan`."""
    out = normalise(out)
    return _plan("", out, settings, run_id, Share())


def _plan(source: str, out: str, settings: Settings, run_id: str, share: Share) -> RunPlan:
    from tasks.run_plan import RunPlan

    networks = networks_of_run(settings)
    options = options_to_keep(settings, networks)
    model = networks.classifier
    settings, promise = dialled(settings, model.path, lambda: audits_of(out, settings, model.version))
    run_id = run_id or uuid.uuid4().hex
    spec = reader_spec(settings, networks)
    pilot, unused = pilot_of(out, settings, read_by(spec))
    if pilot:
        spec = replace(spec, review=policy(settings, pilot))
    return RunPlan(
        source=source,
        out=out,
        spool=settings.spool_folder / run_id,
        spec=spec,
        read_by=read_by(spec, run_id, pilot),
        seq=0,
        share=share,
        note="; ".join(note for note in (networks.note, unused) if note),
        promise=promise,
        pilot=None if threshold_is_set(settings) else pilot,
        options=json.dumps(options.given(), sort_keys=True),
        workers=settings.worker_count,
        page_seconds=settings.page_seconds,
        page_megabytes=settings.page_megabytes,
        storage_options=json.dumps(settings.storage_options, sort_keys=True),
        review_url=settings.review_url,
    )


def pilot_of(out: str, settings: Settings, now: ReadBy) -> tuple[PilotSettings | None, str]:
    """Return the pilot of a destination that is read like this now, and why there is none although one was made.

    Raises the storage's errors, and InputError for a damaged pilot.
    """
    from tasks.adapters.results.pilots import Pilots

    pilot = Pilots(Storage(settings.storage_options), out).settings()
    if pilot is None or pilot.fits(now):
        return pilot, ""
    return None, (
        f"pilot {pilot.version} of {out} is not used: its pages were read by other networks or with another layout; run "
        "`digits pilot` again"
    )


def reader_spec(settings: Settings, networks: NetworkFiles) -> ReaderSpec:
    """Build the ReaderSpec for these settings and networks."""
    return ReaderSpec(
        networks,
        limits(settings),
        SegmentationParams(),
        policy(settings),
        read_layouts(settings),
        SecondOpinion(settings.second_reader, settings.second_reader_level),
        second_network_of(settings),
    )


def read_by(spec: ReaderSpec, run_id: str = "", pilot: PilotSettings | None = None) -> ReadBy:
    """Return the version columns of every row read with this spec; pilot: the one whose temperature and threshold it has."""
    from tasks.run_plan import params_digest

    networks = spec.networks
    return ReadBy(
        model_version=networks.classifier.version,
        algorithm_version=ALGORITHM_VERSION,
        layout_version=layout_version(spec.layouts),
        params=params_digest(spec.segmentation, spec.review, spec.limits, spec.second),
        run_id=run_id,
        detector_version=networks.detector.version,
        strip_reader_version=networks.strip_reader.version,
        second_reader_version="" if spec.second_network is None else SECOND_READER,
        pilot_version=str(pilot.version) if pilot else "",
    )


def options_to_keep(settings: Settings, networks: NetworkFiles) -> RunOptions:
    """Return the options that reproduce this reading in a later run.

    Networks that were not chosen explicitly are left out: a later run uses the champions.
    """
    unsaid = {"threshold" if settings.max_error is not None else "max_error"}
    if not threshold_is_set(settings):
        unsaid.add("threshold")  # a pilot's applies, if the collection has one by then
    values = {name: getattr(settings, name) for name in READING if name not in unsaid}
    if settings.layout:
        values["layout"] = normalise(settings.layout)
    values |= {one.option: getattr(networks, one.option).version for one in NETWORKS if values[one.option]}
    return RunOptions(**{name: None if value == "" else value for name, value in values.items()})


def settings_of_retry(settings: Settings, options: RunOptions, kept: RunOptions) -> Settings:
    """Return the settings for reading again pages that a run with the options `kept` failed to read; `options` override those.

    A limit that was raised since then applies: it may be the reason why the pages failed.
    """
    largest = max(kept.max_megapixels or 0.0, settings.max_megapixels)
    return settings.replaced_by(options.over(kept.model_copy(update={"max_megapixels": largest})))

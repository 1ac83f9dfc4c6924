"""From settings and options to the plan of a run. Imports no orchestrator: the command line asks here whether there is
anything to do before it starts one."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from digit_core import ALGORITHM_VERSION
from digit_core.calibration.record import CalibrationRecord
from digit_core.calibration.risk_control import DialSetting, promised
from digit_core.errors import InputError
from digit_core.inference.classifier import calibration_of
from digit_core.params import CalibrationSet, DecodeLimits, ReviewPolicy, SegmentationParams
from digit_core.partition import Share
from digit_core.readings import ReadBy
from digit_core.records import SourceObject
from digit_core.results.schema import TABLES
from digit_core.review.audits import audit_record, promised_by_audits
from flows.settings import Settings
from tasks.adapters.registry.registry import Registry
from tasks.adapters.results.dataset import Results, fingerprint
from tasks.adapters.results.reviewed import Reviewed
from tasks.adapters.storage.storage import Storage, join, normalise, overlaps
from tasks.run_plan import RunPlan, params_digest

NO_LAYOUT = "none"
"""Layout version of pages that are read without a form's layout."""

# fmt: off
NO_SCANS = frozenset((
        ".csv", ".tsv", ".txt", ".md", ".json", ".xml", ".html", ".htm", ".yaml", ".yml", ".ini", ".log",
        ".db", ".sqlite", ".parquet", ".py", ".sh", ".doc", ".docx", ".xls", ".xlsx", ".ods", ".odt", ".zip",
        ".gz", ".tar", ".sha256", ".md5",
))
# fmt: on
"""What often lies beside scans and is no page. Anything else is looked at, whatever it is called."""

OPTIONS = ("threshold", "max_error", "ink", "audit_share", "workers", "max_failed", "max_megapixels", "writing", "layout")
"""Settings that a run may be given a value of its own for."""


def with_options(settings: Settings, **options: Any) -> Settings:
    """The settings with every option that is not None in the place of its setting; a threshold takes the place of a max error.

    Raises InputError if both of these are given.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if {"threshold", "max_error"} <= given.keys():
        raise InputError("--threshold and --max-error each decide what goes to review: give one of them")
    return settings.model_copy(update={"max_error": None, **given} if "threshold" in given else given)


def dialled(
    settings: Settings, model: Path, audits: Callable[[], CalibrationRecord] | None = None
) -> tuple[Settings, DialSetting | None]:
    """The settings with the threshold that keeps their max error by this model file's record, and what it promises.

    audits: what people have checked of the collection, where there is one. Without a max error the settings stay as they are.
    Raises InputError if it cannot be promised, RegistryError without a record.
    """
    if settings.max_error is None:
        return settings, None
    if settings.ink is not CalibrationSet.AUDITS:
        setting = promised(calibration_of(model)[settings.ink], settings.max_error, settings.certainty, settings.ink)
    elif audits is None:
        raise InputError("audits are those of a collection, and none is read into here: give --ink archive or --ink clean")
    else:
        setting = promised_by_audits(audits(), settings.max_error, settings.certainty)
    return settings.model_copy(update={"threshold": setting.threshold, "max_error": None}), setting


def audits_of(out: str, settings: Settings, model_version: str) -> CalibrationRecord:
    """The audited digits of a destination that this model version read, as people left them at the last `digits feedback`."""
    return audit_record(Reviewed(Storage(settings.storage_options), out).read(), model_version)


def registry(settings: Settings) -> Registry:
    """The model registry of these settings."""
    return Registry(settings.tracking_uri, settings.model_cache, settings.artifact_root)


def limits(settings: Settings) -> DecodeLimits:
    """What a scan may cost."""
    return DecodeLimits(settings.max_megapixels, settings.max_pages, settings.max_megabytes, settings.render_dpi)


def policy(settings: Settings) -> ReviewPolicy:
    """Which digits a person shall see."""
    return ReviewPolicy(settings.threshold, settings.audit_share, settings.writing)


def read_layouts(settings: Settings) -> tuple[str, ...]:
    """The texts of the layout files that the setting names, each checked; raises InputError for one that is none."""
    if not settings.layout:
        return ()
    from digit_core.layouts.template_file import parse_layout
    from tasks.adapters.layout_files import layout_texts

    texts = layout_texts(Storage(settings.storage_options), normalise(settings.layout))
    names = [parse_layout(text, uri).name for uri, text in texts.items()]
    if twice := {name for name in names if names.count(name) > 1}:
        raise InputError(f"two layouts of {settings.layout} have one name: {', '.join(sorted(twice))}; rename one of them")
    return tuple(texts.values())


def layout_version(layouts: tuple[str, ...]) -> str:
    """One version for the layouts that pages are read by, whatever their order."""
    if not layouts:
        return NO_LAYOUT
    from digit_core.layouts.template_file import parse_layout

    return hashlib.sha256(" ".join(sorted(parse_layout(text).version for text in layouts)).encode()).hexdigest()[:12]


def make_plan(source: str, out: str, settings: Settings, run_id: str = "", share: str | None = None) -> RunPlan:
    """Raises InputError for places that cannot be, RegistryError when there is no model to read with, or it holds no record to
    promise a max error by."""
    source, out = normalise(source), normalise(out)
    if any(overlaps(source, place) for place in (out, *(join(out, name) for name in (*TABLES, "manifests")))):
        raise InputError(f"the results of {out} would lie among the scans of {source}; choose a place for --out outside it")
    return _plan(source, out, settings, run_id, Share.parse(share) if share else Share())


def make_retry_plan(out: str, settings: Settings, run_id: str = "") -> RunPlan:
    """Of a run over the pages of `out` that could not be read; raises as `make_plan`."""
    out = normalise(out)
    return _plan(f"failed pages of {out}", out, settings, run_id, Share())


def _plan(source: str, out: str, settings: Settings, run_id: str, share: Share) -> RunPlan:
    model = registry(settings).champion()
    settings, promise = dialled(settings, model.path, lambda: audits_of(out, settings, model.version))
    params = params_digest(SegmentationParams(), policy(settings), limits(settings))
    layouts = read_layouts(settings)
    run_id = run_id or uuid.uuid4().hex
    return RunPlan(
        source=source,
        out=out,
        spool=settings.spool_folder / run_id,
        model=model.path,
        read_by=ReadBy(model.version, ALGORITHM_VERSION, layout_version(layouts), params, run_id),
        seq=0,
        limits=limits(settings),
        segmentation=SegmentationParams(),
        review=policy(settings),
        share=share,
        model_sha256=model.sha256,
        note=model.note,
        layouts=layouts,
        promise=promise,
        workers=settings.worker_count,
        page_seconds=settings.page_seconds,
        page_megabytes=settings.page_megabytes,
        storage_options=json.dumps(settings.storage_options, sort_keys=True),
        review_url=settings.review_url,
    )


@dataclass
class Listing:
    """The source's objects that are not read yet; lazy, so that any number may be listed.

    Only those of the plan's share are looked at. `known` counts those that are read,
    `passed_over` the files whose very name says that they are no scan.
    """

    storage: Storage
    results: Results
    plan: RunPlan
    on_skip: Callable[[str, str], None] = lambda uri, why: None
    known: int = 0
    passed_over: int = 0

    def __iter__(self) -> Iterator[SourceObject]:
        done = self.results.done(self.plan.read_by)
        for one in self.storage.list_objects(self.plan.source, self.on_skip):
            if one.uri != self.plan.source and PurePosixPath(one.uri).suffix.lower() in NO_SCANS:
                self.passed_over += 1
            elif not self.plan.share.holds(one.uri):
                continue
            elif fingerprint(one.uri, one.version) in done:
                self.known += 1
            else:
                yield one


@dataclass
class FailedPages:
    """The objects with pages that could not be read, as they are now; `reason` keeps those of one kind alone.

    `gone` counts those that are not in the source any more. Quarantined pages of theirs stay in the results.
    """

    storage: Storage
    results: Results
    reason: str = ""
    gone: int = 0

    def __iter__(self) -> Iterator[SourceObject]:
        rows = (row for row in self.results.quarantined() if self.reason in ("", row["reason"]))
        for uri in dict.fromkeys(row["uri"] for row in rows):
            if self.storage.exists(uri):
                yield from self.storage.list_objects(uri)
            else:
                self.gone += 1

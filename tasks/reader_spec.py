"""How pages are read, as plain values. Imports nothing that reading itself needs: a run with nothing to do ends without it."""

from __future__ import annotations

from dataclasses import dataclass, field

from digit_core.params import DecodeLimits, ReviewPolicy, SegmentationParams
from tasks.adapters.registry.networks import NetworkFiles


@dataclass(frozen=True)
class ReaderSpec:
    """What a PageReader is built from; travels to any process. `layouts` are texts of layout files."""

    networks: NetworkFiles
    limits: DecodeLimits = field(default_factory=DecodeLimits)
    segmentation: SegmentationParams = field(default_factory=SegmentationParams)
    review: ReviewPolicy = field(default_factory=ReviewPolicy)
    layouts: tuple[str, ...] = field(default=(), repr=False)

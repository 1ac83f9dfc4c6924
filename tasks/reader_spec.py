"""The specification of how pages are read, as plain values. Importing this loads nothing that reading needs: a run with nothing
to do stays quick."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from digit_core.params import AskWhen, DecodeLimits, ReviewPolicy, SecondOpinion, SegmentationParams
from tasks.adapters.registry.networks import NetworkFiles


@dataclass(frozen=True)
class ReaderSpec:
    """Values from which a PageReader is built; can be sent to any process.

    `layouts` are texts of layout files; `second_network` is the second reader's file, None where it is never asked.
    """

    networks: NetworkFiles
    limits: DecodeLimits = field(default_factory=DecodeLimits)
    segmentation: SegmentationParams = field(default_factory=SegmentationParams)
    review: ReviewPolicy = field(default_factory=ReviewPolicy)
    layouts: tuple[str, ...] = field(default=(), repr=False)
    second: SecondOpinion = field(default_factory=lambda: SecondOpinion(AskWhen.NEVER))
    second_network: Path | None = None

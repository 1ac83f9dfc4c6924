"""Algorithm parameters: frozen, checked, hashed into every batch key. A misspelt name is an error."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Self

from digit_core.errors import InputError


@dataclass(frozen=True, slots=True)
class Params:
    """Base of all parameter classes: built from a mapping with a check of the names, and a stable digest."""

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Build the parameters. Raises InputError naming every key that is no parameter of this class."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InputError(f"unknown {cls.__name__}: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
        return cls(**values)

    def digest(self) -> str:
        """Return 12 hexadecimal characters that change whenever a value changes."""
        text = json.dumps([type(self).__name__, asdict(self)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise InputError(message)


@dataclass(frozen=True, slots=True)
class DecodeLimits(Params):
    """Limits for a scan. Pixels are counted from the headers, before any is decoded."""

    max_megapixels: float = 200.0
    max_pages: int = 5000
    max_megabytes: float = 1024.0
    render_dpi: int = 300

    def __post_init__(self) -> None:
        _require(self.max_megapixels > 0, f"max_megapixels must be positive, not {self.max_megapixels}")
        _require(self.max_pages > 0, f"max_pages must be positive, not {self.max_pages}")
        _require(self.max_megabytes > 0, f"max_megabytes must be positive, not {self.max_megabytes}")
        _require(36 <= self.render_dpi <= 1200, f"render_dpi must be 36 to 1200, not {self.render_dpi}")


class CalibrationSet(StrEnum):
    """Digits that the tolerated error was measured on.

    Those of real collections, held-out ones redrawn on worn paper or clean as in MNIST, or audited digits of the collection
    itself.
    """

    REAL = "real"
    ARCHIVE = "archive"
    CLEAN = "clean"
    AUDITS = "audits"


class NetworkName(StrEnum):
    """The networks that read a page, by the names that users see."""

    CLASSIFIER = "classifier"
    DETECTOR = "detector"
    STRIP_READER = "strip-reader"


class Writing(StrEnum):
    """Numbers to read: all, handwritten or printed ones.

    AUTO: all, but people are not asked about print on a page that is plainly one of handwriting, nor about words.
    """

    AUTO = "auto"
    ANY = "any"
    HAND = "hand"
    PRINT = "print"


@dataclass(frozen=True, slots=True)
class ReviewPolicy(Params):
    """Digits that go to review: all below `threshold`, and `audit_share` of the accepted ones.

    writing: which numbers are published at all. temperature: by which the collection's confidences are scaled, from its pilot.
    """

    threshold: float = 0.97
    audit_share: float = 0.01
    writing: Writing = Writing.AUTO
    temperature: float = 1.0

    def __post_init__(self) -> None:
        _require(0 <= self.threshold <= 1, f"the threshold must lie in 0 to 1, not {self.threshold}")
        _require(0 <= self.audit_share <= 1, f"the audit share must lie in 0 to 1, not {self.audit_share}")
        _require(self.temperature > 0, f"the temperature must be positive, not {self.temperature}")


class Spread(StrEnum):
    """When a scan is read as two pages: where a gutter is plain to see, never, or wherever a scan is wider than high."""

    AUTO = "auto"
    NEVER = "never"
    ALWAYS = "always"


class AskWhen(StrEnum):
    """Numbers that the second reader is asked about: those that our own readers are unsure of, all, or none."""

    WHEN_UNSURE = "when-unsure"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class SecondOpinion(Params):
    """Rule for asking the second reader; `level`: the confidence of our own readers below which they count as unsure.

    It takes longer per number than everything else. In the mode when-unsure it is asked about at most `share` of a page's
    numbers, or `few` where that is more: those nearest to acceptance, which it moves out of review most often. It is also asked
    about sure ones that may be part of a longer number.
    """

    when: AskWhen = AskWhen.WHEN_UNSURE
    level: float = 0.97
    share: float = 0.4
    few: int = 40

    def __post_init__(self) -> None:
        _require(0 <= self.level <= 1, f"the level of the second reader must lie in 0 to 1, not {self.level}")
        _require(0 <= self.share <= 1, f"the share of numbers that it is asked about must lie in 0 to 1, not {self.share}")

    def asked(self, confidences: Sequence[float], may_be_part: Callable[[int], bool] = lambda index: False) -> list[int]:
        """Return the indices, ascending, of a page's numbers that it is asked about.

        confidences: those of our own readers; may_be_part: tells of the index of a sure number whether it may be part of a longer
        one.
        """
        if self.when is not AskWhen.WHEN_UNSURE:
            return list(range(len(confidences))) if self.when is AskWhen.ALWAYS else []
        unsure = [i for i, confidence in enumerate(confidences) if confidence < self.level]
        nearest = sorted(unsure, key=lambda i: -confidences[i])
        parts = {i for i, confidence in enumerate(confidences) if confidence >= self.level and may_be_part(i)}
        return sorted(parts.union(nearest[: max(self.few, int(self.share * len(confidences)))]))


@dataclass(frozen=True, slots=True)
class SegmentationParams(Params):
    """Parameters of page preparation and grouping. Lengths are multiples of the local digit height `H`, unless named pixels."""

    ink_contrast: float = 0.16  # share of the way from paper to black: fainter is paper
    max_skew: float = 6.0  # range of deskewing in degrees, either way
    rule_length: float = 0.028  # share of the longer side of the page: a straight run this long is a ruling
    gap: float = 0.85  # H: wider gaps end a number
    dotted_gap: float = 1.6  # H: the same where a dot or comma is in the gap
    spread: Spread = Spread.AUTO  # when a scan is read as two pages

    def __post_init__(self) -> None:
        _require(0 < self.ink_contrast < 1, f"ink_contrast must be a share of the way to black, not {self.ink_contrast}")
        _require(0 <= self.max_skew <= 30, f"max_skew must be 0 to 30 degrees, not {self.max_skew}")
        _require(0 < self.rule_length < 1, f"rule_length must be a share of the page, not {self.rule_length}")


@dataclass(frozen=True, slots=True)
class TrainingParams(Params):
    """Deviations from a recipe's training parameters: 0 keeps the recipe's value."""

    seed: int = 1
    epochs: int = 0
    batch: int = 0
    learning_rate: float = 0.0
    patience: int = 0  # epochs without a better validation loss after which training ends; 0: all epochs
    augment: bool = False  # train on archive ink, whatever the recipe says

    def __post_init__(self) -> None:
        for name in ("seed", "epochs", "batch", "learning_rate", "patience"):
            _require(getattr(self, name) >= 0, f"{name} must not be negative: {getattr(self, name)}")

"""A reviewer who knows what stands on the pages, and decides by it, item by item, through the review queue as the page does."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

from digit_core.evaluation.ground_truth import PageTruth, TruthNumber, page_stem, read_truth
from digit_core.evaluation.matching import overlap
from digit_core.readings import ReviewItem
from digit_core.review.verdicts import Kind, Verdict
from tasks.adapters.review.decisions import Act, Answer
from tasks.adapters.review.queue import ReviewQueue

LEASE = 600.0
AT_ONCE = 20


class Reviewer:
    """`truth`: folder of CSVs with the boxes of all numbers of the pages."""

    def __init__(self, name: str, truth: Path) -> None:
        self.name = name
        self._truth = {page.name: page for page in read_truth(truth)}

    def decide(self, queue: ReviewQueue, collection: str, at_least: int) -> int:
        """Takes loans until so many digits are decided, or none is left; how many were."""
        decided = 0
        while decided < at_least:
            claim = queue.claims.numbers(collection, self.name, AT_ONCE, LEASE)
            if not claim.items:
                break
            for item in claim.items:
                act = Act(uuid.uuid4().hex, self.name, "number", claim.claim_id, 1, 1.0)
                decided += queue.decisions.keep(act, {item.item_id: self.verdict(item)}, LEASE)[item.item_id] is Answer.KEPT
        return decided

    def verdict(self, item: ReviewItem) -> Verdict:
        """The digit where the machine divided the number rightly, else the whole number."""
        digits = self.digits(item)
        if digits is None:
            return Verdict(Kind.NOT_A_DIGIT)
        if len(item.parts) == len(digits):
            return Verdict(Kind.DIGIT, digits[item.place])
        return Verdict(Kind.NUMBER, digits)

    def digits(self, item: ReviewItem) -> str | None:
        """The true digits of the item's number; None where no number stands."""
        number = _nearest(self._truth[page_stem(item.uri)], item)
        return number.digits if number else None


def _nearest(page: PageTruth, item: ReviewItem) -> TruthNumber | None:
    """The number that stands where the item's does."""
    box = item.number_box or item.box
    near: Sequence[tuple[float, TruthNumber]] = [(overlap(one.box, box), one) for one in page.numbers if one.box]
    share, number = max(near, key=lambda pair: pair[0])
    return number if share > 0 else None

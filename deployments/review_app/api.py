"""The requests that every view sends: decisions, undo, release of items, progress."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from deployments.review_app.context import Context, Reviewer, written
from deployments.review_app.strict_json import StrictRoute
from digit_core.readings import ReviewItem
from digit_core.review.asked import AskedNumber, asked_numbers
from digit_core.review.verdicts import Kind, Verdict, suggestion_is_hidden
from tasks.adapters.review.claims import Claim
from tasks.adapters.review.decisions import Act

router = APIRouter(prefix="/api", route_class=StrictRoute)

Id = Annotated[str, Field(min_length=1, max_length=200)]


class Said(BaseModel):
    """A decision about one item."""

    item: Id
    kind: Kind
    value: Annotated[str, Field(max_length=100)] = ""


class Decided(BaseModel):
    """The decisions that a reviewer sends at once."""

    act: Annotated[str, Field(pattern="^[0-9a-zA-Z-]{8,64}$")]
    claim: Id
    view: Literal["number", "table", "carpet"]
    keys: Annotated[int, Field(ge=0, le=100_000)]
    seconds: Annotated[float, Field(ge=0, le=3600)]
    verdicts: Annotated[list[Said], Field(min_length=1, max_length=200)]


@router.post("/decide")
async def decide(decided: Decided, context: Context, reviewer: Reviewer) -> dict[str, Any]:
    """Store the decisions; return the outcome for each item."""
    verdicts = {said.item: Verdict(said.kind, said.value) for said in decided.verdicts}
    act = Act(decided.act, reviewer, decided.view, decided.claim, decided.keys, decided.seconds)
    answers = await written(context, lambda: context.queue.decisions.keep(act, verdicts, context.options.lease))
    return {"answers": {item: answer.value for item, answer in answers.items()}}


@router.post("/undo")
async def undo(context: Context, reviewer: Reviewer) -> dict[str, Any]:
    """Undo the reviewer's last act; return its items, which are lent to the reviewer again."""
    claim_id, queue = uuid.uuid4().hex, context.queue
    lease = context.options.lease
    items = await written(context, lambda: queue.get_many(queue.decisions.undo(reviewer, claim_id, lease)))
    claim = Claim(claim_id, 0.0, tuple(items))
    return {**batch(claim), **numbers(claim)}


@router.post("/release/{claim_id}")
async def release(claim_id: str, context: Context, reviewer: Reviewer) -> dict[str, int]:
    return {"released": await written(context, lambda: context.queue.claims.release(claim_id, reviewer))}


@router.get("/progress")
def progress(collection: str, context: Context, reviewer: Reviewer) -> dict[str, Any]:
    found = context.queue.statistics.progress(collection, reviewer)
    return {
        "open": found.open,
        "decided": found.decided,
        "for_others": context.queue.progress.read_by(collection, reviewer),
        "per_minute": round(found.items_per_minute, 1),
        "seconds_left": found.seconds_left,
    }


def batch(claim: Claim) -> dict[str, Any]:
    """Convert the items of a claim to JSON for the page's scripts. Readings that are hidden from the reviewer are not sent."""
    return {"claim": claim.claim_id, "items": [_shown(item) for item in claim.items]}


def numbers(claim: Claim) -> dict[str, Any]:
    """Convert the numbers of a claim to JSON for the page's scripts. Readings that are hidden from the reviewer are not sent."""
    return {"claim": claim.claim_id, "numbers": [_number(one) for one in asked_numbers(claim.items)]}


def _shown(item: ReviewItem) -> dict[str, Any]:
    hidden = suggestion_is_hidden(item.item_id, item.reason, item.asked)
    return {"id": item.item_id, "guess": None if hidden else item.top[0][0], **_where(item)}


def _number(number: AskedNumber) -> dict[str, Any]:
    signs = [{"shown": one.character, "place": one.place, "item": one.item, "box": one.box} for one in number.signs]
    items = [item.item_id for item in number.items]
    return {
        "id": number.first.number_id,
        "items": items,
        "signs": signs,
        "differs": number.second,
        "cell": number.first.cell,
        **_where(number.first),
    }


def _where(item: ReviewItem) -> dict[str, Any]:
    return {"file": item.uri.rpartition("/")[2], "page": item.page_index + 1}

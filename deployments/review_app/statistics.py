"""View of the review's statistics: progress, what people found, and the estimated error of the accepted digits."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from deployments.review_app.context import Context
from deployments.review_app.strict_json import StrictRoute
from deployments.review_app.templating import render
from digit_core.records import NOT_A_DIGIT
from digit_core.review.verdicts import Kind
from tasks.adapters.review.progress import MOST_PAGES
from tasks.adapters.review.statistics import ENOUGH_AUDITS

router = APIRouter(route_class=StrictRoute)
TITLE, PATH = "Statistics", "/statistics"
SAID = (*(str(digit) for digit in range(10)), *(kind.value for kind in (Kind.NOT_A_DIGIT, Kind.UNREADABLE, Kind.NUMBER)))


@router.get(PATH)
def view(request: Request, context: Context) -> Response:
    found, progress = context.queue.statistics, context.queue.progress
    collections = found.collections()
    guesses = [(guess, "none" if guess == NOT_A_DIGIT else str(guess)) for guess in range(NOT_A_DIGIT + 1)]
    pages = {one.name: progress.pages(one.name) for one in collections}
    shown = {
        "shared": {one.name: progress.shared(one.name) for one in collections},
        "people": progress.people(),
        "pages": pages,
        "guesses": guesses,
        "said": SAID,
        "most_pages": MOST_PAGES,
        "enough": ENOUGH_AUDITS,
    }
    return render(request, "statistics.html", found=collections, paces=found.pace(), **shown)

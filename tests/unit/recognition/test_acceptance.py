"""What is sure, and what goes to review, where a cell has no digit at all."""

from digit_core.params import ReviewPolicy
from digit_core.recognition.acceptance import _as_a_whole


def test_an_unsure_cell_without_any_digit_has_none_to_send_to_review():
    assert _as_a_whole((), 0.5, ReviewPolicy()) == ()

"""Words of the column `checks` that say what the sums of a form did to a number."""

from __future__ import annotations

OUT_OF_REVIEW = "(out of review)"
INTO_REVIEW = "(into review)"
READ_FIRST = "(read first as "

"""Whole synthetic ledger pages: the printed form, its content, and the page."""

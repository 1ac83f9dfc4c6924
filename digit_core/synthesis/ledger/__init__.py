"""Whole ledger pages: the printed form, what stands in it, and the page."""

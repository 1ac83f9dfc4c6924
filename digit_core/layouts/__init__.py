"""Layouts: templates of forms, their registration on a page, and what they say of a cell."""

"""Layouts: templates of forms, their registration on a page, and the rules for their cells."""

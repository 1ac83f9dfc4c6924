"""Reviewers' verdicts, and their effect on results."""

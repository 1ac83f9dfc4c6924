"""Prepared page -> numbers with states."""

"""Checks of a layout as constraints between numbers, and the readings that satisfy them best."""

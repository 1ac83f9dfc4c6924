"""Overlays and charts."""

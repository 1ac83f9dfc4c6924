"""Typefaces that come with Matplotlib: the same on every machine, and with the letters of most of Europe."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import ImageFont


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """Load a typeface by its file's name without the ending, such as "DejaVuSans", at `size` pixels an em."""
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"), size)

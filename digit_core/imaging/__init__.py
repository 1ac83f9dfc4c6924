"""Imaging: from bytes to a prepared page: decoding, background, rulings."""

"""The core of `digits`: from the pixels of a page to numbers with a confidence, without network or database."""

ALGORITHM_VERSION = "16"
"""Version of the reading algorithm (preparation, segmentation, crop). Raise it whenever a page could read differently."""

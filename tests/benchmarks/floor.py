"""The least that any reader of these pages has to do, in plain OpenCV: python floor.py FOLDER PROCESSES.

Decode the JPEG, Otsu, take away the ruling lines by morphological opening, connected components. Prints the pages.
"""

import multiprocessing
import sys
from pathlib import Path

import cv2
import numpy as np

RULING = 120  # pixels: longer than a digit at 300 dpi, shorter than any ruling


def components(path: str) -> int:
    """How many connected components the page has once its rulings are gone."""
    grey = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
    _, ink = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    for size in ((RULING, 1), (1, RULING)):
        ink = cv2.subtract(ink, cv2.morphologyEx(ink, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, size)))
    return int(cv2.connectedComponentsWithStats(ink, connectivity=8)[0])


def _one_thread() -> None:
    cv2.setNumThreads(1)


def main(folder: str, processes: int) -> None:
    paths = sorted(str(path) for path in Path(folder).glob("*.jpg"))
    with multiprocessing.get_context("spawn").Pool(processes, _one_thread) as pool:
        counts = pool.map(components, paths, chunksize=4)
    print(len(counts), "pages,", sum(counts) // len(counts), "components each")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

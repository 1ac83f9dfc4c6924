"""What the cells are asked, and what is made of their answers: one must undo the other."""

from __future__ import annotations

import numpy as np

from digit_core.inference.network_spec import STRIDE, NetworkForm
from digit_core.recognition.detections import Characters, characters, text_of
from digit_core.synthesis.training_images import CharacterPlace
from digit_core.training.detector.network import DETECTED, NOTHING, OUTPUTS, cell_targets

FORM = NetworkForm(DETECTED)


def place(character: str, left: float, top: float, w: float = 14, h: float = 26, printed: bool = False) -> CharacterPlace:
    return CharacterPlace(character, left, top, left + w, top + h, printed)


def perfect(target: np.ndarray) -> np.ndarray:
    """The cells of a network that has learned its target by heart."""
    cells = np.zeros((*target.shape[:2], OUTPUTS), np.float32)
    classes = target[..., 0].astype(int)
    np.put_along_axis(cells, classes[..., None], 9.0, axis=2)
    cells[..., NOTHING + 1 : NOTHING + 5] = target[..., 1:5]
    cells[..., NOTHING + 5] = 8 * target[..., 5] - 4
    return cells


def test_what_was_asked_for_is_found() -> None:
    places = [place("4", 8, 7), place("1", 26, 7, w=5), place(".", 34, 29, 3, 3), place("7", 42, 9, printed=True)]

    found = characters(perfect(cell_targets(places, 48, 72)), FORM)

    assert text_of(found) == "41.7"
    order = np.argsort(found.boxes[:, 0])
    assert np.allclose(found.boxes[order], [(p.left, p.top, p.right, p.bottom) for p in places], atol=0.6)
    assert (found.printed[order] > 0.5).tolist() == [False, False, False, True]


def test_a_character_cut_by_the_edge_is_asked_neither_way() -> None:
    cut = CharacterPlace("5", -10, 4, 6, 30, printed=False, asked=False)

    target = cell_targets([cut], 32, 32)

    assert (target[..., 0] == NOTHING).all()
    assert target[4, 0, -1] == 0
    assert target[4, -1, -1] == 1


def test_touching_digits_keep_their_own_cells() -> None:
    target = cell_targets([place("1", 8, 4, w=4), place("1", 13, 4, w=4)], 32, 32)

    assert (target[..., 0] == DETECTED.index("1")).any(axis=0).sum() == 2


def test_bare_cells_hold_no_character() -> None:
    found: Characters = characters(perfect(cell_targets([], 32, 64)), FORM)

    assert len(found) == 0
    assert text_of(found) == ""


def test_of_two_boxes_over_the_same_ink_the_surer_stays() -> None:
    cells = perfect(cell_targets([place("8", 8, 4)], 40, 40))
    row, column = np.argwhere(cells[..., 8] > 0)[0]
    cells[row, column + 3] = cells[row, column]
    cells[row, column + 3, 8] = 7.0
    cells[row, column + 3, NOTHING + 1] += np.log(2.0)  # its left side reaches as far as the first one's
    found = characters(cells, FORM)

    assert len(found) == 1
    assert STRIDE * column < found.boxes[0, 2]

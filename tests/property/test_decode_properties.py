import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from digit_core.errors import PageError
from digit_core.imaging.decode import decode_page, decode_pages, probe
from digit_core.params import DecodeLimits
from tests.support.drawn.scans import big_endian_bigtiff, drawn, encoded, image_object, scan_pdf

LIMITS = DecodeLimits(max_megapixels=1)  # what a lying header may make it allocate
PAGE = drawn()
COLOUR = Image.merge("RGB", [Image.fromarray(plane.copy()) for plane in (PAGE, PAGE[::-1], PAGE[:, ::-1])])
BITS = Image.fromarray(PAGE > 100)
FILES = {
    "jpeg": encoded(PAGE, "JPEG"),
    "progressive jpeg": encoded(COLOUR, "JPEG", progressive=True),
    "jpeg of inks": encoded(COLOUR.convert("CMYK"), "JPEG"),
    "png": encoded(PAGE, "PNG", dpi=(300, 300)),
    "png with palette": encoded(COLOUR.quantize(16), "PNG"),
    "tiff": encoded(COLOUR, "TIFF"),
    "tiff of pages": encoded(PAGE, "TIFF", compression="tiff_lzw", save_all=True, append_images=[COLOUR, BITS]),
    "fax tiff": encoded(BITS, "TIFF", compression="group4"),
    "big tiff": encoded(PAGE, "TIFF", big_tiff=True),
    "big-endian big tiff": big_endian_bigtiff([PAGE, PAGE], "tiff_lzw"),
    "webp": encoded(COLOUR, "WEBP"),
    "bmp": encoded(COLOUR, "BMP"),
    "jpeg 2000": encoded(PAGE, "JPEG2000"),
    "pdf": scan_pdf(image_object(PAGE)),
    "pdf of a jpeg": scan_pdf(image_object(encoded(PAGE, "JPEG"))),
}
WHOLE = {name: [page.pixels for page in decode_pages(data, range(probe(data, LIMITS)), LIMITS)] for name, data in FILES.items()}
MAGIC = [data[:length] for data in FILES.values() for length in (4, 12, 40)]


def check_outcome(data):
    """Anything but a page or a PageError fails the test."""
    try:
        assert probe(data, LIMITS) >= 1
        page = decode_page(data, 0, LIMITS)
    except PageError:
        return
    assert page.pixels.dtype == np.uint8
    assert page.pixels.ndim == 2
    assert 0 < page.pixels.size <= 1e6
    assert page.dpi == 0 or 10 <= page.dpi <= 10_000


@given(st.binary(max_size=300))
def test_any_bytes_give_a_page_or_a_page_error(data):
    check_outcome(data)


@given(st.sampled_from(MAGIC), st.binary(max_size=300))
def test_any_bytes_behind_a_known_beginning_give_a_page_or_a_page_error(beginning, data):
    check_outcome(beginning + data)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_file_with_bytes_overwritten_gives_a_page_or_a_page_error(data):
    broken = bytearray(data.draw(st.sampled_from(list(FILES.values()))))
    for _ in range(data.draw(st.integers(1, 8))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))

    check_outcome(bytes(broken))


@pytest.mark.parametrize("name", FILES)
@settings(deadline=None)
@given(data=st.data())
def test_a_file_cut_anywhere_gives_a_page_error_or_the_complete_page(name, data):
    whole = FILES[name]
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]

    outcomes = list(decode_pages(cut, range(len(WHOLE[name])), LIMITS))

    for outcome, complete in zip(outcomes, WHOLE[name], strict=True):
        assert isinstance(outcome, PageError) or np.array_equal(outcome.pixels, complete)
    if name in ("jpeg", "progressive jpeg", "jpeg of inks"):
        assert all(isinstance(outcome, PageError) for outcome in outcomes)


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(["PNG", "TIFF", "JPEG2000"]), st.randoms(use_true_random=False))
def test_grey_pictures_of_any_size_come_back_as_they_were(width, height, kind, random):
    picture = np.frombuffer(random.randbytes(width * height), np.uint8).reshape(height, width)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind)

    assert np.array_equal(decode_page(file.getvalue(), 0, LIMITS).pixels, picture)

"""Pictures and multi-page TIFF files; PDF has a file of its own."""

import io
import struct
import subprocess
import sys
import time
import tracemalloc
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from digit_core.errors import FailureReason, PageError
from digit_core.imaging.decode import decode_page, decode_pages, probe
from digit_core.imaging.raster import eight_bits
from digit_core.params import DecodeLimits
from tests.support.drawn.scans import big_directory, big_endian_bigtiff, drawn, encoded, scan_pdf

LIMITS = DecodeLimits()
PAGE = drawn()
ORIENTATION, RESOLUTION_UNIT, X_RESOLUTION, Y_RESOLUTION = 0x0112, 0x0128, 0x011A, 0x011B
MIN_IS_WHITE = {262: 0}


def read(data, index=0, limits=LIMITS):
    return decode_page(data, index, limits)


def refusal(data, index=0, limits=LIMITS):
    with pytest.raises(PageError) as caught:
        decode_page(data, index, limits)
    return caught.value


def grey_of(image):
    return np.asarray(image.convert("L"))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("TIFF", {"compression": "packbits"}),
        ("TIFF", {"big_tiff": True}),
        ("JPEG2000", {}),
        ("JPEG2000", {"no_jp2": True}),
        ("BMP", {}),
        ("WEBP", {"lossless": True, "exact": True}),
    ],
)
def test_lossless_grey_comes_back_pixel_for_pixel(kind, options):
    data = encoded(PAGE, kind, **options)

    page = read(data)

    assert page.pixels.dtype == np.uint8
    assert page.pixels.flags.c_contiguous
    assert np.array_equal(page.pixels, PAGE)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True, "restart_marker_blocks": 2}])
def test_jpeg_of_each_kind_is_read(options):
    data = encoded(PAGE, "JPEG", quality=95, **options)

    assert np.abs(read(data).pixels.astype(int) - PAGE).mean() < 3


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "group4"})])
def test_one_bit_becomes_black_and_white(kind, options):
    bits = Image.fromarray(PAGE).point(lambda value: 255 * (value > 100), mode="1")

    page = read(encoded(bits, kind, **options))

    assert np.array_equal(page.pixels, np.where(PAGE > 100, 255, 0))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "JPEG2000"])
def test_colour_becomes_its_luma(kind):
    colour = Image.merge("RGB", [Image.fromarray(plane) for plane in (PAGE, PAGE[::-1].copy(), PAGE[:, ::-1].copy())])
    options = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}

    page = read(encoded(colour, kind, **options))

    assert np.abs(page.pixels.astype(int) - grey_of(colour)).mean() < 3


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_inks_become_their_luma(kind):
    inks = Image.fromarray(PAGE).convert("RGB").convert("CMYK")

    page = read(encoded(inks, kind, **({"quality": 95} if kind == "JPEG" else {})))

    assert np.abs(page.pixels.astype(int) - PAGE).mean() < 3


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG2000"])
@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_what_is_transparent_shows_white_paper(kind, mode):
    image = Image.fromarray(PAGE).convert(mode)
    alpha = np.full(PAGE.shape, 255, np.uint8)
    alpha[:, 20:] = 0
    image.putalpha(Image.fromarray(alpha))

    page = read(encoded(image, kind))

    assert np.array_equal(page.pixels[:, :20], PAGE[:, :20])
    assert (page.pixels[:, 20:] == 255).all()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_palettes_are_looked_up(kind):
    image = Image.fromarray((PAGE > 100).astype(np.uint8), "P")
    image.putpalette([200, 200, 200, 10, 10, 10])

    page = read(encoded(image, kind))

    assert np.array_equal(page.pixels, np.where(PAGE > 100, 10, 200))


def test_a_transparent_palette_colour_shows_white_paper():
    image = Image.fromarray((PAGE > 100).astype(np.uint8), "P")
    image.putpalette([10, 10, 10, 0, 0, 0])

    page = read(encoded(image, "PNG", transparency=1))

    assert np.array_equal(page.pixels, np.where(PAGE > 100, 255, 10))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG2000"])
def test_sixteen_bits_keep_their_upper_eight(kind):
    deep = PAGE.astype(np.uint16) * 256 + 7

    assert np.array_equal(read(encoded(deep, kind)).pixels, PAGE)


def test_twelve_bits_in_sixteen_are_scaled_by_twelve():
    deep = PAGE.astype(np.uint16) * 16 + 3

    assert np.array_equal(read(encoded(deep, "PNG")).pixels, PAGE)


@pytest.mark.parametrize(
    ("largest", "expected"), [(0, 0), (255, 255), (256, 64), (1023, 255), (4095, 255), (4096, 64), (65535, 255)]
)
def test_the_depth_is_the_smallest_usual_one_that_holds_the_largest_value(largest, expected):
    assert eight_bits(np.array([[0, largest]], np.uint16)).tolist() == [[0, expected]]


@pytest.mark.parametrize("pixels", [PAGE, PAGE.astype(np.uint16) * 257, PAGE > 100])
def test_min_is_white_is_inverted_at_every_depth(pixels):
    plain = read(encoded(pixels, "TIFF")).pixels

    inverted = read(_photometric_zero(encoded(pixels, "TIFF"))).pixels

    assert np.array_equal(inverted, 255 - plain)


def _photometric_zero(tiff):
    """The same stored values, said to be min-is-white (entry: tag 262, SHORT, one value)."""
    entry = struct.pack("<HHIHH", 262, 3, 1, 1, 0)
    assert tiff.count(entry) == 1
    return tiff.replace(entry, struct.pack("<HHIHH", 262, 3, 1, 0, 0))


def test_pixels_of_thirty_two_bits_are_refused_with_advice():
    error = refusal(encoded(Image.fromarray(PAGE.astype(np.float32)), "TIFF"))

    assert error.reason is FailureReason.DAMAGED
    assert "8 or 16 bits" in str(error)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_every_orientation_is_made_upright(kind, orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    expected = ImageOps.exif_transpose(_with_exif(Image.fromarray(PAGE), exif))
    options = {"quality": 95} if kind == "JPEG" else {}

    page = read(encoded(PAGE, kind, exif=exif, **options))

    assert page.pixels.shape == expected.size[::-1]
    assert np.abs(page.pixels.astype(int) - np.asarray(expected)).mean() < 3


def _with_exif(image, exif):
    image.info["exif"] = exif.tobytes()
    return image


def test_an_orientation_that_is_undefined_changes_nothing():
    exif = Image.Exif()
    exif[ORIENTATION] = 9

    assert np.array_equal(read(encoded(PAGE, "PNG", exif=exif)).pixels, PAGE)


def test_broken_metadata_does_not_cost_the_picture():
    data = encoded(PAGE, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff broken")

    assert read(data).pixels.shape == PAGE.shape


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_the_resolution_is_recorded(kind):
    assert read(encoded(PAGE, kind, dpi=(300, 300))).dpi == pytest.approx(300, abs=0.1)


def test_a_resolution_by_the_centimetre_is_converted():
    tags = {X_RESOLUTION: 118.11, Y_RESOLUTION: 118.11, RESOLUTION_UNIT: 3}

    assert read(encoded(PAGE, "TIFF", tiffinfo=tags)).dpi == pytest.approx(300, abs=0.1)


def test_the_resolution_box_of_jpeg_2000_is_read():
    data = encoded(PAGE, "JPEG2000")
    capture = struct.pack(">I4sHHHHBB", 18, b"resc", 11811, 1, 11811, 1, 0, 0)
    box = struct.pack(">I4s", 8 + len(capture), b"res ") + capture
    at = data.index(b"jp2h") - 4
    (length,) = struct.unpack_from(">I", data, at)
    data = data[:at] + struct.pack(">I", length + len(box)) + data[at + 4 : at + length] + box + data[at + length :]

    assert read(data).dpi == pytest.approx(300, abs=0.1)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "JPEG2000"])
def test_an_unknown_resolution_is_zero(kind):
    assert read(encoded(PAGE, kind)).dpi == 0.0


def test_exif_data_that_is_silent_about_resolution_leaves_it_unknown():
    exif = Image.Exif()
    exif[ORIENTATION] = 1

    assert read(encoded(PAGE, "JPEG", exif=exif)).dpi == 0.0


def test_every_page_of_a_tiff_is_read_by_its_index():
    pages = [PAGE, 255 - PAGE, PAGE[:20, :30]]
    data = _tiff_of(pages, compression="tiff_lzw")

    assert probe(data, LIMITS) == 3
    for index, page in enumerate(pages):
        assert np.array_equal(read(data, index).pixels, page)


def test_each_page_of_a_tiff_is_turned_by_its_own_orientation():
    turned, straight = {ORIENTATION: 6}, {ORIENTATION: 1}
    more = [_tiff_page(PAGE, tags) for tags in (straight, turned)]
    data = encoded(PAGE, "TIFF", tiffinfo=turned, save_all=True, append_images=more)

    first, second, third = decode_pages(data, range(3), LIMITS)

    assert np.array_equal(first.pixels, np.rot90(PAGE, -1))
    assert np.array_equal(second.pixels, PAGE)
    assert np.array_equal(third.pixels, first.pixels)


def test_pages_come_in_the_order_that_was_asked_for():
    data = _tiff_of([PAGE, 255 - PAGE])

    last, first, again = decode_pages(data, [1, 0, 0], LIMITS)

    assert np.array_equal(last.pixels, 255 - PAGE)
    assert np.array_equal(first.pixels, PAGE)
    assert np.array_equal(again.pixels, PAGE)


def test_a_page_that_fails_leaves_the_others_readable():
    data = bytearray(_tiff_of([PAGE, PAGE[:, :50], PAGE], compression="tiff_lzw"))
    second = Image.open(io.BytesIO(data))
    second.seek(1)
    start = second.tag_v2[273][0]
    data[start : start + 20] = b"\xff" * 20

    first, broken, third = decode_pages(bytes(data), range(3), LIMITS)

    assert np.array_equal(first.pixels, PAGE)
    assert broken.reason is FailureReason.DAMAGED
    assert np.array_equal(third.pixels, PAGE)


def test_holes_in_a_fax_coded_page_are_damage_and_not_white_paper(capfd):
    noise = Image.fromarray(np.random.default_rng(1).random((200, 300)) > 0.5)
    data = bytearray(encoded(noise, "TIFF", compression="group4"))
    data[2000:2020] = b"\xff" * 20

    error = refusal(bytes(data))

    assert error.reason is FailureReason.DAMAGED
    assert capfd.readouterr().err == ""


def test_reduced_copies_and_masks_are_no_pages():
    thumbnail = {254: 1}
    data = encoded(PAGE[:10, :15], "TIFF", tiffinfo=thumbnail, save_all=True, append_images=[_tiff_page(PAGE, {254: 0})])

    assert probe(data, LIMITS) == 1
    assert np.array_equal(read(data).pixels, PAGE)


def test_small_copies_that_do_not_say_so_are_no_pages():
    page = drawn(800, 1200)
    small = np.full((300, 200), 255, np.uint8)

    data = encoded(small, "TIFF", save_all=True, append_images=[_tiff_page(page, {}), _tiff_page(small, {255: 2})])

    assert probe(data, LIMITS) == 1
    assert np.array_equal(read(data).pixels, page)


@pytest.mark.parametrize("shape", [(300, 260), (310, 200), (130, 200)])
def test_a_small_page_of_another_shape_is_a_page(shape):
    data = _tiff_of([drawn(800, 1200), np.full(shape, 255, np.uint8)])

    assert probe(data, LIMITS) == 2


def test_small_pages_alone_are_pages():
    assert probe(_tiff_of([np.full((30, 20), 255, np.uint8)] * 3), LIMITS) == 3


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate"])
def test_a_bigtiff_of_either_byte_order_is_read(compression):
    pages = [PAGE, 255 - PAGE]

    data = big_endian_bigtiff(pages, compression)

    assert probe(data, LIMITS) == 2
    for index, page in enumerate(pages):
        assert np.array_equal(read(data, index).pixels, page)


@pytest.mark.parametrize("share", [0.2, 0.6, 0.99])
def test_a_big_endian_bigtiff_that_is_cut_short_is_called_truncated(share):
    data = big_endian_bigtiff([PAGE], "raw")

    assert refusal(data[: int(share * len(data))]).reason is FailureReason.TRUNCATED


def test_arrays_that_overlap_do_not_make_a_bigtiff_large():
    arrays = [(40_000 + tag, 16, 5_000, struct.pack(">Q", 16)) for tag in range(900)]
    data = b"MM\0+" + struct.pack(">HHQ", 8, 0, 40_016) + b"\0" * 40_000 + big_directory(arrays, 0)

    with pytest.raises(PageError, match="larger than the file"):
        read(data)


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1", b"avif"])
def test_a_telephones_picture_is_refused_with_the_advice_to_convert_it(brand):
    error = refusal(b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1" + b"\0" * 500)

    assert error.reason is FailureReason.NOT_AN_IMAGE
    assert "convert it to JPEG or PNG" in str(error)


@pytest.mark.parametrize("kind", ["WEBP", "BMP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_webp_or_bmp_cut_short_is_called_truncated(kind, share):
    data = encoded(np.random.default_rng(2).integers(0, 256, (100, 100), np.uint8), kind)

    assert refusal(data[: int(share * len(data))]).reason is FailureReason.TRUNCATED


def test_text_that_begins_as_a_bmp_does_is_no_image():
    assert refusal(b"BMW 1901, list of the cars that were sold").reason is FailureReason.NOT_AN_IMAGE


def _tiff_page(pixels, tags):
    image = Image.fromarray(pixels)
    image.encoderinfo = {"tiffinfo": tags}
    return image


def _tiff_of(pages, **options):
    first, *rest = (Image.fromarray(page) for page in pages)
    return encoded(first, "TIFF", save_all=True, append_images=rest, **options)


def _directories(count, last_points_to=0):
    """A TIFF of `count` directories of one entry each, and nothing else."""
    size = 2 + 12 + 4
    body = b"II*\0" + struct.pack("<I", 8)
    for number in range(1, count + 1):
        following = 8 + number * size if number < count else last_points_to
        body += struct.pack("<HHHIII", 1, 256, 4, 1, 5, following)
    return body


def test_a_tiff_of_ten_thousand_directories_is_refused_at_once():
    start = time.perf_counter()

    error = refusal(_directories(10_000))

    assert error.reason is FailureReason.TOO_LARGE
    assert "too many pages: more than 5000" in str(error)
    assert "DIGITS_MAX_PAGES" in str(error)
    assert time.perf_counter() - start < 2


def test_directories_that_overlap_to_make_work_are_refused_at_once():
    start = time.perf_counter()

    error = refusal(b"II*\0\x08\0\0\0" + b"\xff\xff" * 500_000)

    assert error.reason is FailureReason.DAMAGED
    assert time.perf_counter() - start < 1


def test_directories_that_run_in_a_circle_are_damage():
    error = refusal(_directories(3, last_points_to=8))

    assert error.reason is FailureReason.DAMAGED
    assert "points back" in str(error)


def test_a_tiff_without_a_directory_has_no_pages():
    assert refusal(b"II*\0\0\0\0\0").reason is FailureReason.NO_PAGES


def test_five_hundred_pages_take_linear_time():
    data = _tiff_of([PAGE] * 500)
    start = time.perf_counter()

    outcomes = list(decode_pages(data, range(500), LIMITS))

    assert all(np.array_equal(outcome.pixels, PAGE) for outcome in outcomes)
    assert time.perf_counter() - start < 5


def test_an_index_beyond_the_last_page_is_missing():
    error = refusal(encoded(PAGE, "PNG"), index=1)

    assert error.reason is FailureReason.MISSING
    assert "no page 2" in str(error)


def test_an_empty_file_is_called_empty():
    assert refusal(b"").reason is FailureReason.EMPTY


def test_text_is_not_an_image_whatever_its_name():
    error = refusal(b"date,value\n1901-03-01,17\n")

    assert error.reason is FailureReason.NOT_AN_IMAGE
    assert "JPEG 2000, WebP, BMP or PDF" in str(error)


@pytest.mark.parametrize("kind", ["GIF", "PPM", "ICO"])
def test_other_formats_that_pillow_could_read_are_not_accepted(kind):
    assert refusal(encoded(PAGE, kind)).reason is FailureReason.NOT_AN_IMAGE


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "JPEG2000"])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_a_file_cut_short_is_called_truncated(kind, share):
    noise = np.random.default_rng(2).integers(0, 256, (100, 100), np.uint8)
    data = encoded(noise, kind)

    assert refusal(data[: int(len(data) * share)]).reason is FailureReason.TRUNCATED


def test_a_jpeg_whose_end_was_never_written_is_called_truncated():
    data = encoded(np.random.default_rng(2).integers(0, 256, (100, 100), np.uint8), "JPEG")
    half = len(data) // 2

    assert refusal(data[:half] + bytes(len(data) - half)).reason is FailureReason.TRUNCATED


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_jpeg():
    thumbnail = encoded(PAGE, "JPEG")
    data = encoded(PAGE, "JPEG", exif=b"Exif\0\0" + thumbnail)

    assert read(data).pixels.shape == PAGE.shape
    assert refusal(data[:-40]).reason is FailureReason.TRUNCATED


def test_what_follows_the_end_of_a_jpeg_does_not_matter():
    data = encoded(PAGE, "JPEG")

    expected = read(data).pixels

    assert np.array_equal(read(data + bytes(1000)).pixels, expected)
    assert np.array_equal(read(data + encoded(PAGE[:8, :8], "JPEG")[:100]).pixels, expected)


def test_a_wrong_checksum_is_damage():
    data = bytearray(encoded(PAGE, "PNG"))
    data[data.index(b"IDAT") + 20] ^= 1

    error = refusal(bytes(data))

    assert error.reason is FailureReason.DAMAGED
    assert "checksum" in str(error)


def png_header(width, height):
    """A PNG that says it is so large and holds one row of nothing."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded():
    tracemalloc.start()

    with pytest.raises(PageError) as caught:
        probe(png_header(60_000, 60_000), LIMITS)

    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()
    assert caught.value.reason is FailureReason.TOO_LARGE
    assert "60000 x 60000" in str(caught.value)
    for name in ("max_megapixels", "DIGITS_MAX_MEGAPIXELS", "--max-megapixels"):
        assert name in str(caught.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "JPEG2000"])
def test_the_limit_of_pixels_is_the_callers_in_every_format(kind):
    data = encoded(PAGE, kind)

    assert refusal(data, limits=DecodeLimits(max_megapixels=0.002)).reason is FailureReason.TOO_LARGE
    assert read(data, limits=DecodeLimits(max_megapixels=0.0024)).pixels.shape == PAGE.shape


def test_a_large_page_within_the_limit_is_read_without_a_warning():
    wide = Image.new("1", (20_000, 9_500))  # 190 megapixels, above the limit that Pillow brings along

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        page = read(encoded(wide, "TIFF", compression="group4"))

    assert page.pixels.shape == (9_500, 20_000)


def test_a_file_of_too_many_bytes_is_refused():
    error = refusal(encoded(PAGE, "PNG") + bytes(2_000_000), limits=DecodeLimits(max_megabytes=1))

    assert error.reason is FailureReason.TOO_LARGE
    assert "DIGITS_MAX_MEGABYTES" in str(error)


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_a_picture_without_pixels_is_damage(size):
    assert refusal(png_header(*size)).reason is FailureReason.DAMAGED


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG2000"])
@pytest.mark.parametrize("shape", [(1, 100_000), (100_000, 1)])
def test_a_line_of_pixels_is_read(kind, shape):
    line = np.full(shape, 9, np.uint8)

    assert np.array_equal(read(encoded(line, kind)).pixels, line)


def test_a_file_that_cannot_be_opened_fails_each_of_its_pages():
    outcomes = list(decode_pages(b"", [0, 4], LIMITS))

    assert [outcome.reason for outcome in outcomes] == [FailureReason.EMPTY] * 2


def test_a_kept_error_does_not_keep_the_file_in_memory():
    (outcome,) = decode_pages(encoded(PAGE, "PNG")[:-20], [0], LIMITS)

    assert outcome.__traceback__ is None
    assert outcome.__context__ is None


def test_decoders_write_nothing_to_the_error_stream(tmp_path):
    noise = np.random.default_rng(3).integers(0, 256, (100, 100), np.uint8)
    broken = [encoded(noise, "TIFF", compression=name) for name in ("tiff_lzw", "jpeg", "tiff_adobe_deflate")]
    broken += [encoded(noise, "JPEG"), encoded(noise, "JPEG2000"), scan_pdf(b"<< >>")]
    for number, data in enumerate(broken):
        half = len(data) // 2
        (tmp_path / str(number)).write_bytes(data[:half] + b"\xff" * 9 + data[half + 9 :])
    program = (
        "import sys, pathlib\n"
        "from digit_core.imaging.decode import decode_pages\n"
        "from digit_core.params import DecodeLimits\n"
        "for path in pathlib.Path(sys.argv[1]).iterdir():\n"
        "    print(list(decode_pages(path.read_bytes(), [0], DecodeLimits())))\n"
    )

    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)

    assert len(done.stdout.splitlines()) >= len(broken)
    assert done.stderr == ""

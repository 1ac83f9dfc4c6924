import resource
import sys
import threading

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from digit_core.errors import FailureReason, PageError
from digit_core.imaging.decode import decode_page, decode_pages, probe
from digit_core.params import DecodeLimits
from tests.support.drawn.scans import drawn, encoded, encrypted_pdf, image_object, pdf, scan_pdf, stream

LIMITS = DecodeLimits()
SCAN = drawn()  # 60 x 40 pixels, by default on a page of 60 x 40 points: 72 dpi
CATALOGUE = b"<< /Type /Catalog /Pages 2 0 R >>"
PLACEMENTS = ["60 0 0 40 0 0", "-60 0 0 40 60 0", "60 0 0 -40 0 40", "-60 0 0 -40 60 40"]
TURNED_PLACEMENTS = ["0 60 40 0 0 0", "0 60 -40 0 40 0", "0 -60 40 0 0 60", "0 -60 -40 0 40 60"]


def read(data, index=0, limits=LIMITS):
    return decode_page(data, index, limits)


def refusal(data, limits=LIMITS):
    with pytest.raises(PageError) as caught:
        decode_page(data, 0, limits)
    return caught.value


def rendered(data):
    """What a viewer shows, a pixel a point."""
    with pypdfium2.PdfDocument(data) as document:
        return document[0].render(grayscale=True).to_numpy().squeeze().copy()


def one_bit(entries):
    return stream(b"/Type /XObject /Subtype /Image /Width 60 /Height 40 " + entries, np.packbits(SCAN > 100, axis=1).tobytes())


def test_the_embedded_scan_is_taken_pixel_for_pixel():
    page = read(scan_pdf(image_object(SCAN), matrix="14.4 0 0 9.6 0 0", box="0 0 14.4 9.6"))

    assert np.array_equal(page.pixels, SCAN)
    assert page.dpi == pytest.approx(300, abs=0.1)


def test_an_embedded_jpeg_gives_the_pixels_that_the_jpeg_alone_gives():
    jpeg = encoded(SCAN, "JPEG", quality=80)

    page = read(scan_pdf(image_object(jpeg)))

    assert np.array_equal(page.pixels, read(jpeg).pixels)


def test_the_orientation_in_an_embedded_jpeg_is_not_what_the_pdf_shows():
    exif = Image.Exif()
    exif[0x0112] = 6

    page = read(scan_pdf(image_object(encoded(SCAN, "JPEG", quality=95, exif=exif))))

    assert page.pixels.shape == SCAN.shape


def test_an_embedded_jpeg_of_inks_is_read_as_the_pdf_shows_it():
    jpeg = encoded(Image.fromarray(SCAN).convert("RGB").convert("CMYK"), "JPEG", quality=95)
    data = scan_pdf(image_object(jpeg, b"/ColorSpace /DeviceCMYK /Decode [1 0 1 0 1 0 1 0]"))

    assert np.abs(read(data).pixels.astype(int) - rendered(data)).mean() < 2


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("matrix", PLACEMENTS)
def test_placement_and_page_rotation_are_honoured(matrix, rotation):
    data = scan_pdf(image_object(SCAN), matrix, page=b"/Rotate %d" % rotation)

    assert np.array_equal(read(data).pixels, rendered(data))


@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize("matrix", TURNED_PLACEMENTS)
def test_a_scan_placed_on_its_side_is_honoured(matrix, rotation):
    data = scan_pdf(image_object(SCAN), matrix, "0 0 40 60", page=b"/Rotate %d" % rotation)

    assert np.array_equal(read(data).pixels, rendered(data))


@pytest.mark.parametrize("entries", [b"", b"/Decode [1 0]"])
@pytest.mark.parametrize("kind", [b"/ColorSpace /DeviceGray", b"/ColorSpace [/Indexed /DeviceGray 1 <20E0>]", b"/ImageMask true"])
def test_one_bit_scans_have_the_polarity_that_the_pdf_shows(kind, entries):
    data = scan_pdf(one_bit(b"/BitsPerComponent 1 " + kind + b" " + entries))

    assert np.array_equal(read(data).pixels, rendered(data))


def test_an_inverted_jpeg_is_inverted():
    jpeg = encoded(SCAN, "JPEG", quality=95)

    plain, inverted = read(scan_pdf(image_object(jpeg))), read(scan_pdf(image_object(jpeg, b"/Decode [1 0]")))

    assert np.abs(plain.pixels.astype(int) + inverted.pixels - 255).max() <= 3


def test_a_masked_scan_is_rendered_at_its_own_resolution():
    data = scan_pdf(one_bit(b"/BitsPerComponent 1 /ImageMask true"), matrix="14.4 0 0 9.6 0 0", box="0 0 14.4 9.6")

    page = read(data, limits=DecodeLimits(render_dpi=72))

    assert page.pixels.shape == SCAN.shape
    assert np.abs(page.pixels.astype(int) - np.where(SCAN > 100, 255, 0)).mean() < 3
    assert page.dpi == pytest.approx(300, abs=0.1)


def test_text_recognised_earlier_lies_over_the_scan_without_harm():
    page = read(scan_pdf(image_object(SCAN), more=b"BT 3 Tr /F 20 Tf 5 5 Td (17) Tj ET"))

    assert np.array_equal(page.pixels, SCAN)


@pytest.mark.parametrize(
    "changes",
    [
        {"more": b"BT /F 20 Tf 5 5 Td (17) Tj ET"},  # something visible is drawn over the scan
        {"more": b"q 20 0 0 10 20 20 cm /Scan Do Q"},  # two images
        {"matrix": "30 0 0 20 0 0"},  # the scan is a part of the page
        {"page": b"/CropBox [0 0 30 40]"},  # a part of the scan is hidden
        {"matrix": "60 1 -1 40 0 0"},  # the scan is askew
        {"matrix": "60 0 0 80 0 0", "box": "0 0 60 80"},  # pixels are not square
    ],
)
def test_other_pages_are_rendered(changes):
    data = scan_pdf(image_object(SCAN), **changes)

    page = read(data, limits=DecodeLimits(render_dpi=72))

    assert page.dpi == 72
    assert np.array_equal(page.pixels, rendered(data))


def test_a_page_of_drawing_only_is_rendered_at_the_resolution_of_the_limits():
    data = pdf(
        CATALOGUE,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 36] /Contents 4 0 R >>",
        stream(b"", b"0 18 36 18 re f"),
    )

    page = read(data, limits=DecodeLimits(render_dpi=100))

    assert page.pixels.shape == (50, 100)
    assert page.pixels[:24, :49].max() == 0
    assert page.pixels[26:].min() == 255


@pytest.mark.parametrize("colour", ["RGB", "L", "1"])
def test_pdfs_of_pillow_are_read(colour):
    image = Image.fromarray(np.where(SCAN > 100, 255, 0).astype(np.uint8)).convert(colour)
    data = encoded(image, "PDF", resolution=300, save_all=True, append_images=[image])

    assert probe(data, LIMITS) == 2
    for page in decode_pages(data, range(2), LIMITS):
        assert np.abs(page.pixels.astype(int) - np.asarray(image.convert("L"))).mean() < 5
        assert page.dpi == pytest.approx(300, abs=0.1)


def test_a_pdf_without_pages_says_so():
    data = pdf(CATALOGUE, b"<< /Type /Pages /Kids [] /Count 0 >>")

    with pytest.raises(PageError) as caught:
        probe(data, LIMITS)

    assert caught.value.reason is FailureReason.NO_PAGES


def test_a_pdf_with_too_many_pages_is_refused():
    image = Image.fromarray(SCAN)
    data = encoded(image, "PDF", save_all=True, append_images=[image] * 3)

    error = refusal(data, DecodeLimits(max_pages=3))

    assert error.reason is FailureReason.TOO_LARGE
    assert "too many pages: 4" in str(error)


def test_a_page_tree_that_runs_in_a_circle_is_damage():
    data = pdf(CATALOGUE, b"<< /Type /Pages /Kids [2 0 R] /Count 5 >>")

    assert refusal(data).reason is FailureReason.DAMAGED


def test_a_pdf_that_needs_a_password_is_called_encrypted():
    data = encrypted_pdf(encoded(SCAN, "JPEG"), user_password=b"secret")

    assert refusal(data).reason is FailureReason.ENCRYPTED


def test_a_pdf_whose_password_is_empty_is_read():
    jpeg = encoded(SCAN, "JPEG")

    page = read(encrypted_pdf(jpeg, user_password=b""))

    assert np.array_equal(page.pixels, read(jpeg).pixels)


def test_a_pdf_cut_short_is_called_truncated():
    data = encoded(Image.fromarray(SCAN), "PDF")

    for end in (10, len(data) // 2, len(data) - 10):
        assert refusal(data[:end]).reason is FailureReason.TRUNCATED


def test_a_linearised_pdf_shorter_than_it_says_is_truncated_though_it_has_an_end_marker():
    whole = scan_pdf(image_object(SCAN))
    linearised = whole.replace(b"%PDF-1.4\n", b"%PDF-1.4\n9 0 obj\n<< /Linearized 1 /L 99999 /N 1 >>\nendobj\n")

    assert refusal(linearised).reason is FailureReason.TRUNCATED


def test_padding_behind_the_end_of_a_pdf_does_not_matter():
    assert np.array_equal(read(scan_pdf(image_object(SCAN)) + bytes(8192)).pixels, SCAN)


def test_a_pdf_of_rubbish_is_damaged():
    assert refusal(b"%PDF-1.4\nrubbish\n%%EOF\n").reason is FailureReason.DAMAGED


def test_a_page_too_large_to_render_is_refused_before():
    error = refusal(scan_pdf(image_object(SCAN), box="0 0 14400 14400"))

    assert error.reason is FailureReason.TOO_LARGE
    assert "60000 x 60000" in str(error)


@pytest.mark.parametrize("matrix", ["60 0 0 40 0 0", "30 0 0 20 0 0"])
def test_an_embedded_image_of_too_many_pixels_is_refused_before_it_is_decoded(matrix):
    error = refusal(scan_pdf(image_object(SCAN, size=(60_000, 60_000)), matrix))

    assert error.reason is FailureReason.TOO_LARGE
    assert "60000 x 60000" in str(error)


def test_an_embedded_jpeg_larger_than_the_pdf_says_is_refused_by_its_own_header():
    data = scan_pdf(image_object(encoded(np.zeros((500, 500), np.uint8), "JPEG"), size=(60, 40)))

    assert refusal(data, DecodeLimits(max_megapixels=0.1)).reason is FailureReason.TOO_LARGE


@pytest.mark.parametrize("matrix", ["0 0 0 0 0 0", "60 0 0 0 0 0", "1e38 0 0 1e38 0 0", "1e-30 0 0 1e-30 0 0"])
def test_absurd_placements_do_not_crash(matrix):
    (outcome,) = decode_pages(scan_pdf(image_object(SCAN), matrix), [0], LIMITS)

    assert outcome.reason if isinstance(outcome, PageError) else outcome.pixels.size


def test_a_truncated_jpeg_in_a_whole_pdf_is_called_truncated():
    jpeg = encoded(SCAN, "JPEG")

    assert refusal(scan_pdf(image_object(jpeg[:-30], size=(60, 40)))).reason is FailureReason.TRUNCATED


def test_threads_may_read_pdfs_at_the_same_time():
    data = encoded(Image.fromarray(SCAN).convert("1"), "PDF", save_all=True, append_images=[Image.fromarray(SCAN)] * 4)
    expected = [page.pixels for page in decode_pages(data, range(5), LIMITS)]
    seen = []

    def work():
        for _ in range(20):
            pages = decode_pages(data, range(5), LIMITS)
            seen.append(all(np.array_equal(page.pixels, pixels) for page, pixels in zip(pages, expected, strict=True)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == [True] * 80


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in other units elsewhere")
def test_memory_stays_flat_over_a_thousand_pages():
    scan = np.tile(drawn(300, 200), (2, 2))
    plain, masked = image_object(scan), image_object(scan, b"/SMask 99 0 R")
    files = [scan_pdf(image, matrix="600 0 0 400 0 0", box="0 0 600 400") for image in (plain, masked)]
    files.append(pdf(CATALOGUE, b"<< /Type /Pages /Kids [] /Count 0 >>"))

    def read_all(times):
        for _ in range(times):
            for data in files:
                list(decode_pages(data, [0], DecodeLimits(render_dpi=72)))
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    before = read_all(20)
    after = read_all(500)

    assert after - before < 20, "megabytes; one page leaked at each reading would be 240"

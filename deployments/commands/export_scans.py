"""The scans of an export: their pictures, decoded in a process of its own, and the PDFs of their pages until all are there."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from deployments.commands.export_files import ExportFolder
from digit_core.errors import PageError
from digit_core.exports.page_content import PageContent
from digit_core.exports.searchable_pdf import PagePicture, picture_or_error
from flows.planning import limits
from flows.settings import Settings
from tasks.adapters.storage.storage import Storage
from tasks.decoding import result_of
from tasks.worker_pool import WorkerPool


class Volumes:
    """The pages of scans of several pages, each a PDF in `place` until all are there: a later run may have read one anew."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._names: dict[str, str] = {}

    def part_of(self, page: PageContent, folder: ExportFolder) -> Path:
        """Where this page's PDF goes."""
        scan = hashlib.sha256(f"{page.uri}\n{page.sha256}".encode(errors="surrogatepass")).hexdigest()[:32]
        if scan not in self._names:
            self._names[scan] = folder.name_of_scan(page)
            (self._place / scan).mkdir()
        return self._place / scan / f"{page.number:09}.pdf"

    def parts(self) -> Iterator[tuple[str, list[Path]]]:
        """The name of each scan, and its pages in their order."""
        for scan, name in self._names.items():
            yield name, sorted((self._place / scan).iterdir())


class Scans:
    """The pictures of pages, decoded in a process whose time and memory are limited."""

    def __init__(self, storage: Storage, settings: Settings, place: Path) -> None:
        self._storage, self._limits, self._place = storage, limits(settings), place / "scans"
        self._place.mkdir()
        self._pool = WorkerPool(1, settings.page_seconds, settings.page_megabytes)
        self._file: tuple[str, str, Path | str] = ("", "", "")

    def picture(self, page: PageContent) -> PagePicture | str:
        """The page's picture, or why there is none."""
        file = self._fetched(page)
        if isinstance(file, str):
            return file
        try:
            (outcome,) = self._pool.run(picture_or_error, [(file, page.number - 1, self._limits)])
            picture = result_of(outcome)
        except PageError as error:
            return str(error)
        same = (picture.width, picture.height) == (page.width, page.height)
        return picture if same else "its picture has another size than when it was read"

    def _fetched(self, page: PageContent) -> Path | str:
        """The file as it was read, kept while the pages of one scan follow one another; or why it cannot be had."""
        uri, sha256, file = self._file
        if (uri, sha256) != (page.uri, page.sha256):
            shutil.rmtree(self._place)
            self._place.mkdir()
            file = self._fetch(page)
            self._file = (page.uri, page.sha256, file)
        return file

    def _fetch(self, page: PageContent) -> Path | str:
        (file,) = self._storage.fetch([page.uri], self._place)
        if not isinstance(file, Path):
            return "it cannot be had any more"
        try:
            with file.open("rb") as data:
                same = hashlib.file_digest(data, "sha256").hexdigest() == page.sha256
        except OSError as error:
            return f"it cannot be read: {error.strerror}"
        return file if same else "it has changed since it was read; run `digits digitise` again"

    def close(self) -> None:
        """End the process."""
        self._pool.close()

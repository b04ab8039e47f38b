"""PDF text through pdfium, the engine of a browser, which gives Arabic back in reading order for most producers.

Two things it gets wrong. It turns each right-to-left run around letter by letter, and so the letters of a ligature,
which the file lists in reading order, come out backwards: الأسواق becomes األسواق in PDFs of LibreOffice. Such letters
are known by sharing one box on the page. And text that was drawn in logical order comes out with its lines reversed;
that is judged by its words (`repair`).
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterator, Sequence
from ctypes import c_double
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from classifier.documents.repair import repair
from classifier.documents.scoring import count_arabic, fold_forms
from classifier.documents.source import Raw, Source
from classifier.documents.titles import usable_title
from classifier.errors import DocumentError, Reason

if TYPE_CHECKING:
    import pypdfium2

_PASSWORD = 4  # FPDF_ERR_PASSWORD
_IMAGE = 3  # FPDF_PAGEOBJ_IMAGE
_OCR = "run OCR first (for instance ocrmypdf --language ara)"
# pdfium is not thread-safe, and predictions may run in threads.
_PDFIUM = threading.Lock()
_LAM_ALEF = re.compile(r"[اأإآ]ل|ل[اأإآ]")
_PAIR = 2
_LIGATURES = {"ال": "ﻻ", "أل": "ﻷ", "إل": "ﻹ", "آل": "ﻵ"}
_END = "\r\n"  # of a line, for pdfium
_WIDER = 1.2  # times the gap between lines: between paragraphs
_SAME_SIZE = 0.5  # points
_SHORT = 0.85  # of the width of a full line: where a paragraph may end
_NEW_PAGE = "\n\f\n"
_LINE_END = re.compile(r"[.!?؟:؛…»\"”]$")
_NO_GLYPH = re.compile(r"[\ue000-\uf8ff\ufffd\ufffe\uffff\x00-\x08\x0e-\x1f]+")


class _Place(NamedTuple):
    """Where a line begins: points above the foot of the page, and the size of its letters (points)."""

    height: float
    size: float

    def gap(self, below: _Place) -> float:
        """Points down to the line below; infinite where that is set in another size."""
        return self.height - below.height if abs(self.size - below.size) < _SAME_SIZE else math.inf


def read(source: Source) -> Raw:
    """A PDF's text layer, page by page; raises `DocumentError` for locked, damaged and image-only files."""
    with _PDFIUM:
        pages, images, count, title = _extract(source)
    text = _NEW_PAGE.join(pages)
    if not text.strip():
        raise _no_text(source.data, images, count)
    if sum(map(len, _NO_GLYPH.findall(text))) * 3 > len(text):
        raise DocumentError(Reason.UNREADABLE, f"a PDF whose fonts do not say which letters they show; {_OCR}")
    notes: tuple[str, ...] = (f"only the first {len(pages):,} of {count:,} pages read",) if count > len(pages) else ()
    text, repairs = repair(_NO_GLYPH.sub("", text), source.knows)
    text = fold_forms(text)
    # Only now, as visual order is turned line by line.
    text = "\n\n".join(filter(None, map(join_lines, text.split(_NEW_PAGE))))
    return Raw(text, usable_title(title, source.name), None, (*notes, *repairs))


def _extract(source: Source) -> tuple[list[str], int, int, str]:
    """The text of each page, the number of images seen, the number of pages, and the title of the properties."""
    document = _open(source.data)
    try:
        pages, images = [], 0
        for index in range(min(len(document), source.budget.limits.max_pages)):
            text = _page_text(document, index)
            source.budget.spend(2 * len(text))
            images += 0 if text else _count_images(document, index)
            pages.append(text)
        return pages, images, len(document), document.get_metadata_value("Title")
    finally:
        document.close()


def _open(data: bytes) -> pypdfium2.PdfDocument:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD or "password" in str(error).lower():
            raise DocumentError(Reason.ENCRYPTED, "the PDF is protected by a password; save it without one") from error
        raise DocumentError(Reason.BROKEN_FILE, f"a damaged or cut-off PDF ({error}); get another copy") from error


def _page_text(document: pypdfium2.PdfDocument, index: int) -> str:
    import pypdfium2

    try:
        page = document[index]
        words = page.get_textpage()
    except pypdfium2.PdfiumError:
        return ""  # one lost page of a damaged file must not lose the others
    try:
        text: str = words.get_text_range()
        lines = _mend_ligatures(words, text).split(_END)
        return "\n".join(_spaced(lines, _places(words, text.split(_END)))).strip()
    finally:
        words.close()
        page.close()


def _places(words: pypdfium2.PdfTextPage, lines: Sequence[str]) -> list[_Place | None]:
    """How high on the page each line stands, and the size of its letters; None for empty ones."""
    from pypdfium2 import raw

    count, start = words.count_chars(), 0
    places: list[_Place | None] = []
    for line in lines:
        shown = [number for number, sign in enumerate(line, start) if not sign.isspace()]
        start += len(line) + len(_END)
        some = [shown[0], shown[len(shown) // 2], shown[-1]] if shown else []
        found = [raw.FPDFText_GetCharIndexFromTextIndex(words, number) for number in some]
        if not found or not all(0 <= number < count for number in found):
            places.append(None)
            continue
        across, height = c_double(), c_double()
        raw.FPDFText_GetCharOrigin(words, found[1], across, height)
        places.append(_Place(height.value, median(raw.FPDFText_GetFontSize(words, number) for number in found)))
    return places


def _spaced(lines: Sequence[str], places: Sequence[_Place | None]) -> Iterator[str]:
    """The lines with empty ones where letters change their size, or a sentence ends and more room is left."""
    gaps = [one.gap(other) for one, other in pairwise(places) if one and other]
    narrow = sorted(gap for gap in gaps if 0 < gap < math.inf)
    most = _WIDER * narrow[len(narrow) // 4] if narrow else math.inf
    full = _width(lines)
    for (before, line), (above, here) in zip(pairwise(("", *lines)), pairwise((None, *places)), strict=True):
        gap = above.gap(here) if above and here else 0.0
        if gap == math.inf or (gap > most and _may_end(before, full)):
            yield ""
        yield line


def _may_end(line: str, full: int) -> bool:
    """Whether a paragraph may end with a line, which may still stand in visual order."""
    return len(line) < _SHORT * full or _LINE_END.search(line[:1]) is not None or _LINE_END.search(line) is not None


def _mend_ligatures(words: pypdfium2.PdfTextPage, text: str) -> str:
    """A page's text with its lam-alefs as one sign each, which no reversal tears, and other ligatures turned back."""
    pairs = [hit.start() for hit in _LAM_ALEF.finditer(text)]
    # Chosen by letters first: asking for the boxes of every character would double the time.
    boxes = _Boxes(words)
    joined = [place for place in pairs if boxes.share(place, place + 1) and not boxes.share(place + 1, place + 2)]
    joined = [place for place in joined if place == 0 or not boxes.share(place - 1, place)]
    if 2 * sum(text[place] != "ل" for place in joined) > len(joined):
        text = _turn_groups(text, boxes)
    letters = list(text)
    for place in joined:
        letters[place : place + 2] = _LIGATURES["".join(sorted(letters[place : place + 2]))], ""
    return "".join(letters).replace("\ufeff", "")


class _Boxes:
    """Where the characters of a page stand, by their index in its text."""

    def __init__(self, words: pypdfium2.PdfTextPage) -> None:
        self._words = words
        self._count = words.count_chars()

    def share(self, first: int, second: int) -> bool:
        """True for two characters that are one glyph: the same box, which is not empty."""
        box = self._box(first)
        return box is not None and box[0] < box[2] and box == self._box(second)

    def _box(self, place: int) -> tuple[float, float, float, float] | None:
        import pypdfium2.raw

        index = pypdfium2.raw.FPDFText_GetCharIndexFromTextIndex(self._words, place)
        return self._words.get_charbox(index) if 0 <= index < self._count else None


def _turn_groups(text: str, boxes: _Boxes) -> str:
    """Every run of Arabic letters that share one box (الله, في in some fonts), turned around."""
    letters = list(text)
    start = 0
    for end in range(1, len(text) + 1):
        if end < len(text) and count_arabic(text[end - 1 : end + 1]) == _PAIR and boxes.share(end - 1, end):
            continue
        letters[start:end] = letters[start:end][::-1]
        start = end
    return "".join(letters)


def _count_images(document: pypdfium2.PdfDocument, index: int) -> int:
    import pypdfium2

    try:
        return sum(1 for _ in document[index].get_objects(filter=[_IMAGE], max_depth=2))
    except pypdfium2.PdfiumError:
        return 0


def _no_text(data: bytes, images: int, pages: int) -> DocumentError:
    if images:
        return DocumentError(Reason.UNREADABLE, f"a PDF of {pages:,} scanned pages without a text layer; {_OCR}")
    if b"%%EOF" not in data[-2048:]:
        return DocumentError(Reason.BROKEN_FILE, "a PDF that breaks off before its end; get another copy")
    return DocumentError(Reason.UNREADABLE, f"a PDF of {pages:,} pages without a text layer; if it shows text, {_OCR}")


def _width(lines: Sequence[str]) -> int:
    """The length of a line that fills the page; a tenth of them may be longer."""
    return sorted(map(len, lines))[int(0.9 * (len(lines) - 1))]


def join_lines(page: str) -> str:
    """A page's lines joined into paragraphs, which end where a line, or a sentence in one, stops short of the width."""
    lines = [line.strip() for line in page.split("\n")]
    full = _width(lines)
    paragraphs: list[str] = []
    current: list[str] = []
    for line in lines:
        current += [line] if line else []
        short = len(line) < 0.6 * full or (len(line) < _SHORT * full and _LINE_END.search(line) is not None)
        if not line or short:
            paragraphs.append(" ".join(current))
            current = []
    return "\n\n".join(filter(None, (*paragraphs, " ".join(current))))

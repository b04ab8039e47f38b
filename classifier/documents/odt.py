"""OpenDocument text (LibreOffice), zipped or flat: headings, paragraphs and notes, straight from the XML."""

from __future__ import annotations

from classifier.documents.archives import open_zip, unpack_member
from classifier.documents.source import Raw, Source
from classifier.documents.titles import usable_title
from classifier.documents.xmltext import Attributes, TextCollector, collect
from classifier.errors import DocumentError, Reason

_SIGNS = {"tab": "\t", "line-break": "\n", "s": " "}
# Deleted passages stay in the file, and so do comments, with their authors and dates.
_SKIPPED = frozenset({"tracked-changes", "annotation", "master-styles", "settings", "scripts"})
_METADATA = frozenset({"title", "subject", "description"})


class _OpenDocumentText(TextCollector):
    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self._skipping = 0
        self._in_metadata = ""
        self._styled_title = False
        self._title_styles = {"Title"}

    def start(self, name: str, attributes: Attributes) -> None:
        if name in _SKIPPED or self._skipping:
            self._skipping += 1
        elif name in {"p", "h"}:
            self.open_paragraph()
            self._styled_title = attributes.get("style-name", "") in self._title_styles
        elif name == "style" and attributes.get("parent-style-name") == "Title":
            self._title_styles.add(attributes.get("name", ""))  # any formatting by hand makes a style of its own
        elif name in _SIGNS:
            self.add(_SIGNS[name])  # one space, however many it claims to stand for
        elif name in _METADATA:
            self._in_metadata = name

    def end(self, name: str) -> None:
        self._in_metadata = ""
        if self._skipping:
            self._skipping -= 1
        elif name in {"p", "h"}:
            text = self.close_paragraph()
            if self._styled_title and text:
                self.title = text
            self._styled_title = False

    def characters(self, text: str) -> None:
        if self._skipping:
            return
        if self._in_metadata == "title" and not self._open:
            self.title += text
        else:
            self.add(text)


def read(source: Source) -> Raw:
    """An OpenDocument text; the title is the paragraph of style Title, else the one in its properties."""
    words = _OpenDocumentText()
    for part in _parts(source):
        collect(part, words)
    return Raw("\n\n".join(words.paragraphs), usable_title(words.title, source.name))


def _parts(source: Source) -> list[bytes]:
    if not source.data.startswith(b"PK"):
        return [source.data]
    with open_zip(source) as archive:
        parts = {info.filename: info for info in archive.infolist()}
        if "content.xml" not in parts:
            raise DocumentError(Reason.BROKEN_FILE, "an OpenDocument file without its main text; get another copy")
        manifest = parts.get("META-INF/manifest.xml")
        if manifest and b"encryption-data" in unpack_member(source, archive, manifest):
            raise DocumentError(Reason.ENCRYPTED, "protected by a password; save it without one")
        return [unpack_member(source, archive, parts[name]) for name in ("meta.xml", "content.xml") if name in parts]

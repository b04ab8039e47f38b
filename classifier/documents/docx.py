"""Word documents: the text of body, tables, text boxes and notes, straight from the XML.

Not through python-docx: it builds the whole package (pictures too) and gives neither text boxes, footnotes nor content
controls, while here everything unpacked is counted and entities are refused.
"""

from __future__ import annotations

import re
from functools import partial

from classifier.documents.archives import open_zip, unpack_member
from classifier.documents.source import Part, Raw, Source
from classifier.documents.titles import usable_title
from classifier.documents.xmltext import Attributes, TextCollector, collect
from classifier.errors import DocumentError, Reason

_BODY = re.compile(r"word/document\d*\.xml")  # Office on the web writes document2.xml
_NOTES = ("word/footnotes.xml", "word/endnotes.xml")
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_OFF = ("0", "false", "off")
_PIECE = re.compile(r"word/[^/]+\.(?:mht|mhtml|html?|rtf|txt)")  # whole documents put in, as exporters of web pages do
# The old drawing of a text box repeats the new one, and moved text is found where it was moved to.
_SKIPPED = frozenset({"Fallback", "moveFrom", "rPrChange"})  # the last is how text looked once


class _WordText(TextCollector):
    def __init__(self) -> None:
        super().__init__()
        self.title: str | None = None
        self._skipping = 0
        self._in_text = False
        self._is_hidden = False
        self._styled_title = False

    def start(self, name: str, attributes: Attributes) -> None:
        if name in _SKIPPED or self._skipping:
            self._skipping += 1
        elif name == "p":
            self.open_paragraph()
        elif name == "r":
            self._is_hidden = False
        elif name == "vanish":
            self._is_hidden = attributes.get("val", "") not in _OFF
        elif name == "t":
            self._in_text = not self._is_hidden
        elif name in _SIGNS:
            self.add(_SIGNS[name])
        elif name == "pStyle":
            self._styled_title = attributes.get("val", "").lower() == "title"

    def end(self, name: str) -> None:
        if self._skipping:
            self._skipping -= 1
        elif name == "t":
            self._in_text = False
        elif name == "p":
            text = self.close_paragraph()
            if self._styled_title and text and self.title is None:
                self.title = text
            self._styled_title = False

    def characters(self, text: str) -> None:
        if self._in_text and not self._skipping:
            self.add(text)


class _Properties(TextCollector):
    """The title among the document's properties."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self._in_title = False

    def start(self, name: str, attributes: Attributes) -> None:
        self._in_title = name == "title"

    def end(self, name: str) -> None:
        self._in_title = False

    def characters(self, text: str) -> None:
        if self._in_title:
            self.title += text


def read(source: Source) -> Raw:
    """A Word document (2007 and later); the title is the paragraph of style Title, else the one in its properties."""
    words = _WordText()
    with open_zip(source) as archive:
        names = archive.namelist()
        body = next((name for name in names if _BODY.fullmatch(name)), None)
        if body is None:
            raise DocumentError(Reason.BROKEN_FILE, "a Word file without its main text; get another copy")
        for part in (body, *(name for name in _NOTES if name in names)):
            collect(unpack_member(source, archive, archive.getinfo(part)), words)
        pieces = (name for name in names if _PIECE.fullmatch(name))
        texts, notes = source.inner_texts(
            Part(name, name, partial(unpack_member, source, archive, archive.getinfo(name))) for name in pieces
        )
        properties = _Properties()
        if "docProps/core.xml" in names:
            collect(unpack_member(source, archive, archive.getinfo("docProps/core.xml")), properties)
    text = "\n\n".join((*words.paragraphs, *texts))
    return Raw(text, words.title or usable_title(properties.title, source.name), None, tuple(notes))

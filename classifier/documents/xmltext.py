"""The text of a document's XML, streamed: one pass, no tree, so nesting costs no stack and a large file little memory.

Neither Word nor OpenDocument files may have a document type, and only with one can entities be declared: refusing it
refuses every entity bomb and every reference to another file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from classifier.errors import DocumentError, Reason

Attributes = Mapping[str, str]


class TextCollector:
    """Paragraphs being collected; subclasses say which elements hold text, by local names (Word has two namespaces)."""

    def __init__(self) -> None:
        self.paragraphs: list[str] = []
        self._open: list[list[str]] = []  # a stack, as a text box is a paragraph within a paragraph

    def start(self, name: str, attributes: Attributes) -> None:
        """An element opens."""

    def end(self, name: str) -> None:
        """An element closes."""

    def characters(self, text: str) -> None:
        """Characters between tags."""

    def open_paragraph(self) -> None:
        """Text belongs to a new paragraph from here on."""
        self._open.append([])

    def add(self, text: str) -> None:
        """Text of the innermost open paragraph; outside of any it is dropped."""
        if self._open:
            self._open[-1].append(text)

    def close_paragraph(self) -> str:
        """The paragraph's text, also kept in `paragraphs` unless blank."""
        text = "".join(self._open.pop()).strip() if self._open else ""
        if text:
            self.paragraphs.append(text)
        return text


def collect(data: bytes, collector: TextCollector) -> None:
    """Feed an XML file to a collector; raises `DocumentError` for entity declarations and for damaged XML."""
    from xml.parsers import expat

    # Namespaces are not resolved: an address of megabytes would be copied for every tag.
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = _localised_start(collector)
    parser.EndElementHandler = lambda name: collector.end(name.rpartition(":")[2])
    parser.CharacterDataHandler = collector.characters
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise DocumentError(Reason.BROKEN_FILE, f"its XML is damaged ({error}); get another copy") from error


def _localised_start(collector: TextCollector) -> Callable[[str, dict[str, str]], None]:
    def start(name: str, attributes: dict[str, str]) -> None:
        collector.start(name.rpartition(":")[2], {key.rpartition(":")[2]: value for key, value in attributes.items()})

    return start


def _refuse_doctype(*_: Any) -> None:
    raise DocumentError(
        Reason.BROKEN_FILE,
        "its XML declares a document type, which no such file may have and entity bombs need; save it"
        " again as DOCX or ODT if you trust it",
    )

"""Plain text and Markdown: bytes decoded."""

from __future__ import annotations

from classifier.documents.decoding import decode
from classifier.documents.formats import extension_of
from classifier.documents.source import Raw, Source


def read(source: Source) -> Raw:
    """A text file; in Markdown a heading of the first level on top is the title."""
    decoded = decode(source.data, source.knows)
    title, text = (
        _split_heading(decoded.text) if extension_of(source.name) in {".md", ".markdown"} else (None, decoded.text)
    )
    return Raw(text, title, decoded.encoding, decoded.repairs)


def _split_heading(text: str) -> tuple[str | None, str]:
    heading, _, rest = text.lstrip().partition("\n")
    return (heading[2:].strip(" #") or None, rest) if heading.startswith("# ") else (None, text)

"""Plain text and Markdown: bytes decoded, paragraphs found."""

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
    return Raw(separate_paragraphs(text), title, decoded.encoding, decoded.repairs)


def separate_paragraphs(text: str) -> str:
    """Paragraphs set apart by blank lines where the text has only single line ends, unless they come from wrapping.

    >>> separate_paragraphs("فقرة أولى\\nفقرة ثانية")
    'فقرة أولى\\n\\nفقرة ثانية'
    """
    if "\n\n" in text or "\n" not in text:
        return text
    lines = text.split("\n")
    return text if _is_wrapped(lines) else "\n\n".join(lines)


def _is_wrapped(lines: list[str]) -> bool:
    """Hard-wrapped prose: nearly all lines of about the same length, none beyond a terminal or page width."""
    lengths = sorted(len(line) for line in lines[:200] if line.strip())[:-1]
    return len(lengths) >= 3 and 40 <= lengths[-1] <= 100 and lengths[len(lengths) // 5] >= 0.75 * lengths[-1]


def _split_heading(text: str) -> tuple[str | None, str]:
    heading, _, rest = text.lstrip().partition("\n")
    return (heading[2:].strip(" #") or None, rest) if heading.startswith("# ") else (None, text)

"""Plain text and Markdown: bytes decoded, and letters that are spelt by numbers."""

from __future__ import annotations

import re

from classifier.documents.decoding import Decoded, decode
from classifier.documents.formats import extension_of
from classifier.documents.scoring import count_arabic
from classifier.documents.source import Raw, Source

_JSON_LETTER = re.compile(r"\\u06[0-9a-fA-F]{2}")
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([nrt\"/\\]))")
_SIGNS = {"n": "\n", "r": "\r", "t": "\t"}
_REFERENCE = re.compile(r"&#(?:1[5-7]\d\d|[xX]06[0-9a-fA-F]{2});")


def read(source: Source) -> Raw:
    """A text file; in Markdown a heading of the first level on top is the title."""
    decoded = _unescaped(decode(source.data, source.knows))
    title, text = (
        _split_heading(decoded.text) if extension_of(source.name) in {".md", ".markdown"} else (None, decoded.text)
    )
    return Raw(text, title, decoded.encoding, decoded.repairs)


def _unescaped(found: Decoded) -> Decoded:
    """The text, with letters where most of its Arabic is spelt by numbers, as programs do that trust no encoding."""
    text = found.text
    if "\\u06" in text and _count(_JSON_LETTER, text) > count_arabic(text):
        letters = _JSON_ESCAPE.sub(_letter, text)
        text = letters.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # two escapes make one rare sign
        return Decoded(text, found.encoding, (*found.repairs, "JSON escapes decoded"))
    if "&#" in text and _count(_REFERENCE, text) > count_arabic(text):
        from html import unescape

        return Decoded(unescape(text), found.encoding, (*found.repairs, "character references decoded"))
    return found


def _count(pattern: re.Pattern[str], text: str) -> int:
    return sum(1 for _ in pattern.finditer(text))


def _letter(escape: re.Match[str]) -> str:
    if escape[2]:
        return _SIGNS.get(escape[2], escape[2])
    code = int(escape[1], 16)
    return chr(code) if code >= 0x20 else " "


def _split_heading(text: str) -> tuple[str | None, str]:
    heading, _, rest = text.lstrip().partition("\n")
    return (heading[2:].strip(" #") or None, rest) if heading.startswith("# ") else (None, text)

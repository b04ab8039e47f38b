"""What reading yields (`Document`) and what it may cost (`Limits`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Knows = Callable[[str], float]
"""Share (0..1) of a text's words that the loaded model knows."""

MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Document:
    """The text of one document and how it was obtained."""

    text: str
    """The title, if any, as its own first paragraph, then the main text; paragraphs on lines of their own.

    Of plain text in which nothing was put right it is the file itself, decoded, its line ends as "\\n".
    """
    title: str | None
    format: str
    """A name from the table of formats: "txt", "html", "pdf", "docx", "rtf", "odt", "eml" or "zip" (several joined)."""
    encoding: str | None = None
    """The character encoding of formats made of bytes; None where the format settles it."""
    repairs: tuple[str, ...] = field(default=())
    """What was put right or had to be left out, in words; empty when the text is just as it was found."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost; anything beyond is refused as TOO_LARGE, except that long PDFs are cut and say so."""

    max_bytes: int = 100 * MEGABYTE
    """Size of the file itself."""
    max_unpacked: int = 200 * MEGABYTE
    """Bytes that everything compressed in it may unpack to, all nested layers together."""
    max_ratio: int = 250
    """Unpacked over packed bytes, looked at from ten megabytes on: real XML packs 5 to 50 times, bombs 1,000 times."""
    max_pages: int = 2_000
    """PDF pages read; the rest is left out and `Document.repairs` says so."""
    max_members: int = 10_000
    """Members of an archive or attachments of a message."""

    def is_bomb(self, unpacked: int, packed: int) -> bool:
        """Whether so many packed bytes hold more than documents do."""
        return unpacked > 10_000_000 and unpacked > self.max_ratio * packed

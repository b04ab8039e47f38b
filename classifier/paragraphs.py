"""A text as paragraphs, and which of them are its own words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from classifier.boilerplate import boilerplate
from classifier.prediction import Span

LONG_LINE, SENTENCES = 800, 150  # characters: a longer line is cut into groups of sentences at least so long

LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # all that `str.splitlines` cuts at
# A sign with none before it comes first, as patterns are found fast whose first character is one of few.
_SENTENCE_END = re.compile(
    r"[.!?؟…](?<![.!?؟…].)[.!?؟…]*(?:[\"»”)\]]*\s+|(?<=\s\.)(?=[^\d\s]))",
    re.DOTALL,
)


class Paragraph(NamedTuple):
    """Characters `start` to `end`: a line, or some sentences of a long one; boilerplate does not vote."""

    start: int
    end: int
    votes: bool


def paragraphs_of(text: str) -> list[Paragraph]:
    """The paragraphs of a text: lines that hold anything, overlong ones cut at sentence ends."""
    lines = _lines(text)
    furniture = boilerplate(text, lines)
    return [
        Paragraph(*span, number not in furniture)
        for number, line in enumerate(lines)
        for span in (_sentences(text, *line) if line[1] - line[0] > LONG_LINE else (line,))
    ]


def spoken(text: str, paragraphs: Sequence[Paragraph]) -> str:
    """The words of the paragraphs that vote."""
    return "\n".join(text[paragraph.start : paragraph.end] for paragraph in paragraphs if paragraph.votes)


def blanked(text: str, kept: Sequence[Paragraph]) -> str:
    """The text with spaces in place of all but the paragraphs kept, so that every character stays where it was."""
    parts, place = [], 0
    for paragraph in kept:
        parts += [" " * (paragraph.start - place), text[paragraph.start : paragraph.end]]
        place = paragraph.end
    return "".join(parts) + " " * (len(text) - place)


def without_boilerplate(text: str) -> str:
    """The text with spaces in place of boilerplate; itself where it has none, as a single line has none."""
    if not any(map(text.__contains__, LINE_ENDS)):  # four times as fast as to cut it
        return text
    lines = _lines(text)
    if len(lines) < 2:
        return text
    furniture = boilerplate(text, lines)
    own = [Paragraph(*line, True) for number, line in enumerate(lines) if number not in furniture]
    return blanked(text, own) if furniture else text


def _lines(text: str) -> list[Span]:
    """The lines that hold anything, without the spaces around them."""
    spans, place = [], 0
    for line in text.splitlines(keepends=True):
        bare = line.lstrip()
        start = place + len(line) - len(bare)
        place += len(line)
        if bare:
            spans.append((start, start + len(bare.rstrip())))
    return spans


def _sentences(text: str, start: int, end: int) -> Iterator[Span]:
    """Groups of whole sentences, each at least SENTENCES characters."""
    first = start
    for match in _SENTENCE_END.finditer(text, start, end):
        stop = match.start() + len(match[0].rstrip())
        if stop - first >= SENTENCES and end - stop >= SENTENCES:
            yield first, stop
            first = match.end()
    yield first, end

"""A text as paragraphs, and which of them are its own words rather than links to other pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from classifier.prediction import Span

LONG_LINE, SENTENCES = 800, 150  # characters: a longer line is cut into groups of sentences at least so long
HEADLINE_WORDS = range(3, 16)
HEADLINES = 5  # so many in a row are a list of links even without a heading, unless they open the text

_LINE = re.compile(r"\S[^\n\r\v\f\x85\u2028\u2029]*")
_SENTENCE_END = re.compile(r"[.!?؟…]+[\"»”)\]]*\s+|\s\.(?=[^\d\s])")
_LIST_HEADING = re.compile(
    r"""\W*(?:
      [اأإ]قر[أا]و?ا?\s+(?:[أاإ]يض|المزيد|عن|كذلك|في)
    | (?:شاهد|طالع|انظر|تابع)و?ا?\s+[أا]يض
    | (?:ال)?(?:مواضيع|موضوعات|مقالات|[أا]خبار|مواد|تقارير|روابط|صفحات)\s+(?:ذات\s+|متعلقة|مشابهة|مرتبطة|مختارة|[أا]خرى)
    | ذات\s+صلة | قد\s+(?:يعجبك|يهمك|تعجبك) | ال[أا]كثر\s+(?:قراءة|مشاهدة|تداولا|تعليقا|شيوعا)
    | (?:ال|لل)مزيد\s+(?:من|حول|عن) | تابعو?نا | الوسوم | كلمات\s+(?:مفتاحية|دلالية|البحث)
    )""",
    re.VERBOSE,
)


class Paragraph(NamedTuple):
    """Characters `start` to `end`: a line, or some sentences of a long one; a link to another page does not vote."""

    start: int
    end: int
    votes: bool


def paragraphs_of(text: str) -> list[Paragraph]:
    """The paragraphs of a text: lines that hold anything, overlong ones cut at sentence ends."""
    lines = [(match.start(), match.start() + len(match[0].rstrip())) for match in _LINE.finditer(text)]
    links = _links(text, lines)
    return [
        Paragraph(*span, number not in links)
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


def _sentences(text: str, start: int, end: int) -> Iterator[Span]:
    """Groups of whole sentences, each at least SENTENCES characters."""
    first = start
    for match in _SENTENCE_END.finditer(text, start, end):
        stop = match.start() + len(match[0].rstrip())
        if stop - first >= SENTENCES and end - stop >= SENTENCES:
            yield first, stop
            first = match.end()
    yield first, end


def _links(text: str, lines: Sequence[Span]) -> set[int]:
    """The numbers of the lines that only lead to other pages."""
    links: set[int] = set()
    run: list[int] = []
    headed = False
    for number, (start, end) in enumerate(lines):
        line = text[start:end]
        if len(line) < 200 and _LIST_HEADING.match(line):
            links.add(number)
            run, headed = [], True
        elif _is_headline(line):
            run.append(number)
        else:
            # The last headline before running text is that text's title.
            links.update(_list_of(run[:-1], headed))
            run, headed = [], False
    links.update(_list_of(run, headed))
    return links


def _list_of(run: Sequence[int], headed: bool) -> Sequence[int]:
    return run if headed or (len(run) >= HEADLINES and run[0] > 0) else ()


def _is_headline(line: str) -> bool:
    return len(line) < 160 and line[-1] not in ".!؟?…،:؛" and line.count(" ") + 1 in HEADLINE_WORDS

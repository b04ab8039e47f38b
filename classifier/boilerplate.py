"""Which lines of a text are the page's furniture and not its words: menus, lists of links, notices, buttons.

Text copied or extracted from a page brings along what stood around the article, and a short article has fewer words
than that. Only the form of lines and fixed phrases are looked at, never what a line is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import pairwise

from classifier.prediction import Span

HEADLINE_WORDS = 15
REST = 2  # words: so many may stand behind the phrase that makes a line a heading; a title has more
HEADLINE, HEADING = 160, 200  # characters: a headline is shorter, and so is the heading of a list of them
ENOUGH = 15  # words of running text, at least: beside so many, other lines are furniture, unless the text is ...
FORM, PAGE = (
    0.3,
    0.15,
)  # ... a form or a table, with a smaller share of running text; of what is sure to be a page, less
MARKS, BAR, ENTRY = (
    ("|", "•", "·", "›", "***", "///", "::"),
    2,
    12,
)  # so many marks, with so few words to each, make a menu
WRAPPED = 0.5  # the share of lines so full that no further word had room which shows text cut to one width
ROOM = 0.9  # of the longest line: what makes a line full

_ALEF = "[اأإآ]"
_PHRASE = re.compile(
    rf"""\W*(?:(?P<see_also>
      {_ALEF}قر[أاؤ]و?ا?\s+(?:{_ALEF}يضا?|المزيد|عن|كذلك|في|لل?\w+) | (?:شاهد|طالع|انظر|تابع)و?ا?\s+{_ALEF}يضا?
    )|(?P<list>
      (?:ال)?(?:مواضيع|موضوعات|مقالات|{_ALEF}خبار|مواد|تقارير|روابط|صفحات|قصص|عناوين)\s+
      (?:ذات\s+(?:ال)?صلة|(?:ال)?(?:متعلقة|مشابهة|مرتبطة|مختارة|{_ALEF}خرى)|قد\s+[تي](?:هم|عجب)ك)
    | ذات\s+صلة | (?:ربما|قد)\s+[تي](?:هم|عجب)ك
    | ال{_ALEF}كثر\s+(?:قراءة|مشاهدة|تداولا|تعليقا|شيوعا|تفاعلا)
    | (?:{_ALEF}خر|{_ALEF}حدث|{_ALEF}هم|{_ALEF}برز)\s+(?:ال{_ALEF}خبار|المستجدات|المقالات|المواضيع|العناوين)(?=\W*$)
    | {_ALEF}خترنا\s+ل\w+ | نرشح\s+ل\w+ | {_ALEF}خبار\s+من\s+(?:نفس|ذات)\s+\w+ | من\s+(?:نفس|ذات)\s+القسم
    | (?:ال)?تعليقات(?=[\W\d]*$) | (?:ال|لل)مزيد\s+(?:من|حول|عن)\s+\w+ | تابعو?نا | الوسوم
    | كلمات\s+(?:مفتاحية|دلالية|البحث)
    )|(?P<notice>(?:
      حقوق\s+(?:النشر|الطبع)\b.* | سياسة\s+الخصوصية | شروط\s+(?:الاستخدام|الخدمة) | البريد\s+الإلكتروني
    | (?:{_ALEF}ضف|{_ALEF}كتب|{_ALEF}ترك)\s+تعليق.* | (?:{_ALEF}شترك|سجل)\s+(?:في|معنا|الآن).{{0,40}}
    | شارك(?:ها?)?\s+(?:على|عبر|الخبر|المقال|هذا).{{0,40}})\W*$
    ))""",
    re.VERBOSE,
)
_DIGIT = re.compile(r"\d")  # a row of a table has some
_RIGHTS = "الحقوق محفوظة"
_FATHA, _MARKS = "\u064e", re.compile("[\u0640\u064b-\u0652\u0670]")  # tatweel and vowels


class Kind(Enum):
    """What a line looks like."""

    TEXT = "running text"
    HEADLINE = "a title, a link to another page, an entry of a menu"
    MENU = "several entries in a line"
    LIST = "what a list of links stands under"
    SEE_ALSO = "the same, amid an article"
    NOTICE = "furniture by itself"


_HEADINGS = (Kind.LIST, Kind.SEE_ALSO)
_FIXED = (*_HEADINGS, Kind.NOTICE)


def may_hold_boilerplate(text: str) -> bool:
    """A cheap look: below its title, the lines of most texts are long or end in a full stop."""
    _, *lines = text.split("\n")
    short = [line.strip() for line in lines if 0 < len(line) < HEADING and line[-1] != "."]
    return text.count("|") >= BAR or any(line and _kind_of(line) is not Kind.TEXT for line in short)


def boilerplate(text: str, lines: Sequence[Span]) -> set[int]:
    """The numbers of the lines, given as characters of the text, that are not the text's own words.

    Where there is running text enough, that is every line but running text, a title right above it, and a title that
    opens the page; elsewhere only what is said to be links, and what stands under such a heading.
    """
    spelt = [text[start:end] for start, end in lines]
    wrapped = _wrapped(spelt)
    kinds = [Kind.TEXT if number in wrapped else _kind_of(line) for number, line in enumerate(spelt)]
    end = _page_end(spelt, kinds)
    found = {number for number, kind in enumerate(kinds) if kind in _FIXED or number > end}
    words = [line.count(" ") + 1 for line in spelt]
    running = sum(words[number] for number in range(end) if kinds[number] is Kind.TEXT)
    is_page = found or any(
        kind is Kind.MENU and not _DIGIT.search(line) for kind, line in zip(kinds, spelt, strict=True)
    )
    is_article = running >= max(ENOUGH, (PAGE if is_page else FORM) * sum(words))
    for row in _rows(kinds[:end]):
        if is_article or (row.start > 0 and kinds[row.start - 1] in _HEADINGS):
            last = row.stop - 1
            is_title = kinds[last : last + 2] == [Kind.HEADLINE, Kind.TEXT] and not _ends_list(text, lines, last)
            found.update(row[:-1] if is_title else row)
    has_title = kinds[:1] == [Kind.HEADLINE] and words[0] > REST
    return found - {0} if has_title else found


def _kind_of(line: str) -> Kind:
    if _FATHA in line:
        line = _MARKS.sub("", line)
    marks = sum(map(line.count, MARKS))
    if marks >= BAR and len(line.split()) <= ENTRY * marks:
        return Kind.MENU
    if len(line) >= HEADING:
        return Kind.TEXT
    if _RIGHTS in line:
        return Kind.NOTICE
    phrase = _PHRASE.match(line)
    if phrase:
        # «اقرأ أيضا: ...» with a link behind it is that link, and no list stands under it.
        is_heading = phrase.lastgroup != "notice" and len(line[phrase.end() :].split()) <= REST
        return Kind[str(phrase.lastgroup).upper()] if is_heading else Kind.NOTICE
    if len(line) >= HEADLINE or line[-1:] in ".،:؛" or len(line.split()) > HEADLINE_WORDS:
        return Kind.TEXT
    return Kind.HEADLINE


def _page_end(lines: Sequence[str], kinds: Sequence[Kind]) -> int:
    """The number of the heading under which nothing stands but short lines, to the end; else of lines."""
    end = len(lines)
    for number in range(len(lines) - 1, 0, -1):
        if kinds[number] is Kind.LIST:
            end = number
        elif len(lines[number]) >= HEADLINE:
            break
    return end


def _rows(kinds: Sequence[Kind]) -> Iterator[range]:
    """The stretches of lines between running text and headings."""
    start = 0
    for number, kind in enumerate([*kinds, Kind.TEXT]):
        if kind in (Kind.TEXT, *_HEADINGS):
            if start < number:
                yield range(start, number)
            start = number + 1


def _ends_list(text: str, lines: Sequence[Span], number: int) -> bool:
    """Whether a line stands right under the one before, and above an empty one."""
    if number == 0:
        return False
    above, line, below = lines[number - 1 : number + 2]
    return text.count("\n", above[1], line[0]) == 1 and text.count("\n", line[1], below[0]) > 1


def _wrapped(lines: Sequence[str]) -> set[int]:
    """The numbers of the lines on both sides of a break for want of room, in a text all cut to one width."""
    width = max(map(len, lines), default=0)
    if width >= HEADLINE:
        return set()
    pairs = enumerate(pairwise(lines))
    full = {number for number, (line, below) in pairs if len(line) + len(below.partition(" ")[0]) >= ROOM * width}
    return full | {number + 1 for number in full} if len(full) >= WRAPPED * len(lines) else set()

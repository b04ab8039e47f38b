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

LABEL_WORDS, HEADLINE_WORDS = range(3), range(3, 16)
HEADLINE, HEADING = 160, 200  # characters: a headline is shorter, and so is the heading of a list of them
ROW, LAST_ROW = 5, 3  # so many headlines in a row are links even without a heading, fewer where they end the text
MENU = 5  # so many labels in a row
BAR = 4  # so many marks between the words of one line make it a menu
WRAPPED = 0.5  # the share of lines so full that no further word had room which shows text cut to one width
ROOM = 0.9  # of the longest line: what makes a line full

_ALEF = "[اأإآ]"
_SEE_ALSO = re.compile(
    rf"""\W*(?:{_ALEF}قر[أاؤ]و?ا?\s+(?:{_ALEF}يضا?|المزيد|عن|كذلك|في|لل?\w+)
    | (?:شاهد|طالع|انظر|تابع)و?ا?\s+{_ALEF}يضا?)""",
    re.VERBOSE,
)
_LIST = re.compile(
    rf"""\W*(?:
      (?:ال)?(?:مواضيع|موضوعات|مقالات|{_ALEF}خبار|مواد|تقارير|روابط|صفحات|قصص|عناوين)\s+
      (?:ذات\s+(?:ال)?صلة|(?:ال)?(?:متعلقة|مشابهة|مرتبطة|مختارة|{_ALEF}خرى)|قد\s+[تي](?:هم|عجب)ك)
    | ذات\s+صلة | (?:ربما|قد)\s+[تي](?:هم|عجب)ك
    | ال{_ALEF}كثر\s+(?:قراءة|مشاهدة|تداولا|تعليقا|شيوعا|تفاعلا)
    | (?:{_ALEF}خر|{_ALEF}حدث|{_ALEF}هم|{_ALEF}برز)\s+(?:ال{_ALEF}خبار|المستجدات|المقالات|المواضيع|العناوين)(?=\W*$)
    | {_ALEF}خترنا\s+ل\w+ | نرشح\s+ل\w+ | {_ALEF}خبار\s+من\s+(?:نفس|ذات)\s+\w+ | من\s+(?:نفس|ذات)\s+القسم
    | (?:ال)?تعليقات(?=[\W\d]*$) | (?:ال|لل)مزيد\s+(?:من|حول|عن)\s+\w+ | تابعو?نا | الوسوم
    | كلمات\s+(?:مفتاحية|دلالية|البحث)
    )""",
    re.VERBOSE,
)
_NOTICE = re.compile(
    rf"""(?:.*\b(?:جميع|كل|كافة)\s+الحقوق\s+محفوظة\b.* | \W*(?:حقوق\s+(?:النشر|الطبع)\b.*
    | سياسة\s+الخصوصية | شروط\s+(?:الاستخدام|الخدمة) | البريد\s+الإلكتروني
    | (?:{_ALEF}ضف|{_ALEF}كتب|{_ALEF}ترك)\s+تعليق.*
    | (?:{_ALEF}شترك|سجل)\s+(?:في|معنا|الآن).{{0,40}} | شارك(?:ها?)?\s+(?:على|عبر|الخبر|المقال|هذا).{{0,40}}))\W*$""",
    re.VERBOSE,
)
_MARKS = re.compile("[\u0640\u064b-\u0652\u0670]")  # tatweel and vowels
_SEPARATORS = re.compile("[|•·›]")


class Kind(Enum):
    """What a line looks like."""

    TEXT = "running text"
    HEADLINE = "a title, or a link to another page"
    LABEL = "a word or two, as in a menu"
    LIST = "what a list of links stands under"
    SEE_ALSO = "the same, amid an article"
    NOTICE = "furniture by itself"


_HEADINGS = (Kind.LIST, Kind.SEE_ALSO)


def boilerplate(text: str, lines: Sequence[Span]) -> set[int]:
    """The numbers of the lines, given as characters of the text, that are not the text's own words."""
    spelt = [text[start:end] for start, end in lines]
    wrapped = _wrapped(spelt)
    kinds = [Kind.TEXT if number in wrapped else _kind_of(line) for number, line in enumerate(spelt)]
    end = _page_end(spelt, kinds)
    found = {number for number, kind in enumerate(kinds) if kind in (*_HEADINGS, Kind.NOTICE) or number > end}
    for row in _rows(kinds[:end]):
        headed = row.start > 0 and kinds[row.start - 1] in _HEADINGS
        above_text = row.stop < len(kinds) and kinds[row.stop] is Kind.TEXT
        # The last headline before running text is that text's title.
        links = row[:-1] if above_text and not _ends_list(text, lines, row.stop - 1) else row
        labels = [number for number in links if kinds[number] is Kind.LABEL]
        if headed or len(labels) >= MENU:
            found.update(labels)
        headlines = [number for number in links if kinds[number] is Kind.HEADLINE]
        enough = LAST_ROW if row.stop == len(kinds) else ROW
        if headed or (len(headlines) >= enough and headlines[0] > 0):
            found.update(headlines)
    return found


def _kind_of(line: str) -> Kind:
    if len(line) < HEADING:
        spelt = _MARKS.sub("", line)
        for kind, heading in ((Kind.SEE_ALSO, _SEE_ALSO.match(spelt)), (Kind.LIST, _LIST.match(spelt))):
            if heading:
                # «اقرأ أيضا: ...» with a link behind it is that link, and no list stands under it.
                return kind if len(spelt[heading.end() :].split()) in LABEL_WORDS else Kind.NOTICE
        if _NOTICE.match(spelt):
            return Kind.NOTICE
    words, marks = line.count(" ") + 1, len(_SEPARATORS.findall(line))
    if marks >= BAR and words <= BAR * marks:
        return Kind.NOTICE
    if len(line) >= HEADLINE or line[-1] in ".!؟?…،:؛" or words >= HEADLINE_WORDS.stop:
        return Kind.TEXT
    return Kind.LABEL if words in LABEL_WORDS else Kind.HEADLINE


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
    """The numbers of the lines that were broken for want of room, in a text all cut to one width."""
    width = max(map(len, lines), default=0)
    if width >= HEADLINE:
        return set()
    pairs = enumerate(pairwise(lines))
    full = {number for number, (line, below) in pairs if len(line) + len(below.partition(" ")[0]) >= ROOM * width}
    return full if len(full) >= WRAPPED * len(lines) else set()

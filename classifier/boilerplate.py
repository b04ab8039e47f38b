"""Which lines of a text are the page's furniture and not its words: menus, lists of links, notices, buttons.

Text copied or extracted from a page brings along what stood around the article, and a short article has fewer words
than that. Only the form of lines and fixed phrases are looked at, never what a line is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import pairwise

from classifier.arabic import MARKS
from classifier.prediction import Span

HEADLINE_WORDS = 15
REST = 2  # words: so many may stand behind the phrase that makes a line a heading; a title has more
HEADLINE, LONG = 160, 200  # characters: a headline is shorter, and what is longer is no notice either ...
SENTENCE = 110  # ... nor is a longer one that ends in a full stop
ENOUGH = 15  # words of running text, at least: beside so many, other lines are furniture ...
FORM = 0.3  # ... unless a smaller share of all words than this is running text, as in forms and tables; ...
PAGE = 0.15  # ... of what is sure to be a page, than this
SEPARATORS = ("|", "•", "·", "›", "***", "///", "::")
BAR, ENTRY = 2, 12  # so many marks in a line, with so few words to each, make it a menu or a row of a table
ANNOUNCING, NEAR_END = 6, 200  # words of a line that announces a list, at least; characters in which it does
WRAPPED = 0.5  # the share of lines so full that no further word had room which shows text cut to one width
ROOM = 0.9  # of the longest line: what makes a line full

# Phrases are looked for in folded spelling: no marks, one alef, ه for ة and ي for ى.
_NETS = r"(?:ال)?(?:فيس|تويتر|واتس|تلي?[جغ]رام|انست[جغ]رام|يوتيوب|[جغ]و[جغ]ل|سناب|اكس\b|تيك)\w*"
_PHRASE = re.compile(
    rf"""\W*(?:(?P<see_also>
      و?اقر[اؤئ]\w*\s+(?:ايضا|المزيد|كذلك|اكثر|في|عن)\b | و?(?:شاهد|طالع|انظر|تابع)(?:وا|ي)?\s+ايضا\b
    )|(?P<list>(?:
      (?:ال)?(?:مواضيع|موضوع(?:ات)?|مقال(?:ات)?|اخبار|خبر|مواد|تقارير|روابط|صفحات|قصص|عناوين)\s+
      (?:(?:ذات|ذو)\s+(?:ال)?(?:صله|علاقه)|(?:ال)?(?:متعلقه?|مشابهه?|مرتبطه|مختاره|اخري)|قد\s+[تي](?:هم|عجب)ك)
    | ذات\s+صله | (?:ربما|قد)\s+[تي](?:هم|عجب)ك(?:\s+ايضا)?
    | الاكثر\s+(?:قراءه|مشاهده|تداولا|تعليقا|شيوعا|تفاعلا|متابعه|رواجا|ارسالا) | الاعلي\s+قراءه
    | (?:اخر|احدث|اهم|ابرز)\s+(?:الاخبار|الانباء|المستجدات|المقالات|المواضيع|العناوين)
    | (?:اخترنا|نرشح)\s+لكم? | (?:اخبار\s+)?من\s+(?:نفس|ذات)\s+(?:القسم|الكاتب|الباب) | (?:ال)?تعليقات
    | (?:ال|لل)مزيد\s+(?:من|حول|عن)\s+\w+ | تابعو?نا | الوسوم | (?:ال)?كلمات\s+(?:ال)?(?:مفتاحيه|دلاليه|البحث)
    )\b)|(?P<notice>(?:
      حقوق\s+(?:النشر|الطبع)(?:\s+محفوظه\b.*)? | سياسه\s+الخصوصيه | شروط\s+(?:الاستخدام|الخدمه) | البريد\s+الالكتروني
    | (?:اضف|اكتب|اترك)\s+تعليق\w* | كن\s+اول\s+من\s+يعلق.* | لا\s+توجد\s+تعليقات | شاركنا\s+(?:ب?راي|تعليق)\w*
    | (?:اشترك|سجل|انضم|للاشتراك)\w*\s+(?:(?:في|الي)\s+)?ب?(?:ال)?(?:نشرت|نشره|قنات|قناه|قائمت|صفحت|خدمت)\w*.{{0,60}}
    | شارك\s+(?:(?:هذا\s+)?ال(?:خبر|مقال|موضوع)\b.{{0,40}}|(?:علي|عبر)\s+{_NETS}.*)
    | تابع\w*\s(?:.{{0,40}}\s)?(?:علي|عبر)\s+{_NETS}.{{0,40}} | حمل\w*\s+تطبيق\w*.{{0,60}}
    | (?:ل?لمزيد|لقراءه\s+المزيد)\b.{{0,60}}\b(?:اضغط|انقر|تابعونا)\b.*
    | (?:المقال|الخبر|الموضوع)ه?\s+(?:السابق|التالي)ه?\s*[:«»<>-].*
    | .*الحقوق\s+محفوظه\b.*
    )\W*$
    ))""",
    re.VERBOSE,
)
# What is said of cookies is as long as a paragraph.
_COOKIES = re.compile(
    r"""\W*(?:(?:(?:نحن|هذا|الموقع|موقعنا|يستخدم|نستخدم)\s+){1,4}|باستخدامك?\s+(?:\w{1,20}\s+){1,8})
      (?:ملفات\s+(?:تعريف\s+)?الارتباط|(?:ملفات\s+)?(?:ال)?كوكيز)\b""",
    re.VERBOSE,
)
# How a line of text ends, or what it says near its end, where a list of its own stands below: of names, items, parties.
_FOLLOWS = r"(?:كما|و?فيما|و?ما)\s+يلي\b"
_ANNOUNCES = re.compile(
    rf"""[:؛]\s*$ | \b{_FOLLOWS} | \bكال(?:تالي|اتي)\W*$
    | \b[وبل]?(?:ال)?(?:قائم[هت]|قوائم|جدول|جداول|كشوف|اسماء)\s+(?:\w{{1,20}}\s+){{0,2}}ال(?:مرفق|ملحق|تالي|اتي)ه?\b""",
    re.VERBOSE,
)
_SAID_BELOW = re.compile(rf"\W*{_FOLLOWS}")
_NUMBERED = re.compile(r"\W{0,3}(\d{1,3})\s?[.)–-](?!\s?\d)")
_WHOLE_LIST = re.compile(r"\s*(?::\s*[^\W\d]|\(?\s*0\s*\)?\W*$)")  # «الوسوم: ميناء»: all of it stands in the line
_SIGN = re.compile(r"\s*[:|»«<>–—-]")
_DIGIT = re.compile(r"\d")  # a row of a table has some
_DROPPED = re.compile(f"[{MARKS}\u0670\u200b-\u200f\u202a-\u202e\ufeff]")  # and invisible signs
_FOLDED = (("أ", "ا"), ("إ", "ا"), ("آ", "ا"), ("ة", "ه"), ("ى", "ي"))
_CLOSERS = "»”\"')] "


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


def boilerplate(text: str, lines: Sequence[Span]) -> set[int]:
    """The numbers of the lines, given as characters of the text, that are not the text's own words.

    Where there is running text enough, that is every line but running text, a title right above it, and a title that
    opens the page; elsewhere only what is said to be links, and what stands under such a heading.
    """
    spelt = [text[start:end] for start, end in lines]
    may_have_menus = any(mark in text for mark in SEPARATORS)
    kinds = [Kind.MENU if may_have_menus and _is_menu(line) else _kind_of(line) for line in spelt]
    if all(kind is Kind.TEXT for kind in kinds[1:]) and kinds[:1] in ([], [Kind.TEXT], [Kind.HEADLINE]):
        return set()  # as most texts
    for number in _wrapped(spelt):
        kinds[number] = Kind.TEXT if kinds[number] is Kind.HEADLINE else kinds[number]
    words = [len(line.split()) for line in spelt]
    running = [count if kind is Kind.TEXT else 0 for count, kind in zip(words, kinds, strict=True)]
    end = _page_end(spelt, kinds, running)
    found = {number for number, kind in enumerate(kinds) if kind in _FIXED or number > end}
    is_article = sum(running[:end]) >= max(ENOUGH, (PAGE if found or _has_menu(spelt, kinds) else FORM) * sum(words))
    for row in _rows(kinds[:end]):
        under = kinds[row.start - 1] if row.start else None
        if under is Kind.TEXT and _is_own_list(spelt, row):
            continue
        if is_article or under in _HEADINGS:
            last = row.stop - 1
            is_title = kinds[last : last + 2] == [Kind.HEADLINE, Kind.TEXT] and not _ends_list(text, lines, last)
            found.update(row[:-1] if is_title else row)
    has_title = kinds[0] is Kind.HEADLINE and words[0] > REST
    return found - {0} if has_title else found


def _is_menu(line: str) -> bool:
    marks = sum(map(line.count, SEPARATORS))
    return marks >= BAR and len(line.split()) <= ENTRY * marks


def _kind_of(line: str) -> Kind:
    if len(line) < 2 * LONG and ("الارتباط" in line or "كوكيز" in line) and _COOKIES.match(_folded(line)):
        return Kind.NOTICE
    if len(line) > SENTENCE and line[-1] == ".":
        return Kind.TEXT
    line = _DROPPED.sub("", line) if len(line) < 2 * LONG else line
    if len(line) >= LONG:
        return Kind.TEXT
    ends = line.rstrip(_CLOSERS)[-1:] in ".،,:؛"
    is_headline = not ends and len(line) < HEADLINE and len(line.split()) <= HEADLINE_WORDS
    return _said_kind(line, ends=ends) or (Kind.HEADLINE if is_headline else Kind.TEXT)


def _folded(line: str) -> str:
    for letter, folded in _FOLDED:
        line = line.replace(letter, folded)
    return line


def _said_kind(line: str, *, ends: bool) -> Kind | None:
    """The kind of a line by the phrase it begins with, if any; `ends`: it ends as a sentence does."""
    line = _folded(line)
    phrase = _PHRASE.match(line)
    if phrase is None:
        return None
    rest = line[phrase.end() :]
    is_whole = phrase.lastgroup == "list" and _WHOLE_LIST.match(rest)
    if len(rest.split()) <= REST and phrase.lastgroup != "notice" and not is_whole:
        return Kind[str(phrase.lastgroup).upper()]
    # «اقرأ أيضا: ...» is a link itself, and no list stands under it.
    is_link = _SIGN.match(rest) or (phrase.lastgroup == "see_also" and not ends)
    return Kind.NOTICE if is_link or is_whole or phrase.lastgroup == "notice" else None


def _has_menu(lines: Sequence[str], kinds: Sequence[Kind]) -> bool:
    """Whether a line is a menu for sure: it stands alone, as a row of a table does not, and has no figures."""
    around = [Kind.TEXT, *kinds, Kind.TEXT]
    return any(
        around[number : number + 3].count(Kind.MENU) == 1 and not _DIGIT.search(lines[number])
        for number, kind in enumerate(kinds)
        if kind is Kind.MENU
    )


def _page_end(lines: Sequence[str], kinds: Sequence[Kind], running: Sequence[int]) -> int:
    """The number of the heading under which nothing stands but short lines, to the end; else of lines.

    They may be sentences, as teasers and comments are, so there must be more of an article above.
    """
    end, above, below = len(lines), sum(running), 0
    for number in range(len(lines) - 1, 0, -1):
        above, below = above - running[number], below + running[number]
        if kinds[number] is Kind.LIST and above >= max(ENOUGH, below):
            end = number
        elif len(lines[number]) >= HEADLINE or (_is_prose(lines[number - 1]) and _is_prose(lines[number])):
            break  # two such in a row are an article's: teasers have a headline between them
    return end


def _is_prose(line: str) -> bool:
    return len(line.split()) >= ENOUGH and line.rstrip(_CLOSERS).endswith(".")


def _rows(kinds: Sequence[Kind]) -> Iterator[range]:
    """The stretches of lines between running text and headings."""
    start = 0
    for number, kind in enumerate([*kinds, Kind.TEXT]):
        if kind in (Kind.TEXT, *_HEADINGS):
            if start < number:
                yield range(start, number)
            start = number + 1


def _is_own_list(lines: Sequence[str], row: range) -> bool:
    """Whether a stretch of short lines under running text is announced there or by its first line, or numbered."""
    above, first = lines[row.start - 1], lines[row.start]
    if len(above.split()) >= ANNOUNCING and _ANNOUNCES.search(_folded(above[-NEAR_END:])):
        return True
    numbers = [int(match[1]) for number in row if (match := _NUMBERED.match(lines[number]))]
    is_numbered = len(row) > 1 and numbers == [*range(1, len(row) + 1)]
    return is_numbered or _SAID_BELOW.match(_folded(first)) is not None


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

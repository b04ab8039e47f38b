"""The furniture of a web page: menus, footers, comments and boxes of links to other articles, cut out of its tree.

Names tell furniture, but they lie: themes call the column beside a sidebar after it, and builders call everything a
widget. So the boxes that hold the page's prose are found first, and neither they nor what is around them goes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_FURNITURE = ("nav", "footer", "aside", "form", "button", "select", "menu", "dialog")
_BOXES = (*_FURNITURE, "header", "article", "div", "section", "ul", "ol", "p")
INLINE = ("a", "abbr", "b", "big", "em", "font", "i", "mark", "small", "span", "strong", "sub", "sup", "u")
"""Elements within a line."""
_PROSE = 12  # words: a paragraph has so many
ARTICLE = 60
"""Words that a whole article has at least, and the teaser of one has not."""
_MOST = 0.6  # of the words of the longest: what else is taken for an article
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_CUT = "CUT"  # no tag of a page: the parser makes those lower-case
_HEADINGS = ("h2", "h3", "h4", "h5", "h6", "p", "strong", "b", "span", "div")
_FURNITURE_NAME = re.compile(
    r"(?i)(?:^|[\s_-])(?:related|recommend(?:ed|ations)?|more-?(?:news|stories|posts)|read-?(?:more|also|next)|popular"
    r"|most-?(?:read|popular|viewed)|trending|sidebar|widget|breadcrumbs?|comments?|disqus|respond|share|sharing|social"
    r"|newsletter|subscribe|advert(?:isement)?|ads?|banner|cookies?|tags|tag-?list|pagination|pager|menu|navbar|nav|footer"
    r"|copyright|promo)(?:$|[\s_-])"
)
# An article is named after its sections and tags, whatever they are called.
_COMMENT_NAME = re.compile(r"(?i)(?:^|\s)comment(?:-(?:body|content|item))?(?:$|\s)")
# What has prose and is no article, even where it is the longest.
_NO_ARTICLE = re.compile(
    r"(?i)(?:^|[\s_-])(?:comments?|disqus|respond|footer|copyright|cookies?|newsletter|subscribe)(?:$|[\s_-])"
)
# Compared without hamzas and marks, which editors set as they like.
_READ_ALSO = re.compile(
    r"\W*(?:اقر(?:ا|اوا|ووا|ئي) ايضا|اقرا (?:المزيد|كذلك)|شاهد ايضا|قد (?:يعجبك|يهمك) ايضا"
    r"|الاكثر (?:قراءة|مشاهدة|شيوعا)|(?:مواضيع|موضوعات|مقالات|اخبار|روابط|مواد)? ?(?:ذات صلة|متعلقة|مرتبطة)"
    r"|المزيد من الاخبار|اخر الاخبار|التعليقات|اضف تعليقا?)\W*"
)
_LOOSE = str.maketrans("أإآ", "ااا", "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652")


def drop_furniture(tree: HtmlElement) -> None:
    """Cut out menus, footers, comments and boxes of links to other articles."""
    kept = _around_articles(tree)
    size = len(tree.text_content()) - sum(len(script.text_content()) for script in tree.iter("script", "style"))
    for element in list(tree.iter(*_BOXES)):
        is_furniture = _is_furniture(element)
        if element in kept:
            if is_furniture or _HIDDEN.search(element.get("style", "")):  # until somebody asks for more
                _clear_name(element)
        elif is_furniture and _is_inside(element, tree) and _is_dispensable(element, size):
            cut(element)
    drop_cut(tree)
    for box in _cut_read_also(tree):
        if _is_inside(box, tree) and link_share(box) > 0.5:
            cut(box)
    drop_cut(tree)


def _around_articles(tree: HtmlElement) -> set[HtmlElement]:
    """The boxes whose own paragraphs make an article, none much shorter than the longest, and all around them.

    Those called furniture count only where all such are.
    """
    words: Counter[HtmlElement] = Counter()
    for block, count in _words_of_blocks(tree).items():
        if count >= _PROSE:
            words[block.getparent() if block.tag == "p" else block] += count
    longest = max(words.values(), default=0)
    boxes = [box for box, count in words.items() if count >= max(ARTICLE, _MOST * longest)]
    refused, named = _Verdicts(_is_no_article), _Verdicts(_is_furniture)
    boxes = [box for box in boxes if not refused.of(box)]
    plain = [box for box in boxes if not named.of(box)]
    return {around for box in plain or boxes for around in (box, *box.iterancestors())}


class _Verdicts:
    """Whether something holds for an element or any around it, asked once of each."""

    def __init__(self, holds: Callable[[HtmlElement], bool]) -> None:
        self._holds = holds
        self._known: dict[HtmlElement, bool] = {}

    def of(self, element: HtmlElement) -> bool:
        """True where it holds for the element, or for one around it but the page itself."""
        path = []
        verdict = False
        for part in (element, *element.iterancestors()):
            if part in self._known or part.tag in ("body", "html"):
                verdict = self._known.get(part, False)
                break
            path.append(part)
        for part in reversed(path):
            verdict = self._known[part] = verdict or self._holds(part)
        return verdict


def _is_no_article(element: HtmlElement) -> bool:
    return _NO_ARTICLE.search(_names_of(element)) is not None


def _words_of_blocks(tree: HtmlElement) -> Counter[HtmlElement]:
    """The number of words right in each block of a page, but for those that are links."""
    body = tree.find("body")
    words: Counter[HtmlElement] = Counter()
    if body is None:
        return words
    for text in body.xpath(".//text()[not(parent::a or parent::script or parent::style)]"):
        block = text.getparent()
        block = block.getparent() if text.is_tail else block
        while block.tag in INLINE and block.tag != "a":
            block = block.getparent()
        words[block] += len(text.split())
    return words


def _clear_name(element: HtmlElement) -> None:
    """Take away what an extractor would drop an element for."""
    for name in ("class", "id", "role", "style"):
        element.attrib.pop(name, None)
    if element.tag == "form":
        element.tag = "div"


def cut(element: HtmlElement) -> None:
    """Empty an element and mark it: dropped one by one, each would hand on the text behind all those before it."""
    element.clear(keep_tail=True)
    element.tag = _CUT


def drop_cut(tree: HtmlElement) -> None:
    """Take what was cut out of the tree, in one pass."""
    from lxml import etree

    etree.strip_elements(tree, _CUT, with_tail=False)


def _is_furniture(element: HtmlElement) -> bool:
    if element.tag == "header":
        return element.find(".//h1") is None and link_share(element) > 0.5
    if element.tag == "article":
        return _COMMENT_NAME.search(element.get("class", "")) is not None
    return element.tag in _FURNITURE or _FURNITURE_NAME.search(_names_of(element)) is not None


def _names_of(element: HtmlElement) -> str:
    return f"{element.get('class', '')} {element.get('id', '')} {element.get('role', '')}"


def _is_read_also(element: HtmlElement) -> bool:
    """Whether an element says "read also" and nothing else, unless in links."""
    text = element.text_content()
    if _READ_ALSO.match(text[:80].translate(_LOOSE)) is None:
        return False
    if len(text) - _linked(element) >= 80:  # before each text is asked for the links around it
        return False
    unlinked = "".join(element.xpath(".//text()[not(ancestor::a)]"))
    return len(unlinked) < 80 and _READ_ALSO.fullmatch(unlinked.translate(_LOOSE)) is not None


def _is_inside(element: HtmlElement, tree: HtmlElement) -> bool:
    """False for what went with a box dropped earlier, and for the page itself."""
    return (
        element.getparent() is not None
        and element is not tree
        and next(element.iterancestors(tree.tag), None) is not None
    )


def _is_dispensable(element: HtmlElement, size: int) -> bool:
    """A box named like furniture that holds most of the page is the page: some sites call the article a "widget"."""
    return 2 * len(element.text_content()) < size or link_share(element) > 0.5


def link_share(element: HtmlElement) -> float:
    """The share of an element's characters that are links (0..1)."""
    return _linked(element) / max(1, len(element.text_content()))


def _linked(element: HtmlElement) -> int:
    """The number of an element's characters that are links, those of a link within another once."""
    count, last = 0, None
    for link in element.iter("a"):
        if last is None or last not in link.iterancestors("a"):
            count, last = count + len(link.text_content()), link
    return count


def _cut_read_also(tree: HtmlElement) -> Iterable[HtmlElement]:
    """Cut out "read also" headings with the links under them; returns the boxes they stood in, each once."""
    boxes: dict[HtmlElement, None] = {}
    for heading in [element for element in tree.iter(*_HEADINGS) if _is_read_also(element)]:
        if _is_inside(heading, tree):
            boxes[heading.getparent()] = None
            _cut_links_after(heading)
    return boxes


def _cut_links_after(heading: HtmlElement) -> None:
    """A "read also" heading with the links under it: the siblings that follow while mostly links."""
    for sibling in heading.itersiblings():
        if not isinstance(sibling.tag, str) or sibling.tag in _HEADINGS or link_share(sibling) < 0.5:
            break
        cut(sibling)
    cut(heading)

"""The furniture of a web page: menus, footers, comments and boxes of links to other articles, cut out of its tree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_FURNITURE = ("nav", "footer", "aside", "form", "button", "select", "menu", "dialog")
_BOXES = (*_FURNITURE, "header", "article", "div", "section", "ul", "ol", "p")
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
# Compared without hamzas and marks, which editors set as they like.
_READ_ALSO = re.compile(
    r"\W*(?:اقر(?:ا|اوا|ووا|ئي) ايضا|اقرا (?:المزيد|كذلك)|شاهد ايضا|قد (?:يعجبك|يهمك) ايضا"
    r"|الاكثر (?:قراءة|مشاهدة|شيوعا)|(?:مواضيع|موضوعات|مقالات|اخبار|روابط|مواد)? ?(?:ذات صلة|متعلقة|مرتبطة)"
    r"|المزيد من الاخبار|اخر الاخبار|التعليقات|اضف تعليقا?)\W*"
)
_LOOSE = str.maketrans("أإآ", "ااا", "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652")


def drop_furniture(tree: HtmlElement) -> None:
    """Cut out menus, footers, comments and boxes of links to other articles."""
    size = len(tree.text_content())
    for element in list(tree.iter(*_BOXES)):
        if _is_furniture(element) and _is_inside(element, tree) and _is_dispensable(element, size):
            cut(element)
    drop_cut(tree)
    for box in _cut_read_also(tree):
        if _is_inside(box, tree) and link_share(box) > 0.5:
            cut(box)
    drop_cut(tree)


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
    named = f"{element.get('class', '')} {element.get('id', '')} {element.get('role', '')}"
    return element.tag in _FURNITURE or _FURNITURE_NAME.search(named) is not None


def _is_read_also(element: HtmlElement) -> bool:
    """Whether an element says "read also" and nothing else, unless in links."""
    text = element.text_content()
    if _READ_ALSO.match(text[:80].translate(_LOOSE)) is None:
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
    links = sum(len(link.text_content()) for link in element.iter("a"))
    return links / max(1, len(element.text_content()))


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

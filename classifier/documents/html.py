"""Web pages: title and main text, without menus, related links, comments and scripts (trafilatura).

trafilatura is strong on long articles but keeps menus and "read also" boxes of short ones, so what calls itself such a
thing is cut away first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from classifier.documents.decoding import Decoded, decode
from classifier.documents.source import Raw, Source
from classifier.documents.titles import usable_title

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_CHARSET = re.compile(rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
# Nothing here looks for an end that may never come from each of many starts: that is quadratic in damaged pages.
_INVISIBLE = re.compile(
    r"(?is)<!--(?:-?>|.*?(?:-->|\Z))|<(script|style|noscript|template|svg|iframe)\b.*?(?:</\1\s*>|\Z)"
)
_TITLE = re.compile(r"(?i)<title\b[^<>]*>([^<]*)")
_BREAK = re.compile(r"(?i)</?(?:p|div|br|h[1-6]|li|tr|table|section|article|blockquote)\b[^<>]*>")
_TAG = re.compile(r"<[^<>]*>")
# Beyond these the plain way bounds the time. It also keeps what libxml2 drops: all from a depth of 256 on.
_MOST_CHARACTERS = 3_000_000
_MOST_TAGS = 50_000
_DEEPEST = 150
_FURNITURE = ("nav", "footer", "aside", "form", "button", "select", "menu", "dialog")
_BOXES = (*_FURNITURE, "header", "div", "section", "ul", "ol", "p")
_CUT = "CUT"  # no tag of a page: the parser makes those lower-case
_HEADINGS = ("h2", "h3", "h4", "h5", "h6", "p", "strong", "b", "span", "div")
_FURNITURE_NAME = re.compile(
    r"(?i)(?:^|[\s_-])(?:related|recommend(?:ed|ations)?|more-?(?:news|stories|posts)|read-?(?:more|also|next)|popular"
    r"|most-?(?:read|popular|viewed)|trending|sidebar|widget|breadcrumbs?|comments?|disqus|respond|share|sharing|social"
    r"|newsletter|subscribe|advert(?:isement)?|ads?|banner|cookies?|tags|tag-?list|pagination|pager|menu|navbar|nav|footer"
    r"|copyright|promo)(?:$|[\s_-])"
)
# Compared without hamzas and marks, which editors set as they like.
_READ_ALSO = re.compile(
    r"\W*(?:اقر(?:ا|اوا|ووا|ئي) ايضا|اقرا (?:المزيد|كذلك)|شاهد ايضا|قد (?:يعجبك|يهمك) ايضا"
    r"|الاكثر (?:قراءة|مشاهدة|شيوعا)|(?:مواضيع|موضوعات|مقالات|اخبار|روابط|مواد)? ?(?:ذات صلة|متعلقة|مرتبطة)"
    r"|المزيد من الاخبار|اخر الاخبار|التعليقات|اضف تعليقا?)\W*"
)
_LOOSE = str.maketrans("أإآ", "ااا", "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652")


def read(source: Source) -> Raw:
    """A web page: the encoding it declares checked by its bytes; its main text, or all text where none stands out."""
    declared = _CHARSET.search(source.data[:4096])
    page = decode(source.data, source.knows, declared[1].decode("ascii") if declared else None)
    return extract(page, source)


def extract(page: Decoded, source: Source) -> Raw:
    """Title and main text of a decoded page."""
    markup = _DECLARATION.sub("", page.text)
    title, text = _main_text(markup) if _is_tractable(markup) else (None, "")
    if not text:
        text = strip_tags(markup)
    return Raw(text, usable_title(title or _title_tag(markup), source.name), page.encoding, page.repairs)


def strip_tags(markup: str) -> str:
    """All visible text of a page, by cutting its tags: for pages without a main text, or too deep or large to parse."""
    from html import unescape

    body = _BREAK.sub("\n", _TITLE.sub(" ", _INVISIBLE.sub(" ", markup)))
    lines = (" ".join(line.split()) for line in unescape(_TAG.sub(" ", body)).split("\n"))
    return "\n\n".join(filter(None, lines))


def _title_tag(markup: str) -> str | None:
    from html import unescape

    found = _TITLE.search(markup)
    return unescape(found[1]) if found else None


def _is_tractable(markup: str) -> bool:
    """Whether a parser will be done in reasonable time."""
    return len(markup) <= _MOST_CHARACTERS and markup.count("<") <= _MOST_TAGS


def _is_too_deep(tree: HtmlElement) -> bool:
    """Whether elements are nested as deep as no page means it: tags left open, or an attack."""
    return bool(tree.xpath(f"boolean({'/*' * _DEEPEST})"))


def _main_text(markup: str) -> tuple[str | None, str]:
    from lxml import etree
    from trafilatura import bare_extraction, load_html

    tree = load_html(markup)
    if tree is None or _is_too_deep(tree):
        return None, ""
    _drop_furniture(tree)
    try:
        found = bare_extraction(tree, include_comments=False, include_tables=True, with_metadata=True)
    except (etree.Error, ValueError, RecursionError):
        return None, ""
    if found is None or isinstance(found, dict):
        return None, ""
    lines = (line.strip() for line in (found.text or "").split("\n"))
    return found.title, "\n\n".join(filter(None, lines))


def _drop_furniture(tree: HtmlElement) -> None:
    """Cut out menus, footers, comments and boxes of links to other articles."""
    size = len(tree.text_content())
    for element in list(tree.iter(*_BOXES)):
        if _is_furniture(element) and _is_inside(element, tree) and _is_dispensable(element, size):
            _cut(element)
    _drop_cut(tree)
    for box in _cut_read_also(tree):
        if _is_inside(box, tree) and _link_share(box) > 0.5:
            _cut(box)
    _drop_cut(tree)


def _cut(element: HtmlElement) -> None:
    """Empty an element and mark it: dropped one by one, each would hand on the text behind all those before it."""
    element.clear(keep_tail=True)
    element.tag = _CUT


def _drop_cut(tree: HtmlElement) -> None:
    from lxml import etree

    etree.strip_elements(tree, _CUT, with_tail=False)


def _is_furniture(element: HtmlElement) -> bool:
    if element.tag == "header":
        return element.find(".//h1") is None and _link_share(element) > 0.5
    named = f"{element.get('class', '')} {element.get('id', '')} {element.get('role', '')}"
    return element.tag in _FURNITURE or _FURNITURE_NAME.search(named) is not None


def _is_read_also(element: HtmlElement) -> bool:
    text = element.text_content()
    return len(text) < 80 and _READ_ALSO.fullmatch(text.translate(_LOOSE)) is not None


def _is_inside(element: HtmlElement, tree: HtmlElement) -> bool:
    """False for what went with a box dropped earlier, and for the page itself."""
    return (
        element.getparent() is not None
        and element is not tree
        and next(element.iterancestors(tree.tag), None) is not None
    )


def _is_dispensable(element: HtmlElement, size: int) -> bool:
    """A box named like furniture that holds most of the page is the page: some sites call the article a "widget"."""
    return 2 * len(element.text_content()) < size or _link_share(element) > 0.5


def _link_share(element: HtmlElement) -> float:
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
        if not isinstance(sibling.tag, str) or sibling.tag in _HEADINGS or _link_share(sibling) < 0.5:
            break
        _cut(sibling)
    _cut(heading)

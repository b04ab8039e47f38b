"""Feeds and other XML that is no web page (RSS, Atom, wire formats): all of its text, an element a paragraph.

Their texts may be web pages again, quoted letter by letter or as character data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_OPENING = re.compile(r"\s*(?:<\?[^>]*>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)", re.IGNORECASE | re.DOTALL)
_ROOT = re.compile(r"\s*<([A-Za-z][\w.:-]{0,100})")
_FEEDS = ("rss", "feed", "rdf:rdf", "nitf", "newsml", "newsitem", "newsmessage")
_PAGES = ("html", "head", "body", "div", "p", "table", "article", "section", "main", "span", "ul", "center", "font")
# Marks and names within a line, of pages, wire formats and Word's own XML.
_WITHIN = {
    *("a", "abbr", "b", "big", "cite", "code", "em", "font", "i", "q", "small", "span", "strong", "sub", "sup", "u"),
    *("classname", "location", "money", "org", "person", "place"),
    *("r", "t"),
}
_QUOTED = re.compile(r"</?[A-Za-z][^<>]*>|&#?\w{1,10};")
_MOST_OPENINGS = 20


def is_feed(markup: str) -> bool:
    """Whether markup is XML, and not that of a page."""
    start = _start_of(markup)
    root = _ROOT.match(markup, start)
    name = root[1].lower() if root else "html"
    return name in _FEEDS or ("<?xml" in markup[:start] and name not in _PAGES)


def _start_of(markup: str) -> int:
    """Where the root element begins: behind declarations, comments and the document type."""
    start = 0
    for _ in range(_MOST_OPENINGS):
        opening = _OPENING.match(markup, start)
        if opening is None:
            break
        start = opening.end()
    return start


def text_of_feed(markup: str, strip_tags: Callable[[str], str]) -> str:
    """The text of all elements, empty for what is beyond repair; `strip_tags` makes text of what is markup itself."""
    from lxml import etree

    # Without its document type it defines no entities; nothing is fetched; what is damaged is read as far as it goes.
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    body = markup[_start_of(markup) :]
    if body.rfind("<![CDATA[") > body.rfind("]]>"):
        body += "]]>"
    tree = etree.fromstring(body.encode("utf-8", "replace"), parser)
    if tree is None:
        return ""
    paragraphs = "".join(_pieces(tree)).split("\n\n")
    texts = (strip_tags(text) if _QUOTED.search(text) else " ".join(text.split()) for text in paragraphs)
    return "\n\n".join(filter(None, texts))


def _pieces(tree: object) -> Iterator[str]:
    """The texts of a tree in order, with an empty line where an element begins or ends that is no part of a line."""
    from html import unescape

    from lxml import etree

    for event, element in etree.iterwalk(tree, events=("start", "end")):
        is_element = isinstance(element.tag, str)  # and no entity, as it stands in the text
        if is_element and etree.QName(element).localname.lower() not in _WITHIN:
            yield "\n\n"
        if event == "start":
            yield (element.text or "") if is_element else unescape(element.text or "")
        elif element is not tree:
            yield element.tail or ""

"""Feeds and other XML that is no web page (RSS, Atom, wire formats): all of its text, an element a paragraph.

Their texts may be web pages again, quoted letter by letter or as character data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_OPENING = re.compile(r"\s*(?:<\?[^>]*>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)", re.IGNORECASE | re.DOTALL)
_DECLARED = re.compile(r"<\?xml\s[^>]*>", re.IGNORECASE)
_EMPTY_LINE = re.compile(r"\n\s*\n")
_ROOT = re.compile(r"\s*<([A-Za-z][\w.:-]{0,100})")
_FEEDS = ("rss", "feed", "rdf:rdf", "nitf", "newsml", "newsitem", "newsmessage")
# Of HTML 5, which libxml2's list is older than.
_LATER_TAGS = {"article", "aside", "figure", "footer", "header", "main", "nav", "picture", "section", "video"}
_BINARY = "binary"  # pictures within e-books
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
    from lxml.html.defs import tags

    start = _start_of(markup)
    root = _ROOT.match(markup, start)
    name = root[1].lower() if root else "html"
    return name in _FEEDS or (_DECLARED.search(markup, 0, start) is not None and name not in tags | _LATER_TAGS)


def feed_body(markup: str) -> str:
    """The elements of a feed, or of several in one file."""
    body = _DECLARED.sub(" ", markup[_start_of(markup) :])
    return body + "]]>" if body.rfind("<![CDATA[") > body.rfind("]]>") else body


def _start_of(markup: str) -> int:
    """Where the root element begins: behind declarations, comments and the document type."""
    start = 0
    for _ in range(_MOST_OPENINGS):
        opening = _OPENING.match(markup, start)
        if opening is None:
            break
        start = opening.end()
    return start


def text_of_feed(body: str, strip_tags: Callable[[str], str]) -> str:
    """The text of all elements, empty for what is beyond repair; `strip_tags` makes text of what is markup itself."""
    from lxml import etree

    # Without its document type it defines no entities; nothing is fetched; what is damaged is read as far as it goes.
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    tree = etree.fromstring(f"<all>{body}</all>".encode("utf-8", "replace"), parser)
    if tree is None:
        return ""
    texts = (strip_tags(text) if _QUOTED.search(text) else _tidy(text) for text in _texts(tree))
    return "\n\n".join(filter(None, texts))


def _tidy(text: str) -> str:
    paragraphs = (" ".join(paragraph.split()) for paragraph in _EMPTY_LINE.split(text))
    return "\n\n".join(filter(None, paragraphs))


def _texts(tree: object) -> Iterator[str]:
    """The texts of a tree in order; one ends where an element begins or ends that is no part of a line."""
    from html import unescape

    from lxml import etree

    parts: list[str] = []
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        is_element = isinstance(element.tag, str)  # and no entity, as it stands in the text
        name = element.tag.rpartition("}")[2].rpartition(":")[2].lower() if is_element else ""
        if is_element and name not in _WITHIN:
            yield "".join(parts)
            parts = []
        if event == "start":
            text = element.text or ""
            parts.append((text if name != _BINARY else "") if is_element else unescape(text))
        elif element is not tree:
            parts.append(element.tail or "")
    yield "".join(parts)

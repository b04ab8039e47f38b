"""Web pages: title and main text, without menus, related links, comments and scripts (trafilatura).

trafilatura is strong on one long article but keeps menus and "read also" boxes of short ones, and does not expect
tables for columns or articles in a row: so pages are trimmed (`furniture`) and put in order (`layout`) before it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from classifier.documents.decoding import Decoded, decode
from classifier.documents.feed import feed_body, is_feed, text_of_feed
from classifier.documents.furniture import drop_furniture
from classifier.documents.layout import join_articles, name_article, plain_boxes, unfold_tables
from classifier.documents.scoring import count_arabic
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
_PARTING = " -|–—:·»/"  # a title from the name of its site
_TITLE = re.compile(r"(?i)<title\b[^<>]*>([^<]*)")
_TITLE_TAG = re.compile(r"(?i)</?title\b[^<>]*>")  # in a feed, that of an entry
_BREAK = re.compile(r"(?i)</?(?:p|div|br|h[1-6]|li|tr|table|section|article|blockquote)\b[^<>]*>")
_TAG = re.compile(r"<[^<>]*>")
# Beyond these the plain way bounds the time. It also keeps what libxml2 drops: all from a depth of 256 on.
_MOST_CHARACTERS = 3_000_000
_MOST_TAGS = 50_000
_DEEPEST = 150
# Nobody asks for the date: looking for its words in two hundred languages costs the first page a second and more.
_NO_DATES = {"original_date": False, "extensive_search": False, "max_date": "2100-01-01"}


def read(source: Source) -> Raw:
    """A web page: the encoding it declares checked by its bytes; its main text, or all text where none stands out."""
    declared = _CHARSET.search(source.data[:4096])
    page = decode(source.data, source.knows, declared[1].decode("ascii") if declared else None)
    return extract(page, source)


def extract(page: Decoded, source: Source) -> Raw:
    """Title and main text of a decoded page."""
    if is_feed(page.text):
        return Raw(_text_of_feed(page.text), None, page.encoding, page.repairs)
    markup = _DECLARATION.sub("", page.text)
    title, text = _main_text(markup) if _is_tractable(markup) else (None, "")
    if not text:
        text = strip_tags(markup)
    return Raw(text, usable_title(title or _title_tag(markup), source.name), page.encoding, page.repairs)


def _text_of_feed(markup: str) -> str:
    """The text of a feed by its elements; by cutting its tags where it is too large or damaged."""
    body = feed_body(markup)
    plain = strip_tags(_TITLE_TAG.sub("<div>", body.replace("<![CDATA[", " ").replace("]]>", " ")))
    text = text_of_feed(body, strip_tags) if _is_tractable(body) else ""
    return text if 2 * count_arabic(text) > count_arabic(plain) else plain


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


def _whole_title(found: str | None, tag: str | None) -> str | None:
    """The title found; where that is but the site's name, at an end of the title tag, the rest of that."""
    if not found or not tag:
        return found
    whole = " ".join(tag.split())
    rest = (whole.removesuffix(found) if whole.endswith(found) else whole.removeprefix(found)).strip(_PARTING)
    return rest if len(found) < len(rest) < len(whole) else found


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
    headings = {" ".join(heading.text_content().split()) for heading in tree.iter("h1", "h2")}
    plain_boxes(tree)
    unfold_tables(tree)
    drop_furniture(tree)
    name_article(tree)
    join_articles(tree)
    try:
        found = bare_extraction(
            tree, include_comments=False, include_tables=True, with_metadata=True, date_extraction_params=_NO_DATES
        )
    except (etree.Error, ValueError, RecursionError):
        return None, ""
    if found is None or isinstance(found, dict):
        return None, ""
    lines = (line.strip() for line in (found.text or "").split("\n"))
    title = found.title if found.title in headings else _whole_title(found.title, _title_tag(markup))
    return title, "\n\n".join(filter(None, lines))

"""Web pages laid out by tables or holding several articles, made into what an extractor of one article can read.

An extractor takes the rows of a table for rows of figures and gives each in one line, and takes the first article of a
page for its only one. So tables that only place things become boxes, their side columns are cut away, and articles
that stand one after another are put into one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from classifier.documents.furniture import ARTICLE, INLINE, cut, drop_cut, link_share

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_CELLS = ("td", "th")
_TABLE_PARTS = ("caption", "colgroup", "thead", "tbody", "tfoot", "tr", *_CELLS)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = ("p", "div", "table", "ul", "ol", "blockquote", "article", "section", "pre", *_HEADINGS)
_LONG_CELL = 40  # words, more than a cell of figures or names has
_PROSE = 16  # words without a break, more than a headline has
_SIDE = 3  # times the text of a side column stand beside it
_NUMBER = re.compile(r"\d+")


def plain_boxes(tree: HtmlElement) -> None:
    """Make boxes of tags that only the page's own scripts know into plain ones, and no links of what leads nowhere."""
    for element in tree.iter():
        if isinstance(element.tag, str) and "-" in element.tag:
            element.tag = "div"
        elif element.tag == "a" and element.get("href") is None and element.get("name"):
            element.tag = "span"  # a mark to jump to; left open, it holds the rest of the page


def unfold_tables(tree: HtmlElement) -> None:
    """Make tables that lay out the page into boxes, without their side columns."""
    tables = [table for table in tree.iter("table") if _is_layout(table)]
    for table in tables:
        for part in _own_parts(table):
            for cell in _side_cells(part):
                cut(cell)
    drop_cut(tree)
    for table in tables:
        for element in [table, *_own_parts(table)]:
            is_paragraph = element.tag in _CELLS and next(element.iter(*_BLOCKS), None) is None
            element.tag = "p" if is_paragraph else "div"


def name_article(tree: HtmlElement) -> None:
    """Call all that a page holds its article where none is named: an extractor that has to guess takes less."""
    body = tree.find("body")
    if body is not None and _article(tree) is None:
        article = tree.makeelement("article")
        article.text, body.text = body.text, None
        article.extend(list(body))
        body.append(article)


def _is_layout(table: HtmlElement) -> bool:
    """Whether a table places things: it holds tables, headings or whole paragraphs, or has one column."""
    if table.get("role") == "presentation" or table.find(".//table") is not None:
        return True
    if table.xpath("boolean(.//h1|.//h2|.//h3|.//h4)") or not table.xpath("boolean(.//tr[count(td|th) > 1])"):
        return True
    return any(len(cell.text_content().split()) >= _LONG_CELL for cell in table.iter(*_CELLS))


def _own_parts(table: HtmlElement) -> Iterator[HtmlElement]:
    """The parts of a table but not those of the tables in its cells."""
    for part in table.iterchildren(*_TABLE_PARTS):
        yield part
        yield from _own_parts(part)


def _side_cells(row: HtmlElement) -> list[HtmlElement]:
    """The cells of a row that hold only links or headlines beside one that holds far more."""
    cells = list(row.iterchildren(*_CELLS)) if row.tag == "tr" else []
    if len(cells) < 2:
        return []
    sizes = [len(cell.text_content()) for cell in cells]
    largest = max(sizes)
    return [cell for cell, size in zip(cells, sizes, strict=True) if _SIDE * size < largest and _has_no_prose(cell)]


def _has_no_prose(cell: HtmlElement) -> bool:
    """Whether a cell holds links or headlines: several short lines, and few words that lead nowhere."""
    share = link_share(cell)
    if share > 0.5:
        return True
    lines = [line for line in _text_by_lines(cell).split("\n") if line.strip()]
    sizes = [len(line.split()) for line in lines]
    return len(lines) > 1 and max(sizes) < _PROSE and (1 - share) * sum(sizes) < ARTICLE


def _text_by_lines(element: HtmlElement) -> str:
    """The text of an element, with a new line at the beginning and end of all but words and marks within a line."""
    from lxml import etree

    parts = []
    for event, part in etree.iterwalk(element, events=("start", "end")):
        parts.append("" if part.tag in INLINE else "\n")
        if event == "start":
            parts.append(part.text or "")
        elif part is not element:
            parts.append(part.tail or "")
    return "".join(parts)


def join_articles(tree: HtmlElement) -> None:
    """Put the articles of a page, with what stands between them, into one, of which an extractor keeps all."""
    articles = _articles(tree)
    if len(articles) < 2:
        return
    first, last = articles[0], articles[-1]
    above = set(last.iterancestors())
    common = next(ancestor for ancestor in first.iterancestors() if ancestor in above)
    children = list(common)
    start, end = (children.index(_child_above(common, article)) for article in (first, last))
    whole = tree.makeelement(first.tag, dict(first.attrib))
    common.insert(start, whole)
    whole.extend(children[start : end + 1])


def _child_above(common: HtmlElement, article: HtmlElement) -> HtmlElement:
    return next(element for element in (article, *article.iterancestors()) if element.getparent() is common)


def _article(tree: HtmlElement) -> HtmlElement | None:
    """What the extractor takes for the article of a page, by its name."""
    from trafilatura.xpaths import BODY_XPATH

    return next(chain.from_iterable(find(tree) for find in BODY_XPATH), None)


def _articles(tree: HtmlElement) -> list[HtmlElement]:
    """The whole articles of a page, named alike."""
    first = _article(tree)
    if first is None:
        return []
    found: list[HtmlElement] = []
    for element in tree.iter(first.tag):
        if _kind(element) == _kind(first) and not _is_within(element, found) and _is_whole(element):
            found.append(element)
    return found


def _kind(element: HtmlElement) -> tuple[str | None, ...]:
    """What articles of one page share: numbers in their names are their own, and "article" says it all."""
    if element.tag == "article":
        return ()
    return tuple(_NUMBER.sub("", element.get(name, "")) for name in ("class", "itemprop", "role"))


def _is_within(element: HtmlElement, found: list[HtmlElement]) -> bool:
    return bool(found) and found[-1] in element.iterancestors(element.tag)


def _is_whole(element: HtmlElement) -> bool:
    """Whether an element is an article, not the teaser of one."""
    return len(element.text_content().split()) >= ARTICLE and link_share(element) < 0.5

"""Feeds and other XML that is no web page."""

from contextlib import suppress

import pages
import pytest

from classifier.documents import read_bytes
from classifier.errors import DocumentError
from classifier.model import Model

FINTECH = pages.FINTECH.strip().split("\n\n")
SECURITY = pages.SECURITY.strip().split("\n\n")
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


def _quoted(markup: str) -> str:
    return markup.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _body(article: list[str]) -> str:
    return "".join(f"<p>{text}&nbsp;</p>" for text in article[1:])


def _rss(body: str) -> str:
    return '<rss version="2.0"><channel><title>المدار</title>' + body + "</channel></rss>"


def _items(wrap: str) -> str:
    return "".join(
        f"<item><title>{article[0]}</title><description>{wrap % _body(article)}</description></item>"
        for article in (FINTECH, SECURITY)
    )


ESCAPED = "".join(
    f"<item><title>{article[0]}</title><description>{_quoted(_body(article))}</description></item>"
    for article in (FINTECH, SECURITY)
)
ATOM = "".join(
    f"<entry><title>{title}</title><summary>{lead}</summary><content>{' '.join(rest)}</content></entry>"
    for title, lead, *rest in (FINTECH, SECURITY)
)
FEEDS = {
    "character data": DECLARATION + _rss(_items("<![CDATA[%s]]>")),
    "character data, undeclared": _rss(_items("<![CDATA[%s]]>")),
    "escaped": DECLARATION + '<?xml-stylesheet href="a.xsl"?><!-- feed -->' + _rss(ESCAPED),
    "cut off": (DECLARATION + _rss(_items("<![CDATA[%s]]>")))[:-40],
    "atom": f'{DECLARATION}<feed xmlns="http://www.w3.org/2005/Atom">{ATOM}</feed>',
}


@pytest.mark.parametrize("feed", FEEDS.values(), ids=FEEDS)
def test_all_entries_of_a_feed_are_read(feed: str, shipped: Model) -> None:
    text = read_bytes(feed.encode(), "feed.xml").text
    assert " ".join([*FINTECH, *SECURITY]) in " ".join(text.replace("المدار", "").split())
    assert [topic["label"] for topic in shipped.predict(text).topics] == [
        "economy/fintech",
        "security/counter-terrorism",
    ]


def test_elements_are_paragraphs_and_marks_are_not() -> None:
    body = f"<head><title>{FINTECH[0]}</title></head><block><p>وقال <em>البنك</em> أمس</p><p>ثم عاد</p></block>"
    document = read_bytes(f"{DECLARATION}<nitf><body>{body}</body></nitf>".encode(), "a.xml")
    assert document.text.split("\n\n") == [FINTECH[0], "وقال البنك أمس", "ثم عاد"]


def test_a_page_that_is_xml_is_a_page() -> None:
    doctype = (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">'
    )
    menu = "<div id='nav'><a href='x'>الرئيسية</a></div>"
    body = f"<h1>{FINTECH[0]}</h1>" + "".join(f"<p>{text}</p>" for text in FINTECH[1:])
    page = f"{DECLARATION}\n{doctype}\n<html xmlns='http://www.w3.org/1999/xhtml'><body>{menu}{body}</body></html>"
    assert read_bytes(page.encode(), "a.xhtml").text.split("\n\n") == FINTECH


def test_entities_are_neither_expanded_nor_fetched() -> None:
    many = "".join(f'<!ENTITY e{number} "{f"&e{number - 1};" * 10 if number else BOMB}">' for number in range(9))
    outside = '<!ENTITY file SYSTEM "file:///etc/hostname">'
    feed = (
        f"{DECLARATION}<!DOCTYPE rss [{many}{outside}]>{_rss(f'<item><title>{FINTECH[0]} &e8; &file;</title></item>')}"
    )
    text = read_bytes(feed.encode(), "a.xml").text
    assert FINTECH[0] in text
    assert len(text) < 2 * len(feed)


BOMB = "قنبلة"


@pytest.mark.parametrize("part", ["<?x?>", "<!-- x -->", "<!--", "<a>", "<a x='", "&lt;p&gt;"])
def test_a_feed_that_repeats_itself_is_read_in_one_pass(part: str) -> None:
    """Fails by hanging: followed to the end from each of its beginnings, each of these takes minutes."""
    feed = DECLARATION + _rss(f"<item><title>{FINTECH[0]}</title></item>") + part * 100_000
    assert FINTECH[0] in read_bytes(feed.encode(), "a.xml").text
    with suppress(DocumentError):
        read_bytes((DECLARATION + part * 100_000 + _rss(FINTECH[0])).encode(), "a.xml")


@pytest.mark.parametrize(
    "markup",
    [
        f"{DECLARATION}<doc>{FINTECH[0]}</doc>{DECLARATION}<doc>{SECURITY[0]}</doc>",
        f"{DECLARATION}<rss><dc:title>{FINTECH[0]}</dc:title><o:p>{SECURITY[0]}</o:p></rss>",
        f'<?xml:namespace prefix = o ns = "x" /><strong>{FINTECH[0]}</strong><p>{SECURITY[0]}</p>',
        f"{DECLARATION}<h2>{FINTECH[0]}</h2><p>{SECURITY[0]}</p>",
        f"{DECLARATION}<doc><a>{FINTECH[0]}<doc><b>{SECURITY[0]}",
    ],
    ids=["two in one", "undeclared names", "no declaration", "a piece of a page", "left open"],
)
def test_nothing_is_lost_of_xml_that_is_not_quite_so(markup: str) -> None:
    assert read_bytes(markup.encode(), "a.xml").text.split("\n\n") == [FINTECH[0], SECURITY[0]]


def test_a_feed_without_measure_is_read_in_bounded_memory() -> None:
    text = read_bytes((DECLARATION + _rss("<z>كلمة</z>" * 400_000)).encode(), "a.xml").text
    assert text.count("كلمة") == 400_000


def test_scripts_and_styles_in_character_data_are_no_text() -> None:
    data = f"<style>\n\n.a{{}}\n\n</style><script>\n\nx\n\n</script><!-- \n\ny\n\n --><p>{FINTECH[0]}</p>"
    assert (
        read_bytes((DECLARATION + _rss(f"<item><![CDATA[{data}]]></item>")).encode(), "a.xml").text
        == f"المدار\n\n{FINTECH[0]}"
    )


def test_what_stands_in_a_line_stays_in_it() -> None:
    runs = "<w:r><w:t>قال الب</w:t></w:r><w:r><w:t>نك &laquo;المركزي&raquo;</w:t></w:r>"
    document = f'<w:wordDocument xmlns:w="w"><w:body><w:p>{runs}</w:p><w:p>ثم عاد</w:p></w:body></w:wordDocument>'
    assert read_bytes((DECLARATION + document).encode(), "a.xml").text.split("\n\n") == [
        "قال البنك «المركزي»",
        "ثم عاد",
    ]

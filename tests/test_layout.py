"""Web pages laid out by tables, and pages that hold several articles."""

import pages
import pytest

from classifier.documents import read_bytes
from classifier.model import Model

MENU = ["الرئيسية", "محليات", "اقتصاد", "رياضة", "ثقافة", "اتصل بنا"]
HEADLINES = [
    "المنتخب يتعادل في مباراته الودية أمام ضيفه ويؤجل حسم الصدارة",
    "افتتاح معرض الكتاب بمشاركة مئتي دار نشر من عشرين بلدا",
    "الأرصاد تتوقع أمطارا غزيرة على السواحل مطلع الأسبوع المقبل",
]
FINTECH = pages.FINTECH.strip().split("\n\n")
SECURITY = pages.SECURITY.strip().split("\n\n")


def _paragraphs(article: list[str], heading: str = "h2") -> str:
    title, *rest = article
    return f"<{heading}>{title}</{heading}>" + "".join(f"<p>{text}</p>" for text in rest)


def _links(texts: list[str]) -> str:
    return "".join(f'<a href="x.htm">{text}</a><br>' for text in texts)


def _read(body: str) -> list[str]:
    return read_bytes(f"<html><body>{body}</body></html>".encode(), "a.html").text.split("\n\n")


SIDES = {
    "a menu": _links(MENU),
    "headlines": _links(HEADLINES),
    "headlines in bold": "".join(f"<p><b>{text}</b></p>" for text in HEADLINES),
    "a menu over headlines without links": f"{_links(MENU)}<hr><b>من الأرشيف</b><br>{'<br>'.join(HEADLINES)}",
}


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("side", SIDES.values(), ids=SIDES)
def test_a_side_column_is_no_part_of_the_article(side: str, first: bool) -> None:
    cells = [f"<td width=150>{side}</td>", f"<td>{_paragraphs(FINTECH)}</td>"]
    row = "".join(cells if first else reversed(cells))
    assert _read(f"<table><tr>{row}</tr></table>") == FINTECH


@pytest.mark.parametrize("articles", [[FINTECH], [FINTECH, SECURITY]], ids=["one", "two"])
def test_tables_within_tables_keep_their_paragraphs(articles: list[list[str]]) -> None:
    """As pages of twenty years ago are built: a table for the page, one for each article, breaks for paragraphs."""
    inner = "<hr>".join(
        f"<table><tr><td><p><b>{title}</b></p></td></tr><tr><td><font>{'<br><br>'.join(rest)}</font></td></tr></table>"
        for title, *rest in articles
    )
    page = f"<table><tr><td>{_links(MENU)}</td><td>{inner}</td></tr></table>"
    assert _read(page) == [text for article in articles for text in article]


def test_a_newsletter_in_cells_is_read_by_paragraphs(shipped: Model) -> None:
    rows = "".join(f"<tr><td>{_paragraphs(article)}<a href='#'>المزيد</a></td></tr>" for article in (FINTECH, SECURITY))
    page = f"<html><body><table>{rows}</table></body></html>".encode()
    text = read_bytes(page, "a.html").text
    assert [line for line in text.split("\n\n") if line != "المزيد"] == [*FINTECH, *SECURITY]
    assert [topic["label"] for topic in shipped.predict(text).topics] == [
        "economy/fintech",
        "security/counter-terrorism",
    ]


def test_a_table_of_figures_stays_in_rows() -> None:
    table = "<table><tr><th>العملة</th><th>السعر</th></tr><tr><td>الدولار</td><td>3.75</td></tr></table>"
    assert "| الدولار | 3.75 |" in _read(f"<article>{_paragraphs(FINTECH)}{table}<p>{SECURITY[1]}</p></article>")


BOXES = {
    "article": ("<article>", "</article>"),
    "numbered": ('<article id="post-7" class="post-7 type-post">', "</article>"),
    "class": ('<div class="story"><div class="story-body">', "</div></div>"),
    "entry": ('<div class="post-wrap"><div class="entry-content">', "</div></div>"),
    "property": ('<section><div itemprop="articleBody">', "</div></section>"),
}


@pytest.mark.parametrize(("begin", "end"), BOXES.values(), ids=BOXES)
def test_a_page_keeps_all_its_articles(begin: str, end: str) -> None:
    third = [f"{text} أيضا" for text in FINTECH]
    bodies = "".join(f"{begin}{_paragraphs(article)}{end}" for article in (FINTECH, SECURITY, third))
    page = f"<div id=nav>{_links(MENU)}</div><div class=wrap>{bodies}</div><div class=sidebar>{_links(HEADLINES)}</div>"
    assert _read(page) == [*FINTECH, *SECURITY, *third]


@pytest.mark.parametrize(
    "other",
    [
        f"<article><a href=x><h3>{HEADLINES[0]}</h3></a><p>{HEADLINES[1]}</p></article>",
        f"<article class=comment-body><p>{' '.join(SECURITY)}</p></article>",
    ],
    ids=["teaser", "comment"],
)
def test_what_is_no_whole_article_does_not_join_one(other: str) -> None:
    assert _read(f"<main><article>{_paragraphs(FINTECH, 'h1')}</article>{other}{other}</main>") == FINTECH


def test_a_line_that_says_read_also_goes_with_its_link() -> None:
    line = f"<p><strong>اقرأ أيضا: <a href=x>{HEADLINES[0]}</a></strong></p>"
    title, first, *rest = FINTECH
    body = f"<h1>{title}</h1><p>{first}</p>{line}" + "".join(f"<p>{text}</p>" for text in rest)
    assert _read(f"<article>{body}</article>") == FINTECH


def test_a_paragraph_that_begins_like_a_heading_stays() -> None:
    paragraph = f"اقرأ أيضا ما كتبه الخبراء عن الأزمة: {FINTECH[1]}"
    assert paragraph in _read(f"<article>{_paragraphs(FINTECH)}<p>{paragraph}</p><p>{FINTECH[1]}</p></article>")


TEASERS = "".join(f"<div><h4>{text}</h4><p>{text} {text}</p></div>" for text in HEADLINES * 3)
AROUND = {
    "a column beside a sidebar": ("<div class=right-sidebar><div>", "</div></div>"),
    "a builder's widget": ("<div class='elementor-widget text'><div class=elementor-widget-container>", "</div></div>"),
    "one form for the page": ("<form action=x.aspx><div class=body>", "</div></form>"),
    "hidden until asked for": ("<div style='display:none'>", "</div>"),
}


@pytest.mark.parametrize(("begin", "end"), AROUND.values(), ids=AROUND)
def test_an_article_is_no_furniture_whatever_its_box_is_called(begin: str, end: str) -> None:
    script = f"<script>{'x = 1;' * 2000}</script>"
    page = f"{script}{begin}{_paragraphs(SECURITY, 'h1')}{end}<div class=more>{TEASERS}</div>"
    assert _read(page)[: len(SECURITY)] == SECURITY


@pytest.mark.parametrize("name", ["related", "sidebar", "widget about"])
def test_furniture_nearly_as_long_as_the_article_goes(name: str) -> None:
    box = f"<div class='{name}'>{''.join(f'<p>{text}</p>' for text in FINTECH[1:4])}</div>"
    assert _read(f"<div class=x><div>{_paragraphs(SECURITY, 'h1')}</div></div>{box}") == SECURITY


@pytest.mark.parametrize("name", ["comments-open", "has-footer"])
def test_the_name_of_the_whole_page_says_nothing(name: str) -> None:
    page = f"<html><body class='{name}'><div class=right-sidebar><div>{_paragraphs(SECURITY)}</div></div>{TEASERS}"
    assert read_bytes(page.encode(), "a.html").text.split("\n\n")[: len(SECURITY)] == SECURITY


@pytest.mark.parametrize("box", ["<div id=comments>", "<div class='disqus thread'>", "<footer>"])
def test_furniture_with_prose_goes_beside_an_article(box: str) -> None:
    prose = "".join(f"<p>{text}</p>" for text in FINTECH[1:4])
    page = f"<div>{_paragraphs(SECURITY[:4], 'h1')}</div>{box}{prose}{'</footer>' if box == '<footer>' else '</div>'}"
    assert _read(page + "<div class=x>" + TEASERS)[:4] == SECURITY[:4]
    assert not set(FINTECH) & set(_read(page + "<div class=x>" + TEASERS))


def test_a_column_of_short_lines_that_lead_nowhere_is_text() -> None:
    """A poem beside its commentary."""
    verses = "<br>".join(HEADLINES * 3)
    assert HEADLINES[0] in _read(
        f"<table><tr><td>{verses}</td><td>{_paragraphs([*SECURITY, *FINTECH] * 2)}</td></tr></table>"
    )


@pytest.mark.parametrize("articles", [[SECURITY], [SECURITY, FINTECH]], ids=["one", "two"])
def test_a_page_without_names_keeps_what_is_outside_paragraphs(articles: list[list[str]]) -> None:
    page = "".join(
        f"<div><div><h2>{title}</h2><div><strong>{lead}</strong><br><br>{'<br><br>'.join(rest)}</div></div></div>"
        for title, lead, *rest in articles
    )
    assert _read(f"<div>{page}</div>") == [text for article in articles for text in article]


def test_a_column_of_cells_is_no_menu(shipped: Model) -> None:
    cells = "".join(f"<tr><td>{text}</td></tr>" for text in [*FINTECH, *SECURITY])
    assert _read(f"<table>{cells}</table>") == [*FINTECH, *SECURITY]


GLOSSARY = "".join(f"<tr><td>{title}</td><td>{' '.join(FINTECH[1:])}</td></tr>" for title in ("المادة", "الشرح"))


def test_a_word_beside_its_text_is_no_side_column() -> None:
    assert " ".join(_read(f"<table>{GLOSSARY}</table>")).split().count("المادة") == 1


def test_cells_of_bare_text_are_kept_beside_paragraphs() -> None:
    bare = f"<td>{'<br>'.join(SECURITY[1:])}</td>"
    assert set(SECURITY[1:]) < set(_read(f"<table><tr>{bare}<td>{_paragraphs(FINTECH * 3)}</td></tr></table>"))


def test_prose_in_many_pieces_is_no_list_of_headlines() -> None:
    pieces = "".join(f"<span>{word} </span>" for word in SECURITY[1].split())
    assert SECURITY[1] in _read(
        f"<table><tr><td><p>{pieces}</p><p>قيل</p></td><td>{_paragraphs(FINTECH * 2)}</td></tr></table>"
    )


SLOW = {
    "a row of cells": ("<table><tr>", "<td>كلمة</td>", 20_000, "</tr></table>"),
    "boxes in one of a long name": (f"<div class='{'x' * 800_000}'>", f"<div>{'كلمة ' * 70}</div>", 1_000, ""),
    "boxes that say read also": ("<div>اقرأ أيضا " * 100, "كلمة<br>", 20_000, ""),
}


@pytest.mark.parametrize(("begin", "part", "times", "end"), SLOW.values(), ids=SLOW)
def test_a_page_is_laid_out_in_one_pass(begin: str, part: str, times: int, end: str) -> None:
    """Each of these takes ten seconds or more, where everything is asked of everything."""
    assert _read(begin + part * times + end)


def test_what_pops_up_stays_hidden() -> None:
    popup = f"<div style='display: none'><p>{FINTECH[1]}</p></div>"
    article = f"<div class=entry-content style='user-select:none'>{_paragraphs(SECURITY)}</div>"
    assert _read(f"{popup}{article}<div class=x><h4>{HEADLINES[0]}</h4><p>{HEADLINES[1]}</p></div>") == SECURITY


def test_tags_of_a_page_s_own_part_paragraphs() -> None:
    body = "".join(f"<app-text>{text}</app-text>" for text in SECURITY)
    assert _read(f"<app-root><app-story>{body}</app-story></app-root>") == SECURITY


@pytest.mark.parametrize(
    ("tag", "title"),
    [
        ("النفط يرتفع 1.2 في المئة عند الإغلاق - صحيفة المدار", "النفط يرتفع 1.2 في المئة عند الإغلاق"),
        ("فاز الأهلي | بوابة المدار للأخبار الإلكترونية", "فاز الأهلي"),
        ("المدار | النفط يرتفع في الأسواق العالمية عند الإغلاق", "النفط يرتفع في الأسواق العالمية عند الإغلاق"),
    ],
)
def test_the_title_of_a_page_is_not_its_site_s_name(tag: str, title: str) -> None:
    heading = f"<h1>{title}</h1>" if title == "فاز الأهلي" else ""
    text = "</p><p>".join(FINTECH[1:])
    page = f"<html><head><title>{tag}</title></head><body>{heading}<p>{text}</p></body></html>"
    assert read_bytes(page.encode(), "a.html").title == title


def test_a_mark_to_jump_to_is_no_link() -> None:
    """Left open, as it was in many pages, it holds all that follows."""
    marked = "".join(f"<article><a name=top>{_paragraphs(article)}</article>" for article in (FINTECH, SECURITY))
    assert _read(marked) == [*FINTECH, *SECURITY]


@pytest.mark.parametrize(
    ("box", "times"), [("<div class=sidebar>", 2), ("<footer>", 1), ("<div class=textwidget id=comments>", 1)]
)
def test_furniture_goes_beside_an_article_in_a_box_called_so_too(box: str, times: int) -> None:
    article = [*SECURITY, *[f"{text} أيضا" for text in SECURITY[1:] * (times - 1)]]
    prose = "".join(f"<p>{text}</p>" for text in FINTECH[1:4])
    end = "</footer>" if box == "<footer>" else "</div>"
    page = f"<div class=widget><div class=body>{_paragraphs(article, 'h1')}</div></div>{box}{prose}{end}"
    assert _read(page) == article


def test_a_short_box_called_furniture_is_no_article() -> None:
    box = f"<div class=widget><p>{FINTECH[2]}</p></div>"
    assert _read(f"<div class=x><div>{_paragraphs(SECURITY[:3], 'h1')}</div></div>{box}") == SECURITY[:3]

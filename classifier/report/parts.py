"""Pieces that several pages share: figures, bars, label colours, tables of terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from classifier.errors import Reason
from classifier.prediction import Evidence
from classifier.report.markup import Markup, both, element, joined, name

REASONS = {
    Reason.EMPTY: ("لا نص في الوثيقة", "no text in the document"),
    Reason.UNREADABLE: (
        "لا يقرأ نصا، لعله صورة تحتاج إلى تعرف ضوئي",
        "not readable as text, perhaps a scan that needs OCR",
    ),
    Reason.NOT_ARABIC: ("ليست بالعربية", "not in Arabic"),
    Reason.TOO_SHORT: ("أقصر من أن يحكم عليها", "too short to judge"),
    Reason.LOW_COVERAGE: ("معظم كلماتها غريبة عن النموذج", "mostly words the model does not know"),
    Reason.AMBIGUOUS: ("دون درجة اليقين المطلوبة", "less certain than was asked for"),
    Reason.NOT_FOUND: ("الملف غير موجود", "the file is not there"),
    Reason.FORBIDDEN: ("لا إذن بقراءتها", "reading is not allowed"),
    Reason.TOO_LARGE: ("أكبر من الحد المسموح", "larger than the limit"),
    Reason.BROKEN_FILE: ("ملف تالف", "a damaged file"),
    Reason.ENCRYPTED: ("محمية بكلمة سر", "protected by a password"),
    Reason.UNSUPPORTED: ("نوع ملف غير مدعوم", "a kind of file that is not supported"),
}
"""Reason codes in words, Arabic and English."""

COLOURS = 8  # in the style sheet: c0 to c7


def colour(label: str | None, labels: Sequence[str]) -> str:
    """The colour class of a label; labels beyond the eighth share colours, but never a name."""
    return f"c{labels.index(label) % COLOURS}" if label in labels else "none"


def percent(share: float, digits: int = 0) -> str:
    """A share as a percentage."""
    return f"{share * 100:.{digits}f}%"


def certain(probability: float) -> Markup:
    """A probability as a percentage that never claims certainty."""
    shown = "> 99.9%" if probability > 0.999 else percent(probability, 1)
    return element("span", shown, class_="number")


def figures(pairs: Iterable[tuple[Markup, object]]) -> Markup:
    """Large numbers with what they count."""
    parts = [element("div", element("dt", title), element("dd", value)) for title, value in pairs]
    return element("dl", *parts, class_="figures")


def bars(shares: Mapping[str, float], labels: Sequence[str], shown: Mapping[str, object] | None = None) -> Markup:
    """One bar per label, its length the share, its end the share in figures."""
    rows = []
    for label, share in shares.items():
        length = element("i", class_=colour(label, labels), style=f"width:{share * 100:.2f}%")
        figure = element("span", percent(share, 1) if shown is None else shown[label], class_="number")
        rows.append(element("li", name(label), element("span", length, class_="bar", aria_hidden="true"), figure))
    return element("ul", *rows, class_="bars")


def key(labels: Sequence[str], unanswered: bool = False) -> Markup:
    """Which colour is which label."""
    items = [element("li", name(label), class_=colour(label, labels)) for label in labels]
    if unanswered:
        items.append(element("li", both("بلا تصنيف", "no label"), class_="none"))
    return element("ul", *items, class_="key")


def table(caption: Markup, heads: Sequence[object], rows: Iterable[Sequence[object]], numbers: int = 0) -> Markup:
    """A table whose last `numbers` columns are figures."""
    text = len(heads) - numbers
    head = [
        element("th", title, scope="col", class_=None if column < text else "number")
        for column, title in enumerate(heads)
    ]
    body = [element("tr", *(_cell(cell, column >= text) for column, cell in enumerate(row))) for row in rows]
    whole = element(
        "table", element("caption", caption), element("thead", element("tr", *head)), element("tbody", *body)
    )
    return element("div", whole, class_="scroll", tabindex="0")


def _cell(content: object, is_number: bool) -> Markup:
    if not is_number:
        return element("td", content)
    return element("td", element("span", content, class_="number"), class_="number")


def card(*children: object, title: object | None = None, **attributes: object) -> Markup:
    """A box of the page."""
    heading = None if title is None else element("h2", title)
    return element("section", heading, *children, class_="card", **attributes)


def term_list(evidence: Sequence[Evidence], limit: int) -> Markup:
    """The strongest terms with their contributions, in one line of text."""
    parts = [
        joined((name(part.term), " ", element("span", f"{part.contribution:+.2f}", class_="number soft")))
        for part in evidence[:limit]
    ]
    return Markup(" · ".join(parts)) if parts else Markup("–")

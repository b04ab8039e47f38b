"""The page of one document: its label and why, in the text itself and as lists, with its passages down the margin."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from classifier.evidence import Account, Explanation
from classifier.prediction import Evidence, Passage, Prediction
from classifier.report.markup import Markup, both, element, joined, name, page, safe, write
from classifier.report.parts import REASONS, bars, card, certain, colour, figures, percent, table

SHOWN_CHARACTERS = 200_000  # of a longer text only the beginning is shown
SHOWN_TERMS, SHOWN_UNKNOWN = 40, 60
LEVELS = (0.04, 0.2, 0.4, 0.65)  # parts of the strongest contribution, from which a highlight is of strength 1 to 4

_LINE = re.compile(r"[^\n\r\v\f\x85\u2028\u2029]+")


def write_document_page(
    prediction: Prediction, text: str, out: str | os.PathLike[str], explanation: Explanation | None = None
) -> None:
    """Write the page of a prediction (best made with `explain` and `passages`) and the text it was made for.

    With the model's `explanation` of that text the page also shows the runner-up and the unknown terms.
    """
    write(document_page(prediction, text, explanation), out)


def document_page(prediction: Prediction, text: str, explanation: Explanation | None = None) -> str:
    """The page as HTML."""
    title = prediction.path or "text"
    sides = _sides(prediction, explanation)
    body = [
        element("div", _answer(prediction), _probabilities(prediction), class_="pair"),
        _text(prediction, text, sides),
        element("div", *(_terms(number, side) for number, side in enumerate(sides)), class_="pair") if sides else None,
        None if explanation is None else _unknown(explanation),
    ]
    return page(name(title), title, body, "document.js")


def _sides(prediction: Prediction, explanation: Explanation | None) -> list[Account]:
    """The accounts to show, the label's first; without an explanation what the prediction itself carries."""
    if explanation is not None:
        return [*explanation.accounts[:2], *explanation.others]
    if not prediction.evidence or not prediction.probabilities:
        return []
    label = max(prediction.probabilities, key=prediction.probabilities.__getitem__)
    return [Account(label, prediction.probabilities[label], 0.0, 0.0, prediction.evidence)]


def _answer(prediction: Prediction) -> Markup:
    labels = list(prediction.probabilities)
    answer: object = name(prediction.label) if prediction.label else _status(prediction.status)
    return card(
        element("p", answer, class_=f"big {colour(prediction.label, labels)}"),
        figures(
            [
                (
                    both("الاحتمال", "Probability"),
                    "–" if prediction.probability is None else certain(prediction.probability),
                ),
                (both("كلمات يعرفها النموذج", "Words the model knows"), percent(prediction.coverage)),
                (both("النموذج", "Model"), name(prediction.model)),
            ]
        ),
        _note(prediction),
        title=both("التصنيف", "Label"),
    )


def _note(prediction: Prediction) -> Markup | None:
    if prediction.reason is not None:
        parts = [both(*REASONS[prediction.reason])]
    elif len(prediction.topics) > 1:
        parts = [
            both("صفحة فيها أكثر من موضوع؛ والتصنيف لمقالها الأول.", "A mixed page; the label is its first article's.")
        ]
    else:
        parts = []
    if prediction.message:
        parts.append(element("span", prediction.message, class_="soft", dir="auto"))
    return element("div", *(element("div", part) for part in parts), class_="note") if parts else None


def _status(status: str) -> Markup:
    return both("غير معروف", "unknown") if status == "unknown" else both("تعذرت القراءة", "failed")


def _probabilities(prediction: Prediction) -> Markup:
    labels = list(prediction.probabilities)
    shares = dict(sorted(prediction.probabilities.items(), key=lambda pair: -pair[1]))
    parts: list[object] = [bars(shares, labels, {label: certain(share) for label, share in shares.items()})]
    if len(prediction.topics) > 1:
        parts.append(element("h2", both("مواضيع الصفحة وحصتها من الكلمات", "Topics and their share of the words")))
        parts.append(bars({str(topic["label"]): float(topic["share"]) for topic in prediction.topics}, labels))
    if not shares:
        parts = [element("p", both("لا دليل يكفي للحكم.", "There was too little evidence to judge by."))]
    return card(*parts, title=both("الاحتمالات", "Probabilities"))


def _text(prediction: Prediction, text: str, sides: Sequence[Account]) -> Markup:
    labels = list(prediction.probabilities)
    shown = text[:SHOWN_CHARACTERS]
    marks = _marks(sides)
    passages = prediction.passages or (
        Passage(prediction.label or "", prediction.probability or 0.0, 1.0, 0, len(text)),
    )
    parts: list[object] = [_switches(sides)]
    parts += [_passage(passage, shown, marks, labels) for passage in _covering(passages, len(shown))]
    if len(shown) < len(text):
        left = f"{len(text) - len(shown):,}"
        parts.append(
            element("p", both(f"بقي {left} حرفا لم يعرض.", f"{left} more characters are not shown."), class_="note")
        )
    return card(*parts, title=both("النص", "Text"), id="text", data_side="a")


def _covering(passages: Sequence[Passage], length: int) -> Iterator[Passage]:
    """The passages, stretched so that together they hold every character."""
    starts = [0, *(passage.start for passage in passages[1:]), length]
    for passage, start, end in zip(passages, starts, starts[1:], strict=False):
        if start < end:
            yield Passage(passage.label, passage.probability, passage.share, start, min(end, length))


def _switches(sides: Sequence[Account]) -> Markup | None:
    if not sides:
        return None
    buttons = [
        element(
            "button",
            both("ما دعم: ", "Evidence for: "),
            name(side.label),
            type="button",
            data_show="ab"[number],
            aria_pressed="true" if number == 0 else "false",
        )
        for number, side in enumerate(sides[:2])
    ]
    buttons.append(
        element("button", both("النص وحده", "Text only"), type="button", data_show="none", aria_pressed="false")
    )
    strengths = [element("mark", both("له", "for"), class_=f"a{level} b{level} swatch") for level in (1, 2, 3, 4)]
    against = element("mark", both("عليه", "against"), class_="x3 y3 swatch")
    legend = both("سماكة الخط ولونه بقدر الأثر:", "The thicker and darker the line, the stronger:")
    return joined(
        (
            element(
                "div",
                *buttons,
                class_="controls",
                role="group",
                data_ar="الأدلة",
                data_en="Evidence",
                aria_label="الأدلة",
            ),
            element("p", legend, " ", *strengths, " ", against, class_="soft"),
        )
    )


def _marks(sides: Sequence[Account]) -> list[tuple[int, int, str, str]]:
    """(start, end, classes, tooltip) of every highlighted occurrence, in the order of the text."""
    classes: dict[tuple[int, int], list[str]] = {}
    tips: dict[tuple[int, int], list[str]] = {}
    for number, side in enumerate(sides):
        good = _letter(number)
        bad = {"a": "x", "b": "y"}[good]
        strongest = max((abs(part.contribution) for part in side.evidence), default=0.0) or 1.0
        for rank, part in enumerate(side.evidence):
            level = sum(abs(part.contribution) >= least * strongest for least in LEVELS)
            for span in part.spans if level else ():
                found = classes.setdefault(span, [])
                found.append(f"{good if part.contribution > 0 else bad}{level}")
                found.extend([f"{good}-{number}-{rank}"] if rank < SHOWN_TERMS else [])
                tips.setdefault(span, []).append(f"{side.label} {part.contribution:+.2f}")
    return [(*span, " ".join(found), "; ".join(tips[span])) for span, found in sorted(classes.items())]


def _passage(passage: Passage, text: str, marks: Sequence[tuple[int, int, str, str]], labels: Sequence[str]) -> Markup:
    shares = both(f"{percent(passage.share)} من الكلمات", f"{percent(passage.share)} of the words")
    margin = element(
        "div",
        element("strong", name(passage.label)),
        element("br"),
        certain(passage.probability),
        element("br"),
        shares,
    )
    lines = [
        element(
            "p", *_marked(text, passage.start + line.start(), passage.start + line.end(), marks), dir="auto", lang="ar"
        )
        for line in _LINE.finditer(text[passage.start : passage.end])
        if line[0].strip()
    ]
    aside = element("aside", margin if passage.label else None, class_=colour(passage.label, labels))
    return element("div", aside, element("div", *lines), class_="passage")


def _marked(text: str, start: int, end: int, marks: Sequence[tuple[int, int, str, str]]) -> Iterator[Markup]:
    """Characters `start` to `end` with their highlights."""
    from bisect import bisect_left

    for number in range(bisect_left(marks, (start,)), len(marks)):
        first, last, classes, tip = marks[number]
        if first >= end:
            break
        if first >= start:
            yield safe(text[start:first])
            yield element("mark", text[first:last], class_=classes, title=tip)
            start = last
    yield safe(text[start:end])


def _terms(number: int, side: Account) -> Markup:
    total = both(
        f"الثابت {side.bias:+.2f} ومجموع الأدلة {side.score - side.bias:+.2f}: الدرجة {side.score:+.2f}",
        f"intercept {side.bias:+.2f}, all terms {side.score - side.bias:+.2f}: score {side.score:+.2f}",
    )
    heads = (both("اللفظ", "Term"), both("مرات", "Times"), both("الأثر", "Contribution"))
    rows = [
        (
            _term_button(number, rank, part),
            str(len(part.spans)),
            element("span", f"{part.contribution:+.3f}", dir="ltr"),
        )
        for rank, part in enumerate(side.evidence[:SHOWN_TERMS])
    ]
    title = joined((both("ما قرر: ", "What decided: "), name(side.label)))
    return card(table(total, heads, rows, numbers=2), title=title)


def _term_button(number: int, rank: int, part: Evidence) -> Markup:
    return element(
        "button", name(part.term), type="button", class_="term", data_term=f"{_letter(number)}-{number}-{rank}"
    )


def _letter(number: int) -> str:
    """The switch that shows an account: the runner-up has its own, the other articles go with the label's."""
    return "b" if number == 1 else "a"


def _unknown(explanation: Explanation) -> Markup:
    count = sum(len(term.spans) for term in explanation.unknown)
    share = percent(count / max(1, explanation.words))
    said = both(
        f"{count} كلمة ({share}) لا يعرفها النموذج، ولم تؤثر.",
        f"{count} words ({share}) are unknown to the model and had no say.",
    )
    names = [
        joined((name(term.term), f" ×{len(term.spans)}" if len(term.spans) > 1 else "", " · "))
        for term in explanation.unknown
    ]
    return card(
        element("p", said),
        element("p", *names[:SHOWN_UNKNOWN], class_="soft"),
        title=both("ألفاظ مجهولة", "Unknown terms"),
    )

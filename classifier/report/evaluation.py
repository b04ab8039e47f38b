"""The page of an evaluation: where the model is right, where it errs, how far its probabilities can be believed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from classifier.corpus import Corpus
from classifier.evaluation import Evaluation, LabelFigures, Mistake
from classifier.evidence import Explanation
from classifier.model import Model
from classifier.report.charts import unit_chart, x_of, y_of
from classifier.report.markup import Markup, both, element, joined, name, page, write
from classifier.report.parts import card, certain, figures, percent, table, term_list

SHOWN_TERMS = 8


def write_evaluation_report(
    evaluation: Evaluation,
    out: str | os.PathLike[str],
    *,
    model: Model | None = None,
    corpus: Corpus | None = None,
) -> None:
    """Write the page of an evaluation; with the model and the corpus it was made from, mistakes show their evidence."""
    write(evaluation_page(evaluation, model, corpus), out)


def evaluation_page(evaluation: Evaluation, model: Model | None = None, corpus: Corpus | None = None) -> str:
    """The page as HTML."""
    title = both("تقييم النموذج", "Evaluation of the model")
    body = [
        _summary(evaluation, model, corpus),
        element("div", _per_label(evaluation), _confusion(evaluation), class_="pair"),
        element("div", _reliability(evaluation), _risk(evaluation), class_="pair"),
        _mistakes(evaluation, model, corpus),
    ]
    return page(title, "Evaluation", body)


def _summary(evaluation: Evaluation, model: Model | None, corpus: Corpus | None) -> Markup:
    rows = [
        (both("الوثائق", "Documents"), f"{evaluation.documents:,}"),
        (both("المجاب عنها", "Answered"), f"{evaluation.answered:,}"),
        (both("الصحة", "Accuracy"), _between(evaluation.accuracy, evaluation.accuracy_interval)),
        (both("متوسط F1", "Macro F1"), _between(evaluation.macro_f1, evaluation.macro_f1_interval)),
        (both("خطأ المعايرة", "Calibration error"), percent(evaluation.ece, 1)),
    ]
    if corpus is not None and corpus.left_out:
        rows.insert(1, (both("المستبعدة", "Left out"), _counted(corpus.left_out)))
    if model is not None:
        rows.append((both("النموذج", "Model"), name(model.id)))
    note = both("بين القوسين مجال ثقة 95%.", "In brackets: 95% intervals.")
    return card(figures(rows), element("p", note, class_="soft"))


def _counted(left_out: Mapping[str, Sequence[str]]) -> Markup:
    """How many documents were left out, and why."""
    reasons = name(", ".join(f"{len(names):,} {reason}" for reason, names in left_out.items()))
    total = sum(map(len, left_out.values()))
    return element("span", f"{total:,} ", element("span", "(", reasons, ")", class_="soft"), class_="number")


def _between(value: float, interval: tuple[float, float]) -> Markup:
    shown = (
        f"{value * 100:.1f}% ",
        element("span", f"({interval[0] * 100:.1f} – {interval[1] * 100:.1f})", class_="soft"),
    )
    return element("span", *shown, class_="number")


def _per_label(evaluation: Evaluation) -> Markup:
    heads = (
        both("التصنيف", "Label"),
        both("العدد", "Documents"),
        both("الدقة", "Precision"),
        both("الاستدعاء", "Recall"),
        "F1",
    )
    rows = [_label_row(figure) for figure in evaluation.per_label]
    caption = both("مع مجالات ثقة 95%", "With 95% intervals")
    return card(table(caption, heads, rows, numbers=4), title=both("لكل تصنيف", "Label by label"))


def _label_row(figure: LabelFigures) -> tuple[object, ...]:
    return (
        name(figure.label),
        f"{figure.support:,}",
        _between(figure.precision, figure.precision_interval),
        _between(figure.recall, figure.recall_interval),
        _between(figure.f1, figure.f1_interval),
    )


def _confusion(evaluation: Evaluation) -> Markup:
    heads = [element("th", name(label), scope="col") for label in evaluation.labels]
    heads.append(element("th", both("بلا جواب", "unknown"), scope="col"))
    corner = element("th", both("الصحيح ↓ / الجواب ←", "Truth ↓ / answer →"), scope="col")
    rows = [
        element("tr", element("th", name(label), scope="row"), *_shaded(counts, number))
        for number, (label, counts) in enumerate(zip(evaluation.labels, evaluation.confusion, strict=True))
    ]
    caption = both("الصفوف هي الصحيح والأعمدة ما أجاب به النموذج", "Rows are the truth, columns the answers")
    parts = element("caption", caption), element("thead", element("tr", corner, *heads)), element("tbody", *rows)
    grid = element("div", element("table", *parts, class_="confusion"), class_="scroll", tabindex="0")
    return card(grid, title=both("مصفوفة الالتباس", "Confusion matrix"))


def _shaded(counts: Sequence[int], right: int) -> list[Markup]:
    total = max(1, sum(counts))
    return [
        element(
            "td",
            f"{count:,} ",
            element("span", percent(count / total), class_="soft number"),
            class_="right" if column == right else None,
            style=f"background:rgba(var(--for),{0.45 * count / total:.3f})",
        )
        for column, count in enumerate(counts)
    ]


def _reliability(evaluation: Evaluation) -> Markup:
    bins = evaluation.reliability
    most = max((row["documents"] for row in bins), default=1.0)
    dots = [
        element(
            "circle",
            cx=x_of(row["certainty"]),
            cy=y_of(row["accuracy"]),
            r=f"{3 + 7 * (row['documents'] / most) ** 0.5:.1f}",
            class_="dot",
        )
        for row in bins
    ]
    ideal = element("line", x1=x_of(0), y1=y_of(0), x2=x_of(1), y2=y_of(1), class_="ideal")
    rows = [(percent(row["certainty"], 1), percent(row["accuracy"], 1), f"{row['documents']:,.0f}") for row in bins]
    heads = both("متوسط الاحتمال", "Mean probability"), both("الصحة", "Accuracy"), both("الوثائق", "Documents")
    return card(
        unit_chart(
            [ideal, *dots],
            (("الاحتمال", "probability"), ("الصحة", "accuracy")),
            ("مخطط المعايرة", "Reliability diagram"),
        ),
        element(
            "p", both("على الخط المتقطع: الاحتمال صادق.", "On the dashed line a probability is honest."), class_="soft"
        ),
        _figures_behind(heads, rows),
        title=both("هل تصدق الاحتمالات؟", "Are the probabilities honest?"),
    )


def _risk(evaluation: Evaluation) -> Markup:
    top = max((row["error"] for row in evaluation.risk), default=0.0) * 1.1 or 0.01
    points = " ".join(f"{x_of(row['coverage'])},{y_of(row['error'] / top)}" for row in evaluation.risk)
    rows = [
        (f"≤ {percent(float(asked), 0)}", percent(covered, 1))
        for asked, covered in evaluation.coverage_at_error.items()
    ]
    heads = both("الخطأ المسموح", "Error allowed"), both("ما يجاب عنه", "Documents answered")
    return card(
        unit_chart(
            [element("polyline", points=points, class_="line")],
            (("ما يجاب عنه", "answered"), ("الخطأ", "error")),
            ("منحنى الخطأ والتغطية", "Risk–coverage curve"),
            top,
        ),
        _figures_behind(heads, rows, shown=True),
        title=both("كم يجاب عنه بأي خطأ؟", "How much is answered at which error?"),
    )


def _figures_behind(heads: Sequence[object], rows: Sequence[Sequence[object]], shown: bool = False) -> Markup:
    """The numbers of a chart, for those who cannot see it or want them exactly."""
    title = both("الأرقام", "The figures")
    return element("details", element("summary", title), table(title, heads, rows, numbers=len(heads)), open=shown)


def _mistakes(evaluation: Evaluation, model: Model | None, corpus: Corpus | None) -> Markup:
    parts = [_mistake(mistake, model, corpus) for mistake in evaluation.mistakes]
    if not parts:
        parts = [element("p", both("لا أخطاء.", "No mistakes."))]
    return card(*parts, title=both("أكثر الأخطاء يقينا، وأدلتها", "The most certain mistakes, and their evidence"))


def _mistake(mistake: Mistake, model: Model | None, corpus: Corpus | None) -> Markup:
    text = mistake.text if corpus is None else corpus.examples[mistake.row].text  # names may repeat
    explanation = None if model is None else model.explain(text)
    heading = joined((name(mistake.name or "–"), " · ", certain(mistake.probability)))
    sides = [
        _side(both("الصحيح", "The truth"), mistake.truth, explanation),
        _side(both("الجواب", "The answer"), mistake.answer, explanation),
    ]
    return element(
        "article",
        element("h3", heading),
        element("p", mistake.text, class_="soft", dir="auto", lang="ar"),
        element("div", *sides, class_="pair"),
        class_="mistake",
    )


def _side(title: Markup, label: str, explanation: Explanation | None) -> Markup:
    """What spoke for a label, the strongest first, and what spoke against it."""
    heading = element("p", title, ": ", element("strong", name(label)))
    accounts = () if explanation is None else explanation.accounts
    account = next((account for account in accounts if account.label == label), None)
    if account is None:
        return element("div", heading)
    favour = [part for part in account.evidence if part.contribution > 0]
    against = [part for part in account.evidence if part.contribution < 0]
    return element(
        "div",
        heading,
        element("p", both("له: ", "For: "), term_list(favour, SHOWN_TERMS)),
        element("p", both("عليه: ", "Against: "), term_list(against, SHOWN_TERMS)),
    )

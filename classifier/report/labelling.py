"""The page of a labelling run: what came out, by label, folder and time, and every document with what decided it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from classifier.documents import Document
from classifier.errors import Reason
from classifier.labelling import read_results
from classifier.labelling.dates import date_of
from classifier.labelling.working import read_file
from classifier.model import Model
from classifier.report.charts import stacked_columns
from classifier.report.markup import Markup, both, element, joined, name, page, write
from classifier.report.parts import REASONS, bars, card, colour, figures, key, percent, table

TERMS = 6  # shown of each document's evidence
EXPLAINED = 500  # documents, the least certain first, whose evidence is looked up where the results have none
FOLDERS = 25
BINS = 20
COLUMNS = 60  # of the chart over time, at most, unless there are more years


@dataclass(frozen=True, slots=True)
class Row:
    """One document of a results file; `evidence` holds terms with contributions, `file` its path on disk.

    Of an archive or mailbox `file` is that, and `member` the document's name there.

    `seconds` is the time of the file since 1970, 0 where that is no date.
    """

    path: str
    file: str
    member: str | None
    label: str | None
    status: str
    probability: float | None
    reason: str | None
    note: str
    seconds: int
    evidence: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Row:
        """The row of a line of results."""
        seconds = int(values.get("mtime") or 0) // 1_000_000_000
        archive = values.get("archive")
        strongest = sorted(values.get("evidence") or (), key=lambda part: -abs(part["contribution"]))[:TERMS]
        return cls(
            path=values["path"],
            file=os.fspath(Path(values.get("folder") or "", archive or values["path"])),
            member=values["path"].removeprefix(f"{archive}!/") if archive else None,
            label=values.get("label"),
            status=values["status"],
            probability=values.get("probability"),
            reason=values.get("reason"),
            note=values.get("message") or "",
            seconds=seconds if date_of(seconds) else 0,
            evidence=tuple((part["term"], part["contribution"]) for part in strongest),
        )


def write_labelling_report(
    results: str | os.PathLike[str], out: str | os.PathLike[str], *, model: Model | None = None
) -> None:
    """Write the page of a results file. Its list shows each document's evidence where the results have it.

    With the `model`, the least certain of the other documents are read again and explained. Raises `ResultsError` when
    the results cannot be read.
    """
    rows = [Row.of(values) for values in read_results(Path(results))]
    if model is not None:
        rows = explained(rows, model)
    write(labelling_page(rows, Path(results).name, Path(out).resolve().parent), out)


def explained(rows: Sequence[Row], model: Model) -> list[Row]:
    """The rows with evidence for the EXPLAINED least certain that lack it; documents gone since stay without."""
    doubtful = [row for row in rows if row.probability is not None and not row.evidence]
    doubtful = sorted(doubtful, key=lambda row: row.probability or 0.0)[:EXPLAINED]
    wanted = {(row.file, row.member) for row in doubtful}
    found = {
        (file, reading.member): _evidence(reading.document.text, model)
        for file in sorted({row.file for row in doubtful})
        for reading in read_file(file, model)
        if (file, reading.member) in wanted and isinstance(reading.document, Document)
    }
    return [replace(row, evidence=found.get((row.file, row.member), row.evidence)) for row in rows]


def _evidence(text: str, model: Model) -> tuple[tuple[str, float], ...]:
    evidence = model.predict(text, explain=True).evidence or ()
    return tuple((part.term, part.contribution) for part in evidence[:TERMS])


def labelling_page(rows: Sequence[Row], source: str, beside: Path) -> str:
    """The page as HTML, with links to documents relative to the folder `beside` it."""
    counts = Counter(row.label for row in rows if row.label is not None)
    labels = [label for label, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]
    title = joined((both("نتائج التصنيف: ", "Labelling: "), name(source)))
    body = [
        _summary(rows, labels),
        element("div", _histogram(rows, labels), _times(rows, labels), class_="pair"),
        _folders(rows, labels),
        _failures(rows),
        _list(labels),
    ]
    return page(title, f"Labelling: {source}", body, "labelling.js", _data(rows, labels, beside))


def _summary(rows: Sequence[Row], labels: Sequence[str]) -> Markup:
    statuses = Counter(row.status for row in rows)
    counts = Counter(row.label for row in rows)
    shares = {label: counts[label] / len(rows) for label in labels}
    shown = {label: f"{counts[label]:,} ({percent(share, 1)})" for label, share in shares.items()}
    return card(
        figures(
            [
                (both("الوثائق", "Documents"), f"{len(rows):,}"),
                (both("صنفت", "Labelled"), f"{statuses['labelled']:,}"),
                (both("غير معروفة", "Unknown"), f"{statuses['unknown']:,}"),
                (both("تعذرت قراءتها", "Failed"), f"{statuses['failed']:,}"),
            ]
        ),
        bars(shares, labels, shown),
        title=both("الحصيلة", "Summary"),
    )


def _histogram(rows: Sequence[Row], labels: Sequence[str]) -> Markup:
    columns: list[Counter[str]] = [Counter() for _ in range(BINS)]
    for row in rows:
        if row.probability is not None:
            columns[min(int(row.probability * BINS), BINS - 1)][row.label or ""] += 1
    names = [f"{number * 100 // BINS}%" for number in range(BINS)]
    chart = stacked_columns(names, columns, labels, ("توزيع الاحتمالات", "Probabilities"))
    return card(chart, key(labels), title=both("كم النموذج واثق؟", "How certain the model is"))


def _times(rows: Sequence[Row], labels: Sequence[str]) -> Markup:
    columns: dict[str, Counter[str]] = {}
    for row, moment in _moments(rows):
        columns.setdefault(moment, Counter())[row.label or ""] += 1
    names = sorted(columns)
    chart = stacked_columns(names, [columns[moment] for moment in names], labels, ("عبر الزمن", "Over time"))
    note = both("بحسب تاريخ تعديل الملفات.", "By the files' modification times.")
    return card(
        chart, key(labels, unanswered=True), element("p", note, class_="soft"), title=both("عبر الزمن", "Over time")
    )


def _moments(rows: Sequence[Row]) -> list[tuple[Row, str]]:
    """The rows that have a time, with their day, their month or their year, whichever gives few enough columns."""
    days = [(row, datetime.fromtimestamp(row.seconds, UTC).strftime("%Y-%m-%d")) for row in rows if row.seconds]
    for length in (len("2026-01-01"), len("2026-01")):
        if len({day[:length] for _, day in days}) <= COLUMNS:
            return [(row, day[:length]) for row, day in days]
    return [(row, day[:4]) for row, day in days]


def _folders(rows: Sequence[Row], labels: Sequence[str]) -> Markup:
    groups: dict[str, Counter[str]] = {}
    for folder, row in zip(folders_of([row.path for row in rows]), rows, strict=True):
        groups.setdefault(folder, Counter())[row.label or ""] += 1
    largest = sorted(groups, key=lambda folder: (-groups[folder].total(), folder))
    heads = (
        both("المجلد", "Folder"),
        both("التوزيع", "Labels"),
        *(name(label) for label in labels[:6]),
        both("بلا تصنيف", "No label"),
        both("المجموع", "All"),
    )
    shown = [_folder_row(folder, groups[folder], labels) for folder in largest[:FOLDERS]]
    caption = both(f"أكبر {len(shown)} من {len(groups)}", f"The largest {len(shown)} of {len(groups)}")
    grid = table(caption, heads, shown, numbers=len(heads) - 2)
    return card(grid, key(labels, unanswered=True), title=both("بحسب المجلدات", "By folder"))


def _folder_row(folder: str, counts: Counter[str], labels: Sequence[str]) -> tuple[object, ...]:
    total = counts.total()
    parts = [
        element("i", class_=colour(label, labels), style=f"width:{counts[label] / total * 100:.2f}%")
        for label in (*labels, "")
        if counts[label]
    ]
    figures_ = [f"{counts[label]:,}" for label in labels[:6]]
    bar = element("span", *parts, class_="bar", aria_hidden="true")
    return (name(folder or "."), bar, *figures_, f"{counts['']:,}", f"{total:,}")


def folders_of(paths: Iterable[str]) -> list[str]:
    """The folder each path is counted under: as deep as needed for more than one to come out, at most four levels."""
    parents = [PurePosixPath(path).parts[:-1] for path in paths]
    for depth in range(1, 5):
        names = ["/".join(parts[:depth]) for parts in parents]
        if len(set(names)) > 1:
            break
    else:
        names = ["/".join(parts) for parts in parents]
    return names


def _failures(rows: Sequence[Row]) -> Markup | None:
    counts = Counter(row.reason for row in rows if row.reason)
    if not counts:
        return None
    examples = {row.reason: row.note for row in reversed(rows) if row.reason}
    heads = (
        both("السبب", "Reason"),
        both("ما يعنيه", "Meaning"),
        both("مثال", "For example"),
        both("العدد", "Documents"),
    )
    lines = [
        (name(reason), _meaning(reason), element("bdi", examples[reason], class_="soft"), f"{count:,}")
        for reason, count in counts.most_common()
    ]
    caption = both("وثائق بلا تصنيف", "Documents without a label")
    return card(table(caption, heads, lines, numbers=1), title=both("ما لم يصنف، ولماذا", "What has no label, and why"))


def _meaning(reason: str) -> Markup:
    return both(*REASONS[Reason(reason)]) if reason in Reason.__members__ else name(reason)


def _list(labels: Sequence[str]) -> Markup:
    choices = [element("option", label, value=number) for number, label in enumerate(labels)]
    every = element("option", "كل التصنيفات – all labels", value="")
    none = element("option", "بلا تصنيف – no label", value="none")
    search = element(
        "input",
        id="search",
        type="search",
        data_ar="ابحث في الأسماء والأدلة",
        data_en="Search names and evidence",
        placeholder="",
        aria_label="",
    )
    choose = element("select", every, *choices, none, id="label", data_ar="التصنيف", data_en="Label", aria_label="")
    heads = [
        _head("path", "الوثيقة", "Document"),
        _head("label", "التصنيف", "Label"),
        _head("probability", "الاحتمال", "Probability", "number"),
        _head("time", "التاريخ", "Date", "wide"),
    ]
    grid = element("table", element("thead", element("tr", *heads)), element("tbody", id="rows"), class_="table-list")
    before = element("button", both("السابق", "Previous"), type="button", id="before")
    after = element("button", both("التالي", "Next"), type="button", id="after")
    return card(
        element("div", search, choose, class_="tools", role="search"),
        element("p", id="count", class_="soft", aria_live="polite"),
        element("div", grid, class_="scroll"),
        element("div", before, after, class_="controls"),
        title=both("الوثائق", "Documents"),
    )


def _head(column: str, arabic: str, english: str, class_: str | None = None) -> Markup:
    button = element("button", both(arabic, english), type="button", data_sort=column)
    return element("th", button, scope="col", class_=class_, aria_sort="none")


def _data(rows: Sequence[Row], labels: Sequence[str], beside: Path) -> dict[str, Any]:
    """What the list shows: path, label or reason by number, probability in thousandths, time, note, evidence, link."""
    number = {label: position for position, label in enumerate(labels)}
    reasons = sorted({row.reason for row in rows if row.reason})
    bases: dict[str, int] = {}
    return {
        "labels": list(labels),
        "reasons": [
            [code, *REASONS[Reason(code)]] if code in Reason.__members__ else [code, code, code] for code in reasons
        ],
        "rows": [
            [
                row.path,
                number[row.label] if row.label is not None else -1 - reasons.index(row.reason or reasons[0]),
                None if row.probability is None else round(row.probability * 1000),
                row.seconds,
                row.note,
                [[term, round(part, 2)] for term, part in row.evidence],
                _link(row, bases),
            ]
            for row in rows
        ],
        "bases": [quote(os.fsencode(os.path.relpath(folder or ".", beside))) for folder in bases],
    }


def _link(row: Row, bases: dict[str, int]) -> list[object]:
    """The document's folder as a number in `bases`, which grows, and its name as part of a URL."""
    folder, _, file = row.file.rpartition("/")
    if folder not in bases:
        bases[folder] = len(bases)
    return [bases[folder], quote(os.fsencode(file))]

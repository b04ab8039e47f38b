"""A results file as a table: CSV and XLSX for Excel, Parquet for data tools; row by row, so of any length.

Text from documents and file names is never a formula: in CSV a cell that would start one gets an apostrophe in front,
in XLSX it is stored as text. Names that are not UTF-8 show their odd bytes as `\\xe9`.
"""

from __future__ import annotations

import csv
import errno
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

from classifier.drafts import replacing
from classifier.errors import ResultsError
from classifier.labelling.dates import date_of
from classifier.labelling.lines import read_results
from classifier.labelling.outputs import CREATOR
from classifier.rows import disarmed

COLUMNS = (
    *("path", "status", "label", "probability", "reason", "message"),
    *("topics", "coverage", "repairs", "size", "modified", "sha256", "model"),
)
_SHEET_ROWS = 1_000_000  # Excel's limit is 1,048,576
_BATCH = 10_000
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML 1.0 has no place for these
_CELL_LIMIT = 32_767  # characters in a cell of Excel
_WIDTHS = {"path": 60, "message": 60, "label": 28, "modified": 20, "sha256": 20, "model": 24}


def export_csv(results: str | os.PathLike[str], out: str | os.PathLike[str]) -> None:
    """Write results as CSV: UTF-8 with a byte order mark, by which Excel tells it from other encodings."""
    labels = _labels(Path(results))
    with _in_place(Path(out)) as draft, draft.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(map(disarmed, _header(labels)))
        for row in _rows(Path(results), labels):
            writer.writerow([disarmed(cell) if isinstance(cell, str) else cell for cell in row])


def export_xlsx(results: str | os.PathLike[str], out: str | os.PathLike[str]) -> None:
    """Write results as an Excel workbook, sheets from right to left: a summary, then a million documents a sheet."""
    from openpyxl import Workbook

    labels = _labels(Path(results))
    book = Workbook(write_only=True)
    book.properties.creator = CREATOR
    with _in_place(Path(out)) as draft, _closed(book):
        _summarise(_sheet(book, "Summary", {}), Path(results))
        rows = _rows(Path(results), labels)
        for number in count(1):
            first = next(rows, None)
            if first is None and number > 1:
                break
            _fill(book, number, _header(labels), chain([first] if first else [], islice(rows, _SHEET_ROWS - 1)))
        book.save(draft)


def export_parquet(results: str | os.PathLike[str], out: str | os.PathLike[str]) -> None:
    """Write results as a Parquet file, one column for each label's probability."""
    import pyarrow
    from pyarrow import parquet

    labels = _labels(Path(results))
    numbers = {
        "size": pyarrow.int64(),
        "modified": pyarrow.timestamp("us", "UTC"),
        "repairs": pyarrow.list_(pyarrow.string()),
        "topics": pyarrow.list_(pyarrow.struct({"label": pyarrow.string(), "share": pyarrow.float64()})),
    }
    reals = {"probability", "coverage", *map(_column, labels)}
    kinds = {
        name: pyarrow.float64() if name in reals else numbers.get(name, pyarrow.string()) for name in _header(labels)
    }
    schema = pyarrow.schema(list(kinds.items()), {"creator": CREATOR})
    with _in_place(Path(out)) as draft, parquet.ParquetWriter(draft, schema) as writer:
        records = (_record(values, labels) for values in read_results(Path(results)))
        while batch := list(islice(records, _BATCH)):
            writer.write_table(pyarrow.Table.from_pylist(batch, schema))


EXPORTS: Mapping[str, Callable[[str | os.PathLike[str], str | os.PathLike[str]], None]] = {
    "csv": export_csv,
    "xlsx": export_xlsx,
    "parquet": export_parquet,
}


def _labels(results: Path) -> list[str]:
    """The labels of the results: every line with evidence names them all."""
    return next(
        (sorted(values["probabilities"]) for values in read_results(results) if values.get("probabilities")), []
    )


def _column(label: str) -> str:
    return f"probability of {label}"


def _header(labels: list[str]) -> list[str]:
    return [*COLUMNS, *map(_column, labels)]


def _record(values: Mapping[str, Any], labels: list[str]) -> dict[str, Any]:
    """A line as a row of Parquet."""
    row: dict[str, Any] = {name: _presentable(values.get(name)) for name in COLUMNS}
    row["topics"] = [
        {"label": _presentable(topic["label"]), "share": topic["share"]} for topic in values.get("topics") or []
    ]
    row["repairs"] = [_presentable(repair) for repair in values.get("repairs") or []]
    microseconds = int(values.get("mtime") or 0) // 1000
    row["modified"] = microseconds if date_of(microseconds // 1_000_000) else None
    shares = values.get("probabilities") or {}
    return row | {_column(label): shares.get(label) for label in labels}


def _rows(results: Path, labels: list[str]) -> Iterator[list[Any]]:
    """Lines as rows of a sheet: lists joined, shares as parts of a hundred, the time as a date in UTC."""
    for values in read_results(results):
        row = _record(values, labels)
        row["topics"] = "; ".join(f"{topic['share']:.0%} {topic['label']}" for topic in row["topics"])
        row["repairs"] = "; ".join(row["repairs"])
        row["modified"] = _date(row["modified"])
        yield list(row.values())


def _date(microseconds: object) -> str:
    date = date_of(microseconds // 1_000_000) if isinstance(microseconds, int) else None
    return date.strftime("%Y-%m-%d %H:%M:%S") if date else ""


def _presentable(value: Any) -> Any:
    """Text without lone surrogates, which no table format can hold."""
    if not isinstance(value, str) or value.isascii():
        return value
    try:
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # no byte of a name, as Windows and JSON may have them
        return value.encode("utf-8", "backslashreplace").decode("utf-8")


def _cell(sheet: Any, value: Any) -> Any:
    """A cell that holds text as text, even where it starts with an equals sign."""
    if not isinstance(value, str):
        return value
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, _UNPRINTABLE.sub("\ufffd", value)[:_CELL_LIMIT])
    cell.data_type = "s"
    return cell


def _sheet(book: Any, title: str, widths: Mapping[str, int]) -> Any:
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(title)
    sheet.sheet_view.rightToLeft = True
    for number, width in enumerate(widths.values(), 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    if widths:
        sheet.freeze_panes = "B2"
    return sheet


def _fill(book: Any, number: int, header: list[str], rows: Iterable[list[Any]]) -> None:
    sheet = _sheet(book, f"Documents {number}", {name: _WIDTHS.get(name, 14) for name in header})
    for row in chain([header], rows):
        sheet.append([_cell(sheet, value) for value in row])


def _summarise(sheet: Any, results: Path) -> None:
    found = Counter(
        (str(values["status"]), str(values.get("label") or values.get("reason"))) for values in read_results(results)
    )
    sheet.append([_cell(sheet, name) for name in ("status", "label or reason", "documents")])
    for (status, answer), documents in sorted(
        found.items(), key=lambda item: (item[0][0] != "labelled", -item[1], item[0])
    ):
        sheet.append([_cell(sheet, status), _cell(sheet, answer), documents])


@contextmanager
def _closed(book: Any) -> Iterator[None]:
    """What lxml cannot write of a workbook as an `OSError`; its sheets are closed, or they would complain when gone."""
    from lxml.etree import SerialisationError
    from openpyxl.utils.exceptions import WorkbookAlreadySaved

    try:
        yield
    except SerialisationError as error:
        for sheet in book:
            with suppress(SerialisationError, WorkbookAlreadySaved):
                sheet.close()
        code = getattr(errno, str(error).removeprefix("IO_"), errno.EIO)
        raise OSError(code, os.strerror(code)) from None


@contextmanager
def _in_place(out: Path) -> Iterator[Path]:
    """A file to write that takes the place of `out` when it is whole."""
    try:
        with replacing(out) as draft:
            yield draft
    except OSError as error:
        raise ResultsError(
            f"{out}: cannot be written ({error.strerror or error}); the results themselves are safe"
        ) from None

"""The rows of a file, whatever its format: CSV/TSV, XLSX, JSON Lines, Parquet, fastText lines.

Text is UTF-8, or what a spreadsheet makes of it when it saves Arabic: windows-1256, or UTF-16 with a mark. Columns are
known by name, in Arabic too.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import json
import lzma
import os
import re
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from functools import lru_cache
from itertools import chain
from math import isnan
from pathlib import Path
from typing import IO, Any
from unicodedata import category
from zipfile import ZipFile

from classifier.arabic import TATWEEL
from classifier.documents import Limits
from classifier.documents.decoding import decode
from classifier.documents.scoring import plausible_words
from classifier.errors import CorpusError, DocumentError

FASTTEXT_MARK = "__label__"
_ARABIC_NAMES = {
    **dict.fromkeys(("النص", "نص", "المحتوى", "المتن"), "text"),
    **dict.fromkeys(("التصنيف", "تصنيف", "الفئة", "القسم"), "label"),
    **dict.fromkeys(("العنوان", "عنوان"), "title"),
    "المصدر": "source",
    "التاريخ": "date",
}
_HEAD = 1 << 20  # bytes by which an encoding is told
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_ARABIC = re.compile("[\u0621-\u064a]")
_MIXED = re.compile("[A-Za-z][\u0600-\u06ff]|[\u0600-\u06ff][A-Za-z]")  # what other languages' accents become
_FORMULA = re.compile(r"'*[=+\-@\t\r]")  # or a text that would be taken for a disarmed one
_DELIMITER = re.compile(r'"?sep=([^\r\n])"?\s*$', re.IGNORECASE)
_FASTTEXT_LABEL = re.compile(rf"(?<!\S){FASTTEXT_MARK}(\S*)\s*")


def read_rows(file: str | os.PathLike[str]) -> Iterator[dict[str, Any]]:
    """The rows of a CSV, TSV, XLSX, JSON Lines, Parquet or fastText file, one at a time.

    Names of columns are in small letters, and in English where they are Arabic names of what is asked for. Raises
    `CorpusError` for a file that is missing or cannot be read as such.
    """
    path = Path(file)
    if not path.is_file():
        raise CorpusError(f"{path}: there is no such file; give a table: CSV, TSV, XLSX, JSONL or Parquet")
    try:
        yield from map(_named, _rows(path))
    except (OSError, ValueError, EOFError, lzma.LZMAError, zlib.error, csv.Error) as error:
        raise CorpusError(
            f"{path}: cannot be read as rows ({error}); save it as UTF-8 CSV, TSV or JSON Lines"
        ) from None


def cell(row: Mapping[str, Any], column: str) -> str:
    """What a row says in a column, as text: "" where it says nothing, "0" where it says the number 0.

    A whole number is written as such even if it is a float, as which tables with gaps hold numbers.

    >>> cell({"label": 0}, "label"), cell({"label": 2.0}, "label"), cell({"label": float("nan")}, "label")
    ('0', '2', '')
    """
    value = row.get(column)
    if isinstance(value, float):
        value = None if isnan(value) else int(value) if value.is_integer() else value
    return "" if value is None else str(value)


def disarmed(text: str) -> str:
    """A text as a cell of a CSV file: where a spreadsheet would take it for a formula, with an apostrophe in front.

    `read_rows` takes that off again.

    >>> disarmed("=1+1"), disarmed("1+1")
    ("'=1+1", '1+1')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    whole = {".parquet": _parquet_rows, ".xlsx": _sheet_rows}
    kinds: dict[str, Callable[[IO[str]], Iterator[dict[str, Any]]]] = {
        ".csv": _separated_lines,
        ".tsv": _tabbed_lines,
        ".jsonl": _json_lines,
        ".ndjson": _json_lines,
        ".txt": _fasttext_lines,
        ".ft": _fasttext_lines,
    }
    suffixes = [suffix.lower() for suffix in path.suffixes]
    ending = next((suffix for suffix in reversed(suffixes) if suffix not in (".gz", ".xz")), "")
    if ending in whole:
        yield from whole[ending](path)
        return
    if ending not in kinds:
        known = ", ".join((*kinds, *whole))
        raise CorpusError(f"{path}: {ending or 'no'} ending is not one of {known}; save it as one of them")
    csv.field_size_limit(1 << 30)  # a document may be a long field
    opener: Any = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix.lower(), open)
    with opener(path, "rb") as file:
        encoding = _encoding_of(file.read(_HEAD))
    with opener(path, "rt", encoding=encoding, newline="") as lines:
        yield from kinds[ending](lines)


def _encoding_of(head: bytes) -> str:
    """The encoding of a file of rows, by its beginning; UTF-8 where that is in none, so that reading it says so."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not head.startswith(codecs.BOM_UTF32_LE):
        return "utf-16"
    return "windows-1256" if _is_windows(head[: head.rfind(b"\n") + 1] or head) else "utf-8-sig"


def _is_windows(lines: bytes) -> bool:
    """Whether lines are Arabic in windows-1256, beyond doubt: any byte is a letter there, of damaged UTF-8 as well."""
    read = lines.decode("utf-8", "replace")
    bad = read.count("\ufffd")
    if sum(map(len, _BEYOND_ASCII.findall(read))) - bad > bad / 5:
        return False
    text = lines.decode("windows-1256")
    arabic, mixed = len(_ARABIC.findall(text)), len(_MIXED.findall(text))
    with suppress(DocumentError):
        return 10 * (mixed + 1) <= arabic and decode(lines, plausible_words).encoding == "windows-1256"
    return False


def _separated_lines(lines: IO[str]) -> Iterator[dict[str, Any]]:
    """Rows of a CSV file; where commas are decimal points, spreadsheets put semicolons or tabs between the columns."""
    heading = lines.readline()
    delimiter = max(",;\t", key=heading.count)
    if told := _DELIMITER.match(heading):  # a line for Excel
        delimiter, heading = told[1], lines.readline()
    for row in _table(chain([heading] if heading else [], lines), delimiter):
        yield {column: _armed(value) for column, value in row.items()}


def _armed(value: Any) -> Any:
    """What `disarmed` was given."""
    is_disarmed = isinstance(value, str) and value.startswith("'") and _FORMULA.match(value)
    return value[1:] if is_disarmed else value


def _tabbed_lines(lines: IO[str]) -> Iterator[dict[str, Any]]:
    """Rows of a TSV file; many have quotation marks that are letters like any others, and need not match."""
    quoted = not _each_is_a_row(lines)
    lines.seek(0)
    yield from _table(lines, "\t", quoted=quoted)


def _each_is_a_row(lines: IO[str]) -> bool:
    """Whether every line of a TSV file has all columns, though quotation marks would make fewer rows of them."""
    widths = Counter(line.count("\t") for line in lines if line.strip("\r\n"))
    if len(widths) != 1 or 0 in widths:  # with one column, a line may be part of a text
        return False
    lines.seek(0)
    try:
        return sum(1 for row in csv.reader(lines, delimiter="\t", strict=True) if row) < widths.total()
    except csv.Error:
        return True


def _table(lines: Iterable[str], delimiter: str, *, quoted: bool = True) -> Iterator[dict[str, Any]]:
    """Rows below a heading. A quotation mark that is never closed would make one text of all rows behind it."""
    quoting: Any = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    rows = csv.DictReader(lines, delimiter=delimiter, quoting=quoting, strict=True)
    number, line = 1, 2  # of the row to come, and where it begins
    try:
        _require_distinct(rows.fieldnames or ())
        for row in rows:
            if any(map(str.strip, row.pop(None, []))):
                raise ValueError(
                    f"row {number}, line {line}, has more fields than the heading; a text that holds "
                    f"{delimiter!r} needs quotation marks around it, and every column a name"
                )
            yield row
            number, line = number + 1, rows.line_num + 1
    except csv.Error as error:
        raise ValueError(
            f"the quotation marks of row {number}, from line {line} on, do not match: {error}; "
            "a text with a quotation mark needs one at either end, and two for each within"
        ) from None


def _json_lines(lines: IO[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:  # its own line number counts within this one line
                raise ValueError(f"line {number} is not JSON: {error}") from None
            if not isinstance(row, dict):
                raise ValueError(f"line {number} is not a JSON object")
            yield row


def _fasttext_lines(lines: IO[str]) -> Iterator[dict[str, Any]]:
    """Texts under the first of their labels; the others, which may stand anywhere, are no part of a text either.

    A spreadsheet's "Unicode text" ends in .txt too, and is a table.
    """
    first = lines.readline()
    if "\t" in first and FASTTEXT_MARK not in first:
        lines.seek(0)
        yield from _tabbed_lines(lines)
        return
    for number, line in enumerate(chain([first], lines), 1):
        if not line.strip():
            continue
        if not line.lstrip().startswith(FASTTEXT_MARK):
            raise ValueError(f"line {number} does not start with {FASTTEXT_MARK}, as fastText's do")
        label, *_ = _FASTTEXT_LABEL.findall(line)
        yield {"label": label, "text": _FASTTEXT_LABEL.sub("", line).strip()}


def _named(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its columns named as they are asked for; of two with one name, the one that is spelt so."""
    named: dict[str, Any] = {}
    spelt: dict[str, str] = {}
    for column, value in row.items():
        name = _name(column)
        if name in ("text", "label") and name in spelt and name not in (column, spelt[name]):
            raise ValueError(f"the columns {spelt[name]!r} and {column!r} may both be its {name}; rename one")
        if name not in named or name == column:
            named[name], spelt[name] = value, column
    return named


@lru_cache(maxsize=1000)
def _name(column: str) -> str:
    letters = (letter for letter in column if category(letter) not in ("Cf", "Mn") and letter != TATWEEL)
    plain = "".join(letters).strip().lower()
    return _ARABIC_NAMES.get(plain, plain)


def _require_distinct(heading: Iterable[str]) -> None:
    """Raise `ValueError` where two columns have one name: one of them would be lost."""
    twice = [name for name, count in Counter(filter(None, heading)).items() if count > 1]
    if twice:
        raise ValueError(f"two columns are called {twice[0]!r}; rename one")


def _sheet_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows below the first row of each sheet that is shown."""
    from openpyxl import load_workbook
    from openpyxl.cell.cell import ERROR_CODES

    try:
        with ZipFile(path) as packed:
            size = sum(member.file_size for member in packed.infolist())
        if Limits().is_bomb(size, path.stat().st_size):
            raise ValueError(f"it would unpack to {size:,} bytes, more than tables do")
        with path.open("rb") as file, closing(load_workbook(file, read_only=True, data_only=True)) as book:
            for sheet in book.worksheets:
                if sheet.sheet_state == "visible":
                    sheet.reset_dimensions()  # which are often untrue
                    yield from _rows_of(sheet, ERROR_CODES)
    except Exception as error:  # a workbook is a border: what the libraries raise for a broken one is of many kinds
        raise ValueError(
            f"not a workbook that can be read, {type(error).__name__}: {error}; or save it without a password"
        ) from None


def _rows_of(sheet: Any, errors: Collection[str]) -> Iterator[dict[str, Any]]:
    rows = (["" if value is None else str(value) for value in values] for values in sheet.iter_rows(values_only=True))
    first, heading = next((row for row in enumerate(rows, 1) if any(row[1])), (0, []))
    if not first:
        return
    _require_distinct(heading)
    width = max(place for place, name in enumerate(heading, 1) if name)
    for values in sheet.iter_rows(min_row=first + 1, max_col=width, values_only=True):
        row = {name: None if value in errors else _armed(value) for name, value in zip(heading, values, strict=False)}
        if any(value is not None for name, value in row.items() if name):
            yield {name: value for name, value in row.items() if name}


def _parquet_rows(path: Path) -> Iterator[dict[str, Any]]:
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches():
            yield from batch.to_pylist()

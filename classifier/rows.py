"""The rows of a file, whatever its format: CSV/TSV, JSON Lines, Parquet, fastText lines."""

from __future__ import annotations

import csv
import gzip
import json
import lzma
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from math import isnan
from pathlib import Path
from typing import IO, Any

from classifier.errors import CorpusError

FASTTEXT_MARK = "__label__"


def read_rows(file: str | os.PathLike[str]) -> Iterator[dict[str, Any]]:
    """The rows of a CSV, TSV, JSON Lines, Parquet or fastText file, one at a time.

    Raises `CorpusError` for a file that is missing or cannot be read as such.
    """
    path = Path(file)
    if not path.is_file():
        raise CorpusError(f"{path}: there is no such file; give a CSV or JSONL file")
    try:
        yield from _rows(path)
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


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    kinds: dict[str, Callable[[IO[str]], Iterator[dict[str, Any]]]] = {
        ".csv": _separated_lines,
        ".tsv": lambda lines: csv.DictReader(lines, delimiter="\t"),
        ".jsonl": _json_lines,
        ".ndjson": _json_lines,
        ".txt": _fasttext_lines,
        ".ft": _fasttext_lines,
    }
    ending = next((suffix for suffix in reversed(path.suffixes) if suffix not in (".gz", ".xz")), "")
    if ending == ".parquet":
        yield from _parquet_rows(path)
        return
    if ending not in kinds:
        raise CorpusError(
            f"{path}: {ending or 'no'} ending is not one of {', '.join(sorted(kinds))}, .parquet; rename or convert it"
        )
    csv.field_size_limit(1 << 30)  # a document may be a long field
    opener: Any = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix, open)
    with opener(path, "rt", encoding="utf-8-sig", newline="") as lines:
        yield from kinds[ending](lines)


def _separated_lines(lines: IO[str]) -> Iterator[dict[str, Any]]:
    """Rows of a CSV file; where commas are decimal points, spreadsheets put semicolons between the columns."""
    heading = lines.readline()
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    yield from csv.DictReader(chain([heading] if heading else [], lines), delimiter=delimiter)


def _json_lines(lines: IO[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:  # its own line number counts within this one line
                raise ValueError(f"line {number} is not JSON: {error}") from None
            if not isinstance(row, dict):
                raise ValueError(f"line {number} is not a JSON object")
            yield row


def _fasttext_lines(lines: IO[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        label, _, text = line.strip().partition(" ")
        if not label.startswith(FASTTEXT_MARK):
            raise ValueError(f"line {number} does not start with {FASTTEXT_MARK}")
        yield {"label": label.removeprefix(FASTTEXT_MARK), "text": text}


def _parquet_rows(path: Path) -> Iterator[dict[str, Any]]:
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches():
            yield from batch.to_pylist()

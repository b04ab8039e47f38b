"""Labelled documents to learn from or measure on: folders, CSV/TSV, JSON Lines, Parquet, fastText lines.

A corpus has no order: it is sorted by content on loading, so neither file order nor hash seeds reach a model. What is
odd about it (empty documents, duplicates, one text under two labels) is found and reported before anything is learned.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import lzma
import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO, Any

from classifier.documents import read_document
from classifier.errors import CorpusError, DocumentError
from classifier.prediction import digest_of

TEXT_COLUMNS = ("text", "content", "body", "document")
LABEL_COLUMNS = ("label", "class", "category", "target")
FASTTEXT_MARK = "__label__"


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled document.

    `second_label` is another label a careful reader could have chosen (`confident` is False then); `source` and `date`
    (ISO) say where and when it was published, where that is known. It is not `fair` to take one that was chosen for
    being uncertain (`suggest` writes so under `drawn`) for a sample of others: it is learned from, but probabilities
    are not fitted to it where enough others have its label.
    """

    text: str
    label: str
    name: str = ""
    second_label: str = ""
    confident: bool = True
    source: str = ""
    date: str = ""
    fair: bool = True

    @property
    def digest(self) -> str:
        """SHA-256 of the text."""
        return digest_of(self.text)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Labelled documents in a fixed order, and what was left out of them, by reason, as names."""

    examples: tuple[Example, ...]
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, sorted."""
        return tuple(sorted({example.label for example in self.examples}))

    @property
    def texts(self) -> list[str]:
        """The texts, in the corpus' order."""
        return [example.text for example in self.examples]

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of all that a model learns from: texts, labels, and what is known of them."""
        seal = hashlib.sha256()
        for example in self.examples:
            known = (example.second_label, example.confident, example.source, example.date, example.fair)
            seal.update(json.dumps([example.digest, example.label, *known]).encode())
        return seal.hexdigest()

    @classmethod
    def from_examples(cls, examples: Iterable[Example], left_out: Mapping[str, Sequence[str]] | None = None) -> Corpus:
        """Sort examples by content; leave out the empty ones, repeats, and texts that stand under two labels."""
        reasons: dict[str, list[str]] = {reason: list(names) for reason, names in (left_out or {}).items()}
        hashed = [(example.digest, example) for example in examples]
        hashed.sort(key=lambda pair: (pair[0], pair[1].label, pair[1].name))
        labels_of: dict[str, set[str]] = {}
        for digest, example in hashed:
            labels_of.setdefault(digest, set()).add(example.label)
        kept: dict[str, Example] = {}
        for digest, example in hashed:
            if not example.text.strip():
                reasons.setdefault("empty", []).append(example.name)
            elif len(labels_of[digest]) > 1:
                reasons.setdefault("under two labels", []).append(example.name)
            elif digest in kept:
                reasons.setdefault("duplicate", []).append(example.name)
            else:
                kept[digest] = example
        return cls(tuple(kept.values()), {reason: tuple(sorted(names)) for reason, names in sorted(reasons.items())})

    def require_learnable(self) -> None:
        """Raise `CorpusError` unless there are two labels with two documents each."""
        counts = Counter(example.label for example in self.examples)
        if len(counts) < 2:
            found = f"only the label {next(iter(counts))!r}" if counts else "no labelled document"
            raise CorpusError(
                f"the corpus holds {found}; a classifier needs at least two labels, each a folder of documents"
            )
        lonely = sorted(label for label, count in counts.items() if count < 2)
        if lonely:
            raise CorpusError(f"the label {lonely[0]!r} has one document; give every label at least two, better fifty")


def load_corpus(path: str | os.PathLike[str]) -> Corpus:
    """Read a corpus from a folder of label folders or from one file (by its ending; .gz and .xz may follow).

    Raises `CorpusError` when it cannot be read or holds nothing labelled.
    """
    path = Path(path)
    if path.is_dir():
        examples, left_out = _read_folder(path)
    elif path.exists():
        examples, left_out = _read_file(path)
    else:
        raise CorpusError(
            f"{path}: there is no such corpus; give a folder of label folders or a CSV, TSV, JSONL or fastText file"
        )
    corpus = Corpus.from_examples(examples, left_out)
    if not corpus.examples:
        raise CorpusError(f"{path}: holds no labelled document; labels are folders below it, or a `label` column")
    return corpus


def _read_folder(root: Path) -> tuple[list[Example], dict[str, list[str]]]:
    examples, left_out = [], dict[str, list[str]]()
    for file in sorted(walk(root)):
        label, name = file.parent.relative_to(root).as_posix(), file.relative_to(root).as_posix()
        if label == ".":
            left_out.setdefault("outside a label folder", []).append(name)
            continue
        try:
            examples.append(Example(read_document(file).text, label, name))
        except DocumentError as error:
            left_out.setdefault(f"unreadable: {error.reason}", []).append(name)
    return examples, left_out


def walk(root: Path) -> Iterator[Path]:
    """The files below a folder, hidden ones and links to folders left out."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(files) if not name.startswith("."))


def _read_file(path: Path) -> tuple[list[Example], dict[str, list[str]]]:
    rows = list(read_rows(path))
    if not rows:
        raise CorpusError(f"{path}: holds no rows")
    text_column, label_column = column_of(path, rows[0], TEXT_COLUMNS), column_of(path, rows[0], LABEL_COLUMNS)
    examples, left_out = [], dict[str, list[str]]()
    for number, row in enumerate(rows, 1):
        name = str(row.get("id") or row.get("path") or f"{path.name}:{number}")
        label = str(row.get(label_column) or "").strip()
        if not label:
            left_out.setdefault("without a label", []).append(name)
            continue
        examples.append(example_of(row, label, name, text_column))
    return examples, left_out


def example_of(row: Mapping[str, Any], label: str, name: str, text_column: str = "text") -> Example:
    """A row's text under a label, and what else the row says of it."""
    second = str(row.get("second_label") or "")
    return Example(
        text=text_of(row, text_column),
        label=label,
        name=name,
        second_label=second,
        confident=str(row.get("confidence") or "high") != "low",
        source=str(row.get("source") or ""),
        date=str(row.get("date") or "")[:10],
        fair=row.get("drawn") != "uncertain",
    )


def text_of(row: Mapping[str, Any], text_column: str = "text") -> str:
    """The text of a row, its title as a paragraph of its own in front."""
    title, text = str(row.get("title") or "").strip(), str(row.get(text_column) or "")
    return f"{title}\n\n{text}" if title else text


def column_of(path: Path, row: Mapping[str, Any], wanted: Sequence[str]) -> str:
    """The first of the wanted columns that a row has; raises `CorpusError` when it has none."""
    for name in wanted:
        if name in row:
            return name
    raise CorpusError(f"{path}: has no {wanted[0]!r} column; it has {', '.join(map(repr, row))}: rename one")


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

"""Unlabelled archives of any size: a stream of documents that are read only when wanted, and a fair sample of it.

A sample of fixed size keeps memory bounded however large the archive is, and documents that do not enter it are never
opened, so that an archive of millions costs little more than listing it.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from classifier.corpus import TEXT_COLUMNS, UNREADABLE_FOLDER, column_of, name_of, text_of, walk
from classifier.documents import Document, Knows, iter_documents, read_document
from classifier.documents.formats import is_readable_name
from classifier.errors import CorpusError, DocumentError, listed
from classifier.prediction import digest_of
from classifier.rows import read_rows

Item = TypeVar("Item")
Progress = Callable[[str], None]
STEP = 5_000  # documents between two lines of progress
PACKED = (".zip", ".mbox")  # files of several documents, which must be opened to be counted ...
TABLES = (".csv", ".tsv", ".xlsx")  # whose first column may be called "From"
_BEGINNINGS = (b"PK\3\4", b"From ")  # ... and how they begin, for mail programs give mailboxes no extension


@dataclass(frozen=True, slots=True)
class Entry:
    """One document of an archive, not read yet; `read` raises `DocumentError`."""

    name: str
    read: Callable[[], str]


@dataclass(slots=True)
class Tally:
    """How many documents an archive holds, and how many were left out, by reason."""

    documents: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def reasons(self) -> str:
        """What was left out, in words."""
        return listed(dict(sorted(self.left_out.items())))

    def shut(self, _: str) -> None:
        """Count a folder that cannot be listed."""
        self.left_out[UNREADABLE_FOLDER] += 1


class Sample(Generic[Item]):
    """A uniform sample of a stream, every part of it as likely as any other (Vitter's algorithm R, 1985)."""

    def __init__(self, size: int, seed: int) -> None:
        self._size, self._random, self._offered = size, random.Random(seed), 0
        self._places: dict[int, Item] = {}

    def place(self) -> int | None:
        """Where the next document of the stream belongs; None when it is passed over."""
        self._offered += 1
        place = self._offered - 1 if self._offered <= self._size else self._random.randrange(self._offered)
        return place if place < self._size else None

    def put(self, place: int, item: Item) -> None:
        """Fill a place, in exchange for what was there."""
        self._places[place] = item

    @property
    def items(self) -> list[Item]:
        """What the sample holds now."""
        return list(self._places.values())


def entries(
    archive: str | os.PathLike[str], knows: Knows | None = None, *, tally: Tally | None = None
) -> Iterator[Entry]:
    """The documents of a folder (any format), or of a CSV, TSV, JSONL or Parquet file's rows, in a fixed order.

    Those of a zip file or a mailbox, in the folder or given by itself, count one by one. `knows` is the model's help in
    doubts of encoding; folders that cannot be listed are counted in `tally`. Raises `CorpusError` when there is no such
    archive, or when the file cannot be read as rows with a text.
    """
    path = Path(archive)
    if not path.exists():
        raise CorpusError(
            f"{path}: there is no such archive; give a folder, a zip file, a mailbox, or a CSV or JSONL file"
        )
    if path.is_dir():
        for file in walk(path, (tally or Tally()).shut):
            yield from _in_file(file, file.relative_to(path).as_posix(), knows)
    elif _is_packed(path):
        yield from _in_file(path, path.name, knows)
    else:
        yield from _rows(path)


def read_texts(archive: str | os.PathLike[str], tally: Tally | None = None) -> Iterator[str]:
    """The texts of an archive, one at a time; what cannot be read is counted in `tally`. Raises as `entries`."""
    tally = tally or Tally()
    for entry in entries(archive, tally=tally):
        tally.documents += 1
        try:
            text = entry.read()
        except DocumentError as error:
            tally.left_out[f"unreadable: {error.reason}"] += 1
        else:
            yield text


def read_sampled(
    archive: str | os.PathLike[str],
    sample: Sample[Item],
    tally: Tally,
    knows: Knows | None,
    say: Progress,
    *,
    always: frozenset[str] = frozenset(),
) -> Iterator[tuple[int | None, Entry, str, str]]:
    """(place, entry, text, SHA-256 of the text) of the documents that enter a sample; the caller puts them there.

    Empty, unreadable and repeated documents are left out and counted in `tally`. Documents named in `always` are read
    whatever the sample, and have no place in it.
    """
    seen = set[str]()
    for entry in entries(archive, knows, tally=tally):
        tally.documents += 1
        if tally.documents % STEP == 0:
            say(f"{tally.documents:,} documents seen")
        place = None if entry.name in always else sample.place()
        if place is None and entry.name not in always:
            continue
        text = _text_or_reason(entry, tally)
        digest = digest_of(text)
        if place is not None and digest in seen:
            tally.left_out["duplicate"] += 1
        elif text:
            seen.add(digest)
            yield place, entry, text, digest


def _text_or_reason(entry: Entry, tally: Tally) -> str:
    """The text of a document; "", and the reason counted, where there is none."""
    try:
        text = entry.read()
    except DocumentError as error:
        tally.left_out[f"unreadable: {error.reason}"] += 1
        return ""
    if not text.strip():
        tally.left_out["empty"] += 1
        return ""
    return text


def _in_file(file: Path, name: str, knows: Knows | None) -> Iterator[Entry]:
    if not _is_packed(file):
        yield Entry(name, partial(_read, file, knows))
        return
    for within, found in iter_documents(file, name, knows=knows):
        yield Entry(within, partial(_text_of, found))


def _is_packed(file: Path) -> bool:
    suffix = file.suffix.lower()
    if suffix in (*PACKED, *TABLES) or is_readable_name(file.name):
        return suffix in PACKED
    try:
        if not file.is_file():  # a pipe would keep its reader waiting
            return False
        with file.open("rb") as opened:
            return opened.read(5).startswith(_BEGINNINGS)
    except OSError:  # reading it will say why
        return False


def _read(file: Path, knows: Knows | None) -> str:
    return read_document(file, knows=knows).text


def _text_of(found: Document | DocumentError) -> str:
    if isinstance(found, DocumentError):
        raise found
    return found.text


def _rows(path: Path) -> Iterator[Entry]:
    column = ""
    for number, row in enumerate(read_rows(path), 1):
        column = column or column_of(path, row, TEXT_COLUMNS)
        yield Entry(name_of(row, f"{path.name}:{number}"), partial(str, text_of(row, column)))

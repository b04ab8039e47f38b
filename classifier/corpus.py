"""Labelled documents to learn from or measure on: folders, CSV/TSV, XLSX, JSON Lines, Parquet, fastText lines.

A corpus has no order: it is sorted by content on loading, so neither file order nor hash seeds reach a model. What is
odd about it (empty documents, duplicates, one text under two labels) is found and reported before anything is learned.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from classifier.arabic import fold
from classifier.documents import iter_documents
from classifier.documents.litter import is_hidden
from classifier.errors import CorpusError, DocumentError, listed
from classifier.prediction import digest_of
from classifier.rows import cell, read_rows

TEXT_COLUMNS = ("text", "content", "body", "document")
LABEL_COLUMNS = ("label", "class", "category", "target")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)", re.ASCII)
UNREADABLE_FOLDER = "unreadable folder"  # what is left out of a corpus or an archive with it is not known


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

    def oddities(self) -> list[str]:
        """What is odd about the labels, though they can be learned."""
        spellings: dict[str, list[str]] = {}
        for label in self.labels:
            plain = "".join(fold(letter) or letter for letter in label).casefold()
            spellings.setdefault(plain, []).append(label)
        alike = [", ".join(map(repr, several)) for several in spellings.values() if len(several) > 1]
        known = set(self.labels)
        within = [label for label in self.labels if known.intersection(map(str, PurePosixPath(label).parents))]
        found = [f"the labels {several} are learned as different ones; spell them alike if not" for several in alike]
        return found + [
            f"the label {label!r} is learned as one of its own beside the one it is named within; rename it if not"
            for label in within
        ]

    def require_learnable(self) -> None:
        """Raise `CorpusError` unless there are two labels with two documents each."""
        counts = Counter(example.label for example in self.examples)
        if len(counts) < 2:
            found = f"only the label {next(iter(counts))!r}" if counts else "no labelled document"
            raise CorpusError(
                f"the corpus holds {found}; a classifier needs at least two labels, each a folder of documents"
            )
        odd = sorted(label for label in counts if re.search("[\ud800-\udfff]", label))
        if odd:
            raise CorpusError(f"the label {odd[0]!r} is no text: its folder's name is not UTF-8; rename it")
        lonely = sorted(label for label, count in counts.items() if count < 2)
        if lonely:
            raise CorpusError(f"the label {lonely[0]!r} has one document; give every label at least two, better fifty")


def load_corpus(path: str | os.PathLike[str]) -> Corpus:
    """Read a corpus from a folder of label folders or from one file (by its ending; .gz and .xz may follow).

    Raises `CorpusError` when it cannot be read or holds nothing labelled.
    """
    path = Path(path)
    if os.path.isdir(path):  # noqa: PTH112  which raises nothing where a folder above may not be looked into
        examples, left_out = _read_folder(path)
    elif os.path.exists(path):  # noqa: PTH110
        examples, left_out = _read_file(path)
    else:
        raise CorpusError(
            f"{path}: there is no such corpus; give a folder of label folders, or a table (CSV, XLSX, JSONL ...)"
        )
    corpus = Corpus.from_examples(examples, left_out)
    if not corpus.examples:
        reasons = listed({reason: len(names) for reason, names in corpus.left_out.items()})
        raise CorpusError(
            f"{path}: holds no labelled document; labels are folders below it, or a `label` column of one table "
            f"(left out: {reasons or 'nothing'})"
        )
    return corpus


def _read_folder(root: Path) -> tuple[list[Example], dict[str, list[str]]]:
    examples, left_out, shut = [], dict[str, list[str]](), list[str]()
    for file in sorted(walk(root, shut.append)):
        label, name = file.parent.relative_to(root).as_posix(), file.relative_to(root).as_posix()
        if label == ".":
            left_out.setdefault("outside a label folder", []).append(name)
            continue
        for within, found in iter_documents(file, name):
            if isinstance(found, DocumentError):
                left_out.setdefault(f"unreadable: {found.reason}", []).append(within)
            else:
                examples.append(Example(found.text, label, within))
    if shut:
        left_out[UNREADABLE_FOLDER] = shut
    return examples, left_out


def walk(root: Path, shut: Callable[[str], object]) -> Iterator[Path]:
    """The files below a folder, hidden ones and links to folders left out.

    `shut` is told the names of folders below it that cannot be listed; raises `CorpusError` when it cannot itself.
    """

    def refuse(error: OSError) -> None:
        if Path(error.filename) == root:
            raise CorpusError(f"{root}: cannot be listed ({error.strerror}); ask for permission to read it") from None
        shut(Path(error.filename).relative_to(root).as_posix())

    for folder, folders, files in os.walk(root, onerror=refuse):
        folders[:] = sorted(name for name in folders if not is_hidden(name))
        yield from (Path(folder, name) for name in sorted(files) if not is_hidden(name))


def _read_file(path: Path) -> tuple[list[Example], dict[str, list[str]]]:
    rows = list(read_rows(path))
    if not rows:
        raise CorpusError(f"{path}: holds no rows")
    text_column, label_column = column_of(path, rows[0], TEXT_COLUMNS), column_of(path, rows[0], LABEL_COLUMNS)
    examples, left_out = [], dict[str, list[str]]()
    for number, row in enumerate(rows, 1):
        name, label = name_of(row, f"{path.name}:{number}"), cell(row, label_column).strip()
        if isinstance(row.get(label_column), list | dict):
            raise CorpusError(
                f"{path}: the label of row {number} is {label[:40]}; give each document one label, as text"
            )
        if not label:
            left_out.setdefault("without a label", []).append(name)
            continue
        examples.append(example_of(row, label, name, text_column))
    return examples, left_out


def example_of(row: Mapping[str, Any], label: str, name: str, text_column: str = "text") -> Example:
    """A row's text under a label, and what else the row says of it."""
    return Example(
        text=text_of(row, text_column),
        label=label,
        name=name,
        second_label=cell(row, "second_label").strip(),
        confident=cell(row, "confidence").strip().casefold() != "low",
        source=cell(row, "source").strip(),
        date=_date_of(cell(row, "date").strip()),
        fair=cell(row, "drawn").strip().casefold() != "uncertain",
    )


def _date_of(text: str) -> str:
    """The date (ISO) that a text begins with; "" for dates of any other form, which could not be put in order."""
    return text[:10] if _ISO_DATE.match(text) else ""


def text_of(row: Mapping[str, Any], text_column: str = "text") -> str:
    """The text of a row, its title as a paragraph of its own in front."""
    title, text = cell(row, "title").strip(), cell(row, text_column)
    return f"{title}\n\n{text}" if title else text


def name_of(row: Mapping[str, Any], otherwise: str) -> str:
    """The name that a row gives its document, an `id` or a `path`."""
    return cell(row, "id") or cell(row, "path") or otherwise


def column_of(path: Path, row: Mapping[str, Any], wanted: Sequence[str]) -> str:
    """The first of the wanted columns that a row has; raises `CorpusError` when it has none."""
    for name in wanted:
        if name in row:
            return name
    found = ", ".join(repr(name[:30]) for name in row)
    raise CorpusError(
        f"{path}: has no {wanted[0]!r} column; its columns are called {found}: call one {' or '.join(wanted)}"
    )

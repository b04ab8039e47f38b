"""What a run writes beside its results: each into a file of its own, and none in the place of a document."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from classifier.drafts import is_odd
from classifier.errors import ResultsError

CREATOR = "classifier label"
"""Who made a workbook or a table, as it says itself: by this an earlier export is told from somebody's own file."""

_PAGE = b'<!DOCTYPE html>\n<html lang="ar" dir="rtl" data-lang="ar">'
_SHEET = b"\xef\xbb\xbfpath,status,label,"


def _is_workbook(path: Path) -> bool:
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(path) as book:
            return f">{CREATOR}<".encode() in book.read("docProps/core.xml")
    except (BadZipFile, KeyError):
        return False


def _is_parquet(path: Path) -> bool:
    from pyarrow import ArrowInvalid
    from pyarrow.parquet import read_schema

    try:
        return (read_schema(path).metadata or {}).get(b"creator") == CREATOR.encode()
    except ArrowInvalid:
        return False


def _begins_with(beginning: bytes, path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(beginning)) == beginning


class _Form(NamedTuple):
    """How files of a kind are called, and what tells that a file is one that an earlier run has written."""

    endings: tuple[str, ...]
    is_ours: Callable[[Path], bool]


_FORMS = {
    "csv": _Form((".csv",), partial(_begins_with, _SHEET)),
    "xlsx": _Form((".xlsx",), _is_workbook),
    "parquet": _Form((".parquet",), _is_parquet),
    "report": _Form((".html", ".htm"), partial(_begins_with, _PAGE)),
}


def check_outputs(folder: Path, out: Path, others: Mapping[str, Path]) -> None:
    """Raise `ResultsError` unless the results and the `others` ("csv", "xlsx", "parquet", "report") are distinct files.

    What an output replaces must be an earlier one. Below `folder` every file may be a document: there it must be called
    as its kind is, too.
    """
    home, taken = Path(os.path.realpath(folder)), {os.path.realpath(out): "out"}
    for kind, path in others.items():
        place = os.path.realpath(path)
        if place in taken:
            raise ResultsError(f"{path}: is asked for by --{taken[place]} and by --{kind}; give each a file of its own")
        taken[place] = kind
        endings = _FORMS[kind].endings
        if Path(place).is_relative_to(home) and path.suffix.lower() not in endings:
            raise ResultsError(
                f"{path}: would lie among the documents, where --{kind} takes names in {endings[0]} only; choose such "
                "a name, or another folder"
            )
        spare_others(path, kind)


def spare_others(path: Path, kind: str, option: str | None = None) -> None:
    """Raise `ResultsError` where `path` holds anything but what `--option`, named as its kind unless told, has written.

    An empty file, as `mktemp` makes them, may be written to.
    """
    form, option = _FORMS[kind], option or kind
    if is_odd(path):
        raise ResultsError(f"{path}: a folder, a pipe or a device stands there; choose another name")
    try:
        is_free = not path.exists() or path.stat().st_size == 0 or form.is_ours(path)
    except OSError as error:
        raise ResultsError(f"{path}: cannot be replaced ({error.strerror}); choose another name") from None
    if not is_free:
        raise ResultsError(f"{path}: is there already and was not written by --{option}; choose another name")

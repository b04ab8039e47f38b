"""What a run writes beside its results: each into a file of its own, and none in the place of a document."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from classifier.errors import ResultsError


class _Form(NamedTuple):
    """How files of a kind are called, and how those that an earlier run has written begin."""

    endings: tuple[str, ...]
    beginning: bytes


_FORMS = {
    "csv": _Form((".csv",), b"\xef\xbb\xbfpath,status,label,"),
    "xlsx": _Form((".xlsx",), b"PK\x03\x04"),
    "parquet": _Form((".parquet",), b"PAR1"),
    "report": _Form((".html", ".htm"), b'<!DOCTYPE html>\n<html lang="ar" dir="rtl" data-lang="ar">'),
}


def check_outputs(folder: Path, out: Path, others: Mapping[str, Path]) -> None:
    """Raise `ResultsError` unless the results and the `others` ("csv", "xlsx", "parquet", "report") are distinct files.

    What an output replaces must begin as an earlier one does. Below `folder` every file may be a document: there it
    must be called as its kind is, too.
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
    if path.exists() and not path.is_file():
        raise ResultsError(f"{path}: a folder, a pipe or a device stands there; choose another name")
    try:
        with path.open("rb") as file:
            beginning = file.read(len(form.beginning))
    except FileNotFoundError:
        return
    except OSError as error:
        raise ResultsError(f"{path}: cannot be replaced ({error.strerror}); choose another name") from None
    if beginning and beginning != form.beginning:
        raise ResultsError(f"{path}: is there already and was not written by --{option}; choose another name")

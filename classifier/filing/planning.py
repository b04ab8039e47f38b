"""Where each document of a results file would go: a plan that depends on nothing but that file and what is on disk.

A results file may come from anywhere, so it is believed nothing that would reach outside its folder or the one filed
into.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any

from classifier.errors import ResultsError
from classifier.labelling.lines import file_of, read_results

UNKNOWN, FAILED = "_unknown", "_failed"
ALREADY = "filed already"


class Manner(StrEnum):
    """How a document gets to its place."""

    LINK = "link"  # a symbolic link; the document stays where it is
    COPY = "copy"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Step:
    """One document's way: from `source` (absolute) to `target` (below the folder filed into), as it was labelled."""

    source: str
    target: str
    size: int
    mtime: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A document that stays unfiled, and why."""

    path: str
    why: str


def plan_filing(
    results: str | os.PathLike[str],
    into: str | os.PathLike[str],
    manner: Manner = Manner.LINK,
    *,
    filed: Iterable[Step] = (),
) -> Iterator[Step | LeftOut]:
    """Each document of a results file with its place, or why it has none.

    `filed` are the steps of documents filed before. Places are `label/name`, `_unknown/REASON/name` and
    `_failed/REASON/name`; a name that is taken becomes `name (2)`. Raises `ResultsError` for results that would reach
    outside their folder or `into`.
    """
    names, home = _Names(Path(into)), _Home()
    for step in filed:
        names.take(step.target)
        home.filed[step.source] = step
        home.placed.add(f"{os.path.realpath(into)}/{step.target}")
    for values in read_results(Path(results)):
        path = str(values["path"])
        source = home.locate(values)
        why = home.tells(source, values, manner) or _unfit(values, source, manner)
        if why:
            yield LeftOut(path, why)
            continue
        target = names.free(_shelf(values), PurePosixPath(path).name)
        home.filed[source] = Step(source, target, values["size"], values["mtime"])
        yield home.filed[source]


def labelled_folder(results: str | os.PathLike[str]) -> str | None:
    """The folder that a results file is of, links resolved; None where that file is not there or says nothing."""
    path = Path(results)
    first = next(read_results(path), None) if path.exists() else None
    folder = first and first.get("folder")
    return os.path.realpath(folder) if isinstance(folder, str) and Path(folder).is_absolute() else None


@dataclass(slots=True)
class _Home:
    """The folder the results speak of; no document may lie outside it."""

    folder: str = ""
    filed: dict[str, Step] = field(default_factory=dict)  # by source
    placed: set[str] = field(default_factory=set)  # where they went: a folder below the labelled one is labelled, too
    _sound: set[str] = field(default_factory=set)
    _folders: dict[str, str] = field(default_factory=dict)

    def locate(self, values: Mapping[str, Any]) -> str:
        """The absolute path of a line's document; raises `ResultsError` when it leads out of the folder."""
        path, folder = file_of(values), values.get("folder")  # members of an archive are named as that has them
        if not isinstance(folder, str) or not Path(folder).is_absolute() or self.folder not in ("", folder):
            raise ResultsError(f"the line of {path!r} is of another folder than the rest; file each folder alone")
        self.folder = folder
        if not is_plain(path):
            raise ResultsError(f"the path {path!r} leads out of {folder}; these results are not to be trusted")
        above = path.rstrip("/").rpartition("/")[0]
        if above not in self._sound and not values.get("archive"):
            if self._leads_elsewhere(above):
                raise ResultsError(f"the path {path!r} leads through a link, where labelling never goes")
            self._sound.add(above)
        return f"{folder}/{values['path']}"

    def _leads_elsewhere(self, path: str) -> bool:
        whole = Path(self.folder, path)
        return os.path.lexists(whole) and whole.resolve() != Path(self.folder).resolve() / path

    def _real(self, source: str) -> str:
        """A path as it is once the folders above are no links."""
        folder, _, name = source.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return f"{self._folders[folder]}/{name}"

    def tells(self, source: str, values: Mapping[str, Any], manner: Manner) -> str | None:
        """Why a document that was filed before is not filed now."""
        if self._real(source) in self.placed:
            return ALREADY
        step = self.filed.get(source)
        if step is None:
            return None
        is_changed = (step.size, step.mtime) != (values.get("size"), values.get("mtime"))
        if manner is Manner.MOVE and is_changed:
            return None  # that one was moved away, and another has come
        if str(PurePosixPath(step.target).parent) != _shelf(values):
            return "filed before under another label; undo that first"
        return "changed since it was filed; undo that first" if manner is Manner.COPY and is_changed else ALREADY


def is_plain(path: str) -> bool:
    """Whether a path goes only downwards."""
    foreign = os.name == "nt" and set(path) & set("\\:")
    return bool(path) and "\0" not in path and not path.startswith("/") and ".." not in path.split("/") and not foreign


def _shelf(values: Mapping[str, Any]) -> str:
    """The folder for a line's answer; raises `ResultsError` for a label that is no plain folder path."""
    if values["status"] in ("unknown", "failed"):
        shelf = f"{UNKNOWN if values['status'] == 'unknown' else FAILED}/{values.get('reason')}"
    else:
        shelf = str(values.get("label"))
    parts = shelf.split("/")
    is_reserved = values["status"] == "labelled" and parts[0] in (UNKNOWN, FAILED)
    is_foldable = all(part.strip(" .") and not set(part) & set('\\:*?"<>|\0\n\r') for part in parts)
    if is_reserved or not is_foldable or re.search("[\ud800-\udfff]", shelf):
        raise ResultsError(
            f"documents cannot be filed under the label {shelf!r}, which can be no folder of their own; have the model "
            "learn another name (and if it is not your model, do not trust these results)"
        )
    return shelf


def _unfit(values: Mapping[str, Any], source: str, manner: Manner) -> str | None:
    """Why a document cannot be filed as it was labelled."""
    if values.get("archive"):
        return "inside an archive or mailbox; make it a file of its own and label that"
    try:
        status = os.stat(source)  # noqa: PTH116  tens of thousands of them
        linked = stat.S_ISLNK(os.lstat(source).st_mode)
    except (OSError, ValueError):
        return "no longer there"
    if not stat.S_ISREG(status.st_mode):
        return "not a file"
    if (status.st_size, status.st_mtime_ns) != (values.get("size"), values.get("mtime")):
        return "changed since it was labelled; label the folder again"
    if linked and manner is Manner.MOVE:
        return "a link, which would break elsewhere; link or copy instead"
    return None


class _Names:
    """Which names are taken, on disk or by the plan; compared as the least exacting file system does."""

    def __init__(self, into: Path) -> None:
        self._into, self._taken = into, set[str]()
        # The next to try for a name: an archive may hold one name ten thousand times.
        self._numbers: dict[str, int] = {}

    def take(self, target: str) -> None:
        """Count a name as taken."""
        self._taken.add(_folded(target))

    def free(self, shelf: str, name: str) -> str:
        """The first free one of `name`, `name (2)`, `name (3)` ..., from now on taken."""
        stem, ending = PurePosixPath(name).stem, PurePosixPath(name).suffix
        wanted = _folded(f"{shelf}/{name}")
        for number in count(self._numbers.get(wanted, 1)):
            target = f"{shelf}/{name}" if number == 1 else f"{shelf}/{stem} ({number}){ending}"
            if _folded(target) not in self._taken and not os.path.lexists(self._into / target):
                break
        self._numbers[wanted] = number + 1
        self.take(target)
        return target


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()

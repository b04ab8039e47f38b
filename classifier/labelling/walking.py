"""The files of a folder, in one fixed order: by path, as text, so that a results file can be compared by walking along.

Nothing here opens a file. Links to folders are passed over (they may lead in circles), hidden files unless asked for;
both are counted, so that the summary can tell. Whatever else cannot be a document (a pipe, a dangling link, a folder
nobody may list) is found all the same, with the reason, because every entry of an archive deserves an answer.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import NamedTuple

from classifier.errors import Reason, ResultsError

_STRETCH = 256


class Found(NamedTuple):
    """A file: its path below the folder (POSIX), bytes, modification time (ns), and why it cannot be read, if so."""

    path: str
    size: int
    mtime: int
    trouble: tuple[Reason, str] | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """Which files count. Patterns with `/` are held against the path, others against the name; `*` spans folders."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    hidden: bool = False


@dataclass(slots=True)
class PassedOver:
    """How many entries were left out on purpose."""

    hidden: int = 0
    linked_folders: int = 0
    excluded: int = 0


@dataclass(slots=True)
class Walk:
    """Iterates over the files below `root`, but for the paths in `skip`; `passed` grows meanwhile.

    Memory holds the names of one folder (and of those above it) at a time.
    """

    root: str
    filters: Filters = field(default_factory=Filters)
    skip: frozenset[str] = frozenset()
    passed: PassedOver = field(default_factory=PassedOver)

    def __iter__(self) -> Iterator[Found]:
        return chain.from_iterable(self.stretches())

    def stretches(self) -> Iterator[list[Found]]:
        """The files in lists of up to 256, which is quicker to go along than one by one."""
        found: list[Found] = []
        folders = [iter(self._entries("", found))]
        while folders:
            folder = self._collect(folders[-1], found)
            if folder:
                folders.append(iter(self._entries(folder, found)))
            elif len(found) < _STRETCH:
                folders.pop()
            else:
                yield found
                found = []
        if found:
            yield found

    def _collect(self, entries: Iterator[str], found: list[Found]) -> str | None:
        """Look at files of a folder until there is another folder (returned) to go through first, or enough of them."""
        for entry in entries:
            if entry[-1] == "/":
                return entry
            if file := self._look(entry):
                found.append(file)
                if len(found) >= _STRETCH:
                    break
        return None

    def _entries(self, folder: str, found: list[Found]) -> list[str]:
        """The paths in a folder, sorted as text, folders with a slash behind; a folder nobody may list is `found`."""
        hidden, names = self.filters.hidden, []
        try:
            with os.scandir(f"{self.root}/{folder}") as entries:
                for entry in entries:
                    name = entry.name
                    if name[0] == "." and not hidden:
                        self.passed.hidden += 1
                    else:
                        names.append(f"{folder}{name}/" if entry.is_dir(follow_symlinks=False) else folder + name)
        except OSError as error:
            found += self._unlisted(folder, error)
            return []
        names.sort()
        return self._filtered(names)

    def _filtered(self, entries: list[str]) -> list[str]:
        wanted, unwanted = _matcher(self.filters.include), _matcher(self.filters.exclude)
        listed = len(entries)
        if unwanted:
            entries = [entry for entry in entries if not unwanted(entry.rstrip("/"))]
        if wanted:
            entries = [entry for entry in entries if entry[-1] == "/" or wanted(entry)]
        self.passed.excluded += listed - len(entries)
        return [entry for entry in entries if entry not in self.skip] if self.skip else entries

    def _unlisted(self, folder: str, error: OSError) -> list[Found]:
        if not folder:
            raise ResultsError(
                f"{self.root}: cannot be listed ({error.strerror}); give a folder that you may read"
            ) from None
        if isinstance(error, FileNotFoundError):  # gone since its parent was listed
            return []
        message = f"the folder cannot be listed ({error.strerror}); allow reading it and run the same command again"
        return [_troubled(self.root, folder, Reason.FORBIDDEN, message)]

    def _look(self, path: str) -> Found | None:
        """A file with its size and time; None when it is gone already or is a link to a folder."""
        try:
            status = os.stat(f"{self.root}/{path}")  # noqa: PTH116  a Path costs more than the call
        except OSError as error:
            return self._unseen(path, error)
        if stat.S_ISREG(status.st_mode):
            return Found(path, status.st_size, status.st_mtime_ns)
        if stat.S_ISDIR(status.st_mode):
            self.passed.linked_folders += 1
            return None
        message = "a pipe, socket or device, not a document; nothing to do"
        return Found(path, status.st_size, status.st_mtime_ns, (Reason.UNSUPPORTED, message))

    def _unseen(self, path: str, error: OSError) -> Found | None:
        if not os.path.lexists(f"{self.root}/{path}"):
            return None
        if isinstance(error, PermissionError):
            return _troubled(
                self.root, path, Reason.FORBIDDEN, "it may not be read; allow reading and run the same command again"
            )
        message = f"a link that leads nowhere ({error.strerror}); restore what it points to, or remove it"
        return _troubled(self.root, path, Reason.NOT_FOUND, message)


def _troubled(root: str, path: str, reason: Reason, message: str) -> Found:
    try:
        status = os.lstat(f"{root}/{path.rstrip('/')}")
    except OSError:
        return Found(path, 0, 0, (reason, message))
    return Found(path, status.st_size, status.st_mtime_ns, (reason, message))


class _Matcher:
    """Whether a path fits any of some patterns."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        import re
        from fnmatch import translate

        self._paths, self._names = (
            re.compile("|".join(translate(pattern) for pattern in chosen)) if chosen else None
            for chosen in ([p for p in patterns if "/" in p], [p for p in patterns if "/" not in p])
        )

    def __call__(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        return bool((self._paths and self._paths.match(path)) or (self._names and self._names.match(name)))


@cache
def _matcher(patterns: tuple[str, ...]) -> _Matcher | None:
    return _Matcher(patterns) if patterns else None


def count_files(root: str, filters: Filters) -> int:
    """How many files a walk will find: a second walk, for showing the time left."""
    return sum(1 for _ in Walk(root, filters))

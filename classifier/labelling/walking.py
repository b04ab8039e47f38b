"""The files of a folder, in one fixed order: by path, as text, so that a results file can be compared by walking along.

Nothing here opens a file. Links to folders are passed over (they may lead in circles), hidden files unless asked for;
both are counted, so that the summary can tell. Whatever else cannot be a document (a pipe, a dangling link, a folder
nobody may list) is found all the same, with the reason, because every entry of an archive deserves an answer.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from itertools import chain
from typing import NamedTuple

from classifier.errors import Reason, ResultsError

_STRETCH = 256
_RUN = 8  # files in a row, from which on opening their folder saves more than it costs


class Obstacle(NamedTuple):
    """What stands in the place of a file's status when it cannot be read: size and time as far as known, and why."""

    st_size: int
    st_mtime_ns: int
    trouble: tuple[Reason, str]


Seen = tuple[str, os.stat_result | Obstacle]
"""A path below the folder (POSIX) and its status as the system gives it: taking it apart costs as much as the match."""


class Found(NamedTuple):
    """A file: its path below the folder (POSIX), bytes, modification time (ns), and why it cannot be read, if so."""

    path: str
    size: int
    mtime: int
    trouble: tuple[Reason, str] | None = None

    @classmethod
    def of(cls, seen: Seen) -> Found:
        """What was seen, by name."""
        path, status = seen
        return cls(path, status.st_size, status.st_mtime_ns, getattr(status, "trouble", None))


class Filters(NamedTuple):
    """Which files count. Patterns with `/` are held against the path, others against the name; `*` spans folders."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    hidden: bool = False


class PassedOver(NamedTuple):
    """How many entries were left out on purpose."""

    hidden: int = 0
    linked_folders: int = 0
    excluded: int = 0


class _Listed(NamedTuple):
    """A folder, and the names in it that are still to come, sorted as text, folders with a slash behind.

    `runs`: its files stand in long runs, with few folders to be gone through between them.
    """

    folder: str
    names: Iterator[str]
    runs: bool


class Walk:
    """Iterates over the files below `root`, but for the paths in `skip`.

    Memory holds the names of one folder (and of those above it) at a time.
    """

    def __init__(self, root: str, filters: Filters | None = None, skip: frozenset[str] = frozenset()) -> None:
        self.root, self.filters, self.skip = root, filters or Filters(), skip
        self._hidden = self._linked_folders = self._excluded = 0

    @property
    def passed(self) -> PassedOver:
        """What has been left out so far."""
        return PassedOver(self._hidden, self._linked_folders, self._excluded)

    def __iter__(self) -> Iterator[Found]:
        return map(Found.of, chain.from_iterable(self.stretches()))

    def stretches(self) -> Iterator[list[Seen]]:
        """The files in lists of up to 256, which is quicker to go along than one by one."""
        seen: list[Seen] = []
        folders = [self._listed("", seen)]
        while folders:
            inner = self._collect(folders[-1], seen)
            if inner:
                folders.append(self._listed(inner, seen))
            elif len(seen) < _STRETCH:
                folders.pop()
            else:
                yield seen
                seen = []
        if seen:
            yield seen

    def _collect(self, listed: _Listed, seen: list[Seen]) -> str | None:
        """Look at files of a folder until there is another folder (returned) to go through first, or enough of them."""
        folder = listed.folder
        with _handle(f"{self.root}/{folder}") if listed.runs else nullcontext() as handle:
            place = "" if handle is not None else f"{self.root}/{folder}"
            for name in listed.names:
                if name[-1] == "/":
                    return folder + name
                try:
                    status = os.stat(place + name, dir_fd=handle)
                    seen_as = status if stat.S_ISREG(status.st_mode) else self._special(status)
                except OSError as error:
                    seen_as = self._unseen(folder + name, error)
                if seen_as:
                    seen.append((folder + name, seen_as))
                    if len(seen) >= _STRETCH:
                        break
        return None

    def _listed(self, folder: str, seen: list[Seen]) -> _Listed:
        """What is in a folder; a folder nobody may list is `seen`."""
        hidden, names, folders = self.filters.hidden, [], 0
        try:
            with os.scandir(f"{self.root}/{folder}") as entries:
                for entry in entries:
                    name = entry.name
                    if name[0] == "." and not hidden:
                        self._hidden += 1
                    elif entry.is_dir(follow_symlinks=False):
                        names.append(f"{name}/")
                        folders += 1
                    else:
                        names.append(name)
        except OSError as error:
            seen += self._unlisted(folder, error)
            return _Listed(folder, iter(()), False)
        names.sort()
        return _Listed(folder, iter(self._filtered(folder, names)), len(names) > _RUN * (folders + 1))

    def _filtered(self, folder: str, names: list[str]) -> list[str]:
        wanted, unwanted = _matcher(self.filters.include), _matcher(self.filters.exclude)
        listed = len(names)
        if unwanted:
            names = [name for name in names if not unwanted(folder + name.rstrip("/"))]
        if wanted:
            names = [name for name in names if name[-1] == "/" or wanted(folder + name)]
        self._excluded += listed - len(names)
        skip = {path[len(folder) :] for path in self.skip if path.startswith(folder)}
        return [name for name in names if name not in skip] if skip else names

    def _unlisted(self, folder: str, error: OSError) -> list[Seen]:
        if not folder:
            raise ResultsError(
                f"{self.root}: cannot be listed ({error.strerror}); give a folder that you may read"
            ) from None
        if isinstance(error, FileNotFoundError | NotADirectoryError):  # gone since its parent was listed
            return []
        message = f"the folder cannot be listed ({error.strerror}); allow reading it and run the same command again"
        return [(folder, _obstacle(f"{self.root}/{folder}", Reason.FORBIDDEN, message))]

    def _special(self, status: os.stat_result) -> Obstacle | None:
        """What is no plain file; None for a link to a folder."""
        if stat.S_ISDIR(status.st_mode):
            self._linked_folders += 1
            return None
        message = "a pipe, socket or device, not a document; nothing to do"
        return Obstacle(status.st_size, status.st_mtime_ns, (Reason.UNSUPPORTED, message))

    def _unseen(self, path: str, error: OSError) -> Obstacle | None:
        """Why a file has no status; None when it is gone already."""
        whole = f"{self.root}/{path}"
        if isinstance(error, PermissionError):
            return _obstacle(
                whole, Reason.FORBIDDEN, "it may not be read; allow reading and run the same command again"
            )
        if not os.path.lexists(whole):
            return None
        message = f"a link that leads nowhere ({error.strerror}); restore what it points to, or remove it"
        return _obstacle(whole, Reason.NOT_FOUND, message)


@contextmanager
def _handle(folder: str) -> Iterator[int | None]:
    """A folder opened, so that the system need not find it anew for each of its files; None where that cannot be."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY) if os.stat in os.supports_dir_fd else None
    except OSError:
        handle = None
    try:
        yield handle
    finally:
        if handle is not None:
            os.close(handle)


def _obstacle(path: str, reason: Reason, message: str) -> Obstacle:
    try:
        status = os.lstat(path.rstrip("/"))
    except OSError:
        return Obstacle(0, 0, (reason, message))
    return Obstacle(status.st_size, status.st_mtime_ns, (reason, message))


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

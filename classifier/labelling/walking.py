"""The files of a folder, in one fixed order: by path, as text, so that a results file can be compared by walking along.

Nothing here opens a file. Links to folders are passed over (they may lead in circles), hidden files unless asked for;
both are counted, so that the summary can tell. Whatever else cannot be a document (a pipe, a dangling link, a folder
nobody may list) is found all the same, with the reason, because every entry of an archive deserves an answer.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from functools import cache
from itertools import chain, starmap
from typing import NamedTuple, cast

from classifier.documents.litter import is_hidden
from classifier.errors import Reason, ResultsError
from classifier.labelling.statuses import Seen, look

_STRETCH = 256


class Found(NamedTuple):
    """A file: its path below the folder (POSIX), bytes, modification time (ns), and why it cannot be read, if so."""

    path: str
    size: int
    mtime: int
    trouble: tuple[Reason, str] | None = None


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
        return starmap(Found, chain.from_iterable(self.stretches()))

    def stretches(self) -> Iterator[list[Seen]]:
        """The files in lists of a few hundred, as plain tuples: naming their values costs as much as comparing them.

        Where files are rare the lists are shorter, or empty, so that a walk can be stopped.
        """
        seen: list[Seen] = []
        folders = [_parts("", self._names("", seen))]
        steps = 0
        while folders:
            part = next(folders[-1], None)
            if part is None:
                folders.pop()
            elif isinstance(part, str):
                folders.append(_parts(part, self._names(part, seen)))
            else:
                seen += self._seen(part)
            steps += 1
            if len(seen) >= _STRETCH or steps % _STRETCH == 0:
                yield seen
                seen = []
        if seen:
            yield seen

    def _seen(self, paths: list[str]) -> list[Seen]:
        found = look(f"{self.root}/", paths)
        if all(found):
            return cast("list[Seen]", found)
        others = (file or self._other(path) for file, path in zip(found, paths, strict=True))
        return [other for other in others if other]

    def _names(self, folder: str, seen: list[Seen]) -> list[str]:
        """What is in a folder, sorted as text, folders with a slash behind; a folder nobody may list is `seen`."""
        hidden, names = self.filters.hidden, []
        try:
            with os.scandir(f"{self.root}/{folder}") as entries:
                for entry in entries:
                    name = entry.name
                    if is_hidden(name) and not hidden:
                        self._hidden += 1
                    else:
                        names.append(f"{name}/" if entry.is_dir(follow_symlinks=False) else name)
        except OSError as error:
            seen += self._unlisted(folder, error)
            return []
        names.sort()
        return self._filtered(folder, names)

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
        return [_obstacle(folder, f"{self.root}/{folder}", Reason.FORBIDDEN, message)]

    def _other(self, path: str) -> Seen | None:
        """What is no plain file, and why; None for a link to a folder, and for what is gone already."""
        whole = f"{self.root}/{path}"
        try:
            status = os.stat(whole)  # noqa: PTH116
        except OSError as error:
            return _unseen(path, whole, error)
        if stat.S_ISDIR(status.st_mode):
            self._linked_folders += 1
            return None
        message = "a pipe, socket or device, not a document; nothing to do"
        trouble = None if stat.S_ISREG(status.st_mode) else (Reason.UNSUPPORTED, message)
        return path, status.st_size, status.st_mtime_ns, trouble


def _unseen(path: str, whole: str, error: OSError) -> Seen | None:
    """Why a file has no status; None when it is gone already."""
    if isinstance(error, PermissionError):
        message = "it may not be read; allow reading and run the same command again"
        return _obstacle(path, whole, Reason.FORBIDDEN, message)
    if os.path.islink(whole):  # noqa: PTH114
        message = f"a link that leads nowhere ({error.strerror}); restore what it points to, or remove it"
        return _obstacle(path, whole, Reason.NOT_FOUND, message)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return None
    message = f"the system cannot look it up ({error.strerror}); check the disk, or shorten the path"
    return _obstacle(path, whole, Reason.BROKEN_FILE, message)


def _parts(folder: str, names: list[str]) -> Iterator[str | list[str]]:
    """The paths of folders among names, and of up to 256 files between them."""
    files: list[str] = []
    for name in names:
        is_folder = name[-1] == "/"
        if not is_folder:
            files.append(folder + name)
        if files and (is_folder or len(files) == _STRETCH):
            yield files
            files = []
        if is_folder:
            yield folder + name
    if files:
        yield files


def _obstacle(path: str, whole: str, reason: Reason, message: str) -> Seen:
    try:
        status = os.lstat(whole.rstrip("/"))
    except OSError:
        return path, 0, 0, (reason, message)
    return path, status.st_size, status.st_mtime_ns, (reason, message)


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

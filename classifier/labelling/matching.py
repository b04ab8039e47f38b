"""Which files a results file already answers: one walk along both, since both are in the order of paths.

Nothing is collected: memory is the same for ten files and ten million.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from classifier.labelling.lines import Stamp, file_of, glance, parse_line, quoted
from classifier.labelling.statuses import Seen
from classifier.labelling.summary import Counts
from classifier.labelling.walking import Found

CHUNK_FILES, CHUNK_BYTES = 128, 4 << 20
_BLOCK = 1 << 20
_FORBIDDEN = b'"reason": "FORBIDDEN"'


class Kept(NamedTuple):
    """Bytes `start` to `end` of a results file: lines that answer for `files` files as they are now."""

    source: FormerLines
    start: int
    end: int
    files: int = 1


class Todo(NamedTuple):
    """A file to label; `former` is its line if only its modification time has changed since."""

    found: Found
    former: bytes | None = None


class Segment:
    """A stretch of the folder, in order; its files to label are one task for a worker."""

    def __init__(self, parts: Iterable[Kept | Todo] = ()) -> None:
        self.parts = list(parts)

    @property
    def todos(self) -> list[Todo]:
        """The files to label."""
        return [part for part in self.parts if isinstance(part, Todo)]


class FormerLines:
    """The lines of a results file from its start, each offered once, as the walk comes by."""

    def __init__(self, path: Path, stamp: Stamp, counts: Counts) -> None:
        self._file, self._copied = path.open("rb"), path.open("rb")
        self.limit = os.fstat(self._file.fileno()).st_size  # lines appended meanwhile are this run's own
        self._stamp, self._counts, self._glance = stamp, counts, glance(stamp)
        self._lines: list[bytes] = []  # the next ones, as far as they have been read
        self._start = self._read = 0  # where the first of them begins and the last one ends
        self._values: dict[str, Any] | None = None  # of the first, once parsed

    def follow(self, files: Sequence[Seen]) -> Kept | None:
        """The lines from here that plainly answer for the first of some files in a walk, as many as there are in a row.

        This loop is what starting a finished run again amounts to: it looks at the two ends of a line and no more.
        """
        begin, end = self._glance
        lines = []
        for (path, size, mtime, _), line in zip(files, self._ahead(len(files)), strict=False):
            if not line.endswith(end % (size, mtime)):
                break
            if not line.startswith(begin % quoted(path)):
                break
            lines.append(line)
        if not lines:
            return None
        self._counts.add(lines)
        return Kept(self, self._start, self._pass(len(lines)), len(lines))

    def take(self, found: Found) -> Kept | Todo:
        """The lines that answer for a file, or the file as one to label; lines of files before it are passed over."""
        while self._line and (path := self._path()) <= found.path:
            if path == found.path:
                return self._group(found)
            self._pass(1)
        return Todo(found)

    def blocks(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes of a stretch, a megabyte at a time."""
        self._copied.seek(start)
        while start < end and (block := self._copied.read(min(_BLOCK, end - start))):
            yield block
            start += len(block)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._copied.close()

    def _group(self, found: Found) -> Kept | Todo:
        """The lines of one file: one, or those of an archive's members, which count only when all are there."""
        start, lines = self._start, []
        sealed, forbidden = True, self._may_pass(found)
        members = int((self._parsed() or {}).get("members") or 1)
        former = self._line if members == 1 and self._differs_in_time(found) else None
        while self._line and self._path() == found.path:
            sealed = sealed and self._stamp.seals(self._parsed() or {}, found)
            lines.append(self._line)
            end = self._pass(1)
        if not sealed or forbidden or len(lines) != members:
            return Todo(found, former)
        self._counts.add(lines)
        return Kept(self, start, end)

    def _differs_in_time(self, found: Found) -> bool:
        values = self._parsed() or {}
        return values.get("mtime") != found.mtime and self._stamp.seals({**values, "mtime": found.mtime}, found)

    def _may_pass(self, found: Found) -> bool:
        """True for a file that could not be read, and now can: its time does not change with its permissions."""
        if _FORBIDDEN not in self._line:
            return False
        return os.access(
            f"{self._stamp.folder}/{found.path}", os.R_OK, effective_ids=os.access in os.supports_effective_ids
        )

    def _parsed(self) -> dict[str, Any] | None:
        if self._values is None:
            self._values = parse_line(self._line)
        return self._values

    def _path(self) -> str:
        """The path of the current line's file; that of a damaged line comes before all others, so it is passed over."""
        values = self._parsed()
        return file_of(values) if values else ""

    @property
    def _line(self) -> bytes:
        """The first of the lines that are left; empty at their end."""
        return self._lines[0] if self._lines or self._ahead(1) else b""

    def _ahead(self, count: int) -> list[bytes]:
        """The next lines, as many as asked for if there are so many."""
        if len(self._lines) < count and self._read < self.limit:
            self._lines += islice(self._file, count - len(self._lines))
            self._read = self._start + sum(map(len, self._lines))
            while self._read > self.limit:
                self._read -= len(self._lines.pop())
        return self._lines[:count]

    def _pass(self, count: int) -> int:
        """Go on behind the next lines; return where that is."""
        self._start += sum(map(len, self._lines[:count]))
        del self._lines[:count]
        self._values = None
        return self._start


def match(stretches: Iterable[Sequence[Seen]], sources: list[FormerLines]) -> Iterator[Kept | Todo]:
    """The files of a walk, in order, as lines to keep, from the first source that has them, or as files to label."""
    for stretch in stretches:
        files = stretch
        while files:
            kept = sources[0].follow(files)
            if kept:
                yield kept
                files = files[kept.files :]
            if files:
                yield _best(Found(*files[0]), sources)
                files = files[1:]


def _best(found: Found, sources: list[FormerLines]) -> Kept | Todo:
    best: Kept | Todo = Todo(found)
    for source in sources:
        part = source.take(found)
        if isinstance(part, Kept):
            return part
        best = part if part.former else best
    return best


def segments(parts: Iterable[Kept | Todo]) -> Iterator[Segment]:
    """Cut a walk into tasks of at most 128 files or about 4 MB to label, however much is kept between them."""
    segment, files, size = Segment(), 0, 0
    for part in parts:
        if isinstance(part, Kept):
            _extend(segment.parts, part)
            continue
        segment.parts.append(part)
        files, size = files + 1, size + part.found.size
        if files >= CHUNK_FILES or size >= CHUNK_BYTES:
            yield segment
            segment, files, size = Segment(), 0, 0
    if segment.parts:
        yield segment


def _extend(parts: list[Kept | Todo], kept: Kept) -> None:
    last = parts[-1] if parts else None
    if isinstance(last, Kept) and last.source is kept.source and last.end == kept.start:
        parts[-1] = Kept(last.source, last.start, kept.end, last.files + kept.files)
    else:
        parts.append(kept)

"""Which files a results file already answers: one walk along both, since both are in the order of paths.

Nothing is collected: memory is the same for ten files and ten million.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from classifier.labelling.lines import Stamp, file_of, glance, parse_line, quoted
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


@dataclass(slots=True)
class Segment:
    """A stretch of the folder, in order; its files to label are one task for a worker."""

    parts: list[Kept | Todo] = field(default_factory=list)

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
        self._start = self._end = 0
        self._line = b""
        self._values: dict[str, Any] | None = None
        self._next()

    def follow(self, walk: Iterator[Found]) -> tuple[Kept | None, Found | None]:
        """The lines from here that plainly answer for the next files of a walk, and the first file that they do not.

        This loop is what starting a finished run again amounts to: it looks at the two ends of a line and no more.
        """
        first, files, count = self._start, 0, self._counts.add
        begin, end = self._glance
        found = None
        for found in walk:
            line = self._line
            if not line.endswith(end % (found.size, found.mtime)) or not line.startswith(begin % quoted(found.path)):
                break
            if _FORBIDDEN in line:
                break
            count(line)
            files += 1
            self._next()
        else:
            found = None
        return (Kept(self, first, self._start, files) if files else None), found

    def take(self, found: Found) -> Kept | Todo:
        """The lines that answer for a file, or the file as one to label; lines of files before it are passed over."""
        while self._line and (path := self._path()) <= found.path:
            if path == found.path:
                return self._group(found)
            self._next()
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
            end = self._end
            self._next()
        if not sealed or forbidden or len(lines) != members:
            return Todo(found, former)
        for line in lines:
            self._counts.add(line)
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

    def _next(self) -> None:
        self._start = self._end
        self._line = self._file.readline() if self._start < self.limit else b""
        self._end += len(self._line)
        self._values = None


def match(walk: Iterable[Found], sources: list[FormerLines]) -> Iterator[Kept | Todo]:
    """The files of a walk, in order, as lines to keep, from the first source that has them, or as files to label."""
    remaining = iter(walk)
    while True:
        kept, found = sources[0].follow(remaining)
        if kept:
            yield kept
        if found is None:
            return
        yield _best(found, sources)


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

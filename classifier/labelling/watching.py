"""A time limit for each document: a worker that is stuck in one ends itself, having left word which one it was.

Parsers get stuck in C code that no signal and no thread of Python can interrupt, so it is the process that ends, by the
timer of `faulthandler`, which runs without Python. Starting that timer for every file would cost more than many a file:
it is started anew once in a while and set to run so much longer. What is being read stands in a small mapped file,
where it outlives the process.
"""

from __future__ import annotations

import faulthandler
import mmap
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

_SIZE = 1 << 14  # more than a path may have
_OFTEN = 1.0  # seconds between starts of the timer


class Limit(NamedTuple):
    """Seconds that a document may take, and the folder where workers leave word."""

    folder: str
    seconds: float


class Watch(Protocol):
    """Who to tell what is being read."""

    def begin(self, path: str) -> None:
        """From here on a file is read."""

    def end(self) -> None:
        """Nothing is read any more."""


@contextmanager
def watched(limit: Limit | None) -> Iterator[Watch]:
    """A watch over what is read within; without a limit, one that does nothing."""
    watch: Watch = _watch(limit) if limit else _Idle()
    try:
        yield watch
    finally:
        watch.end()


def overdue(limit: Limit) -> set[str]:
    """The files in which workers got stuck, once those have ended; what they left is cleared."""
    paths = set()
    for place in Path(limit.folder).iterdir():
        began, _, rest = place.read_bytes().partition(b"\0")
        if began and time.monotonic() - float(began) >= limit.seconds:
            length, _, path = rest.partition(b"\0")
            paths.add(os.fsdecode(path[: int(length)]))
        place.unlink()
    return paths


class _Idle:
    def begin(self, path: str) -> None:
        pass

    def end(self) -> None:
        pass


class _Watch:
    """The timer of one process and the place where it says what it is at."""

    def __init__(self, limit: Limit) -> None:
        self._often = min(_OFTEN, limit.seconds / 4)
        self._seconds, self._started = limit.seconds + self._often, -1.0
        with (Path(limit.folder) / str(os.getpid())).open("w+b", buffering=0) as file:
            file.write(bytes(_SIZE))  # not a hole: writing into one on a full disk ends the process
            self._place = mmap.mmap(file.fileno(), _SIZE)

    def begin(self, path: str) -> None:
        now = time.monotonic()
        name = os.fsencode(path)
        entry = b"%r\0%d\0%b" % (now, len(name), name)
        self._place[: min(len(entry), _SIZE)] = entry[:_SIZE]
        if not 0 <= now - self._started < self._often:
            faulthandler.dump_traceback_later(self._seconds, exit=True, file=_nowhere())
            self._started = now

    def end(self) -> None:
        faulthandler.cancel_dump_traceback_later()
        self._place[:2] = b"\0\0"
        self._started = -1.0


@cache
def _nowhere() -> int:
    """Where the timer tells what the process was doing."""
    return os.open(os.devnull, os.O_WRONLY)


@lru_cache(maxsize=1)
def _watch(limit: Limit) -> _Watch:
    return _Watch(limit)

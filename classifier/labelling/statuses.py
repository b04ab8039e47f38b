"""Size and time of many files at once: by the compiled `look` where it was built, by the plain one elsewhere.

Asking for a million files one by one is most of what starting a finished run again costs, and Python lets no other
thread work while it takes each answer apart. The compiled `look` does: files are asked for while others are compared.
"""

from __future__ import annotations

import os
import signal
import stat
import threading
from collections.abc import Generator, Iterable, Sequence
from queue import SimpleQueue
from typing import TypeVar

from classifier.errors import Reason

__all__ = ["Seen", "ahead", "look", "plain_look"]

Seen = tuple[str, int, int, tuple[Reason, str] | None]
"""A path below a folder (POSIX), bytes, modification time (ns), and why the file cannot be read, if so."""

_AHEAD = 8
_SECONDS = 1.0  # that a thread is waited for which may hang in a network's file system

Item = TypeVar("Item")


def plain_look(place: str, paths: Sequence[str]) -> list[Seen | None]:
    """What the system says of paths, behind `place`; None for all that is no file or cannot be asked for."""
    return [_status(place, path) for path in paths]


try:
    from classifier.labelling._status import look
except ImportError:  # no compiler when this was installed, or no POSIX
    look = plain_look


def _status(place: str, path: str) -> Seen | None:
    try:
        status = os.stat(place + path)  # noqa: PTH116  half the time of a Path's
    except OSError:
        return None
    return (path, status.st_size, status.st_mtime_ns, None) if stat.S_ISREG(status.st_mode) else None


def ahead(items: Iterable[Item]) -> Generator[Item]:
    """The items, made by a thread a few before they are wanted; what goes wrong in making them is raised here.

    Close it when no more are wanted: the thread then ends with the item it is making. Queues alone pass between the
    two, because a signal that raises in the midst of taking a `threading.Semaphore` leaves it taken.
    """
    made, room, over = SimpleQueue[tuple[Item] | BaseException | None](), SimpleQueue[None](), list[bool]()
    for _ in range(_AHEAD):
        room.put(None)

    def make() -> None:
        try:
            if hasattr(signal, "pthread_sigmask"):  # not Windows
                signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # the main thread's to hold back
            for item in items:
                made.put((item,))
                room.get()
                if over:
                    return
            made.put(None)
        except BaseException as error:
            made.put(error)

    maker = threading.Thread(target=make, daemon=True)
    try:
        maker.start()
        while (item := made.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            room.put(None)
            yield item[0]
    finally:
        over.append(True)
        room.put(None)
        if maker.is_alive():
            maker.join(_SECONDS)

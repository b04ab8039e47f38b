"""A lock file: one run at a time on one results file or filing journal; it is free again however its holder ends."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from classifier.errors import ResultsError

_HELD = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK}  # as different systems have it

# The library `filelock` does this too, at 0.2 seconds of import: more than resuming a folder of 30,000 files may take.


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold `path`, made for the purpose and removed after; raises `ResultsError` when another process holds it."""
    handle = _acquire(path)
    try:
        yield
    finally:
        if sys.platform != "win32":  # where a file in use cannot be removed
            path.unlink(missing_ok=True)
        os.close(handle)
        if sys.platform == "win32":
            path.unlink(missing_ok=True)


def _acquire(path: Path) -> int:
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
        except OSError as error:
            raise ResultsError(
                f"{path.parent}: cannot be written to ({error.strerror}); choose another folder"
            ) from None
        if os.fstat(handle).st_size:
            os.close(handle)
            raise ResultsError(f"{path}: is there already and is no lock; move it, or choose another name")
        try:
            _lock(handle)
        except OSError as error:
            os.close(handle)
            if error.errno in _HELD:
                raise ResultsError(
                    f"another run holds {path}; let it end, or stop it, before starting a second"
                ) from None
            path.unlink(missing_ok=True)
            raise ResultsError(
                f"{path.parent}: files cannot be locked there ({error.strerror}); choose another file system"
            ) from None
        if _is_still(path, handle):
            return handle
        os.close(handle)  # its last holder removed it between our opening and locking it


def _is_still(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

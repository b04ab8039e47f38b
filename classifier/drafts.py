"""A file written whole or not at all: as a draft beside it, which takes its place in one step."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """The draft of a file, to be written within; at the end it takes the file's place, unless an error comes before.

    It gets the rights of the file it replaces, or those of any new file; where `path` is a link, the file that it leads
    to is replaced. Folders that are not there are made. Raises `OSError` about `path` or a folder above it, never
    its draft; also where a folder, a pipe or a device stands.
    """
    place = Path(os.path.realpath(path))
    draft = place.parent / f".classifier-draft.{os.urandom(8).hex()}"  # short, however long the name is
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        rights = _rights(path)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666 if rights is None else 0o600))
        yield draft
        with draft.open("r+b") as file:
            os.fsync(file.fileno())
        if rights is not None:
            draft.chmod(rights)
        draft.replace(place)
    except OSError as error:
        if error.errno is not None and error.filename in (None, draft, str(draft)):
            error.filename, error.filename2 = os.fspath(path), None
        raise
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _rights(path: str | os.PathLike[str]) -> int | None:
    """The rights of the file at `path`, None when there is none; raises `OSError` for what cannot be replaced."""
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        raise FileExistsError(errno.EEXIST, "a folder, a pipe or a device stands there", os.fspath(path))
    return mode & 0o777

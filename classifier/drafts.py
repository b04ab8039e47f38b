"""A file written whole or not at all: as a draft beside it, which takes its place in one step."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from classifier.errors import ClassifierError


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


def is_odd(path: str | os.PathLike[str]) -> bool:
    """Whether a folder, a pipe or a device stands at `path`: opened, the last two may keep their reader waiting.

    False where the system does not say; opening it will.
    """
    return os.path.exists(path) and not os.path.isfile(path)  # noqa: PTH110, PTH113  neither raises


def require_writable(path: str | os.PathLike[str], *sources: object) -> None:
    """Raise `ClassifierError` unless a file can be put at `path`: for work of minutes, to be asked before it starts.

    Folders that are not there would be made; what is there and is no file is never replaced, nor is a file among
    `sources`, of which those count that are paths.
    """
    out = Path(path)
    for source in sources:
        if isinstance(source, str | os.PathLike) and out.exists() and Path(source).exists() and out.samefile(source):
            raise ClassifierError(
                f"{out}: is what would be read, and writing there would destroy it; give another name"
            )
    if is_odd(out):
        raise ClassifierError(f"{out}: is not a file, and cannot be replaced by one; give another name")
    folder = next(folder for folder in out.absolute().parents if folder.exists())
    if not folder.is_dir():
        raise ClassifierError(f"{out}: cannot be written, {folder} is not a folder; choose another place")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ClassifierError(f"{out}: cannot be written, {folder} may not be written to; choose another place")


def _rights(path: str | os.PathLike[str]) -> int | None:
    """The rights of the file at `path`, None when there is none; raises `OSError` for what cannot be replaced."""
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        raise FileExistsError(errno.EEXIST, "a folder, a pipe or a device stands there", os.fspath(path))
    return mode & 0o777

"""One step of filing on the disk: taken, finished when it was half taken, taken back.

Nothing here overwrites: a name is taken by a hard link or, where the file system has none, by exclusive creation.
"""

from __future__ import annotations

import errno
import filecmp
import hashlib
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from classifier.filing.planning import Manner, Step

_DRAFT = ".filing-draft."
_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.EACCES}


def is_begun(step: Step, into: Path) -> bool:
    """Whether a step that a run was stopped at has been taken, wholly or so that the document is at its place too."""
    target = into / step.target
    stands = os.path.lexists(target) and not _is_placeholder(target)
    return stands or not os.path.lexists(step.source)


def finish(step: Step, into: Path, manner: Manner) -> None:
    """Take a step that was begun to its end: a document that was being moved stands at one place only."""
    source, target = Path(step.source), into / step.target
    if manner is not Manner.LINK:
        _clear(target)
    if manner is Manner.MOVE:
        _clear(source)
        if os.path.lexists(source) and os.path.lexists(target) and _same(source, target):
            source.unlink()


def take(step: Step, into: Path, manner: Manner) -> None:
    """Bring a document to its place; raises `OSError`, also for one that has changed since the plan was made."""
    source, target = Path(step.source), into / step.target
    if not _is_labelled(source.stat(), step):
        raise OSError(errno.ESTALE, "changed since it was labelled; label the folder again", str(source))
    if manner is Manner.LINK:
        target.symlink_to(_way(target, source))
        return
    _clear(target)
    if manner is Manner.COPY:
        _copy(source, target)
    else:
        _move(source, target)


def take_back(step: Step, into: Path, manner: Manner) -> bool:
    """Undo a step as far as it was taken: whether it was; raises `OSError` when it is better left as it is."""
    source, target = Path(step.source), into / step.target
    if manner is not Manner.LINK:
        _clear(target)
    if manner is Manner.MOVE:
        _clear(source)
        return _move_back(source, target)
    if not os.path.lexists(target):
        return False
    if manner is Manner.LINK:
        mine = target.is_symlink() and str(target.readlink()) == _way(target, source)
    else:
        # Some file systems keep coarser times than the one that the document was labelled on.
        mine = _is_labelled(target.lstat(), step) or (os.path.lexists(source) and _same(source, target))
    if not mine:
        raise OSError(errno.EEXIST, "changed since it was filed", str(target))
    target.unlink()
    return True


def _way(target: Path, source: Path) -> str:
    """The content of a link: relative, so that the archive and what is filed may move together."""
    return os.path.relpath(source, target.parent.resolve())


def _is_labelled(status: os.stat_result, step: Step) -> bool:
    """Whether a file is the one that was labelled, or its copy."""
    return stat.S_ISREG(status.st_mode) and (status.st_size, status.st_mtime_ns) == (step.size, step.mtime)


def _move_back(source: Path, target: Path) -> bool:
    if not os.path.lexists(target):
        if os.path.lexists(source):
            return False
        raise FileNotFoundError(errno.ENOENT, "gone from where it was filed", str(target))
    if os.path.lexists(source) and not _same(source, target):
        raise FileExistsError(errno.EEXIST, "something else stands where it came from", str(source))
    if os.path.lexists(source):  # the move had not yet removed it
        target.unlink()
        return True
    source.parent.mkdir(parents=True, exist_ok=True)
    _move(target, source)
    return True


def _move(source: Path, target: Path) -> None:
    """Move a file to a free name; one that stands at both already is only removed from the first.

    Where it cannot be removed, it stays where it was alone.
    """
    is_new = not os.path.lexists(target)
    if is_new:
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            _copy(source, target)
    elif not _same(source, target):
        raise FileExistsError(errno.EEXIST, "something else has taken its place", str(target))
    try:
        source.unlink()
    except OSError:
        if is_new:
            target.unlink()
        raise


def _same(first: Path, second: Path) -> bool:
    """Whether two names stand for one file, or for equal ones (a move between file systems stopped half way)."""
    return os.path.samestat(first.lstat(), second.lstat()) or filecmp.cmp(first, second, shallow=False)


def _copy(source: Path, target: Path) -> None:
    """Copy a file with its times and rights; it appears under its name whole."""
    draft = _draft(target)
    draft.unlink(missing_ok=True)
    try:
        shutil.copyfile(source, draft)
        with draft.open("r+b") as file:
            os.fsync(file.fileno())
        shutil.copystat(source, draft)
        _place(draft, target)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _place(draft: Path, target: Path) -> None:
    try:
        os.link(draft, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))  # fails where something stands
        draft.replace(target)


def _is_placeholder(place: Path) -> bool:
    """Whether an empty file holds the name of one that is still being copied."""
    return os.path.lexists(_draft(place)) and place.lstat().st_size == 0


def _clear(place: Path) -> None:
    """Remove what a stopped copy has left: its draft, and the empty file that held the name for it."""
    if os.path.lexists(place) and _is_placeholder(place):
        place.unlink()
    _draft(place).unlink(missing_ok=True)


def _draft(target: Path) -> Path:
    """What a file is called until it is whole: the same for the same name, and short, however long that is."""
    return target.with_name(_DRAFT + hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16])

"""Writing a results file so that it is whole at every moment, whatever ends the run.

A run first goes along the lines there are. While they answer for the walk from its start, with nothing to drop or to
put in between, they stay where they are and new lines are appended. At the first departure (a file changed, came or
went) the whole is written anew beside it, as `results.jsonl.new`, and takes its place at the end, in one step; a run
that is ended before goes on with that file. Either way the bytes are those of one undisturbed run. With `force` the
file beside it is `results.jsonl.forced` and no older line is used but its own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from classifier.drafts import is_odd
from classifier.errors import ResultsError
from classifier.labelling.lines import Stamp, edition_of, parse_line
from classifier.labelling.matching import FormerLines, Kept
from classifier.labelling.summary import Counts

SYNC_SECONDS = 2.0  # what a power cut may cost
_OPENING = b'{"path": '
_BLOCK = 1 << 20


class Journal:
    """The results file of one run; `sources` are the former lines to match against, best first."""

    def __init__(self, path: Path, stamp: Stamp, counts: Counts, *, force: bool = False) -> None:
        self.path, self.force, self._beside = path, force, beside(path, force)
        check(path, stamp, force)
        for ours in drafts_of(path):  # will be written over, or removed
            check(ours, stamp, force=True)
        started = self._beside.exists()
        self._target = self._beside if started or force else path
        try:
            for file in {self._target, path} if path.exists() else {self._target}:
                heal(file)
            self.sources = [FormerLines(self._target, stamp, counts)]
            if started and not force and path.exists():
                self.sources.append(FormerLines(path, stamp, counts))
            self._file = self._target.open("r+b", buffering=0)
        except OSError as error:
            raise self._trouble(error) from None
        self._offset, self._in_place, self._synced = 0, True, time.monotonic()

    @property
    def has_lines(self) -> bool:
        """Whether there are lines of earlier runs."""
        return any(source.limit for source in self.sources)

    def keep(self, kept: Kept) -> None:
        """Go on with lines there are."""
        if self._in_place and kept.source is self.sources[0] and kept.start == self._offset:
            self._offset = kept.end
            return
        self._leave_place()
        for block in kept.source.blocks(kept.start, kept.end):
            self._write(block)

    def append(self, lines: Iterable[bytes]) -> None:
        """Add lines."""
        self._leave_place()
        self._write(b"".join(lines))
        if time.monotonic() - self._synced > SYNC_SECONDS:
            self._synced = time.monotonic()
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                raise self._trouble(error) from None

    def finish(self) -> None:
        """Drop what is left of former lines and put the file in its place."""
        try:
            if self._in_place and self._offset < self.sources[0].limit:
                self._file.truncate(self._offset)
            os.fsync(self._file.fileno())
            self.close()
            if self._target != self.path:
                self._target.replace(self.path)
            for force in (False, True):
                beside(self.path, force).unlink(missing_ok=True)
            _sync_folder(self.path.parent)
        except OSError as error:
            raise self._trouble(error) from None

    def close(self) -> None:
        """Close all files; what was written stays for the next run."""
        for source in self.sources:
            source.close()
        self._file.close()

    def _leave_place(self) -> None:
        """From here on lines are added; if former ones would have to go, on a copy of those before."""
        if not self._in_place:
            return
        self._in_place = False
        if self._offset < self.sources[0].limit:
            self._branch()
        self._file.seek(0, os.SEEK_END)

    def _branch(self) -> None:
        draft = draft_of(self._beside)
        self._file.close()
        try:
            self._file = draft.open("w+b", buffering=0)
            for block in self.sources[0].blocks(0, self._offset):
                self._write(block)
            draft.replace(self._beside)
        except OSError as error:
            raise self._trouble(error) from None
        self._target = self._beside

    def _write(self, content: bytes) -> None:
        whole = self._file.tell()
        view = memoryview(content)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            self._file.truncate(whole)  # no torn line stays; shrinking works on a full disk too
            raise self._trouble(error) from None

    def _trouble(self, error: OSError) -> ResultsError:
        return ResultsError(
            f"{self.path}: cannot be written ({error.strerror}); what was labelled so far is kept: "
            "put that right and run the same command again"
        )


def beside(path: Path, force: bool) -> Path:
    """Where a results file is written anew until it can take its place."""
    return path.with_name(path.name + (".forced" if force else ".new"))


def draft_of(path: Path) -> Path:
    """What a file is called until it is whole enough to go on with."""
    return path.with_name(path.name + "~")


def drafts_of(path: Path) -> list[Path]:
    """All that may stand beside a results file while it is written."""
    anew = [beside(path, force) for force in (False, True)]
    return [*anew, *map(draft_of, anew)]


def check(path: Path, stamp: Stamp, force: bool) -> None:
    """Raise `ResultsError` unless `path` is absent, empty, or holds results that this run may go on with."""
    if is_odd(path):
        raise ResultsError(f"{path}: a folder, a pipe or a device stands there; choose another name for the results")
    try:
        with path.open("rb") as file:
            first = file.readline()
    except FileNotFoundError:
        return
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read ({error.strerror}); choose another name for the results") from None
    torn = not first.endswith(b"\n") and (first.startswith(_OPENING) or _OPENING.startswith(first))
    values = parse_line(first)
    if values is None and first and not torn:
        raise ResultsError(f"{path}: is there already and is not a results file; choose another name for the results")
    if values is None or force or stamp.made(values):
        return
    for what, theirs, mine in (
        ("the folder", values.get("folder"), stamp.folder),
        ("the model", values.get("model"), stamp.model),
        ("the options", values.get("options"), dict(stamp.options)),
        ("this program's edition", edition_of(values), stamp.edition),
    ):
        if theirs != mine:
            raise ResultsError(
                f"{path}: holds results of {what} {theirs}, and this run is for {mine}; choose another name for them, "
                "see what would change with --changed, or label everything again with --force"
            )


def is_begun(path: Path, stamp: Stamp) -> bool:
    """Whether a file holds results of this folder, model, edition and options."""
    if is_odd(path):  # a pipe would keep its reader waiting; `check` will say it
        return False
    try:
        with path.open("rb") as file:
            values = parse_line(file.readline())
    except OSError:  # `check` will say it
        return False
    return values is not None and stamp.made(values)


def heal(path: Path) -> None:
    """Make a file if there is none, and cut off a last line that was not written to its end."""
    with path.open("a+b") as file:
        end = size = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - _BLOCK)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            end = start + newline + 1
            if newline >= 0:
                break
        if end < size:
            file.truncate(end)


def _sync_folder(folder: Path) -> None:
    """Have a new name outlast a power cut, where the system can do that for a folder and the folder may be read."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

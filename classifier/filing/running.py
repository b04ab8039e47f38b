"""Filing as a whole: intentions into the journal, synced, then the steps; and all of it backwards."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from classifier.errors import ResultsError
from classifier.filing.acting import take, take_back
from classifier.filing.planning import LeftOut, Manner, Step, is_plain, plan_filing
from classifier.labelling.journal import heal
from classifier.labelling.locking import locked

JOURNAL, LOCK = ".classifier-filing.jsonl", ".classifier-filing.lock"
NAMED = 3  # documents by why they were not filed
_BATCH = 64  # steps between two syncs


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many documents were filed (or put back), and why others were not."""

    done: int
    left_out: Mapping[str, int]
    named: Mapping[str, Sequence[str]]  # the first of those, by why


@dataclass(slots=True)
class _Reasons:
    """Why documents were not filed: how many, and the names of the first."""

    counts: Counter[str] = field(default_factory=Counter)
    named: dict[str, list[str]] = field(default_factory=dict)

    def add(self, why: str, name: str) -> None:
        """One more."""
        self.counts[why] += 1
        if self.counts[why] <= NAMED:
            self.named.setdefault(why, []).append(name)

    def after(self, done: int) -> Outcome:
        """What came of it all."""
        return Outcome(done, dict(self.counts), self.named)


@dataclass(slots=True)
class _Log:
    """What the journal says: how documents were filed, the steps, and the folders made for them, in order."""

    manner: Manner
    steps: list[Step]
    made: list[str]

    @property
    def filed(self) -> dict[str, str]:
        return {step.source: step.target for step in self.steps}


def apply_filing(
    results: str | os.PathLike[str],
    into: str | os.PathLike[str],
    manner: Manner = Manner.LINK,
    *,
    on_step: Callable[[Step], None] | None = None,
) -> Outcome:
    """File the documents of a results file into label folders below `into`; finish first what a stopped run has begun.

    Raises `ResultsError` when the results are not to be trusted, the folder was filled in another manner, or the
    journal cannot be written.
    """
    into = Path(into).absolute()
    with _made(into) as made, locked(into / LOCK), _errors(into):
        log = _read(into) or _Log(manner, [], made)
        if log.manner is not manner:
            raise ResultsError(f"{into}: was filled by --{log.manner}; go on so, or --undo that first")
        left_out = _Reasons()
        steps = _fit(plan_filing(results, into, manner, filed=log.filed), left_out)
        new = list(steps)  # the whole plan is checked before the first step
        _take_all(log.steps, into, manner, left_out, on_step=None)  # finishes what was half taken
        done = 0
        with _Journal(into, log) as journal:
            for batch in _batches(new):
                journal.intend(batch)
                done += _take_all(batch, into, manner, left_out, on_step=on_step)
    return left_out.after(done)


def undo_filing(into: str | os.PathLike[str]) -> Outcome:
    """Put everything back that was filed into a folder, last first, and remove the folders made for it.

    What was changed since is left, with the journal. Raises `ResultsError` when there is nothing to undo.
    """
    into = Path(into).absolute()
    if not (into / JOURNAL).exists():
        raise ResultsError(f"{into}: nothing was filed here that could be undone")
    left_out = _Reasons()
    done = 0
    with locked(into / LOCK), _errors(into):
        log = _read(into)
        for step in reversed(log.steps if log else []):
            why = _take_back(step, into, log.manner) if log else None
            if why:
                left_out.add(why, step.target)
            done += not why
        if not left_out.counts:
            _forget(into, log.made if log else [])
    if not left_out.counts:
        _remove_empty(reversed([into / name for name in (log.made if log else []) if Path(name).is_absolute()]))
    return left_out.after(done)


def _fit(plan: Iterable[Step | LeftOut], left_out: _Reasons) -> Iterator[Step]:
    for part in plan:
        if isinstance(part, Step):
            yield part
        else:
            left_out.add(part.why, part.path)


def _take_all(
    steps: Iterable[Step], into: Path, manner: Manner, left_out: _Reasons, *, on_step: Callable[[Step], None] | None
) -> int:
    done = 0
    for step in steps:
        try:
            take(step, into, manner)
        except OSError as error:  # one document is a border
            left_out.add(error.strerror or str(error), step.source)
            continue
        done += 1
        if on_step:
            on_step(step)
    return done


def _take_back(step: Step, into: Path, manner: Manner) -> str | None:
    try:
        return take_back(step, into, manner)
    except OSError as error:
        return error.strerror or str(error)


class _Journal:
    """Appends to the journal; everything is on the disk before it is done."""

    def __init__(self, into: Path, log: _Log) -> None:
        self._into, self._known = into, set(log.made)
        path = into / JOURNAL
        heal(path)
        fresh = not path.stat().st_size
        self._file = path.open("ab")
        if fresh:
            self._write([{"manner": str(log.manner)}, *({"made": name} for name in log.made)])

    def __enter__(self) -> _Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def intend(self, steps: Iterable[Step]) -> None:
        """Note steps and the folders they need, then make the folders."""
        steps = list(steps)
        folders = [name for step in steps for name in self._missing(step.target)]
        self._write([*({"made": name} for name in folders), *(asdict(step) for step in steps)])
        for step in steps:
            (self._into / step.target).parent.mkdir(parents=True, exist_ok=True)

    def _missing(self, target: str) -> Iterator[str]:
        """The folders above a target that are not there, outermost first."""
        for folder in reversed(PurePosixPath(target).parents[:-1]):
            name = str(folder)
            if name not in self._known and not (self._into / name).exists():
                self._known.add(name)
                yield name

    def _write(self, lines: Iterable[Mapping[str, Any]]) -> None:
        self._file.write("".join(json.dumps(line) + "\n" for line in lines).encode("ascii"))
        self._file.flush()
        os.fsync(self._file.fileno())


def _read(into: Path) -> _Log | None:
    """The journal of a folder, None when there is none; a torn last line was never acted upon."""
    path = into / JOURNAL
    if not path.exists():
        return None
    lines = [line for line in path.read_bytes().split(b"\n")[:-1] if line]
    if not lines:
        return None
    try:
        head, *rest = map(json.loads, lines)
        steps = [Step(**line) for line in rest if "source" in line]
        made = [str(line["made"]) for line in rest if "made" in line]
        if not all(is_plain(step.target) and Path(step.source).is_absolute() for step in steps):
            raise ValueError("a step that leads out of the folder")
        return _Log(Manner(head["manner"]), steps, made)
    except (ValueError, TypeError, KeyError):
        raise ResultsError(f"{path}: is not a journal of filing; move it away if it is not needed") from None


def _forget(into: Path, made: list[str]) -> None:
    _remove_empty(into / name for name in reversed(made) if not Path(name).is_absolute())
    (into / JOURNAL).unlink(missing_ok=True)


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders made by filing, but for those that hold something by now."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


@contextmanager
def _made(into: Path) -> Iterator[list[str]]:
    """Make `into`; gives the folders that were made for it, outermost first, absolute. Those left empty go again."""
    missing = [folder for folder in reversed([into, *into.parents]) if not folder.exists()]
    try:
        with _errors(into):
            into.mkdir(parents=True, exist_ok=True)
        yield list(map(str, missing))
    finally:
        _remove_empty(reversed(missing))


def _batches(steps: Iterable[Step]) -> Iterator[list[Step]]:
    remaining = iter(steps)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


@contextmanager
def _errors(into: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ResultsError(
            f"{into}: cannot be filed into ({error.strerror}); what is done so far is journalled: run again, or --undo"
        ) from None


def planned(results: str | os.PathLike[str], into: str | os.PathLike[str], manner: Manner) -> Iterator[Step | LeftOut]:
    """What `apply_filing` would do now, its unfinished steps apart."""
    into = Path(into).absolute()
    log = _read(into)
    yield from plan_filing(results, into, manner, filed=log.filed if log else None)

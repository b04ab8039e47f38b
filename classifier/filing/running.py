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
from classifier.filing.acting import finish, is_begun, take, take_back
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

    @contextmanager
    def instead(self, name: str) -> Iterator[None]:
        """Count a document that cannot be had as left out: one document is a border."""
        try:
            yield
        except OSError as error:
            self.add(error.strerror or str(error), name)

    def after(self, done: int) -> Outcome:
        """What came of it all."""
        return Outcome(done, dict(self.counts), self.named)


@dataclass(slots=True)
class _Log:
    """What the journal says: how documents were filed, the steps by target and the folders made for them, in order.

    `unsettled` are those of the last steps of which it does not say what became of them: a run was stopped there.
    """

    manner: Manner
    steps: dict[str, Step] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    unsettled: list[Step] = field(default_factory=list)

    def without_unbegun(self, into: Path) -> list[Step]:
        """The steps but for those that a stopped run has intended and not begun, which are as good as none."""
        unbegun = {step.target for step in self.unsettled if not is_begun(step, into)}
        return [step for step in self.steps.values() if step.target not in unbegun]


def planned(results: str | os.PathLike[str], into: str | os.PathLike[str], manner: Manner) -> Iterator[Step | LeftOut]:
    """What `apply_filing` would do now."""
    into = Path(into).absolute()
    log = _read(into) or _Log(manner)
    yield from plan_filing(results, into, manner, filed=log.without_unbegun(into))


def apply_filing(
    results: str | os.PathLike[str],
    into: str | os.PathLike[str],
    manner: Manner = Manner.LINK,
    *,
    on_step: Callable[[Step], None] | None = None,
) -> Outcome:
    """File the documents of a results file into label folders below `into`; what a stopped run has begun is finished.

    Raises `ResultsError` when the results are not to be trusted, the folder was filled in another manner, or the
    journal cannot be written.
    """
    into = Path(into).absolute()
    with _made(into) as made, locked(into / LOCK), _errors(into):
        log = _read(into) or _Log(manner, made=made)
        if log.manner is not manner:
            raise ResultsError(f"{into}: was filled by --{log.manner}; go on so, or --undo that first")
        left_out, filed = _Reasons(), log.without_unbegun(into)
        steps = list(_fit(plan_filing(results, into, manner, filed=filed), left_out))  # all of it is checked first
        done = 0
        with _Journal(into, log) as journal:
            if log.unsettled:
                for step in log.unsettled:
                    finish(step, into, manner)
                journal.settle(dropped=log.steps.keys() - {step.target for step in filed})
            for batch in _batches(steps):
                journal.intend(batch)
                taken = []
                for step in batch:
                    with left_out.instead(step.source):
                        take(step, into, manner)
                        taken.append(step.target)
                    if on_step and step.target in taken:
                        on_step(step)
                journal.settle(dropped=[step.target for step in batch if step.target not in taken])
                done += len(taken)
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
        log = _read(into) or _Log(Manner.LINK)
        with _Journal(into, log) as journal:
            if log.unsettled:
                journal.settle(dropped=())  # what is not at its place is not put back, and counts as none
            for batch in _batches(reversed(log.steps.values())):
                journal.reopen(batch)
                back = []
                for step in batch:
                    with left_out.instead(step.target):
                        done += take_back(step, into, log.manner)
                        back.append(step.target)
                journal.settle(dropped=back)
        if not left_out.counts:
            _forget(into, log.made)
    if not left_out.counts:
        _remove_empty(reversed([into / name for name in log.made if Path(name).is_absolute()]))
    return left_out.after(done)


def _fit(plan: Iterable[Step | LeftOut], left_out: _Reasons) -> Iterator[Step]:
    for part in plan:
        if isinstance(part, Step):
            yield part
        else:
            left_out.add(part.why, part.path)


class _Journal:
    """Appends to the journal; what is to be done is on the disk before it is done, what became of it after."""

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

    def intend(self, steps: Sequence[Step]) -> None:
        """Note steps and the folders they need, then make the folders."""
        folders = [name for step in steps for name in self._missing(step.target)]
        self._write([*({"made": name} for name in folders), *(asdict(step) for step in steps)])
        for step in steps:
            (self._into / step.target).parent.mkdir(parents=True, exist_ok=True)

    def reopen(self, steps: Sequence[Step]) -> None:
        """Note that it is not certain any more what has become of some steps."""
        self._write([{"reopened": [step.target for step in steps]}])

    def settle(self, *, dropped: Iterable[str]) -> None:
        """Note that all steps have been taken, but for those to some targets, which were not, or were taken back."""
        self._write([{"dropped": sorted(dropped)}])

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
        return _read_on(_Log(Manner(head["manner"])), rest, into)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ResultsError(f"{path}: is not a journal of filing; move it away if it is not needed") from None


def _read_on(log: _Log, lines: Iterable[Mapping[str, Any]], into: Path) -> _Log:
    """A log of the first line of a journal as those after it change it; raises `ValueError` and the like."""
    unsettled: dict[str, Step] = {}
    for line in lines:
        if "source" in line:
            step = Step(**line)
            if not is_plain(step.target) or not Path(step.source).is_absolute() or b"\0" in os.fsencode(step.source):
                raise ValueError("a step that leads out of the folder")
            log.steps[step.target] = unsettled[step.target] = step
        elif "made" in line:
            made = str(line["made"])
            if not is_plain(made) and Path(made) not in (into, *into.parents):
                raise ValueError("a folder that was not made for it")
            log.made.append(made)
        elif "reopened" in line:
            unsettled.update((target, log.steps[target]) for target in line["reopened"])
        else:
            unsettled.clear()
            for target in line["dropped"]:
                del log.steps[target]
    log.unsettled = list(unsettled.values())[-_BATCH:]  # no run leaves more, but a journal may not say what it settled
    return log


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

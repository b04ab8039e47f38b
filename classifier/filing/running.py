"""Filing as a whole: the plan, batch by batch into the journal and then onto the disk; and all of it backwards."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from classifier.errors import ResultsError
from classifier.filing.acting import finish, take, take_back
from classifier.filing.journal import BATCH, JOURNAL, Journal, Log, read_log
from classifier.filing.planning import LeftOut, Manner, Step, labelled_folder, plan_filing
from classifier.labelling.locking import locked

LOCK = ".classifier-filing.lock"
NAMED = 3  # documents by why they were not filed


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

    def add_error(self, error: OSError, name: str) -> None:
        """One more, for what the system says of it: one document is a border."""
        self.add(error.strerror or str(error), name)

    def after(self, done: int) -> Outcome:
        """What came of it all."""
        return Outcome(done, dict(self.counts), self.named)


def planned(results: str | os.PathLike[str], into: str | os.PathLike[str], manner: Manner) -> Iterator[Step | LeftOut]:
    """What `apply_filing` would do now."""
    into = Path(into).absolute()
    log = read_log(into) or Log(manner)
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
        log = read_log(into) or Log(manner, made=made)
        if log.manner is not manner:
            raise ResultsError(f"{into}: was filled by --{log.manner}; go on so, or --undo that first")
        left_out = _Reasons()
        plan = plan_filing(results, into, manner, filed=log.without_unbegun(into))
        steps = list(_fit(plan, left_out))  # all of it is checked first
        done = 0
        with Journal(into, log) as journal:
            _recovered(log, into, journal, labelled_folder(results))
            for batch in _batches(steps):
                journal.intend(batch)
                untaken = []
                for step in batch:
                    try:
                        take(step, into, manner)
                    except OSError as error:
                        left_out.add_error(error, step.source)
                        untaken.append(step.target)
                        continue
                    done += 1
                    if on_step:
                        on_step(step)
                journal.settle(dropped=untaken)
    return left_out.after(done)


def undo_filing(into: str | os.PathLike[str], results: str | os.PathLike[str] | None = None) -> Outcome:
    """Put everything back that was filed into a folder, last first, and remove the folders made for it.

    With `results`, no document outside the folder that they are of is touched: a folder that comes from elsewhere may
    hold a journal that says anything. What was changed since is left, with the journal. Raises `ResultsError` when
    there is nothing to undo.
    """
    into = Path(into).absolute()
    if not (into / JOURNAL).exists():
        raise ResultsError(f"{into}: nothing was filed here that could be undone")
    home = labelled_folder(results) if results is not None else None
    left_out = _Reasons()
    done = 0
    with locked(into / LOCK), _errors(into):
        log = read_log(into) or Log(Manner.LINK)
        with Journal(into, log) as journal:
            mine = []
            for step in _recovered(log, into, journal, home):
                if _is_of(step, home):
                    mine.append(step)
                else:
                    left_out.add("of another folder than the results; undo it with those of its own", step.source)
            for batch in _batches(reversed(mine)):
                journal.reopen(batch)
                back = []
                for step in batch:
                    try:
                        done += take_back(step, into, log.manner)
                    except OSError as error:
                        left_out.add_error(error, step.target)
                    else:
                        back.append(step.target)
                journal.settle(dropped=back)
        if not left_out.counts:
            _forget(into, log.made)
    if not left_out.counts:
        _remove_empty(reversed([into / name for name in log.made if Path(name).is_absolute()]))
    return left_out.after(done)


def _recovered(log: Log, into: Path, journal: Journal, home: str | None) -> list[Step]:
    """The steps that stand, once what a run was stopped at is finished or forgotten; it touches only `home`."""
    standing = log.without_unbegun(into)
    if log.unsettled:
        foreign = next((step.source for step in log.unsettled if not _is_of(step, home)), None)
        if foreign is not None:
            raise ResultsError(f"{into}: filing {foreign} was stopped here; finish or undo that with its own results")
        for step in log.unsettled:
            finish(step, into, log.manner)
        journal.settle(dropped=log.steps.keys() - {step.target for step in standing})
    return standing


def _is_of(step: Step, home: str | None) -> bool:
    """Whether a document comes from below a folder, or from anywhere where that is not known."""
    return home is None or Path(os.path.realpath(Path(step.source).parent)).is_relative_to(home)


def _fit(plan: Iterable[Step | LeftOut], left_out: _Reasons) -> Iterator[Step]:
    for part in plan:
        if isinstance(part, Step):
            yield part
        else:
            left_out.add(part.why, part.path)


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
    while batch := list(islice(remaining, BATCH)):
        yield batch


@contextmanager
def _errors(into: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ResultsError(
            f"{into}: cannot be filed into ({error.strerror}); what is done so far is journalled: run again, or --undo"
        ) from None

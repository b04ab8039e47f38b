"""From a folder to a results file: walk, match with what is there, label the rest, write in order."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from classifier.errors import ResultsError
from classifier.labelling.journal import Journal, drafts_of, is_begun
from classifier.labelling.locking import locked
from classifier.labelling.matching import Kept, Segment, match, segments
from classifier.labelling.statuses import ahead
from classifier.labelling.summary import Counts, Summary
from classifier.labelling.tasks import Options, Task, Workers, make_task
from classifier.labelling.walking import Filters, Walk

if TYPE_CHECKING:
    from classifier.model import Model

TIMEOUT = 120.0  # seconds: long PDFs on a slow and busy machine take a quarter of that
A_MONTH = 30 * 86_400.0


class Progress(NamedTuple):
    """How far a run is: files done, those of them that were answered already, and seconds since it began."""

    done: int
    kept: int
    seconds: float


def label_folder(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    model: Model | str | os.PathLike[str] | None = None,
    max_error: float | None = None,
    explain: bool = False,
    passages: bool = False,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    hidden: bool = False,
    ignore: Iterable[str | os.PathLike[str]] = (),
    force: bool = False,
    jobs: int | None = None,
    backend: str | None = None,
    scheduler: str | None = None,
    timeout: float | None = TIMEOUT,
    on_progress: Callable[[Progress], None] | None = None,
) -> Summary:
    """Label every file below `folder` into `out`, one line of JSON each (`classifier.labelling.lines`), by path.

    What an earlier run has written is gone on with: unchanged files (in size and time) are not read again, changed ones
    are labelled anew, the lines of removed ones go, though never all of them without `force`. However often a run is
    stopped, the file ends up the same bytes.

    `model` is a model, or what `Model.load` takes. `max_error`, `explain` and `passages` are as in `Model.predict`.
    `include` and `exclude` are patterns (`Filters`); hidden files (`documents.litter`) count only with `hidden`.
    `ignore` names files, such as exports, that are no documents though they may lie in the folder. `force` labels
    everything anew. `jobs` processes (default: one per core) on any joblib `backend`; `scheduler` is the address of a
    dask scheduler. `timeout` is what one document may take, in seconds, before it is given up as `failed`; it binds the
    processes of the default back end, not this process, which does the work itself with one job. `on_progress` is
    called after every few files.

    Raises `ResultsError` when the results cannot be written, belong to another folder, model or options, are in use, or
    would be emptied, and when no worker can be started; `ModelFileError` for the model. A document that cannot be read
    raises nothing: it is `failed` in its line.
    """
    folder, asked = Path(folder).resolve(), Path(out)
    out = Path(os.path.realpath(asked))  # a link stays one, and what stands beside the results is where they lie
    if not os.path.isdir(folder):  # noqa: PTH112  which raises nothing where a folder above may not be looked into
        raise ResultsError(f"{folder}: is not a folder that can be read; give the folder that holds the documents")
    task = make_task(folder, model, Options(None if max_error is None else float(max_error), explain, passages))
    if force or not is_begun(out, task.stamp):  # what has answered before can answer: it is loaded when it has to
        _prove(task)
    lock = out.with_name(out.name + ".lock")
    filters = Filters(_several(include), _several(exclude), hidden)
    walk = Walk(str(folder), filters, below(folder, [asked, out, *drafts_of(out), lock, *map(Path, _several(ignore))]))
    workers = Workers(jobs, backend, scheduler, _bounded(timeout))
    with locked(lock):
        counts = Counts()
        journal = Journal(out, task.stamp, counts, force=force)
        try:
            return _label(task, walk, journal, counts, workers, on_progress=on_progress)
        finally:
            journal.close()


def _several(given: Iterable[Any] | str | os.PathLike[str]) -> tuple[Any, ...]:
    """A pattern or a file given alone is one, and not its letters."""
    return (given,) if isinstance(given, str | os.PathLike) else tuple(given)


def _bounded(timeout: float | None) -> float | None:
    """A time limit that a timer can be set to; None for one that no document reaches."""
    if timeout is None or timeout > A_MONTH:
        return None
    if not timeout > 0:
        raise ResultsError(f"the time limit must be more than 0 seconds, not {timeout}; leave it out for two minutes")
    return timeout


def below(folder: Path, files: Iterable[Path]) -> frozenset[str]:
    """The paths, as in a walk of `folder`, of those files that lie in it; of links also what they lead to."""
    resolved = [
        place
        for file in files
        for place in (file.absolute().parent.resolve() / file.name, Path(os.path.realpath(file)))
    ]
    return frozenset(file.relative_to(folder).as_posix() for file in resolved if file.is_relative_to(folder))


def _label(
    task: Task,
    walk: Walk,
    journal: Journal,
    counts: Counts,
    workers: Workers,
    *,
    on_progress: Callable[[Progress], None] | None,
) -> Summary:
    started = time.monotonic()
    kept = fresh = 0
    stretches = ahead(walk.stretches())
    labelled = _labelled(task, segments(match(stretches, journal.sources)), workers)
    try:
        for segment, blocks in labelled:
            kept += _write(segment, blocks, journal, counts)
            fresh += len(blocks)
            if on_progress:
                on_progress(Progress(kept + fresh, kept, time.monotonic() - started))
    finally:
        labelled.close()
        stretches.close()  # an error on its way out would keep it and its thread
    if not kept + fresh and journal.has_lines and not journal.force:
        raise ResultsError(
            f"{walk.root}: no document is there, or none that was asked for, and {journal.path} holds lines of some: "
            "see whether the folder is mounted and what --include says; give --force to empty the results"
        )
    journal.finish()
    seconds = time.monotonic() - started
    return Summary(
        counts.labels(), counts.reasons("unknown"), counts.reasons("failed"), fresh, kept, seconds, walk.passed
    )


def _prove(task: Task) -> None:
    from classifier.labelling.working import prove

    prove(task)


def _labelled(task: Task, stretches: Iterator[Segment], workers: Workers) -> Generator[tuple[Segment, list[bytes]]]:
    """Each segment with the lines of its files; what labels is imported only when there is something to label."""
    for segment in stretches:
        if segment.todos:
            from classifier.labelling.running import run

            yield from run(task, chain([segment], stretches), workers)
        else:
            yield segment, []


def _write(segment: Segment, blocks: list[bytes], journal: Journal, counts: Counts) -> int:
    """Write a segment's lines in order, fresh ones together where they stand together; return the files kept."""
    kept, together = 0, list[bytes]()
    fresh = iter(blocks)
    for part in segment.parts:
        if isinstance(part, Kept):
            if together:
                journal.append(together)
                together = []
            journal.keep(part)
            kept += part.files
        else:
            together.append(next(fresh))
            counts.add(together[-1].splitlines(keepends=True))
    if together:
        journal.append(together)
    return kept

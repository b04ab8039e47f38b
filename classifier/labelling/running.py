"""Many workers, one order: tasks go out in waves to any joblib back end, results come back in the order of the folder.

A wave bounds what is in memory however slow its first task is. While one is labelled, the next is looked up on disk.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from classifier.errors import ResultsError
from classifier.labelling.matching import Segment, Todo
from classifier.labelling.working import Task, crashed, label_files

WAVE = 16  # tasks per worker
_IDLE_SECONDS = 60  # when workers end that nobody gives work
_PARTS = 12  # every crash costs a new set of processes: three of them find one file among 128

Result = TypeVar("Result")
Labelled = tuple[Segment, list[bytes]]


@dataclass(frozen=True, slots=True)
class Workers:
    """How many processes (None: one per core), on which joblib back end, and for dask the scheduler's address."""

    jobs: int | None = None
    backend: str | None = None
    scheduler: str | None = None

    @property
    def alone(self) -> bool:
        """True when this process is to do the work itself."""
        return self.count == 1 and not self.backend and not self.scheduler

    @property
    def name(self) -> str:
        """The back end's name."""
        return self.backend or ("dask" if self.scheduler else "loky")

    @property
    def count(self) -> int:
        """Processes to start on this machine."""
        return self.jobs or _cores()


def run(task: Task, segments: Iterator[Segment], workers: Workers) -> Generator[Labelled]:
    """Each segment with the lines of its files, in order. With one job and no back end named, in this process.

    Raises `ResultsError` when the back end cannot be had or the model was replaced.
    """
    if workers.alone:
        for segment in segments:
            yield segment, label_files(task, segment.todos)
        return
    for segment in segments:
        if segment.todos:  # only now is joblib worth importing
            yield from _Pool(task, workers).run(segment, segments)
        else:
            yield segment, []


class _Pool:
    """Waves of tasks on a joblib back end, carried on when a worker is killed."""

    def __init__(self, task: Task, workers: Workers) -> None:
        self._task, self._workers = task, workers

    def run(self, first: Segment, others: Iterator[Segment]) -> Generator[Labelled]:
        """All segments, in order."""
        waiting: deque[Segment] = deque([first])
        while waiting:
            try:
                yield from self._waves(waiting, others)
            except _crash_errors(self._workers) as error:
                if self._workers.name != "loky":
                    raise _translated(error, self._workers) from None
                yield from self._one_by_one(waiting)

    def _waves(self, waiting: deque[Segment], others: Iterator[Segment]) -> Generator[Labelled]:
        """Segments from `waiting`, each taken off it when done, and from `others`, until there are no more."""
        with _parallel(self._workers) as (parallel, size):
            waiting.extend(islice(others, size - len(waiting)))
            while waiting:
                wave = list(waiting)
                results = self._submit(parallel, [segment.todos for segment in wave if segment.todos])
                upcoming = list(islice(others, size))
                try:
                    for segment in wave:
                        lines = next(results) if segment.todos else []
                        waiting.popleft()
                        yield segment, lines
                finally:
                    _close(results)
                waiting.extend(upcoming)

    def _one_by_one(self, waiting: deque[Segment]) -> Generator[Labelled]:
        """The rest of a wave in which a worker died, one task at a time, to find whether a file is to blame."""
        while waiting:
            lines = self._survive(waiting[0].todos)
            yield waiting.popleft(), lines

    def _survive(self, todos: Sequence[Todo]) -> list[bytes]:
        """The lines of files, divided until a file that kills its worker stands alone and is recorded."""
        if not todos:
            return []
        try:
            with _parallel(self._workers) as (parallel, _):
                return next(self._submit(parallel, [todos]))
        except _crash_errors(self._workers):
            if len(todos) == 1:
                return [crashed(self._task, todos[0])]
        part = -(-len(todos) // _PARTS)
        return [line for start in range(0, len(todos), part) for line in self._survive(todos[start : start + part])]

    def _submit(self, parallel: Any, tasks: Sequence[Sequence[Todo]]) -> Iterator[list[bytes]]:
        from joblib import delayed

        return iter(parallel(delayed(label_files)(self._task, todos) for todos in tasks))


def each(function: Callable[..., Result], tasks: Iterator[tuple[Any, ...]], workers: Workers) -> Iterator[Result]:
    """A function's results for tasks, in order, wave by wave: for work that is repeated if a worker is killed."""
    if workers.alone:
        yield from (function(*task) for task in tasks)
        return
    from joblib import delayed

    with _parallel(workers) as (parallel, size):
        while wave := list(islice(tasks, size)):
            results = iter(parallel(delayed(function)(*task) for task in wave))
            try:
                yield from results
            except _crash_errors(workers) as error:
                raise _translated(error, workers) from None
            finally:
                _close(results)


@contextmanager
def _parallel(workers: Workers) -> Iterator[tuple[Any, int]]:
    """A joblib `Parallel` on the back end asked for, and how many tasks make a wave on it."""
    from joblib import Parallel, effective_n_jobs, parallel_config

    jobs = max(2, workers.count)  # one would be this process, where a crash ends the run
    kind = "list" if workers.name == "multiprocessing" else "generator"
    try:
        with ExitStack() as stack:
            backend, settings = _backend(workers)
            stack.enter_context(parallel_config(backend=backend, n_jobs=jobs, **settings))
            entered = stack.enter_context(Parallel(n_jobs=jobs, return_as=kind, batch_size=1, pre_dispatch="all"))
            size = WAVE * effective_n_jobs(jobs)
            leave = stack.pop_all()
    except (ImportError, ValueError, TypeError, OSError) as error:
        raise ResultsError(
            f"the back end {workers.name!r} cannot be used ({error}); for dask install "
            "arabic-topic-classifier[cluster] and check that the scheduler runs"
        ) from None
    with leave:
        yield entered, size


def _backend(workers: Workers) -> tuple[Any, dict[str, Any]]:
    """A joblib back end, as its name or as an object, with its settings."""
    if workers.name == "loky":
        return "loky", {"idle_worker_timeout": _IDLE_SECONDS}
    if workers.name == "dask":
        from classifier.labelling.cluster import Cluster

        return Cluster(scheduler_host=workers.scheduler), {}
    return workers.name, {}


def _translated(error: BaseException, workers: Workers) -> ResultsError:
    return ResultsError(
        f"the workers of {workers.name} failed ({error}); every one needs this package in the same version and sees "
        "the folder and the model under the same paths; run the same command again to go on"
    )


def _close(results: Iterator[list[bytes]]) -> None:
    """End a wave early without joblib's warning that results go unused: they are made again by the next run."""
    import warnings

    close = getattr(results, "close", None)
    if close:
        with warnings.catch_warnings(), suppress(RuntimeError):
            warnings.simplefilter("ignore")
            close()


def _crash_errors(workers: Workers) -> tuple[type[BaseException], ...]:
    """What a dead worker looks like."""
    if workers.name == "dask":
        from classifier.labelling.cluster import cluster_errors

        return cluster_errors()
    from joblib.externals.loky.process_executor import BrokenProcessPool

    return (BrokenProcessPool,)


def _cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

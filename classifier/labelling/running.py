"""Many workers, one order: tasks go out in waves to any joblib back end, results come back in the order of the folder.

A wave bounds what is in memory however slow its first task is. While one is labelled, the next is looked up on disk.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from itertools import islice
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from classifier.errors import ResultsError
from classifier.labelling.matching import Segment, Todo
from classifier.labelling.tasks import Task, Workers
from classifier.labelling.watching import Limit, overdue
from classifier.labelling.working import crashed, label_files, too_slow

WAVE = 16  # tasks per worker
_IDLE_SECONDS = 60  # when workers end that nobody gives work
_PARTS = 12  # every crash costs a new set of processes: three of them find one file among 128

Result = TypeVar("Result")
Labelled = tuple[Segment, list[bytes]]


def run(task: Task, segments: Iterator[Segment], workers: Workers) -> Generator[Labelled]:
    """Each segment with the lines of its files, in order. With one job and no back end named, in this process.

    Raises `ResultsError` when the back end cannot be had or the model was replaced.
    """
    if workers.alone:
        yield from ((segment, label_files(task, segment.todos)) for segment in segments)
    else:
        yield from _Pool(task, workers).run(segments)


class _Pool:
    """Waves of tasks on a joblib back end, carried on when a worker is killed."""

    def __init__(self, task: Task, workers: Workers) -> None:
        self._task, self._workers = task, workers
        self._late = set[str]()  # files in which a worker was stuck

    def run(self, others: Iterator[Segment]) -> Generator[Labelled]:
        """All segments, in order."""
        waiting = deque(islice(others, 1))
        with self._limited():
            while waiting:
                try:
                    yield from self._waves(waiting, others)
                except _crash_errors(self._workers) as error:
                    if self._workers.name != "loky":
                        raise _translated(error, self._workers) from None
                    if not self._give_up(waiting):
                        yield from self._one_by_one(waiting)

    @contextmanager
    def _limited(self) -> Iterator[None]:
        """Tell the workers how long a document may take, if they are such as end and leave word for this process."""
        if self._workers.name != "loky" or self._workers.timeout is None:
            yield
            return
        with TemporaryDirectory(prefix="classifier-", ignore_cleanup_errors=True) as folder:
            self._task = self._task._replace(limit=Limit(folder, self._workers.timeout))
            yield

    def _give_up(self, waiting: Iterable[Segment]) -> bool:
        """Mark the files in which a worker was stuck a second time as trouble, which is an answer.

        Once may be no fault of the file: all were late if the machine slept. False if no worker was stuck.
        """
        found = overdue(self._task.limit) if self._task.limit else set[str]()
        late = found & self._late
        self._late |= found
        for segment in waiting:
            for place, part in enumerate(segment.parts):
                if isinstance(part, Todo) and part.found.path in late:
                    segment.parts[place] = Todo(part.found._replace(trouble=too_slow(self._task)))
        return bool(found)

    def _waves(self, waiting: deque[Segment], others: Iterator[Segment]) -> Generator[Labelled]:
        """Segments from `waiting`, each taken off it when done, and from `others`, until there are no more."""
        with _parallel(self._workers) as (parallel, size):
            waiting.extend(islice(others, max(0, size - len(waiting))))
            while waiting:
                wave = list(islice(waiting, size))
                results = self._submit(parallel, [segment.todos for segment in wave if segment.todos])
                try:
                    waiting.extend(islice(others, size))
                    for segment in wave:
                        lines = next(results) if segment.todos else []
                        waiting.popleft()
                        yield segment, lines
                finally:
                    _close(results)

    def _one_by_one(self, waiting: deque[Segment]) -> Generator[Labelled]:
        """The rest of a wave in which a worker died, one task at a time, to find whether a file is to blame."""
        for _ in range(min(len(waiting), WAVE * self._workers.processes)):
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
            stretch = Segment(todos)
            if self._give_up([stretch]):
                return self._survive(stretch.todos)
            if len(todos) == 1:
                self._prove()
                return [crashed(self._task, todos[0])]
        part = -(-len(todos) // _PARTS)
        return [line for start in range(0, len(todos), part) for line in self._survive(todos[start : start + part])]

    def _prove(self) -> None:
        """Raise `ResultsError` unless a worker lives that has nothing to do: then the file is not to blame."""
        try:
            with _parallel(self._workers) as (parallel, _):
                next(self._submit(parallel, [[]]))
        except _crash_errors(self._workers) as error:
            raise ResultsError(
                f"processes do not start or do not live ({' '.join(str(error).split())[:200]}); see whether memory or "
                "the number of processes is limited, or label in one process with --jobs 1; what is labelled is kept"
            ) from None

    def _submit(self, parallel: Any, tasks: Sequence[Sequence[Todo]]) -> Iterator[list[bytes]]:
        from joblib import delayed

        with _interrupts_held() if self._workers.name == "loky" else nullcontext():
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
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back for a moment; processes started meanwhile never hear it: it is this one that ends the run."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # Python 3.11 lets them through when it starts
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


@contextmanager
def _parallel(workers: Workers) -> Iterator[tuple[Any, int]]:
    """A joblib `Parallel` on the back end asked for, and how many tasks make a wave on it."""
    from joblib import Parallel, effective_n_jobs, parallel_config

    jobs = max(2, workers.processes)  # one would be this process, where a crash ends the run
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

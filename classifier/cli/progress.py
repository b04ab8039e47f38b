"""How far a long command is: a bar on a terminal, a line now and then elsewhere; always on stderr."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from classifier.errors import ClassifierError
from classifier.labelling.batch import Progress

TICK_SECONDS = 10.0
Show = Callable[[Progress], None]


@contextmanager
def progress(count: Callable[[], int]) -> Iterator[Show]:
    """What to call with each `Progress`; `count` finds, meanwhile and in another thread, how many files there are."""
    total = _Total(count)
    if sys.stderr.isatty():
        with _bar(total) as show:
            yield show
    else:
        yield _Lines(total)


class _Total:
    """The number of files, when somebody has counted them."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count, self._thread = count, threading.Thread(target=self._run, daemon=True)
        self.files: int | None = None

    def start(self) -> None:
        """Begin to count, once."""
        if self._thread.ident is None:
            self._thread.start()

    def _run(self) -> None:
        with suppress(ClassifierError):  # the run itself will say it
            self.files = self._count()


class _Lines:
    """A plain line every ten seconds, for logs."""

    def __init__(self, total: _Total) -> None:
        self._total, self._last = total, time.monotonic()

    def __call__(self, now: Progress) -> None:
        if time.monotonic() - self._last < TICK_SECONDS:
            return
        self._last = time.monotonic()
        self._total.start()  # runs shorter than this never pay for counting
        print(describe(now, self._total.files), file=sys.stderr)


def describe(now: Progress, total: int | None) -> str:
    """One line on how far a run is, with the time left where the number of files is known.

    >>> describe(Progress(done=3000, kept=1000, seconds=10.0), 5000)
    '3,000 of 5,000 files, 200 a second, 10 s left'
    """
    rate = (now.done - now.kept) / now.seconds if now.seconds else 0.0
    parts = [f"{now.done:,} of {total:,} files" if total else f"{now.done:,} files", f"{rate:,.0f} a second"]
    if total and rate:
        parts.append(f"{duration((total - now.done) / rate)} left")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """Seconds as people say them.

    >>> duration(75), duration(7300)
    ('1 min 15 s', '2 h 1 min')
    """
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


@contextmanager
def _bar(total: _Total) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    total.start()
    columns = BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[says]}"), TimeElapsedColumn()
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, says="")

        def show(now: Progress) -> None:
            says = describe(now, total.files).partition(", ")[2]
            bar.update(task, completed=now.done, total=total.files, says=says)

        yield show

"""Joblib's dask back end, with what it lacks: a task that fails on the cluster ends the run instead of hanging it.

Joblib waits for a callback that it makes for results only; a worker that dies, or lacks this package, gives none.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from joblib._dask import DaskDistributedBackend


class Cluster(DaskDistributedBackend):  # type: ignore[misc]
    """Passes on failures as joblib's own back ends do."""

    def submit(self, func: Any, callback: Callable[[Any], None] | None = None) -> Future[Any]:
        """Schedule a task."""
        future: Future[Any] = super().submit(func, callback)
        if callback:
            future.add_done_callback(partial(_pass_on, callback))
        return future

    def retrieve_result_callback(self, out: Any) -> Any:
        """The result of a task, or its exception raised."""
        if isinstance(out, BaseException):
            raise out
        return super().retrieve_result_callback(out)


def _pass_on(callback: Callable[[Any], None], future: Future[Any]) -> None:
    error = future.exception()
    if error is not None:
        callback(error)


def cluster_errors() -> tuple[type[BaseException], ...]:
    """What a cluster raises when a worker died, or cannot run a task because it lacks this package."""
    try:
        from distributed.scheduler import KilledWorker
    except ImportError:  # dask is not installed, which is what there is to say
        return ()
    return KilledWorker, ImportError, RuntimeError, OSError

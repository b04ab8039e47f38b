"""What is handed to the workers of a run: light, because a finished folder is recognised by it and needs no more."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from classifier import artefact
from classifier.errors import ResultsError
from classifier.labelling.lines import Stamp
from classifier.shelves import locate

if TYPE_CHECKING:
    from classifier.labelling.watching import Limit
    from classifier.model import Model


class Options(NamedTuple):
    """What to ask of the model for every document."""

    max_error: float | None = None
    explain: bool = False
    passages: bool = False

    def named(self) -> dict[str, Any]:
        """Those that differ from the default, as they stand in each line."""
        default = Options()._asdict()
        return {name: value for name, value in self._asdict().items() if value != default[name]}


class Task(NamedTuple):
    """What all workers of a run have in common; the model is given by its file, and its digest as proof."""

    model: str
    digest: str
    stamp: Stamp
    options: Options
    parent: int = 0  # the process that hands out the work
    limit: Limit | None = None


class Workers(NamedTuple):
    """How many processes (None: one per core), on which joblib back end, and for dask the scheduler's address.

    `timeout` is what a document may take, in seconds, where a process can be ended and the run goes on: with loky.
    """

    jobs: int | None = None
    backend: str | None = None
    scheduler: str | None = None
    timeout: float | None = None

    @property
    def alone(self) -> bool:
        """True when this process is to do the work itself."""
        return self.processes == 1 and not self.backend and not self.scheduler

    @property
    def name(self) -> str:
        """The back end's name."""
        return self.backend or ("dask" if self.scheduler else "loky")

    @property
    def processes(self) -> int:
        """Processes to start on this machine."""
        return self.jobs or _cores()


def make_task(folder: Path, model: Model | str | os.PathLike[str] | None, options: Options) -> Task:
    """What the workers need. A model given by its file is not loaded, only read and held against its digest.

    Raises `ModelFileError` when that fails; `working.prove` finds the rest of what a model may lack.
    """
    path, metadata = _described(model)
    stamp = Stamp(str(folder), options.named(), artefact.id_of(metadata))
    return Task(str(path), str(metadata["digest"]), stamp, options, os.getpid())


def _described(model: Model | str | os.PathLike[str] | None) -> tuple[Path, Mapping[str, Any]]:
    if model is None or isinstance(model, str | os.PathLike):
        path = locate(model)
        return path.absolute(), artefact.load(path).metadata
    if model.path is None:
        raise ResultsError("workers load the model's file, and this model has none; save it first")
    return model.path, model.metadata


def _cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

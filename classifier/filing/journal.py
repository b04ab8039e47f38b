"""What was filed, as the journal in the folder says: intended before it is done, settled after it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from classifier.errors import ResultsError
from classifier.filing.acting import is_begun
from classifier.filing.planning import Manner, Step, is_plain
from classifier.labelling.journal import heal

JOURNAL = ".classifier-filing.jsonl"
BATCH = 64  # steps between two syncs


@dataclass(slots=True)
class Log:
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


class Journal:
    """Appends to the journal; what is to be done is on the disk before it is done, what became of it after."""

    def __init__(self, into: Path, log: Log) -> None:
        self._into, self._known = into, set(log.made)
        path = into / JOURNAL
        heal(path)
        fresh = not path.stat().st_size
        self._file = path.open("ab")
        if fresh:
            self._write([{"manner": str(log.manner)}, *({"made": name} for name in log.made)])

    def __enter__(self) -> Journal:
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


def read_log(into: Path) -> Log | None:
    """The journal of a folder, None when there is none; a torn last line was never acted upon."""
    path = into / JOURNAL
    if not path.exists():
        return None
    lines = [line for line in path.read_bytes().split(b"\n")[:-1] if line]
    if not lines:
        return None
    try:
        head, *rest = map(json.loads, lines)
        return _replayed(Log(Manner(head["manner"])), rest, into)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ResultsError(f"{path}: is not a journal of filing; move it away if it is not needed") from None


def _replayed(log: Log, lines: Iterable[Mapping[str, Any]], into: Path) -> Log:
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
    log.unsettled = list(unsettled.values())[-BATCH:]  # no run leaves more, but a journal may not say what it settled
    return log

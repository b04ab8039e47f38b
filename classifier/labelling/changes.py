"""What another model would answer differently, and by which terms, before it is adopted.

The former model need not be at hand: its answers are in the results file. The terms are those that pull the text, by
the new model's weights, from the former label to the new one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any

from classifier.documents import Document
from classifier.documents.reading import name_within
from classifier.errors import ResultsError
from classifier.labelling.lines import file_of, read_results
from classifier.labelling.running import each
from classifier.labelling.tasks import Options, Task, Workers, make_task
from classifier.labelling.working import follow, load_model, prove, read_file
from classifier.model import Model
from classifier.prediction import Prediction

TERMS = 5
_FILES = 128


@dataclass(frozen=True, slots=True)
class Change:
    """A document that would be answered differently; `before` and `after` are a label or a reason code."""

    path: str
    before: str
    after: str
    probability: float | None
    terms: tuple[tuple[str, float], ...]  # each with how far it pulls from the former label to the new one

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "path": self.path,
            "before": self.before,
            "after": self.after,
            "probability": self.probability,
            "terms": [{"term": term, "pull": pull} for term, pull in self.terms],
        }


def preview_changes(
    results: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] | None = None,
    max_error: float | None = None,
    jobs: int | None = None,
    backend: str | None = None,
    scheduler: str | None = None,
) -> Iterator[Change]:
    """The documents of a results file that `model` would answer differently, in the file's order; nothing is written.

    Files are read where the results say they lie; those that failed, and those no longer there, are passed over.
    Raises `ResultsError` when the results cannot be read.
    """
    lines = read_results(Path(results))
    first = next(lines, None)
    if first is None:
        return
    task = make_task(Path(str(first.get("folder"))), model, Options(max_error))
    prove(task)
    answered = (line for line in chain([first], lines) if line["status"] != "failed")
    files = ([_brief(line) for line in group] for _, group in groupby(answered, _home))
    chunks = iter(lambda: list(islice(files, _FILES)), [])
    for changes in each(compare, ((task, chunk) for chunk in chunks), Workers(jobs, backend, scheduler)):
        yield from changes


def compare(task: Task, files: Sequence[Sequence[Mapping[str, Any]]]) -> list[Change]:
    """What changes for some files, each given by its lines."""
    follow(task.parent)
    model = load_model(task.model, task.digest)
    return [change for lines in files for change in _compare(model, task.options, lines)]


def _compare(model: Model, options: Options, lines: Sequence[Mapping[str, Any]]) -> Iterator[Change]:
    path = file_of(lines[0])
    former = {str(line["path"]): line for line in lines}
    for reading in read_file(f"{lines[0]['folder']}/{path}", model):
        name = path if reading.member is None else name_within(path, reading.member)
        if name in former and isinstance(reading.document, Document):
            text = reading.document.text
            prediction = model.predict(text, max_error=options.max_error)
            before, after = _answer(former[name]), _answer(prediction.as_dict())
            if before != after:
                yield Change(name, before, after, prediction.probability, _pull(model, text, before, prediction))


def _pull(model: Model, text: str, before: str, prediction: Prediction) -> tuple[tuple[str, float], ...]:
    """The terms that speak most for the new label over the former (or over the runner-up, if that had none)."""
    if not prediction.probabilities:
        return ()
    explanation = model.explain(text)
    against = (
        explanation.of(before) if before in model.labels and before != explanation.label else explanation.runner_up
    )
    weighed = {part.stem: part.contribution for part in against.evidence}
    pulls = [(part.term, part.contribution - weighed.get(part.stem, 0.0)) for part in explanation.evidence]
    return tuple(sorted((pull for pull in pulls if pull[1] > 0), key=lambda pull: (-pull[1], pull[0]))[:TERMS])


def _answer(line: Mapping[str, Any]) -> str:
    return str(line.get("label") or line.get("reason"))


def _home(line: Mapping[str, Any]) -> tuple[str, str]:
    return str(line.get("folder")), file_of(line)


def _brief(line: Mapping[str, Any]) -> dict[str, Any]:
    """The little of a line that a worker needs."""
    if not isinstance(line.get("folder"), str):
        raise ResultsError(f"the line of {line['path']!r} does not name its folder; label the folder again")
    return {key: line.get(key) for key in ("path", "archive", "folder", "label", "reason")}

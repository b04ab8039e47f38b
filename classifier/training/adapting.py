"""A model re-learned on its user's own archive, without a label: `adapt`.

From the model file alone: the archive is labelled softly, a kernel model thinks the labels over, a student learns the
confident part together with the company that the archive's words keep, and teacher and student are blended. Nothing
that is not in the archive is needed, and nothing leaves the machine. Three things keep it from drifting: on documents
held out from the student it must agree with its teacher where that was certain, every label's share of the archive must
stay about what it was, and the canaries must be answered alike. A step that fails is halved, and refused when that does
not help.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from classifier import __version__
from classifier.drafts import require_writable
from classifier.engine.tables import lay_out
from classifier.errors import ClassifierError, listed
from classifier.model import Model
from classifier.training.answering import Reading, read_archive
from classifier.training.archives import Progress
from classifier.training.calibration import certainty_of
from classifier.training.compiling import Compiled, Linear, answered_canaries
from classifier.training.students import Study, document_shares, fitting

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

HELD_OUT = 10  # one document in so many is not learned from
CERTAIN = 0.9  # what the teacher must not be contradicted on
STEPS = (1.0, 0.5, 0.25)  # of the way to the student that was asked for, tried in turn
SIZE = 2_800_000  # bytes of the terms in a model file, unless the teacher has more
TERM_ARRAYS = ("slots", "hashes", "idf", "weights")


@dataclass(frozen=True, slots=True)
class Adaptation:
    """How to adapt. The defaults were chosen between open corpora, each adapted to with no use of its labels."""

    sample: int = 50_000  # documents kept of a larger archive, drawn at random
    least_documents: int = 200  # ... that the model can judge, below which an archive is too small
    least_share: float = 0.5  # of the archive that the model must be able to judge
    min_documents: int = 3  # a new term must stand in so many
    confidence: float = 0.7  # of the teacher with the archive's new terms, for a document to be learned from
    least_per_label: int = 50  # such documents, below which a label is left as it was
    part: float = 1.0  # of the student in the blend, where it has very much to learn from ...
    half: int = 150  # ... and half of that for so many documents outside the commonest label
    rounds: int = 1  # more gain nothing, and hurt in the end
    agreement: float = 0.98  # of teacher and student on held-out documents the teacher was certain of
    drift: float = 0.05  # the largest change of a label's share of the archive
    seed: int = 0

    def __post_init__(self) -> None:
        if self.rounds < 1 or not 1 <= self.least_documents <= self.sample:
            raise ValueError("`rounds` and `least_documents` are at least 1, and `sample` no less than the latter")


@dataclass(frozen=True, slots=True)
class Adapted:
    """An adapted model file, and what is known about it without a label."""

    path: Path
    digest: str
    documents: int  # in the archive
    learned_from: int
    new_terms: int
    part: float  # of the student, smaller than asked for where it drifted
    agreement: float  # with the teacher on held-out documents
    shares: Mapping[str, tuple[float, float]]  # of each label in the archive, before and after
    left_out: Mapping[str, int]
    warnings: tuple[str, ...]


def adapt(
    archive: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    model: Model | str | os.PathLike[str] | None = None,
    settings: Adaptation | None = None,
    name: str | None = None,
    progress: Progress | None = None,
) -> Adapted:
    """Re-learn a model (default: the shipped one) on an unlabelled archive, and write it to `out`.

    The archive is a folder of documents of any format, or a file of rows with a text column; `settings.sample` bounds
    what is held of it. The same archive, model and library versions give the same bytes. The new model's file spells
    out the archive's terms, those of `settings.min_documents` documents.

    Raises `CorpusError` for an archive that cannot be read, and `ClassifierError` when it is too small, too unlike what
    the model knows, or leads the model astray, or where `out` cannot be written; nothing is written then.
    """
    require_writable(out, archive)
    settings, say = settings or Adaptation(), progress or (lambda _: None)
    teacher = model if isinstance(model, Model) else Model.load(model)
    say("reading the archive")
    reading = read_archive(archive, teacher, settings.sample, settings.seed, say)
    warnings = reading.oddities(least_documents=settings.least_documents, least_share=settings.least_share)
    with threadpool_limits(1):  # sums in one order give one model
        say(f"learning from {len(reading.answers):,} documents")
        outcome = Lesson.of(teacher, reading, settings).run(settings, say)
    name = name or f"{teacher.name}-adapted"
    digest = _compiled(outcome, _description(teacher, reading, outcome, settings, name)).write(out)
    return Adapted(
        path=Path(out),
        digest=digest,
        documents=reading.tally.documents,
        learned_from=outcome.learned_from,
        new_terms=outcome.new_terms,
        part=outcome.part,
        agreement=outcome.agreement,
        shares=outcome.shares,
        left_out=dict(sorted(reading.tally.left_out.items())),
        warnings=(*warnings, *outcome.warnings),
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """A blend of teacher and student that passed its checks, as the arrays of a model file."""

    arrays: Mapping[str, Any]
    scores: Floats  # of the documents learned from or checked by (documents, labels)
    part: float
    learned_from: int
    new_terms: int
    agreement: float
    shares: Mapping[str, tuple[float, float]]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a student learns from, and the documents held out to check it by."""

    teacher: Model
    study: Study
    held_out: Bools

    @classmethod
    def of(cls, teacher: Model, reading: Reading, settings: Adaptation) -> Lesson:
        """Make a lesson of the documents that the teacher can judge."""
        study = Study.of(
            teacher,
            reading.terms,
            reading.counts(),
            reading.scores(),
            sequences=reading.sequences(),
            least=settings.min_documents,
        )
        return cls(
            teacher, study, np.arange(len(reading.answers)) % HELD_OUT == 0
        )  # ordered by digest: as good as drawn

    def run(self, settings: Adaptation, say: Progress) -> Outcome:
        """Learn, blend and check, for as many rounds as asked for."""
        scores = self.study.first
        for number in range(settings.rounds):
            rows, labels, warnings = self._confident(softmax(scores, axis=1), settings)
            say(f"round {number + 1}: {len(rows):,} documents are labelled confidently, and thought over")
            rows, labels, warnings = self._confident(softmax(self.study.reconsidered(rows, labels), axis=1), settings)
            student = self.study.learn(rows, labels)
            outcome = self._checked(student, labels, warnings, settings)
            scores = outcome.scores
        return outcome

    def _confident(self, probabilities: Floats, settings: Adaptation) -> tuple[Ints, Ints, tuple[str, ...]]:
        """The rows to learn from, their labels, and the labels that have too few."""
        labels = probabilities.argmax(axis=1)
        confident = (probabilities.max(axis=1) >= settings.confidence) & ~self.held_out
        counts = np.bincount(labels[confident], minlength=probabilities.shape[1])
        enough = counts >= settings.least_per_label
        if enough.sum() < 2:
            sure = listed(dict(zip(self.teacher.labels, counts.tolist(), strict=True)))
            raise ClassifierError(
                f"the model is sure of too few documents of the archive ({sure}; {settings.least_per_label} of each of "
                "two labels are needed): give an archive that holds more than one topic, or a model that knows its "
                "topics better"
            )
        rows = np.flatnonzero(confident & enough[labels])
        warnings = [
            f"only {count} documents are confidently {self.teacher.labels[label]}: that label stays as it was"
            for label, count in enumerate(counts)
            if not enough[label]
        ]
        return rows, labels[rows], tuple(warnings)

    def _checked(self, student: Linear, labels: Ints, warnings: tuple[str, ...], settings: Adaptation) -> Outcome:
        """The blend with as much of the student as passes; raises `ClassifierError` when none does."""
        varied = len(labels) - int(np.bincount(labels).max())  # a one-sided archive teaches little, however large
        for step in STEPS:
            part = settings.part * step * varied / (varied + settings.half)
            linear = self.study.blend(student, part)
            scores = self.study.scored(linear)
            arrays = self._arrays(linear)
            fault = self._fault(scores, settings) or self._forgotten_canary(arrays)
            if not fault:
                break
        else:
            raise ClassifierError(
                f"the archive leads the model astray ({fault}); label some of its documents (`classifier suggest`) and "
                "train on them instead"
            )
        before, after = self.study.scores, scores
        if step < 1:
            warnings = (*warnings, "learned more cautiously, because the archive moved the model far")
        return Outcome(
            arrays,
            scores,
            part,
            len(labels),
            int(self.study.is_new.sum()),
            agreement=float((before.argmax(axis=1) == after.argmax(axis=1))[self.held_out].mean()),
            shares=dict(
                zip(
                    self.teacher.labels,
                    zip(_shares(before).tolist(), _shares(after).tolist(), strict=True),
                    strict=True,
                )
            ),
            warnings=warnings,
        )

    def _fault(self, scores: Floats, settings: Adaptation) -> str:
        """In which way a blend's scores of the archive speak against it; "" when they do not."""
        before, after = self.study.scores, scores
        certain = self.held_out & (certainty_of(before) >= CERTAIN)
        changed = int((before.argmax(axis=1) != after.argmax(axis=1))[certain].sum())
        if changed > max(1.0, (1 - settings.agreement) * certain.sum()):
            return f"of {certain.sum():,} held-out answers that were certain, {changed:,} would change"
        moved = np.abs(_shares(after) - _shares(before))
        if moved.max() > settings.drift:
            return f"the share of {self.teacher.labels[int(moved.argmax())]} would move by {moved.max():.1%}"
        return ""

    def _forgotten_canary(self, arrays: Mapping[str, Any]) -> str:
        for answer in answered_canaries(arrays, self.teacher.metadata):
            before, now = self.teacher.predict_proba([answer["text"]])[0], np.array(answer["probabilities"])
            if before.max() >= CERTAIN and before.argmax() != now.argmax():
                return f"it would answer {answer['text'][:40]!r} otherwise"
        return ""

    def _arrays(self, linear: Linear) -> Mapping[str, Any]:
        here, there = self.study.documents / len(self.held_out), document_shares(linear.idf)
        size = max(SIZE, sum(getattr(self.teacher.tables, name).nbytes for name in TERM_ARRAYS))
        linear = fitting(linear, (here + there) / 2, size)
        return lay_out(linear.terms, linear.idf, linear.weights, linear.bias, self.teacher.tables.letters)


def _description(teacher: Model, reading: Reading, outcome: Outcome, settings: Adaptation, name: str) -> dict[str, Any]:
    """The teacher's metadata, with a record of what was adapted to."""
    dropped = ("format", "version", "digest", "canaries")
    kept = {key: value for key, value in teacher.metadata.items() if key not in dropped}
    provenance = dict(kept.get("provenance", {}))
    record = {
        "teacher": teacher.id,
        "archive": reading.digest,
        "documents": reading.tally.documents,
        "judged": len(reading.answers),
        "learned_from": outcome.learned_from,
        "agreement": outcome.agreement,
        "settings": {**asdict(settings), "part": outcome.part},
        "version": __version__,
    }
    provenance["adapted"] = [*provenance.get("adapted", ()), record]
    risk = _carried(kept.get("risk", ()), certainty_of(reading.scores()), certainty_of(outcome.scores))
    return {**kept, "name": name, "risk": risk, "provenance": provenance}


def _carried(risk: Sequence[Mapping[str, float]], before: Floats, after: Floats) -> list[dict[str, float]]:
    """The teacher's risk table with the cut-offs at which the adapted model answers as much of the archive, or less.

    There are no labels to prove anything by. The adapted model errs less and is surer, so what was proven of the
    teacher's answers is promised of as many of its own, not of all with the same probability; nor of any with a smaller
    one. `before` and `after` (documents,) are the two models' certainties.
    """
    before, after = np.sort(before), np.sort(after)[::-1]
    answered = [len(before) - int(np.searchsorted(before, row["probability"])) for row in risk]
    after = np.concatenate([[1.0], after, [-1.0]])
    # Where the next one is as certain, both are left; of none, none.
    is_tied = after[answered] == after[np.add(answered, 1)]
    cut_offs = np.where(
        is_tied | (np.array(answered) == 0), np.nextafter(after[answered], 2.0), after[answered]
    ).tolist()
    rows = zip(risk, cut_offs, strict=True)
    return [{**row, "probability": max(row["probability"], cut_off)} for row, cut_off in rows]


def _compiled(outcome: Outcome, description: Mapping[str, Any]) -> Compiled:
    return Compiled(outcome.arrays, {**description, "canaries": answered_canaries(outcome.arrays, description)})


def _shares(scores: Floats) -> Floats:
    """The share of documents that get each label."""
    counts = np.bincount(scores.argmax(axis=1), minlength=scores.shape[1])
    shares: Floats = counts / max(len(scores), 1)
    return shares

"""Choosing among ways to learn on held-out documents, and calibrating there.

What is held out are whole sources where two have all labels, for a model is used on papers it never saw, and folds
elsewhere. Fair documents alone decide and are calibrated on; the report is of all that are certain, and what
`--max-error` promises is of the worst source among them: a cut-off that holds where a model had doubts, and on each
paper by itself, holds on archives that are a little stranger too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from classifier.corpus import Corpus
from classifier.evaluation import Evaluation, measure
from classifier.training.calibration import Calibration, calibrate
from classifier.training.fitting import Learned
from classifier.training.folds import Folds, held_out_sources, part_weights
from classifier.training.lesson import Lesson, Settings
from classifier.training.proving import proven
from classifier.training.targets import View

MUCH = 0.95  # of a loss: a smaller one is no tie
EVENLY = 0.75  # 1: all sources count the same, whatever they hold; 0: as their documents

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to learn: from what, how strongly fitted, and what makes its scores comparable with another's."""

    lesson: Lesson
    strength: float
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class Choice:
    """The way that did best on held-out documents, or two whose calibrated scores are averaged, and how they did."""

    ways: tuple[Way, ...]
    calibration: Calibration  # of the average
    loss: float  # mean negative log-likelihood, calibrated
    scores: Floats  # (judged, labels), averaged
    judged: Ints  # the rows that were held out and judged by

    @property
    def tutored(self) -> bool:
        """Whether a tutor's answers were learned from."""
        return any(way.lesson.tutor for way in self.ways)

    @property
    def taught_by(self) -> str:
        """What its ways learn from, in words, each once."""
        return ", ".join(dict.fromkeys(way.lesson.taught_by for way in self.ways))

    @property
    def strengths(self) -> tuple[float, ...]:
        """The strengths of its ways, each once, ascending."""
        return tuple(sorted({way.strength for way in self.ways}))

    def learn(self) -> Learned:
        """Calibrated weights (terms, labels) and intercepts (labels,) learned from all documents."""
        parts = []
        for way in self.ways:
            rows = np.arange(len(way.lesson.corpus.examples))
            parts += [way.calibration.folded(learned) for learned in way.lesson.learn([(rows, way.strength)])]
        weights, biases = zip(*parts, strict=True)
        return self.calibration.folded((np.mean(weights, axis=0), np.mean(biases, axis=0)))

    def held_out_scores(self, kinds: Sequence[Folds], views: Sequence[View]) -> list[Floats]:
        """For each kind of folds, scores (n, labels) of documents by models that did not learn from them, else NaN."""
        found = []
        for way in self.ways:
            scores = way.lesson.held_out_scores([(folds, way.strength) for folds in kinds], views)
            found.append([way.calibration.calibrated(part) for part in scores])
        return [np.mean(parts, axis=0) for parts in zip(*found, strict=True)]

    def as_dict(self) -> dict[str, Any]:
        """What was chosen as plain values, for the model file."""
        ways = [{"learned_from": way.lesson.taught_by, "strength": way.strength} for way in self.ways]
        return {"ways": ways, "factor": self.calibration.factor, "offsets": self.calibration.offsets.tolist()}

    def report(self, corpus: Corpus) -> Evaluation:
        """The figures of the held-out documents."""
        examples = [corpus.examples[row] for row in self.judged]
        truth, names = [example.label for example in examples], [example.name for example in examples]
        report = measure(truth, self.calibration.probabilities(self.scores), corpus.labels, names=names)
        mistakes = tuple(replace(mistake, row=int(self.judged[mistake.row])) for mistake in report.mistakes)
        return replace(report, mistakes=mistakes)

    def proof(self, lesson: Lesson) -> list[Mapping[str, float]]:
        """What the held-out documents prove of the errors at every cut-off."""
        probabilities = self.calibration.probabilities(self.scores)
        right = probabilities.argmax(axis=1) == lesson.truth[self.judged]
        sources = [lesson.corpus.examples[row].source for row in self.judged]
        return proven(probabilities.max(axis=1), right, sources)


@dataclass(frozen=True, slots=True)
class _Held:
    """The documents held out to judge by, their labels, and what each of them counts."""

    folds: Folds
    judged: Ints
    truth: Ints
    weights: Floats
    offsets: bool  # whether labels may be moved up or down

    @classmethod
    def of(cls, lesson: Lesson, settings: Settings) -> Self:
        folds, examples = lesson.held_out(settings), lesson.corpus.examples
        parts = [held_out for _, held_out in folds]
        judged = np.concatenate(parts)
        return cls(
            folds, judged, lesson.truth[judged], part_weights(parts, examples, EVENLY), bool(held_out_sources(examples))
        )

    def singly(self, lesson: Lesson, strengths: Sequence[float]) -> Iterator[Choice]:
        """Each strength by itself."""
        scored = lesson.held_out_scores([(self.folds, strength) for strength in strengths])
        for strength, scores in zip(strengths, scored, strict=True):
            yield self.judge((Way(lesson, strength, Calibration.none(scores.shape[1])),), scores[self.judged])

    def together(self, one: Choice, other: Choice) -> Choice:
        """Two choices of one way each, averaged once each is calibrated."""
        ways = [Way(way.lesson, way.strength, part.calibration) for part in (one, other) for way in part.ways]
        scores = [part.calibration.calibrated(part.scores) for part in (one, other)]
        return self.judge(tuple(ways), np.mean(scores, axis=0))

    def judge(self, ways: tuple[Way, ...], scores: Floats) -> Choice:
        """How some ways do, calibrated on what they are judged by."""
        calibration = calibrate(scores, self.truth, self.weights, offsets=self.offsets)
        logs = log_softmax(calibration.calibrated(scores), axis=1)
        loss = -float(np.average(logs[np.arange(len(self.truth)), self.truth], weights=self.weights))
        return Choice(ways, calibration.modest(scores), loss, scores, self.judged)


def choose(lesson: Lesson, settings: Settings) -> Choice:
    """Try the strengths on held-out documents, with what unlabelled texts teach and without; the least loss wins.

    A tutor that is asked about texts unlike those held out does harm. What labels alone teach errs elsewhere than what
    labels and unlabelled texts do, so each is also averaged with it, and has to be MUCH better to be taken by itself:
    among the unlabelled texts may be those held out, and on sources of which nothing was read the average is better.
    """
    held = _Held.of(lesson, settings)
    *read, alone = (min(held.singly(way, settings.strengths), key=_loss) for way in lesson.ways())
    best = min([alone, *(held.together(one, alone) for one in read)], key=_loss)
    return min([best, *(one for one in read if one.loss < MUCH * best.loss)], key=_loss)


def _loss(choice: Choice) -> float:
    return choice.loss

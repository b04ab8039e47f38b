"""Choosing among settings on held-out documents, and calibrating there.

What is held out are whole sources where two have all labels, for a model is used on papers it never saw, and folds
elsewhere. Fair documents alone decide and are calibrated on; the report, and with it what `--max-error` promises, is
of all that are certain, and of the worst source: a cut-off that holds where a model had doubts, and on each paper by
itself, holds on archives that are a little stranger too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from classifier.corpus import Corpus
from classifier.evaluation import Evaluation, measure
from classifier.training.calibration import Calibration, calibrate
from classifier.training.folds import held_out_sources, part_weights
from classifier.training.lesson import Lesson, Settings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Choice:
    """The settings that did best on held-out documents, and how they did."""

    strength: float
    tutored: bool  # whether the tutor's answers were learned from
    calibration: Calibration
    loss: float  # mean negative log-likelihood, calibrated
    scores: Floats  # (judged, labels)
    judged: Ints  # the rows that were held out and judged by

    def report(self, corpus: Corpus) -> Evaluation:
        """The figures of the held-out documents; what its risk table promises, it promises of each large source."""
        examples = [corpus.examples[row] for row in self.judged]
        truth, names = [example.label for example in examples], [example.name for example in examples]
        sources = [example.source for example in examples]
        probabilities = self.calibration.probabilities(self.scores)
        return measure(truth, probabilities, corpus.labels, names=names, sources=sources)


def choose(lesson: Lesson, settings: Settings) -> Choice:
    """Try the strengths on held-out documents, with a tutor and without; the least loss wins.

    A tutor that is asked about texts unlike those held out does harm.
    """
    folds, offsets = lesson.held_out(settings), bool(held_out_sources(lesson.corpus.examples))
    parts = [held_out for _, held_out in folds]
    judged, weights = np.concatenate(parts), part_weights(parts, lesson.corpus.examples)
    truth = lesson.truth[judged]
    tried = []
    trials = [(folds, strength) for strength in settings.strengths]
    for pupil in (lesson, lesson.untutored()) if lesson.tutor else (lesson,):
        for (_, strength), everything in zip(trials, pupil.held_out_scores(trials), strict=True):
            scores = everything[judged]
            calibration = calibrate(scores, truth, weights, offsets=offsets)
            logs = log_softmax(scores * calibration.factor + calibration.offsets, axis=1)
            loss = -float(np.average(logs[np.arange(len(judged)), truth], weights=weights))
            tried.append(Choice(strength, pupil.tutor is not None, calibration, loss, scores, judged))
    return min(tried, key=lambda choice: choice.loss)

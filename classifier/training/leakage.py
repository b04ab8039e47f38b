"""The leakage meter: one model's score under ever stricter ways of holding documents out.

A random split lets a wire story stand on both sides and both sides come from one paper and year; the score falls as
that is taken away. The last figure that can be had says most about documents to come.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from classifier.training.choosing import Choice
from classifier.training.folds import Folds, certain_only, held_out_sources, later_period
from classifier.training.lesson import Lesson
from classifier.training.targets import useful_views

FOLDS = 5


def leakage(lesson: Lesson, choice: Choice, seed: int) -> Mapping[str, float]:
    """Accuracy on certain documents by kind of split: random, near-duplicate-aware, held-out source, later period.

    Kinds the corpus gives no ground for (one source, no dates) are left out.
    """
    kinds: dict[str, Folds] = {
        "random split": lesson.folds(FOLDS, seed, together=False)[:2],
        "near-duplicates on one side": lesson.folds(FOLDS, seed)[:2],
        "held-out source": held_out_sources(lesson.corpus.examples),
        "later period": later_period(lesson.corpus.examples),
    }
    kinds = {kind: certain_only(folds, lesson.corpus.examples) for kind, folds in kinds.items() if folds}
    views = useful_views(lesson.corpus.examples)[:1]
    scored = choice.held_out_scores(list(kinds.values()), views)
    return {kind: _accuracy(lesson, scores) for kind, scores in zip(kinds, scored, strict=True)}


def _accuracy(lesson: Lesson, scores: NDArray[np.float64]) -> float:
    judged = ~np.isnan(scores[:, 0])
    return round(float((scores[judged].argmax(axis=1) == lesson.truth[judged]).mean()), 6)

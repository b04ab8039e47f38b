"""What held-out documents prove of a model's errors: the table that `--max-error` takes its cut-off from.

A promise about all documents together is kept by the easiest papers, so every large source has to keep it by itself;
and few answers without an error are no proof that errors are few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from classifier.evaluation import last_of_ties, risk_coverage, thinned

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

TELLING = 1000  # documents of a source, from which on its own errors count
CONFIDENCE = 0.95  # that the error is not above its bound


def proven(certainty: Floats, right: Bools, sources: Sequence[str]) -> list[Mapping[str, float]]:
    """A risk-coverage table with the `bound` of every error: the largest that so few wrong answers leave likely.

    `certainty` (n,), `right` (n,) and `sources` (n) are of held-out documents. Error and bound are those of the worst
    source of TELLING documents or more, if above those of all.
    """
    order = np.argsort(-certainty, kind="stable")
    wrong, source = ~right[order], np.asarray(sources)[order]
    names, counts = np.unique(source, return_counts=True)
    inside = np.stack([np.ones(len(order), np.bool_), *(source == name for name in names[counts >= TELLING])])
    last = last_of_ties(certainty[order])
    errors, answers = (np.cumsum(counted, axis=1)[:, last] for counted in (wrong & inside, inside))
    error = (errors / np.maximum(answers, 1)).max(axis=0)
    bound = largest_error(errors, answers).max(axis=0)
    rows = zip(risk_coverage(certainty, right), error.tolist(), bound.tolist(), strict=True)
    return thinned([{**row, "error": worst, "bound": limit} for row, worst, limit in rows])


def largest_error(errors: Ints, answers: Ints) -> Floats:
    """The upper end of the one-sided 95 % interval of the share of errors (Clopper and Pearson, 1934)."""
    rights = answers - errors
    return np.where(rights > 0, betaincinv(errors + 1, np.maximum(rights, 1), CONFIDENCE), 1.0)

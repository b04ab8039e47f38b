"""Scores to honest probabilities: a temperature, and an offset per label, learned on held-out scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from classifier.training.fitting import Learned

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

OFFSET_PENALTY = 0.002  # keeps the offsets near 0 where few documents speak for them


@dataclass(frozen=True, slots=True)
class Calibration:
    """probabilities = softmax(scores * factor + offsets); folded into weights and intercepts, it costs nothing."""

    factor: float
    offsets: Floats  # (labels,)

    @classmethod
    def none(cls, labels: int) -> Self:
        """The one that leaves scores of so many labels as they are."""
        return cls(1.0, np.zeros(labels))

    def calibrated(self, scores: Floats) -> Floats:
        """Scores (n, labels) moved and stretched."""
        return scores * self.factor + self.offsets

    def folded(self, learned: Learned) -> Learned:
        """Weights (terms, labels) and intercepts (labels,) that give calibrated scores."""
        weights, bias = learned
        return weights * self.factor, self.calibrated(bias)

    def probabilities(self, scores: Floats) -> Floats:
        """Probabilities (n, labels) of scores (n, labels)."""
        shares: Floats = softmax(self.calibrated(scores), axis=1)
        return shares


def calibrate(scores: Floats, truth: Ints, weights: Floats | None = None, *, offsets: bool = False) -> Calibration:
    """The calibration that makes held-out labels most likely (temperature scaling, Guo et al., 2017).

    `scores` (n, labels), `truth` (n,) label numbers, `weights` (n,) what each document counts. With `offsets` each
    label is also moved up or down, which corrects scores that favour a label on sources not learned from.
    """
    weights = np.ones(len(truth)) if weights is None else weights
    moved = scores.shape[1] if offsets else 0

    def loss(parameters: Floats) -> float:
        shift = parameters[1:] if moved else 0.0
        shares = log_softmax(scores * np.exp(parameters[0]) + shift, axis=1)
        likelihood = np.average(shares[np.arange(len(truth)), truth], weights=weights)
        return float(OFFSET_PENALTY * np.square(parameters[1:]).sum() - likelihood)

    found = minimize(loss, np.zeros(1 + moved), method="L-BFGS-B", bounds=[(-4.0, 4.0)] * (1 + moved)).x
    return Calibration(float(np.exp(found[0])), found[1:] if moved else np.zeros(scores.shape[1]))

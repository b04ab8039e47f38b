"""Scores to honest probabilities: a temperature, and an offset per label, learned on held-out scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize
from scipy.special import log_softmax, softmax

from classifier.training.fitting import Learned

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COOLEST, HOTTEST = 0.01, 100.0  # temperatures
SUREST = 1 - 1e-9  # mean confidence: nearer to 1, temperatures no longer tell in floating point
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

    def modest(self, scores: Floats) -> Calibration:
        """The same, but no surer of the scores (n, labels) that it was fitted to than n of them can prove.

        The mean confidence is at most (n + 1) / (n + 2), Laplace's rule of succession: without an error among them, the
        fitted one would be as near to 1 as numbers go.
        """
        hotter = max(1.0, temperature_for(self.calibrated(scores), (len(scores) + 1) / (len(scores) + 2)))
        return Calibration(self.factor / hotter, self.offsets / hotter)

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


def certainty_of(scores: Floats) -> Floats:
    """The probability of the best label (n,) of scores (n, labels)."""
    best: Floats = softmax(scores, axis=1).max(axis=1)
    return best


def confidence_of(scores: Floats) -> float:
    """The mean probability of the best label."""
    return float(certainty_of(scores).mean())


def temperature_for(scores: Floats, confidence: float) -> float:
    """The temperature at which the mean confidence is the one given (at most SUREST), or the nearest possible."""
    confidence = min(confidence, SUREST)

    def excess(logarithm: float) -> float:
        return confidence_of(scores / np.exp(logarithm)) - confidence

    low, high = np.log(COOLEST), np.log(HOTTEST)
    if excess(low) <= 0 or excess(high) >= 0:
        return COOLEST if excess(low) <= 0 else HOTTEST
    return float(np.exp(brentq(excess, low, high, xtol=1e-4)))

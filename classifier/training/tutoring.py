"""What a kernel model thinks of unlabelled texts, as soft labels for the linear model to learn beside the certain ones.

Words mean more together than each for itself: «strike» beside «wages» is not «strike» beside «drones». A kernel model
sees products of terms, errs a third less than a linear one on sources it never saw, and is far too large and slow to
ship. But it can be asked about unlabelled texts, and a linear model that learns its answers too comes nearer to it on
texts like those (knowledge distillation, Hinton, Vinyals and Dean, 2015). Nothing of it is left at prediction.

Where there are no labels but a model's own, it is a second opinion on them: `second_opinion`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from sklearn.kernel_ridge import KernelRidge

from classifier.corpus import Example
from classifier.training.calibration import Calibration, calibrate
from classifier.training.folds import part_weights
from classifier.training.neighbourhoods import Neighbourhoods
from classifier.training.targets import Targets

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Ints = NDArray[np.int64]
Fold = tuple[Sequence[Targets], Ints]
"""What is learned under each view, and the rows held out from it."""

DEGREE = 3  # of the polynomial kernel: products of up to so many terms
DAMPING = 0.03
COMPANY = 2.0  # what the company of terms weighs here, times what it does in the linear model
BLOCK = 4_000  # texts compared with all others at a time
PARTS = 5  # of the texts a second opinion is learned from, each judged by a model of the others
MOST = 5_000  # such texts, which bounds memory: twice as many are no better
FEW = 250  # texts of a label, all of which are among them (less where many labels share MOST)


@dataclass(frozen=True, slots=True)
class Kernel:
    """How alike labelled texts are, and the kernel models learned from it: one for each choice of targets, kept."""

    learned: Ints  # the rows of the labelled texts that may be learned from, ascending
    labels: int
    alike: Floats32  # how alike two of those texts are (learned, learned)
    _solved: dict[bytes, Floats32] = field(default_factory=dict, init=False, repr=False)

    def scores(self, targets: Sequence[Targets], alike: Floats32) -> Floats:
        """What a model of some targets, one for each view, says (n, labels) of texts so alike (n, learned) to these.

        Rows that may not be learned from are passed over.
        """
        wanted = np.zeros((len(self.learned), self.labels), np.float32)
        for view in targets:
            known = np.isin(view.rows, self.learned)
            places = np.searchsorted(self.learned, view.rows[known])
            np.add.at(wanted, (places, view.labels[known]), view.weights[known])
        key = wanted.tobytes()
        if key not in self._solved:
            self._solved[key] = self._coefficients(wanted)
        return (alike @ self._solved[key]).astype(np.float64)

    def _coefficients(self, wanted: Floats32) -> Floats32:
        places = np.flatnonzero(wanted.sum(axis=1))
        weights = wanted[places].sum(axis=1)
        coefficients = np.zeros_like(wanted)
        shares = wanted[places].astype(np.float64) / weights[:, None]
        coefficients[places] = _coefficients_of(self.alike[np.ix_(places, places)], shares, weights)
        return coefficients


@dataclass(frozen=True, slots=True)
class Tutor:
    """Kernel models of labelled texts, and the unlabelled ones that they are asked about."""

    kernel: Kernel
    asked: Floats32  # how alike those it is asked about are to those learned from (asked, learned)
    weight: float  # of all its answers, beside the labels they are learned with
    calibration: Calibration

    @classmethod
    def of(
        cls,
        tfidf: scipy.sparse.csr_matrix,
        unlabelled: scipy.sparse.csr_matrix,
        neighbourhoods: Neighbourhoods,
        *,
        learned: Ints,
        examples: Sequence[Example],
        truth: Ints,
        folds: Sequence[Fold],
        weight: float,
    ) -> Self:
        """Compare some labelled texts (n, terms) with unlabelled ones; calibrate by `folds` on their true labels."""
        known, asked = Unit.of(tfidf[learned], neighbourhoods), Unit.of(unlabelled, neighbourhoods)
        kernel = Kernel(learned, int(truth.max()) + 1, known.alike(known))
        parts = [(targets, held_out[np.isin(held_out, learned)]) for targets, held_out in folds]
        parts = [(targets, held_out) for targets, held_out in parts if len(held_out)]
        scores = [kernel.scores(targets, kernel.alike[np.searchsorted(learned, rows)]) for targets, rows in parts]
        judged = [rows for _, rows in parts]
        weights = part_weights(judged, examples, 0.5)  # it is asked about texts of the large sources
        calibration = calibrate(np.vstack(scores), truth[np.concatenate(judged)], weights, offsets=True)
        return cls(kernel, asked.alike(known), weight, calibration)

    def shares(self, targets: Sequence[Targets]) -> Floats:
        """The probabilities (asked, labels) of the texts it is asked about, by some targets, one for each view."""
        return self.calibration.probabilities(self.kernel.scores(targets, self.asked))


@dataclass(frozen=True, slots=True)
class Unit:
    """Texts by their terms (n, terms) and the company of those (n, dimensions), together of unit length."""

    terms: scipy.sparse.csr_matrix
    company: Floats32

    @classmethod
    def of(cls, tfidf: scipy.sparse.csr_matrix, neighbourhoods: Neighbourhoods) -> Unit:
        """Put texts (n, terms) beside the company of their terms."""
        company = tfidf @ neighbourhoods.vectors * np.sqrt(COMPANY)
        squares = np.asarray(tfidf.power(2).sum(axis=1)).ravel() + np.square(company).sum(axis=1)
        scale = 1.0 / np.sqrt(np.maximum(squares, 1e-12))
        terms = scipy.sparse.csr_matrix(scipy.sparse.diags(scale) @ tfidf, dtype=np.float32)
        return cls(terms, (company * scale[:, None]).astype(np.float32))

    def selected(self, rows: Ints | slice) -> Unit:
        """Some of the texts."""
        return Unit(self.terms[rows], self.company[rows])

    def alike(self, others: Unit) -> Floats32:
        """The polynomial kernel (n, others) of the cosines of these with others."""
        alike = np.empty((self.terms.shape[0], others.terms.shape[0]), np.float32)
        for start in range(0, len(alike), BLOCK):
            part = slice(start, start + BLOCK)
            cosines = (self.terms[part] @ others.terms.T).toarray() + self.company[part] @ others.company.T
            alike[part] = ((1.0 + cosines) / 2.0) ** DEGREE
        return alike


def second_opinion(texts: Unit, rows: Ints, labels: Ints, weights: Floats, *, count: int) -> Floats:
    """What kernel models say (texts, `count`), as shares less their mean, of texts some of which have a label.

    `labels` (rows,), numbers below `count`, are those of the texts in `rows`, which count by `weights`. MOST of those
    at most are learned from, all of a rare label among them; of each only a model speaks that did not learn its label.
    """
    is_rare = np.bincount(labels)[labels] <= min(FEW, MOST // count)
    chosen = is_rare | (np.cumsum(~is_rare) <= MOST - is_rare.sum())
    rows, shares, weights = rows[chosen], np.eye(count)[labels[chosen]], weights[chosen]
    known, part_of = texts.selected(rows), np.arange(len(rows)) % PARTS
    alike = known.alike(known)
    coefficients = np.zeros((len(rows), PARTS, count), np.float32)
    for part in range(PARTS):
        learned = np.flatnonzero(part_of != part)
        coefficients[learned, part] = _coefficients_of(
            alike[np.ix_(learned, learned)], shares[learned], weights[learned]
        )
    flat = coefficients.reshape(len(rows), -1)
    blocks = (slice(start, start + BLOCK) for start in range(0, texts.terms.shape[0], BLOCK))
    said = np.vstack([texts.selected(block).alike(known) @ flat for block in blocks])
    opinions = said.reshape(-1, *coefficients.shape[1:]).astype(np.float64)
    opinion: Floats = opinions.mean(axis=1)
    opinion[rows] = opinions[rows, part_of]
    return opinion


def _coefficients_of(alike: Floats32, shares: Floats, weights: Floats) -> Floats32:
    """The coefficients (texts, labels) of a kernel model of the labels' shares, less what each would have by chance."""
    model = KernelRidge(alpha=DAMPING, kernel="precomputed")
    centred = (shares - 1.0 / shares.shape[1]).astype(np.float32)
    model.fit(alike, centred, sample_weight=weights / weights.mean())
    coefficients: Floats32 = model.dual_coef_
    return coefficients

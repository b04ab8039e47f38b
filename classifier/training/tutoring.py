"""What a kernel model thinks of unlabelled texts, as soft labels for the linear model to learn beside the certain ones.

Words mean more together than each for itself: «strike» beside «wages» is not «strike» beside «drones». A kernel model
sees products of terms, errs a third less than a linear one on sources it never saw, and is far too large and slow to
ship. But it can be asked about unlabelled texts, and a linear model that learns its answers too comes nearer to it on
texts like those (knowledge distillation, Hinton, Vinyals and Dean, 2015). Nothing of it is left at prediction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from sklearn.kernel_ridge import KernelRidge

from classifier.corpus import Corpus
from classifier.training.calibration import Calibration, calibrate
from classifier.training.folds import Folds
from classifier.training.neighbourhoods import Neighbourhoods
from classifier.training.targets import Targets, useful_views

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Ints = NDArray[np.int64]

DEGREE = 3  # of the polynomial kernel: products of up to so many terms
DAMPING = 0.03
COMPANY = 2.0  # what the company of terms weighs here, times what it does in the linear model
BLOCK = 4_000  # texts compared with all others at a time


@dataclass(frozen=True, slots=True)
class Tutor:
    """A kernel model of labelled texts, made anew for each choice of them, and the texts that it is asked about."""

    corpus: Corpus
    learned: Ints  # the rows of the labelled texts that it may learn from
    alike: Floats32  # how alike two of those are (learned, learned)
    asked: Floats32  # how alike they are to the texts it is asked about (asked, learned)
    weight: float  # of all its answers, beside the labels they are learned with
    calibration: Calibration

    @classmethod
    def of(
        cls,
        corpus: Corpus,
        tfidf: scipy.sparse.csr_matrix,
        unlabelled: scipy.sparse.csr_matrix,
        neighbourhoods: Neighbourhoods,
        *,
        learned: Ints,
        folds: Folds,
        weight: float,
    ) -> Self:
        """Compare some labelled texts (n, terms) with unlabelled ones; calibrate on what `folds` hold out."""
        known, asked = _Unit.of(tfidf[learned], neighbourhoods), _Unit.of(unlabelled, neighbourhoods)
        calibration = Calibration(1.0, np.zeros(len(corpus.labels)))
        tutor = cls(corpus, learned, known.alike(known), asked.alike(known), weight, calibration)
        return replace(tutor, calibration=tutor._calibrated(folds))

    def shares(self, rows: Ints) -> Floats:
        """The probabilities (asked, labels) that the texts it is asked about have by the labels of some rows."""
        return self.calibration.probabilities(self._scores(rows, self.asked))

    def _calibrated(self, folds: Folds) -> Calibration:
        examples, labels = self.corpus.examples, list(self.corpus.labels)
        certain = np.flatnonzero([example.confident for example in examples])
        certain = np.intersect1d(certain, self.learned)
        judged = [(rows, np.intersect1d(held_out, certain)) for rows, held_out in folds]
        judged = [(rows, part) for rows, part in judged if len(part)]
        scores = [self._scores(rows, self.alike[np.searchsorted(self.learned, part)]) for rows, part in judged]
        truth = np.array([labels.index(examples[row].label) for _, part in judged for row in part])
        weights = np.concatenate([np.full(len(part), 1.0 / len(part)) for _, part in judged])
        return calibrate(np.vstack(scores), truth, weights, offsets=True)

    def _scores(self, rows: Ints, alike: Floats32) -> Floats:
        """What a model that learns some rows says of texts, by how alike they are to all that may be learned."""
        examples, labels = self.corpus.examples, self.corpus.labels
        wanted = np.zeros((len(examples), len(labels)), np.float32)
        for view in useful_views(examples):
            targets = Targets.of(examples, labels, rows, view)
            np.add.at(wanted, (targets.rows, targets.labels), targets.weights)
        wanted = wanted[self.learned]
        places = np.flatnonzero(wanted.sum(axis=1))
        weights = wanted[places].sum(axis=1)
        shares = wanted[places] / weights[:, None] - 1.0 / len(labels)
        model = KernelRidge(alpha=DAMPING, kernel="precomputed")
        model.fit(self.alike[np.ix_(places, places)], shares, sample_weight=weights / weights.mean())
        coefficients = np.zeros((len(self.learned), len(labels)), np.float32)
        coefficients[places] = model.dual_coef_
        return (alike @ coefficients).astype(np.float64)


@dataclass(frozen=True, slots=True)
class _Unit:
    """Texts by their terms (n, terms) and the company of those (n, dimensions), together of unit length."""

    terms: scipy.sparse.csr_matrix
    company: Floats32

    @classmethod
    def of(cls, tfidf: scipy.sparse.csr_matrix, neighbourhoods: Neighbourhoods) -> _Unit:
        company = tfidf @ neighbourhoods.vectors * np.sqrt(COMPANY)
        squares = np.asarray(tfidf.power(2).sum(axis=1)).ravel() + np.square(company).sum(axis=1)
        scale = 1.0 / np.sqrt(np.maximum(squares, 1e-12))
        terms = scipy.sparse.csr_matrix(scipy.sparse.diags(scale) @ tfidf, dtype=np.float32)
        return cls(terms, (company * scale[:, None]).astype(np.float32))

    def alike(self, others: _Unit) -> Floats32:
        """The polynomial kernel (n, others) of the cosines of these with others."""
        alike = np.empty((self.terms.shape[0], others.terms.shape[0]), np.float32)
        for start in range(0, len(alike), BLOCK):
            part = slice(start, start + BLOCK)
            cosines = (self.terms[part] @ others.terms.T).toarray() + self.company[part] @ others.company.T
            alike[part] = ((1.0 + cosines) / 2.0) ** DEGREE
        return alike

"""A student of a model: the same labels, learned from what the model says about an archive in which it is confident.

The student counts the archive's own terms beside its teacher's, and is blended with the teacher into one weight per
term and label. A teacher's term keeps its idf, so the teacher's part of the blend is the teacher's own judgement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import softmax
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression

from classifier.engine.tables import LOAD
from classifier.model import Model
from classifier.training.compiling import Linear
from classifier.training.neighbourhoods import Neighbourhoods, document_vectors

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

DIMENSIONS, SHARE = 100, 16.0  # of the archive's term neighbourhoods
STRENGTH = 0.3  # inverse regularisation: pseudo-labels are noisy
TRUST = 8.0  # a term so many times rarer here than where the teacher learned is weighed by both alike
COOLEST, HOTTEST = 0.1, 10.0  # temperatures


@dataclass(frozen=True, slots=True)
class Study:
    """An archive as its student sees it: `teacher` holds its teacher's weights in the student's terms.

    `tfidf` is (documents, terms), `scores` (documents, labels) what the teacher says, `documents` in how many of the
    archive's texts each term stands.
    """

    teacher: Linear
    tfidf: scipy.sparse.csr_matrix
    scores: Floats
    documents: Ints
    neighbourhoods: Neighbourhoods
    is_new: Bools  # (terms,), unknown to the teacher

    @classmethod
    def of(
        cls, model: Model, terms: Sequence[str], counts: scipy.sparse.csr_matrix, scores: Floats, *, least: int
    ) -> Study:
        """Make ready counts (documents, terms); terms of fewer documents than `least` need the teacher to know them."""
        spellings, bias = model.terms, np.array(model.tables.bias)
        known = {term: row for row, term in enumerate(spellings)}
        documents = np.bincount(counts.indices, minlength=counts.shape[1])
        kept = [number for number, term in enumerate(terms) if documents[number] >= least or term in known]
        kept.sort(key=terms.__getitem__)
        rows = np.array([known.get(terms[number], -1) for number in kept], np.int64)
        absent = np.setdiff1d(np.arange(len(known)), rows)  # what the archive lacks, the model must go on knowing
        rows, is_new = np.concatenate([rows, absent]), np.concatenate([rows, absent]) < 0
        counts = _widened(counts[:, kept], len(absent))
        weigher = TfidfTransformer(sublinear_tf=True).fit(counts)
        weigher.idf_ = np.where(is_new, weigher.idf_, np.array(model.tables.idf, np.float64)[rows])
        tfidf = weigher.transform(counts)
        weights = np.where(is_new[:, None], 0.0, weights_of(model)[rows])
        weights *= _stretch(scores - bias, tfidf @ weights)
        names = [terms[number] for number in kept] + [spellings[row] for row in absent]
        return cls(
            teacher=Linear(names, weigher.idf_, weights, bias),
            tfidf=tfidf,
            scores=scores,
            documents=np.concatenate([documents[kept], np.zeros(len(absent), np.int64)]),
            is_new=is_new,
            neighbourhoods=Neighbourhoods([(document_vectors(tfidf, DIMENSIONS, 0), SHARE)], tfidf),
        )

    def learn(self, rows: Ints, labels: Ints) -> Linear:
        """What a linear model makes of some documents and the labels given to them, at the teacher's scale.

        Labels that do not occur keep the teacher's weights, and the others differ from them on average as before. Terms
        much rarer in the archive than where the teacher learned keep near its weights too, so that what it knew of
        other archives is not forgotten.
        """
        extended = self.neighbourhoods.extend(self.tfidf[rows])
        linear = LogisticRegression(C=STRENGTH, max_iter=300, tol=1e-3, class_weight="balanced").fit(extended, labels)
        learned, bias = _columns(linear)
        weights = self.neighbourhoods.fold(learned)
        taught = linear.classes_
        weights, bias = weights - weights.mean(axis=1, keepdims=True), bias - bias.mean()
        scores = self.tfidf @ weights + bias
        scale = _spread(self.scores[:, taught]) / max(_spread(scores), 1e-9)
        student = replace(self.teacher, weights=self.teacher.weights.copy(), bias=self.teacher.bias.copy())
        student.weights[:, taught] = weights * scale + self.teacher.weights[:, taught].mean(axis=1, keepdims=True)
        student.bias[taught] = bias * scale + self.teacher.bias[taught].mean()
        here, there = TRUST * self.documents / self.tfidf.shape[0], document_shares(self.teacher.idf)
        trust = np.where(self.is_new, 1.0, here / (here + there))[:, None]
        return replace(student, weights=trust * student.weights + (1 - trust) * self.teacher.weights)

    def blend(self, student: Linear, part: float) -> Linear:
        """Teacher and student in one, `part` being the student's; on average as sure of the archive as the teacher.

        There are no labels to calibrate on. The labels' shares are free to move (the student counts every label alike,
        which corrects a teacher that favours one on this archive); the caller checks how far they do.
        """
        weights = part * student.weights + (1 - part) * self.teacher.weights
        bias = part * student.bias + (1 - part) * self.teacher.bias
        confidence = float(softmax(self.scores, axis=1).max(axis=1).mean())
        temperature = _temperature(self.tfidf @ weights + bias, confidence)
        return replace(student, weights=weights / temperature, bias=bias / temperature)

    def scored(self, linear: Linear) -> Floats:
        """Scores (documents, labels) of the archive."""
        scores: Floats = self.tfidf @ linear.weights + linear.bias
        return scores


def weights_of(model: Model) -> Floats:
    """A model's weights (terms, labels)."""
    table = np.array(model.tables.weights, np.float64).reshape(-1, len(model.labels))
    weights: Floats = table * np.array(model.tables.scale)
    return weights


def document_shares(idf: Floats) -> Floats:
    """The share of documents that hold each term, from its idf."""
    shares: Floats = np.exp(1.0 - idf)
    return shares


def fitting(linear: Linear, frequency: Floats, size: int) -> Linear:
    """The terms that move scores most, as many as go into `size` bytes of a model file, the most frequent first.

    `frequency` is the share of documents that hold each term.
    """
    spread = linear.weights.max(axis=1) - linear.weights.min(axis=1)
    order = np.argsort(-(frequency * linear.idf * spread), kind="stable")
    fixed = 8 + 4 + 2 * linear.weights.shape[1] + 4 / LOAD  # hash, idf, weights, slots
    bytes_each = np.array([len(linear.terms[row].encode("utf-8")) + 1 + fixed for row in order])
    kept = order[: max(1, int(np.searchsorted(np.cumsum(bytes_each), size)))]
    return linear.selected(kept[np.lexsort((kept, -frequency[kept]))])


def _columns(linear: LogisticRegression) -> tuple[Floats, Floats]:
    if len(linear.classes_) == 2:  # scikit-learn keeps one column for two labels
        return np.vstack((-linear.coef_, linear.coef_)).T / 2, np.array([-1, 1]) * linear.intercept_[0] / 2
    return linear.coef_.T, linear.intercept_


def _widened(counts: scipy.sparse.csr_matrix, columns: int) -> scipy.sparse.csr_matrix:
    shape = (counts.shape[0], counts.shape[1] + columns)
    widened = scipy.sparse.csr_matrix((counts.data, counts.indices, counts.indptr), shape=shape)
    widened.sort_indices()  # sums in one order give one model
    return widened


def _spread(scores: Floats) -> float:
    return float(np.sqrt(np.square(scores - scores.mean(axis=1, keepdims=True)).mean()))


def _stretch(wanted: Floats, found: Floats) -> float:
    """By what to multiply weights to keep scores as large as they were before new terms lengthened the texts."""
    wanted, found = wanted - wanted.mean(axis=1, keepdims=True), found - found.mean(axis=1, keepdims=True)
    return float((wanted * found).sum() / max(float(np.square(found).sum()), 1e-9))


def _temperature(scores: Floats, confidence: float) -> float:
    """The temperature at which the mean confidence is the one given, or the nearest possible."""

    def excess(logarithm: float) -> float:
        return float(softmax(scores / np.exp(logarithm), axis=1).max(axis=1).mean()) - confidence

    low, high = np.log(COOLEST), np.log(HOTTEST)
    if excess(low) <= 0 or excess(high) >= 0:
        return COOLEST if excess(low) <= 0 else HOTTEST
    return float(np.exp(brentq(excess, low, high, xtol=1e-4)))

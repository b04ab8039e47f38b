"""What a text's own labels do not teach: which terms belong together, folded into one weight per term and label.

A linear model is learned on each text's tf-idf x together with x·V, where the rows of V describe terms by the company
they keep in unlabelled text, or full words by the stem they share. Since x·w + (x·V)·u = x·(w + V·u), the finished
model is again one weight per term, and a term that never stood in a labelled document has one too. Nothing of this is
left at prediction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD

from classifier.analysis import stem
from classifier.arabic import ENDING

Floats = NDArray[np.float64]

WINDOW = 5  # words to either side
SHIFT = 2.0  # pairs must stand together this much more often than chance
LEAST_TOGETHER = 0.9  # ... and about once within a word's reach
CONTEXT_DOCUMENTS = 8  # rarer terms have too few neighbours to tell
CONVERGED = {"n_iter": 8, "n_oversamples": 60}  # with fewer, chance decided on one document in a hundred


class Neighbourhoods:
    """Term vectors V (terms, dimensions), several kinds side by side, each scaled to a share of a text's length.

    A kind with share 4 gives the mean labelled text a squared length of 4 beside the 1 of its tf-idf. `families` is one
    more kind, sparse (terms, families).
    """

    def __init__(
        self,
        kinds: Sequence[tuple[Floats, float]],
        tfidf: scipy.sparse.csr_matrix,
        families: scipy.sparse.csr_matrix | None = None,
        family_share: float = 0.0,
    ) -> None:
        parts = [vectors * np.sqrt(share / _mean_square(tfidf @ vectors)) for vectors, share in kinds]
        self.vectors: Floats = np.hstack(parts) if parts else np.zeros((tfidf.shape[1], 0))
        self.families = scipy.sparse.csr_matrix((tfidf.shape[1], 0))
        if families is not None and family_share:
            length = float((tfidf @ families).power(2).sum()) / tfidf.shape[0] or 1.0
            self.families = families * np.sqrt(family_share / length)

    def families_only(self) -> Neighbourhoods:
        """The same without what unlabelled text taught."""
        alone = copy(self)
        alone.vectors = self.vectors[:, :0]
        return alone

    def extend(self, tfidf: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
        """Texts (n, terms) with their coordinates behind: (n, terms + dimensions + families)."""
        parts = [tfidf]
        if self.vectors.shape[1]:
            parts.append(scipy.sparse.csr_matrix(tfidf @ self.vectors))
        if self.families.shape[1]:
            parts.append(tfidf @ self.families)
        return scipy.sparse.hstack(parts, format="csr") if parts[1:] else tfidf

    def fold(self, weights: Floats) -> Floats:
        """Weights (terms + dimensions + families, labels) of extended texts as those (terms, labels) of plain ones."""
        own, company, family = np.split(weights, np.cumsum(self.vectors.shape))
        folded: Floats = own + self.vectors @ company
        return folded + self.families @ family if len(family) else folded


def family_vectors(terms: Sequence[str], tfidf: scipy.sparse.csr_matrix, idf: Floats) -> scipy.sparse.csr_matrix:
    """Full words (terms, families) by the stem they share, so weighed that x·V is about the tf-idf of the stems.

    Full words tell more than stems where a corpus is large enough to have seen them; the stems speak for the rare ones.
    """
    stems = [ENDING + stem(term[1:]) if term.startswith(ENDING) else stem(term) for term in terms]
    number = {family: position for position, family in enumerate(sorted(set(stems)))}
    cells = (np.ones(len(stems)), (np.arange(len(stems)), np.array([number[family] for family in stems])))
    members = scipy.sparse.csr_matrix(cells)
    documents = np.bincount((tfidf @ members).indices, minlength=len(number))
    rarity = np.log((1 + tfidf.shape[0]) / (1 + documents)) + 1
    return scipy.sparse.csr_matrix(scipy.sparse.diags(1 / idf) @ members @ scipy.sparse.diags(rarity))


def document_vectors(tfidf: scipy.sparse.csr_matrix, dimensions: int, seed: int) -> Floats:
    """Terms by the documents they stand in: a truncated SVD, damped by the root of its singular values (LSA).

    Of few terms or documents there are fewer dimensions, of one term none.
    """
    dimensions = min(dimensions, min(tfidf.shape) - 1)
    if not dimensions:
        return np.zeros((tfidf.shape[1], 0))
    svd = TruncatedSVD(dimensions, random_state=seed, **CONVERGED).fit(tfidf)
    vectors: Floats = svd.components_.T * np.sqrt(svd.singular_values_ / svd.singular_values_[0])
    return vectors


def context_vectors(
    sequences: Iterable[NDArray[np.int64]], documents: NDArray[np.int64], dimensions: int, seed: int
) -> Floats:
    """Terms by the words around them: shifted positive PMI in a window, truncated SVD, rows of unit length.

    `sequences` are texts as term numbers in reading order (negative: a term outside the vocabulary), `documents` in how
    many texts each term stands. Method: Levy, Goldberg and Dagan (2015), with context distribution smoothing 0.75.
    """
    kept = np.flatnonzero(documents >= CONTEXT_DOCUMENTS)
    vectors: Floats = np.zeros((len(documents), dimensions))
    if len(kept) <= dimensions:
        return vectors
    number = np.full(len(documents) + 1, -1)
    number[kept] = np.arange(len(kept))
    information = _pointwise_information(_neighbours((number[sequence] for sequence in sequences), len(kept)))
    svd = TruncatedSVD(dimensions, random_state=seed, **CONVERGED).fit(information)
    rows = svd.components_.T * np.sqrt(svd.singular_values_)
    vectors[kept] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return vectors


def _neighbours(sequences: Iterable[NDArray[np.int64]], terms: int) -> scipy.sparse.csr_matrix:
    """How often two terms stand within WINDOW words of each other, near ones counting more (terms, terms)."""
    counts = scipy.sparse.csr_matrix((terms, terms), dtype=np.float32)
    for stream in _streams(sequences):
        for distance in range(1, WINDOW + 1):
            left, right = stream[:-distance], stream[distance:]
            inside = (left >= 0) & (right >= 0)
            weights = np.full(int(inside.sum()), 1.0 / distance, np.float32)
            counts = counts + scipy.sparse.csr_matrix((weights, (left[inside], right[inside])), shape=(terms, terms))
    return (counts + counts.T).tocoo()


def _streams(sequences: Iterable[NDArray[np.int64]], length: int = 4_000_000) -> Iterator[NDArray[np.int64]]:
    """Texts joined into long streams, a window's width of nothing between them."""
    gap, parts, size = np.full(WINDOW, -1), list[NDArray[np.int64]](), 0
    for sequence in sequences:
        parts += [sequence, gap]
        size += len(sequence)
        if size > length:
            yield np.concatenate(parts)
            parts, size = [], 0
    if parts:
        yield np.concatenate(parts)


def _pointwise_information(counts: scipy.sparse.coo_matrix) -> scipy.sparse.csr_matrix:
    totals = np.bincount(counts.row, counts.data, counts.shape[0])
    contexts = totals**0.75 / np.sum(totals**0.75)
    values = np.log(counts.data / (totals[counts.row] * contexts[counts.col])) - np.log(SHIFT)
    kept = (values > 0) & (counts.data >= LEAST_TOGETHER)
    cells = (values[kept].astype(np.float32), (counts.row[kept], counts.col[kept]))
    return scipy.sparse.csr_matrix(cells, shape=counts.shape)


def _mean_square(coordinates: Any) -> float:
    return float(np.mean(np.sum(np.square(coordinates), axis=1))) or 1.0

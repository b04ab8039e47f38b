"""Texts to term counts as a scikit-learn transformer, counted by the engine that will read the texts later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import numpy as np
import scipy.sparse
from joblib import cpu_count
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from classifier.analysis import AnalysisSettings, is_word
from classifier.engine import Lexicon, Reader, Weighting
from classifier.engine.tables import hash_term

THREADS = 4  # the part that needs the interpreter's lock leaves no work for more
CHUNK = 2_000_000  # characters that a thread counts at a time, one text at least


class TermCounter(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Counts normalised, stemmed terms, in the place of scikit-learn's `CountVectorizer`.

    `analysis` and `weighting` are as in the model file; a term must occur in `min_documents` documents.
    After fitting, `terms_` is the sorted list of terms, the columns of what `transform` returns (n, terms), CSR, and
    `coverage_` (n,) the share of each text's words that would be known had the text itself not been there.
    """

    def __init__(
        self, analysis: AnalysisSettings | None = None, weighting: Weighting | None = None, min_documents: int = 1
    ) -> None:
        self.analysis, self.weighting, self.min_documents = analysis, weighting, min_documents

    def fit(self, texts: Iterable[str], labels: Any = None) -> Self:
        """Learn the vocabulary of texts (read once, so a generator will do)."""
        self.fit_transform(texts)
        return self

    def fit_transform(self, texts: Iterable[str], labels: Any = None) -> Any:
        """Learn the vocabulary and count, in one reading."""
        lexicon, counts = self._counted(texts)
        documents = np.bincount(counts.indices, minlength=len(lexicon))
        terms = lexicon.terms
        kept = sorted(np.flatnonzero(documents >= self.min_documents), key=terms.__getitem__)
        self.terms_ = [terms[number] for number in kept]
        known_without_it = (documents > self.min_documents).astype(np.float64)
        words = np.fromiter(map(is_word, terms), np.float64, len(terms))
        self.coverage_ = (counts @ (words * known_without_it)) / np.maximum(counts @ words, 1)
        counts = counts[:, kept]
        counts.sort_indices()  # sums in one order give one model, however many threads have counted
        return counts

    def transform(self, texts: Iterable[str]) -> Any:
        """Count the known terms of texts."""
        lexicon = self._lexicon()
        lexicon.add(self.terms_)
        counts = _csr(lexicon.count_many(texts, grow=False), len(self.terms_))
        counts.sort_indices()
        return counts

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """The terms, in the order of the columns."""
        return np.array(self.terms_, dtype=object)

    def _counted(self, texts: Iterable[str]) -> tuple[Lexicon, Any]:
        """All terms of texts, and how often each stands in each (n, terms); each thread has a lexicon of its own."""
        lexicons = [self._lexicon() for _ in range(min(THREADS, cpu_count()))]
        counted: list[tuple[int, Any]] = [(0, lexicons[0].count_many(()))]
        remaining = iter(texts)
        with ThreadPoolExecutor(len(lexicons)) as pool:
            while wave := [chunk for _ in lexicons if (chunk := _chunk(remaining))]:
                counted += enumerate(pool.map(Lexicon.count_many, lexicons, wave))
        first = lexicons[0]
        numbers = [np.array(first.merge(lexicon)) for lexicon in lexicons]
        rows = [_csr(part, len(first), numbers[thread]) for thread, part in counted]
        return first, scipy.sparse.vstack(rows, format="csr")

    def _lexicon(self) -> Lexicon:
        weighting = self.weighting or Weighting()
        analysis = self.analysis or AnalysisSettings()
        reader = Reader(analysis, analysis.letters)
        return Lexicon(reader, lead=weighting.lead, lead_count=weighting.lead_count)


def term_numbers(terms: Sequence[str]) -> Callable[[NDArray[np.uint64]], NDArray[np.int64]]:
    """What turns hashes of terms into their numbers in a list, -1 for those that are not in it."""
    hashes = np.array([hash_term(term) for term in terms], np.uint64)
    order = np.argsort(hashes)
    ranked = hashes[order]

    def number(found: NDArray[np.uint64]) -> NDArray[np.int64]:
        places = np.minimum(np.searchsorted(ranked, found), len(ranked) - 1)
        return np.where(ranked[places] == found, order[places], -1)

    return number


def _chunk(texts: Iterator[str]) -> list[str]:
    """The next texts, few enough to be held."""
    chunk, size = list[str](), 0
    while size < CHUNK and (text := next(texts, None)) is not None:
        chunk.append(text)
        size += len(text)
    return chunk


def _csr(parts: tuple[Any, Any, Any], columns: int, renumbered: Any = None) -> Any:
    starts, numbers, counts = (np.array(part) for part in parts)
    numbers = numbers if renumbered is None else renumbered[numbers]
    return scipy.sparse.csr_matrix((counts.astype(np.float64), numbers, starts), shape=(len(starts) - 1, columns))

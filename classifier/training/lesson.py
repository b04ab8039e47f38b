"""A corpus made ready to learn from, and one act of learning from some of its documents."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from classifier.analysis import AnalysisSettings
from classifier.arabic import letter_table
from classifier.corpus import Corpus, read_texts
from classifier.engine import Reader, Weighting
from classifier.engine.tables import hash_term
from classifier.errors import CorpusError
from classifier.training.counting import TermCounter
from classifier.training.folds import Folds, story_groups
from classifier.training.neighbourhoods import Neighbourhoods, context_vectors, document_vectors
from classifier.training.targets import Targets, View, useful_views

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Unlabelled = str | os.PathLike[str] | None

LARGE = 20_000  # documents


@dataclass(frozen=True, slots=True)
class Settings:
    """How to learn; the defaults suit news in two to twenty labels."""

    analysis: AnalysisSettings = field(default_factory=AnalysisSettings)
    weighting: Weighting = field(default_factory=lambda: Weighting(lead=60))
    min_documents: int = 2  # terms of fewer documents are left out (one more with unlabelled text)
    strengths: tuple[float, ...] = (3.0, 10.0, 30.0)  # inverse regularisation strengths to choose from
    folds: int = 5
    seed: int = 0
    max_terms: int = 75_000
    document_dimensions: int = 100  # of the term vectors learned from unlabelled text, and ...
    context_dimensions: int = 200
    document_share: float = 4.0  # ... what they weigh beside the terms themselves
    context_share: float = 2.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """A corpus made ready to learn from: its terms, their tf-idf in every document, and what terms keep company."""

    corpus: Corpus
    terms: list[str]
    documents: Ints  # in how many texts each term stands, labelled or not
    idf: Floats
    coverage: Floats  # of every labelled document, had it been a new one
    tfidf: scipy.sparse.csr_matrix  # labelled documents only
    groups: NDArray[np.int32]  # near-duplicates share a number
    neighbourhoods: Neighbourhoods
    extended: scipy.sparse.csr_matrix
    unlabelled: int

    @classmethod
    def of(cls, corpus: Corpus, unlabelled: Unlabelled, settings: Settings) -> Lesson:
        """Count a corpus (and unlabelled texts, which are read twice and never held) and learn its neighbourhoods."""

        def texts() -> Iterator[str]:
            return chain(corpus.texts, read_texts(unlabelled) if unlabelled else ())

        counter = TermCounter(settings.analysis, settings.weighting, settings.min_documents + bool(unlabelled))
        counts = counter.fit_transform(texts())
        if not counts.shape[1]:
            raise CorpusError(f"no term stands in {settings.min_documents} documents; give more or longer documents")
        documents = np.bincount(counts.indices, minlength=counts.shape[1])
        weigher = TfidfTransformer(sublinear_tf=True)
        everything, labelled = weigher.fit_transform(counts), len(corpus.examples)
        tfidf, reader = everything[:labelled], Reader(settings.analysis, letter_table())
        kinds = []
        if unlabelled:
            vectors = document_vectors(everything, settings.document_dimensions, settings.seed)
            sequences = _sequences(texts(), counter.terms_, reader)
            contexts = context_vectors(sequences, documents, settings.context_dimensions, settings.seed)
            kinds = [(vectors, settings.document_share), (contexts, settings.context_share)]
        neighbourhoods = Neighbourhoods(kinds, tfidf)
        return cls(
            corpus=corpus,
            terms=counter.terms_,
            documents=documents,
            idf=weigher.idf_,
            coverage=counter.coverage_[:labelled],
            tfidf=tfidf,
            groups=story_groups(corpus.texts, reader),
            neighbourhoods=neighbourhoods,
            extended=neighbourhoods.extend(tfidf),
            unlabelled=counts.shape[0] - labelled,
        )

    @property
    def truth(self) -> Ints:
        """The label number of every document."""
        number = {label: position for position, label in enumerate(self.corpus.labels)}
        return np.array([number[example.label] for example in self.corpus.examples])

    def learn(self, rows: Ints, strength: float, views: Sequence[View] | None = None) -> tuple[Floats, Floats]:
        """Weights (terms, labels) and intercepts (labels,) learned on some documents, averaged over the views."""
        learned = [self._learn(rows, strength, view) for view in views or useful_views(self.corpus.examples)]
        weights, biases = zip(*learned, strict=True)
        return self.neighbourhoods.fold(np.mean(weights, axis=0)), np.mean(biases, axis=0)

    def held_out_scores(self, folds: Folds, strength: float, views: Sequence[View] | None = None) -> Floats:
        """Scores (n, labels) of every document by a model that did not learn from it; NaN where none holds it out."""
        scores = np.full((len(self.corpus.examples), len(self.corpus.labels)), np.nan)
        for learned, held_out in folds:
            weights, bias = self.learn(learned, strength, views)
            scores[held_out] = self.tfidf[held_out] @ weights + bias
        return scores

    def _learn(self, rows: Ints, strength: float, view: View) -> tuple[Floats, Floats]:
        targets = Targets.of(self.corpus.examples, self.corpus.labels, rows, view)
        linear = _linear(strength, len(targets.rows))
        linear.fit(self.extended[targets.rows], targets.labels, sample_weight=targets.weights)
        if len(linear.classes_) == 2:  # scikit-learn keeps one column for two labels
            halves = np.vstack((-linear.coef_, linear.coef_)).T / 2
            return halves, np.concatenate((-linear.intercept_, linear.intercept_)) / 2
        return linear.coef_.T, linear.intercept_


def _linear(strength: float, rows: int) -> LogisticRegression | LinearSVC:
    """Logistic regression; for LARGE corpora a linear SVM, as good there (calibrated alike) and ten times faster."""
    if rows > LARGE:
        return LinearSVC(C=strength / 10, random_state=0)
    return LogisticRegression(C=strength, max_iter=300, tol=1e-3)


def _sequences(texts: Iterator[str], terms: Sequence[str], reader: Reader) -> Iterator[Ints]:
    """Texts as term numbers in reading order, -1 for terms outside the vocabulary."""
    hashes = np.array([hash_term(term) for term in terms], np.uint64)
    order = np.argsort(hashes)
    ranked = hashes[order]
    for text in texts:
        found = np.array(reader.hashes(text), np.uint64)
        places = np.minimum(np.searchsorted(ranked, found), len(ranked) - 1)
        yield np.where(ranked[places] == found, order[places], -1)

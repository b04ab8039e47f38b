"""A corpus made ready to learn from, and one act of learning from some of its documents."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Self

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfTransformer

from classifier.analysis import AnalysisSettings
from classifier.arabic import letter_table
from classifier.corpus import Corpus
from classifier.engine import Reader, Weighting
from classifier.errors import CorpusError
from classifier.training.archives import Tally, read_texts
from classifier.training.counting import TermCounter, term_numbers
from classifier.training.fitting import Learned, fit_all
from classifier.training.folds import (
    Folds,
    certain_only,
    held_out_sources,
    story_groups,
    stratified_folds,
    stratified_half,
)
from classifier.training.neighbourhoods import Neighbourhoods, context_vectors, document_vectors, family_vectors
from classifier.training.targets import Targets, View, useful_views
from classifier.training.tutoring import Tutor

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Unlabelled = str | os.PathLike[str] | None

LARGE = 20_000  # labelled documents: enough to have seen most words in most of their forms
TUTORED = 12_000  # labelled documents that a tutor learns from, at most (memory grows as the square), and ...
ASKED = 12_000  # ... unlabelled ones that it is asked about


@dataclass(frozen=True, slots=True)
class Settings:
    """How to learn; the defaults suit news in two to twenty labels, `suiting` tens of thousands of documents too."""

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
    family_share: float = 0.15  # what the stems weigh beside full words, where full words are the terms
    tutor_share: float = 0.25  # what soft labels of unlabelled texts weigh beside the certain ones

    @classmethod
    def suiting(cls, documents: int, seed: int = 0) -> Self:
        """What suits a corpus of so many labelled documents.

        With more than LARGE, full words and their stems tell more than stems alone, punctuation and how a text ends
        tell something, and a short opening counted five times more than a longer one counted twice.
        """
        if documents <= LARGE:
            return cls(seed=seed)
        return cls(
            analysis=AnalysisSettings(stem=False, punctuation=True, ending=5),
            weighting=Weighting(lead=20, lead_count=5),
            strengths=(10.0,),
            seed=seed,
            max_terms=150_000,
        )


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
    extended: scipy.sparse.csr_matrix  # labelled documents, then those that the tutor is asked about
    unlabelled: int
    unread: Mapping[str, int]  # how many of the unlabelled texts could not be read, by reason
    tutor: Tutor | None = None

    @classmethod
    def of(cls, corpus: Corpus, unlabelled: Unlabelled, settings: Settings) -> Lesson:
        """Count a corpus and learn its neighbourhoods; unlabelled texts are read twice and held a few at a time."""

        def texts(tally: Tally | None = None) -> Iterator[str]:
            return chain(corpus.texts, read_texts(unlabelled, tally) if unlabelled else ())

        tally = Tally()
        counter = TermCounter(settings.analysis, settings.weighting, settings.min_documents + bool(unlabelled))
        counts = counter.fit_transform(texts(tally))
        if not counts.shape[1]:
            raise CorpusError(f"no term stands in {settings.min_documents} documents; give more or longer documents")
        documents = np.bincount(counts.indices, minlength=counts.shape[1])
        labelled = len(corpus.examples)
        # What is rare, labelled documents tell: they are of more sources, and of more kinds, than the unlabelled are.
        weigher = TfidfTransformer(sublinear_tf=True).fit(counts[:labelled])
        everything = weigher.transform(counts)
        reader = Reader(settings.analysis, settings.analysis.letters)
        tfidf = everything[:labelled]
        kinds = []
        if unlabelled:
            vectors = document_vectors(everything, settings.document_dimensions, settings.seed)
            sequences = _sequences(texts(), counter.terms_, reader)
            contexts = context_vectors(sequences, documents, settings.context_dimensions, settings.seed)
            kinds = [(vectors, settings.document_share), (contexts, settings.context_share)]
        families = None if settings.analysis.stem else family_vectors(counter.terms_, tfidf, weigher.idf_)
        neighbourhoods = Neighbourhoods(kinds, tfidf, families, settings.family_share)
        lesson = cls(
            corpus=corpus,
            terms=counter.terms_,
            documents=documents,
            idf=weigher.idf_,
            coverage=counter.coverage_[:labelled],
            tfidf=tfidf,
            groups=story_groups(corpus.texts, Reader(settings.analysis, letter_table())),  # whatever its punctuation
            neighbourhoods=neighbourhoods,
            extended=neighbourhoods.extend(tfidf),
            unlabelled=counts.shape[0] - labelled,
            unread=dict(tally.left_out),
        )
        return lesson._tutored(everything[labelled:], settings)

    @property
    def truth(self) -> Ints:
        """The label number of every document."""
        number = {label: position for position, label in enumerate(self.corpus.labels)}
        return np.array([number[example.label] for example in self.corpus.examples])

    @property
    def is_large(self) -> bool:
        """Whether there are so many documents that fewer ways of learning need to be tried."""
        return len(self.groups) > LARGE

    def ways(self) -> Iterator[Self]:
        """This, and the same with ever less of what unlabelled texts teach: without a tutor, by labels alone."""
        yield self
        if self.tutor is not None:
            yield replace(self, tutor=None)
        if self.neighbourhoods.vectors.shape[1]:
            alone = self.neighbourhoods.families_only()
            yield replace(self, tutor=None, neighbourhoods=alone, extended=alone.extend(self.tfidf))

    @property
    def taught_by(self) -> str:
        """What is learned from, in words."""
        company = ["company of terms"] if self.neighbourhoods.vectors.shape[1] else []
        return ", ".join(["labels", *company, *(["tutor"] if self.tutor else [])])

    def folds(self, count: int, seed: int, *, together: bool = True) -> Folds:
        """Folds with labels spread evenly, near-duplicates kept together; one is enough of a large corpus."""
        groups = self.groups if together else np.arange(len(self.groups), dtype=np.int32)
        if self.is_large:
            return stratified_half(self.truth, groups, seed)
        return stratified_folds(self.truth, groups, count, seed)

    def held_out(self, settings: Settings) -> Folds:
        """What to choose and calibrate by: certain documents, of sources where two have all labels, else of folds."""
        examples = self.corpus.examples
        return certain_only(held_out_sources(examples) or self.folds(settings.folds, settings.seed), examples)

    def learn(self, choices: Sequence[tuple[Ints, float]], views: Sequence[View] | None = None) -> list[Learned]:
        """Weights (terms, labels) and intercepts (labels,) by choice of rows and strength, averaged over the views."""
        views = views or useful_views(self.corpus.examples)
        distinct = {id(rows): rows for rows, _ in choices}  # strengths are tried on the same rows
        taught = {key: self._taught(rows, views) for key, rows in distinct.items()}
        tasks = [(targets, strength) for rows, strength in choices for targets in taught[id(rows)]]
        learned = fit_all(self.extended, tasks, large=self.is_large)
        parts = [learned[start : start + len(views)] for start in range(0, len(learned), len(views))]
        return [self._averaged(part) for part in parts]

    def held_out_scores(
        self, trials: Sequence[tuple[Folds, float]], views: Sequence[View] | None = None
    ) -> list[Floats]:
        """For each trial, folds and a strength, scores (n, labels) of documents by models that did not learn from them.

        They are NaN where no fold holds a document out.
        """
        choices = [(rows, strength) for folds, strength in trials for rows, _ in folds]
        learned = iter(self.learn(choices, views))
        return [self._scores_held_out(folds, learned) for folds, _ in trials]

    def _targets(self, rows: Ints, views: Sequence[View]) -> list[Targets]:
        """What some rows teach under each view."""
        return [Targets.of(self.corpus.examples, self.corpus.labels, rows, view) for view in views]

    def _taught(self, rows: Ints, views: Sequence[View]) -> list[Targets]:
        """What some rows teach under each view, and what the tutor, who knows all views, makes of them."""
        known = useful_views(self.corpus.examples) if self.tutor else ()
        asked = list(dict.fromkeys([*views, *known]))
        targets = dict(zip(asked, self._targets(rows, asked), strict=True))
        certain = [targets[view] for view in views]
        if self.tutor is None:
            return certain
        shares = self.tutor.shares([targets[view] for view in known])
        return [part.beside(shares, len(self.groups), self.tutor.weight) for part in certain]

    def _tutored(self, unlabelled: scipy.sparse.csr_matrix, settings: Settings) -> Self:
        """The same with a tutor for some unlabelled texts (n, terms), where there are any."""
        if not self.unlabelled or self.is_large or not settings.tutor_share:
            return self
        draw, views = np.random.default_rng(settings.seed).permutation, useful_views(self.corpus.examples)
        learned = np.sort(draw(len(self.groups))[:TUTORED])
        asked = unlabelled[np.sort(draw(unlabelled.shape[0])[:ASKED])]
        tutor = Tutor.of(
            self.tfidf,
            asked,
            self.neighbourhoods,
            learned=learned,
            examples=self.corpus.examples,
            truth=self.truth,
            folds=[(self._targets(rows, views), held_out) for rows, held_out in self.held_out(settings)],
            weight=settings.tutor_share,
        )
        extended = [self.extended, self.neighbourhoods.extend(asked)]
        return replace(self, tutor=tutor, extended=scipy.sparse.vstack(extended, format="csr"))

    def _scores_held_out(self, folds: Folds, learned: Iterator[Learned]) -> Floats:
        scores = np.full((len(self.corpus.examples), len(self.corpus.labels)), np.nan)
        for _, held_out in folds:
            weights, bias = next(learned)
            scores[held_out] = self.tfidf[held_out] @ weights + bias
        return scores

    def _averaged(self, learned: Sequence[Learned]) -> Learned:
        weights, biases = zip(*learned, strict=True)
        return self.neighbourhoods.fold(np.mean(weights, axis=0)), np.mean(biases, axis=0)


def _sequences(texts: Iterator[str], terms: Sequence[str], reader: Reader) -> Iterator[Ints]:
    """Texts as term numbers in reading order, -1 for terms outside the vocabulary."""
    number = term_numbers(terms)
    for text in texts:
        yield number(np.frombuffer(reader.hashes(text), np.uint64))

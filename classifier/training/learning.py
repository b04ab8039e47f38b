"""Learning a model: count, weigh, learn, choose and calibrate on held-out documents, compile.

What is held out are whole sources where the corpus names two or more (a model is used on papers it never saw), and
folds that keep near-duplicates together elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.special import log_softmax
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from classifier.analysis import AnalysisSettings
from classifier.arabic import letter_table
from classifier.corpus import Corpus, load_corpus, read_texts
from classifier.engine import Reader, Weighting
from classifier.engine.tables import hash_term
from classifier.errors import CorpusError
from classifier.evaluation import Evaluation, measure
from classifier.training.calibration import Calibration, calibrate
from classifier.training.compiling import Linear, compile_model
from classifier.training.counting import TermCounter
from classifier.training.folds import Folds, held_out_sources, story_groups, stratified_folds
from classifier.training.leakage import leakage
from classifier.training.neighbourhoods import Neighbourhoods, context_vectors, document_vectors
from classifier.training.targets import Targets, View, useful_views

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Progress = Callable[[str], None]
LARGE = 20_000  # documents
Unlabelled = str | os.PathLike[str] | None


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
class Trained:
    """A trained model file and what is known about it: the held-out report, and what the corpus lacked."""

    path: Path
    digest: str
    report: Evaluation
    left_out: Mapping[str, Sequence[str]]
    near_duplicates: int
    leakage: Mapping[str, float]


def build_pipeline(settings: Settings | None = None, strength: float = 10.0) -> Pipeline:
    """An ordinary, unfitted scikit-learn pipeline of Arabic TF-IDF and logistic regression; texts in, labels out."""
    settings = settings or Settings()
    return Pipeline(
        [
            ("terms", TermCounter(settings.analysis, settings.weighting, settings.min_documents)),
            ("tfidf", TfidfTransformer(sublinear_tf=True)),
            ("linear", LogisticRegression(C=strength, max_iter=1000, class_weight="balanced")),
        ]
    )


def train(
    corpus: Corpus | str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    unlabelled: Unlabelled = None,
    settings: Settings | None = None,
    tune_seconds: float = 0.0,
    name: str | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Learn a model from a labelled corpus, and term neighbourhoods from unlabelled texts, and write it to `out`.

    With `tune_seconds`, other settings are tried on held-out documents for about that long first. Raises `CorpusError`
    when there is too little to learn from; nothing is written then. The same corpus, settings and library versions give
    the same bytes.
    """
    settings, say = settings or Settings(), progress or (lambda _: None)
    if not isinstance(corpus, Corpus):
        name = name or Path(corpus).resolve().name.partition(".")[0]  # not that of `out`: names are part of the bytes
        corpus = load_corpus(corpus)
    corpus.require_learnable()
    if tune_seconds:
        from classifier.training.tuning import tune

        settings = tune(corpus, tune_seconds, settings, unlabelled=unlabelled, progress=progress)
    with threadpool_limits(1):  # sums in one order give one model; and for sparse rows two threads are slower than one
        say(f"counting {len(corpus.examples)} documents" + (" and the unlabelled ones" if unlabelled else ""))
        lesson = Lesson.of(corpus, unlabelled, settings)
        say("learning with documents held out")
        choice = choose(lesson, settings)
        meter = leakage(lesson, choice.strength, settings.seed)
        say("learning from everything")
        weights, bias = lesson.learn(np.arange(len(corpus.examples)), choice.strength)
    calibration, report = choice.calibration, choice.report(corpus)
    bias = bias * calibration.factor + calibration.offsets
    model = compile_model(
        Linear(lesson.terms, lesson.idf, weights * calibration.factor, bias),
        lesson=lesson,
        report=report,
        chosen={"strength": choice.strength, "factor": calibration.factor, "offsets": calibration.offsets.tolist()},
        settings=settings,
        leakage=meter,
        name=name or "model",
    )
    digest = model.write(out)
    stories = len(set(lesson.groups.tolist()))
    return Trained(Path(out), digest, report, corpus.left_out, len(lesson.groups) - stories, meter)


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


@dataclass(frozen=True, slots=True)
class Choice:
    """The settings that did best on held-out documents, and how they did."""

    strength: float
    calibration: Calibration
    loss: float  # mean negative log-likelihood, calibrated
    scores: Floats  # (judged, labels)
    judged: Ints  # the rows that were held out and judged by

    def report(self, corpus: Corpus) -> Evaluation:
        """The figures of the held-out documents."""
        examples = [corpus.examples[row] for row in self.judged]
        truth, names = [example.label for example in examples], [example.name for example in examples]
        return measure(truth, self.calibration.probabilities(self.scores), corpus.labels, names=names)


def _linear(strength: float, rows: int) -> LogisticRegression | LinearSVC:
    """Logistic regression; for LARGE corpora a linear SVM, as good there (calibrated alike) and ten times faster."""
    if rows > LARGE:
        return LinearSVC(C=strength / 10, random_state=0)
    return LogisticRegression(C=strength, max_iter=300, tol=1e-3)


def choose(lesson: Lesson, settings: Settings) -> Choice:
    """Try the strengths on held-out documents; the least loss wins."""
    sources = held_out_sources(lesson.corpus.examples)
    count = settings.folds if len(lesson.groups) <= LARGE else 2
    folds = sources or stratified_folds(lesson.truth, lesson.groups, count, settings.seed)
    judged, weights = _judged(lesson, folds)
    truth = lesson.truth[judged]
    tried = []
    for strength in settings.strengths:
        scores = lesson.held_out_scores(folds, strength)[judged]
        calibration = calibrate(scores, truth, weights, offsets=bool(sources))
        logs = log_softmax(scores * calibration.factor + calibration.offsets, axis=1)
        loss = -float(np.average(logs[np.arange(len(judged)), truth], weights=weights))
        tried.append(Choice(strength, calibration, loss, scores, judged))
    return min(tried, key=lambda choice: choice.loss)


def _judged(lesson: Lesson, folds: Folds) -> tuple[Ints, Floats]:
    """The documents that held-out scores are judged by, the certain ones, and what each counts: every fold the same."""
    certain = np.array([example.confident for example in lesson.corpus.examples])
    parts = [held_out[certain[held_out]] for _, held_out in folds]
    weights = np.concatenate([np.full(len(part), 1.0 / max(len(part), 1)) for part in parts])
    return np.concatenate(parts), weights


def _sequences(texts: Iterator[str], terms: Sequence[str], reader: Reader) -> Iterator[Ints]:
    """Texts as term numbers in reading order, -1 for terms outside the vocabulary."""
    hashes = np.array([hash_term(term) for term in terms], np.uint64)
    order = np.argsort(hashes)
    ranked = hashes[order]
    for text in texts:
        found = np.array(reader.hashes(text), np.uint64)
        places = np.minimum(np.searchsorted(ranked, found), len(ranked) - 1)
        yield np.where(ranked[places] == found, order[places], -1)

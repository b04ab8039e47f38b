"""Learning a model: count, weigh, choose settings on held-out folds, calibrate there, fit on everything, compile."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from classifier.analysis import AnalysisSettings
from classifier.arabic import letter_table
from classifier.corpus import Corpus, Example, load_corpus
from classifier.engine import Reader, Weighting
from classifier.errors import CorpusError
from classifier.evaluation import Evaluation, measure
from classifier.training.compiling import Linear, compile_model
from classifier.training.counting import TermCounter
from classifier.training.folds import story_groups, stratified_folds

Floats = NDArray[np.float64]
Progress = Callable[[str], None]

SECOND_LABEL_SHARE = 0.35  # what the second label of an uncertain document gets of its weight


@dataclass(frozen=True, slots=True)
class Settings:
    """How to learn; the defaults suit news in two to twenty labels."""

    analysis: AnalysisSettings = field(default_factory=AnalysisSettings)
    weighting: Weighting = field(default_factory=Weighting)
    min_documents: int = 2  # terms of fewer documents are left out
    strengths: tuple[float, ...] = (3.0, 10.0, 30.0)  # inverse regularisation strengths to choose from
    folds: int = 5
    seed: int = 0
    max_terms: int = 80_000


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model file and what is known about it: the held-out report, and what the corpus lacked."""

    path: Path
    digest: str
    report: Evaluation
    left_out: Mapping[str, Sequence[str]]
    near_duplicates: int
    strength: float


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
    settings: Settings | None = None,
    name: str | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Learn a model from a labelled corpus and write it to `out`.

    Raises `CorpusError` when there is too little to learn from; nothing is written then. The same corpus, settings and
    library versions give the same bytes.
    """
    settings, say = settings or Settings(), progress or (lambda _: None)
    if not isinstance(corpus, Corpus):
        name = name or Path(corpus).resolve().name.partition(".")[0]  # not that of `out`: names are part of the bytes
        corpus = load_corpus(corpus)
    corpus.require_learnable()
    say(f"counting {len(corpus.examples)} documents")
    pipeline = build_pipeline(settings)
    counts = pipeline.named_steps["terms"].fit_transform(corpus.texts)
    if not counts.shape[1]:
        raise CorpusError(f"no term stands in {settings.min_documents} documents; give more or longer documents")
    tfidf = pipeline.named_steps["tfidf"].fit_transform(counts)
    groups = story_groups(corpus.texts, Reader(settings.analysis, letter_table()))
    targets = Targets.of(corpus.examples, corpus.labels)
    say("choosing the settings on held-out folds")
    strength, scores = _choose_strength(pipeline, tfidf, targets, groups, settings)
    temperature = fit_temperature(scores, targets.truth)
    report = measure(
        [example.label for example in corpus.examples],
        softmax(scores / temperature, axis=1),
        corpus.labels,
        names=[example.name for example in corpus.examples],
    )
    say("fitting on everything")
    linear = _fit(pipeline, strength, tfidf, targets, np.arange(len(targets.truth)))
    model = compile_model(
        Linear(pipeline.named_steps["terms"].terms_, pipeline.named_steps["tfidf"].idf_, *linear).cooled(temperature),
        corpus=corpus,
        counts=counts,
        report=report,
        chosen={"strength": strength, "temperature": round(temperature, 6), **_described(settings)},
        settings=(settings.analysis, settings.weighting),
        max_terms=settings.max_terms,
        name=name or "model",
    )
    digest = model.write(out)
    return Trained(Path(out), digest, report, corpus.left_out, len(groups) - len(set(groups.tolist())), strength)


@dataclass(frozen=True, slots=True)
class Targets:
    """What to learn, as (row, label number, weight) triples; an uncertain document is learned under both its labels."""

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    weights: Floats
    truth: NDArray[np.int64]  # the first label of every document

    @classmethod
    def of(cls, examples: Sequence[Example], labels: Sequence[str]) -> Targets:
        """The targets of examples, in their order."""
        number = {label: position for position, label in enumerate(labels)}
        triples = []
        for row, example in enumerate(examples):
            second = number.get(example.second_label) if not example.confident else None
            share = SECOND_LABEL_SHARE if second is not None else 0.0
            triples.append((row, number[example.label], 1.0 - share))
            if second is not None:
                triples.append((row, second, share))
        rows, numbers, weights = zip(*triples, strict=True)
        truth = np.array([number[example.label] for example in examples])
        return cls(np.array(rows), np.array(numbers), np.array(weights), truth)

    def among(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """The triples of some documents."""
        inside = np.isin(self.rows, rows)
        return self.rows[inside], self.labels[inside], self.weights[inside]


def fit_temperature(scores: Floats, truth: NDArray[np.int64]) -> float:
    """The temperature that makes softmax(scores / T) most likely on held-out documents (Guo et al., 2017)."""

    def loss(logarithm: float) -> float:
        shares = log_softmax(scores / np.exp(logarithm), axis=1)
        return -float(shares[np.arange(len(truth)), truth].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded").x))


def _choose_strength(
    pipeline: Pipeline, tfidf: scipy.sparse.csr_matrix, targets: Targets, groups: NDArray[np.int32], settings: Settings
) -> tuple[float, Floats]:
    """The strength with the least held-out loss at its best temperature, and its held-out scores (n, labels)."""
    folds = stratified_folds(targets.truth, groups, settings.folds, settings.seed)
    tried = []
    for strength in settings.strengths:
        scores = np.zeros((tfidf.shape[0], int(targets.truth.max()) + 1))
        for learned, held_out in folds:
            weights, bias = _fit(pipeline, strength, tfidf, targets, learned)
            scores[held_out] = tfidf[held_out] @ weights + bias
        shares = log_softmax(scores / fit_temperature(scores, targets.truth), axis=1)
        tried.append((-float(shares[np.arange(len(scores)), targets.truth].mean()), strength, scores))
    _, strength, scores = min(tried, key=lambda trial: trial[0])
    return strength, scores


def _fit(
    pipeline: Pipeline, strength: float, tfidf: scipy.sparse.csr_matrix, targets: Targets, rows: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Weights (terms, labels) and intercepts (labels,) learned on some rows."""
    which, labels, weights = targets.among(rows)
    linear = pipeline.named_steps["linear"].set_params(C=strength)
    with threadpool_limits(1):  # sums in one order give one model; and for sparse rows two threads are slower than one
        linear.fit(tfidf[which], labels, sample_weight=weights)
    if len(linear.classes_) == 2:  # scikit-learn keeps one column for two labels
        return np.vstack((-linear.coef_, linear.coef_)).T / 2, np.concatenate(
            (-linear.intercept_, linear.intercept_)
        ) / 2
    return linear.coef_.T, linear.intercept_


def _described(settings: Settings) -> dict[str, Any]:
    return {"min_documents": settings.min_documents, "folds": settings.folds, "seed": settings.seed}

"""A learned linear model to the arrays of a model file, and from a model file to a scikit-learn pipeline."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import sklearn
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from classifier import __version__, artefact
from classifier.decision import Thresholds
from classifier.drafts import replacing
from classifier.engine import Engine, Tables, softmax
from classifier.engine.tables import lay_out, settings_of
from classifier.errors import ClassifierError
from classifier.evaluation import Evaluation
from classifier.model import Model
from classifier.training.canaries import CANARIES
from classifier.training.counting import TermCounter
from classifier.training.folds import held_out_sources
from classifier.training.lesson import Lesson, Settings

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Linear:
    """Terms (n), idf (n,), weights (n, labels) and intercepts (labels,)."""

    terms: list[str]
    idf: Floats
    weights: Floats
    bias: Floats

    def selected(self, rows: NDArray[np.int64]) -> Linear:
        """The same with some of the terms, in the order given."""
        return Linear([self.terms[row] for row in rows], self.idf[rows], self.weights[rows], self.bias)


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a model file holds."""

    arrays: Mapping[str, Any]
    metadata: Mapping[str, Any]

    def write(self, path: str | os.PathLike[str]) -> str:
        """Write the model file, whole or not at all; return its digest."""
        return artefact.save(path, self.arrays, self.metadata)


def compile_model(
    linear: Linear,
    *,
    lesson: Lesson,
    report: Evaluation,
    proof: Sequence[Mapping[str, float]],
    chosen: Mapping[str, Any],
    settings: Settings,
    leakage: Mapping[str, float],
    name: str,
) -> Compiled:
    """Prune, order and lay out a learned model, with its report, provenance and canaries."""
    linear = linear.selected(most_useful(linear, lesson.documents, settings.max_terms))
    arrays = lay_out(linear.terms, linear.idf, linear.weights, linear.bias, settings.analysis.letters)
    metadata: dict[str, Any] = {
        "name": name,
        "labels": list(lesson.corpus.labels),
        **settings_of(settings.analysis, settings.weighting),
        "thresholds": asdict(Thresholds(coverage=least_coverage(lesson.coverage))),
        "calibration": {"method": "temperature", "ece": report.ece, **chosen},
        "risk": [dict(row) for row in proof],
        "report": {"held_out": _held_out(lesson), **_summary(report), "leakage": dict(leakage)},
        "provenance": _provenance(lesson, settings),
    }
    metadata["canaries"] = answered_canaries(arrays, metadata)
    return Compiled(arrays, metadata)


def answered_canaries(arrays: Mapping[str, Any], metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The canaries of a model file with the probabilities that its arrays give them."""
    engine = Engine(Tables.from_artefact(artefact.views(arrays), metadata))
    return [
        {"text": text, "probabilities": softmax(tally.scores)}
        for text, tally in zip(CANARIES, engine.tally_many(CANARIES), strict=True)
    ]


def most_useful(linear: Linear, documents: NDArray[np.int64], max_terms: int) -> NDArray[np.int64]:
    """The rows of the terms that move scores most over the corpus, the most frequent term first."""
    spread = linear.weights.max(axis=1) - linear.weights.min(axis=1)
    moved = np.argsort(-(documents * linear.idf * spread), kind="stable")[:max_terms]
    return moved[np.lexsort((moved, -documents[moved]))]


def least_coverage(coverage: Floats) -> float:
    """The share of known words below which a document is unlike all that was learned from.

    `coverage` (n,) is what each labelled document would have had as a new one; all but the strangest stay above.
    """
    return round(float(np.clip(np.quantile(coverage, 0.005) - 0.03, 0.2, 0.8)), 3)


def export_pipeline(model: Model, path: str | os.PathLike[str]) -> None:
    """Write the scikit-learn pipeline that gives the model's probabilities, by joblib.

    Whoever loads the file needs this package beside scikit-learn, and must trust the file: joblib files can run code.
    """
    import joblib

    if Path(path).suffix != ".joblib":
        raise ClassifierError(f"{path}: the exported pipeline is a joblib file; give a name that ends in .joblib")
    with replacing(path) as draft:
        joblib.dump(to_pipeline(model), draft)


def to_pipeline(model: Model) -> Pipeline:
    """A fitted scikit-learn pipeline with the model's terms, idf and weights."""
    tables, labels = model.tables, len(model.labels)
    counter = TermCounter(tables.analysis, tables.weighting)
    counter.terms_ = model.terms
    tfidf = TfidfTransformer(sublinear_tf=True)
    tfidf.idf_ = np.array(tables.idf, np.float64)
    linear = LogisticRegression()
    weights = (np.array(tables.weights).reshape(-1, labels) * np.array(tables.scale)).T
    bias = np.array(tables.bias)
    if labels == 2:
        weights, bias = weights[1:] - weights[:1], bias[1:] - bias[:1]
    linear.coef_, linear.intercept_, linear.classes_ = weights, bias, np.array(model.labels)
    return Pipeline([("terms", counter), ("tfidf", tfidf), ("linear", linear)])


def _held_out(lesson: Lesson) -> str:
    """What the report's documents were held out by, in words."""
    sources = sorted({example.source for example in lesson.corpus.examples})
    if held_out_sources(lesson.corpus.examples):
        return f"each source ({', '.join(filter(None, sources))}) by a model learned from the others"
    return "cross-validated, near-duplicates kept on one side"


def _summary(report: Evaluation) -> dict[str, Any]:
    """The held-out figures a model carries: everything but the texts of its mistakes and the curves kept elsewhere."""
    values = report.as_dict()
    return {key: value for key, value in values.items() if key not in ("mistakes", "risk")}


def _provenance(lesson: Lesson, settings: Settings) -> dict[str, Any]:
    versions = {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__}
    kept = ("min_documents", "folds", "seed", "document_dimensions", "context_dimensions", "tutor_share", "max_terms")
    return {
        "corpus": lesson.corpus.digest,
        "documents": len(lesson.corpus.examples),
        "unlabelled": lesson.unlabelled,
        "left_out": {reason: len(names) for reason, names in lesson.corpus.left_out.items()},
        "settings": {name: getattr(settings, name) for name in kept},
        "versions": {"arabic-topic-classifier": __version__, "python": platform.python_version(), **versions},
    }

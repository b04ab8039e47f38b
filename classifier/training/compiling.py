"""A learned linear model to the arrays of a model file, and from a model file to a scikit-learn pipeline."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import scipy.sparse
import sklearn
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from classifier import __version__, artefact
from classifier.analysis import AnalysisSettings
from classifier.arabic import letter_table
from classifier.corpus import Corpus
from classifier.decision import Thresholds, softmax
from classifier.engine import Engine, Tables, Weighting
from classifier.engine.tables import lay_out, settings_of
from classifier.errors import ClassifierError
from classifier.evaluation import Evaluation
from classifier.model import Model
from classifier.training.canaries import CANARIES
from classifier.training.counting import TermCounter

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Linear:
    """Terms (n), idf (n,), weights (n, labels) and intercepts (labels,)."""

    terms: list[str]
    idf: Floats
    weights: Floats
    bias: Floats

    def cooled(self, temperature: float) -> Linear:
        """The same with its scores divided by a temperature, so that softmax gives calibrated probabilities."""
        return replace(self, weights=self.weights / temperature, bias=self.bias / temperature)

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
    corpus: Corpus,
    counts: scipy.sparse.csr_matrix,
    report: Evaluation,
    chosen: Mapping[str, Any],
    settings: tuple[AnalysisSettings, Weighting],
    max_terms: int,
    name: str,
) -> Compiled:
    """Prune, order and lay out a learned model, with its report, provenance and canaries."""
    documents = np.bincount(counts.indices, minlength=counts.shape[1])
    linear = linear.selected(most_useful(linear, documents, max_terms))
    arrays = lay_out(linear.terms, linear.idf, linear.weights, linear.bias, letter_table())
    metadata = {
        "name": name,
        "labels": list(corpus.labels),
        **settings_of(*settings),
        "thresholds": asdict(Thresholds(coverage=least_coverage(counts, corpus))),
        "calibration": {"method": "temperature", "temperature": chosen["temperature"], "ece": report.ece},
        "risk": [dict(row) for row in report.risk],
        "report": _summary(report),
        "provenance": _provenance(corpus, chosen),
    }
    metadata["canaries"] = _canaries(arrays, metadata)
    return Compiled(arrays, metadata)


def _canaries(arrays: Mapping[str, Any], metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
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


def least_coverage(counts: scipy.sparse.csr_matrix, corpus: Corpus) -> float:
    """The share of known words below which a document is unlike all that was learned from."""
    return 0.3


def export_pipeline(model: Model, path: str | os.PathLike[str]) -> None:
    """Write the scikit-learn pipeline that gives the model's probabilities, by joblib.

    Whoever loads the file needs this package beside scikit-learn, and must trust the file: joblib files can run code.
    """
    import joblib

    if Path(path).suffix != ".joblib":
        raise ClassifierError(f"{path}: the exported pipeline is a joblib file; give a name that ends in .joblib")
    joblib.dump(to_pipeline(model), path)


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


def _summary(report: Evaluation) -> dict[str, Any]:
    """The held-out figures a model carries: everything but the texts of its mistakes and the curves kept elsewhere."""
    values = report.as_dict()
    return {key: value for key, value in values.items() if key not in ("mistakes", "risk")}


def _provenance(corpus: Corpus, chosen: Mapping[str, Any]) -> dict[str, Any]:
    versions = {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__}
    return {
        "corpus": corpus.digest,
        "documents": len(corpus.examples),
        "left_out": {reason: len(names) for reason, names in corpus.left_out.items()},
        "settings": dict(chosen),
        "versions": {"arabic-topic-classifier": __version__, "python": platform.python_version(), **versions},
    }

"""How good a model's answers are: from labels and probabilities to figures with intervals.

Everything is computed from three arrays (true label, probabilities, answered or not), so the same code measures a
model, a cross-validation and a rival. A document the model declines counts as wrong, and last in order of certainty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.corpus import Corpus
from classifier.errors import CorpusError
from classifier.model import Model

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

BINS = 15
RESAMPLES = 1000
ERRORS_ASKED = (0.01, 0.02, 0.05)
WORST = 20


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """Precision, recall and F1 of one label, each with a 95 % interval (low, high)."""

    label: str
    support: int
    precision: float
    recall: float
    f1: float
    precision_interval: tuple[float, float]
    recall_interval: tuple[float, float]
    f1_interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong answer; `probability` is what the model gave it, `row` the document's place in the corpus."""

    name: str
    truth: str
    answer: str
    probability: float
    text: str  # its beginning
    row: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All figures of one model on one corpus."""

    documents: int
    answered: int
    labels: tuple[str, ...]
    accuracy: float
    accuracy_interval: tuple[float, float]
    macro_f1: float
    macro_f1_interval: tuple[float, float]
    per_label: tuple[LabelFigures, ...]
    ece: float
    aurc: float
    coverage_at_error: Mapping[str, float]
    risk: tuple[Mapping[str, float], ...]
    reliability: tuple[Mapping[str, float], ...]
    confusion: tuple[
        tuple[int, ...], ...
    ]  # rows: truth, columns: answer, in the order of `labels`; last column: unknown
    mistakes: tuple[Mistake, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def evaluate(model: Model, corpus: Corpus) -> Evaluation:
    """Measure what `predict` answers on a labelled corpus; labels the model lacks can only be answered wrongly.

    Raises `CorpusError` when the corpus and the model have no label in common.
    """
    found = sorted({example.label for example in corpus.examples})
    if not set(found) & set(model.labels):
        raise CorpusError(
            f"none of the corpus' labels ({', '.join(found[:5])}) is one of the model's "
            f"({', '.join(model.labels[:5])}); name them as the model does, or give the model they belong to"
        )
    predictions = model.predict_many(corpus.texts)
    probabilities = np.array([[part.probabilities.get(label, 0.0) for label in model.labels] for part in predictions])
    answered = np.array([prediction.label is not None for prediction in predictions])
    names = [example.name for example in corpus.examples]
    truth = [example.label for example in corpus.examples]
    return measure(truth, probabilities, model.labels, answered=answered, names=names, texts=corpus.texts)


def measure(
    truth: Sequence[str],
    probabilities: Floats,
    labels: Sequence[str],
    *,
    answered: Bools | None = None,
    names: Sequence[str] = (),
    texts: Sequence[str] = (),
) -> Evaluation:
    """Figures from true labels (n), probabilities (n, len(labels)) and which documents were answered (default: all)."""
    every = (*labels, *sorted(set(truth) - set(labels)))
    actual = np.array([every.index(label) for label in truth], np.int64)
    answered = np.ones(len(truth), bool) if answered is None else answered
    answer = np.where(answered, probabilities.argmax(axis=1), len(every))
    certainty = np.where(answered, probabilities.max(axis=1), 0.0)
    right = answer == actual
    confusion = _confusion(actual, answer, len(every))
    risk = risk_coverage(certainty, right)
    return Evaluation(
        documents=len(truth),
        answered=int(answered.sum()),
        labels=every,
        accuracy=float(right.mean()),
        accuracy_interval=wilson(int(right.sum()), len(truth)),
        macro_f1=float(_macro_f1(_scores(confusion))),
        macro_f1_interval=_resampled_macro_f1(actual, answer, len(every)),
        per_label=_per_label(confusion, every),
        ece=expected_calibration_error(certainty[answered], right[answered]),
        aurc=float(np.mean([row["error"] for row in risk])) if risk else 0.0,
        coverage_at_error={f"{asked:g}": coverage_at(risk, asked) for asked in ERRORS_ASKED},
        risk=tuple(thinned(risk)),
        reliability=tuple(reliability(certainty[answered], right[answered])),
        confusion=tuple(tuple(map(int, row)) for row in confusion),
        mistakes=_worst(actual, answer, certainty, every, names=names, texts=texts),
    )


def risk_coverage(certainty: Floats, right: Bools) -> list[dict[str, float]]:
    """Error and coverage when only answers at least as certain as `probability` are given, one row per document."""
    order = np.argsort(-certainty, kind="stable")
    given = last_of_ties(certainty[order]) + 1
    error = np.cumsum(~right[order])[given - 1] / given
    return [
        {"probability": float(p), "error": float(e), "coverage": float(c), "answers": int(n)}
        for p, e, c, n in zip(certainty[order], error, given / len(order), given, strict=True)
    ]


def last_of_ties(falling: Floats) -> Ints:
    """For each of some falling values, the place of the last equal one: what is as certain is answered as well."""
    return np.searchsorted(-falling, -falling, side="right") - 1


def coverage_at(risk: Sequence[Mapping[str, float]], error: float) -> float:
    """The largest share of documents that can be answered with at most this error."""
    return max((row["coverage"] for row in risk if row["error"] <= error), default=0.0)


def expected_calibration_error(certainty: Floats, right: Bools, bins: int = BINS) -> float:
    """ECE with equal-width bins (Naeini, Cooper and Hauskrecht, 2015): the mean gap of certainty and accuracy."""
    rows = reliability(certainty, right, bins)
    total = sum(row["documents"] for row in rows)
    return sum(row["documents"] * abs(row["certainty"] - row["accuracy"]) for row in rows) / total if total else 0.0


def reliability(certainty: Floats, right: Bools, bins: int = BINS) -> list[dict[str, float]]:
    """Mean certainty and accuracy of the documents in each equal-width bin of certainty that holds any."""
    which = np.minimum((certainty * bins).astype(int), bins - 1)
    rows = []
    for number in range(bins):
        inside = which == number
        if inside.any():
            mean, accuracy = float(certainty[inside].mean()), float(right[inside].mean())
            rows.append({"documents": float(inside.sum()), "certainty": mean, "accuracy": accuracy})
    return rows


def _confusion(actual: Ints, answer: Ints, labels: int) -> Ints:
    """Counts (labels, labels + 1); the last column holds the unanswered."""
    return np.bincount(actual * (labels + 1) + answer, minlength=labels * (labels + 1)).reshape(labels, labels + 1)


def _scores(confusion: Ints) -> dict[str, Floats]:
    """Precision, recall and F1 per label, 0 where there is nothing to divide by; `occurs` is 1 where there is."""
    hits = np.diagonal(confusion).astype(float)
    given, wanted = confusion.sum(axis=0)[:-1], confusion.sum(axis=1)
    return {
        "precision": hits / np.maximum(given, 1),
        "recall": hits / np.maximum(wanted, 1),
        "f1": 2 * hits / np.maximum(given + wanted, 1),
        "occurs": (given + wanted > 0).astype(float),
    }


def _macro_f1(scores: Mapping[str, Floats]) -> Floats:
    """The mean F1 of the labels (last axis) that are the truth or the answer of a document, as scikit-learn has it."""
    return np.asarray(scores["f1"].sum(axis=-1) / np.maximum(scores["occurs"].sum(axis=-1), 1))


def _resampled_macro_f1(actual: Ints, answer: Ints, labels: int) -> tuple[float, float]:
    """The 95 % bootstrap interval of macro-F1: of documents drawn with replacement."""
    random = np.random.default_rng(0)
    drawn = (random.integers(0, len(actual), len(actual)) for _ in range(RESAMPLES))
    scores = [float(_macro_f1(_scores(_confusion(actual[rows], answer[rows], labels)))) for rows in drawn]
    low, high = np.quantile(scores, (0.025, 0.975))
    return float(low), float(high)


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927), which does not shrink to nothing when all or none are hits."""
    if not trials:
        return 0.0, 1.0
    share, z = hits / trials, NormalDist().inv_cdf(0.975)
    middle, spread = share + z**2 / (2 * trials), z * math.sqrt((share * (1 - share) + z**2 / (4 * trials)) / trials)
    low, high = ((middle + side * spread) / (1 + z**2 / trials) for side in (-1, 1))
    return max(0.0, low), min(1.0, high)


def _per_label(confusion: Ints, labels: Sequence[str]) -> tuple[LabelFigures, ...]:
    """The figures of each label; F1 is 2 J / (1 + J), J the share of hits among documents that have or got it."""
    scores = _scores(confusion)
    given, wanted = confusion.sum(axis=0)[:-1], confusion.sum(axis=1)
    figures = []
    for number, label in enumerate(labels):
        hits, got, had = int(confusion[number, number]), int(given[number]), int(wanted[number])
        low, high = (2 * share / (1 + share) for share in wilson(hits, got + had - hits))
        figures.append(
            LabelFigures(
                label=label,
                support=had,
                precision=float(scores["precision"][number]),
                recall=float(scores["recall"][number]),
                f1=float(scores["f1"][number]),
                precision_interval=wilson(hits, got),
                recall_interval=wilson(hits, had),
                f1_interval=(low, high),
            )
        )
    return tuple(figures)


def thinned(risk: Sequence[Mapping[str, float]], rows: int = 200) -> list[Mapping[str, float]]:
    """At most `rows` rows of a risk-coverage table, its last included."""
    step = max(1, -(-len(risk) // rows))
    return [row for number, row in enumerate(risk, 1) if number % step == 0 or number == len(risk)]


def _worst(
    actual: Ints, answer: Ints, certainty: Floats, labels: Sequence[str], *, names: Sequence[str], texts: Sequence[str]
) -> tuple[Mistake, ...]:
    """The wrong answers, most certain first."""
    wrong = [number for number in np.argsort(-certainty, kind="stable") if answer[number] != actual[number]][:WORST]
    answers = (*labels, "unknown")
    return tuple(
        Mistake(
            names[number] if names else str(number),
            labels[actual[number]],
            answers[answer[number]],
            float(certainty[number]),
            " ".join(texts[number].split())[:200] if texts else "",
            int(number),
        )
        for number in wrong
    )

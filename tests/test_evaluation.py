"""Figures of answers: the same as scikit-learn's where it has them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from classifier.evaluation import coverage_at, measure, risk_coverage, wilson


@pytest.mark.parametrize("found", ["abc", "ab"], ids=["every label", "two of three labels"])
def test_macro_f1_is_of_the_labels_that_occur(found: str) -> None:
    random = np.random.default_rng(0)
    truth = random.choice(list(found), 300)
    probabilities = random.dirichlet([0.5] * 3, 300) * [label in found for label in "abc"]
    answers = np.array(list("abc"))[probabilities.argmax(axis=1)]
    figures = measure(truth.tolist(), probabilities, "abc")
    assert figures.accuracy == pytest.approx(accuracy_score(truth, answers))
    assert figures.macro_f1 == pytest.approx(f1_score(truth, answers, average="macro"))
    low, high = figures.macro_f1_interval
    assert low < figures.macro_f1 < high


def test_what_is_as_certain_is_answered_as_well() -> None:
    """... whatever the order of the documents."""
    certainty, right = np.ones(100), np.arange(100) % 10 > 0
    for order in (np.argsort(right), np.argsort(~right)):
        assert coverage_at(risk_coverage(certainty[order], right[order]), 0.05) == 0.0
        assert coverage_at(risk_coverage(certainty[order], right[order]), 0.1) == 1.0


@pytest.mark.parametrize(
    ("hits", "trials", "interval"),
    [(0, 10, (0.0, 0.2775)), (10, 10, (0.7225, 1.0)), (5, 10, (0.2366, 0.7634)), (0, 0, (0.0, 1.0))],
)
def test_the_interval_of_a_share(hits: int, trials: int, interval: tuple[float, float]) -> None:
    assert wilson(hits, trials) == pytest.approx(interval, abs=1e-4)


def test_perfect_answers_are_not_sure_to_be() -> None:
    (first, second) = measure(["a"] * 10 + ["b"] * 10, np.eye(2).repeat(10, axis=0), "ab").per_label
    assert first.recall_interval == first.precision_interval == wilson(10, 10)
    low, _ = second.f1_interval
    assert wilson(10, 10)[0] < low < 1.0  # among as many documents, an F1 is nearer to 1 than a share

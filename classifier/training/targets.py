"""What a linear model is to learn from a corpus: rows, labels and weights, under several views of uncertain labels.

A document whose reader was not sure has a second label. Whether to learn it under both, under the first alone, or not
at all is a choice that no single answer wins on new sources, so the weights learned under each view are averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from classifier.corpus import Example

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_SHARE = 0.02  # of a soft label: less is not worth a row


@dataclass(frozen=True, slots=True)
class View:
    """One way to weigh a corpus."""

    second_share: float = 0.0  # what the second label of an uncertain document gets of its weight
    uncertain: bool = True  # whether uncertain documents are learned from at all
    per_source: bool = False  # balance the labels within every source, or over all documents


VIEWS = (
    View(second_share=0.25, per_source=True),
    View(second_share=0.35),
    View(),
    View(uncertain=False, per_source=True),
)


@dataclass(frozen=True, slots=True)
class Targets:
    """(row, label number, weight) triples; the weights of every certain label are equal in sum."""

    rows: Ints
    labels: Ints
    weights: Floats

    def beside(self, shares: Floats, first: int, part: float) -> Targets:
        """These, and rows from `first` on under soft labels `shares` (rows, labels), `part` of their weight in sum."""
        rows, labels = np.nonzero(shares > LEAST_SHARE)
        weights = shares[rows, labels]
        weights *= part * self.weights.sum() / weights.sum()
        return Targets(
            np.concatenate([self.rows, first + rows]),
            np.concatenate([self.labels, labels]),
            np.concatenate([self.weights, weights]),
        )

    @classmethod
    def of(cls, examples: Sequence[Example], labels: Sequence[str], rows: Ints, view: View) -> Targets:
        """The targets of some rows of a corpus under one view.

        Uncertain documents are learned from under any view where the certain ones would not have every label.
        """
        view = _applicable(view, [examples[row] for row in rows])
        number = {label: position for position, label in enumerate(labels)}
        triples = [triple for row in rows for triple in _triples(int(row), examples[row], number, view)]
        learned, numbers, weights = (np.array(part) for part in zip(*triples, strict=True))
        sources = np.array([examples[row].source for row in learned])
        weights = _damped(weights.astype(np.float64), sources)
        parts = sources if view.per_source else np.zeros_like(sources)
        return cls(learned, numbers, _balanced(weights, numbers, parts))


def useful_views(examples: Sequence[Example]) -> tuple[View, ...]:
    """The views that differ on a corpus: one for a corpus without uncertain documents and sources."""
    if any(not example.confident for example in examples):
        return VIEWS
    return (View(per_source=True),)


def _applicable(view: View, examples: Sequence[Example]) -> View:
    """The view, but with uncertain documents where it would have none of a label that the examples have."""
    certain = {example.label for example in examples if example.confident}
    if view.uncertain or certain == {example.label for example in examples}:
        return view
    return replace(view, uncertain=True)


def _triples(row: int, example: Example, number: dict[str, int], view: View) -> list[tuple[int, int, float]]:
    label, second = number[example.label], number.get(example.second_label)
    if example.confident:
        return [(row, label, 1.0)]
    if not view.uncertain:
        return []
    if second is None or not view.second_share:
        return [(row, label, 1.0)]
    return [(row, label, 1.0 - view.second_share), (row, second, view.second_share)]


def _damped(weights: Floats, sources: NDArray[np.str_]) -> Floats:
    """Weights with the same sum, of which every source has a share as the square root of its documents.

    Else the largest source would drown the others, and labelling more of it would harm.
    """
    _, source = np.unique(sources, return_inverse=True)
    damped: Floats = weights / np.sqrt(np.bincount(source, weights))[source]
    damped *= weights.sum() / damped.sum()
    return damped


def _balanced(weights: Floats, labels: Ints, parts: NDArray[np.str_]) -> Floats:
    """Weights with the same sum for each label of a part, and the part's own sum kept."""
    _, part = np.unique(parts, return_inverse=True)
    sums = np.zeros((part.max() + 1, labels.max() + 1))  # of each label in each part
    np.add.at(sums, (part, labels), weights)
    shares = sums.sum(axis=1) / np.count_nonzero(sums, axis=1)
    balanced: Floats = weights * shares[part] / sums[part, labels]
    return balanced

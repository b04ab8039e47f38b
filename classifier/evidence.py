"""Why a text has its scores: every known term's contribution to every label, told in the text's own spelling.

A score is linear in the terms, so the explanation is exact: nothing is sampled or approximated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from classifier.analysis import is_word
from classifier.arabic import ENDING
from classifier.engine import Engine, Tables, softmax
from classifier.prediction import Evidence, Span

Origins = Callable[[Sequence[Span]], tuple[Span, ...]]


@dataclass(frozen=True, slots=True)
class Account:
    """Why a label has its score: `bias` and the contributions of `evidence`, strongest first, add up to `score`."""

    label: str
    probability: float
    score: float
    bias: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A term the model does not know, as it is spelt in the text, and where it stands."""

    term: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The accounts of all labels of one text, the best first, and what the model did not know in it."""

    accounts: tuple[Account, ...]
    words: int
    known: int
    unknown: tuple[Unknown, ...]  # most frequent first
    others: tuple[Account, ...] = ()  # of a mixed page: why its other articles have their labels, scored by themselves

    @property
    def label(self) -> str:
        """The best label."""
        return self.accounts[0].label

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What spoke for and against the best label, strongest first."""
        return self.accounts[0].evidence

    @property
    def runner_up(self) -> Account:
        """The account of the second best label."""
        return self.accounts[1]

    def of(self, label: str) -> Account:
        """The account of a label; raises `KeyError` for one the model lacks."""
        for account in self.accounts:
            if account.label == label:
                return account
        raise KeyError(label)


def explain(text: str, engine: Engine, tables: Tables, labels: Sequence[str], origins: Origins = tuple) -> Explanation:
    """The accounts of all labels for a text, the best first, and the terms that the model does not know.

    `origins` says where spans of the text lie in the document, where it is not the document's own.
    """
    occurrences = engine.occurrences(text)
    stems: dict[int, str] = {}
    spans: dict[str, dict[Span, None]] = {}
    unknown: dict[str, list[Span]] = {}
    words = 0
    for occurrence, term in zip(occurrences, engine.terms(text), strict=True):
        span = (occurrence.start, occurrence.end)
        words += is_word(term.text)
        if occurrence.row >= 0:
            stem = stems[occurrence.row] = term.text.removeprefix(ENDING)  # what a word says where it is, is its own
            spans.setdefault(stem, {})[span] = None
        elif is_word(term.text):
            unknown.setdefault(term.text, []).append(span)
    values = tables.values([occurrence.row for occurrence in occurrences])
    terms = {stem: Evidence(_spelling(text, found), 0.0, origins([*found]), stem) for stem, found in spans.items()}
    accounts = _accounts(values, stems, terms, tables=tables, labels=labels)
    known = words - sum(map(len, unknown.values()))
    return Explanation(accounts, words, known, _unknown(text, unknown, origins))


def _accounts(
    values: Mapping[int, float],
    stems: Mapping[int, str],
    terms: Mapping[str, Evidence],
    *,
    tables: Tables,
    labels: Sequence[str],
) -> tuple[Account, ...]:
    parts = [_contributions(values, stems, terms, tables, column) for column in range(len(labels))]
    biases = [float(bias) for bias in tables.bias]
    scores = [bias + sum(part.contribution for part in evidence) for bias, evidence in zip(biases, parts, strict=True)]
    columns = zip(labels, softmax(scores), scores, biases, parts, strict=True)
    return tuple(sorted((Account(*column) for column in columns), key=lambda account: -account.score))


def _contributions(
    values: Mapping[int, float], stems: Mapping[int, str], terms: Mapping[str, Evidence], tables: Tables, column: int
) -> tuple[Evidence, ...]:
    sums = dict.fromkeys(terms, 0.0)
    for row, value in values.items():
        sums[stems[row]] += value * tables.weight(row, column)
    evidence = [replace(terms[stem], contribution=contribution) for stem, contribution in sums.items()]
    return tuple(sorted(evidence, key=lambda part: (-abs(part.contribution), part.stem)))


def _unknown(text: str, spans: Mapping[str, Sequence[Span]], origins: Origins) -> tuple[Unknown, ...]:
    found = sorted(spans.values(), key=lambda places: (-len(places), places[0]))
    return tuple(Unknown(_spelling(text, places), origins(places)) for places in found)


def _spelling(text: str, spans: Iterable[Span]) -> str:
    """How a term is most often written in the text; the earliest way among equals."""
    return Counter(text[start:end] for start, end in spans).most_common(1)[0][0]

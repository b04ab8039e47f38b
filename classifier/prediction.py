"""What a model answers: the prediction of one document, its passages, and the account of why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from classifier.errors import Reason

Span = tuple[int, int]
"""Characters of the text as it was given: first, and one past the last."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One term's part in a score: the contributions of all terms and the bias add up to it."""

    term: str  # as it is most often spelt in the text
    contribution: float
    spans: tuple[Span, ...]  # every occurrence
    stem: str = ""  # as the model knows it


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of paragraphs on one topic: characters `start` to `end`; `share` is its part of the text's words."""

    label: str
    probability: float
    share: float
    start: int
    end: int

    def as_dict(self) -> dict[str, Any]:
        """The passage as plain values, in the contract's order."""
        return {
            "label": self.label,
            "probability": self.probability,
            "share": self.share,
            "start": self.start,
            "end": self.end,
        }


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


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for one document; `as_dict` is its line of JSON (DESIGN.md, Prediction)."""

    path: str | None
    sha256: str | None
    status: str  # labelled, unknown, failed
    label: str | None
    probability: float | None
    probabilities: Mapping[str, float]
    reason: Reason | None
    message: str | None
    coverage: float
    topics: tuple[Mapping[str, Any], ...]
    model: str
    evidence: tuple[Evidence, ...] | None = field(default=None)
    passages: tuple[Passage, ...] | None = field(default=None)

    @classmethod
    def failed(cls, path: str | None, reason: Reason, message: str, model: str) -> Prediction:
        """The answer for a document that could not be read."""
        status = "failed" if reason.is_failure else "unknown"
        return cls(path, None, status, None, None, {}, reason, message, 0.0, (), model)

    def as_dict(self) -> dict[str, Any]:
        """The prediction as plain values in the contract's order; `passages` and `evidence` only where asked for."""
        values: dict[str, Any] = {
            "path": self.path,
            "sha256": self.sha256,
            "status": self.status,
            "label": self.label,
            "probability": self.probability,
            "probabilities": dict(self.probabilities),
            "reason": None if self.reason is None else str(self.reason),
            "message": self.message,
            "coverage": self.coverage,
            "topics": [dict(topic) for topic in self.topics],
            "model": self.model,
        }
        if self.passages is not None:
            values["passages"] = [passage.as_dict() for passage in self.passages]
        if self.evidence is not None:
            values["evidence"] = [
                {"term": part.term, "contribution": part.contribution, "spans": [list(span) for span in part.spans]}
                for part in self.evidence
            ]
        return values

"""What a model answers: the prediction of one document, with its evidence and passages where they were asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from classifier.errors import DocumentError, Reason

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


def utf8_of(text: str) -> bytes:
    """A text as UTF-8; lone surrogates as they stand, though no UTF-8 should hold them."""
    return text.encode("utf-8", "surrogatepass")


def digest_of(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(utf8_of(text)).hexdigest()


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
    def failed(cls, path: str | None, error: DocumentError, model: str, sha256: str | None = None) -> Prediction:
        """The answer for a document that could not be read, with the digest given or else the error's."""
        reason, message, sha256 = error.reason, str(error), sha256 or error.sha256
        status = "failed" if reason.is_failure else "unknown"
        return cls(path, sha256, status, None, None, {}, reason, message, 0.0, (), model)

    def located(self, path: str, sha256: str, repairs: Sequence[str] = ()) -> Prediction:
        """The same answer as that of a file with these bytes, its message naming what was put right while reading."""
        notes = [self.message] if self.message else []
        if repairs:
            notes.append("put right while reading: " + ", ".join(repairs))
        return replace(self, path=path, sha256=sha256, message="; ".join(notes) or None)

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

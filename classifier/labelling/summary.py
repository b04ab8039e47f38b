"""What a results file amounts to: documents by label, by reason, and what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from classifier.labelling.lines import parse_line
from classifier.labelling.walking import PassedOver

_STATUS, _PROBABILITY = b'"status": ', b', "probability"'
_LABELLED = _STATUS + b'"labelled"'


class Counts:
    """Counts lines as they pass; the labelled ones, nearly all, without parsing them."""

    def __init__(self) -> None:
        self._answers: Counter[bytes] = Counter()
        self._reasons: Counter[tuple[str, str]] = Counter()

    def add(self, lines: Sequence[bytes]) -> None:
        """Count lines."""
        answers = [line[(at := line.find(_STATUS)) : line.find(_PROBABILITY, at)] for line in lines]
        self._answers.update(answers)
        for answer, line in zip(answers, lines, strict=True):
            if not answer.startswith(_LABELLED):
                values = parse_line(line) or {}
                self._reasons[str(values.get("status")), str(values.get("reason"))] += 1

    def labels(self) -> dict[str, int]:
        """Documents per label, most frequent first."""
        found: Counter[str] = Counter()
        for answer, count in self._answers.items():
            if answer.startswith(_LABELLED):
                values = parse_line(b'{"path": "", ' + answer + b"}") or {}
                found[str(values.get("label"))] += count
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def reasons(self, status: str) -> dict[str, int]:
        """Documents of a status per reason, most frequent first."""
        found = {reason: count for (kind, reason), count in self._reasons.items() if kind == status}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


class Summary(NamedTuple):
    """The outcome of a run: documents in the results file, and how many files of them this run labelled."""

    labels: Mapping[str, int]
    unknown: Mapping[str, int]
    failed: Mapping[str, int]
    fresh: int
    kept: int
    seconds: float
    passed: PassedOver = PassedOver()

    @property
    def documents(self) -> int:
        """Lines of the results file."""
        return sum(map(sum, (self.labels.values(), self.unknown.values(), self.failed.values())))

    @property
    def failures(self) -> int:
        """Documents that could not be opened as what they are."""
        return sum(self.failed.values())

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "documents": self.documents,
            "labels": dict(self.labels),
            "unknown": dict(self.unknown),
            "failed": dict(self.failed),
            "fresh": self.fresh,
            "kept": self.kept,
            "seconds": self.seconds,
        }

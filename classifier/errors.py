"""Everything that can go wrong, as one tree, and the reason codes a prediction may carry.

    ClassifierError
    ├── DocumentError     a document could not be read (carries a `Reason`)
    ├── ModelFileError    a model file is damaged, foreign, too new or missing
    ├── CorpusError       a labelled corpus cannot be learned from
    └── ResultsError      a results file or a filing journal cannot be used

The tree knows nothing of the command line. Every message says what was found, where, and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Reason(StrEnum):
    """Why a prediction is not `labelled`: the first six are `unknown`, the others `failed`."""

    EMPTY = "EMPTY"
    UNREADABLE = "UNREADABLE"
    NOT_ARABIC = "NOT_ARABIC"
    TOO_SHORT = "TOO_SHORT"
    LOW_COVERAGE = "LOW_COVERAGE"
    AMBIGUOUS = "AMBIGUOUS"
    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    TOO_LARGE = "TOO_LARGE"
    BROKEN_FILE = "BROKEN_FILE"
    ENCRYPTED = "ENCRYPTED"
    UNSUPPORTED = "UNSUPPORTED"

    @property
    def is_failure(self) -> bool:
        """True for the codes of status `failed` (the document could not be opened as what it is)."""
        return self in _FAILURES


_FAILURES = frozenset(
    {
        Reason.NOT_FOUND,
        Reason.FORBIDDEN,
        Reason.TOO_LARGE,
        Reason.BROKEN_FILE,
        Reason.ENCRYPTED,
        Reason.UNSUPPORTED,
    }
)


def listed(counts: Mapping[str, int]) -> str:
    """Counts in words, as messages tell them.

    >>> listed({"EMPTY": 1200, "BROKEN_FILE": 3})
    '1,200 EMPTY, 3 BROKEN_FILE'
    """
    return ", ".join(f"{count:,} {what}" for what, count in counts.items())


class ClassifierError(Exception):
    """Base of every error this package raises on purpose."""


class DocumentError(ClassifierError):
    """A document could not be turned into text; `reason` is the code that goes into its prediction.

    `sha256` is that of its bytes, where they could be had.
    """

    def __init__(self, reason: Reason, message: str, sha256: str | None = None) -> None:
        super().__init__(message)
        self.reason, self.sha256 = reason, sha256

    def __reduce__(self) -> tuple[type[DocumentError], tuple[Reason, str, str | None]]:
        """Have it come whole from another process."""
        return type(self), (self.reason, str(self), self.sha256)


class ModelFileError(ClassifierError):
    """A model file is missing, damaged, foreign or newer than this version can read."""


class CorpusError(ClassifierError):
    """A labelled corpus is unreadable or too small to learn from."""


class ResultsError(ClassifierError):
    """A results file or filing journal is damaged, in use, or does not fit the request."""

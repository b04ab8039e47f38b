"""The arrays of a model and what they mean: a hash table of terms, their idf, one weight per term and label.

    slots    U32 (capacity,)   row + 1 of the term that hashes here, 0 when empty; probed linearly
    hashes   U64 (n,)          `hash_term` of each row's term; rows run from the most to the least frequent term
    idf      F32 (n,)          inverse document frequency
    weights  I16 (n, labels)   weight = value * scale[label]; the classifier's coefficients
    scale    F64 (labels,)
    bias     F64 (labels,)     intercepts
    letters_*                  the letter table (`classifier.arabic.LetterTable`)
    spellings U8               the terms themselves, UTF-8, one a line, in row order; read for inspection only

The table is ready as it lies in the file: loading builds nothing, and processes share the mapped pages.
A text scores  bias + sum(tfidf * weight) / sqrt(sum(tfidf ** 2))  over its known terms, where
tfidf = (1 + ln(count)) * idf, and a term among the first `lead` of the text counts `lead_count` times; one of the
ending (`AnalysisSettings.ending`), which comes behind them all, once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from classifier.analysis import AnalysisSettings
from classifier.arabic import LetterTable
from classifier.errors import ModelFileError

if TYPE_CHECKING:
    import numpy as np

MASK = (1 << 64) - 1
SEED, MULTIPLIER = 0x243F6A8885A308D3, 0x9E3779B97F4A7C15  # digits of pi and of the golden ratio
LOAD = 0.6  # the share of slots in use: 1.75 probes for a known term, 3.6 for an unknown one
LARGEST = 1e9  # of idf, scale and bias: products of four such are still far from infinity
LEAST_WORDS = 50  # shorter texts are not taken to pieces
PIECES, SHORTEST, PIECE = 6, 35, 70  # so many pieces of so many words, at least and at most
_LETTERS = ("index", "blocks", "keys", "starts", "units")


class Tally(NamedTuple):
    """What a text amounts to."""

    scores: tuple[float, ...]  # per label, before softmax
    words: int  # terms, known or not, but for punctuation and endings
    known: int  # words the model knows
    arabic: int  # words of the Arabic script
    foreign: int  # words with a letter that Arabic does not use
    spread: float = 0.0  # how far apart pieces of the text are, see `Tables.spread`


class Occurrence(NamedTuple):
    """One term of a text: its row in the model (-1 when unknown) and its characters."""

    row: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Weighting:
    """How often a term counts, stored in the model."""

    lead: int = 0  # the first so many terms of a text ...
    lead_count: int = 2  # ... count this often

    def check(self) -> None:
        """Raise `ModelFileError` unless both are counts that the engines can count by."""
        fits = type(self.lead) is int and 0 <= self.lead < 1 << 31
        if not fits or type(self.lead_count) is not int or not 1 <= self.lead_count <= 1000:
            raise ModelFileError(f"the weighting {self} is not a possible one; get or train the model again")


@dataclass(frozen=True, slots=True)
class Tables:
    """The arrays of one model, as flat views."""

    labels: int
    slots: memoryview
    hashes: memoryview
    idf: memoryview
    weights: memoryview
    scale: memoryview
    bias: memoryview
    letters: LetterTable
    analysis: AnalysisSettings = field(default_factory=AnalysisSettings)
    weighting: Weighting = field(default_factory=Weighting)

    @classmethod
    def from_artefact(cls, arrays: Mapping[str, memoryview], metadata: Mapping[str, Any]) -> Tables:
        """Name the parts of a loaded file; raises `ModelFileError` when one is missing or does not fit the others."""
        try:
            parts = {name: arrays[name] for name in ("slots", "hashes", "idf", "weights", "scale", "bias")}
            letters = LetterTable(*(arrays[f"letters_{name}"] for name in _LETTERS))
            settings = AnalysisSettings(**metadata["analysis"]), Weighting(**metadata["weighting"])
            tables = cls(len(metadata["labels"]), **parts, letters=letters, analysis=settings[0], weighting=settings[1])
        except (KeyError, TypeError) as error:
            raise ModelFileError(
                f"the model lacks a part or has one too many ({error}); get or train it again"
            ) from None
        tables.check()
        return tables

    def check(self) -> None:
        """Raise `ModelFileError` unless the arrays fit each other (their contents are the engines' to check)."""
        self.analysis.check()
        self.weighting.check()
        rows, labels, letters = len(self.hashes), self.labels, self.letters
        formats = (
            (self.slots, "I"),
            (self.hashes, "Q"),
            (self.idf, "f"),
            (self.weights, "h"),
            (self.scale, "d"),
            (self.bias, "d"),
        )
        letter_formats = (
            (letters.index, "H"),
            (letters.blocks, "H"),
            (letters.keys, "I"),
            (letters.starts, "I"),
            (letters.units, "I"),
        )
        fits = (
            all(view.format == code for view, code in (*formats, *letter_formats))
            and labels >= 2
            and len(self.slots) > rows
            and len(self.idf) == rows
            and len(self.weights) == rows * labels
            and len(self.scale) == len(self.bias) == labels
            and len(letters.index) == 0x110000 // 256
            and len(letters.blocks) % 256 == 0
            and len(letters.starts) == len(letters.keys) + 1
        )
        if not fits:
            raise ModelFileError("the parts of the model do not fit each other; get or train it again")

    def find(self, term: str) -> int:
        """The row of a term, -1 when the model does not know it."""
        wanted, capacity = hash_term(term), len(self.slots)
        slot = home_slot(wanted, capacity)
        while row := self.slots[slot]:
            if self.hashes[row - 1] == wanted:
                return int(row - 1)
            slot = (slot + 1) % capacity
        return -1

    def values(self, rows: Sequence[int], lead: int | None = None) -> dict[int, float]:
        """tf·idf of each known row among a text's rows, scaled to unit length; `lead`: another than the weighting's."""
        counts: Counter[int] = Counter()
        lead = min(self.weighting.lead if lead is None else lead, self.analysis.before_ending(len(rows)))
        for position, row in enumerate(rows):
            if row >= 0:
                counts[row] += self.weighting.lead_count if position < lead else 1
        values = {row: (1.0 + math.log(count)) * self.idf[row] for row, count in counts.items()}
        norm = math.sqrt(sum(value * value for value in values.values())) or 1.0  # of terms that all weigh nothing
        return {row: value / norm for row, value in values.items()}

    def weight(self, row: int, label: int) -> float:
        """The weight of a term for a label."""
        return float(self.weights[row * self.labels + label] * self.scale[label])

    def scores(self, rows: Sequence[int], lead: int | None = None) -> tuple[float, ...]:
        """One score per label for a text given as the rows of its terms."""
        values = self.values(rows, lead)
        return tuple(
            self.bias[label] + sum(value * self.weight(row, label) for row, value in values.items())
            for label in range(self.labels)
        )

    def spread(self, rows: Sequence[int]) -> float:
        """How far apart pieces of a text are: the most less the least probable, summed over labels (0 to labels).

        They are PIECES stretches of SHORTEST to PIECE terms from its beginning to its end, or as many as it has room
        for, at least two. A text of one topic has little of it; a cheap look that finds nearly all that hold two.
        """
        rows = rows[: self.analysis.before_ending(len(rows))]
        if len(rows) < LEAST_WORDS:
            return 0.0
        size = min(PIECE, len(rows) // 2, max(SHORTEST, len(rows) // PIECES))
        gaps = max(2, min(PIECES, len(rows) // size)) - 1
        starts = [place * (len(rows) - size) // gaps for place in range(gaps + 1)]
        shares = [softmax(self.scores(rows[start : start + size], lead=0)) for start in starts]
        return sum((max(column) - min(column) for column in zip(*shares, strict=True)), 0.0)


def softmax(scores: Sequence[float]) -> list[float]:
    """Probabilities, summing to 1, of one score per label (calibration is part of the scores already)."""
    largest = max(scores)
    shares = [math.exp(score - largest) for score in scores]
    total = sum(shares)
    return [share / total for share in shares]


def hash_term(term: str) -> int:
    """A 64-bit hash of a term: multiply and shift, letter by letter."""
    value = SEED
    for letter in term:
        value = ((value ^ ord(letter)) * MULTIPLIER) & MASK
        value ^= value >> 29
    return value


def home_slot(hashed: int, capacity: int) -> int:
    """Where probing starts."""
    return ((hashed >> 32) * capacity) >> 32


def lay_out(
    terms: Sequence[str],
    idf: np.ndarray[Any, Any],
    weights: np.ndarray[Any, Any],
    bias: np.ndarray[Any, Any],
    letters: LetterTable,
) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of a model file: terms (n, most frequent first), idf (n,), weights (n, labels), bias (labels,)."""
    import numpy as np

    hashes = [hash_term(term) for term in terms]
    if len(set(hashes)) != len(hashes):
        raise ModelFileError("two terms have one hash; leave one of them out of the vocabulary")
    capacity = int(len(terms) / LOAD) + 2
    slots = np.zeros(capacity, np.uint32)
    for row, hashed in enumerate(hashes):
        slot = home_slot(hashed, capacity)
        while slots[slot]:
            slot = (slot + 1) % capacity
        slots[slot] = row + 1
    scale = np.maximum(np.abs(weights).max(axis=0, initial=0.0), 1e-12) / 32767.0
    return {
        "slots": slots,
        "hashes": np.array(hashes, np.uint64),
        "idf": np.asarray(idf, np.float32),
        "weights": np.rint(weights / scale).astype(np.int16),
        "scale": scale.astype(np.float64),
        "bias": np.asarray(bias, np.float64),
        "spellings": np.frombuffer("\n".join(terms).encode("utf-8"), np.uint8),
        **{f"letters_{name}": np.array(getattr(letters, name)) for name in _LETTERS},
    }


def settings_of(tables_analysis: AnalysisSettings, weighting: Weighting) -> dict[str, dict[str, Any]]:
    """The settings as they stand in a model file's metadata."""
    return {"analysis": asdict(tables_analysis), "weighting": asdict(weighting)}

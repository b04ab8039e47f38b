"""The engine in plain Python: slow, obvious, and the oracle of the compiled one."""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Iterable

from classifier import analysis
from classifier.analysis import AnalysisSettings, Term, is_word
from classifier.arabic import LetterTable
from classifier.engine.tables import LARGEST, Occurrence, Tables, Tally, Weighting, hash_term
from classifier.errors import ModelFileError

Text = str | bytes


class Reader:
    """Text to terms with one letter table and one setting of the analysis."""

    def __init__(self, settings: AnalysisSettings, table: LetterTable) -> None:
        blocks, starts, units = len(table.blocks) // 256, list(table.starts), len(table.units)
        if max(table.index) >= blocks or starts != sorted(starts) or starts[-1] > units:
            raise ModelFileError("the letter table points outside itself; get or train the model again")
        if max(table.units, default=0) > sys.maxunicode:
            raise ModelFileError("the letter table holds what is no letter; get or train the model again")
        settings.check()
        self.settings, self._table = settings, table

    def terms(self, text: Text) -> list[Term]:
        """The terms of a text, in order, with character offsets; behind them its ending."""
        return analysis.terms(_decoded(text), self.settings, self._table)

    def hashes(self, text: Text) -> array[int]:
        """The hashes of a text's terms, in order and without its ending (for comparing texts with each other)."""
        found = analysis.terms(_decoded(text), self.settings.in_order, self._table)
        return array("Q", [hash_term(term.text) for term in found])


class Engine:
    """Scores texts with the tables of one model."""

    face = "plain"

    def __init__(self, tables: Tables) -> None:
        tables.check()
        if max(tables.slots) > len(tables.hashes) or 0 not in tables.slots:
            raise ModelFileError("the term table points outside itself; get or train the model again")
        if not all(abs(value) <= LARGEST for part in (tables.idf, tables.scale, tables.bias) for value in part):
            raise ModelFileError("the weights are out of range; get or train the model again")
        self.reader = Reader(tables.analysis, tables.letters)
        self._tables = tables

    def terms(self, text: Text) -> list[Term]:
        """The terms of a text, in order, with character offsets."""
        return self.reader.terms(text)

    def occurrences(self, text: Text) -> list[Occurrence]:
        """Every term of a text as (row of the term or -1, start, end)."""
        return [Occurrence(self._tables.find(term.text), term.start, term.end) for term in self.terms(text)]

    def tally(self, text: Text) -> Tally:
        """What a text amounts to: one score per label, and the counts that a decision rests on."""
        found = self.terms(text)
        rows = [self._tables.find(term.text) for term in found]
        return Tally(
            scores=self._tables.scores(rows),
            words=sum(is_word(term.text) for term in found),
            known=sum(row >= 0 and is_word(term.text) for row, term in zip(rows, found, strict=True)),
            arabic=sum("\u0600" <= term.text[0] <= "\u08ff" for term in found),
            foreign=sum(term.foreign for term in found),
            spread=self._tables.spread(rows),
        )

    def tally_many(self, texts: Iterable[Text], threads: int = 1) -> list[Tally]:
        """`tally` of each text, in order (`threads` is the compiled engine's)."""
        return [self.tally(text) for text in texts]


class Lexicon:
    """The terms of a growing corpus, numbered as they come: counting for training.

    A term among the first `lead` of its text counts `lead_count` times, one of its ending once.
    """

    def __init__(self, reader: Reader, *, lead: int = 0, lead_count: int = 2) -> None:
        Weighting(lead, lead_count).check()
        self.reader, self._lead, self._lead_count = reader, lead, lead_count
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def terms(self) -> list[str]:
        """The terms, in the order of their numbers."""
        return list(self._numbers)

    def add(self, terms: Iterable[str]) -> None:
        """Number terms that are already known, in the order given."""
        for term in terms:
            self._numbers.setdefault(term, len(self._numbers))

    def merge(self, other: Lexicon) -> array[int]:
        """Add another lexicon's terms; their numbers here, in the order of their numbers there (int64)."""
        self.add(other.terms)
        return array("q", [self._numbers[term] for term in other.terms])

    def count_many(self, texts: Iterable[Text], grow: bool = True) -> tuple[array[int], array[int], array[int]]:
        """Count the terms of texts: row starts (n + 1, int64), term numbers and counts (int32), as in a CSR matrix.

        Terms not yet known are added while `grow` is true and passed over when not.
        """
        starts, numbers, counts = array("q", [0]), array("i"), array("i")
        for text in texts:
            counted = self._count(text, grow)
            numbers.extend(counted)
            counts.extend(counted.values())
            starts.append(len(numbers))
        return starts, numbers, counts

    def _count(self, text: Text, grow: bool) -> Counter[int]:
        counted: Counter[int] = Counter()
        found = self.reader.terms(text)
        lead = min(self._lead, self.reader.settings.before_ending(len(found)))
        for position, term in enumerate(found):
            if grow:
                self._numbers.setdefault(term.text, len(self._numbers))
            if term.text in self._numbers:
                counted[self._numbers[term.text]] += self._lead_count if position < lead else 1
        return counted


def _decoded(text: Text) -> str:
    if isinstance(text, bytes):
        return text.decode("utf-8", "replace")
    if not isinstance(text, str):
        raise TypeError(f"a text is a str or UTF-8 bytes, not {type(text).__name__}")
    return text.encode("utf-8", "replace").decode("utf-8")  # question marks for lone surrogates, as in UTF-8

"""Text whose spaces are wrong, read as the words it was: run together and parted again, or pulled apart and closed.

Words run together where a page was laid out by position (PDF) or scraped with its line ends dropped; letters stand
apart where they were spaced out. A run that the model does not know is parted in the most probable way, each word as
probable as its share of the documents and all independent of each other (a unigram model and Viterbi's algorithm, as
for scripts that write no spaces).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from classifier.arabic import MARKS, TATWEEL
from classifier.engine import Engine, Tables
from classifier.prediction import Span

ARABIC = "\u0600"  # where the letters of the script begin
READ = 20_000  # characters: enough of a text to tell what it is about
LEAST_LETTERS = 7  # shorter runs that the model does not know are names, slips and other languages
FEW = 0.025  # of the terms of a text: so few runs are names
WORD_LETTERS = range(2, 15)
WORD = 4.0  # what a word costs besides its idf, in log probability: of words in a document there are that many
LETTER = 9.0  # what a letter costs that is in no known word
SOUND = 2.7  # the most a letter of a run may cost on average; random letters cost 4

_LETTER = rf"[^\W\d_][{MARKS}]*"
_APART = re.compile(rf"(?<![^\W_])(?:{_LETTER}[ \t\u00a0])+{_LETTER}(?![^\W_])")


@dataclass(frozen=True, slots=True)
class Spaced:
    """A text with other spaces, and where each of its characters stood; an added one, where the next did."""

    text: str
    places: tuple[int, ...]
    changes: int  # how many spaces were added or left out
    read: int  # how many characters of the old text this is made of ...
    rest: int  # ... and how many more it had

    def origins(self, spans: Sequence[Span]) -> tuple[Span, ...]:
        """The places in the old text of spans of the new one."""
        return tuple((self.places[start], self.places[end - 1] + 1) for start, end in spans)


class Spacer:
    """Reads texts with wrong spaces, with the engine and tables of one model."""

    def __init__(self, engine: Engine, tables: Tables) -> None:
        if tables.analysis.ending:  # which are no words to part
            engine = type(engine)(replace(tables, analysis=tables.analysis.in_order))
        self._engine, self._tables = engine, tables

    def mend(self, text: str) -> Spaced | None:
        """The beginning of a text with its spaces put right; None where nothing is wrong with them."""
        text, rest = text[:READ], max(0, len(text) - READ)
        closed, places = _closed(text)
        found = self._engine.occurrences(closed)
        unknown = [_letters(closed, start, end) for row, start, end in found if row < 0 and closed[start] >= ARABIC]
        runs = [run for run in unknown if len(run) > LEAST_LETTERS]
        if len(runs) < FEW * len(found):
            runs = []
        costs = self._costs({closed[start:end] for run in runs for start, ends in _pieces(run) for end in ends})
        gaps = set(chain.from_iterable(_best_gaps(closed, run, costs) for run in runs))
        changes = len(gaps) + len(text) - len(closed)
        if not changes:
            return None
        words = [slice(*ends) for ends in pairwise([0, *sorted(gaps), len(closed)])]
        # The space before a word stands where its first letter does.
        stood = chain(places[words[0]], *((places[word.start], *places[word]) for word in words[1:]))
        return Spaced(" ".join(closed[word] for word in words), tuple(stood), changes, len(text), rest)

    def _costs(self, pieces: set[str]) -> Mapping[str, float]:
        """What each piece that is a known word costs."""
        together = " ".join(pieces)
        costs = {}
        for row, start, end in self._engine.occurrences(together):
            if row >= 0 and together[start - 1 : start] in ("", " ") and together[end : end + 1] in ("", " "):
                costs[together[start:end]] = self._tables.idf[row] + WORD
        return costs


def _closed(text: str) -> tuple[str, Sequence[int]]:
    """The text with letters that stand apart closed up to words, and where its characters stood."""
    left_out = {
        match.start() + offset
        for match in _APART.finditer(text)
        for offset, sign in enumerate(match[0])
        if sign.isspace()
    }
    if not left_out:
        return text, range(len(text))
    places = [place for place in range(len(text)) if place not in left_out]
    return "".join(text[place] for place in places), places


def _letters(text: str, start: int, end: int) -> list[int]:
    """Where the letters of a run stand, and its end; marks belong to the letter before them."""
    return [place for place in range(start, end) if text[place].isalpha() and text[place] != TATWEEL] + [end]


def _pieces(run: Sequence[int]) -> Iterator[tuple[int, Sequence[int]]]:
    """Where a word may begin inside a run, with all places where it may end."""
    for number, first in enumerate(run[: -WORD_LETTERS.start]):
        yield first, run[number + WORD_LETTERS.start : number + WORD_LETTERS.stop]


def _best_gaps(text: str, run: Sequence[int], costs: Mapping[str, float]) -> list[int]:
    """Where words begin inside a run, in the way that costs least; nowhere if even that is too much."""
    letters = len(run) - 1
    best, begins = [0.0], [0]
    for last in range(1, letters + 1):
        ways = [(best[last - 1] + LETTER, last - 1)]
        for first in range(max(0, last - WORD_LETTERS.stop + 1), last - WORD_LETTERS.start + 1):
            cost = costs.get(text[run[first] : run[last]])
            if cost is not None:
                ways.append((best[first] + cost, first))
        cost, first = min(ways)
        best.append(cost)
        begins.append(first)
    if best[letters] > SOUND * letters:
        return []
    gaps, last = [], letters
    while last:
        last = begins[last]
        gaps.append(run[last])
    return gaps[:-1]

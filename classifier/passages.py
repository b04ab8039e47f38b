"""A page cut into runs of paragraphs on one topic: the model's scores per paragraph, and a dynamic programme over them.

A paragraph speaks for a label by as much as the model scores it, in proportion to its known words, and no louder than
`DOUBT` allows: one odd paragraph does not make an article. A change of topic between two paragraphs costs the more, the
more words come back across that gap, because names and things recur inside an article and seldom in the next one (the
lexical chains of Morris and Hirst, 1991). Links to other pages do not vote. All of it is linear in the text's length.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from classifier.decision import best_of
from classifier.engine import Engine, Tables, Tally, softmax
from classifier.paragraphs import Paragraph, paragraphs_of, spoken
from classifier.prediction import Passage

# Tuned on mixes of labelled documents other than those that benchmarks/passages.py reports on.
DOCUMENT = 60  # known words that speak as loudly as a whole document
DOUBT = 0.05  # the chance that a paragraph tells nothing of its topic
# Whether a page is mixed at all, a paragraph as long as several of so many known words is doubted as several are.
SHORT, MOST = 35, 3
PRIOR = 0.5  # the part of the model's bias that is no evidence: a page has it once, not again in each paragraph
SWITCH = 0.25  # what a change of topic costs at least
BOND = 0.7  # what a word that comes back across the gap adds
COMMON = 500  # the most frequent terms of the model come back everywhere and bind nothing

MIXED = 2.0  # a page whose best cut is better by more (in log probability) than one topic throughout holds two articles
MAIN_WORDS = 20  # an article is at least so long; a shorter first passage is a heading


@dataclass(frozen=True, slots=True)
class Page:
    """How a text is laid out: a label number per paragraph, and by how much that beats one label for all."""

    paragraphs: tuple[Paragraph, ...]
    tallies: tuple[Tally, ...]
    path: tuple[int, ...]
    gain: float  # log probability

    @property
    def is_mixed(self) -> bool:
        """Whether the page holds articles on different topics."""
        return self.gain > MIXED

    @property
    def words(self) -> tuple[int, ...]:
        """The words of each paragraph, none for those that do not vote."""
        parts = zip(self.paragraphs, self.tallies, strict=True)
        return tuple(tally.words if paragraph.votes else 0 for paragraph, tally in parts)

    @property
    def shares(self) -> dict[int, float]:
        """The share of the words of each label number, the largest first."""
        words: Counter[int] = Counter()
        for column, count in zip(self.path, self.words, strict=True):
            words[column] += count
        total = max(1, words.total())
        return {column: count / total for column, count in words.most_common() if count}

    def runs(self) -> list[range]:
        """The numbers of the paragraphs of each passage."""
        starts = [number for number, column in enumerate(self.path) if not number or self.path[number - 1] != column]
        return [range(first, last) for first, last in pairwise([*starts, len(self.path)])]

    def main(self) -> int:
        """The label number of the main article: the first passage longer than a heading."""
        words = self.words
        for run in self.runs():
            if sum(words[run.start : run.stop]) >= MAIN_WORDS:
                return self.path[run.start]
        return self.path[0]

    def kept(self, column: int) -> list[Paragraph]:
        """The paragraphs that vote, of one label number."""
        parts = zip(self.paragraphs, self.path, strict=True)
        return [paragraph for paragraph, label in parts if label == column and paragraph.votes]


class Voice(NamedTuple):
    """What a paragraph says for each label, as log probabilities; the same for all where it has no evidence."""

    alone: list[float]
    in_all: list[float]  # for the page as a whole, where a long paragraph counts as several


class Cutter:
    """Cuts texts with the engine of one model."""

    def __init__(self, engine: Engine, tables: Tables) -> None:
        self._engine = engine
        self._prior = tuple(PRIOR * float(bias) for bias in tables.bias)
        self._common = frozenset(tables.hashes[: min(COMMON, len(tables.hashes) // 10)])

    def lay_out(self, text: str) -> Page:
        """Find the best label number for each paragraph of a text; with care only where it may turn out to be mixed."""
        paragraphs = paragraphs_of(text)
        if not paragraphs:
            return Page((), (), (), 0.0)
        pieces = [text[paragraph.start : paragraph.end] for paragraph in paragraphs]
        tallies = self._engine.tally_many(pieces)
        heard = [voice(tally, part.votes, self._prior) for part, tally in zip(paragraphs, tallies, strict=True)]
        voices, in_all = [said.alone for said in heard], [said.in_all for said in heard]
        costs = [SWITCH] * (len(voices) - 1)
        path = best_path(voices, costs)
        if gain_of(path, in_all, costs) > MIXED:
            # Words that come back only make changes dearer, and finding them is most of the cost.
            costs = self._gap_costs(pieces, [paragraph.votes for paragraph in paragraphs])
            path = best_path(voices, costs)
        gain = gain_of(path, in_all, costs)
        for number in range(1, len(path)):
            if not paragraphs[number].votes:  # a list of links belongs to what it stands under
                path[number] = path[number - 1]
        page = Page(tuple(paragraphs), tuple(tallies), tuple(path), gain)
        return self._named(text, page) if page.is_mixed else page

    def _named(self, text: str, page: Page) -> Page:
        """The page with each passage under the label it has as a whole: surer than the sum of its paragraphs.

        Passages that become one are named anew.
        """
        named = self._renamed(text, page)
        while len(named.runs()) < len(page.runs()):
            page, named = named, self._renamed(text, named)
        return named

    def _renamed(self, text: str, page: Page) -> Page:
        runs, words = page.runs(), page.words
        texts = [spoken(text, page.paragraphs[run.start : run.stop]) for run in runs]
        path: list[int] = []
        for run, tally in zip(runs, self._engine.tally_many(texts), strict=True):
            column = best_of(tally) if tally.known else page.path[run.start]
            path += [column] * len(run)
        for run in reversed(runs[:-1]):  # a heading belongs to what stands under it
            if sum(words[run.start : run.stop]) < MAIN_WORDS:
                path[run.start : run.stop] = [path[run.stop]] * len(run)
        return replace(page, path=tuple(path), gain=page.gain if len(set(path)) > 1 else 0.0)

    def passages(self, text: str, page: Page, labels: Sequence[str]) -> tuple[Passage, ...]:
        """The runs of paragraphs with one label, in order."""
        runs, words = page.runs(), page.words
        texts = [spoken(text, page.paragraphs[run.start : run.stop]) for run in runs]
        passages = []
        for run, tally in zip(runs, self._engine.tally_many(texts), strict=True):
            column = page.path[run.start]
            share = sum(words[run.start : run.stop]) / max(1, sum(words))
            start, end = page.paragraphs[run.start].start, page.paragraphs[run.stop - 1].end
            passages.append(Passage(labels[column], softmax(tally.scores)[column], share, start, end))
        return tuple(passages)

    def _gap_costs(self, pieces: Sequence[str], votes: Sequence[bool]) -> list[float]:
        """What changing the topic behind each paragraph but the last costs."""
        steps = self._bond_steps([piece for piece, vote in zip(pieces, votes, strict=True) if vote])
        costs, bond, order = [], 0.0, 0
        for vote in votes[:-1]:
            if vote:
                bond += steps[order]
                order += 1
            costs.append(SWITCH + BOND * max(bond, 0.0))
        return costs

    def _bond_steps(self, pieces: Sequence[str]) -> list[float]:
        """The differences, from one gap to the next, in how much words bind the paragraphs on either side.

        A word binds each pair of its places, the less the further apart they are and the more often it occurs.
        """
        terms = [set(self._engine.reader.hashes(piece)) - self._common for piece in pieces]
        seen: set[int] = set()
        back: set[int] = set()
        for found in terms:
            back |= seen & found
            seen |= found
        places: dict[int, list[int]] = {}
        for order, found in enumerate(terms):
            for term in found & back:
                places.setdefault(term, []).append(order)
        steps = [0.0] * (len(pieces) + 1)
        for orders in places.values():
            strength = 1.0 / math.sqrt(len(orders) - 1)
            for first, last in pairwise(orders):
                steps[first] += strength / (last - first)
                steps[last] -= strength / (last - first)
        return steps


def voice(tally: Tally, votes: bool = True, prior: Sequence[float] = ()) -> Voice:
    """The voice of a paragraph with a tally; `prior` is the part of its scores that is no evidence."""
    weight = tally.known / DOCUMENT if votes else 0.0
    prior = prior or [0.0] * len(tally.scores)
    shares = softmax([weight * (score - part) for score, part in zip(tally.scores, prior, strict=True)])
    return Voice(*([math.log(doubt + (1.0 - doubt) * share) for share in shares] for doubt in _doubts(tally.known)))


def _doubts(known: int) -> tuple[float, float]:
    """The chance that a paragraph of so many known words tells nothing: of its own topic, and of the whole page's."""
    return DOUBT, DOUBT ** min(MOST, max(1.0, known / SHORT))


def gain_of(path: Sequence[int], voices: Sequence[Sequence[float]], costs: Sequence[float]) -> float:
    """By how much the labels of a path are more probable than the best single one for all (log probability)."""
    changes = sum(cost for cost, (one, other) in zip(costs, pairwise(path), strict=True) if one != other)
    single = max(map(sum, zip(*voices, strict=True)))
    return sum(said[column] for said, column in zip(voices, path, strict=True)) - changes - single


def best_path(voices: Sequence[Sequence[float]], costs: Sequence[float]) -> list[int]:
    """The best label number for each paragraph (Viterbi; a change costs the same to any label)."""
    columns = range(len(voices[0]))
    scores, steps = list(voices[0]), []
    for spoken_here, cost in zip(voices[1:], costs, strict=True):
        best = max(columns, key=scores.__getitem__)
        moved = scores[best] - cost
        steps.append([column if scores[column] >= moved else best for column in columns])
        scores = [max(score, moved) + said for score, said in zip(scores, spoken_here, strict=True)]
    path = [max(columns, key=scores.__getitem__)]
    for step in reversed(steps):
        path.append(step[path[-1]])
    return path[::-1]

"""What the answer for a text rests on: all of it, without link lists, or the main one of several articles.

Nearly every text is one article on one topic. Whether one may be more is seen by a cheap look at its two ends, and only
then, or when passages are asked for, is it cut; the cutting is not even imported before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from classifier.decision import Decision, Thresholds, as_arabic, best_of, decide, softmax
from classifier.engine import Engine, Tables, Tally
from classifier.prediction import Passage

if TYPE_CHECKING:
    from classifier.passages import Cutter, Page

LEAST_WORDS, LEAST_LINES = 80, 4  # shorter texts are not suspected
SLICE = 400  # characters at either end, whose probabilities are compared with each other and with all
APART = 1.0  # the least sum of differences between them that makes a page worth cutting


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision, the text it was reached on (as long as the whole, the rest blank), and the page where it is mixed."""

    text: str
    tally: Tally
    decision: Decision
    page: Page | None = None
    whole: str = ""  # the text with nothing blanked, where the page is mixed


class Judge:
    """Reaches decisions with the tables of one model."""

    def __init__(self, tables: Tables, labels: Sequence[str], thresholds: Thresholds) -> None:
        self.engine = Engine(tables)
        self._tables, self._labels, self._thresholds = tables, labels, thresholds

    def judge(self, text: str, tally: Tally, cut_off: float = 0.0) -> Judgement:
        """The decision on a text with its tally."""
        decision = decide(tally, self._labels, self._thresholds, cut_off)
        whole = Judgement(text, tally, as_arabic(decision, text, tally, self._thresholds))
        if not whole.decision.probabilities or not self._suspects(text, tally):
            return whole
        page = self._cutter.mixed_page(text)
        judged = self._on_main_article(whole, page, cut_off) or whole
        return replace(judged, page=page, whole=text) if page.is_mixed else judged

    def topics(self, judged: Judgement) -> tuple[Mapping[str, Any], ...]:
        """The labels of a text with their shares of its words, the largest first; one where the page was not cut."""
        if judged.page is not None:
            shares = judged.page.shares.items()
            return tuple({"label": self._labels[number], "share": round(share, 4)} for number, share in shares)
        label = judged.decision.label
        return () if label is None else ({"label": label, "share": 1.0},)

    def passages(self, text: str, judged: Judgement) -> tuple[Passage, ...]:
        """The passages of a text, found even where too doubtful to call it mixed; none where nothing was decided."""
        if not judged.decision.probabilities:
            return ()
        page = judged.page or self._cutter.lay_out(text)
        if len(set(page.path)) == 1:
            page = page.relabelled(best_of(judged.tally))
        return self._cutter.passages(text, page, self._labels)

    def other_articles(self, judged: Judgement) -> list[tuple[str, str]]:
        """The labels of a mixed page but the main one, each with the page where only its articles speak."""
        page = judged.page
        if page is None:
            return []
        from classifier.paragraphs import blanked

        others = [column for column in page.shares if column != page.main()]
        return [(self._labels[column], blanked(judged.whole, page.kept(column))) for column in others]

    def message(self, judged: Judgement) -> str | None:
        """The decision's message, and that the page is mixed where it is."""
        if judged.page is None:
            return judged.decision.message
        parts = ", ".join(f"{topic['share']:.0%} {topic['label']}" for topic in self.topics(judged))
        notes = (judged.decision.message, f"a mixed page: {parts}; the label is its first article's")
        return "; ".join(filter(None, notes))

    @cached_property
    def _cutter(self) -> Cutter:
        from classifier.passages import Cutter

        return Cutter(self.engine, self._tables)

    def _suspects(self, text: str, tally: Tally) -> bool:
        """Whether a text may hold two topics, by its first and last words."""
        if tally.words < LEAST_WORDS or text.count("\n") < LEAST_LINES - 1:
            return False
        head, tail = (softmax(end.scores) for end in self.engine.tally_many((text[:SLICE], text[-SLICE:])))
        return _distance(head, tail) > APART or _distance(head, softmax(tally.scores)) > APART

    def _on_main_article(self, whole: Judgement, page: Page, cut_off: float) -> Judgement | None:
        """The judgement without link lists and without a mixed page's other articles; None if that leaves all of it."""
        from classifier.paragraphs import blanked

        main = page.main()
        kept = page.kept(main) if page.is_mixed else [paragraph for paragraph in page.paragraphs if paragraph.votes]
        if len(kept) == len(page.paragraphs):
            return None
        text = blanked(whole.text, kept)
        tally = self.engine.tally(text)
        decision = decide(tally, self._labels, self._thresholds, cut_off)
        fits = decision.probabilities and (not page.is_mixed or best_of(tally) == main)
        return Judgement(text, tally, decision) if fits else None


def _distance(first: Sequence[float], second: Sequence[float]) -> float:
    return sum(abs(one - other) for one, other in zip(first, second, strict=True))

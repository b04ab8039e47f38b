"""What the answer for a text rests on: all of it, or without boilerplate, or the main one of several articles.

Nearly every text is one article on one topic. Whether one may be more is seen by a cheap look at some pieces, and only
then is it cut; the cutting is not even imported before. Nor is what finds boilerplate, or puts spaces right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from classifier.decision import Decision, Thresholds, best_of, coverage_of, decide_text, lacks_articles
from classifier.engine import Engine, Tables, Tally, softmax
from classifier.prediction import Passage

if TYPE_CHECKING:
    from classifier.passages import Cutter, Page
    from classifier.spacing import Spaced, Spacer

DOUBTFUL = 1.075  # times the coverage that a label needs: the spaces of a text with less may be wrong ...
HELPS = 0.05  # ... and are, if the model knows so much more of it with others
APART = 1.0  # a text whose pieces are further apart may hold two topics


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision, and what it was reached on."""

    whole: str
    text: str  # as long as the whole; what does not count is blank
    tally: Tally
    decision: Decision
    page: Page | None = None  # where it is mixed
    spaced: Spaced | None = None  # where the whole is not the document's text, but that with other spaces


class Judge:
    """Reaches decisions with the tables of one model."""

    def __init__(self, tables: Tables, labels: Sequence[str], thresholds: Thresholds) -> None:
        self.engine = Engine(tables)
        self._tables, self._labels, self._thresholds = tables, labels, thresholds

    def judge(self, text: str, tally: Tally, cut_off: float = 0.0) -> Judgement:
        """The decision on a text with its tally."""
        judged = self._as_written(text, tally, cut_off)
        return self._with_other_spaces(judged, cut_off) if self._is_odd(tally) else judged

    def topics(self, judged: Judgement) -> tuple[Mapping[str, Any], ...]:
        """The labels of a text with their shares of its words, the largest first; one where the page was not cut."""
        if judged.page is not None:
            shares = judged.page.shares.items()
            return tuple({"label": self._labels[number], "share": round(share, 4)} for number, share in shares)
        label = judged.decision.label
        return () if label is None else ({"label": label, "share": 1.0},)

    def passages(self, judged: Judgement) -> tuple[Passage, ...]:
        """The passages of a text, one where the page is not mixed; none where nothing was decided."""
        if not judged.decision.probabilities:
            return ()
        if judged.page is None:
            passages = self._one_passage(judged)
        else:
            passages = self._cutter.passages(judged.whole, judged.page, self._labels)
        if judged.spaced is None:
            return passages
        places = judged.spaced.origins([(part.start, part.end) for part in passages])
        return tuple(replace(part, start=start, end=end) for part, (start, end) in zip(passages, places, strict=True))

    def _one_passage(self, judged: Judgement) -> tuple[Passage, ...]:
        best, shares = best_of(judged.tally), softmax(judged.tally.scores)
        end = len(judged.whole.rstrip())
        return (Passage(self._labels[best], shares[best], 1.0, end - len(judged.whole.strip()), end),)

    def other_articles(self, judged: Judgement) -> list[tuple[str, str]]:
        """The labels of a mixed page but the main one, each with the page where only its articles speak."""
        page = judged.page
        if page is None:
            return []
        from classifier.paragraphs import blanked

        others = [column for column in page.shares if column != page.main()]
        return [(self._labels[column], blanked(judged.whole, page.kept(column))) for column in others]

    def message(self, judged: Judgement) -> str | None:
        """The decision's message, and whether the page is mixed or has wrong spaces."""
        notes = [judged.decision.message]
        if judged.page is not None:
            parts = ", ".join(f"{topic['share']:.0%} {topic['label']}" for topic in self.topics(judged))
            notes.append(f"a mixed page: {parts}; the label is its first article's")
        if judged.spaced is not None:
            spaced = judged.spaced
            unread = f" in its first {spaced.read:,} characters, and the rest was not read" if spaced.rest else ""
            notes.append(
                f"its words run together or its letters stand apart: {spaced.changes:,} spaces were put right{unread}"
            )
        return "; ".join(filter(None, notes)) or None

    def _as_written(self, text: str, tally: Tally, cut_off: float) -> Judgement:
        """The judgement on a text whose spaces are taken as they are."""
        whole = Judgement(text, text, tally, decide_text(text, tally, self._labels, self._thresholds, cut_off))
        if not whole.decision.probabilities:
            return whole
        own = self._on_own_words(whole, cut_off)
        if own.tally.spread <= APART:
            return own
        page = self._cutter.lay_out(text)
        return self._on_main_article(whole, page, cut_off) or own if page.is_mixed else own

    def _with_other_spaces(self, judged: Judgement, cut_off: float) -> Judgement:
        """The judgement on a text that the model reads badly, with its spaces put right where that helps."""
        spaced = self._spacer.mend(judged.whole)
        if spaced is None:
            return judged
        before, tally = self.engine.tally(judged.whole[: spaced.read]), self.engine.tally(spaced.text)
        is_read = coverage_of(tally) >= max(self._thresholds.coverage, coverage_of(before) + HELPS)
        if not is_read or not self._is_odd(before) or lacks_articles(spaced.text, tally):
            return judged
        again = self._as_written(spaced.text, tally, cut_off)
        return replace(again, spaced=spaced) if again.decision.probabilities else judged

    def _is_odd(self, tally: Tally) -> bool:
        """Whether a text is so hard to read that its spaces may be wrong."""
        few_words = tally.words < self._thresholds.words
        return few_words or coverage_of(tally) < DOUBTFUL * self._thresholds.coverage

    @cached_property
    def _spacer(self) -> Spacer:
        from classifier.spacing import Spacer

        return Spacer(self.engine, self._tables)

    @cached_property
    def _cutter(self) -> Cutter:
        from classifier.passages import Cutter

        return Cutter(self.engine, self._tables)

    def _on_main_article(self, whole: Judgement, page: Page, cut_off: float) -> Judgement | None:
        """The judgement without a mixed page's boilerplate and other articles; None if its label is another then."""
        from classifier.paragraphs import blanked

        main = page.main()
        judged = self._on(blanked(whole.text, page.kept(main)), whole, cut_off)
        return replace(judged, page=page) if best_of(judged.tally) == main else None

    def _on_own_words(self, whole: Judgement, cut_off: float) -> Judgement:
        """The judgement without boilerplate."""
        from classifier.paragraphs import without_boilerplate

        return self._on(without_boilerplate(whole.text), whole, cut_off)

    def _on(self, text: str, whole: Judgement, cut_off: float) -> Judgement:
        """The judgement on a text with more of it blank; as it is where that is no more, or tells too little."""
        if text == whole.text:
            return whole
        tally = self.engine.tally(text)
        decision = decide_text(text, tally, self._labels, self._thresholds, cut_off)
        return replace(whole, text=text, tally=tally, decision=decision) if decision.probabilities else whole

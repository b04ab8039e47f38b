"""From a tally to an answer: a label with its probability, or *unknown* with the reason.

A linear model answers its prior with confidence when it has read nothing, so evidence is asked for first: Arabic,
enough words, enough of them known. Probability comes last, and only when the caller asked for a certainty.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from classifier.arabic import MARKS
from classifier.engine import Tally, softmax
from classifier.errors import ClassifierError, Reason

SHORT_TEXT_SLACK = 0.5  # a share of few words says little: of 25 words a tenth more may be unknown, of 100 a twentieth
ARTICLE = re.compile(r"(?<!\w)(?:[وب]?ال|لل)")  # how one word in four or five of Arabic prose begins
_PERSIAN_FORMS = re.compile("[\u06a9\u06cc]")  # of kaf and yeh, which Arabic typed on such a keyboard has too
_MARKS = re.compile(f"[{MARKS}]")
_READS_ARABIC = "this model reads Arabic: give a translation, or train a model on documents of that language"
ENOUGH_WORDS = 15  # among so many, the share of articles tells the language ...
FEW_ARTICLES, MANY_ARTICLES = 0.05, 0.1  # ... which is not Arabic with fewer, and is nothing else with more
DAMAGED = 0.75  # the part of the coverage that Arabic needs: with one letter in eight wrong, nine in ten were right


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How much evidence a label needs, stored in the model."""

    words: int = 5  # terms of two or more letters
    coverage: float = 0.3  # share of the words that the model knows
    arabic: float = 0.4  # share of the words in Arabic script
    foreign: float = 0.1  # share of the words with a letter Arabic does not use


@dataclass(frozen=True, slots=True)
class Decision:
    """A label, or None with the reason; `probabilities` is empty where there was no evidence to weigh."""

    label: str | None
    probability: float | None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    reason: Reason | None = None
    message: str | None = None


def best_of(tally: Tally) -> int:
    """The number of the label with the highest score."""
    return tally.scores.index(max(tally.scores))


def coverage_of(tally: Tally) -> float:
    """The share of a text's words that the model knows; 0 for no words."""
    return tally.known / tally.words if tally.words else 0.0


def decide(tally: Tally, labels: Sequence[str], thresholds: Thresholds, cut_off: float = 0.0) -> Decision:
    """The answer to a tally; `cut_off` is the least probability a label may have (0: always answer)."""
    lacking = _lacking_evidence(tally, thresholds)
    if lacking:
        return Decision(None, None, reason=lacking[0], message=lacking[1])
    shares = softmax(tally.scores)
    probabilities = dict(zip(labels, shares, strict=True))
    probability = max(shares)
    label = labels[shares.index(probability)]
    if probability < cut_off:
        message = (
            f"the best label, {label}, has probability {probability:.2f} and the error asked for needs {cut_off:.2f}; "
            "read it yourself or allow a larger --max-error"
        )
        return Decision(None, None, probabilities, Reason.AMBIGUOUS, message)
    return Decision(label, probability, probabilities)


def decide_text(
    text: str, tally: Tally, labels: Sequence[str], thresholds: Thresholds, cut_off: float = 0.0
) -> Decision:
    """`decide`, with a look at the text itself where the model knows few of its words.

    Persian news may be Arabic words to seven tenths and hold no letter of its own, but has no article; a scan that was
    read with a wrong letter in every third word still has most. Only a text that owes its answer to
    `SHORT_TEXT_SLACK` is doubted: Arabic that the model knows well may be a list of names. What it knows too little of
    is said to be of another language only where its letters have the forms of one.
    """
    decision = decide(tally, labels, thresholds, cut_off)
    if coverage_of(tally) >= thresholds.coverage or tally.words < ENOUGH_WORDS:
        return decision
    has_persian_forms = len(_PERSIAN_FORMS.findall(text)) >= thresholds.foreign * tally.words
    is_unread_persian = decision.reason is Reason.LOW_COVERAGE and has_persian_forms
    if (decision.probabilities or is_unread_persian) and lacks_articles(text, tally):
        message = (
            f"the model knows {coverage_of(tally):.0%} of the words and hardly one has the Arabic article, as in "
            f"Persian or Urdu; {_READS_ARABIC}"
        )
        return Decision(None, None, reason=Reason.NOT_ARABIC, message=message)
    if decision.reason is Reason.LOW_COVERAGE and not lacks_articles(text, tally, MANY_ARTICLES):
        return decide(tally, labels, replace(thresholds, coverage=DAMAGED * thresholds.coverage), cut_off)
    return decision


def lacks_articles(text: str, tally: Tally, least: float = FEW_ARTICLES) -> bool:
    """Whether fewer of the words than `least` begin with the Arabic article; too few words never do."""
    if tally.words < ENOUGH_WORDS:
        return False
    return len(ARTICLE.findall(_MARKS.sub("", text))) < least * tally.words


def _lacking_evidence(tally: Tally, thresholds: Thresholds) -> tuple[Reason, str] | None:
    if tally.words == 0:
        return Reason.EMPTY, "no words were found; check that the document holds text (a scan needs OCR first)"
    if tally.arabic < thresholds.arabic * tally.words:
        share = tally.arabic / tally.words
        return (
            Reason.NOT_ARABIC,
            f"only {share:.0%} of the words are in Arabic script; {_READS_ARABIC}",
        )
    if tally.foreign > thresholds.foreign * tally.words:
        share = tally.foreign / tally.words
        message = f"{share:.0%} of the words have letters of Persian, Urdu or Kurdish; {_READS_ARABIC}"
        return Reason.NOT_ARABIC, message
    if tally.words < thresholds.words:
        return Reason.TOO_SHORT, f"too few words to judge ({tally.words}); give at least {thresholds.words}"
    needed = thresholds.coverage - SHORT_TEXT_SLACK / math.sqrt(tally.words)
    if coverage_of(tally) < needed:
        message = (
            f"the model knows {coverage_of(tally):.0%} of the words, and needs {needed:.0%}; "
            "adapt it to documents of this kind, or train on some"
        )
        return Reason.LOW_COVERAGE, message
    return None


def cut_off_for(max_error: float | None, risk: Sequence[Mapping[str, Any]]) -> float:
    """The least probability that keeps the share of wrong labels at `max_error`, from a held-out risk-coverage table.

    `risk` rows hold `probability`, and the `coverage` and the `bound` of the error at that cut-off: what is proven is
    promised, not what was seen (after Geifman and El-Yaniv, 2017, who also allow for the number of cut-offs tried; a
    bound holds with 95 % confidence for its own). Raises `ClassifierError` when no cut-off is proven.
    """
    if max_error is None:
        return 0.0
    if not 0.0 < max_error < 1.0:
        raise ClassifierError(f"the largest error must lie between 0 and 1, not {max_error}; 0.02 means 2 wrong in 100")
    kept = [row for row in risk if _bound(row) <= max_error]
    if not kept:
        least = math.ceil(round(1000 * min(map(_bound, risk), default=1.0), 6)) / 1000
        advice = f"ask for at least {least}" if least < 1.0 else "train with more labelled documents"
        raise ClassifierError(f"this model has no held-out proof of an error as small as {max_error}; {advice}")
    return float(max(kept, key=lambda row: row["coverage"])["probability"])


def _bound(row: Mapping[str, Any]) -> float:
    """The error that a row proves; in the tables of earlier models that is one wrong answer more than was seen."""
    return float(row["bound"] if "bound" in row else row["error"] + 1 / row["answers"])

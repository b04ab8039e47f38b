"""Predictions on a terminal: a table with what decided, and beneath it the passages where they were asked for."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from classifier.cli.printing import Answer, one_line
from classifier.prediction import Prediction

TERMS, MORE_TERMS = 4, 10
OPENING = 30  # characters of a passage


def print_table(answers: Sequence[Answer], explain: bool, passages: bool) -> None:
    """Print one row per document, with more of its terms and what they contribute when asked to explain."""
    console = Console()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("document", overflow="fold", min_width=8)
    table.add_column("label", no_wrap=True)
    table.add_column("sure", justify="right", no_wrap=True)
    table.add_column("because of", overflow="fold", ratio=1)
    for answer in answers:
        table.add_row(*map(Text, _row(answer.prediction, explain)))
    console.print(table)
    for answer in answers if passages else ():
        if answer.text is not None and answer.prediction.passages:
            console.print(_passages(answer.prediction, answer.text))


def _row(prediction: Prediction, explain: bool) -> tuple[str, str, str, str]:
    answer = prediction.label or f"{prediction.status}: {prediction.reason}"
    certainty = "" if prediction.probability is None else _certain(prediction.probability)
    why = [_terms(prediction, explain), one_line(prediction.message or "")]
    return one_line(prediction.path or "text"), answer, certainty, "\n".join(filter(None, why))


def _terms(prediction: Prediction, explain: bool) -> str:
    favour = [part for part in prediction.evidence or () if part.contribution > 0]
    if explain:
        evidence = (prediction.evidence or ())[:MORE_TERMS]
        return "\n".join(f"{part.contribution:+.2f} {one_line(part.term)}" for part in evidence)
    return " · ".join(one_line(part.term) for part in favour[:TERMS])


def _passages(prediction: Prediction, text: str) -> Table:
    title = Text(one_line(prediction.path or "text"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
    for heading in ("label", "sure", "of the words", "characters", "begins with"):
        is_text = heading in ("label", "begins with")
        table.add_column(heading, justify="left" if is_text else "right", no_wrap=heading == "label")
    for part in prediction.passages or ():
        opening = one_line(" ".join(text[part.start : part.start + OPENING].split()))
        cells = part.label, _certain(part.probability), f"{part.share:.0%}", f"{part.start}-{part.end}", opening
        table.add_row(*map(Text, cells))
    return table


def _certain(probability: float) -> str:
    """A probability that never claims certainty."""
    return ">99.9%" if probability > 0.999 else f"{probability:.1%}"

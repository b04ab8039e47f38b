"""An answer as text: a line of JSON, or columns with tabs between them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from classifier.prediction import Prediction


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted of every prediction."""

    max_error: float | None = None
    explain: bool = False
    passages: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A prediction, and the text it was made for unless that could not be read."""

    prediction: Prediction
    text: str | None


def as_json(prediction: Prediction, asked: Asked) -> str:
    """The contract's line: evidence and passages only where they were asked for by name."""
    values = prediction.as_dict()
    for name, wanted in (("evidence", asked.explain), ("passages", asked.passages)):
        if not wanted:
            values.pop(name, None)
    return json.dumps(values, ensure_ascii=False)


def as_lines(prediction: Prediction, asked: Asked) -> str:
    """Columns with tabs between them: path, answer, probability, message; below it passages and terms, indented."""
    answer = prediction.label or f"{prediction.status}: {prediction.reason}"
    certainty = "" if prediction.probability is None else f"{prediction.probability:.3f}"
    parts = [prediction.path or "-", answer, certainty, prediction.message or ""]
    lines = ["\t".join(map(one_line, parts)).rstrip("\t")]
    if asked.passages:
        lines += [
            f"\t{part.start}-{part.end}\t{part.label}\t{part.probability:.3f}\t{part.share:.3f}"
            for part in prediction.passages or ()
        ]
    if asked.explain:
        lines += [f"\t{part.contribution:+.3f}\t{one_line(part.term)}" for part in (prediction.evidence or ())[:10]]
    return "\n".join(lines)


def one_line(text: str) -> str:
    """A text from outside that may go to a terminal: control characters, such as colours and newlines, as escapes."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)

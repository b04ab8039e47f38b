"""A few documents, one answer each: what `classifier predict` does, apart from reading its arguments."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from classifier.errors import DocumentError
from classifier.model import Model, Prediction


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


def predict_documents(
    files: Sequence[str],
    text: str | None = None,
    model: str | None = None,
    *,
    asked: Asked | None = None,
    as_json: bool = False,
    html: Path | None = None,
) -> bool:
    """Print the answers for documents, or for one text; False when one of them could not be read."""
    asked, loaded = asked or Asked(), Model.load(model)
    shown_as_table = sys.stdout.isatty() and not as_json
    wanted = replace(
        asked,
        explain=asked.explain or html is not None or shown_as_table,
        passages=asked.passages or html is not None,
    )
    answers: Iterable[Answer] = _answers(loaded, files, text, wanted)
    if shown_as_table:
        from classifier.cli.showing import print_table

        answers = list(answers)
        print_table(answers, asked.explain, asked.passages)
    failed = False
    for answer in answers:
        failed |= answer.prediction.status == "failed"
        if html is not None and answer.text is not None:
            _write_page(loaded, answer.prediction, answer.text, html)
        if not shown_as_table:
            write = _as_json(answer, asked) if as_json else _as_lines(answer.prediction, asked)
            print(write, flush=True)
    return not failed


def _answers(model: Model, files: Sequence[str], text: str | None, asked: Asked) -> Iterator[Answer]:
    if text is not None:
        yield Answer(model.predict(text, **asdict(asked)), text)
    for file in files:
        try:
            document, digest = model.read_file(file)
        except DocumentError as error:
            yield Answer(Prediction.failed(file, error.reason, str(error), model.id), None)
        else:
            yield Answer(model.predict_document(document, file, digest, **asdict(asked)), document.text)


def _write_page(model: Model, prediction: Prediction, text: str, out: Path) -> None:
    from classifier.report.document import write_document_page

    write_document_page(prediction, text, out, model.explain(text) if prediction.probabilities else None)


def _as_json(answer: Answer, asked: Asked) -> str:
    """The contract's line: evidence and passages only where they were asked for by name."""
    values = answer.prediction.as_dict()
    for name, wanted in (("evidence", asked.explain), ("passages", asked.passages)):
        if not wanted:
            values.pop(name, None)
    return json.dumps(values, ensure_ascii=False)


def _as_lines(prediction: Prediction, asked: Asked) -> str:
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

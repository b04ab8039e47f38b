"""A few documents, one answer each: what `classifier predict` does, apart from reading its arguments."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from classifier.cli import printing
from classifier.cli.printing import Answer, Asked
from classifier.errors import DocumentError
from classifier.model import Model, Prediction


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
            write = printing.as_json if as_json else printing.as_lines
            print(write(answer.prediction, asked), flush=True)
    return not failed


def _answers(model: Model, files: Sequence[str], text: str | None, asked: Asked) -> Iterator[Answer]:
    if text is not None:
        yield Answer(model.predict(text, **asdict(asked)), text)
    for file in files:
        try:
            document, digest = model.read_file(file)
        except DocumentError as error:
            yield Answer(Prediction.failed(file, error, model.id), None)
        else:
            yield Answer(model.predict_document(document, file, digest, **asdict(asked)), document.text)


def _write_page(model: Model, prediction: Prediction, text: str, out: Path) -> None:
    from classifier.report.document import write_document_page

    write_document_page(prediction, text, out, model.explain(text) if prediction.probabilities else None)

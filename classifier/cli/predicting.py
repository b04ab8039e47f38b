"""`classifier predict`: a few documents, one answer each."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from classifier.cli.options import MaxErrorOption, ModelOption
from classifier.errors import DocumentError
from classifier.model import Model, Prediction


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(predict)


def predict(
    files: Annotated[list[str] | None, typer.Argument(help="Documents of any format; `-` is standard input.")] = None,
    text: Annotated[str | None, typer.Option(help="Label this text instead of a file.")] = None,
    model: ModelOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    explain: Annotated[bool, typer.Option(help="Say which terms decided.")] = False,
    max_error: MaxErrorOption = None,
) -> None:
    """Label documents.

    Example: classifier predict article.html report.pdf --json
    """
    if (text is None) == (not files):
        raise typer.BadParameter("give files, or - for standard input, or --text")
    loaded = Model.load(model)
    failed = False
    for prediction in _predictions(loaded, files or [], text, max_error, explain):
        failed |= prediction.status == "failed"
        typer.echo(json.dumps(prediction.as_dict(), ensure_ascii=False) if as_json else _line(prediction, explain))
    if failed:
        raise typer.Exit(1)


def _predictions(
    model: Model, files: list[str], text: str | None, max_error: float | None, explain: bool
) -> Iterator[Prediction]:
    if text is not None:
        yield model.predict(text, max_error=max_error, explain=explain)
    for file in files:
        try:
            yield model.predict_file(file, max_error=max_error, explain=explain)
        except DocumentError as error:
            yield Prediction.failed(file, error.reason, str(error), model.id)


def _line(prediction: Prediction, explain: bool) -> str:
    answer = prediction.label or f"{prediction.status}: {prediction.reason}"
    certainty = "" if prediction.probability is None else f"{prediction.probability:.3f}"
    parts = [prediction.path or "-", answer, certainty, prediction.message or ""]
    lines = ["\t".join(parts).rstrip("\t")]
    if explain:
        lines += [f"\t{part.contribution:+.3f}\t{part.term}" for part in (prediction.evidence or ())[:10]]
    return "\n".join(lines)

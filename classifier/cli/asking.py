"""`classifier predict`: its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from classifier.cli.options import MaxErrorOption, ModelOption
from classifier.cli.predicting import predict_documents
from classifier.cli.printing import Asked


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(predict)


def predict(
    files: Annotated[list[str] | None, typer.Argument(help="Documents of any format; `-` is standard input.")] = None,
    text: Annotated[str | None, typer.Option(help="Label this text instead of a file.")] = None,
    model: ModelOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say which terms decided.")] = False,
    passages: Annotated[bool, typer.Option("--passages", help="Cut each document into passages on one topic.")] = False,
    max_error: MaxErrorOption = None,
    html: Annotated[
        Path | None, typer.Option(help="Also a page that shows the evidence in one document's text.")
    ] = None,
) -> None:
    """Label documents.

    Example: classifier predict article.html report.pdf --json

    Why, as a page for the browser: classifier predict article.html --html why.html
    """
    _check(files or [], text, html)
    asked = Asked(max_error, explain, passages)
    if not predict_documents(files or [], text, model, asked=asked, as_json=as_json, html=html):
        raise typer.Exit(1)


def _check(files: Sequence[str], text: str | None, html: Path | None) -> None:
    if text is None and not files:
        raise typer.BadParameter("give files, or - for standard input, or --text")
    if text is not None and files:
        raise typer.BadParameter("give files or --text, not both: each call labels the one or the other")
    if files.count("-") > 1:
        raise typer.BadParameter("standard input can be read only once; give - once")
    if html is None:
        return
    if len(files) > 1:
        raise typer.BadParameter("--html shows one document; for many use `classifier label FOLDER --report F.html`")
    if html.exists() and any(html.samefile(file) for file in files if Path(file).exists()):
        raise typer.BadParameter("--html would overwrite the document itself; give another name")
    from classifier.labelling.outputs import spare_others

    spare_others(html, "report", "html")

"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

ModelOption = Annotated[
    str | None, typer.Option("--model", "-m", help="A model file, or a shipped model's name. Default: arabic-news.")
]
MaxErrorOption = Annotated[
    float | None,
    typer.Option("--max-error", help="Answer only as surely as this share of errors allows, e.g. 0.02; else unknown."),
]

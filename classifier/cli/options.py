"""Options that several commands share, and what `--force` is for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from classifier.errors import ClassifierError


def _share_of_errors(value: float | None) -> float | None:
    if value is not None and not 0.0 < value < 1.0:
        raise typer.BadParameter(f"{value} does not lie between 0 and 1; 0.02 means 2 wrong in 100")
    return value


ModelOption = Annotated[
    str | None, typer.Option("--model", "-m", help="A model file, or a shipped model's name. Default: arabic-news.")
]
MaxErrorOption = Annotated[
    float | None,
    typer.Option(
        "--max-error",
        help="Answer only as surely as this share of errors allows, e.g. 0.02; else unknown.",
        callback=_share_of_errors,
    ),
]


def refuse_to_overwrite(path: Path, force: bool) -> None:
    """Raise `ClassifierError` when a file is there already and `--force` was not given."""
    if path.exists() and not force:
        raise ClassifierError(f"{path}: is there already; give another name or --force")

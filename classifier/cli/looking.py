"""`classifier inspect` and `classifier export`: what a model is, and the same model for scikit-learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from classifier.cli.options import refuse_to_overwrite
from classifier.model import Model

ModelArgument = Annotated[
    str | None, typer.Argument(help="A model file, or a shipped model's name. Default: arabic-news.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(inspect)
    app.command()(export)


def inspect(
    model: ModelArgument = None,
    verify: Annotated[bool, typer.Option("--verify", help="Check digest and canaries.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The card's facts as JSON.")] = False,
) -> None:
    """Show a model's card: figures, terms, training.

    Example: classifier inspect my.model --verify
    """
    from classifier import inspection

    loaded = Model.load(model)
    if verify:
        canaries = inspection.verify(loaded)
        said = f"{loaded.id}: digest and {canaries} canaries agree"
        typer.echo(json.dumps({"model": loaded.id, "canaries": canaries}) if as_json else said)
    elif as_json:
        typer.echo(json.dumps(inspection.as_dict(loaded), ensure_ascii=False, indent=1))
    else:
        typer.echo(inspection.card(loaded), nl=False)


def export(
    model: Annotated[str, typer.Argument(help="A model file, or a shipped model's name.")],
    out: Annotated[Path, typer.Argument(help="The file to write, ending in .joblib.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write a model as a scikit-learn pipeline (joblib).

    Example: classifier export arabic-news pipeline.joblib
    """
    from classifier.training import export_pipeline

    refuse_to_overwrite(out, force)
    export_pipeline(Model.load(model), out)
    typer.echo(f"wrote {out}; load it with joblib.load, and only where you trust its source", err=True)

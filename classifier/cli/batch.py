"""`classifier label`: its arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from classifier.cli import filing
from classifier.cli.labelling import label_documents, preview
from classifier.cli.options import MaxErrorOption, ModelOption


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(label)
    app.command(name="file")(filing.file)


def _file(out: Path) -> Path:
    if str(out) == "-":
        raise typer.BadParameter("results are a file, so that a run can be gone on with; give its name")
    return out


def label(
    folder: Annotated[Path, typer.Argument(help="The folder; everything below it is labelled.")],
    out: Annotated[Path, typer.Option("--out", "-o", callback=_file, help="The results file, JSON Lines.")],
    *,
    model: ModelOption = None,
    max_error: MaxErrorOption = None,
    explain: Annotated[bool, typer.Option("--explain", help="Put the evidence into the results.")] = False,
    passages: Annotated[bool, typer.Option("--passages", help="Put the passages into the results.")] = False,
    include: Annotated[list[str] | None, typer.Option(help="Only these files, e.g. '*.pdf' or '2024/*'.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Not these files or folders, e.g. 'drafts'.")] = None,
    hidden: Annotated[
        bool, typer.Option("--hidden", help="Hidden files too: with a dot in front, of Office and Windows.")
    ] = False,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Processes. Default: one per core.")] = None,
    backend: Annotated[str | None, typer.Option(help="A joblib back end: loky, threading, dask ...")] = None,
    scheduler: Annotated[str | None, typer.Option(help="A dask scheduler, e.g. tcp://host:8786.")] = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds that a document may take before it is given up; not with --jobs 1.")
    ] = 120.0,
    force: Annotated[bool, typer.Option("--force", help="Label everything anew.")] = False,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only show what --model would answer differently, and why.")
    ] = False,
    csv: Annotated[Path | None, typer.Option(help="Also a CSV file that opens in Excel.")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Also an Excel workbook, right to left.")] = None,
    parquet: Annotated[Path | None, typer.Option(help="Also a Parquet file.")] = None,
    report: Annotated[Path | None, typer.Option(help="Also an HTML report.")] = None,
) -> None:
    """Label a folder of documents of any format; run it again to go on, or to take in what has changed.

    Example: classifier label archive --out results.jsonl --csv results.csv
    """
    running = {"model": model, "max_error": max_error, "jobs": jobs, "backend": backend, "scheduler": scheduler}
    if changed:
        preview(out, running)
        return
    exports = {kind: path for kind, path in (("csv", csv), ("xlsx", xlsx), ("parquet", parquet)) if path}
    filters = {"include": tuple(include or ()), "exclude": tuple(exclude or ()), "hidden": hidden}
    asked = {"folder": folder, "out": out, "explain": explain, "passages": passages, "force": force, "timeout": timeout}
    if not label_documents({**asked, **filters, **running}, exports, report):
        raise typer.Exit(1)

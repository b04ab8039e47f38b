"""`classifier label`: a folder of documents to a results file, and what follows from it."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from classifier.cli import filing
from classifier.cli.options import MaxErrorOption, ModelOption

if TYPE_CHECKING:
    from classifier.labelling import Summary

STOPPED, TERMINATED = 130, 143  # what shells expect after Ctrl-C and SIGTERM


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(label)
    app.command(name="file")(filing.file)


def label(
    folder: Annotated[Path, typer.Argument(help="The folder; everything below it is labelled.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The results file, JSON Lines.")],
    *,
    model: ModelOption = None,
    max_error: MaxErrorOption = None,
    explain: Annotated[bool, typer.Option("--explain", help="Put the evidence into the results.")] = False,
    passages: Annotated[bool, typer.Option("--passages", help="Put the passages into the results.")] = False,
    include: Annotated[list[str] | None, typer.Option(help="Only these files, e.g. '*.pdf' or '2024/*'.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Not these files or folders, e.g. 'drafts'.")] = None,
    hidden: Annotated[bool, typer.Option("--hidden", help="Files whose name starts with a dot too.")] = False,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Processes. Default: one per core.")] = None,
    backend: Annotated[str | None, typer.Option(help="A joblib back end: loky, threading, dask ...")] = None,
    scheduler: Annotated[str | None, typer.Option(help="A dask scheduler, e.g. tcp://host:8786.")] = None,
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
        _preview(out, running)
        return
    exports = {kind: path for kind, path in (("csv", csv), ("xlsx", xlsx), ("parquet", parquet)) if path}
    asked = {"explain": explain, "passages": passages, "force": force}
    filters = {"include": tuple(include or ()), "exclude": tuple(exclude or ()), "hidden": hidden}
    own = [*exports.values(), *([report] if report else [])]
    summary = _run(folder, out, filters, {**running, **asked, "ignore": own})
    _export(out, exports, report, model)
    _tell(summary)
    if summary.failures:
        raise typer.Exit(1)


def _run(folder: Path, out: Path, filters: Mapping[str, object], settings: Mapping[str, object]) -> Summary:
    from classifier.cli.progress import progress
    from classifier.labelling import label_folder
    from classifier.labelling.walking import Filters, count_files

    def count() -> int:
        return count_files(str(folder), Filters(**filters))  # type: ignore[arg-type]

    with _stoppable(), progress(count) as show:
        return label_folder(folder, out, on_progress=show, **filters, **settings)  # type: ignore[arg-type]


@contextmanager
def _stoppable() -> Iterator[None]:
    """Ctrl-C and SIGTERM end the run in good order."""

    def stop(number: int, frame: object) -> NoReturn:
        threading.excepthook = lambda _: None  # joblib's threads complain when their workers are stopped
        raise SystemExit(TERMINATED if number == signal.SIGTERM else STOPPED)

    former = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except SystemExit as stopped:
        typer.echo("stopped; what is labelled is safe, run the same command again to go on", err=True)
        raise typer.Exit(int(str(stopped.code))) from None
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _export(out: Path, exports: Mapping[str, Path], report: Path | None, model: str | None) -> None:
    if exports:
        from classifier.labelling.exports import EXPORTS

        for kind, path in exports.items():
            EXPORTS[kind](out, path)
    if report:
        from classifier.model import Model
        from classifier.report import write_labelling_report

        write_labelling_report(out, report, model=Model.load(model))


def _preview(out: Path, running: Mapping[str, object]) -> None:
    """One line a document that would change: path, before, after, and the terms that pull it there."""
    from classifier.labelling.changes import preview_changes

    counts: dict[tuple[str, str], int] = {}
    for change in preview_changes(out, **running):  # type: ignore[arg-type]
        terms = " ".join(term for term, _ in change.terms)
        typer.echo(f"{change.path}\t{change.before} → {change.after}\t{terms}".replace("\n", "\\n"))
        counts[change.before, change.after] = counts.get((change.before, change.after), 0) + 1
    rows = [
        (f"{before} → {after}", count) for (before, after), count in sorted(counts.items(), key=lambda row: -row[1])
    ]
    _table(rows, f"{sum(counts.values()):,} documents would change; adopt the model with --force")


def _tell(summary: Summary) -> None:
    """The summary table."""
    rows: list[tuple[str, int]] = list(summary.labels.items())
    rows += [(f"unknown: {reason}", count) for reason, count in summary.unknown.items()]
    rows += [(f"failed: {reason}", count) for reason, count in summary.failed.items()]
    passed = summary.passed
    rows += [
        (f"passed over: {what}", count)
        for what, count in (
            ("hidden", passed.hidden),
            ("links to folders", passed.linked_folders),
            ("excluded", passed.excluded),
        )
        if count
    ]
    rate = summary.fresh / summary.seconds if summary.seconds else 0.0
    _table(
        rows,
        f"{summary.documents:,} documents; {summary.fresh:,} files labelled in {summary.seconds:.1f} s "
        f"({rate:,.0f} a second), {summary.kept:,} unchanged",
    )


def _table(rows: list[tuple[str, int]], foot: str) -> None:
    """Rows with their counts, drawn on a terminal, plain elsewhere."""
    if rows and sys.stderr.isatty():
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, show_header=False)
        for name, count in rows:
            table.add_row(Text(name), f"{count:,}")
        Console(stderr=True).print(table)
    else:
        for name, count in rows:
            typer.echo(f"{count:>12,}  {name}", err=True)
    typer.echo(foot, err=True)

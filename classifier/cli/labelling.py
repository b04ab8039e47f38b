"""A folder of documents to a results file, and what follows from it: what `classifier label` does, apart from reading
its arguments.
"""

from __future__ import annotations

import gc
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from classifier.labelling import Summary

STOPPED, TERMINATED = 130, 143  # what shells expect after Ctrl-C and SIGTERM


def label_documents(
    asked: Mapping[str, Any], exports: Mapping[str, Path] | None = None, report: Path | None = None
) -> bool:
    """Label a folder, write what was asked for beside the results, and say what there is; False when a document failed.

    `asked` are the arguments of `label_folder`, `exports` files by kind ("csv", "xlsx", "parquet").
    """
    exports = exports or {}
    others = {**exports, **({"report": report} if report else {})}
    if others:
        from classifier.labelling.outputs import check_outputs

        check_outputs(asked["folder"], asked["out"], others)
    summary = _run({**asked, "ignore": list(others.values())})
    _export(asked["out"], exports, report, asked.get("model"))
    _tell(summary)
    return not summary.failures


def _run(asked: Mapping[str, Any]) -> Summary:
    from classifier.cli.progress import progress
    from classifier.labelling.batch import label_folder
    from classifier.labelling.walking import Filters, count_files

    def count() -> int:
        filters = {name: asked[name] for name in ("include", "exclude", "hidden") if name in asked}
        return count_files(str(asked["folder"]), Filters(**filters))

    gc.freeze()  # what is imported stays: looking through it again and again is a thirtieth of a finished run
    with _stoppable(), progress(count) as show:
        return label_folder(**asked, on_progress=show)


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
        _say("stopped; what is labelled is safe, run the same command again to go on")
        sys.exit(stopped.code)
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


def preview(out: Path, running: Mapping[str, object]) -> None:
    """One line a document that would change: path, before, after, and the terms that pull it there."""
    from classifier.cli.printing import one_line
    from classifier.labelling.changes import preview_changes

    counts: dict[tuple[str, str], int] = {}
    for change in preview_changes(out, **running):  # type: ignore[arg-type]
        terms = " ".join(term for term, _ in change.terms)
        print("\t".join(map(one_line, (change.path, f"{change.before} → {change.after}", terms))))
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
            _say(f"{count:>12,}  {name}")
    _say(foot)


def _say(line: str) -> None:
    print(line, file=sys.stderr)

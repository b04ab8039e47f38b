"""`classifier train` and `classifier evaluate`: from labelled documents to a model, and to its figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from classifier.cli.options import ModelOption, refuse_to_overwrite
from classifier.cli.printing import one_line

if TYPE_CHECKING:
    from classifier.evaluation import Evaluation

CorpusArgument = Annotated[
    Path,
    typer.Argument(help="A folder of label folders, or a table: CSV, TSV, XLSX, JSONL, Parquet, fastText."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(train)
    app.command()(evaluate)


def _length(seconds: float) -> float:
    if not seconds >= 0:  # nor is it for what is no number
        raise typer.BadParameter(f"{seconds} is no length of time; give seconds, 0 or more")
    return seconds


def train(
    corpus: CorpusArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="The model file to write.")],
    unlabelled: Annotated[
        Path | None,
        typer.Option(help="Unlabelled texts to learn from too, a folder or file: best those to be labelled."),
    ] = None,
    tune: Annotated[
        float, typer.Option(metavar="SECONDS", callback=_length, help="Try other settings for about so long first.")
    ] = 0.0,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Decides the folds; the same seed gives the same model.")
    ] = 0,
    name: Annotated[str | None, typer.Option(help="The model's name. Default: the corpus' name.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Learn a model from labelled documents.

    Example: classifier train seeds/ --out my.model
    """
    from classifier.training import train as learn

    refuse_to_overwrite(out, force)
    trained = learn(
        corpus,
        out,
        unlabelled=unlabelled,
        seed=seed,
        tune_seconds=tune,
        name=name,
        progress=lambda line: typer.echo(line, err=True),
    )
    _say_left_out(trained.left_out)
    if trained.near_duplicates:
        typer.echo(f"near-duplicates, kept on one side of every split: {trained.near_duplicates}", err=True)
    typer.echo("held-out figures:")
    typer.echo(figures(trained.report))
    held_out = ", ".join(f"{kind} {share:.4f}" for kind, share in trained.leakage.items())
    typer.echo(f"\naccuracy by what is held out: {held_out}")
    typer.echo(f"wrote {out} ({out.stat().st_size / 1e6:.2f} MB, {trained.digest[:8]})", err=True)


def evaluate(
    corpus: CorpusArgument,
    model: ModelOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="All figures as one JSON object.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Also a page of charts, with the mistakes and their evidence.")
    ] = None,
) -> None:
    """Measure a model on labelled documents it has not seen.

    Example: classifier evaluate held-out.csv --model my.model --report evaluation.html
    """
    from classifier.corpus import load_corpus
    from classifier.evaluation import evaluate as measure_model
    from classifier.model import Model

    if report:
        from classifier.labelling.outputs import spare_others

        spare_others(report, "report")
    loaded, documents = Model.load(model), load_corpus(corpus)
    if loaded.metadata.get("provenance", {}).get("corpus") == documents.digest:
        typer.echo(
            "these are the very documents the model has learned from: the figures say nothing of others", err=True
        )
    unknown = sorted(set(documents.labels) - set(loaded.labels))
    if 0 < len(unknown) < len(documents.labels):
        typer.echo(
            f"the model does not know {', '.join(map(repr, unknown))}: all documents under them are errors", err=True
        )
    evaluation = measure_model(loaded, documents)
    if report:
        from classifier.report.evaluation import write_evaluation_report

        write_evaluation_report(evaluation, report, model=loaded, corpus=documents)
    _say_left_out(documents.left_out)
    if as_json:
        left_out = {reason: len(names) for reason, names in documents.left_out.items()}
        typer.echo(json.dumps({**evaluation.as_dict(), "left_out": left_out}, ensure_ascii=False))
    else:
        typer.echo(figures(evaluation, errors=True))


def figures(evaluation: Evaluation, errors: bool = False) -> str:
    """An evaluation as plain text."""
    lines = [
        f"documents  {evaluation.documents} ({evaluation.answered} answered)",
        f"accuracy   {evaluation.accuracy:.4f}  95 % interval {_interval(evaluation.accuracy_interval)}",
        f"macro-F1   {evaluation.macro_f1:.4f}  95 % interval {_interval(evaluation.macro_f1_interval)}",
        f"ECE        {evaluation.ece:.4f}  AURC {evaluation.aurc:.4f}",
        "coverage   "
        + ", ".join(
            f"{share:.1%} at {float(error):.0%} error" for error, share in evaluation.coverage_at_error.items()
        ),
        "",
        f"{'label':30} {'n':>5} {'precision':>9} {'recall':>7} {'F1':>7}  F1 interval",
    ]
    for row in evaluation.per_label:
        scores = f"{row.precision:9.4f} {row.recall:7.4f} {row.f1:7.4f}"
        lines.append(f"{one_line(row.label):30} {row.support:5d} {scores}  {_interval(row.f1_interval)}")
    lines += ["", "confusion (rows: truth; columns: answers, unknown last)"]
    lines += [
        f"{one_line(label):30} " + " ".join(f"{count:6d}" for count in row)
        for label, row in zip(evaluation.labels, evaluation.confusion, strict=True)
    ]
    if errors and evaluation.mistakes:
        lines += ["", "most certain errors"]
        lines += [
            one_line(f"{part.probability:.3f}  {part.truth} → {part.answer}  {part.name}  {part.text[:60]}")
            for part in evaluation.mistakes
        ]
    return "\n".join(lines)


def _say_left_out(left_out: Mapping[str, Sequence[str]]) -> None:
    for reason, names in left_out.items():
        shown = ", ".join(map(one_line, names[:3])) + (" ..." if len(names) > 3 else "")
        typer.echo(f"left out, {reason}: {len(names)} ({shown})", err=True)


def _interval(bounds: tuple[float, float]) -> str:
    return f"{bounds[0]:.4f}-{bounds[1]:.4f}"

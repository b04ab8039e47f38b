"""`classifier adapt` and `classifier suggest`: what to make of an archive that nobody has labelled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from classifier.cli.options import ModelOption, refuse_to_overwrite
from classifier.drafts import require_writable
from classifier.errors import listed

ArchiveArgument = Annotated[
    Path,
    typer.Argument(
        help="A folder (any format), zip file or mailbox, or a table of texts: CSV, TSV, XLSX, JSONL, Parquet."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(adapt)
    app.command()(suggest)


def adapt(
    archive: ArchiveArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="The model file to write.")],
    model: ModelOption = None,
    name: Annotated[str | None, typer.Option(help="The new model's name. Default: the old one's, -adapted.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Re-learn a model on your own archive, without labels.

    Nothing leaves this machine; but the new model's file spells out words that stand in three or more of the archive's
    documents, so treat it as confidentially as the archive. A larger archive than 50,000
    documents is learned from by a random sample of that size.

    Example: classifier adapt archive/ --out ours.model
    """
    from classifier.training.adapting import adapt as learn

    refuse_to_overwrite(out, force)
    adapted = learn(archive, out, model=model, name=name, progress=_say)
    _say_left_out(adapted.left_out)
    for warning in adapted.warnings:
        _say(f"warning: {warning}")
    typer.echo(f"documents in the archive       {adapted.documents:,}")
    typer.echo(f"learned from                   {adapted.learned_from:,}, {adapted.new_terms:,} new terms")
    typer.echo(f"answers as before              {adapted.agreement:.1%} of documents held out")
    typer.echo(f"{'share of the archive':30} {'before':>7} {'after':>7}")
    for label, (before, after) in adapted.shares.items():
        typer.echo(f"{label:30} {before:7.1%} {after:7.1%}")
    _say(f"wrote {out} ({out.stat().st_size / 1e6:.2f} MB, {adapted.digest[:8]})")


def suggest(
    archive: ArchiveArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="The CSV file to write.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many documents.")] = 100,
    model: ModelOption = None,
    exclude: Annotated[
        list[Path] | None,
        typer.Option(help="A file of documents never to suggest, by id, path or text: labelled ones, measuring sets."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Decides what is drawn at random.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Pick the documents most worth labelling.

    Fill in the `label` column (and, where another label would do too, `second_label` and `low` as `confidence`), then
    give the file to `train`, which learns from all of it. The rows `drawn` as `random` are a fair sample of the
    archive's distinct documents, to estimate shares and accuracy from; where they are enough, `train` fits its
    probabilities to them and not to those `drawn` as `uncertain`.

    Example: classifier suggest archive/ --count 200 --out to-label.csv
    """
    from classifier.training.suggesting import suggest as pick
    from classifier.training.suggesting import write_csv

    refuse_to_overwrite(out, force)
    require_writable(out, archive, *(exclude or ()))
    suggested = pick(archive, count, model=model, exclude=exclude or (), seed=seed, progress=_say)
    write_csv(suggested, out)
    _say_left_out(suggested.left_out)
    at_random = sum(part.drawn == "random" for part in suggested.suggestions)
    found = len(suggested.suggestions)
    _say(f"wrote {out}: {found:,} of {suggested.documents:,} documents, {at_random:,} of them drawn at random")
    if found < count:
        _say(f"warning: {count:,} were asked for; the archive holds no more that differ")


def _say_left_out(left_out: Mapping[str, int]) -> None:
    if left_out:
        _say(f"left out: {listed(left_out)}")


def _say(line: str) -> None:
    typer.echo(line, err=True)

"""`classifier file`: labelled documents into folders of their labels."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from classifier.filing import Manner


def file(
    results: Annotated[Path, typer.Argument(help="A results file of `classifier label`.")],
    into: Annotated[Path, typer.Option("--into", help="The folder to file into.")],
    *,
    link: Annotated[bool, typer.Option("--link", help="Symbolic links; documents stay (the default).")] = False,
    copy: Annotated[bool, typer.Option("--copy", help="Copies; documents stay.")] = False,
    move: Annotated[bool, typer.Option("--move", help="Moves the documents.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; otherwise the plan is only shown.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Put back all that was filed into the folder.")] = False,
) -> None:
    """File labelled documents into folders of their labels; shows the plan, and does it with --apply.

    Example: classifier file results.jsonl --into sorted --copy --apply
    """
    if link + copy + move > 1 or (apply and undo):
        raise typer.BadParameter("choose one of --link, --copy and --move, and one of --apply and --undo")
    from classifier.cli.printing import one_line
    from classifier.filing import ALREADY, Manner, apply_filing, undo_filing

    manner = Manner.MOVE if move else Manner.COPY if copy else Manner.LINK
    if not (apply or undo):
        _show(results, into, manner)
        return
    try:
        outcome = undo_filing(into, results) if undo else apply_filing(results, into, manner)
    except KeyboardInterrupt:
        typer.echo("stopped; what is done is journalled: run the same command again to go on, or --undo", err=True)
        raise
    for why, count in outcome.left_out.items():
        named = ", ".join(map(one_line, outcome.named[why])) + ", ..." * (count > len(outcome.named[why]))
        typer.echo(f"{count:>12,}  {why} ({named})", err=True)
    typer.echo(f"{outcome.done:,} documents {'put back' if undo else 'filed'}", err=True)
    if any(why != ALREADY for why in outcome.left_out):
        raise typer.Exit(1)


def _show(results: Path, into: Path, manner: Manner) -> None:
    """The plan: one line a document on stdout, the folders' sizes on stderr."""
    from classifier.cli.printing import one_line
    from classifier.filing import Step, planned

    shelves: Counter[str] = Counter()
    for part in planned(results, into, manner):
        if isinstance(part, Step):
            typer.echo("\t".join((manner, one_line(part.source), one_line(part.target))))
            shelves[str(Path(part.target).parent)] += 1
        else:
            shelves[f"left: {part.why}"] += 1
    for shelf, count in sorted(shelves.items()):
        typer.echo(f"{count:>12,}  {one_line(shelf)}", err=True)
    typer.echo(f"nothing is done yet: add --apply to {manner} them", err=True)

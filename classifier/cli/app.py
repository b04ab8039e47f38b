"""The parser of the `classifier` command and its sub-commands, of which only those asked for are imported."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from classifier import __version__

HOMES = {
    "predict": "asking",
    "label": "batch",
    "file": "batch",
    "train": "learning",
    "evaluate": "learning",
    "adapt": "adapting",
    "suggest": "adapting",
    "inspect": "looking",
    "export": "looking",
}


class _ReaderGoneError(Exception):
    """A `BrokenPipeError` that typer does not know: it would end with a code of its own, and `starting` has one."""


class _Commands(TyperGroup):
    """The commands, under which errors of a reader that is gone get through."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _ReaderGoneError from None


app = typer.Typer(
    name="classifier",
    cls=_Commands,
    help="Labels Arabic documents as economy/fintech, security/counter-terrorism or other.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Show the version and which engine runs.")) -> None:
    if version:
        from classifier.engine import Engine

        typer.echo(f"classifier {__version__} ({Engine.face} engine)")
        raise typer.Exit()


def run(arguments: Sequence[str]) -> None:
    """Run what the arguments ask for; exits as typer does, but for `BrokenPipeError`, which is raised."""
    register(arguments[0] if arguments else None)
    try:
        app(list(arguments))
    except _ReaderGoneError:
        raise BrokenPipeError from None


def register(command: str | None = None) -> None:
    """Add the commands that live with one, or all of them, in the order of HOMES, where it has no home."""
    homes = [HOMES[command]] if command in HOMES else dict.fromkeys(HOMES.values())
    for home in homes:
        import_module(f"classifier.cli.{home}").register(app)

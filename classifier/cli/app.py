"""The `classifier` command: its sub-commands, and the one border where errors become messages and exit codes."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from classifier import __version__
from classifier.errors import ClassifierError

DONE, FAILED, MISUSED = 0, 1, 2

app = typer.Typer(
    name="classifier",
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
        raise typer.Exit(DONE)


def main() -> NoReturn:
    """Run the command line; an error this package raised on purpose is one line on stderr and exit code 1."""
    from classifier.cli import batch, learning, looking, predicting

    for group in (predicting, batch, learning, looking):
        group.register(app)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app()
    except ClassifierError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(FAILED)
    except BrokenPipeError:  # `classifier ... | head`
        sys.stderr.close()
        sys.exit(DONE)
    sys.exit(DONE)

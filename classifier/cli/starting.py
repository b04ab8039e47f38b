"""Where the `classifier` command starts: the one border where errors become messages and exit codes.

Importing typer takes longer than labelling a document with all that it needs, so the plainest call, `classifier predict
FILE...`, goes without; every other call imports typer and its own command, not the others'.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from classifier.errors import ClassifierError

DONE, FAILED, INTERRUPTED = 0, 1, 130


def main() -> NoReturn:
    """Run the command line; an error this package raised on purpose is one line on stderr and exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        sys.exit(_run(sys.argv[1:]))
    except ClassifierError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(FAILED)
    except BrokenPipeError:  # `classifier ... | head`
        sys.stderr.close()
        sys.exit(DONE)
    except OSError as error:  # a page or an export that cannot be written: what is read has its own errors
        print(f"error: {_place(error)}{error.strerror or error}; choose another place or name", file=sys.stderr)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _place(error: OSError) -> str:
    """The file that an error is about, where it says so; the name asked for, not that of its draft."""
    named = error.filename2 or error.filename
    return f"{named}: " if isinstance(named, str) else ""


def _run(arguments: Sequence[str]) -> int:
    if _are_only_files(arguments):
        from classifier.cli.predicting import predict_documents

        return DONE if predict_documents(arguments[1:]) else FAILED
    from classifier.cli.app import run

    run(arguments)
    return DONE


def _are_only_files(arguments: Sequence[str]) -> bool:
    """True for `predict FILE...` without any option; `-`, the standard input, is a file."""
    options = [argument for argument in arguments[1:] if argument.startswith("-") and argument != "-"]
    return len(arguments) > 1 and arguments[0] == "predict" and not options

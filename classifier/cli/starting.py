"""Where the `classifier` command starts: the one border where errors become messages and exit codes.

Importing typer takes longer than labelling a document with all that it needs, or than finding that a folder is labelled
already. So the plainest calls, `classifier predict FILE...` and `classifier label FOLDER --out FILE`, go without; every
other call, and whatever is odd about these, is typer's: it imports that and its own command, not the others'.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from classifier.errors import ClassifierError

DONE, FAILED, INTERRUPTED = 0, 1, 130


def _plain(number: str) -> str:
    """A number as everybody writes it; whether others pass for one is for typer to say."""
    if set(number) <= set("0123456789."):
        return number
    raise ValueError(number)


def _share(number: str) -> float:
    """A number between 0 and 1; what is to be said of others, typer says."""
    if not 0.0 < float(_plain(number)) < 1.0:
        raise ValueError(number)
    return float(number)


# Those of `label` that are read here, as `batch.label` declares them.
OPTIONS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "--out": ("out", Path),
    "-o": ("out", Path),
    "--model": ("model", str),
    "-m": ("model", str),
    "--max-error": ("max_error", _share),
    "--jobs": ("jobs", lambda number: int(_plain(number))),
    "-j": ("jobs", lambda number: int(_plain(number))),
}


def main() -> NoReturn:
    """Run the command line; an error this package raised on purpose is one line on stderr and exit code 1."""
    _prepare_streams()
    try:
        sys.exit(_run(sys.argv[1:]))
    except ClassifierError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(FAILED)
    except BrokenPipeError:  # `classifier ... | head`
        for stream in (sys.stdout, sys.stderr):  # or what they still hold is an error at the very end
            with suppress(OSError):
                stream.close()
        sys.exit(FAILED if sys.argv[1:2] == ["label"] else DONE)  # what it prints is talk, and it has not finished
    except OSError as error:  # a page or an export that cannot be written: what is read has its own errors
        print(f"error: {_place(error)}{error.strerror or error}; choose another place or name", file=sys.stderr)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _prepare_streams() -> None:
    """Have any text go out; what is meant for a stream that was closed from outside, as by `>&-`, goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115  for as long as the process lives
        getattr(sys, name).reconfigure(encoding="utf-8", errors="backslashreplace")


def _place(error: OSError) -> str:
    """The file that an error is about, where it says so; the name asked for, not that of its draft."""
    named = error.filename2 or error.filename
    return f"{named}: " if isinstance(named, str) else ""


def _run(arguments: Sequence[str]) -> int:
    if _are_only_files(arguments):
        from classifier.cli.predicting import predict_documents

        return DONE if predict_documents(arguments[1:]) else FAILED
    asked = plain_label(arguments)
    if asked:
        from classifier.cli.labelling import label_documents

        return DONE if label_documents(asked) else FAILED
    from classifier.cli.app import run

    run(arguments)
    return DONE


def _are_only_files(arguments: Sequence[str]) -> bool:
    """True for `predict FILE...` without any option; `-`, the standard input, is a file, but only once."""
    options = [argument for argument in arguments[1:] if argument.startswith("-") and argument != "-"]
    return len(arguments) > 1 and arguments[0] == "predict" and not options and arguments.count("-") < 2


def plain_label(arguments: Sequence[str]) -> dict[str, object] | None:
    """What `label FOLDER --out FILE` asks for, with no options but those of `OPTIONS`; None for every other call."""
    words = list(arguments)
    if not words or words.pop(0) != "label":
        return None
    asked: dict[str, object] = {}
    while words:
        name, read = OPTIONS.get(words[0], ("folder", Path))
        value = words.pop(1) if words[0] in OPTIONS and len(words) > 1 else words[0]
        del words[0]
        if name in asked or not value or value.startswith("-"):
            return None
        try:
            asked[name] = read(value)
        except ValueError:
            return None
    return asked if {"folder", "out"} <= asked.keys() and asked.get("jobs") != 0 else None

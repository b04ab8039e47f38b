"""Where a command that works for minutes will write: looked at before it starts."""

from __future__ import annotations

import os
from pathlib import Path

from classifier.cli.options import refuse_to_overwrite
from classifier.errors import ClassifierError


def require_writable(out: Path, force: bool) -> None:
    """Raise `ClassifierError` unless a file can be put at `out`, whose folders are made where they are not there.

    What is there already is replaced by force only, and never what is no file, such as a folder or a device.
    """
    refuse_to_overwrite(out, force)
    if out.exists() and not out.is_file():
        raise ClassifierError(f"{out}: is not a file, and cannot be replaced by one; give another name")
    folder = next(folder for folder in out.absolute().parents if folder.exists())
    if not folder.is_dir():
        raise ClassifierError(f"{out}: cannot be written, {folder} is not a folder; choose another place")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ClassifierError(f"{out}: cannot be written, {folder} may not be written to; choose another place")

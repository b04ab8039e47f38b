"""Where a model's file lies: under its path, in its folder, or among the shipped models under its name.

Apart from `Model`, because resuming a finished folder asks for the file's digest and never for the model itself.
"""

from __future__ import annotations

import os
from pathlib import Path

DEFAULT = "arabic-news"
FILE_NAME = "model.safetensors"


def locate(source: str | os.PathLike[str] | None) -> Path:
    """The file of a model given by path, by folder, or by the name of a shipped model."""
    if source is None:
        source = DEFAULT
    path = Path(source)
    if path.is_dir():
        path = path / FILE_NAME
    if not path.exists() and len(path.parts) == 1:
        for shelf in _shelves():
            if (shelf / path / FILE_NAME).exists():
                return shelf / path / FILE_NAME
    return path


def _shelves() -> tuple[Path, ...]:
    """Where shipped models lie: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).resolve().parent
    return here / "models", here.parent / "models"

"""Where a model's file lies: under its path, in its folder, or among the shipped models under its name.

Apart from `Model`, because resuming a finished folder asks for the file's digest and never for the model itself.
"""

from __future__ import annotations

import os
from pathlib import Path

from classifier.errors import ModelFileError

DEFAULT = "arabic-news"
FILE_NAME = "model.safetensors"


def locate(source: str | os.PathLike[str] | None) -> Path:
    """The file of a model given by path, by folder, or by the name of a shipped model; of the default one for None.

    A name without a folder is first that of a file here, then that of a shipped model, then that of a folder here.
    Raises `ModelFileError` for one that is none of these.
    """
    if source is None:
        return _shipped(DEFAULT) or _shelves()[0] / DEFAULT / FILE_NAME
    path = Path(source)
    is_bare, is_folder = path.name == os.fspath(source), os.path.isdir(path)  # noqa: PTH112  nor does it raise
    if source == "":
        raise ModelFileError("the name of the model is empty; give a model file or the name of a shipped model")
    if is_bare and (is_folder or not os.path.exists(path)):  # noqa: PTH110
        shipped = _shipped(path.name)
        if shipped:
            return shipped
        if not is_folder:
            raise ModelFileError(
                f"{source}: there is no such model file, nor is it a shipped model ({', '.join(_names())}); check the "
                "path or train one"
            )
    return path / FILE_NAME if is_folder else path


def _shipped(name: str) -> Path | None:
    """The file of a shipped model, None when there is none of that name."""
    return next((file for shelf in _shelves() if (file := shelf / name / FILE_NAME).exists()), None)


def _names() -> list[str]:
    """The names of the shipped models."""
    return sorted({file.parent.name for shelf in _shelves() for file in shelf.glob(f"*/{FILE_NAME}")})


def _shelves() -> tuple[Path, ...]:
    """Where shipped models lie: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).resolve().parent
    return here / "models", here.parent / "models"

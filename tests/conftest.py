"""What several tests use: a small model trained on `seeds/`, and the shared corpora where they are present."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from archives import Runs, write_archive

from classifier import Model
from classifier.training import train

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file trained on the repository's own seeds."""
    path = tmp_path_factory.mktemp("model") / "seeds.safetensors"
    train(ROOT / "seeds", path)
    return path


@pytest.fixture(scope="session")
def model(model_path: Path) -> Model:
    """The model of `model_path`, loaded."""
    return Model.load(model_path)


@pytest.fixture(scope="session")
def shipped() -> Model:
    """The shipped model."""
    return Model.load()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared corpora and labels; tests that need it skip where it is absent."""
    folder = ROOT.parent / "shared"
    if not (folder / "corpora").is_dir():
        pytest.skip("the shared corpora are not beside the repository")
    return folder


@pytest.fixture
def shut_folder(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Make a folder one that cannot be listed, by the superuser neither."""
    scan, shut = os.scandir, set[str]()

    def scandir(path: str) -> Any:
        if os.fspath(path) in shut:
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    return lambda folder: shut.add(str(folder))


@pytest.fixture
def runs(tmp_path: Path, model_path: Path) -> Runs:
    """A folder of 300 short documents, to label with the model of `model_path`."""
    return Runs(write_archive(tmp_path / "archive"), model_path)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A results file that is not there yet."""
    return tmp_path / "results.jsonl"

"""How the command starts: the plainest call goes without typer, and no command imports the others."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from classifier.cli.app import HOMES, app, register
from classifier.model import FILE_NAME

TEXT = "رفع البنك المركزي أسعار الفائدة لكبح التضخم في الأسواق"
SCRIPT = """
import sys
from pathlib import Path
from classifier import model
from classifier.cli import main
shelf = Path(sys.argv.pop(1))
model._shelves = lambda: (shelf,)
try:
    main()
finally:
    print(*sorted(sys.modules), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def shelf(model_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf of shipped models that holds the tests' own."""
    folder = tmp_path_factory.mktemp("shelf")
    (folder / "arabic-news").mkdir()
    shutil.copy(model_path, folder / "arabic-news" / FILE_NAME)
    return folder


@pytest.fixture
def document(tmp_path: Path) -> str:
    path = tmp_path / "document.txt"
    path.write_text(TEXT, encoding="utf-8")
    return str(path)


def _run(shelf: Path, *arguments: str, given: str = "") -> tuple[int, str, set[str]]:
    """Exit code, standard output and the modules imported."""
    command = [sys.executable, "-c", SCRIPT, str(shelf), *arguments]
    run = subprocess.run(command, check=False, capture_output=True, encoding="utf-8", input=given)
    return run.returncode, run.stdout, set(run.stderr.splitlines()[-1].split())


def test_the_plainest_call_goes_without_typer(shelf: Path, document: str) -> None:
    code, answer, loaded = _run(shelf, "predict", document)
    assert (code, answer.split("\t")[1]) == (0, "economy/fintech")
    assert not loaded & {"typer", "rich", "click", "pydantic", "numpy", "tempfile", "subprocess", "concurrent.futures"}


def test_with_and_without_typer_the_answer_is_the_same(shelf: Path, document: str) -> None:
    plain = _run(shelf, "predict", document, "-", "missing.txt", given=TEXT)
    parsed = _run(shelf, "predict", "--model", "arabic-news", document, "-", "missing.txt", given=TEXT)
    assert "typer" in parsed[2]
    assert plain[:2] == parsed[:2]
    assert (plain[0], len(plain[1].splitlines())) == (1, 3)


@pytest.mark.parametrize(
    "arguments", [["predict"], ["predict", "--nonsense", "x"], ["nonsense"], ["predict", "--text"]]
)
def test_misuse_is_the_parsers_to_explain(arguments: list[str], shelf: Path) -> None:
    code, _, loaded = _run(shelf, *arguments)
    assert code == 2
    assert "typer" in loaded


def test_a_command_imports_no_other_commands(shelf: Path, document: str) -> None:
    _, _, loaded = _run(shelf, "predict", "--json", document)
    assert not loaded & {f"classifier.cli.{home}" for home in HOMES.values() if home != "asking"}


def test_every_command_has_a_home() -> None:
    register()
    named = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    assert named == set(HOMES)

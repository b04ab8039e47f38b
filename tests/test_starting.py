"""How the command starts: the plainest call goes without typer, and no command imports the others."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import textwrap
from inspect import signature
from pathlib import Path
from typing import Any, NoReturn

import pytest
from typer.main import get_command

from classifier.cli import starting
from classifier.cli.app import HOMES, app, register
from classifier.cli.starting import OPTIONS, plain_label
from classifier.errors import ResultsError
from classifier.labelling import batch, label_folder
from classifier.shelves import FILE_NAME

TEXT = "رفع البنك المركزي أسعار الفائدة لكبح التضخم في الأسواق"
PLAIN_SCRIPT = """
import sys
from pathlib import Path
from classifier import shelves
from classifier.cli import main
shelf = Path(sys.argv.pop(1))
shelves._shelves = lambda: (shelf,)
main()
"""
SCRIPT = f"""
try:
{textwrap.indent(PLAIN_SCRIPT, "    ")}
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


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["plain", "parsed"])
def test_a_reader_that_leaves_is_no_error(shelf: Path, document: str, options: list[str]) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    command = [sys.executable, "-c", PLAIN_SCRIPT, str(shelf), "predict", document, *options]
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    ended = subprocess.run(command, check=False, stdout=theirs, stderr=subprocess.DEVNULL, env=buffered)
    os.close(theirs)
    assert ended.returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX")
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["plain", "parsed"])
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_stream_is_no_error(shelf: Path, document: str, *, closed: str, options: list[str]) -> None:
    command = [sys.executable, "-c", PLAIN_SCRIPT, str(shelf), "predict", document, *options]
    ended = subprocess.run(f"{shlex.join(command)} {closed}", shell=True, check=False, capture_output=True)
    assert (ended.returncode, b"Traceback" in ended.stderr) == (0, False)
    assert (b"economy/fintech" in ended.stdout) is not closed.startswith(">")


@pytest.mark.parametrize(
    "arguments",
    [["predict"], ["predict", "--nonsense", "x"], ["nonsense"], ["predict", "--text"], ["predict", "-", "-"]],
)
def test_misuse_is_the_parsers_to_explain(arguments: list[str], shelf: Path) -> None:
    code, _, loaded = _run(shelf, *arguments)
    assert code == 2
    assert "typer" in loaded


@pytest.fixture
def folder(tmp_path: Path, document: str) -> list[str]:
    """The words that label a folder of one document."""
    (tmp_path / "archive").mkdir()
    shutil.move(document, tmp_path / "archive" / "document.txt")
    return ["label", str(tmp_path / "archive"), "--out", str(tmp_path / "results.jsonl"), "--jobs", "1"]


def test_a_finished_folder_is_recognised_without_typer_and_without_the_model(shelf: Path, folder: list[str]) -> None:
    first, again = _run(shelf, *folder), _run(shelf, *folder)
    assert (first[0], again[0]) == (0, 0)
    assert {"classifier.model", "classifier.labelling.running"} <= first[2]
    unneeded = {"typer", "rich", "click", "pydantic", "numpy", "joblib", "tempfile", "subprocess", "concurrent.futures"}
    assert not again[2] & (unneeded | {"classifier.model", "classifier.engine", "classifier.labelling.working"})


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--model", "ours.model", "--jobs", "2", "--max-error", "0.05"],
        ["-m", "ours.model", "-j", "2"],
    ],
    ids=" ".join,
)
def test_labelling_is_asked_for_alike_with_and_without_typer(
    options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both readings of the arguments call the same function with the same values; order is as free as typer has it."""
    for words in (["label", "archive", "-o", "r.jsonl", *options], ["label", "--out", "r.jsonl", *options, "archive"]):
        assert plain_label(words)
        plain = _asked(words, monkeypatch)
        with monkeypatch.context() as parsing:
            parsing.setattr(starting, "plain_label", lambda _: None)
            assert _asked(words, parsing) == plain


def _asked(words: list[str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """All that `label_folder` would be called with."""
    asked: list[dict[str, Any]] = []

    def record(*given: Any, **named: Any) -> NoReturn:
        bound = signature(label_folder).bind(*given, **named)
        bound.apply_defaults()
        asked.append({**bound.arguments, "on_progress": None})
        raise ResultsError("enough")

    monkeypatch.setattr(batch, "label_folder", record)
    monkeypatch.setattr(sys, "argv", ["classifier", *words])
    with pytest.raises(SystemExit):
        starting.main()
    return asked[0]


@pytest.mark.parametrize(
    "words",
    [
        "label archive",
        "label --out r.jsonl",
        "label archive other --out r.jsonl",
        "label archive --out=r.jsonl",
        "label archive -or.jsonl",
        "label archive --out r.jsonl --out s.jsonl",
        "label archive --out",
        "label archive --out --jobs",
        "label archive --out r.jsonl --jobs 0",
        "label archive --out r.jsonl --jobs -2",
        "label archive --out r.jsonl --jobs two",
        "label archive --out r.jsonl --jobs ٢",
        "label archive --out r.jsonl --jobs 1_0",
        "label archive --out r.jsonl --max-error x",
        "label archive --out r.jsonl --max-error 0",
        "label archive --out r.jsonl --max-error 1.5",
        "label archive --out r.jsonl --max-error 1e-2",
        "label archive --out r.jsonl --max-error 0.0.1",
        "label archive --out r.jsonl --force",
        "label -- archive --out r.jsonl",
        "label --help",
        "predict archive --out r.jsonl",
        "label",
    ],
)
def test_whatever_is_odd_is_typers(words: str) -> None:
    assert plain_label(words.split()) is None
    assert plain_label(["label", "", "--out", "r.jsonl"]) is None


def test_the_options_read_without_typer_are_the_commands_own() -> None:
    declared = {name: parameter for parameter in _command().params for name in parameter.opts}
    for word, (name, _) in OPTIONS.items():
        assert (declared[word].name, declared[word].nargs, declared[word].multiple) == (name, 1, False)
    assert {word for name, _ in OPTIONS.values() for word in declared if declared[word].name == name} == set(OPTIONS)


def _command() -> Any:
    register("label")
    return get_command(app).commands["label"]  # type: ignore[attr-defined]


def test_a_command_imports_no_other_commands(shelf: Path, document: str) -> None:
    _, _, loaded = _run(shelf, "predict", "--json", document)
    assert not loaded & {f"classifier.cli.{home}" for home in HOMES.values() if home != "asking"}


def test_every_command_has_a_home() -> None:
    register()
    named = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    assert named == set(HOMES)

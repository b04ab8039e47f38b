"""The README cannot rot: its console examples run and print what it shows, its Python runs, its commands have help."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
READMES = [path for path in (ROOT / "README.md", ROOT / "README.ar.md") if path.exists()]
COMMANDS = ("predict", "label", "file", "train", "evaluate", "adapt", "suggest", "inspect", "export")


def _blocks(readme: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)


def _run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    words = shlex.split(line)
    assert words[0] == "classifier"
    environment = {**os.environ, "COLUMNS": "120", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "classifier", *words[1:]]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False, encoding="utf-8")


def _pattern(shown: str) -> str:
    """What a block shows, as a pattern: `...` stands for anything, and a line of it for any lines."""
    return r"\s*".join(re.escape(line).replace(r"\.\.\.", r".*") for line in shown.strip().splitlines())


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_console_examples_print_what_is_shown(readme: Path, tmp_path: Path) -> None:
    for folder in ("seeds", "benchmarks/unseen"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    blocks = _blocks(readme, "console")
    assert blocks
    for block in blocks:
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, shown = example.partition("\n")
            ran = _run(line, tmp_path)
            assert ran.returncode == 0, f"{line}\n{ran.stderr}"
            assert re.match(_pattern(shown), ran.stdout + ran.stderr, re.DOTALL), f"{line}\n{ran.stdout}{ran.stderr}"


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_python_examples_run(readme: Path) -> None:
    examples = "\n".join(_blocks(readme, "python"))
    test = doctest.DocTestParser().get_doctest(examples, {}, readme.name, str(readme), 0)
    assert test.examples
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed == 0


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_every_command_is_documented(readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    assert [command for command in COMMANDS if f"`{command}`" not in text] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str, tmp_path: Path) -> None:
    ran = _run(f"classifier {command} --help", tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert f"Example: classifier {command}" in " ".join(ran.stdout.split())


def test_the_set_up_commands_are_what_ci_runs() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    test_command = _blocks(READMES[0], "sh")[1].strip()
    assert test_command in ci
    document = _blocks(READMES[0], "sh")[0].split()[-1]
    assert (ROOT / document).exists()

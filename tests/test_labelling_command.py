"""`classifier label` as a user meets it: progress, the summary, previews, and what odd requests are answered with."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from archives import Runs, lines_of, write_archive

from classifier.cli import main, progress
from classifier.labelling import Progress


class Ran(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def runs(tmp_path: Path, model_path: Path) -> Runs:
    return Runs(write_archive(tmp_path / "archive", 30), model_path)


@pytest.fixture
def label(runs: Runs, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Run `classifier label` on the folder, in this process."""

    def label(out: Path, *options: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["classifier", *runs.command(out, "--jobs", "1", *options)[3:]])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Ran(int(ended.value.code or 0), said.out, said.err)

    return label


def test_the_summary_is_on_stderr_and_adds_up(label: Callable[..., Ran], tmp_path: Path, runs: Runs) -> None:
    (runs.folder / ".مخفي.txt").write_text("x", encoding="utf-8")
    ended = label(tmp_path / "r.jsonl", "--exclude", "مجلد 9")
    assert (ended.code, ended.out) == (0, "")
    assert "27 documents; 27 files labelled" in ended.err
    assert "1  passed over: hidden" in ended.err
    assert "1  passed over: excluded" in ended.err
    assert sum(int(line.split()[0]) for line in ended.err.splitlines() if "  " in line and "passed" not in line) == 27
    assert "0 files labelled" in label(tmp_path / "r.jsonl", "--exclude", "مجلد 9").err


def test_plain_lines_of_progress_where_there_is_no_terminal(
    label: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "TICK_SECONDS", 0.0)
    assert "files, " in label(tmp_path / "r.jsonl").err


@pytest.mark.parametrize(
    ("now", "total", "expected"),
    [
        (Progress(50, 0, 10.0), None, "50 files, 5 a second"),
        (Progress(50, 0, 10.0), 100, "50 of 100 files, 5 a second, 10 s left"),
        (Progress(50, 50, 0.0), 100, "50 of 100 files, 0 a second"),
        (Progress(3_600, 0, 3_600.0), 10_900, "3,600 of 10,900 files, 1 a second, 2 h 1 min left"),
    ],
    ids=["total unknown", "total known", "just begun", "hours"],
)
def test_how_far_a_run_is(now: Progress, total: int | None, expected: str) -> None:
    assert progress.describe(now, total) == expected


def test_previewing_changes_writes_nothing(label: Callable[..., Ran], runs: Runs, tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    odd = runs.folder / "\x1b[31m\u202e.txt"  # a name that would command the terminal, and the first of all
    shutil.copy(next(runs.folder.rglob("*.txt")), odd)
    label(out)
    lines = lines_of(out)
    lines[0]["label"] = "other" if lines[0]["label"] != "other" else "economy/fintech"
    lines[1] |= {"status": "failed", "label": None, "reason": "BROKEN_FILE"}  # whose reading may never end
    out.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    before = out.read_bytes()
    ended = label(out, "--changed")
    path, change, terms = ended.out.rstrip("\n").split("\t")
    assert (path, change.split(" → ")[0]) == (r"\x1b[31m\u202e.txt", lines[0]["label"])
    assert terms
    assert "1 documents would change" in ended.err
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--jobs", "0"], 2, "--jobs"),
        (["--backend", "no such"], 1, "error: the back end 'no such' cannot be used"),
        (["--max-error", "2"], 2, "between 0 and 1"),
        (["--model", "absent.safetensors"], 1, "error: "),
        (["--csv", "/dev/null/t.csv"], 1, "error: /dev/null/t.csv: cannot be written"),
    ],
    ids=["jobs", "back end", "max-error", "model", "export"],
)
def test_odd_requests(label: Callable[..., Ran], tmp_path: Path, options: list[str], code: int, said: str) -> None:
    ended = label(tmp_path / "r.jsonl", *options)
    assert ended.code == code
    assert said in ended.err
    assert "Traceback" not in ended.err


OUTPUTS = ["csv", "xlsx", "parquet", "report"]


@pytest.mark.parametrize("options", [["--csv", "r.jsonl"], ["--csv", "t.x", "--xlsx", "./t.x"], ["--report", "link"]])
def test_no_output_takes_the_place_of_another(
    label: Callable[..., Ran], tmp_path: Path, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("r.jsonl")
    ended = label(tmp_path / "r.jsonl", *options)
    assert (ended.code, "give each a file of its own" in ended.err) == (1, True)
    assert not (tmp_path / "r.jsonl").exists(), "that is said before anything is labelled"


@pytest.mark.parametrize("kind", OUTPUTS)
@pytest.mark.parametrize("name", ["مجلد 0/وثيقة 00000.txt", "خبر.html", "جدول.csv"])
def test_no_output_takes_the_place_of_a_document(
    label: Callable[..., Ran], runs: Runs, tmp_path: Path, *, name: str, kind: str
) -> None:
    document = runs.folder / name
    document.write_text("<!DOCTYPE html><html lang='ar'><p>رفع البنك المركزي سعر الفائدة</p>", encoding="utf-8")
    before = document.read_bytes()
    ended = label(tmp_path / "r.jsonl", f"--{kind}", str(document))
    assert (ended.code, "Traceback" in ended.err) == (1, False)
    assert (document.read_bytes(), (tmp_path / "r.jsonl").exists()) == (before, False)


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_no_output_takes_the_place_of_a_pipe(label: Callable[..., Ran], runs: Runs, tmp_path: Path) -> None:
    os.mkfifo(runs.folder / "أنبوب.csv")
    assert "stands there" in label(tmp_path / "r.jsonl", "--csv", str(runs.folder / "أنبوب.csv")).err
    assert (runs.folder / "أنبوب.csv").is_fifo()


def test_outputs_among_the_documents_are_written_anew(label: Callable[..., Ran], runs: Runs, tmp_path: Path) -> None:
    paths = {kind: runs.folder / f"نتائج.{'html' if kind == 'report' else kind}" for kind in OUTPUTS}
    words = [f"--{kind}={path}" for kind, path in paths.items()]
    assert label(tmp_path / "r.jsonl", *words).code == 0
    former = [path.stat().st_ino for path in paths.values()]
    again = label(tmp_path / "r.jsonl", *words)
    assert (again.code, "0 files labelled" in again.err) == (0, True)
    assert all(path.stat().st_ino != inode for path, inode in zip(paths.values(), former, strict=True))


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_no_output_takes_the_place_of_another_table(
    label: Callable[..., Ran], runs: Runs, tmp_path: Path, *, kind: str
) -> None:
    """By its format alone somebody's own table looks like one of ours."""
    mine = tmp_path / f"mine.{kind}"
    if kind == "xlsx":
        from openpyxl import Workbook

        Workbook().save(mine)
    else:
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.table({"a": [1]}), mine)
    before = mine.read_bytes()
    ended = label(tmp_path / "r.jsonl", f"--{kind}", str(mine))
    assert (ended.code, f"was not written by --{kind}" in ended.err, mine.read_bytes()) == (1, True, before)

"""Results as tables: what Excel and data tools get, and that no file name or text in them can do harm."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from archives import ROOT, SENTENCES, Runs, lines_of

from classifier.errors import ResultsError
from classifier.labelling import export_csv, export_parquet, export_xlsx, exports

NAMES = ["عادي.txt", "=HYPERLINK(1).txt", "+x.txt", "-y.txt", "@z.txt", "سطر\nجديد.txt", 'فاصلة،"و,.txt', "\x07جرس.txt"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ODD = os.fsdecode(b"latin-\xe9.txt")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, model_path: Path) -> Path:
    place = tmp_path_factory.mktemp("exports")
    (place / "archive").mkdir()
    for name in [*NAMES, ODD]:
        (place / "archive" / name).write_text(SENTENCES["economy/fintech"], encoding="utf-8")
    (place / "archive" / "قصير.txt").write_text("كلمتان فقط", encoding="utf-8")
    os.utime(place / "archive" / "عادي.txt", ns=(0, 1_700_000_000_123_456_789))
    Runs(place / "archive", model_path).label(place / "results.jsonl")
    return place / "results.jsonl"


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_opens_in_excel_with_arabic_and_without_formulas(results: Path, tmp_path: Path) -> None:
    export_csv(results, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes().startswith(b"\xef\xbb\xbfpath,status,label,")
    rows = read_csv(tmp_path / "t.csv")
    assert len(rows) == len(lines_of(results))
    for row in rows:
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())
    paths = {row["path"] for row in rows}
    assert {"عادي.txt", "'=HYPERLINK(1).txt", "'-y.txt", "سطر\nجديد.txt", 'فاصلة،"و,.txt', r"latin-\xe9.txt"} <= paths
    plain = next(row for row in rows if row["path"] == "عادي.txt")
    assert (plain["label"], plain["modified"]) == ("economy/fintech", "2023-11-14 22:13:20")
    assert float(plain["probability of economy/fintech"]) == float(plain["probability"])


def test_xlsx_reads_from_right_to_left_and_holds_text_as_text(results: Path, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    export_xlsx(results, tmp_path / "t.xlsx")
    book = load_workbook(tmp_path / "t.xlsx")
    assert book.sheetnames == ["Summary", "Documents 1"]
    assert all(sheet.sheet_view.rightToLeft for sheet in book)
    assert [cell.value for cell in book["Summary"][2]] == ["labelled", "economy/fintech", 9]
    cells = {row[0].value: row for row in book["Documents 1"].iter_rows(min_row=2)}
    assert cells["=HYPERLINK(1).txt"][0].data_type == "s"
    assert "\ufffdجرس.txt" in cells
    assert cells["عادي.txt"][2].value == "economy/fintech"
    assert isinstance(cells["عادي.txt"][3].value, float)


def test_xlsx_goes_on_with_another_sheet(results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from openpyxl import load_workbook

    monkeypatch.setattr(exports, "_SHEET_ROWS", 5)
    export_xlsx(results, tmp_path / "t.xlsx")
    book = load_workbook(tmp_path / "t.xlsx")
    assert [(sheet.title, sheet.max_row) for sheet in book][1:] == [("Documents 1", 6), ("Documents 2", 6)]


def test_parquet_has_typed_columns(results: Path, tmp_path: Path) -> None:
    from pyarrow import parquet

    export_parquet(results, tmp_path / "t.parquet")
    rows: list[dict[str, Any]] = parquet.read_table(tmp_path / "t.parquet").to_pylist()
    for row, line in zip(rows, lines_of(results), strict=True):
        assert (row["label"], row["probability"], row["size"]) == (line["label"], line["probability"], line["size"])
        assert row["repairs"] == line["repairs"]
        assert row["topics"] == line["topics"]
        assert row["modified"] == EPOCH + timedelta(microseconds=line["mtime"] // 1000)


@pytest.fixture
def odd_results(results: Path, tmp_path: Path) -> Path:
    """Of a file with half a letter in its name, as Windows has them, and a time beyond the calendar."""
    line = lines_of(results)[0] | {"path": "a\ud800.txt", "mtime": 2**50 * 1_000_000_000}
    (tmp_path / "odd.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    return tmp_path / "odd.jsonl"


@pytest.mark.parametrize("kind", sorted(exports.EXPORTS))
def test_odd_names_and_times_are_no_obstacle(odd_results: Path, tmp_path: Path, kind: str) -> None:
    exports.EXPORTS[kind](odd_results, tmp_path / f"odd.{kind}")
    if kind == "csv":
        (row,) = read_csv(tmp_path / "odd.csv")
        assert (row["path"], row["modified"]) == ("a\\ud800.txt", "")


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_no_results_make_an_empty_table(tmp_path: Path, kind: str) -> None:
    (tmp_path / "r.jsonl").touch()
    exports.EXPORTS[kind](tmp_path / "r.jsonl", tmp_path / f"t.{kind}")
    assert (tmp_path / f"t.{kind}").stat().st_size > 0


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_an_export_that_fails_leaves_the_former_one(tmp_path: Path, results: Path, kind: str) -> None:
    out = tmp_path / f"t.{kind}"
    out.write_text("the former one", encoding="utf-8")
    broken = tmp_path / "r.jsonl"
    broken.write_bytes(results.read_bytes() + b"no line of results\n")
    with pytest.raises(ResultsError):
        exports.EXPORTS[kind](broken, out)
    assert out.read_text(encoding="utf-8") == "the former one"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["r.jsonl", out.name])
    with pytest.raises(ResultsError, match="cannot be written"):
        exports.EXPORTS[kind](results, broken / out.name)


FULL = """
import resource, sys
from pathlib import Path
from classifier.errors import ResultsError
from classifier.labelling import exports
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
try:
    exports.EXPORTS[sys.argv[1]](sys.argv[2], sys.argv[3])
except ResultsError as error:
    print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_a_full_disk_is_one_error_and_no_more_is_said(tmp_path: Path, results: Path, kind: str) -> None:
    (tmp_path / "r.jsonl").write_bytes(results.read_bytes() * 200)
    command = [sys.executable, "-c", FULL, kind, str(tmp_path / "r.jsonl"), str(tmp_path / "t")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "cannot be written" in ended.stdout
    assert "too large" in ended.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["r.jsonl"]


def test_the_command_writes_all_of_them(results: Path, tmp_path: Path, model_path: Path) -> None:
    runs = Runs(results.parent / "archive", model_path)
    tables = [f"--{kind}={tmp_path / f't.{kind}'}" for kind in exports.EXPORTS]
    ended = runs.run(tmp_path / "r.jsonl", "--jobs", "1", *tables)
    assert ended.returncode == 0, ended.stderr
    assert all((tmp_path / f"t.{kind}").stat().st_size for kind in exports.EXPORTS)
    assert json.loads((tmp_path / "r.jsonl").read_text("utf-8").splitlines()[0])["status"]

"""The commands as a user meets them: what is printed where, exit codes, and what each odd input is answered with."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from classifier.cli import main
from classifier.documents import Limits

ROOT = Path(__file__).resolve().parent.parent
KEYS = [
    "path", "sha256", "status", "label", "probability", "probabilities",
    "reason", "message", "coverage", "topics", "model",
]  # fmt: skip
FINTECH = "أعلن البنك المركزي إطلاق منصة المدفوعات الرقمية وربط المصارف والمحافظ الإلكترونية بها مطلع العام"


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, model_path: Path) -> Callable[..., Ran]:
    """Run `classifier` with arguments; `MODEL` stands for the test model's path."""

    def run(*arguments: object, stdin: bytes = b"") -> Ran:
        words = [str(model_path) if word == "MODEL" else str(word) for word in arguments]
        monkeypatch.setattr(sys, "argv", ["classifier", *words])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        with pytest.raises(SystemExit) as stopped:
            main()
        captured = capsys.readouterr()
        code = stopped.value.code
        return Ran(code if isinstance(code, int) else 0, captured.out, captured.err)

    return run


def test_predict_text_as_json(run: Callable[..., Ran]) -> None:
    ran = run("predict", "--model", "MODEL", "--text", FINTECH, "--json")
    assert ran.code == 0
    assert list(ran.json) == KEYS
    assert (ran.json["status"], ran.json["label"], ran.json["path"]) == ("labelled", "economy/fintech", None)
    assert ran.json["probability"] == max(ran.json["probabilities"].values())
    assert sum(ran.json["probabilities"].values()) == pytest.approx(1)
    assert ran.json["model"].startswith("seeds@")


def test_a_file_that_cannot_be_read_is_named_by_its_bytes(run: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 cut off")
    ran = run("predict", "--model", "MODEL", tmp_path / "a.pdf", "--json")
    assert (ran.code, ran.json["reason"]) == (1, "BROKEN_FILE")
    assert ran.json["sha256"] == hashlib.sha256(b"%PDF-1.7 cut off").hexdigest()
    assert run("predict", "--model", "MODEL", tmp_path / "b.pdf", "--json").json["sha256"] is None


def test_spans_count_the_characters_of_a_plain_text_file(run: Callable[..., Ran], tmp_path: Path) -> None:
    text = f"\n{FINTECH}\nوقال المحافظ إن {FINTECH}\n"
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    found = run("predict", "--model", "MODEL", tmp_path / "a.txt", "--json", "--explain", "--passages").json
    assert [(part["start"], part["end"]) for part in found["passages"]] == [(1, len(text) - 1)]
    spans = {part["term"]: part["spans"] for part in found["evidence"]}
    assert [text[start:end] for start, end in spans["البنك"]] == ["البنك"] * 2


def test_predict_files_and_standard_input(run: Callable[..., Ran], tmp_path: Path) -> None:
    path = tmp_path / "خبر.txt"
    path.write_text(FINTECH, encoding="utf-8")
    ran = run("predict", "--model", "MODEL", path, "-", "--json", stdin=FINTECH.encode())
    first, second = map(json.loads, ran.out.splitlines())
    assert (first["path"], second["path"]) == (str(path), "-")
    assert first["label"] == second["label"] == "economy/fintech"
    assert first["sha256"] == second["sha256"]


def test_plain_output_is_one_stable_line_a_document(run: Callable[..., Ran], tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(FINTECH, encoding="utf-8")
    ran = run("predict", "--model", "MODEL", path)
    name, label, probability, *_ = ran.out.rstrip("\n").split("\t")
    assert (name, label) == (str(path), "economy/fintech")
    assert 0 < float(probability) <= 1


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        pytest.param(
            b"The central bank raised interest rates by a quarter point today", "unknown", "NOT_ARABIC", id="English"
        ),
        pytest.param(b"", "unknown", "EMPTY", id="empty"),
        pytest.param(b" \n\t\n", "unknown", "EMPTY", id="blank"),
        pytest.param("ثلاث كلمات فقط".encode(), "unknown", "TOO_SHORT", id="three words"),
        pytest.param(np.random.default_rng(1).bytes(4000), "unknown", "UNREADABLE", id="random bytes"),
        pytest.param(
            "بانک مرکزی گفت که پژوهش‌های چند روز گذشته نشان می‌دهد".encode(), "unknown", "NOT_ARABIC", id="Persian"
        ),
    ],
)
def test_odd_documents_are_unknown_with_a_reason(
    content: bytes, status: str, reason: str, run: Callable[..., Ran], tmp_path: Path
) -> None:
    path = tmp_path / "document.txt"
    path.write_bytes(content)
    ran = run("predict", "--model", "MODEL", path, "--json")
    answer = ran.json
    assert (ran.code, answer["status"], answer["reason"], answer["label"], answer["probability"]) == (
        0,
        status,
        reason,
        None,
        None,
    )
    assert answer["message"]


def test_a_missing_file_fails_by_name_and_the_others_are_answered(run: Callable[..., Ran], tmp_path: Path) -> None:
    ran = run("predict", "--model", "MODEL", tmp_path / "nowhere.txt", "-", "--json", stdin=FINTECH.encode())
    first, second = map(json.loads, ran.out.splitlines())
    assert ran.code == 1
    assert (first["status"], first["reason"]) == ("failed", "NOT_FOUND")
    assert second["label"] == "economy/fintech"


def test_errors_are_one_line_and_exit_code_one(run: Callable[..., Ran], tmp_path: Path) -> None:
    ran = run("predict", "--model", tmp_path / "no.model", "--text", FINTECH)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("predict", "--model", "MODEL", "--text", FINTECH, "--html", "FOLDER"),
        ("evaluate", ROOT / "seeds", "--model", "MODEL", "--report", "FOLDER"),
        ("export", "MODEL", "FOLDER/file/p.joblib"),
    ],
    ids=["page", "report", "export"],
)
def test_what_cannot_be_written_is_one_line(run: Callable[..., Ran], tmp_path: Path, arguments: tuple[object]) -> None:
    (tmp_path / "file").touch()
    ran = run(*(str(word).replace("FOLDER", str(tmp_path)) for word in arguments))
    assert ran.code == 1
    assert ran.err.startswith(f"error: {tmp_path}")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("predict", "--model", "MODEL", "--html", "FILE", "OTHER"),
        ("evaluate", "FILE", "--model", "MODEL", "--report", "FILE"),
    ],
    ids=["page", "report"],
)
def test_only_a_page_makes_room_for_a_page(run: Callable[..., Ran], tmp_path: Path, arguments: tuple[str]) -> None:
    file, other = tmp_path / "file.csv", tmp_path / "other.txt"
    written = f"label,text\neconomy/fintech,{FINTECH}\n"
    file.write_text(written, encoding="utf-8")
    other.write_text(FINTECH, encoding="utf-8")
    names = {"FILE": file, "OTHER": other}
    ran = run(*(names.get(word, word) for word in arguments))
    assert (ran.code, ran.out, file.read_text(encoding="utf-8")) == (1, "", written)
    assert "is there already and was not written by" in ran.err
    page = tmp_path / "page.html"
    page.touch()  # as `mktemp` does
    for _ in range(2):
        assert run("predict", "--model", "MODEL", "--html", page, other).code == 0
    assert "</html>" in page.read_text(encoding="utf-8")


def test_files_and_a_text_are_not_both_taken(run: Callable[..., Ran]) -> None:
    ran = run("predict", "--model", "MODEL", "--text", FINTECH, "a.txt")
    assert ran.code == 2
    assert "not both" in " ".join(ran.err.replace("│", " ").split())


def test_an_endless_standard_input_is_refused(run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("classifier.model.Limits", lambda: Limits(max_bytes=1000))
    ran = run("predict", "--model", "MODEL", "-", "--json", stdin=b"x" * 1001)
    assert (ran.code, ran.json["reason"]) == (1, "TOO_LARGE")
    assert run("predict", "--model", "MODEL", "-", stdin=FINTECH.encode()).code == 0


def test_a_model_measured_on_what_it_learned_from_is_told_so(run: Callable[..., Ran], tmp_path: Path) -> None:
    said = "the very documents the model has learned from"
    assert said in run("evaluate", ROOT / "seeds", "--model", "MODEL").err
    (tmp_path / "c.csv").write_text(f"label,text\neconomy/fintech,{FINTECH}\n", encoding="utf-8")
    assert said not in run("evaluate", tmp_path / "c.csv", "--model", "MODEL").err


def test_labels_that_a_model_does_not_know_are_named(run: Callable[..., Ran], tmp_path: Path) -> None:
    corpus = tmp_path / "c.csv"
    corpus.write_text(f"label,text\nOther,{FINTECH}\neconomy/fintech,{FINTECH} اليوم\n", encoding="utf-8")
    assert "does not know 'Other'" in run("evaluate", corpus, "--model", "MODEL").err


def test_a_corpus_of_other_labels_cannot_measure_a_model(run: Callable[..., Ran], tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.csv"
    corpus.write_text(f"label,text\nmoney,{FINTECH}\n", encoding="utf-8")
    ran = run("evaluate", corpus, "--model", "MODEL")
    assert ran.code == 1
    assert "money" in ran.err
    assert "economy/fintech" in ran.err


def test_what_is_left_out_of_an_evaluation_is_said(run: Callable[..., Ran], tmp_path: Path) -> None:
    rows = [("a", FINTECH, "economy/fintech"), ("b", FINTECH, "economy/fintech"), ("c\x1b[31m\n", "خبر", "")]
    lines = [json.dumps({"id": name, "text": text, "label": label}) + "\n" for name, text, label in rows]
    (tmp_path / "corpus.jsonl").write_text("".join(lines), encoding="utf-8")
    page = tmp_path / "page.html"
    ran = run("evaluate", tmp_path / "corpus.jsonl", "--model", "MODEL", "--json", "--report", page)
    assert (ran.code, ran.json["left_out"]) == (0, {"duplicate": 1, "without a label": 1})
    assert ran.err == "left out, duplicate: 1 (b)\nleft out, without a label: 1 (c\\x1b[31m\\n)\n"
    assert "1 duplicate, 1 without a label" in page.read_text(encoding="utf-8")


def test_misuse_is_exit_code_two(run: Callable[..., Ran]) -> None:
    assert run("predict").code == 2
    assert run("predict", "--text", "x", "file").code == 2
    assert run("predict", "-", "-").code == 2
    assert run("conjure").code == 2


@pytest.mark.parametrize(
    ("command", "option", "value"),
    [
        *((command, "--seed", seed) for command in ("train", "suggest") for seed in (-1, 2**32)),
        *(("train", "--tune", seconds) for seconds in (-5, "nan")),
    ],
)
def test_numbers_out_of_bounds_are_misuse(
    run: Callable[..., Ran], tmp_path: Path, command: str, option: str, value: object
) -> None:
    ran = run(command, tmp_path, "--out", tmp_path / "out", option, value)
    assert ran.code == 2
    assert option in ran.err


def test_certainty_asked_for_is_kept_or_refused(run: Callable[..., Ran]) -> None:
    assert run("predict", "--model", "MODEL", "--text", FINTECH, "--max-error", "0.05", "--json").json["label"]
    assert "held-out proof" in run("predict", "--model", "MODEL", "--text", FINTECH, "--max-error", "1e-9").err
    for share in ("2", "0", "-1", "nan"):
        refused = run("predict", "--model", "MODEL", "--text", FINTECH, "--max-error", share)
        assert refused.code == 2
        assert "between 0 and 1" in refused.err


def test_train_inspect_evaluate_export(run: Callable[..., Ran], tmp_path: Path) -> None:
    model, pipeline = tmp_path / "my.model", tmp_path / "pipeline.joblib"
    trained = run("train", ROOT / "seeds", "--out", model)
    assert trained.code == 0
    assert "accuracy" in trained.out
    assert "canaries agree" in run("inspect", model, "--verify").out
    assert run("inspect", model, "--verify", "--json").json["canaries"] > 0
    assert "Strongest terms" in run("inspect", model).out
    assert run("inspect", model, "--json").json["labels"] == ["economy/fintech", "other", "security/counter-terrorism"]
    figures = run("evaluate", ROOT / "seeds", "--model", model, "--json").json
    assert figures["accuracy"] > 0.95
    assert {"macro_f1", "ece", "coverage_at_error", "confusion", "mistakes", "per_label"} <= set(figures)
    assert "confusion" in run("evaluate", ROOT / "seeds", "--model", model).out
    assert run("export", model, pipeline).code == 0
    assert pipeline.exists()


def test_nothing_is_overwritten_without_force(run: Callable[..., Ran], tmp_path: Path) -> None:
    out = tmp_path / "precious"
    out.write_text("mine")
    ran = run("train", ROOT / "seeds", "--out", out)
    assert (ran.code, out.read_text()) == (1, "mine")
    assert "--force" in ran.err
    assert "--force" in run("export", "MODEL", out).err


@pytest.mark.parametrize("command", ["train", "adapt", "suggest"])
@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("file/model", "file is not a folder"),
        ("folder", "is not a file"),
        ("/dev/null", "is not a file"),
        ("locked/new/model", "locked may not be written to"),
    ],
    ids=["below a file", "folder", "device", "locked"],
)
def test_a_place_that_cannot_be_written_to_is_said_before_the_work(
    run: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, command: str, place: str, message: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "locked").mkdir()
    monkeypatch.setattr(os, "access", lambda path, _: Path(path).name != "locked")  # the superuser may write anywhere
    ran = run(command, tmp_path / "nowhere", "--out", tmp_path / place, "--force")  # nothing there to work on
    assert ran.code == 1
    assert message in ran.err


def test_version_names_the_engine(run: Callable[..., Ran]) -> None:
    assert "engine)" in run("--version").out

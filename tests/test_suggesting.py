"""Suggesting: uncertain and unlike each other, never what is for measuring, nothing that would lead the reader."""

from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from classifier import Model
from classifier.analysis import AnalysisSettings
from classifier.arabic import letter_table
from classifier.cli import adapting as command
from classifier.corpus import Example, load_corpus
from classifier.engine import Reader
from classifier.errors import ClassifierError, CorpusError
from classifier.rows import read_rows
from classifier.training.folds import story_groups
from classifier.training.suggesting import Suggested, Suggestion, suggest, write_csv

ROOT = Path(__file__).resolve().parent.parent
Archive = tuple[Path, list[dict[str, str]]]


def _mixed(one: Example, other: Example) -> str:
    """The words of two documents in turn: hard to label, and no near-duplicate of either."""
    return " ".join(word for pair in zip(one.text.split(), other.text.split(), strict=False) for word in pair)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Plain documents (p...), each once more as a near-duplicate (n...), and mixed ones (m...)."""
    examples = load_corpus(ROOT / "seeds").examples[::3]
    rows = [{"id": f"p{number}", "text": part.text} for number, part in enumerate(examples)]
    rows += [{"id": f"n{number}", "text": f"عاجل: {part.text}\n(وكالات)"} for number, part in enumerate(examples[:30])]
    rows += [{"id": f"m{number}", "text": _mixed(*pair)} for number, pair in enumerate(itertools.pairwise(examples))]
    rows += [{"id": "english", "text": "The bank raised its rates again this week"}, {"id": "short", "text": "خبر"}]
    path = tmp_path_factory.mktemp("archive") / "archive.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path, rows


@pytest.fixture(scope="module")
def suggested(archive: Archive, model: Model) -> Suggested:
    return suggest(archive[0], 40, model=model)


def _margins(model: Model, texts: list[str]) -> list[float]:
    ranked = np.sort(model.predict_proba(texts), axis=1)
    return list(ranked[:, -1] - ranked[:, -2])


def test_what_is_asked_for(suggested: Suggested, archive: Archive) -> None:
    assert len(suggested.suggestions) == 40
    assert suggested.documents == len(archive[1])
    assert sum(part.drawn == "random" for part in suggested.suggestions) == 10
    assert len({part.name for part in suggested.suggestions}) == 40
    assert not {"english", "short"} & {part.name for part in suggested.suggestions}
    assert suggested.left_out["NOT_ARABIC"] == suggested.left_out["TOO_SHORT"] == 1


def test_uncertain_ones_are(suggested: Suggested, archive: Archive, model: Model) -> None:
    uncertain = [part.text for part in suggested.suggestions if part.drawn == "uncertain"]
    everything = _margins(model, [row["text"] for row in archive[1]])
    assert np.mean(_margins(model, uncertain)) < 0.6 * np.mean(everything)


def test_every_label_is_among_them(suggested: Suggested, model: Model) -> None:
    uncertain = [part.text for part in suggested.suggestions if part.drawn == "uncertain"]
    counts = np.bincount(model.predict_proba(uncertain).argmax(axis=1), minlength=len(model.labels))
    assert counts.min() >= 3


def test_no_two_tell_one_story(suggested: Suggested) -> None:
    reader = Reader(AnalysisSettings(), letter_table())
    groups = story_groups([part.text for part in suggested.suggestions], reader)
    assert len(set(groups.tolist())) == len(suggested.suggestions)


def test_the_same_again_and_another_with_another_seed(suggested: Suggested, archive: Archive, model: Model) -> None:
    assert suggest(archive[0], 40, model=model) == suggested
    assert suggest(archive[0], 40, model=model, seed=1).suggestions != suggested.suggestions


@pytest.mark.parametrize("kind", ["names", "texts"])
def test_measuring_sets_are_never_suggested_nor_their_near_duplicates(
    kind: str, archive: Archive, model: Model, tmp_path: Path
) -> None:
    barred = {f"p{number}" for number in range(0, 30, 2)}
    texts = {row["id"]: row["text"] for row in archive[1]}
    with (tmp_path / "measure.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerows([["id"]] + [[name] for name in sorted(barred)] if kind == "names" else [["text"]])
        if kind == "texts":
            table.writerows([texts[name]] for name in sorted(barred))
    found = suggest(archive[0], 1000, model=model, exclude=[tmp_path / "measure.csv"])
    names = {part.name for part in found.suggestions}
    assert not names & (barred | {name.replace("p", "n") for name in barred})
    assert names & {"p1", "n1"}
    assert len(names & {"p1", "n1"}) == 1


def test_the_list_names_no_label_and_train_reads_it_back(suggested: Suggested, model: Model, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    write_csv(suggested, path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["id", "text", "label", "second_label", "confidence", "drawn"]
    assert {(row["label"], row["second_label"], row["confidence"]) for row in rows} == {("", "", "")}
    with pytest.raises(CorpusError, match="no labelled document"):
        load_corpus(path)
    for number, row in enumerate(rows[:20]):
        row["label"] = model.labels[number % 3]
    rows[0] |= {"second_label": model.labels[1], "confidence": "low"}
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)
    corpus = load_corpus(path)
    assert len(corpus.examples) == 20
    texts = {part.name: part.text for part in suggested.suggestions}
    assert all(example.text == texts[example.name] for example in corpus.examples)
    assert [example.second_label for example in corpus.examples if not example.confident] == [model.labels[1]]
    assert len(corpus.left_out["without a label"]) == 20


def test_awkward_texts_survive_the_csv(tmp_path: Path) -> None:
    texts = ['قال: "نعم"، ثم; سكت', "سطر\nثان\r\nوثالث", "=SUM(A1)", "صفر\0هنا", "نصف \ud83d رمز", "\ufeffبداية"]
    suggestions = tuple(Suggestion(f"d{number}", text, "random") for number, text in enumerate(texts))
    write_csv(Suggested("path", suggestions, 6, {}), tmp_path / "list.csv")
    with (tmp_path / "list.csv").open(encoding="utf-8-sig", newline="") as file:
        read = [row["text"] for row in csv.DictReader(file)]
    assert read == [*texts[:2], "'=SUM(A1)", "صفر هنا", "نصف ? رمز", texts[5]]
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


def test_no_text_is_left_behind_where_a_list_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "list.csv").mkdir()
    with pytest.raises(OSError, match=r"list\.csv"):
        write_csv(Suggested("path", (Suggestion("a", "خبر", "random"),), 1, {}), tmp_path / "list.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1", "-1", "@x", "\tخبر", "'=1", "''=1", "'خبر'"])
def test_no_name_or_text_is_a_formula_and_each_is_read_back(text: str, tmp_path: Path) -> None:
    write_csv(Suggested("path", (Suggestion(text, text, "random"),), 1, {}), tmp_path / "list.csv")
    with (tmp_path / "list.csv").open(encoding="utf-8-sig", newline="") as file:
        (cells,) = csv.DictReader(file)
    assert not {cells["path"][0], cells["text"][0]} & set("=+-@\t\r")
    (row,) = read_rows(tmp_path / "list.csv")
    assert (row["path"], row["text"]) == (text, text)


def test_a_small_archive_is_suggested_whole(model: Model, tmp_path: Path) -> None:
    for number, example in enumerate(load_corpus(ROOT / "seeds").examples[:7]):
        (tmp_path / f"{number}.txt").write_text(example.text, encoding="utf-8")
    found = suggest(tmp_path, 50, model=model)
    assert found.key == "path"
    assert sorted(part.name for part in found.suggestions) == [f"{number}.txt" for number in range(7)]
    assert len(suggest(tmp_path, 1, model=model).suggestions) == 1


def test_nothing_to_suggest_is_a_clear_error(model: Model, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("only English words are in this document", encoding="utf-8")
    with pytest.raises(ClassifierError, match="nothing to suggest among 1 documents; left out: 1 NOT_ARABIC"):
        suggest(tmp_path, 5, model=model)
    with pytest.raises(ClassifierError, match="at least one"):
        suggest(tmp_path, 0, model=model)
    with pytest.raises(CorpusError, match="no such file"):
        suggest(tmp_path, 5, model=model, exclude=[tmp_path / "nowhere.csv"])


def test_the_command(archive: Archive, model_path: Path, tmp_path: Path) -> None:
    app = typer.Typer()
    command.register(app)
    out = tmp_path / "list.csv"
    arguments = ["suggest", str(archive[0]), "--count", "8", "--out", str(out), "--model", str(model_path)]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "8 of" in result.stderr
    with out.open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == 8
    with pytest.raises(ClassifierError, match="--force"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)

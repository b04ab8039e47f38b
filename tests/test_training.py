"""Training: the same bytes every time, clear refusals, and a pipeline that agrees with the model file."""

from __future__ import annotations

import errno
import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import joblib
import numpy as np
import pytest
from joblib.externals.loky.process_executor import BrokenProcessPool

from classifier import Model, training
from classifier.analysis import AnalysisSettings
from classifier.arabic import letter_table
from classifier.corpus import Corpus, Example, load_corpus
from classifier.engine import Lexicon, Reader, plain
from classifier.errors import ClassifierError, CorpusError
from classifier.rows import read_rows
from classifier.training import counting, fitting, lesson
from classifier.training.archives import read_texts
from classifier.training.calibration import calibrate
from classifier.training.counting import TermCounter
from classifier.training.folds import COMMON, held_out_sources, story_groups, stratified_folds, stratified_half

ROOT = Path(__file__).resolve().parent.parent
BANK = "أعلن البنك المركزي رفع أسعار الفائدة على القروض والودائع في المصارف رقم {}"
RAID = "داهمت القوات وكرا للتنظيم المسلح وضبطت أسلحة ومتفجرات في المدينة رقم {}"
MATCH = "فاز الفريق في المباراة النهائية بعد هدف سجله اللاعب في الشوط الثاني رقم {}"
NUMBERS = ("أول", "ثان", "ثالث", "رابع", "خامس", "سادس", "سابع", "ثامن")


def _small() -> list[Example]:
    return [Example(BANK.format(word), "economy", f"b{word}") for word in NUMBERS] + [
        Example(RAID.format(word), "security", f"s{word}") for word in NUMBERS
    ]


def _train_in_a_process(hash_seed: str, corpus: Path, out: Path) -> bytes:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "classifier", "train", str(corpus), "--out", str(out)]
    subprocess.run(command, check=True, env=environment, capture_output=True)
    return out.read_bytes()


def test_same_corpus_same_bytes_whatever_hash_seed_and_file_name(tmp_path: Path) -> None:
    first = _train_in_a_process("1", ROOT / "seeds", tmp_path / "first.model")
    assert _train_in_a_process("2", ROOT / "seeds", tmp_path / "second.model") == first


def test_order_of_documents_does_not_matter(tmp_path: Path) -> None:
    for name, examples in (("a", _small()), ("b", _small()[::-1])):
        training.train(Corpus.from_examples(examples), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_several_processes_learn_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training.train(Corpus.from_examples(_small()), tmp_path / "one")
    monkeypatch.setattr(fitting, "WORTH_PROCESSES", 0)
    monkeypatch.setattr(fitting, "cpu_count", lambda: 2)
    training.train(Corpus.from_examples(_small()), tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_threads_count_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [example.text for example in load_corpus(ROOT / "seeds").examples[:45]]
    one = TermCounter(min_documents=2)
    monkeypatch.setattr(counting, "THREADS", 1)
    expected = one.fit_transform(texts)
    monkeypatch.setattr(counting, "THREADS", 3)
    monkeypatch.setattr(counting, "CHUNK", 3_000)
    monkeypatch.setattr(counting, "cpu_count", lambda: 3)
    several = TermCounter(min_documents=2)
    counts = several.fit_transform(iter(texts))
    for part in ("data", "indices", "indptr"):  # the order too, in which a model's sums are added up
        assert np.array_equal(getattr(counts, part), getattr(expected, part)), part
    assert several.terms_ == one.terms_
    assert np.array_equal(several.coverage_, one.coverage_)


@pytest.mark.parametrize("seconds", [-1.0, float("nan")])
def test_time_to_tune_is_a_length(seconds: float, tmp_path: Path) -> None:
    with pytest.raises(ClassifierError, match="give 0 or more"):
        training.train(Corpus.from_examples(_small()), tmp_path / "model", tune_seconds=seconds)


def test_a_process_that_is_ended_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(*_: object, large: bool) -> None:
        raise BrokenProcessPool("exit code -9")

    monkeypatch.setattr(fitting, "fit", ended)
    with pytest.raises(ClassifierError, match="want of memory"):
        training.train(Corpus.from_examples(_small()), tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_half_holds_every_label_even_if_stories_are_mixed() -> None:
    labels, groups = np.array([0, 1] * 20), np.arange(40, dtype=np.int32) // 2
    for part in stratified_half(labels, groups, 0)[0]:
        assert set(labels[part]) == {0, 1}


def test_a_large_corpus_is_learned_calibrated_and_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesson, "LARGE", 100)
    monkeypatch.setattr(fitting, "LogisticRegression", None)  # the linear SVM is all that is called
    trained = training.train(ROOT / "seeds", tmp_path / "large")
    assert trained.report.accuracy > 0.85
    assert trained.report.documents in range(495, 545)  # half of the corpus is held out, once
    assert set(trained.leakage) == {"random split", "near-duplicates on one side"}


def test_folds_spread_labels_and_keep_stories_together() -> None:
    labels, groups = np.repeat([0, 1], 30), np.arange(60, dtype=np.int32) // 2
    folds = stratified_folds(labels, groups, 5, 0)
    assert sorted(row for _, held_out in folds for row in held_out) == list(range(60))
    for learned, held_out in [*folds, *stratified_half(labels, groups, 0)]:
        assert np.ptp(np.bincount(labels[held_out])) <= 2
        assert not set(groups[learned]) & set(groups[held_out])
        assert len(learned) + len(held_out) == 60


def test_a_label_of_one_story_splits_no_other() -> None:
    labels, groups = np.repeat([0, 1, 2], [30, 30, 2]), np.concatenate([np.arange(60) // 2, [30, 30]]).astype(np.int32)
    for learned, held_out in [*stratified_folds(labels, groups, 5, 0), *stratified_half(labels, groups, 0)]:
        assert set(groups[learned]) & set(groups[held_out]) <= {30}
        assert set(labels[learned]) == {0, 1, 2}


@pytest.mark.parametrize("seed", range(20))
def test_no_fold_is_learned_without_a_label(seed: int) -> None:
    """Few stories, each under several labels, as forms and templates are."""
    random = np.random.default_rng(seed)
    labels, groups = np.arange(20) % 3, random.integers(0, 3, 20).astype(np.int32)
    for learned, _ in stratified_folds(labels, groups, 5, 0):
        assert set(labels[learned]) == {0, 1, 2}


def test_a_handful_of_documents_does_not_speak_for_all() -> None:
    few = [Example("x", label, source=source) for source in "pq" for label in "ab"]
    assert len(held_out_sources(few)) == 2
    assert held_out_sources([*few, *[Example("x", label) for label in "ab"] * 18]) == []


def test_answers_that_are_all_right_prove_no_certainty() -> None:
    truth = np.arange(60) % 2
    fitted = calibrate(np.eye(2)[truth], truth).modest(np.eye(2)[truth])
    assert 0.9 < fitted.probabilities(np.eye(2)[truth]).max(axis=1).mean() < 62 / 63


def test_what_is_filled_in_is_read_as_meant(tmp_path: Path) -> None:
    heading = "text,label,second_label,confidence,drawn,date,source\n"
    rows = "خبر, a , b ,Low ,Uncertain,2021-03-04T10:00,x \nنبأ,a,,high,random,04/03/2021,\nسطر,a,,,,2021-1-5,\n"
    (tmp_path / "c.csv").write_text(heading + rows, encoding="utf-8")
    first, *others = sorted(load_corpus(tmp_path / "c.csv").examples, key=lambda example: example.confident)
    assert first == Example("خبر", "a", "c.csv:1", "b", False, "x", "2021-03-04", False)
    assert [(example.confident, example.fair, example.date) for example in others] == [(True, True, "")] * 2


def test_a_label_that_is_no_text_is_refused_before_learning(tmp_path: Path) -> None:
    examples = [Example(f"خبر {label[0]} {number}", label) for number in range(4) for label in ("a", "b\udcc7")]
    with pytest.raises(CorpusError, match="not UTF-8; rename it"):
        training.train(Corpus.from_examples(examples), tmp_path / "model")


def test_every_form_of_corpus_is_the_same_corpus(tmp_path: Path) -> None:
    rows = [(example.label, example.text) for example in _small()]
    (tmp_path / "c.csv").write_text("label,text\n" + "".join(f"{a},{b}\n" for a, b in rows), encoding="utf-8-sig")
    (tmp_path / "c.tsv").write_text("category\tbody\n" + "".join(f"{a}\t{b}\n" for a, b in rows), encoding="utf-8")
    lines = [json.dumps({"text": b, "label": a}, ensure_ascii=False) + "\n" for a, b in rows]
    (tmp_path / "c.jsonl").write_text("".join(lines), encoding="utf-8")
    (tmp_path / "c.txt").write_text("".join(f"__label__{a} {b}\n" for a, b in rows), encoding="utf-8")
    for number, (label, text) in enumerate(rows):
        (tmp_path / "folder" / label).mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / label / f"{number}.txt").write_text(text, encoding="utf-8")
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({"label": [a for a, _ in rows], "text": [b for _, b in rows]}), tmp_path / "c.parquet")
    (tmp_path / "semicolons.csv").write_text("label;text\n" + "".join(f"{a};{b}\n" for a, b in rows), encoding="utf-8")
    (tmp_path / "C.CSV.GZ").write_bytes(gzip.compress((tmp_path / "c.csv").read_bytes()))
    (tmp_path / "tabs.csv").write_text("label\ttext\n" + "".join(f"{a}\t{b}\n" for a, b in rows), encoding="utf-8")
    (tmp_path / "excel.csv").write_bytes((tmp_path / "semicolons.csv").read_text(encoding="utf-8").encode("cp1256"))
    (tmp_path / "unicode.tsv").write_text((tmp_path / "c.tsv").read_text(encoding="utf-8"), encoding="utf-16")
    wide = (tmp_path / "c.tsv").read_text(encoding="utf-8").encode("utf-16-be")
    (tmp_path / "big-endian.tsv").write_bytes(b"\xfe\xff" + wide)
    (tmp_path / "excel.csv.gz").write_bytes(gzip.compress((tmp_path / "excel.csv").read_bytes()))
    names = ("c.csv", "semicolons.csv", "tabs.csv", "c.tsv", "c.jsonl", "c.txt", "folder", "c.parquet", "C.CSV.GZ")
    names += ("excel.csv", "unicode.tsv", "big-endian.tsv", "excel.csv.gz")
    assert len({load_corpus(tmp_path / name).digest for name in names}) == 1


@pytest.mark.parametrize("labels", [[0, 1, 2], [0.0, 1.0, 2.0], [False, True, None]], ids=["int", "float", "bool"])
@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_labels_and_names_may_be_numbers(labels: list[object], ending: str, tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    rows = [{"id": number, "text": f"خبر {number}", "label": label} for number, label in enumerate([*labels, None])]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "c.parquet")
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    corpus = load_corpus(tmp_path / f"c.{ending}")
    expected = {str(number): str(label).removesuffix(".0") for number, label in enumerate(labels) if label is not None}
    assert {example.name: example.label for example in corpus.examples} == expected
    assert corpus.left_out == {"without a label": tuple(str(n) for n in range(len(expected), 4))}


def test_a_number_that_is_none_is_no_label(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text('{"text": "خبر", "label": NaN}\n{"text": "نبأ", "label": 1}\n', encoding="utf-8")
    assert load_corpus(tmp_path / "c.jsonl").labels == ("1",)


def test_oddities_are_left_out_and_named() -> None:
    twice, empty = Example("نص واحد", "a", "x"), Example("  ", "a", "hollow")
    corpus = Corpus.from_examples(
        [twice, Example("نص واحد", "a", "y"), empty, Example("خبر", "a", "p"), Example("خبر", "b", "q")]
    )
    assert [example.name for example in corpus.examples] == ["x"]
    assert corpus.left_out == {"duplicate": ("y",), "empty": ("hollow",), "under two labels": ("p", "q")}


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        pytest.param(_small()[:8], "only the label 'economy'", id="one label"),
        pytest.param(_small()[:9], "has one document", id="a label with one document"),
        pytest.param([], "no labelled document", id="nothing"),
    ],
)
def test_too_little_to_learn_from(examples: list[Example], message: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=message):
        training.train(Corpus.from_examples(examples), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def _tiny(tmp_path: Path) -> tuple[Corpus, Path]:
    """Four documents of which one term stands in two, and unlabelled ones of that term alone."""
    texts = {"ضبط سلاح": "security", "ضبط كثير": "security", "بنك سعر": "economy", "نقد سعادة": "economy"}
    (tmp_path / "unlabelled.jsonl").write_text('{"text": "ضبط"}\n' * 3, encoding="utf-8")
    return Corpus.from_examples(Example(*row) for row in texts.items()), tmp_path / "unlabelled.jsonl"


def test_settings_that_a_tiny_corpus_cannot_be_learned_with_are_passed_over(tmp_path: Path) -> None:
    said: list[str] = []
    training.train(_tiny(tmp_path)[0], tmp_path / "model", tune_seconds=60, progress=said.append)
    assert any("passed over (no term stands in 3 documents" in line for line in said)


def test_one_term_has_no_company(tmp_path: Path) -> None:
    corpus, unlabelled = _tiny(tmp_path)
    training.train(corpus, tmp_path / "model", unlabelled=unlabelled)
    assert Model.load(tmp_path / "model").terms == ["ضبط"]


def _doubted(kind: str) -> list[Example]:
    """Documents of which a reader was unsure: a third label's, all, or those of one of two sources."""
    if kind == "all":
        return [replace(example, confident=False) for example in _small()]
    if kind == "one of two sources":
        other = [replace(example, text=f"{example.text} اليوم", source="b") for example in _small()]
        return [replace(example, confident=False, source="a") for example in _small()] + other
    sure = kind == "all but one of a label"
    third = [Example(MATCH.format(word), "sport", confident=sure and word == NUMBERS[0]) for word in NUMBERS]
    return [*_small(), *third]


@pytest.mark.parametrize("kind", ["all of a label", "all but one of a label", "all", "one of two sources"])
def test_doubted_documents_are_learned_from_where_there_are_no_others(kind: str, tmp_path: Path) -> None:
    corpus = Corpus.from_examples(_doubted(kind))
    report = training.train(corpus, tmp_path / "model").report
    assert report.labels == corpus.labels
    assert all(row.support for row in report.per_label)  # a label without a certain document is judged all the same
    model = Model.load(tmp_path / "model")
    assert [model.labels[best] for best in model.predict_proba(corpus.texts).argmax(axis=1)] == [
        example.label for example in corpus.examples
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("c.csv", b"a,b\n1,2\n", "no 'text' column"),
        ("c.jsonl", b'{"text": "x", "label"', "cannot be read"),
        ("c.jsonl", b"[1]\n", "cannot be read"),
        ("c.jsonl", b'{"text": "x", "label": "a"}\n{oops\n', "line 2 is not JSON"),
        ("c.csv", b"\xff\xfe\x00garbage", "no rows"),
        ("c.csv", b"\xff\xfe\x00", "cannot be read"),
        ("c.csv", "label,text\na,خبر\n".encode() + b"b,\xd8\xff\n" + "b,نبأ من السوق\n".encode() * 9, "cannot be read"),
        ("c.csv", "label,text\na,تقرير عن السوق\nb,".encode() + b"caf\xe9\n", "cannot be read"),
        ("c.csv", "label,text\na,Größe und Übermut ändern\n".encode("cp1252"), "cannot be read"),
        ("c.csv", "label,text\na,أعلن المصرف المركزي رفع الفائدة\n".encode("utf-32"), "cannot be read"),
        ("c.csv", ("label,text\n" + "a,أعلن المصرف رفع الفائدة\n" * 9).encode("mac_arabic"), "cannot be read"),
        ("c.csv", bytes(range(256)) * 9, "cannot be read"),
        ("c.txt", b"no label here\n", "cannot be read"),
        ("c.xyz", b"?", "ending is not one of"),
        ("c.jsonl", b"", "no rows"),
        ("c.jsonl", b'{"text": "x", "label": ""}\n{"text": "y"}', "left out: 2 without a label"),
        ("c.jsonl", b'{"text": "x", "label": ["a"]}', "row 1 is .'a'.; give each document one label"),
        ("c.xlsx", b"PK\3\4", "not a workbook that can be read"),
        ("c.csv", "text,label,text\nخبر,a,نبأ\n".encode(), "two columns are called 'text'"),
        ("c.csv", "text,القسم,التصنيف\nخبر,a,نبأ\n".encode(), "'القسم' and 'التصنيف' may both be its label"),
        ("c.csv", b"sep=\n", "no rows"),
        ("c.csv", (f"a,{'خبر ' * 99}\n" * 2).encode(), "its columns are called 'a', '.{30}': call one text or content"),
        ("c.parquet", b"PAR1", "cannot be read"),
        ("c.csv", 'label,text\na,خبر\nb,"نبأ\na,آخر\n'.encode(), "row 2, from line 3 on, do not match"),
        ("c.csv", 'label,text\na,"خبر\nb,نبأ "قريب"\n'.encode(), "row 1, from line 2 on, do not match"),
        ("c.tsv", 'label\ttext\na\t"سطر\nوسطر"\nb\t"نبأ\na\tآخر\n'.encode(), "row 2, from line 4 on, do not"),
        ("c.csv", "label,text\na,خبر\nb,واحد, اثنان\n".encode(), "row 2, line 3, has more fields than the heading"),
        ("c.tsv", "label\ttext\na\tخبر\nb\tواحد\tاثنان\n".encode(), "row 2, line 3, has more fields"),
        ("c.csv.gz", b"not gzip", "cannot be read"),
    ],
)
def test_unreadable_corpora_are_clear_errors(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        load_corpus(tmp_path / name)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1256"])
def test_columns_are_known_by_other_spellings(encoding: str, tmp_path: Path) -> None:
    for heading in (
        "\ufeff Text ,LABEL",
        "النص,التصنيف",
        "content,Category",
        "text,label,Text",
        "SEP=,\ntext,label",
        "\u200fالنَّص,\u00a0تصنيـف ",
    ):
        extra = ",x" if heading.endswith("Text") else ""
        content = f"{heading}\n" + "".join(f"خبر عن السوق والمصارف {n},{'ab'[n % 2]}{extra}\n" for n in range(9))
        (tmp_path / "c.csv").write_text(content, encoding=encoding, errors="ignore")
        corpus = load_corpus(tmp_path / "c.csv")
        assert corpus.labels == ("a", "b")
        assert corpus.examples[0].text.startswith("خبر عن")


def test_vocalised_tables_in_windows_1256_are_read(tmp_path: Path) -> None:
    text = "أَعْلَنَ الْمَصْرِفُ الْمَرْكَزِيُّ رَفْعَ سِعْرِ الْفَائِدَةِ لِكَبْحِ التَّضَخُّمِ فِي الْأَسْوَاقِ"
    rows = [f"{number};{text} {number}" for number in range(20)]
    (tmp_path / "c.csv").write_text("label;text\n" + "\n".join(rows), encoding="cp1256")
    assert {row["text"] for row in read_rows(tmp_path / "c.csv")} == {row.partition(";")[2] for row in rows}


def test_workbooks_are_read_sheet_by_sheet(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append([])
    for row in (
        ("label", "text", None, None),
        ("a", "'=1+1", None, "x"),
        ("a", "خبر أول"),
        (),
        (7, "ثان"),
        ("#N/A", "ثالث"),
    ):
        book.active.append(row)
    second = book.create_sheet("more")
    second.append(("النص", "التصنيف"))
    second.append(("نبأ", "a"))
    book.create_sheet("hidden").append(("text", "label"))
    book["hidden"].append(("مخفي", "a"))
    book["hidden"].sheet_state = "hidden"
    book.create_sheet("empty")
    book.save(tmp_path / "one.XLSX")
    corpus = load_corpus(tmp_path / "one.XLSX")
    assert {(example.label, example.text) for example in corpus.examples} == {
        ("a", "=1+1"), ("a", "خبر أول"), ("7", "ثان"), ("a", "نبأ"),
    }  # fmt: skip
    assert corpus.left_out == {"without a label": ("one.XLSX:4",)}
    assert len(list(read_texts(tmp_path / "one.XLSX"))) == 5


def test_a_workbook_that_does_not_know_its_size_is_read_whole(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for row in [("text", "label"), *((f"خبر {number}", "ab"[number % 2]) for number in range(30))]:
        book.active.append(row)
    book["Sheet"]["XFD20000"] = "x"
    book.save(tmp_path / "a.xlsx")
    with ZipFile(tmp_path / "a.xlsx") as old, ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:A3"', old.read(name)))
    assert len(load_corpus(tmp_path / "b.xlsx").examples) == 30


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"])
def test_broken_workbooks_are_clear_errors(part: str, tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for row in (("text", "label"), ("خبر", "a"), ("نبأ", "b")):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    with ZipFile(tmp_path / "a.xlsx") as old, ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name)[: -20 if name == part else None])
    with pytest.raises(CorpusError, match="not a workbook that can be read"):
        load_corpus(tmp_path / "b.xlsx")


def test_tables_in_a_folder_are_no_corpus(tmp_path: Path) -> None:
    (tmp_path / "two.csv").write_text("text,label\nنبأ,a\nخبر,b\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"of one table .left out: 1 outside a label folder"):
        load_corpus(tmp_path)


def test_unicode_text_of_a_spreadsheet_is_a_table(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("text\tlabel\nنبأ\ta\nخبر\tb\n", encoding="utf-16")
    assert [row["label"] for row in read_rows(tmp_path / "c.txt")] == ["a", "b"]
    (tmp_path / "f.txt").write_text("__label__a نبأ\tآخر\n", encoding="utf-8")
    assert [row["text"] for row in read_rows(tmp_path / "f.txt")] == ["نبأ\tآخر"]


def test_a_sheet_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "c.xlsx", "w", ZIP_DEFLATED) as packed:
        packed.writestr("xl/sharedStrings.xml", b" " * 20_000_000)
    with pytest.raises(CorpusError, match="would unpack to 20,000,000 bytes"):
        load_corpus(tmp_path / "c.xlsx")


def test_odd_labels_are_told(tmp_path: Path) -> None:
    for name in ("Sport/1", "sport/2", "news/3", "news/old/4", "رياضة/5", "رياضه/6"):
        for part in "ab":
            (tmp_path / f"{name}{part}.txt").parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / f"{name}{part}.txt").write_text(f"خبر {name} {part}", encoding="utf-8")
    said: list[str] = []
    training.train(tmp_path, tmp_path.parent / "odd.model", progress=said.append)
    assert any("'Sport', 'sport' are learned as different" in line for line in said)
    assert any("'رياضة', 'رياضه' are learned as different" in line for line in said)
    assert any("'news/old' is learned as one of its own" in line for line in said)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1256"])
def test_an_encoding_is_told_wherever_the_look_at_it_ends(encoding: str, tmp_path: Path) -> None:
    for shift in range(2):
        row = "a," + "أعلن المصرف المركزي رفع الفائدة " * 1000 + "\n"
        content = ("label,text\n" + "x" * shift + row * 40).encode(encoding)
        assert len(content) > 1 << 20
        (tmp_path / "c.csv").write_bytes(content)
        assert {found["text"] for found in read_rows(tmp_path / "c.csv")} == {row[2:-1]}


@pytest.mark.parametrize("second", ["آخر", 'قال "نعم"', 'ختم كلامه"'], ids=["none", "pair", "closing"])
def test_quotation_marks_of_a_tsv_file_need_not_match(second: str, tmp_path: Path) -> None:
    (tmp_path / "c.tsv").write_text(f'label\ttext\na\t"بدأ كلامه\nb\t{second}\n', encoding="utf-8")
    assert {example.text for example in load_corpus(tmp_path / "c.tsv").examples} == {'"بدأ كلامه', second}
    (tmp_path / "q.tsv").write_text('label\ttext\na\t"سطر ""أول""\nوسطر"\nb\t"نبأ"\n', encoding="utf-8-sig")
    assert {example.text for example in load_corpus(tmp_path / "q.tsv").examples} == {'سطر "أول"\nوسطر', "نبأ"}


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("__label__a\tخبر  أول", "خبر  أول"),
        (" __label__a خبر\tأول", "خبر\tأول"),
        ("__label__a __label__b خبر أول", "خبر أول"),
        ("__label__a خبر __label__b أول __label__c", "خبر أول"),
        ("__label__a خبر__label__b", "خبر__label__b"),
    ],
    ids=["tab", "space in front", "two labels", "labels within", "no label"],
)
def test_a_line_of_fasttext_has_one_label_and_none_in_its_text(line: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text(f"{line}\n", encoding="utf-8")
    (example,) = load_corpus(tmp_path / "c.txt").examples
    assert (example.label, example.text) == ("a", text)


def test_unlabelled_texts_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    for number, text in enumerate((BANK, RAID)):
        (tmp_path / "archive" / f"{number}.txt").write_text(text, encoding="utf-8")
    (tmp_path / "archive" / "scan.pdf").write_bytes(b"%PDF-1.4 broken")
    said: list[str] = []
    corpus = Corpus.from_examples(_small())
    training.train(corpus, tmp_path / "model", unlabelled=tmp_path / "archive", progress=said.append)
    assert [line for line in said if "left out" in line] == [
        "left out of the unlabelled ones, unreadable: BROKEN_FILE: 1"
    ]


def test_an_unreadable_unlabelled_archive_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text('{"text": "x"}\n{oops\n', encoding="utf-8")
    with pytest.raises(CorpusError, match="line 2 is not JSON"):
        list(read_texts(tmp_path / "c.jsonl"))


def test_folders_that_cannot_be_listed_are_named(tmp_path: Path, shut_folder: Callable[[Path], None]) -> None:
    for label in ("a", "b", "c/d"):
        (tmp_path / label).mkdir(parents=True)
        (tmp_path / label / "x.txt").write_text(f"خبر {label}", encoding="utf-8")
    shut_folder(tmp_path / "c" / "d")
    corpus = load_corpus(tmp_path)
    assert corpus.labels == ("a", "b")
    assert corpus.left_out == {"unreadable folder": ("c/d",)}
    shut_folder(tmp_path)
    with pytest.raises(CorpusError, match="cannot be listed"):
        load_corpus(tmp_path)


def test_a_missing_corpus_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such corpus"):
        load_corpus(tmp_path / "nowhere")


@pytest.mark.parametrize("labels", [2, 3])
def test_the_exported_pipeline_gives_the_same_probabilities(labels: int, tmp_path: Path) -> None:
    examples = [example for example in load_corpus(ROOT / "seeds").examples if labels == 3 or example.label != "other"]
    training.train(Corpus.from_examples(examples), tmp_path / "model")
    model = Model.load(tmp_path / "model")
    training.export_pipeline(model, tmp_path / "pipeline.joblib")
    pipeline = joblib.load(tmp_path / "pipeline.joblib")
    texts = [example.text for example in examples] + ["", "لا شيء معروف xyz"]
    assert list(pipeline.classes_) == list(model.labels)
    np.testing.assert_allclose(pipeline.predict_proba(texts), model.predict_proba(texts), atol=1e-6)


def test_an_export_that_fails_leaves_what_was_there(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    out = tmp_path / "new folder" / "p.joblib"
    training.export_pipeline(model, out)
    before = out.read_bytes()
    monkeypatch.setattr(joblib, "dump", fail)
    with pytest.raises(OSError, match="No space left") as caught:
        training.export_pipeline(model, out)
    assert caught.value.filename == str(out)
    assert [path.read_bytes() for path in out.parent.iterdir()] == [before]


def test_the_unfitted_pipeline_is_ordinary_scikit_learn() -> None:
    from sklearn.model_selection import cross_val_score

    corpus = Corpus.from_examples(_small())
    scores = cross_val_score(
        training.build_pipeline(), corpus.texts, [example.label for example in corpus.examples], cv=2
    )
    assert scores.mean() == 1.0


def test_near_duplicates_are_one_group() -> None:
    story = (ROOT / "seeds/other/nile-01-sudan-talks-envoys.txt").read_text(encoding="utf-8")
    other = (ROOT / "seeds/other/sham-01-embezzlement-trial-beirut.txt").read_text(encoding="utf-8")
    reader = Reader(AnalysisSettings(), letter_table())
    groups = story_groups([story, other, "عاجل: " + story + " (وكالات)", other[: len(other) // 2]], reader)
    assert groups[0] == groups[2]
    assert groups[1] == groups[3]
    assert groups[0] != groups[1]


@pytest.mark.parametrize("copies", [COMMON - 1, 3 * COMMON])
def test_a_story_told_any_number_of_times_is_one(copies: int) -> None:
    story = (ROOT / "seeds/other/nile-01-sudan-talks-envoys.txt").read_text(encoding="utf-8")
    texts = [f"نشرة {number} {story} رقم {number}" for number in range(copies)]
    assert len(set(story_groups(texts, Reader(AnalysisSettings(), letter_table())))) == 1


@pytest.mark.parametrize(("boilerplate", "own"), [(200, 200), (300, 400), (600, 400), (300, 200)])
def test_boilerplate_makes_no_story(boilerplate: int, own: int) -> None:
    """... not even where a document is nothing else."""
    random = np.random.default_rng(0)
    sizes = [boilerplate, *[own] * 3 * COMMON]
    footer, *bodies = (
        " ".join("".join(word) for word in random.choice(list("بتجحدرسصطعفقكلم"), (n, 7))) for n in sizes
    )
    texts = [footer, *(f"{body} {footer}" for body in bodies)]
    groups = story_groups(texts, Reader(AnalysisSettings(stem=False), letter_table()))
    assert len(set(groups)) == len(texts)


def test_mistakes_say_where_in_the_corpus_they_are(tmp_path: Path) -> None:
    sources = ["p", "q", "r"]
    examples = [
        replace(example, source=sources[number % 3])
        for number, example in enumerate(load_corpus(ROOT / "seeds").examples[:90])
    ]
    corpus = Corpus.from_examples(examples)
    mistakes = training.train(corpus, tmp_path / "model").report.mistakes
    assert mistakes
    assert all(corpus.examples[mistake.row].name == mistake.name for mistake in mistakes)


@pytest.mark.parametrize("words", [20, 40, 60, 80, 120])
def test_a_few_words_more_are_the_same_story(words: int) -> None:
    reader, stories = Reader(AnalysisSettings(), letter_table()), sorted((ROOT / "seeds/other").glob("*.txt"))[:60]
    texts = [" ".join(story.read_text(encoding="utf-8").split()[:words]) for story in stories]
    longer = [f"{text} وأضافت الوكالة في نهاية نشرتها خبرا آخر" for text in texts]
    groups = story_groups([*texts, *longer], reader)
    assert (groups[: len(texts)] == groups[len(texts) :]).all()


def test_temperature_recovers_the_one_that_was_applied() -> None:
    random = np.random.default_rng(0)
    scores = random.normal(size=(4000, 3)) * 2
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    truth = np.array([random.choice(3, p=row) for row in shares])
    assert calibrate(scores * 4, truth).factor == pytest.approx(1 / 4, rel=0.1)
    moved = calibrate(scores + np.array([1.0, 0.0, -1.0]), truth, offsets=True).offsets
    assert moved - moved[1] == pytest.approx(np.array([-1.0, 0.0, 1.0]), abs=0.15)


def test_the_compiled_lexicon_counts_as_the_plain_one() -> None:
    texts = [example.text for example in load_corpus(ROOT / "seeds").examples[:40]]
    results = []
    for reader, lexicon in ((Reader, Lexicon), (plain.Reader, plain.Lexicon)):
        counter = lexicon(reader(AnalysisSettings(), letter_table()), lead=10, lead_count=3)
        counter.add(["بنك"])
        parts = [part.tolist() for part in counter.count_many(texts)]
        again = [part.tolist() for part in counter.count_many([*texts[:5], "كلمةجديدةتماما"], grow=False)]
        results.append((parts, again, counter.terms))
    assert results[0] == results[1]

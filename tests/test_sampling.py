"""Archives of any size: a fair sample of a stream, and documents that are read only when wanted."""

from __future__ import annotations

import os
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from classifier.corpus import load_corpus
from classifier.training.archives import Sample, Tally, entries, read_sampled, read_texts

PLAIN = "تحدث المدير أمس عن زيارته وقال إن اللقاء كان مفيدا وإن الجميع شارك فيه"


def test_documents_outside_the_sample_are_never_opened(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number:03}.txt").write_text(f"{PLAIN} {number}", encoding="utf-8")
    sample, tally = Sample[str](20, 0), Tally()
    opened = list(read_sampled(tmp_path, sample, tally, None, lambda _: None))
    assert tally.documents == 300
    assert 20 <= len(opened) < 150  # 20 (1 + ln 15) = 74 expected
    assert all(place is not None and place < 20 for place, *_ in opened)


def test_every_document_is_as_likely_to_be_in_a_sample() -> None:
    counts: Counter[int] = Counter()
    for seed in range(400):
        sample = Sample[int](5, seed)
        for item in range(20):
            place = sample.place()
            if place is not None:
                sample.put(place, item)
        counts.update(sample.items)
    assert len(counts) == 20
    assert all(60 <= count <= 140 for count in counts.values())  # 100 expected, deviation 8.7


def test_what_cannot_be_read_is_counted(tmp_path: Path, shut_folder: Callable[[Path], None]) -> None:
    for name in ("a.txt", "b/x.txt", "shut/y.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(PLAIN, encoding="utf-8")
    (tmp_path / "b" / "scan.pdf").write_bytes(b"%PDF-1.4 broken")
    shut_folder(tmp_path / "shut")
    expected = {"unreadable: BROKEN_FILE": 1, "unreadable folder": 1}
    tally = Tally()
    assert list(read_texts(tmp_path, tally)) == [PLAIN, PLAIN]
    assert (tally.documents, dict(tally.left_out)) == (3, expected)
    tally = Tally()
    list(read_sampled(tmp_path, Sample[str](9, 0), tally, None, lambda _: None))
    assert (tally.documents, dict(tally.left_out)) == (3, {**expected, "duplicate": 1})


@pytest.mark.parametrize("box", ["mail.mbox", "Inbox", "mail.mbx"])
def test_what_an_archive_or_a_mailbox_holds_counts_one_by_one(tmp_path: Path, box: str) -> None:
    message = "From a@b Mon Jan  5 10:00:00 2026\nSubject: {0}\nContent-Type: text/plain; charset=utf-8\n\n{1} {0}\n\n"
    (tmp_path / box).write_text("".join(message.format(number, PLAIN) for number in "12"), encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "b.ZIP", "w") as archive:
        archive.writestr("x.txt", PLAIN)
        archive.writestr("scan.pdf", b"%PDF-1.4 broken")
    with zipfile.ZipFile(tmp_path / "none.zip", "w"):
        pass
    mails = [entry.read() for entry in entries(tmp_path / box)]
    assert [text.split()[-1] for text in mails] == ["1", "2"]
    assert {entry.name: entry.read() for entry in entries(tmp_path) if entry.name.startswith("b.ZIP!/x")} == {
        "b.ZIP!/x.txt": PLAIN
    }
    tally = Tally()
    assert sorted(read_texts(tmp_path, tally)) == sorted([*mails, PLAIN])
    assert (tally.documents, dict(tally.left_out)) == (5, {"unreadable: BROKEN_FILE": 1, "unreadable: EMPTY": 1})


def test_a_label_folder_may_hold_packed_documents(tmp_path: Path) -> None:
    for label in ("أول", "ثان"):
        (tmp_path / label).mkdir()
        with zipfile.ZipFile(tmp_path / label / "all.zip", "w") as archive:
            archive.writestr("1.txt", f"{PLAIN} {label}")
            archive.writestr("2.txt", f"{label} {PLAIN}")
            archive.writestr("3.txt", b"")
    corpus = load_corpus(tmp_path)
    assert {(example.label, example.name) for example in corpus.examples} == {
        (label, f"{label}/all.zip!/{number}.txt") for label in corpus.labels for number in (1, 2)
    }
    assert corpus.left_out == {"unreadable: EMPTY": tuple(f"{label}/all.zip!/3.txt" for label in corpus.labels)}


def test_entries_are_named_by_path_or_id(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.txt").write_text(PLAIN, encoding="utf-8")
    (tmp_path / "a.txt").write_text(PLAIN, encoding="utf-8")
    assert [entry.name for entry in entries(tmp_path)] == ["a.txt", "b/x.txt"]
    (tmp_path / "rows.csv").write_text("path,title,text\nx.txt,عنوان,نص\n,,آخر\n", encoding="utf-8")
    rows = list(entries(tmp_path / "rows.csv"))
    assert [(entry.name, entry.read()) for entry in rows] == [("x.txt", "عنوان\n\nنص"), ("rows.csv:2", "آخر")]
    (tmp_path / "mails.csv").write_text("From ,text\nأحمد,نص\n", encoding="utf-8")
    assert [entry.read() for entry in entries(tmp_path / "mails.csv")] == ["نص"]
    (tmp_path / "rows.jsonl").write_text('{"id": 0, "text": "نص"}\n', encoding="utf-8")
    assert [entry.name for entry in entries(tmp_path / "rows.jsonl")] == ["0"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_an_archive_keeps_nobody_waiting(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PLAIN, encoding="utf-8")
    os.mkfifo(tmp_path / "pipe")
    assert list(read_texts(tmp_path)) == [PLAIN]

"""Labelling folders: what the results hold, how runs go on, and that however they went the bytes are the same."""

from __future__ import annotations

import gzip
import hashlib
import inspect
import io
import json
import mailbox
import os
import random
import shutil
import signal
import sys
import threading
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from archives import SENTENCES, Runs, by_path, lines_of, touch, write_archive
from safetensors.numpy import load_file

from classifier import Model, artefact
from classifier.errors import ClassifierError, ModelFileError, ResultsError
from classifier.labelling import Progress, label_folder, preview_changes, read_results, working
from classifier.labelling.journal import beside
from classifier.labelling.lines import EDITION
from classifier.labelling.locking import locked
from classifier.labelling.matching import Segment, Todo, segments
from classifier.labelling.statuses import ahead, look, plain_look
from classifier.labelling.walking import Filters, Found, Walk

ECONOMY, SECURITY, OTHER = SENTENCES.values()


def test_a_line_is_the_prediction_and_what_makes_the_file_its_own_journal(runs: Runs, out: Path, model: Model) -> None:
    runs.label(out)
    line = lines_of(out)[0]
    path = runs.folder / line["path"]
    expected = model.predict_file(path).as_dict() | {"path": line["path"]}
    assert {key: line[key] for key in expected} == expected
    assert line["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (line["size"], line["mtime"]) == (path.stat().st_size, path.stat().st_mtime_ns)
    assert (line["repairs"], line["folder"], line["options"]) == ([], str(runs.folder), {})


def test_labels_and_order(runs: Runs, out: Path) -> None:
    summary = runs.label(out)
    paths = [line["path"] for line in lines_of(out)]
    assert paths == sorted(paths)
    assert len(paths) == 300 == summary.documents == summary.fresh
    assert summary.labels == dict.fromkeys(sorted(SENTENCES), 100)
    assert {line["path"]: line["label"] for line in lines_of(out)}["مجلد 0/وثيقة 00000.txt"] == "economy/fintech"


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 on: the walk goes on in a thread
@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_workers_write_the_same_bytes(runs: Runs, out: Path, backend: str) -> None:
    alone = runs.undisturbed(out.with_name("alone.jsonl"))
    assert runs.undisturbed(out, jobs=2, backend=backend) == alone


def test_a_finished_folder_is_not_read_again(runs: Runs, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = runs.undisturbed(out)
    written = out.stat().st_mtime_ns
    monkeypatch.setattr("classifier.labelling.working.load", lambda path: pytest.fail(f"{path} was read again"))
    summary = runs.label(out)
    assert (summary.kept, summary.fresh, summary.labels) == (300, 0, dict.fromkeys(sorted(SENTENCES), 100))
    assert (out.read_bytes(), out.stat().st_mtime_ns) == (before, written)


def test_changed_new_and_removed_files(runs: Runs, out: Path) -> None:
    runs.label(out)
    folder = runs.folder / "مجلد 4"
    changed, removed, new = folder / "وثيقة 00004.txt", folder / "وثيقة 00014.txt", folder / "أ جديد.txt"
    changed.write_text(f"{OTHER}\n\n{OTHER}", encoding="utf-8")
    removed.unlink()
    new.write_text(ECONOMY, encoding="utf-8")
    summary = runs.label(out)
    found = by_path(out)
    assert found["مجلد 4/وثيقة 00004.txt"]["label"] == "other"
    assert "مجلد 4/وثيقة 00014.txt" not in found
    assert found["مجلد 4/أ جديد.txt"]["label"] == "economy/fintech"
    assert (summary.fresh, summary.kept, summary.documents) == (2, 298, 300)
    assert out.read_bytes() == runs.undisturbed(out.with_name("anew.jsonl"))


def test_only_the_last_files_removed(runs: Runs, out: Path) -> None:
    runs.label(out)
    for path in (runs.folder / "مجلد 9").iterdir():
        path.unlink()
    assert runs.label(out).fresh == 0
    assert out.read_bytes() == runs.undisturbed(out.with_name("anew.jsonl"))


@pytest.mark.parametrize("include", [(), ("*.pdf",)], ids=["gone", "not asked for"])
def test_results_are_not_emptied_by_the_way(runs: Runs, out: Path, include: tuple[str, ...]) -> None:
    """A folder that is not mounted looks like an empty one."""
    runs.label(out)
    whole = out.read_bytes()
    if not include:
        runs.folder.rename(runs.folder.with_name("elsewhere"))
        runs.folder.mkdir()
    with pytest.raises(ResultsError, match="mounted"):
        runs.label(out, include=include)
    assert out.read_bytes() == whole
    assert runs.label(out, include=include, force=True).documents == 0
    assert out.read_bytes() == b""


def test_a_file_with_a_new_time_and_the_old_content_is_not_labelled_again(
    runs: Runs, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.label(out)
    for number in (0, 100, 299):
        touch(runs.folder / f"مجلد {number % 10}" / f"وثيقة {number:05}.txt")
    anew = runs.undisturbed(out.with_name("anew.jsonl"))
    monkeypatch.setattr(Model, "predict_many", lambda *_, **__: pytest.fail("labelled again") if _[1] else [])
    assert runs.label(out).fresh == 3
    assert out.read_bytes() == anew


@pytest.mark.parametrize("seed", range(6))
def test_torn_anywhere_and_gone_on_with_gives_the_same_bytes(runs: Runs, out: Path, seed: int) -> None:
    whole = runs.undisturbed(out)
    for _ in range(4):
        out.write_bytes(whole[: random.Random(seed).randrange(len(whole))])
        runs.label(out)
        assert out.read_bytes() == whole
        seed += 100


@pytest.mark.parametrize("seed", range(4))
def test_torn_while_rewriting_and_gone_on_with_gives_the_same_bytes(runs: Runs, out: Path, seed: int) -> None:
    """After a change the file is written anew beside the old one; a run may end at any byte of that."""
    choice = random.Random(seed)
    old = runs.undisturbed(out)
    for number in choice.sample(range(300), 5):
        path = runs.folder / f"مجلد {number % 10}" / f"وثيقة {number:05}.txt"
        path.unlink() if number % 2 else path.write_text(SECURITY, encoding="utf-8")
    new = runs.undisturbed(out.with_name("anew.jsonl"))
    out.write_bytes(old)
    beside(out, False).write_bytes(new[: choice.randrange(len(new))])
    if seed % 2:
        (runs.folder / "مجلد 0" / "وثيقة 00000.txt").write_text(SECURITY * 2, encoding="utf-8")
        new = runs.undisturbed(out.with_name("anew.jsonl"), force=True)
    runs.label(out)
    assert out.read_bytes() == new
    assert sorted(path.name for path in out.parent.glob("results*")) == ["results.jsonl"]


def test_a_line_of_zeros_such_as_a_power_cut_leaves_is_labelled_again(runs: Runs, out: Path) -> None:
    whole = runs.undisturbed(out)
    lines = whole.splitlines(keepends=True)
    lines[100] = b"\0" * (len(lines[100]) - 1) + b"\n"
    out.write_bytes(b"".join(lines))
    assert runs.label(out).fresh == 1
    assert out.read_bytes() == whole


def test_a_second_run_on_the_same_results_refuses(runs: Runs, out: Path) -> None:
    with locked(out.with_name("results.jsonl.lock")), pytest.raises(ResultsError, match="another run"):
        runs.label(out)
    assert not out.exists()
    runs.label(out)
    assert not out.with_name("results.jsonl.lock").exists()


def test_a_file_that_is_no_results_file_is_never_touched(runs: Runs, out: Path) -> None:
    out.write_text("مذكرات لا صلة لها", encoding="utf-8")
    for force in (False, True):
        with pytest.raises(ResultsError, match="not a results file"):
            runs.label(out, force=force)
    assert out.read_text(encoding="utf-8") == "مذكرات لا صلة لها"


@pytest.mark.parametrize(
    ("settings", "what"),
    [({"max_error": 0.2}, "options"), ({"explain": True}, "options")],
    ids=["max_error", "explain"],
)
def test_other_options_are_refused_unless_forced(runs: Runs, out: Path, settings: dict[str, object], what: str) -> None:
    runs.label(out)
    with pytest.raises(ResultsError, match=f"{what}.*--force"):
        runs.label(out, **settings)
    assert runs.label(out, force=True, **settings).fresh == 300
    assert lines_of(out)[0]["options"] == settings


def test_answers_of_an_earlier_edition_are_not_gone_on_with(runs: Runs, out: Path) -> None:
    """What reads and judges may have changed though the model has not; lines of the first edition do not name it."""
    whole = runs.undisturbed(out)
    first = [{name: value for name, value in line.items() if name != "edition"} for line in lines_of(out)]
    out.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in first), encoding="utf-8")
    with pytest.raises(ResultsError, match=f"edition 1, and this run is for {EDITION}.*--force"):
        runs.label(out)
    out.write_bytes(whole.splitlines(keepends=True)[0] + out.read_bytes().partition(b"\n")[2])
    assert runs.label(out).fresh == 299
    assert out.read_bytes() == whole


@pytest.mark.parametrize("finished", [False, True], ids=["new results", "finished results"])
def test_a_damaged_model_is_refused_before_anything_is_written(runs: Runs, out: Path, finished: bool) -> None:
    """Whether or not there is something to label with it."""
    model = out.with_name("own.safetensors")
    shutil.copy(runs.model, model)
    before = runs.undisturbed(out, model=model) if finished else None
    content = bytearray(model.read_bytes())
    content[-1] ^= 1
    model.write_bytes(content)
    with pytest.raises(ModelFileError, match="do not match its digest"):
        runs.label(out, model=model)
    assert (out.read_bytes() if out.exists() else None) == before


def test_a_model_that_lacks_a_part_is_refused_before_anything_is_written(runs: Runs, out: Path, model: Model) -> None:
    """Its digest is right, so only loading it tells."""
    lacking = out.with_name("lacking.safetensors")
    described = {name: value for name, value in model.metadata.items() if name not in ("thresholds", "digest")}
    artefact.save(lacking, load_file(runs.model), described)
    with pytest.raises(ModelFileError, match="lacks a part"):
        runs.label(out, model=lacking)
    assert not out.exists()
    whole = runs.undisturbed(out)
    with pytest.raises(ModelFileError, match="lacks a part"):
        runs.label(out, model=lacking, force=True)
    assert out.read_bytes() == whole


def test_a_finished_folder_does_without_the_model(runs: Runs, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.label(out)
    monkeypatch.setattr(working, "load_model", lambda *_: pytest.fail("the model was loaded"))
    assert runs.label(out).kept == 300


def test_results_of_another_folder_are_refused(runs: Runs, out: Path, tmp_path: Path) -> None:
    runs.label(out)
    with pytest.raises(ResultsError, match="the folder"):
        Runs(write_archive(tmp_path / "another", 3), runs.model).label(out)


def test_a_forced_run_that_ended_early_is_gone_on_with(runs: Runs, out: Path) -> None:
    whole = runs.undisturbed(out)
    beside(out, True).write_bytes(whole[: len(whole) // 2])
    summary = runs.label(out, force=True)
    assert 0 < summary.kept < 300
    assert out.read_bytes() == whole
    assert not beside(out, True).exists()


def test_evidence_and_passages_are_in_the_results_when_asked_for(runs: Runs, out: Path, model: Model) -> None:
    runs.label(out, explain=True, passages=True)
    line = lines_of(out)[0]
    expected = model.predict_file(runs.folder / line["path"], explain=True, passages=True).as_dict()
    assert (line["evidence"], line["passages"]) == (expected["evidence"], expected["passages"])
    assert runs.label(out, explain=True, passages=True).fresh == 0


@pytest.mark.parametrize("finished", [False, True], ids=["new results", "finished results"])
@pytest.mark.parametrize("max_error", [0.0, 1.5])
def test_an_error_that_the_model_cannot_promise_is_said_before_the_run(
    runs: Runs, out: Path, *, max_error: float, finished: bool
) -> None:
    before = runs.undisturbed(out) if finished else None
    with pytest.raises(ClassifierError, match="error"):
        runs.label(out, max_error=max_error)
    assert (out.read_bytes() if out.exists() else None) == before


def test_progress_counts_every_file(runs: Runs, out: Path) -> None:
    seen: list[Progress] = []
    runs.label(out, on_progress=seen.append)
    assert [now.done for now in seen] == sorted(now.done for now in seen)
    assert (seen[-1].done, seen[-1].kept) == (300, 0)


def test_memory_holds_a_wave_not_the_folder() -> None:
    """Ten thousand kept stretches between files to label come as tasks of 128, one by one."""
    taken = 0

    def endless() -> object:
        nonlocal taken
        while True:
            taken += 1
            yield Todo(Found(f"{taken:09}", 10, 0))

    first = next(segments(endless()))  # type: ignore[arg-type]
    assert isinstance(first, Segment)
    assert len(first.todos) == 128 == taken


def test_mailboxes_are_answered_message_by_message(runs: Runs, out: Path) -> None:
    box = mailbox.mbox(runs.folder / "بريد.mbox")
    for number in range(12):
        message = EmailMessage()
        message["Subject"], message["From"] = f"رسالة {number}", "a@example.org"
        message.set_content(list(SENTENCES.values())[number % len(SENTENCES)] * 2)
        box.add(message)
    box.close()
    runs.undisturbed(out)
    found = {path.partition("!/")[2]: line for path, line in by_path(out).items() if line.get("archive")}
    assert list(found) == [f"{number:02}.eml" for number in range(1, 13)]
    assert [line["label"] for line in found.values()] == list(SENTENCES) * (12 // len(SENTENCES))
    assert {(line["archive"], line["members"]) for line in found.values()} == {("بريد.mbox", 12)}
    assert runs.label(out).fresh == 0


def test_archives_are_answered_member_by_member(runs: Runs, out: Path) -> None:
    with zipfile.ZipFile(runs.folder / "حزمة.zip", "w") as packed:
        for number, text in enumerate(SENTENCES.values()):
            packed.writestr(f"داخل/{number}.txt", f"{text}\n\n{text}")
        packed.writestr("فارغ.txt", "")
    (runs.folder / "مضغوط.txt.gz").write_bytes(gzip.compress(ECONOMY.encode()))
    with zipfile.ZipFile(runs.folder / "خاوية.zip", "w"):
        pass
    whole = runs.undisturbed(out)
    found = by_path(out)
    members = {path: line for path, line in found.items() if path.startswith("حزمة.zip!/")}
    assert {path.partition("!/")[2]: line["label"] for path, line in members.items()} == {
        "داخل/0.txt": "economy/fintech",
        "داخل/1.txt": "security/counter-terrorism",
        "داخل/2.txt": "other",
        "فارغ.txt": None,
    }
    assert {(line["archive"], line["members"]) for line in members.values()} == {("حزمة.zip", 4)}
    assert found["مضغوط.txt.gz"]["label"] == "economy/fintech"
    assert found["خاوية.zip"]["reason"] == "EMPTY"
    assert runs.label(out).fresh == 0
    torn = whole[: whole.index(b"\n", whole.index("داخل/1".encode())) + 1]  # between two members
    out.write_bytes(torn)
    runs.label(out)
    assert out.read_bytes() == whole


def test_a_word_document_is_one_document_though_it_is_a_zip(tmp_path: Path, model_path: Path, out: Path) -> None:
    docx = pytest.importorskip("docx")
    document, data = docx.Document(), io.BytesIO()
    document.add_paragraph(SECURITY)
    document.save(data)
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "تقرير.docx").write_bytes(data.getvalue())
    Runs(tmp_path / "archive", model_path).label(out)
    assert [(line["path"], line["label"]) for line in lines_of(out)] == [("تقرير.docx", "security/counter-terrorism")]


def test_results_inside_the_folder_are_no_documents(runs: Runs) -> None:
    out, table = runs.folder / "results.jsonl", runs.folder / "table.csv"
    table.write_text("x", encoding="utf-8")
    assert runs.label(out, ignore=[table]).documents == 300
    assert runs.label(out, ignore=[table]).fresh == 0


def test_results_behind_a_link_are_written_where_it_leads(runs: Runs, out: Path) -> None:
    link = runs.folder / "results.jsonl"
    link.symlink_to(out)
    for again in (False, True):
        assert runs.label(link, force=again).documents == 300
        (runs.folder / "مجلد 0" / "وثيقة 00000.txt").write_text(SECURITY, encoding="utf-8")
    runs.label(link)
    assert link.is_symlink()
    (runs.folder / "table.csv").write_text("x", encoding="utf-8")
    (runs.folder / "link.csv").symlink_to("table.csv")
    assert runs.label(link, ignore=[runs.folder / "link.csv"]).documents == 300
    assert by_path(out)["مجلد 0/وثيقة 00000.txt"]["label"] == "security/counter-terrorism"


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@pytest.mark.parametrize("force", [False, True])
def test_results_never_take_the_place_of_a_pipe(runs: Runs, out: Path, force: bool) -> None:
    os.mkfifo(out)
    with pytest.raises(ResultsError, match="stands there"):
        runs.label(out, force=force)
    assert out.is_fifo()


def test_previewing_another_model(runs: Runs, out: Path, tmp_path: Path, model: Model) -> None:
    runs.label(out)
    path = lines_of(out)[0]["path"]
    edited = lines_of(out)
    edited[0]["label"] = "other" if edited[0]["label"] != "other" else "economy/fintech"
    out.write_text("".join(json.dumps(line) + "\n" for line in edited), encoding="utf-8")
    changes = list(preview_changes(out, model=runs.model, jobs=1))
    assert [change.path for change in changes] == [path]
    assert (changes[0].before, changes[0].after) == (edited[0]["label"], model.predict_file(runs.folder / path).label)
    assert changes[0].terms
    assert all(pull > 0 and term in (runs.folder / path).read_text("utf-8") for term, pull in changes[0].terms)
    assert list(preview_changes(out, model=runs.model, jobs=2)) == changes


def test_reading_results_back(runs: Runs, out: Path, tmp_path: Path) -> None:
    runs.label(out)
    assert list(read_results(out)) == lines_of(out)
    out.write_bytes(out.read_bytes()[:-10])
    assert len(list(read_results(out))) == 299
    with pytest.raises(ResultsError, match="cannot be read"):
        list(read_results(tmp_path / "absent"))
    out.write_text("{}\n", encoding="utf-8")
    with pytest.raises(ResultsError, match="line 1"):
        list(read_results(out))


class TestWalking:
    def paths(self, folder: Path, filters: Filters | None = None) -> list[str]:
        return [found.path for found in Walk(str(folder), filters or Filters())]

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        for name in ("a.txt", "a/b.txt", "a b.txt", "drafts/c.txt", ".hidden.txt", ".git/d.txt", "e.pdf"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("x", encoding="utf-8")
        return tmp_path

    def test_the_order_is_that_of_the_whole_paths(self, folder: Path) -> None:
        assert (
            self.paths(folder) == sorted(self.paths(folder)) == ["a b.txt", "a.txt", "a/b.txt", "drafts/c.txt", "e.pdf"]
        )

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            (Filters(include=("*.pdf",)), ["e.pdf"]),
            (Filters(include=("a/*", "e.*")), ["a/b.txt", "e.pdf"]),
            (Filters(exclude=("drafts", "*.pdf")), ["a b.txt", "a.txt", "a/b.txt"]),
            (Filters(include=("*.txt",), exclude=("a*",)), ["drafts/c.txt"]),
            (Filters(include=("*hidden*",), hidden=True), [".hidden.txt"]),
        ],
        ids=["by ending", "by path", "without a folder", "both", "hidden"],
    )
    def test_filters(self, folder: Path, filters: Filters, expected: list[str]) -> None:
        assert self.paths(folder, filters) == expected

    def test_what_is_passed_over_is_counted(self, folder: Path) -> None:
        (folder / "loop").symlink_to(folder, target_is_directory=True)
        walk = Walk(str(folder), Filters(exclude=("e.pdf",)))
        assert len(list(walk)) == 4
        assert (walk.passed.hidden, walk.passed.linked_folders, walk.passed.excluded) == (2, 1, 1)

    def test_many_files_keep_their_order_around_folders(self, tmp_path: Path) -> None:
        names = [f"{number:03d}.txt" for number in range(700)] + [
            f"{number:03d}/x.txt" for number in (0, 255, 256, 600)
        ]
        for name in names:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
        stretches = list(Walk(str(tmp_path)).stretches())
        assert [path for stretch in stretches for path, *_ in stretch] == sorted(names)
        assert all(256 <= len(stretch) < 512 for stretch in stretches[:-1])

    def test_a_walk_among_folders_without_files_can_be_stopped(self, tmp_path: Path) -> None:
        for number in range(600):
            (tmp_path / f"{number:03d}").mkdir()
        (tmp_path / "999.txt").touch()
        assert [len(stretch) for stretch in Walk(str(tmp_path)).stretches()] == [0, 0, 0, 0, 1]

    @pytest.mark.skipif(not hasattr(os, "pathconf"), reason="needs POSIX")
    def test_files_whose_path_is_too_long_to_be_looked_up_are_answered(self, tmp_path: Path) -> None:
        folder, name, longest = tmp_path, "d" * 200, os.pathconf(tmp_path, "PC_PATH_MAX")
        here = os.open(folder, os.O_RDONLY)
        try:
            while len(str(folder / name)) < longest:
                os.mkdir(name, dir_fd=here)
                inner = os.open(name, os.O_RDONLY, dir_fd=here)
                os.close(here)
                here, folder = inner, folder / name
            os.close(os.open("x" * 200, os.O_WRONLY | os.O_CREAT, dir_fd=here))
        finally:
            os.close(here)
        (found,) = Walk(str(tmp_path))
        assert found.trouble
        assert found.trouble[0] == "BROKEN_FILE"

    @pytest.mark.skipif(sys.platform == "win32", reason="needs names and entries that Windows does not have")
    def test_both_looks_see_the_same(self, folder: Path) -> None:
        (folder / "large").touch()
        os.truncate(folder / "large", 5 << 30)
        os.utime(folder / "e.pdf", ns=(1, 253_402_300_799_123_456_789))
        os.utime(folder / "a.txt", ns=(1, -1))
        os.mkfifo(folder / "pipe")
        (folder / "link").symlink_to("a.txt")
        (folder / "broken").symlink_to("nothing")
        (folder / os.fsdecode(b"\xe9.txt")).touch()
        paths = [*os.listdir(folder), "absent", "a/b.txt", "x" * 300, "a.txt/b"]  # noqa: PTH208
        seen = look(f"{folder}/", paths)
        assert look(f"{folder}/", []) == []
        assert seen == plain_look(f"{folder}/", paths)
        assert ("large", 5 << 30, (folder / "large").stat().st_mtime_ns, None) in seen
        assert seen.count(None) == 8  # three folders, a pipe, a broken link, and three that cannot be

    @pytest.mark.parametrize(("place", "paths"), [("/", [1]), ("/", 1), (None, [])])
    def test_a_look_at_what_are_no_paths(self, place: object, paths: object) -> None:
        with pytest.raises(TypeError):
            look(place, paths)  # type: ignore[arg-type]

    def test_folders_deeper_than_the_recursion_limit(self, tmp_path: Path) -> None:
        """The limit comes down to the tree: one of a killed run must not be too deep for pytest to remove."""
        path = "d/" * 150 + "x.txt"
        os.makedirs((tmp_path / path).parent)  # noqa: PTH103  a Path takes twice the depth
        (tmp_path / path).write_text("x", encoding="utf-8")
        usual = sys.getrecursionlimit()
        sys.setrecursionlimit(len(inspect.stack(0)) + 100)
        try:
            found = self.paths(tmp_path)
        finally:
            sys.setrecursionlimit(usual)
        assert found == [path]


class TestAhead:
    def test_everything_comes_in_order_and_not_all_at_once(self) -> None:
        made = []

        def make() -> Iterator[int]:
            for number in range(100):
                made.append(number)
                yield number

        items = ahead(make())
        assert next(items) == 0
        assert len(made) <= 10
        assert [0, *items] == list(range(100))

    def test_what_goes_wrong_is_raised_where_the_items_are_wanted(self, tmp_path: Path) -> None:
        with pytest.raises(ResultsError, match="cannot be listed"):
            list(ahead(Walk(str(tmp_path / "absent")).stretches()))

    @pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="needs signal masks")
    def test_signals_are_left_to_the_main_thread(self) -> None:
        masks = ahead(iter(lambda: signal.pthread_sigmask(signal.SIG_BLOCK, []), None))
        assert {signal.SIGINT, signal.SIGTERM} <= next(masks)
        masks.close()
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])

    def test_an_error_that_is_kept_keeps_no_thread(
        self, runs: Runs, out: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> Iterator[object]:
            raise ResultsError("a full disk")
            yield

        for number in range(6_000):
            (runs.folder / f"{number}.txt").touch()
        monkeypatch.setattr("classifier.labelling.running.run", fail)
        before = threading.active_count()
        with pytest.raises(ResultsError, match="a full disk") as kept:
            runs.label(out)
        assert kept.value.__traceback__
        assert threading.active_count() == before

    def test_the_thread_ends_when_nobody_wants_more(self) -> None:
        before = threading.active_count()
        items = ahead(iter(int, 1))
        assert next(items) == 0
        items.close()
        assert threading.active_count() == before


def test_the_library_offers_it() -> None:
    import classifier

    assert classifier.label_folder is label_folder

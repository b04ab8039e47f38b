"""Filing: the plan, each manner of carrying it out, what stands in the way, and that undoing restores exactly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from archives import ROOT, SENTENCES, Runs, lines_of, wait_until, write_archive

from classifier.cli import starting
from classifier.errors import ResultsError
from classifier.filing import (
    ALREADY,
    LeftOut,
    Manner,
    Step,
    acting,
    apply_filing,
    plan_filing,
    planned,
    planning,
    undo_filing,
)
from classifier.filing.journal import JOURNAL
from classifier.labelling.locking import locked

MANNERS = list(Manner)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    archive = write_archive(tmp_path / "archive", 9)
    (archive / "قصير.txt").write_text("كلمتان فقط", encoding="utf-8")
    (archive / "مكسور.txt").symlink_to("لا شيء")
    return archive


@pytest.fixture
def results(folder: Path, tmp_path: Path, model_path: Path) -> Path:
    Runs(folder, model_path).label(tmp_path / "results.jsonl")
    return tmp_path / "results.jsonl"


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "مرتب" / "هنا"


def picture(place: Path) -> dict[str, Any]:
    """Everything below a folder: contents, times and rights of files, ends of links."""
    found: dict[str, Any] = {}
    for path in sorted(place.rglob("*")):
        if path.is_symlink():
            found[str(path)] = path.readlink()
        elif path.is_file():
            found[str(path)] = path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode
        else:
            found[str(path)] = "folder"
    return found


def stop(*_: object) -> NoReturn:
    raise KeyboardInterrupt


@pytest.mark.parametrize("manner", MANNERS)
def test_documents_get_to_their_labels_and_back(folder: Path, results: Path, into: Path, manner: Manner) -> None:
    before = picture(folder.parent)
    outcome = apply_filing(results, into, manner)
    assert (outcome.done, outcome.left_out) == (10, {"no longer there": 1})
    names = sorted(str(path.relative_to(into)) for path in into.rglob("*.txt"))
    assert len(names) == 10
    assert {"economy/fintech/وثيقة 00000.txt", "_unknown/TOO_SHORT/قصير.txt", "other/وثيقة 00002.txt"} <= set(names)
    assert (into / "economy/fintech/وثيقة 00000.txt").read_text("utf-8").startswith(SENTENCES["economy/fintech"])
    assert (folder / "قصير.txt").exists() is (manner is not Manner.MOVE)
    assert undo_filing(into).done == 10
    assert picture(folder.parent) == before
    assert not into.parent.exists(), "the folders made for it are gone"


@pytest.mark.parametrize("manner", MANNERS)
def test_filing_twice_files_nothing_twice(results: Path, into: Path, manner: Manner) -> None:
    apply_filing(results, into, manner)
    once = picture(into)
    outcome = apply_filing(results, into, manner)
    assert (outcome.done, outcome.left_out[ALREADY]) == (0, 10)
    assert picture(into) == once


def test_the_plan_says_what_would_be_done_and_does_nothing(folder: Path, results: Path, into: Path) -> None:
    plan = list(plan_filing(results, into, Manner.MOVE))
    assert LeftOut("مكسور.txt", "no longer there") in plan
    steps = {step.target: step for step in plan if isinstance(step, Step)}
    assert steps["other/وثيقة 00002.txt"].source == str(folder / "مجلد 2" / "وثيقة 00002.txt")
    assert not into.exists()


def test_equal_names_are_numbered_in_the_order_of_the_results(tmp_path: Path, model_path: Path, into: Path) -> None:
    for name in ("a/خبر.txt", "b/خبر.txt", "c/خبر.txt", "d/X.txt", "e/x.txt"):
        (tmp_path / "archive" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "archive" / name).write_text(SENTENCES["other"] + name, encoding="utf-8")
    Runs(tmp_path / "archive", model_path).label(tmp_path / "r.jsonl")
    (into / "other").mkdir(parents=True)
    (into / "other" / "خبر.txt").write_text("كان هنا من قبل", encoding="utf-8")
    apply_filing(tmp_path / "r.jsonl", into, Manner.COPY)
    assert sorted(path.name for path in (into / "other").iterdir()) == [
        "X.txt", "x (2).txt", "خبر (2).txt", "خبر (3).txt", "خبر (4).txt", "خبر.txt",
    ]  # fmt: skip
    assert (into / "other" / "خبر.txt").read_text("utf-8") == "كان هنا من قبل"
    assert (into / "other" / "خبر (3).txt").read_text("utf-8").endswith("b/خبر.txt")
    undo_filing(into)
    assert [path.name for path in into.rglob("*.txt")] == ["خبر.txt"]


def test_numbering_does_not_begin_anew_with_each_equal_name(into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    monkeypatch.setattr(planning, "_folded", lambda name: (compared.append(name), name.casefold())[1])
    names = planning._Names(into)
    given = [names.free("other", name) for name in ["index.html", "Index.HTML"] * 500]
    assert (len(set(given)), given[-1]) == (1000, "other/Index (1000).HTML")
    assert len(compared) < 5000


def test_documents_changed_since_or_gone_stay(folder: Path, results: Path, into: Path) -> None:
    (folder / "مجلد 0" / "وثيقة 00000.txt").write_text("تغير", encoding="utf-8")
    (folder / "مجلد 1" / "وثيقة 00001.txt").unlink()
    outcome = apply_filing(results, into, Manner.MOVE)
    assert outcome.done == 8
    assert outcome.left_out == {"changed since it was labelled; label the folder again": 1, "no longer there": 2}


def test_a_new_label_asks_to_undo_first(results: Path, into: Path) -> None:
    apply_filing(results, into)
    lines = lines_of(results)
    labelled = next(line for line in lines if line["label"])
    labelled["label"] = "other" if labelled["label"] != "other" else "economy/fintech"
    results.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert apply_filing(results, into).left_out["filed before under another label; undo that first"] == 1


def _relabelled(folder: Path, model_path: Path) -> Path:
    """Results of the folder as it is now."""
    Runs(folder, model_path).label(folder.parent / "again.jsonl")
    return folder.parent / "again.jsonl"


def test_a_new_document_under_an_old_name_goes_where_it_belongs(
    folder: Path, results: Path, into: Path, model_path: Path
) -> None:
    apply_filing(results, into, Manner.MOVE)
    for path in (into / "economy/fintech").iterdir():
        path.rename(into.parent / path.name)  # its owner takes it away
    name = folder / "مجلد 0" / "وثيقة 00000.txt"
    name.write_text(SENTENCES["other"] + " وهي غير الأولى", encoding="utf-8")
    again = _relabelled(folder, model_path)
    (step,) = (part for part in planned(again, into, Manner.MOVE) if isinstance(part, Step))
    assert (step.source, step.target) == (str(name), "other/وثيقة 00000.txt")
    before = picture(into)
    assert apply_filing(again, into, Manner.MOVE).done == 1
    after = picture(into)
    assert {key for key in after if key not in before} == {str(into / step.target)}
    assert not list((into / "economy/fintech").iterdir())


def test_a_copy_that_was_deleted_is_not_made_again_of_something_else(
    folder: Path, results: Path, into: Path, model_path: Path
) -> None:
    apply_filing(results, into, Manner.COPY)
    (into / "economy/fintech/وثيقة 00000.txt").unlink()
    (folder / "مجلد 0" / "وثيقة 00000.txt").write_text(SENTENCES["other"] + " وهي غير الأولى", encoding="utf-8")
    before = picture(into)
    outcome = apply_filing(_relabelled(folder, model_path), into, Manner.COPY)
    assert (outcome.done, outcome.left_out["filed before under another label; undo that first"]) == (0, 1)
    assert {key for key in picture(into) if JOURNAL not in key} == {key for key in before if JOURNAL not in key}


def test_what_was_put_back_is_no_longer_filed(folder: Path, results: Path, into: Path, tmp_path: Path) -> None:
    """One of ten cannot be put back; results of one other document then file that one alone."""
    apply_filing(results, into, Manner.MOVE)
    (folder / "مجلد 2" / "وثيقة 00002.txt").write_text("ملف جديد", encoding="utf-8")
    assert undo_filing(into).done == 9
    assert undo_filing(into).done == 0, "nothing is put back twice"
    line = next(line for line in results.read_text("utf-8").splitlines() if "00004" in line)
    (tmp_path / "one.jsonl").write_text(line + "\n", encoding="utf-8")
    plan = list(planned(tmp_path / "one.jsonl", into, Manner.MOVE))
    assert apply_filing(tmp_path / "one.jsonl", into, Manner.MOVE).done == len(plan) == 1
    assert len(list(into.rglob("*.txt"))) == 2


def test_an_undo_that_was_stopped_has_put_back_what_it_has(
    results: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply_filing(results, into, Manner.MOVE)
    seen: list[Step] = []

    def take_back(step: Step, *rest: Any) -> bool:
        seen.append(step)
        return acting.take_back(step, *rest) if len(seen) < 4 else stop()

    monkeypatch.setattr("classifier.filing.running.take_back", take_back)
    with pytest.raises(KeyboardInterrupt):
        undo_filing(into)
    monkeypatch.undo()
    assert sum(isinstance(part, Step) for part in planned(results, into, Manner.MOVE)) == 3
    assert apply_filing(results, into, Manner.MOVE).done == 3
    assert undo_filing(into).done == 10


def test_what_changes_while_filing_stays_and_can_be_filed_later(
    folder: Path, results: Path, into: Path, model_path: Path
) -> None:
    last = folder / "مجلد 8" / "وثيقة 00008.txt"

    def change(step: Step) -> None:
        if last.exists() and step.source != str(last):
            last.write_text(SENTENCES["security/counter-terrorism"] + " نص آخر", encoding="utf-8")

    outcome = apply_filing(results, into, Manner.MOVE, on_step=change)
    assert (outcome.done, last.exists()) == (9, True)
    assert outcome.left_out["changed since it was labelled; label the folder again"] == 1
    assert apply_filing(_relabelled(folder, model_path), into, Manner.MOVE).done == 1


def test_what_cannot_leave_its_folder_is_not_in_two_places(
    folder: Path, results: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from a folder that may be read only."""
    before, real = picture(folder), Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.is_relative_to(folder):
            raise PermissionError(13, "Permission denied", str(path))
        real(path, missing_ok)

    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", unlink)
            outcome = apply_filing(results, into, Manner.MOVE)
        assert (outcome.done, outcome.left_out["Permission denied"]) == (0, 10)
        assert not list(into.rglob("*.txt"))
    assert undo_filing(into).left_out == {}
    assert (picture(folder), into.exists()) == (before, False)


@pytest.mark.parametrize("manner", [Manner.COPY, Manner.MOVE])
@pytest.mark.parametrize("then", ["goes on", "is undone"])
def test_an_empty_file_that_held_a_name_is_no_document(
    folder: Path, results: Path, into: Path, monkeypatch: pytest.MonkeyPatch, *, manner: Manner, then: str
) -> None:
    """Where there are no hard links, a name is held by an empty file until its draft takes the place."""
    before = picture(folder)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("classifier.filing.running.take", stop)
        apply_filing(results, into, manner)
    lines = map(json.loads, (into / JOURNAL).read_text("utf-8").splitlines())
    target = into / next(line["target"] for line in lines if "source" in line)
    target.touch()
    acting._draft(target).write_bytes(b"whole")
    if then == "goes on":
        assert apply_filing(results, into, manner).done == 10
        assert sorted(path.stat().st_size > 0 for path in into.rglob("*.txt")) == [True] * 10
    assert undo_filing(into).left_out == {}
    assert (picture(folder), into.exists()) == (before, False)


@pytest.mark.parametrize("manner", MANNERS)
def test_the_plan_after_a_stop_is_what_is_left_to_do(
    results: Path, into: Path, monkeypatch: pytest.MonkeyPatch, manner: Manner
) -> None:
    seen: list[Step] = []

    def stop_at_the_fourth(step: Step) -> None:
        seen.append(step)
        if len(seen) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply_filing(results, into, manner, on_step=stop_at_the_fourth)
    plan = list(planned(results, into, manner))
    assert sum(isinstance(part, Step) for part in plan) == 6
    assert sum(isinstance(part, LeftOut) and part.why == ALREADY for part in plan) == 4
    assert apply_filing(results, into, manner).done == 6
    monkeypatch.setattr("classifier.filing.running.take_back", stop)
    with pytest.raises(KeyboardInterrupt):
        undo_filing(into)
    monkeypatch.undo()
    assert [part for part in planned(results, into, manner) if isinstance(part, Step)] == []
    assert undo_filing(into).done == 10


def test_undo_leaves_what_was_changed_since_and_says_so(folder: Path, results: Path, into: Path) -> None:
    apply_filing(results, into, Manner.COPY)
    changed = into / "other" / "وثيقة 00002.txt"
    changed.write_text("أضاف القارئ ملاحظة", encoding="utf-8")
    outcome = undo_filing(into)
    assert (outcome.done, outcome.left_out) == (9, {"changed since it was filed": 1})
    assert changed.read_text("utf-8") == "أضاف القارئ ملاحظة"
    changed.unlink()
    assert undo_filing(into).left_out == {}
    assert not into.exists()


def test_undo_never_overwrites_what_has_taken_the_old_place(folder: Path, results: Path, into: Path) -> None:
    apply_filing(results, into, Manner.MOVE)
    place = folder / "مجلد 2" / "وثيقة 00002.txt"
    place.write_text("ملف جديد", encoding="utf-8")
    outcome = undo_filing(into)
    assert outcome.left_out == {"something else stands where it came from": 1}
    assert outcome.named == {"something else stands where it came from": ["other/وثيقة 00002.txt"]}
    assert place.read_text("utf-8") == "ملف جديد"
    assert (into / "other" / "وثيقة 00002.txt").exists()


def test_moving_between_file_systems(folder: Path, results: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    real = os.link

    def link(source: Path, target: Path, **settings: Any) -> None:
        if str(source).startswith(str(folder)) != str(target).startswith(str(folder)):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        real(source, target, **settings)

    before = picture(folder)
    monkeypatch.setattr(acting.os, "link", link)
    assert apply_filing(results, into, Manner.MOVE).done == 10
    assert not list(folder.rglob("وثيقة*"))
    assert undo_filing(into).done == 10
    assert picture(folder) == before


@pytest.mark.parametrize("manner", MANNERS)
def test_a_name_may_be_as_long_as_the_file_system_takes(
    folder: Path, tmp_path: Path, model_path: Path, into: Path, *, manner: Manner
) -> None:
    (folder / ("خ" * 125 + ".txt")).write_text(SENTENCES["other"], encoding="utf-8")
    Runs(folder, model_path).label(tmp_path / "r.jsonl")
    before = picture(folder)
    assert apply_filing(tmp_path / "r.jsonl", into, manner).left_out == {"no longer there": 1}
    assert undo_filing(into).left_out == {}
    assert (picture(folder), into.exists()) == (before, False)


def test_a_file_system_without_hard_links(
    folder: Path, results: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    def link(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    before = picture(folder)
    monkeypatch.setattr(acting.os, "link", link)
    for manner in (Manner.MOVE, Manner.COPY):
        assert apply_filing(results, into, manner).done == 10
        assert undo_filing(into).done == 10
        assert picture(folder) == before


STATES: dict[str, Callable[[Path, Path], object]] = {  # what a run was at when it stopped
    "not begun": lambda source, target: None,
    "linked, not removed": os.link,
    "half copied": lambda source, target: acting._draft(target).write_bytes(b"half"),
    "copied, not removed": acting._copy,
    "done": os.rename,
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("then", ["goes on", "is undone"])
def test_a_move_stopped_at_any_point(
    folder: Path, results: Path, into: Path, monkeypatch: pytest.MonkeyPatch, *, state: str, then: str
) -> None:
    """The journal holds the step, the disk any state on its way."""
    before = picture(folder)
    whole = into.with_name("كامل")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("classifier.filing.running.take", stop)
        apply_filing(results, into, Manner.MOVE)
    for line in map(json.loads, (into / JOURNAL).read_text("utf-8").splitlines()):
        if "source" in line:
            STATES[state](Path(line["source"]), into / line["target"])
    if then == "is undone":
        assert undo_filing(into).left_out == {}
        assert picture(folder) == before
        assert not into.exists()
        return
    apply_filing(results, into, Manner.MOVE)
    assert not list(folder.rglob("وثيقة*"))
    moved = {key.removeprefix(str(into)): value for key, value in picture(into).items() if JOURNAL not in key}
    undo_filing(into)
    assert picture(folder) == before
    apply_filing(results, whole, Manner.MOVE)
    assert moved == {key.removeprefix(str(whole)): value for key, value in picture(whole).items() if JOURNAL not in key}


def test_killed_and_undone_restores_everything(tmp_path: Path, model_path: Path, into: Path) -> None:
    runs = Runs(write_archive(tmp_path / "archive", 3000), model_path)
    runs.label(tmp_path / "r.jsonl")
    before = picture(runs.folder)
    command = [sys.executable, "-m", "classifier", "file", str(tmp_path / "r.jsonl"), "--into", str(into)]
    with subprocess.Popen([*command, "--move", "--apply"], cwd=ROOT, stderr=-1, encoding="utf-8") as process:
        assert wait_until(process, lambda: any((into / "other").glob("*.txt")))
        process.kill()
    assert picture(runs.folder) != before
    ended = subprocess.run([*command, "--undo"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert (ended.returncode, "documents put back" in ended.stderr) == (0, True)
    assert picture(runs.folder) == before
    assert not into.exists()


def test_nothing_is_left_where_nothing_can_be_filed(results: Path, into: Path) -> None:
    for bad in (results.with_name("missing.jsonl"), crafted(results, path="../secret.txt")):
        with pytest.raises(ResultsError):
            apply_filing(bad, into)
        assert not into.parent.exists()


def crafted(results: Path, **changes: Any) -> Path:
    line = next(line for line in lines_of(results) if line["label"]) | changes
    results.write_text(json.dumps(line) + "\n", encoding="utf-8")
    return results


@pytest.mark.parametrize(
    "changes",
    [
        {"path": "../secret.txt"},
        {"path": "مجلد 0/../../secret.txt"},
        {"path": "/etc/hostname"},
        {"path": ""},
        {"archive": "../packed.zip", "path": "../packed.zip!/1.txt"},
        {"path": "a\0b"},
        {"folder": "relative"},
        {"folder": None},
        {"label": "../../outside"},
        {"label": "/absolute"},
        {"label": "a//b"},
        {"label": ""},
        {"label": "a\nb"},
        {"label": "_unknown"},
        {"label": "a\ud800"},
        {"label": "_failed/EMPTY"},
        {"status": "unknown", "reason": "../../x"},
    ],
    ids=str,
)
def test_results_that_reach_outside_are_refused(results: Path, into: Path, changes: dict[str, Any]) -> None:
    before = picture(results.parent / "archive")
    with pytest.raises(ResultsError):
        apply_filing(crafted(results, **changes), into, Manner.MOVE)
    assert picture(results.parent / "archive") == before
    assert not list(into.rglob("*.txt"))


def test_a_path_through_a_link_is_refused(folder: Path, results: Path, into: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.txt").write_text("x", encoding="utf-8")
    (folder / "way out").symlink_to(tmp_path / "outside")
    with pytest.raises(ResultsError, match="through a link"):
        apply_filing(crafted(results, path="way out/x.txt"), into, Manner.MOVE)


def test_another_manner_and_a_second_run_are_refused(results: Path, into: Path) -> None:
    apply_filing(results, into, Manner.COPY)
    with pytest.raises(ResultsError, match="--copy"):
        apply_filing(results, into, Manner.MOVE)
    with locked(into / ".classifier-filing.lock"), pytest.raises(ResultsError, match="another run"):
        undo_filing(into)


def test_nothing_to_undo(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="nothing was filed"):
        undo_filing(tmp_path)
    (tmp_path / JOURNAL).write_text("[]\n{}\n", encoding="utf-8")
    with pytest.raises(ResultsError, match="not a journal"):
        undo_filing(tmp_path)
    step = {"source": str(tmp_path / "a"), "target": "../outside.txt", "size": 1, "mtime": 1}
    (tmp_path / JOURNAL).write_text(f'{{"manner": "move"}}\n{json.dumps(step)}\n', encoding="utf-8")
    with pytest.raises(ResultsError, match="not a journal"):
        undo_filing(tmp_path)


def test_a_journal_torn_in_its_first_line_is_begun_anew(results: Path, into: Path) -> None:
    into.mkdir(parents=True)
    (into / JOURNAL).write_text('{"mann', encoding="utf-8")
    assert apply_filing(results, into, Manner.COPY).done == 10
    assert undo_filing(into).done == 10


def test_members_of_archives_and_links_stay(tmp_path: Path, model_path: Path, into: Path) -> None:
    import zipfile

    folder = write_archive(tmp_path / "archive", 1)
    with zipfile.ZipFile(folder / "حزمة.zip", "w") as packed:
        for member in ("1.txt", "../خارج.txt", "/مطلق.txt"):
            packed.writestr(member, SENTENCES["other"])
    (folder / "رابط.txt").symlink_to("مجلد 0/وثيقة 00000.txt")
    Runs(folder, model_path).label(tmp_path / "r.jsonl")
    outcome = apply_filing(tmp_path / "r.jsonl", into, Manner.MOVE)
    assert outcome.done == 1
    assert outcome.left_out == {
        "a link, which would break elsewhere; link or copy instead": 1,
        "inside an archive or mailbox; make it a file of its own and label that": 3,
    }


def test_a_stopped_command_says_how_to_go_on(
    results: Path, into: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("classifier.filing.running.take", stop)
    monkeypatch.setattr(sys, "argv", ["classifier", "file", str(results), "--into", str(into), "--apply"])
    with pytest.raises(SystemExit) as stopped:
        starting.main()
    assert stopped.value.code == 130
    assert "run the same command again to go on, or --undo" in capsys.readouterr().err


def test_the_command_shows_the_plan_first(folder: Path, results: Path, into: Path, model_path: Path) -> None:
    command = [sys.executable, "-m", "classifier", "file", str(results), "--into", str(into), "--copy"]

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *options], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)

    (folder / "\x1b[31mأحمر\u202e\n.txt").write_text(SENTENCES["other"], encoding="utf-8")
    Runs(folder, model_path).label(results)
    shown = run()
    assert r"other/\x1b[31mأحمر\u202e\n.txt" in shown.stdout
    assert (shown.returncode, into.exists()) == (0, False)
    assert "copy\t" in shown.stdout
    assert "3  economy/fintech" in shown.stderr
    assert "add --apply" in shown.stderr
    assert run("--apply").returncode == 1, "one document could not be filed"
    assert run("--link").returncode == 2
    assert run("--undo").returncode == 0


def journal_of(into: Path, manner: Manner, *steps: dict[str, Any], settled: bool) -> None:
    lines = [{"manner": str(manner)}, *steps, *([{"dropped": []}] if settled else [])]
    (into / JOURNAL).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


@pytest.mark.parametrize("settled", [True, False], ids=["filed", "stopped at"])
def test_a_journal_from_elsewhere_touches_no_other_folder(
    results: Path, into: Path, tmp_path: Path, *, settled: bool
) -> None:
    (into / "other").mkdir(parents=True)
    (into / "other" / "x").write_text("run me", encoding="utf-8")
    mine, place = tmp_path / "mine", tmp_path / "not mine" / "x"
    mine.write_text("run me", encoding="utf-8")
    for source in (place, mine):
        step = {"source": str(source), "target": "other/x", "size": 6, "mtime": 1}
        journal_of(into, Manner.MOVE, step, settled=settled)
        if settled:
            assert list(undo_filing(into, results).left_out.values()) == [1]
        else:
            with pytest.raises(ResultsError, match="stopped here"):
                apply_filing(results, into, Manner.MOVE)
            with pytest.raises(ResultsError, match="stopped here"):
                undo_filing(into, results)
        assert not place.parent.exists()
        assert mine.exists()
        assert (into / "other" / "x").exists()


@pytest.mark.parametrize("manner", MANNERS)
def test_what_two_folders_filed_is_undone_by_the_results_of_each(
    results: Path, into: Path, tmp_path: Path, model_path: Path, *, manner: Manner
) -> None:
    other = write_archive(tmp_path / "second", 1)
    Runs(other, model_path).label(tmp_path / "second.jsonl")
    before = picture(tmp_path)
    for file in (results, tmp_path / "second.jsonl"):
        apply_filing(file, into, manner)
    assert sum(undo_filing(into, results).left_out.values()) == len(lines_of(tmp_path / "second.jsonl"))
    assert undo_filing(into, tmp_path / "second.jsonl").left_out == {}
    assert picture(tmp_path) == before


def test_a_copy_of_what_has_changed_since_is_said_to_be_old(
    folder: Path, results: Path, into: Path, model_path: Path
) -> None:
    apply_filing(results, into, Manner.COPY)
    place = folder / "مجلد 0" / "وثيقة 00000.txt"
    place.write_text(place.read_text("utf-8") + " وأضيفت جملة", encoding="utf-8")
    again = _relabelled(folder, model_path)
    assert apply_filing(again, into, Manner.COPY).left_out["changed since it was filed; undo that first"] == 1
    undo_filing(into, again)
    assert apply_filing(again, into, Manner.COPY).done == 10


def test_copies_on_a_file_system_of_coarser_times_are_taken_back(results: Path, into: Path) -> None:
    apply_filing(results, into, Manner.COPY)
    for path in into.rglob("*.txt"):
        os.utime(path, (10**9, 10**9))
    assert undo_filing(into, results).left_out == {}
    assert not into.exists()


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("through", ["archive", "way"])
def test_what_was_filed_below_the_labelled_folder_is_not_filed_again(
    folder: Path, results: Path, model_path: Path, *, manner: Manner, through: str
) -> None:
    (folder.parent / "way").symlink_to(folder)
    into = folder.parent / through / "sorted"
    apply_filing(results, into, manner)
    once = picture(into)
    outcome = apply_filing(_relabelled(folder, model_path), into, manner)
    assert (outcome.done, picture(into)) == (0, once)

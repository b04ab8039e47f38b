"""What goes wrong in real archives and on real machines, tried with the real thing: one bad file never stops a run."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from archives import ROOT, SENTENCES, Runs, by_path, lines_of, size_of, touch, wait_until, write_archive

from classifier import Model
from classifier.errors import ResultsError
from classifier.labelling import Progress, matching, read_results, running
from classifier.labelling.lines import Stamp, to_line
from classifier.labelling.matching import Todo
from classifier.labelling.tasks import Options, Task
from classifier.labelling.walking import Found
from classifier.labelling.watching import Limit, overdue, watched
from classifier.labelling.working import label_files, load_model

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals, pipes and permissions of POSIX")
SECURITY = SENTENCES["security/counter-terrorism"]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, model_path: Path) -> tuple[Runs, bytes]:
    """A folder that takes long enough to be interrupted, and its undisturbed results."""
    place = tmp_path_factory.mktemp("large")
    runs = Runs(write_archive(place / "archive", 2500), model_path)
    return runs, runs.undisturbed(place / "alone.jsonl")


def make_odd_files(folder: Path) -> dict[str, tuple[str | None, str | None]]:
    """Entries that no document should be, with the label or reason expected of each."""
    (folder / "مجلد.txt").mkdir()
    (folder / "مجلد.txt" / "ملف.txt").write_text(SECURITY, encoding="utf-8")
    os.mkfifo(folder / "أنبوب.txt")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(folder)  # the address of a socket has room for about a hundred bytes
        server.bind("مقبس")
        os.chdir(here)
    (folder / "فارغ.txt").touch()
    (folder / "رابط مكسور.txt").symlink_to("لا شيء")
    (folder / "حلقة.txt").symlink_to("حلقة.txt")
    (folder / "إلى الأعلى").symlink_to(folder, target_is_directory=True)
    (folder / "أصفار.txt").write_bytes(SECURITY.encode() + b"\0\0 " + SECURITY.encode())
    (folder / "سطر\nجديد.txt").write_text(SECURITY, encoding="utf-8")
    (folder / "\u202eمقلوب\u202c.txt").write_text(SECURITY, encoding="utf-8")
    (folder / os.fsdecode(b"latin-\xe9.txt")).write_text(SECURITY, encoding="utf-8")
    (folder / os.fsdecode(b"cesu-\xed\xa0\x80.txt")).write_text(SECURITY, encoding="utf-8")
    (folder / '"quoted" \\ back.txt').write_text(SECURITY, encoding="utf-8")
    (folder / "سطر طويل.txt").write_text(f"{SECURITY} " * 60_000, encoding="utf-8")
    (folder / "بايتات.txt").write_bytes(SECURITY.encode() + b" \xff\xfe\xc3 " + SECURITY.encode())
    with (folder / "ضخم.txt").open("wb") as file:
        file.truncate(2 << 30)
    security = "security/counter-terrorism"
    return {
        "مجلد.txt/ملف.txt": (security, None),
        "أنبوب.txt": (None, "UNSUPPORTED"),
        "مقبس": (None, "UNSUPPORTED"),
        "فارغ.txt": (None, "EMPTY"),
        "رابط مكسور.txt": (None, "NOT_FOUND"),
        "حلقة.txt": (None, "NOT_FOUND"),
        "أصفار.txt": (security, None),
        "سطر\nجديد.txt": (security, None),
        "\u202eمقلوب\u202c.txt": (security, None),
        os.fsdecode(b"latin-\xe9.txt"): (security, None),
        os.fsdecode(b"cesu-\xed\xa0\x80.txt"): (security, None),
        '"quoted" \\ back.txt': (security, None),
        "سطر طويل.txt": (security, None),
        "بايتات.txt": (security, None),
        "ضخم.txt": (None, "TOO_LARGE"),
    }


def test_every_odd_entry_is_answered_and_nothing_is_read_twice(tmp_path: Path, model_path: Path, out: Path) -> None:
    (tmp_path / "archive").mkdir()
    expected = make_odd_files(tmp_path / "archive")
    runs = Runs(tmp_path / "archive", model_path)
    summary = runs.label(out)
    assert {path: (line["label"], line["reason"]) for path, line in by_path(out).items()} == expected
    assert all(line["message"] for line in lines_of(out) if line["status"] != "labelled")
    assert summary.failed == {"NOT_FOUND": 2, "UNSUPPORTED": 2, "TOO_LARGE": 1}
    assert summary.passed.linked_folders == 1
    assert runs.label(out).fresh == 0
    names = {os.fsencode(line["path"]) for line in lines_of(out)}
    assert names == {os.fsencode(path) for path in expected}, "a name's bytes come back from the results"


def test_the_command_says_that_some_failed(tmp_path: Path, model_path: Path, out: Path) -> None:
    runs = Runs(write_archive(tmp_path / "archive", 3), model_path)
    assert runs.run(out, "--jobs", "1").returncode == 0
    os.mkfifo(runs.folder / "أنبوب")
    ended = runs.run(out, "--jobs", "1")
    assert ended.returncode == 1
    assert "1  failed: UNSUPPORTED" in ended.stderr
    assert "4 documents; 1 files labelled" in ended.stderr
    assert ended.stdout == ""


def test_a_file_that_vanishes_between_listing_and_reading(runs: Runs, out: Path, model: Model) -> None:
    task = Task(str(runs.model), model.metadata["digest"], Stamp(str(runs.folder), {}, model.id), Options())
    found = Found("مجلد 0/ذهب.txt", 10, 5)
    line = json.loads(label_files(task, [Todo(found)])[0])
    assert (line["status"], line["reason"], line["size"]) == ("failed", "NOT_FOUND", 10)


def test_a_reader_that_fails_unexpectedly_is_one_failed_document(
    runs: Runs, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from classifier.labelling import working

    real = working.load

    def fail(path: str) -> bytes:
        if path.endswith("00007.txt"):
            raise RecursionError("deeper than anyone thought")
        return real(path)

    monkeypatch.setattr(working, "load", fail)
    assert runs.label(out).failed == {"BROKEN_FILE": 1}
    assert "deeper than anyone thought" in by_path(out)["مجلد 7/وثيقة 00007.txt"]["message"]


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder that any user may enter, which pytest's own is not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def as_nobody(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run code as a user whom permissions bind."""
    script = """
        import os, sys, tempfile
        from classifier.labelling import label_folder
        from classifier.errors import ResultsError
        folder, out, model = sys.argv[1:4]
        with tempfile.TemporaryDirectory() as warm:  # imports what comes late, from where nobody else may look
            open(warm + "/a.txt", "w").write("x")
            label_folder(warm, warm + "/r.jsonl", model=model, jobs=1)
        if os.geteuid() == 0:
            os.seteuid(65534)
    """
    text = textwrap.dedent(script) + textwrap.dedent(code)
    command = [sys.executable, "-c", text, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60, check=False)


def test_forbidden_files_and_folders_fail_and_are_tried_again_once_allowed(open_place: Path, model_path: Path) -> None:
    folder, model = write_archive(open_place / "archive", 30), open_place / "model"
    shutil.copy(model_path, model)
    model.chmod(0o644)
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755)
    shut, locked, barred = folder / "مجلد 3", folder / "مجلد 5" / "وثيقة 00015.txt", folder / "مجلد 1"
    hidden, within = len(list(shut.iterdir())), len(list(barred.iterdir()))
    shut.chmod(0)
    locked.chmod(0)
    barred.chmod(0o744)  # may be listed, and no more
    place = open_place / "out"
    place.mkdir()
    place.chmod(0o777)
    code = "print(label_folder(folder, out, model=model, jobs=1).as_dict())"
    assert f"'failed': {{'FORBIDDEN': {2 + within}}}" in as_nobody(code, folder, place / "r.jsonl", model).stdout
    again = as_nobody(code, folder, place / "r.jsonl", model).stdout
    assert "'fresh': 0" in again, "nothing has changed, so nothing is tried"
    shut.chmod(0o755)
    locked.chmod(0o644)
    barred.chmod(0o755)
    assert f"'failed': {{}}, 'fresh': {hidden + 1 + within}" in as_nobody(code, folder, place / "r.jsonl", model).stdout
    as_nobody(code, folder, place / "anew.jsonl", model)
    assert (place / "r.jsonl").read_bytes() == (place / "anew.jsonl").read_bytes()


@pytest.mark.parametrize("what", ["file", "folder"])
def test_results_that_may_not_be_written(open_place: Path, model_path: Path, what: str) -> None:
    folder, model, out = write_archive(open_place / "archive", 3), open_place / "model", open_place / "out" / "r.jsonl"
    shutil.copy(model_path, model)
    model.chmod(0o644)
    out.parent.mkdir()
    out.parent.chmod(0o777 if what == "file" else 0o555)
    out.touch()
    out.chmod(0o444)
    code = """
        try:
            label_folder(folder, out, model=model, jobs=1)
        except ResultsError as error:
            print(error)
    """
    ended = as_nobody(code, folder, out, model)
    assert "cannot be written" in ended.stdout, ended.stderr
    assert "Permission denied" in ended.stdout
    assert out.read_bytes() == b""


def test_a_full_disk_ends_the_run_with_whole_lines_and_it_goes_on_later(runs: Runs, out: Path) -> None:
    whole = runs.undisturbed(out.with_name("alone.jsonl"))
    code = """
        import resource, sys
        from classifier.errors import ResultsError
        from classifier.labelling import label_folder
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        try:
            label_folder(*sys.argv[1:3], model=sys.argv[3], jobs=1)
        except ResultsError as error:
            sys.exit(str(error))
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(runs.folder), str(out), str(runs.model)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert "cannot be written (File too large)" in ended.stderr
    assert whole.startswith(out.read_bytes())
    assert out.read_bytes() == b"" or out.read_bytes().endswith(b"\n")
    runs.label(out)
    assert out.read_bytes() == whole


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_killed_at_random_and_started_again_gives_the_same_bytes(
    large: tuple[Runs, bytes], out: Path, jobs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, whole = large
    (temporary := out.parent / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    choice = random.Random(jobs)
    killed = 0
    for _ in range(2):
        goal = size_of(out) + choice.randrange(1, len(whole) // 2)
        process = runs.start(out, "--jobs", jobs)
        if wait_until(process, lambda: size_of(out) >= goal):  # noqa: B023
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        process.communicate()  # the workers hold its end of stderr, so this is until they have ended too
        assert whole.startswith(out.read_bytes()[: out.read_bytes().rfind(b"\n") + 1])
        assert not list(temporary.glob("classifier-*"))
    assert killed
    assert runs.run(out, "--jobs", jobs).returncode == 0
    assert out.read_bytes() == whole


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"])
def test_stopped_in_good_order(large: tuple[Runs, bytes], out: Path, number: int, code: int) -> None:
    runs, whole = large
    process = runs.start(out, "--jobs", "2")
    assert wait_until(process, lambda: size_of(out) > len(whole) // 4)  # both workers are up by then
    os.killpg(process.pid, number) if number == signal.SIGINT else os.kill(process.pid, number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == code
    assert "run the same command again" in said
    assert "Traceback" not in said
    assert not out.with_name("results.jsonl.lock").exists()
    assert runs.label(out).kept > 0
    assert out.read_bytes() == whole


def test_a_worker_killed_from_outside_loses_nothing(large: tuple[Runs, bytes], out: Path) -> None:
    runs, whole = large
    victims: list[int] = []

    def kill_one(now: Progress) -> None:
        from joblib.externals.loky.reusable_executor import _executor

        if not victims and _executor is not None:
            victims.append(next(iter(_executor._processes)))
            os.kill(victims[0], signal.SIGKILL)

    runs.label(out, jobs=2, on_progress=kill_one)
    assert victims
    assert out.read_bytes() == whole


def test_a_file_that_kills_its_worker_is_recorded_and_the_run_goes_on(
    runs: Runs, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = runs.undisturbed(out.with_name("alone.jsonl")).splitlines()

    def deadly(task: Task, todos: Sequence[Todo]) -> list[bytes]:
        import os as system

        if any(todo.found.path.endswith("00123.txt") for todo in todos):
            system.kill(system.getpid(), 9)
        return label_files(task, todos)

    monkeypatch.setattr(running, "label_files", deadly)
    summary = runs.label(out, jobs=2)
    assert summary.failed == {"BROKEN_FILE": 1}
    dead = by_path(out)["مجلد 3/وثيقة 00123.txt"]
    assert "ended the process" in dead["message"]
    assert [a == b for a, b in zip(out.read_bytes().splitlines(), whole, strict=True)].count(False) == 1


def test_workers_that_never_live_are_no_fault_of_the_files(
    runs: Runs, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stillborn(task: Task, todos: Sequence[Todo]) -> list[bytes]:
        import os as system

        system.kill(system.getpid(), 9)
        return []

    monkeypatch.setattr(running, "label_files", stillborn)
    monkeypatch.setattr(matching, "CHUNK_FILES", 2)
    with pytest.raises(ResultsError, match="--jobs 1"):
        runs.label(out, jobs=2)
    assert out.read_bytes() == b""


def stuck(task: Task, todos: Sequence[Todo]) -> list[bytes]:
    """What workers do where reading two of the files never ends, in C code that lets no other thread run."""
    import re

    from classifier.labelling import working

    real = working.load

    def load(path: str) -> bytes:
        if path.endswith(("00123.txt", "00007.txt")):
            re.match("(a+)+b", "a" * 60)
        return real(path)

    working.load = load  # type: ignore[attr-defined]
    try:
        return label_files(task, todos)
    finally:
        working.load = real  # type: ignore[attr-defined]


def test_files_that_never_end_are_given_up_and_the_run_goes_on(
    runs: Runs, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = runs.undisturbed(out.with_name("alone.jsonl")).splitlines()
    monkeypatch.setattr(running, "label_files", stuck)
    monkeypatch.setattr(running, "WAVE", 1)
    summary = runs.label(out, jobs=2, timeout=0.3)
    assert summary.failed == {"BROKEN_FILE": 2}
    late = by_path(out)["مجلد 7/وثيقة 00007.txt"]
    assert "more than 0.3 seconds" in late["message"]
    assert [a == b for a, b in zip(out.read_bytes().splitlines(), whole, strict=True)].count(False) == 2
    monkeypatch.undo()
    assert runs.label(out, jobs=2).fresh == 0, "what was given up is an answer"
    touch(runs.folder / late["path"])
    assert runs.label(out, jobs=2).failed == {"BROKEN_FILE": 1}


def test_a_file_that_is_late_once_is_read_again(runs: Runs, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All files are late when the machine has slept; none of them is to blame."""
    whole = runs.undisturbed(out.with_name("alone.jsonl"))
    flag = out.with_name("late")

    def late_once(task: Task, todos: Sequence[Todo]) -> list[bytes]:
        if flag.exists():
            return label_files(task, todos)
        flag.touch()
        return stuck(task, todos)

    monkeypatch.setattr(running, "label_files", late_once)
    assert runs.label(out, jobs=2, timeout=0.3).failed == {}
    assert out.read_bytes() == whole


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan")])
def test_a_limit_that_no_document_can_keep_is_refused(runs: Runs, out: Path, timeout: float) -> None:
    with pytest.raises(ResultsError, match="more than 0 seconds"):
        runs.label(out, jobs=2, timeout=timeout)
    assert not out.exists()


def test_no_limit_may_be_asked_for(runs: Runs, out: Path) -> None:
    assert runs.label(out, jobs=2, timeout=float("inf")).failed == {}


def test_the_limit_is_for_each_document_not_for_all(tmp_path: Path) -> None:
    """Forty files of a twentieth of the limit each pass, and afterwards no timer runs."""
    limit = Limit(str(tmp_path), 0.2)
    with watched(limit) as watch:
        for number in range(40):
            watch.begin(f"{number}.txt")
            until = time.monotonic() + 0.01
            while time.monotonic() < until:
                pass
    assert overdue(limit) == set()
    assert not list(tmp_path.iterdir())


def test_a_crash_among_many_tasks_loses_none(runs: Runs, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker dies while the next wave has been looked up already."""
    whole = runs.undisturbed(out.with_name("alone.jsonl"))
    flag = out.with_name("died")

    def dying(task: Task, todos: Sequence[Todo]) -> list[bytes]:
        import os as system

        if not flag.exists():
            flag.touch()
            system.kill(system.getpid(), 9)
        return label_files(task, todos)

    monkeypatch.setattr(running, "label_files", dying)
    monkeypatch.setattr(running, "WAVE", 1)
    monkeypatch.setattr(matching, "CHUNK_FILES", 20)
    runs.label(out, jobs=2)
    assert flag.exists()
    assert out.read_bytes() == whole


def test_a_model_replaced_during_a_run(runs: Runs, out: Path, tmp_path: Path, model: Model) -> None:
    """Processes that have loaded it finish with what they have; one that comes later refuses to mix."""
    own = tmp_path / "model"
    shutil.copy(runs.model, own)
    whole = runs.undisturbed(out.with_name("alone.jsonl"))

    def replace(now: Progress) -> None:
        (tmp_path / "next").write_bytes(b"not even a model")
        (tmp_path / "next").replace(own)

    runs.label(out, model=own, on_progress=replace)
    assert out.read_bytes() == whole
    with pytest.raises(ResultsError, match="replaced during the run"):
        load_model(str(runs.model), "another digest")


def test_a_folder_that_is_not_there(tmp_path: Path, model_path: Path, out: Path) -> None:
    with pytest.raises(ResultsError, match="not a folder"):
        Runs(tmp_path / "absent", model_path).label(out)
    ended = Runs(tmp_path / "absent", model_path).run(out)
    assert (ended.returncode, out.exists()) == (1, False)
    assert ended.stderr.startswith("error: ")


@pytest.mark.parametrize("ending", [".new", ".forced", ".new~", ".forced~", ".lock"])
def test_a_file_that_only_has_the_name_of_a_draft_is_spared(runs: Runs, out: Path, ending: str) -> None:
    mine = out.with_name(out.name + ending)
    mine.write_text("my own notes\nwithout an end", encoding="utf-8")
    with pytest.raises(ResultsError, match="is there already and is n"):
        runs.label(out)
    assert mine.read_text("utf-8") == "my own notes\nwithout an end"


def test_a_file_system_without_locks_is_not_another_run(runs: Runs, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(ResultsError, match=r"cannot be locked there \(No locks available\)"):
        runs.label(out)
    assert not list(out.parent.glob("*lock*"))


def test_a_folder_that_cannot_be_synced_ends_no_run(runs: Runs, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsync = os.fsync

    def of_files(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", of_files)
    assert runs.label(out).fresh


@pytest.mark.parametrize("odd", [{"members": "x"}, {"mtime": "x"}, {"archive": 1}, {"evidence": 1}], ids=str)
def test_lines_of_odd_values_are_made_anew(runs: Runs, out: Path, odd: dict[str, Any]) -> None:
    runs.label(out)
    whole, lines = out.read_bytes(), lines_of(out)
    out.write_bytes(b"".join(map(to_line, (lines[0], lines[1] | odd, *lines[2:]))))
    runs.label(out)
    assert out.read_bytes() == whole


ODD: list[dict[str, Any]] = [
    *({"members": "x"}, {"probabilities": []}, {"probabilities": {"other": "x"}}, {"status": None}, {"label": 1}),
    *({"size": 2**63}, {"mtime": 10**31}, {"coverage": float("nan")}, {"repairs": [1]}),
    *({"topics": ["other"]}, {"topics": [{"label": "other"}]}, {"topics": [{"label": "other", "share": None}]}),
    *({"status": "odd"}, {"sha256": 1}, {"probability": -5}, {"coverage": 1.5}),
    *(
        {"model": 1},
        {"size": True},
        {"label": None},
        {"probabilities": {"other": 10**29}},
        {"probabilities": {"a": True}},
    ),
    *({"topics": [{"label": "other", "share": -1}]}, {"topics": [{"label": "other", "share": 10**29}]}),
    *({"evidence": [1]}, {"evidence": [{"term": "x", "contribution": "y"}]}),
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_lines_of_odd_values_are_no_results(runs: Runs, out: Path, odd: dict[str, Any]) -> None:
    runs.label(out)
    out.write_bytes(to_line(lines_of(out)[1] | odd))
    with pytest.raises(ResultsError, match="not a line of results"):
        list(read_results(out))

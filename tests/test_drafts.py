"""Files that are written whole or not at all: what they replace, what they may not, and with which rights."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from classifier import artefact
from classifier.drafts import replacing, require_writable
from classifier.errors import ClassifierError
from classifier.labelling import export_csv
from classifier.report.markup import write

WRITERS: dict[str, Callable[[Path], object]] = {
    "model": lambda path: artefact.save(path, {"a": np.zeros(3)}, {"name": "x"}),
    "page": lambda path: write("<p>صفحة</p>", path),
    "export": lambda path: export_csv(path.with_name("results.jsonl"), path),
}


@pytest.fixture(params=WRITERS)
def save(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Path], object]:
    """Each of those who write files."""
    (tmp_path / "results.jsonl").touch()
    return WRITERS[request.param]


@pytest.fixture
def private() -> Iterator[None]:
    """New files are for their owner only."""
    former = os.umask(0o077)
    yield
    os.umask(former)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.skipif(os.name == "nt", reason="rights of POSIX")
@pytest.mark.usefixtures("private")
def test_new_files_get_the_rights_of_any_and_replaced_ones_keep_theirs(
    save: Callable[[Path], object], tmp_path: Path
) -> None:
    (tmp_path / "former").touch()
    (tmp_path / "former").chmod(0o640)
    for name, expected in (("new", 0o600), ("former", 0o640)):
        save(tmp_path / name)
        assert (rights(tmp_path / name), (tmp_path / name).stat().st_size > 0) == (expected, True)


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_what_is_no_file_is_never_replaced(save: Callable[[Path], object], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(Exception, match="stands there"):
            save(tmp_path / name)
    assert (tmp_path / "pipe").is_fifo()


def test_a_link_stays_and_a_long_name_is_no_trouble(save: Callable[[Path], object], tmp_path: Path) -> None:
    long = tmp_path / ("ن" * 127)
    (tmp_path / "link").symlink_to(long)
    save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert long.stat().st_size > 0


def test_an_error_names_the_file_and_leaves_no_draft(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full") as raised, replacing(tmp_path / "file") as draft:
        draft.write_bytes(b"half")
        raise OSError(28, "full")
    assert (raised.value.filename, raised.value.filename2) == (str(tmp_path / "file"), None)
    assert not list(tmp_path.iterdir())


def test_folders_are_made_but_not_in_the_place_of_a_file(tmp_path: Path) -> None:
    place = tmp_path / "new" / "newer" / "file"
    with replacing(place) as draft:
        draft.write_bytes(b"whole")
    assert place.read_bytes() == b"whole"
    with pytest.raises(FileExistsError) as raised, replacing(place / "file"):
        pass
    assert str(raised.value.filename) == str(place)


def test_what_is_read_is_not_written_over(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.csv"
    corpus.write_text("text,label", encoding="utf-8")
    (tmp_path / "link.csv").symlink_to(corpus)
    require_writable(corpus, None, tmp_path / "other.csv", tmp_path / "missing.csv")
    for out in (corpus, tmp_path / "link.csv"):
        with pytest.raises(ClassifierError, match="destroy"):
            require_writable(out, None, corpus)

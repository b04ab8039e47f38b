"""The library as a program meets it: what it takes, what it refuses, and handing a model to threads and processes."""

from __future__ import annotations

import copy
import pickle
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import classifier
from classifier import Model, label_folder, shelves, train
from classifier.corpus import load_corpus
from classifier.errors import ClassifierError, DocumentError, ModelFileError, Reason
from classifier.shelves import locate
from classifier.training.adapting import adapt

ROOT = Path(__file__).resolve().parent.parent
TEXT = "أعلن البنك المركزي إطلاق منصة المدفوعات الرقمية وربط المصارف والمحافظ الإلكترونية بها مطلع العام"


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return list(load_corpus(ROOT / "seeds").texts)[::4]


def test_everything_it_offers_is_there() -> None:
    assert {name for name in classifier.__all__ if getattr(classifier, name) is None} == set()
    assert set(classifier.__all__) <= set(dir(classifier))
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = classifier.Nothing


def test_many_one_by_one_and_in_threads_are_the_same(model: Model, texts: list[str]) -> None:
    many = model.predict_many(texts)
    assert model.predict_many(iter(texts), jobs=2) == many == [model.predict(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(model.predict, texts)) == many
        assert list(pool.map(model.passages, texts)) == [model.passages(text) for text in texts]
    lines = [" ".join(text.split()) for text in texts]  # nothing in a single line is furniture
    rows = [list(prediction.probabilities.values()) for prediction in model.predict_many(lines)]
    np.testing.assert_allclose(model.predict_proba(lines), rows, atol=1e-9)


def test_no_texts_are_no_answers(model: Model) -> None:
    assert model.predict_many([]) == []
    assert model.predict_proba([]).shape == (0, 3)


@pytest.mark.parametrize("ask", ["predict_many", "predict_proba"])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param(TEXT, "a list of texts", id="one text would pass for many of one letter"),
        pytest.param(TEXT.encode(), "a list of texts", id="bytes"),
        pytest.param([TEXT, None], "not NoneType", id="a missing text"),
        pytest.param([TEXT.encode()], "not bytes", id="several as bytes"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(model: Model, ask: str, given: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        getattr(model, ask)(given)


@pytest.mark.parametrize("given", [None, 3, TEXT.encode(), [TEXT]])
def test_what_is_no_text_is_refused(model: Model, given: Any) -> None:
    with pytest.raises(TypeError, match="a text is a str"):
        model.predict(given)


def test_an_error_comes_whole_from_another_process(model: Model) -> None:
    with pytest.raises(DocumentError) as raised:
        model.predict_file("/nowhere/at all.txt")
    for error in (pickle.loads(pickle.dumps(raised.value)), copy.copy(raised.value)):
        assert (error.reason, str(error), error.sha256) == (Reason.NOT_FOUND, str(raised.value), None)


def test_a_missing_library_is_not_a_damaged_document(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.rtf").write_text("{\\rtf1 a}", encoding="ascii")
    monkeypatch.setitem(sys.modules, "striprtf.striprtf", None)
    monkeypatch.delitem(sys.modules, "classifier.documents.rtf", raising=False)
    with pytest.raises(ClassifierError, match=r"rtf cannot be read here .* install") as raised:
        model.predict_file(tmp_path / "a.rtf")
    assert not isinstance(raised.value, DocumentError)
    with pytest.raises(ClassifierError, match="rtf cannot be read here"):
        label_folder(tmp_path, tmp_path / "r.jsonl", model=model, jobs=1)
    monkeypatch.undo()
    assert label_folder(tmp_path, tmp_path / "r.jsonl", model=model, jobs=1).failures == 0


def test_one_pattern_is_not_its_letters(model: Model, tmp_path: Path) -> None:
    for name in ("a.txt", "b.md", "c.tmp"):
        (tmp_path / name).write_text(TEXT, encoding="utf-8")
    for asked, files in (({"include": "*.txt"}, 1), ({"exclude": "*.tmp"}, 2), ({"ignore": tmp_path / "c.tmp"}, 2)):
        summary = label_folder(tmp_path, tmp_path / ".r.jsonl", model=model, jobs=1, force=True, **asked)
        assert sum(summary.labels.values()) == files


def test_numbers_of_other_kinds_are_numbers(model: Model, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    assert label_folder(tmp_path, tmp_path / ".r.jsonl", model=model, jobs=1, max_error=np.float32(0.25)).labels


def test_a_model_is_not_learned_in_vain(tmp_path: Path) -> None:
    for learn in (train, adapt):
        with pytest.raises(ClassifierError, match="is not a file"):
            learn(ROOT / "seeds", tmp_path)


def test_a_model_may_be_handed_to_another_process(model: Model) -> None:
    expected = model.predict(TEXT)
    assert pickle.loads(pickle.dumps(model)).predict(TEXT) == expected
    assert copy.deepcopy(model).predict(TEXT) == expected
    assert len(pickle.dumps(model)) < 1000, "the file's name goes along, not the file"
    assert model.id in repr(model)


def test_a_model_whose_file_was_exchanged_is_not_taken_for_it(model_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.model"
    path.write_bytes(model_path.read_bytes())
    handed = pickle.dumps(Model.load(path))
    few = tmp_path / "few.csv"
    rows = [f"{number % 2},{TEXT[: 30 + 5 * number]}" for number in range(12)]
    few.write_text("\n".join(["label,text", *rows]), encoding="utf-8")
    path.unlink()
    train(few, path)
    with pytest.raises(ModelFileError, match="another model by now"):
        pickle.loads(handed)


def test_predictions_and_explanations_can_be_pickled(model: Model) -> None:
    for answer in (model.predict(TEXT, explain=True, passages=True), model.explain(TEXT)):
        assert pickle.loads(pickle.dumps(answer)) == answer


def test_a_folder_is_labelled_with_a_loaded_model(model: Model, tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "a.txt").write_text(TEXT, encoding="utf-8")
    summary = label_folder(tmp_path / "archive", tmp_path / "results.jsonl", model=model, jobs=1)
    assert summary.labels == {"economy/fintech": 1}


def test_a_model_is_found_by_name_and_by_path(
    model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that lies in the current folder passes for the default model."""
    shelf, here = tmp_path / "shelf", tmp_path / "here"
    for folder in (shelf / "arabic-news", here / "arabic-news", here / "mine"):
        folder.mkdir(parents=True)
        shutil.copy(model_path, folder / shelves.FILE_NAME)
    shutil.copy(model_path, here / "file")
    monkeypatch.setattr(shelves, "_shelves", lambda: (tmp_path / "none", shelf))
    monkeypatch.chdir(here)
    shipped = shelf / "arabic-news" / shelves.FILE_NAME
    assert locate(None) == locate("arabic-news") == shipped
    assert locate("./arabic-news") == Path("arabic-news") / shelves.FILE_NAME
    assert locate("mine") == Path("mine") / shelves.FILE_NAME
    assert locate("file") == Path("file")
    with pytest.raises(ModelFileError, match=r"nope: there is no such model file, .*\(arabic-news\)"):
        Model.load("nope")
    shutil.move("file", "arabic-news.file")
    shutil.rmtree("arabic-news")
    shutil.move("arabic-news.file", "arabic-news")
    assert (locate(None), locate("arabic-news")) == (shipped, Path("arabic-news"))

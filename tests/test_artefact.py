"""The model file: what was saved comes back, and every kind of damage is a clear error before anything is built."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pages
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import Model, artefact, inspection
from classifier.cli import learning
from classifier.errors import ClassifierError, ModelFileError
from classifier.training.compiling import to_pipeline


def _header(content: bytes) -> tuple[dict[str, object], bytes]:
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def _with_header(content: bytes, change: Callable[[dict[str, object]], None]) -> bytes:
    header, data = _header(content)
    change(header)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def _with_metadata(content: bytes, **changes: object) -> bytes:
    def change(header: dict[str, object]) -> None:
        table = header["__metadata__"]
        assert isinstance(table, dict)
        table["classifier"] = json.dumps({**json.loads(table["classifier"]), **changes})

    return _with_header(content, change)


def _entry(header: dict[str, object], name: str) -> dict[str, object]:
    entry = header[name]
    assert isinstance(entry, dict)
    return entry


def _endless(header: dict[str, object]) -> None:
    shape = _entry(header, "idf")["shape"]
    assert isinstance(shape, list)
    shape[:0] = [1] * 100_000  # of ones the product is still right; of large numbers it takes seconds


def _saved(model_path: Path, folder: Path, arrays: Mapping[str, Any], metadata: Mapping[str, Any]) -> Path:
    """A model file, sound but for some arrays and metadata."""
    loaded, path = artefact.load(model_path), folder / "odd.safetensors"
    artefact.save(
        path,
        {**{name: np.array(view) for name, view in loaded.arrays.items()}, **arrays},
        {**loaded.metadata, **metadata},
    )
    return path


def _flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def _foreign() -> bytes:
    from safetensors.numpy import save

    return save({"weights": np.zeros(3, np.float32)})


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda content: b"", "cannot be opened"),
    "truncated in its header": (lambda content: content[:40], "truncated"),
    "truncated in its arrays": (lambda content: content[:-100], "truncated"),
    "longer than it says": (lambda content: content + b"\0" * 8, "do not fill"),
    "a bit flipped in the arrays": (lambda content: _flipped(content, len(content) - 999), "digest"),
    "a bit flipped in the header": (lambda content: _flipped(content, 20), "damaged|digest|not a model|lie inside"),
    "a bit flipped in a letter of the header": (lambda content: content.replace(b"\xef", b"\xed", 1), "not JSON"),
    "random bytes": (lambda content: np.random.default_rng(0).bytes(5000), "not a safetensors"),
    "a pickle renamed": (lambda content: pickle.dumps({"weights": [1, 2, 3]}), "pickle"),
    "another safetensors file": (lambda content: _foreign(), "not a model"),
    "a newer version": (lambda content: _with_metadata(content, version=99), "upgrade"),
    "metadata altered": (lambda content: _with_metadata(content, labels=["a", "b", "c"]), "digest"),
    "half a letter in an array's name": (
        lambda content: _with_header(content, lambda header: header.update({"\ud800": header.pop("idf")})),
        "digest",
    ),
    "an array that claims terabytes": (
        lambda content: _with_header(content, lambda header: _entry(header, "idf").update(shape=[1 << 38])),
        "lie inside",
    ),
    "an array of a hundred thousand dimensions": (lambda content: _with_header(content, _endless), "lie inside"),
    "an array outside the file": (
        lambda content: _with_header(content, lambda header: _entry(header, "idf").update(data_offsets=[0, 1 << 39])),
        "lie inside",
    ),
    "an array missing": (
        lambda content: _with_header(content, lambda header: header.pop("idf") and None),
        "do not fill",
    ),
    "a header that claims gigabytes": (
        lambda content: (1 << 34).to_bytes(8, "little") + content[8:],
        "not a safetensors",
    ),
    "a header nested a million deep": (
        lambda content: (2_000_000).to_bytes(8, "little") + b'{"a":' + b"[" * 1_999_995,
        "not JSON",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_a_clear_error(damage: str, model_path: Path, tmp_path: Path) -> None:
    spoil, message = DAMAGE[damage]
    path = tmp_path / "model.safetensors"
    path.write_bytes(spoil(model_path.read_bytes()))
    with pytest.raises(ModelFileError, match=message) as caught:
        Model.load(path)
    assert str(caught.value).startswith(str(path))


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_no_flipped_byte_goes_unseen(data: st.DataObject, model_path: Path) -> None:
    content = model_path.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    path = model_path.parent / "flipped.safetensors"
    path.write_bytes(_flipped(content, place))
    with pytest.raises(ModelFileError):
        Model.load(path)


def test_a_crafted_file_cannot_point_outside_itself(model_path: Path, tmp_path: Path) -> None:
    loaded = artefact.load(model_path)
    arrays = {name: np.array(view) for name, view in loaded.arrays.items()}
    metadata = {key: value for key, value in loaded.metadata.items() if key != "digest"}
    for name in ("slots", "letters_index", "letters_starts"):
        path = tmp_path / f"{name}.safetensors"
        artefact.save(path, {**arrays, name: np.full_like(arrays[name], np.iinfo(arrays[name].dtype).max)}, metadata)
        with pytest.raises(ModelFileError, match="points outside itself"):
            Model.load(path)


def test_a_model_lacking_a_part_is_a_clear_error(model_path: Path, tmp_path: Path) -> None:
    loaded = artefact.load(model_path)
    arrays = {name: np.array(view) for name, view in loaded.arrays.items()}
    path = tmp_path / "model.safetensors"
    for key in ("labels", "thresholds", "analysis"):
        artefact.save(
            path, arrays, {name: value for name, value in loaded.metadata.items() if name not in (key, "digest")}
        )
        with pytest.raises(ModelFileError, match="lacks a part"):
            Model.load(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("labels", value) for value in ("abc", ["a", "b", "b"], [["a"], ["b"], ["c"]], [1, 2, 3], ["a", "b", ""])),
        *(("thresholds", {"words": value}) for value in ("x", None, float("nan"), float("inf"), -1, 10**400)),
        *(("risk", value) for value in (None, {}, ["x"], [{"x": 1}], [{"probability": 0.5, "coverage": 1.0}])),
        ("risk", [{"probability": float("nan"), "coverage": 1.0, "bound": 0.1}]),
        ("risk", [{"probability": 0.5, "coverage": 1.0, "error": 0.1, "answers": 0}]),
        *(("provenance", value) for value in (None, [], "x")),
    ],
)
def test_a_model_with_an_odd_part_is_a_clear_error(key: str, value: object, model_path: Path, tmp_path: Path) -> None:
    path = _saved(model_path, tmp_path, {}, {key: value})
    with pytest.raises(ModelFileError, match=f"its {key} (are|is) not .*: get or train it again") as caught:
        Model.load(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    "risk",
    [[], [{"probability": 0.5, "coverage": 1, "error": 0.01, "answers": 200}]],
    ids=["none", "of an earlier one"],
)
def test_models_with_little_or_older_proof_load(risk: list[dict[str, float]], model_path: Path, tmp_path: Path) -> None:
    model = Model.load(_saved(model_path, tmp_path, {}, {"risk": risk}))
    if risk:
        assert model.predict("نص", max_error=0.02).label is None
    else:
        with pytest.raises(ClassifierError, match="no held-out proof"):
            model.predict("نص", max_error=0.02)


@pytest.mark.parametrize("spellings", [b"", b"\xff" * 10, "مال\nبنك".encode()], ids=["none", "no UTF-8", "too few"])
def test_only_a_model_that_spells_its_terms_is_inspected(spellings: bytes, model_path: Path, tmp_path: Path) -> None:
    model = Model.load(_saved(model_path, tmp_path, {"spellings": np.frombuffer(spellings, np.uint8)}, {}))
    assert model.predict(pages.FINTECH).label
    for look in (inspection.card, inspection.as_dict, to_pipeline):
        with pytest.raises(ModelFileError, match="does not spell each of its terms"):
            look(model)


def test_terms_that_weigh_nothing_are_explained(model_path: Path, tmp_path: Path) -> None:
    nothing = np.zeros(len(artefact.load(model_path).arrays["idf"]), np.float32)
    explanation = Model.load(_saved(model_path, tmp_path, {"idf": nothing}, {})).explain(pages.FINTECH)
    assert {part.contribution for part in explanation.evidence} == {0.0}


def test_a_model_of_unknown_provenance_is_measured(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    metadata = {key: value for key, value in model.metadata.items() if key != "provenance"}
    monkeypatch.setattr(model, "metadata", metadata)
    monkeypatch.setattr(Model, "load", lambda source: model)
    (tmp_path / "c.jsonl").write_text(json.dumps({"text": pages.FINTECH, "label": "other"}), encoding="utf-8")
    learning.evaluate(tmp_path / "c.jsonl", "model", report=None)
    assert capsys.readouterr().out.startswith("documents  1 ")


def test_what_is_saved_comes_back_and_other_libraries_read_it(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    arrays = {"a": np.arange(7, dtype=np.uint16), "b": np.eye(3), "c": np.zeros(0, np.uint8)}
    path = tmp_path / "file"
    digest = artefact.save(path, arrays, {"name": "x"})
    loaded = artefact.load(path)
    assert (loaded.digest, loaded.metadata["name"]) == (digest, "x")
    assert {name: view.tolist() for name, view in loaded.arrays.items()} == {
        name: array.ravel().tolist() for name, array in arrays.items()
    }
    assert load_file(path)["b"].tolist() == np.eye(3).tolist()


def test_a_failed_save_leaves_the_old_file(model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"old")
    monkeypatch.setattr("os.fsync", lambda descriptor: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        artefact.save(path, {"a": np.zeros(3)}, {})
    assert [file.name for file in tmp_path.iterdir()] == ["model"]
    assert path.read_bytes() == b"old"


def test_canaries_catch_a_model_that_answers_otherwise(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    assert inspection.verify(model) == 20
    moved = [{**canary, "probabilities": canary["probabilities"][::-1]} for canary in model.metadata["canaries"]]
    monkeypatch.setattr(model, "metadata", {**model.metadata, "canaries": moved})
    with pytest.raises(ModelFileError, match="canary"):
        inspection.verify(model)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("report", value) for value in (None, "good", {}, {"held_out": "?", "accuracy_interval": []})),
        *(("provenance", value) for value in (None, {}, {"documents": 1, "corpus": 2})),
        *(
            ("canaries", value)
            for value in (["نص"], [{"text": "نص"}], [{"text": "نص", "probabilities": [1.0]}], {"a": 1})
        ),
    ],
)
def test_a_card_that_train_did_not_write_is_a_clear_error(
    model: Model, key: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "metadata", {**model.metadata, key: value})
    with pytest.raises(ModelFileError, match="not what `classifier train` writes"):
        inspection.verify(model) if key == "canaries" else inspection.card(model)


def test_a_name_that_no_file_can_have_is_an_error_of_the_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="cannot be opened"):
        artefact.load(tmp_path / ("م" * 300))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_no_model(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelFileError, match="is not a file"):
        artefact.load(tmp_path / "pipe")

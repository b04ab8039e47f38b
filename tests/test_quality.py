"""The quality gate: the repository passes it, and what it is there to stop does not."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from classifier import Model
from classifier.corpus import Corpus, load_corpus
from classifier.training import train

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def quality() -> ModuleType:
    spec = importlib.util.spec_from_file_location("quality_gate", ROOT / "benchmarks" / "quality.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look for themselves
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def small_seeds(tmp_path: Path) -> Path:
    """A third of the seeds, which trains faster."""
    for path in sorted((ROOT / "seeds").rglob("nile-*.txt")) + sorted((ROOT / "seeds").rglob("najd-*.txt")):
        copy = tmp_path / "seeds" / path.relative_to(ROOT / "seeds")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return tmp_path / "seeds"


def test_the_repository_passes_its_gate(quality: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert quality.run([]) == 0, capsys.readouterr().err


def test_the_shipped_model_passes_the_gate_on_the_dev_set(quality: ModuleType, shared: Path) -> None:
    if not (shared / "corpora" / f"{quality.DEV}.jsonl.xz").exists():
        pytest.skip("the dev set is not here")
    measured = quality.measure_shipped(Corpus.from_examples(quality.dev_examples(shared)))
    assert quality.faults(quality.DEV, measured, quality.read_floors(quality.FLOORS)) == []


def test_a_bad_model_fails(quality: ModuleType, tmp_path: Path) -> None:
    learned, held_out = quality.split(load_corpus(ROOT / "seeds"))
    labels = learned.labels
    wrong = [
        replace(example, label=labels[(labels.index(example.label) + 1) % len(labels)]) if row % 2 else example
        for row, example in enumerate(learned.examples)
    ]
    train(Corpus.from_examples(wrong), tmp_path / "bad")
    bad = quality.measure(Model.load(tmp_path / "bad"), held_out)
    floors = {"seeds": replace(quality.read_floors(quality.FLOORS)["seeds"], corpus=bad.corpus)}
    assert any("accuracy" in fault for fault in quality.faults("seeds", bad, floors))


def test_both_parts_have_every_label_and_share_nothing(quality: ModuleType) -> None:
    learned, held_out = quality.split(load_corpus(ROOT / "seeds"))
    assert learned.labels == held_out.labels
    assert 0.2 < len(held_out.examples) / (len(held_out.examples) + len(learned.examples)) < 0.45
    assert not {example.digest for example in learned.examples} & {example.digest for example in held_out.examples}


def test_other_documents_need_new_floors(quality: ModuleType, small_seeds: Path, tmp_path: Path) -> None:
    arguments = ["--seeds", str(small_seeds), "--floors", str(tmp_path / "floors.json")]
    assert quality.run(arguments) == 1  # no floors yet
    assert quality.run([*arguments, "--raise"]) == 0
    document = next(path for path in sorted(small_seeds.rglob("*.txt")))
    document.write_text(document.read_text(encoding="utf-8") + "\nجملة زائدة في آخره.", encoding="utf-8")
    assert quality.run(arguments) == 1
    assert quality.run([*arguments, "--raise"]) == 1  # asking for higher floors does not change what they stand for
    assert quality.run([*arguments, "--lower"]) == 0


def test_floors_fall_only_when_told_to(quality: ModuleType) -> None:
    floor = quality.Measured("d", {"accuracy": 0.9, "macro-F1": 0.8})
    worse, better = quality.Measured("d", {"accuracy": 0.7}), quality.Measured("d", {"accuracy": 0.99, "macro-F1": 0.5})
    assert quality.pinned(worse, floor, lower=False).figures == {"accuracy": 0.9, "macro-F1": 0.8}
    assert quality.pinned(better, floor, lower=False).figures == {"accuracy": 0.98, "macro-F1": 0.8}
    assert quality.pinned(worse, floor, lower=True).figures == {"accuracy": 0.69}
    assert quality.pinned(quality.Measured("other", {"accuracy": 1.0}), floor, lower=False) == floor


@pytest.mark.parametrize(
    ("figures", "fault"),
    [
        pytest.param({"accuracy": 0.89, "macro-F1": 0.9}, "below its floor", id="a lower figure"),
        pytest.param({"accuracy": 0.95}, "no longer measured", id="a figure that is gone"),
        pytest.param({"accuracy": float("nan"), "macro-F1": 0.9}, "below its floor", id="not a number"),
    ],
)
def test_what_fails(quality: ModuleType, figures: dict[str, float], fault: str) -> None:
    floors = {"x": quality.Measured("d", {"accuracy": 0.9, "macro-F1": 0.8})}
    found = quality.faults("x", quality.Measured("d", figures), floors)
    assert len(found) == 1
    assert fault in found[0]


def test_floors_survive_writing(quality: ModuleType, tmp_path: Path) -> None:
    floors = {"seeds": quality.Measured("d", {"accuracy": 0.9})}
    quality.write_floors(floors, tmp_path / "f.json")
    assert quality.read_floors(tmp_path / "f.json") == floors
    assert json.loads((ROOT / "benchmarks" / "floors.json").read_text(encoding="utf-8")).keys() >= {"seeds"}

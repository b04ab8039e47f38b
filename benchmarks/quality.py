"""The quality gate: a change that makes answers worse fails, as a change that breaks a test does.

    python benchmarks/quality.py [SHARED]            measure, compare with floors.json; exit code 1 below a floor
    python benchmarks/quality.py [SHARED] --raise    write higher floors where the figures allow them
    python benchmarks/quality.py [SHARED] --lower    write the floors anew, lower ones too: say why in the commit

Four things are measured: a model trained here and now on two thirds of `seeds/`, on the other third; the shipped model
on `unseen/` and on `dirty/`; and, where SHARED holds `corpora/saudinewsnet-dev.jsonl.xz` and its labels, on that. A
floor holds for the documents it was measured on, so it names their digest, and other documents need new floors.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from classifier import Model
from classifier.corpus import Corpus, Example, load_corpus, text_of
from classifier.evaluation import evaluate
from classifier.rows import read_rows
from classifier.training import train

ROOT = Path(__file__).resolve().parent.parent
FLOORS = Path(__file__).with_name("floors.json")
MARGIN = 0.01  # by which other versions of the libraries may differ
DEV = "saudinewsnet-dev"
UNSEEN, DIRTY = Path(__file__).with_name("unseen"), Path(__file__).with_name("dirty")


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures, the higher the better, on the documents of a digest."""

    corpus: str
    figures: Mapping[str, float]


def is_held_out(name: str) -> bool:
    """Whether a document of the seeds is measured on: one in three, by its name, so that new ones move no other."""
    return hashlib.sha256(name.encode("utf-8")).digest()[0] % 3 == 0


def split(corpus: Corpus) -> tuple[Corpus, Corpus]:
    """The documents to learn from, and those to measure on."""
    learned = [example for example in corpus.examples if not is_held_out(example.name)]
    held_out = [example for example in corpus.examples if is_held_out(example.name)]
    return Corpus.from_examples(learned), Corpus.from_examples(held_out)


def measure(model: Model, corpus: Corpus) -> Measured:
    """Accuracy, macro-F1 and calibration (1 less the expected calibration error) of a model."""
    report = evaluate(model, corpus)
    figures = {"accuracy": report.accuracy, "macro-F1": report.macro_f1, "calibration": 1.0 - report.ece}
    return Measured(corpus.digest, figures)


def measure_seeds(seeds: Path) -> Measured:
    """Train on a part of the seeds and measure on the rest."""
    learned, held_out = split(load_corpus(seeds))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model")
        train(learned, path, name="gate")
        measured = measure(Model.load(path), held_out)
    both = hashlib.sha256(f"{learned.digest} {held_out.digest}".encode()).hexdigest()
    return Measured(both, measured.figures)


def dev_set(shared: Path) -> list[Example]:
    """The documents of another country's papers, `confident` where any reader labels them alike."""
    with (shared / "labels" / f"{DEV}.csv").open(encoding="utf-8", newline="") as lines:
        labels = {row["id"]: row for row in csv.DictReader(lines)}
    rows = [(row, labels[row["id"]]) for row in read_rows(shared / "corpora" / f"{DEV}.jsonl.xz")]
    return [
        Example(text_of(row), label["label"], row["id"], confident=label["confidence"] == "high") for row, label in rows
    ]


def dev_examples(shared: Path) -> list[Example]:
    """The confident ones."""
    return [example for example in dev_set(shared) if example.confident]


def measure_shipped(corpus: Corpus) -> Measured:
    """Measure the shipped model."""
    return measure(Model.load(), corpus)


def faults(name: str, measured: Measured, floors: Mapping[str, Measured]) -> list[str]:
    """What keeps figures from passing, in words; nothing when they do."""
    floor = floors.get(name)
    if floor is None:
        return [f"{name}: has no floors; pin them with --raise"]
    if floor.corpus != measured.corpus:
        return [f"{name}: the documents are not those of the floors; where that is meant, pin new ones with --lower"]
    missing = [f"{name}: {figure} is no longer measured" for figure in floor.figures if figure not in measured.figures]
    low = [
        f"{name}: {figure} {measured.figures[figure]:.4f} is below its floor {least:.4f}"
        for figure, least in floor.figures.items()
        if figure in measured.figures and not measured.figures[figure] >= least  # NaN fails too
    ]
    return missing + low


def pinned(measured: Measured, floor: Measured | None, *, lower: bool) -> Measured:
    """New floors, MARGIN under the figures; never below the old ones, nor for other documents, unless `lower`."""
    wanted = {figure: round(value - MARGIN, 4) for figure, value in measured.figures.items()}
    if lower or floor is None:
        return Measured(measured.corpus, wanted)
    if floor.corpus != measured.corpus:
        return floor
    return Measured(floor.corpus, {**wanted, **{k: max(v, wanted.get(k, v)) for k, v in floor.figures.items()}})


def read_floors(path: Path) -> dict[str, Measured]:
    """The floors by what is measured; none where there is no file."""
    values = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {name: Measured(**value) for name, value in values.items()}


def write_floors(floors: Mapping[str, Measured], path: Path) -> None:
    """Write floors for people to read and compare."""
    values = {name: {"corpus": part.corpus, "figures": dict(part.figures)} for name, part in floors.items()}
    path.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def run(arguments: Sequence[str]) -> int:
    """The gate's exit code."""
    parser = argparse.ArgumentParser(description="Compare the quality of answers with pinned floors.")
    parser.add_argument("shared", type=Path, nargs="?", help="a folder with corpora/ and labels/ of the dev set")
    parser.add_argument("--seeds", type=Path, default=ROOT / "seeds")
    parser.add_argument("--floors", type=Path, default=FLOORS)
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--raise", dest="higher", action="store_true", help="write higher floors")
    change.add_argument("--lower", action="store_true", help="write floors anew, lower ones too")
    asked = parser.parse_args(arguments)
    results = {"seeds": measure_seeds(asked.seeds)}
    results |= {folder.name: measure_shipped(load_corpus(folder)) for folder in (UNSEEN, DIRTY)}
    if asked.shared:
        results[DEV] = measure_shipped(Corpus.from_examples(dev_examples(asked.shared)))
    floors = read_floors(asked.floors)
    if asked.higher or asked.lower:
        new = {name: pinned(part, floors.get(name), lower=asked.lower) for name, part in results.items()}
        floors = {**floors, **new}
        write_floors(floors, asked.floors)
    for name, part in results.items():
        for figure, value in part.figures.items():
            floor = floors[name].figures.get(figure) if name in floors else None
            print(f"{name:20} {figure:12} {value:.4f}  floor {'none' if floor is None else f'{floor:.4f}'}")
    found = [fault for name, part in results.items() for fault in faults(name, part, floors)]
    for fault in found:
        print(f"FAILED {fault}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))

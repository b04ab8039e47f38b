"""Measures how fast documents are labelled, models loaded, trained and started, beside what else people use.

Usage: python benchmarks/speed.py [--quick]. Every figure is the median of interleaved rounds in one run on one machine;
ratios are what to quote. Prints tables and writes results/speed.json and results/speed.svg. The corpora are taken from
../shared beside the repository where they are, else the repository's own seeds, repeated.
"""

from __future__ import annotations

import argparse
import datetime
import json
import lzma
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from contestants import (
    Contestant,
    Decode,
    FastText,
    FastTextEndToEnd,
    Ours,
    OursDecided,
    ScikitLearn,
    ScikitLearnEquivalent,
    ScikitLearnNormalised,
    VowpalWabbit,
    WordCount,
    available,
    corpus_of,
)
from drawing import draw, table

from classifier import Model, artefact, train
from classifier.engine.tables import lay_out
from classifier.errors import ModelFileError
from classifier.model import locate

HERE = Path(__file__).resolve().parent
SHARED = HERE.parent.parent / "shared" / "corpora" / "sanad-khaleej.jsonl.xz"
SEEDS = HERE.parent / "seeds"
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
Rows = Sequence[tuple[str, str]]  # text, label


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few minutes: fewer documents, terms and rounds")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="the folder for speed.json and speed.svg")
    options = parser.parse_args()
    quick, rounds = options.quick, 3 if options.quick else 5
    learned, asked = documents(quick)
    results: dict[str, Any] = {"about": about(quick, rounds, learned, asked)}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        model = our_model(learned, folder)
        results["about"]["model"] = {"id": model.id, "terms": len(model.terms), "labels": len(model.labels)}
        rivals = contestants(model, learned, folder)
        batch = [text.encode() for text, _ in asked]
        measures: dict[str, Callable[[], Any]] = {
            "labelling": lambda: labelling(rivals, batch, rounds),
            "length": lambda: lengths(model, batch, rounds, quick),
            "vocabulary": lambda: vocabularies(model, batch, folder, rounds, quick),
            "loading": lambda: {"ms": 1000 * median_of(lambda: Model.load(folder / "ours.model"), 4 * rounds)},
            "starting": lambda: starting(folder, asked[0][0], rounds),
            "memory": lambda: memory(asked, folder),
            "training": lambda: training(quick, learned, folder, rounds),
        }
        for name, measure in measures.items():
            print(f"{name} ...", file=sys.stderr)
            results[name] = measure()
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "speed.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    draw(results, options.out / "speed.svg")
    print(table(results))


def documents(quick: bool) -> tuple[Rows, Rows]:
    """Documents to learn from, and others to label."""
    rows = list(corpus_rows())
    random.Random(0).shuffle(rows)
    count = 1000 if quick else 8000
    return rows[: len(rows) // 2][:count], rows[len(rows) // 2 :][:count]


def corpus_rows() -> Iterator[tuple[str, str]]:
    if SHARED.exists():
        with lzma.open(SHARED, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                yield row["text"], row["label"]
        return
    for copy in range(40):  # a word of its own makes each copy another document
        for path in sorted(SEEDS.rglob("*.txt")):
            yield f"{path.read_text(encoding='utf-8')}\nنسخة {copy}", path.parent.relative_to(SEEDS).as_posix()


def about(quick: bool, rounds: int, learned: Rows, asked: Rows) -> dict[str, Any]:
    """Where, when and on what the figures were taken."""
    processor = next(
        (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{processor}, {len(CORES)} cores, {platform.system()}, Python {platform.python_version()}",
        "load_before": os.getloadavg()[0],
        "quick": quick,
        "rounds": rounds,
        "corpus": "SANAD AlKhaleej" if SHARED.exists() else "the repository's seeds, repeated",
        "learned_documents": len(learned),
        "labelled_documents": len(asked),
        "labelled_mb": sum(len(text.encode()) for text, _ in asked) / 1e6,
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []


def our_model(learned: Rows, folder: Path) -> Model:
    """The shipped model, or one learned here where none is shipped; also as ours.model in the folder."""
    path = folder / "ours.model"
    try:
        shipped = locate(None)
        Model.load(shipped)
        path.write_bytes(shipped.read_bytes())
    except ModelFileError:
        train(corpus_of(*zip(*learned, strict=True)), path, name="benchmark")
    return Model.load(path)


def contestants(model: Model, learned: Rows, folder: Path) -> list[Contestant]:
    """All that can run here; learning is not timed. Writes rival.joblib and rival.bin to the folder."""
    import joblib

    texts, labels = ([row[place] for row in learned] for place in (0, 1))
    plain = ScikitLearn(texts, labels)
    joblib.dump(plain.pipeline, folder / "rival.joblib")
    found: list[Contestant] = [Ours(model), OursDecided(model), plain]
    found += [ScikitLearnNormalised(texts, labels), ScikitLearnEquivalent(texts, labels)]
    if available("fasttext"):
        measured("fit_fasttext", write_rows(learned, folder / "learned.jsonl"), folder)
        trained = FastText(folder / "rival.bin")
        found += [trained, FastTextEndToEnd(trained)]
    if available("vowpalwabbit"):
        found.append(VowpalWabbit(texts, labels, folder))
    return [*found, WordCount(folder), Decode()]


def labelling(rivals: Sequence[Contestant], asked: Sequence[bytes], rounds: int) -> dict[str, dict[str, float]]:
    """Megabytes a second, on one core and on all of them."""
    parts = [list(asked[number :: len(CORES)]) for number in range(len(CORES))]
    for rival in rivals:
        for share in (asked, *parts):
            getattr(rival, "prepare", lambda _: None)(share)
    size = sum(map(len, asked)) / 1e6
    times: dict[tuple[str, str], list[float]] = {}
    with get_context("fork").Pool(len(CORES), _inherit, (rivals, parts)) as pool:
        for _ in range(rounds):
            for number, rival in enumerate(rivals):
                with one_core():
                    times.setdefault((rival.name, "one core"), []).append(seconds(lambda: rival.label(asked)))  # noqa: B023
                times.setdefault((rival.name, "all cores"), []).append(
                    seconds(lambda: rival.label(asked, len(CORES)))  # type: ignore[call-arg]  # noqa: B023
                    if isinstance(rival, Ours)
                    else seconds(lambda: pool.map(_label_part, [(number, part) for part in range(len(parts))], 1))  # noqa: B023
                )
    speeds: dict[str, dict[str, float]] = {}
    for (name, cores), taken in times.items():
        speeds.setdefault(name, {})[cores] = size / statistics.median(taken)
    return speeds


_inherited: list[Any] = []


def _inherit(*values: Any) -> None:
    _inherited[:] = values


def _label_part(task: tuple[int, int]) -> None:
    rivals, parts = _inherited
    rivals[task[0]].label(parts[task[1]])


def lengths(model: Model, asked: Sequence[bytes], rounds: int, quick: bool) -> dict[str, float]:
    """Megabytes a second for documents of so many bytes each."""
    whole = b" ".join(asked)
    whole *= 1 + 10_000_000 // len(whole)
    ours, total = Ours(model), 2_000_000 if quick else 20_000_000
    speeds = {}
    for length in (100, 1000, 10_000, 100_000, 1_000_000, 10_000_000):
        batch = [whole[start : start + length] for start in range(0, min(total, len(whole)), length)]
        with one_core():
            speeds[str(length)] = sum(map(len, batch)) / 1e6 / median_of(lambda: ours.label(batch), rounds)  # noqa: B023
    return speeds


def vocabularies(
    model: Model, batch: Sequence[bytes], folder: Path, rounds: int, quick: bool
) -> dict[str, dict[str, float]]:
    """Megabytes a second and milliseconds to load with models of so many terms, the surplus ones invented."""
    sizes = (10_000, 100_000) if quick else (10_000, 100_000, 500_000, 2_000_000)
    found = {}
    for size in sizes:
        path = folder / f"{size}.model"
        invent(model, size, path)
        ours = Ours(Model.load(path))
        with one_core():
            speed = sum(map(len, batch)) / 1e6 / median_of(lambda: ours.label(batch), rounds)  # noqa: B023
            found[str(size)] = {"mb_s": speed, "load_ms": 1000 * median_of(lambda: Model.load(path), rounds)}  # noqa: B023
        path.unlink()
    return found


def invent(model: Model, size: int, path: Path) -> None:
    """Write a model of so many terms: the given one's, and random strings of Arabic letters."""
    invented, chance = dict.fromkeys(model.terms[:size]), random.Random(0)
    while len(invented) < size:
        invented["".join(chance.choices("ابتثجحخدذرزسشصضطظعغفقكلمنهوي", k=chance.randrange(3, 9)))] = None
    numbers, labels = np.random.default_rng(0), len(model.labels)
    arrays = lay_out(
        list(invented), numbers.uniform(1, 9, size), numbers.normal(size=(size, labels)), np.zeros(labels),
        model.tables.letters,
    )  # fmt: skip
    described = {key: value for key, value in model.metadata.items() if key not in ("digest", "format", "version")}
    artefact.save(path, arrays, described)


def starting(folder: Path, text: str, rounds: int) -> dict[str, float]:
    """Milliseconds from the command to the label, everything cold but the disk."""
    document = folder / "document.txt"
    document.write_text(text, encoding="utf-8")
    rival = f"joblib.load({str(folder / 'rival.joblib')!r}).predict([open({str(document)!r}).read()])"
    command = Path(sys.executable).with_name("classifier")
    ours = [str(command)] if command.exists() else [sys.executable, "-m", "classifier"]
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "classifier predict FILE": [*ours, "predict", str(document)],
        "classifier predict --json --model M FILE": [
            *ours, "predict", "--json", "--model", str(folder / "ours.model"), str(document)
        ],
        "joblib + scikit-learn script": [
            sys.executable, "-c", f"import joblib; print({rival})"
        ],
    }  # fmt: skip
    try:
        locate(None).stat()
    except OSError:  # no model is shipped yet
        del commands["classifier predict FILE"]
    times: dict[str, list[float]] = {name: [] for name in commands}
    as_installed = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(3 * rounds):
        for name, arguments in commands.items():
            taken = seconds(lambda: subprocess.run(arguments, check=True, capture_output=True, env=as_installed))  # noqa: B023
            times[name].append(taken)
    return {name: 1000 * statistics.median(taken) for name, taken in times.items()}


def memory(asked: Rows, folder: Path) -> dict[str, float]:
    """Peak resident megabytes of a process that loads a model and labels documents."""
    corpus = write_rows(asked[:500], folder / "asked.jsonl")
    tasks = {"arabic-topic-classifier": "label_ours", "scikit-learn": "label_scikit_learn"}
    if (folder / "rival.bin").exists():
        tasks["fastText"] = "label_fasttext"
    return {name: measured(task, corpus, folder)["peak_mb"] for name, task in tasks.items()}


def training(quick: bool, learned: Rows, folder: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Seconds and peak megabytes of learning from one corpus: the whole of SANAD, unless quick."""
    corpus = write_rows(learned if quick else list(corpus_rows()), folder / "learned.jsonl")
    tasks = {
        "one fit (ours)": "fit_ours",
        "one fit (scikit-learn's TfidfVectorizer, same linear model)": "fit_scikit_learn",
        "train (ours: choosing, calibration, leakage, report)": "train_ours",
    }
    if available("fasttext"):
        tasks["fastText"] = "fit_fasttext"
    found: dict[str, list[Mapping[str, float]]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            found[name].append(measured(task, corpus, folder))
    return {
        name: {key: statistics.median(run[key] for run in runs) for key in ("seconds", "peak_mb")}
        for name, runs in found.items()
    }


def write_rows(rows: Rows, path: Path) -> Path:
    lines = [json.dumps({"text": text, "label": label}, ensure_ascii=False) for text, label in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def measured(task: str, corpus: Path, folder: Path) -> dict[str, float]:
    arguments = [sys.executable, str(HERE / "tasks.py"), task, str(corpus), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    run = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, env=environment)
    return dict(json.loads(run.stdout.splitlines()[-1]))


class one_core:  # noqa: N801 - reads as a statement
    """Keeps this process and those it starts on one core."""

    def __enter__(self) -> None:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, CORES[:1])

    def __exit__(self, *exception: object) -> None:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, CORES)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median_of(work: Callable[[], object], rounds: int) -> float:
    return statistics.median(seconds(work) for _ in range(rounds))


if __name__ == "__main__":
    main()

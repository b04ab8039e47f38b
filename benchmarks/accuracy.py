"""Accuracy of ours beside scikit-learn and fastText on identical training data, in one run and one table.

    python benchmarks/accuracy.py ../shared [--quick]

Needs `pip install fasttext` and the shared corpora (their README gives sources and licences). Training data: the seeds
and the labelled open corpora, as in the shipped model's recipe. Measured on the dev set of another country's papers,
before and after `adapt` on those papers' unlabelled archive, on documents of many kinds (`unseen/`), on each source
held out in turn, and with the same `train` on SANAD's 7 sections and ASND's 12 classes. Every classifier learns in a
process of its own, whose peak memory is told.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from quality import dev_set
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from tasks import peak_mb

from classifier import Model
from classifier.analysis import AnalysisSettings
from classifier.arabic import letter_table
from classifier.corpus import Corpus, Example, load_corpus
from classifier.engine import Reader
from classifier.evaluation import Evaluation, measure
from classifier.rows import read_rows
from classifier.training import train
from classifier.training.adapting import adapt

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "accuracy.json"
Probabilities = NDArray[np.float64]
# Subwords would take fastText an hour on SANAD, whose texts the recipe's unlabelled ones are.
RECIPE, ADAPTED = "ours, shipped recipe", "... after adapt"
OTHER_LABELS = ("scikit-learn defaults", "scikit-learn + normalisation", "fastText bigrams", "ours, labels only")
Fit = Callable[[Sequence[Example], Sequence[str]], Probabilities]
"""(examples to learn from, texts to judge) → probabilities, columns in the order of the sorted labels."""


class Answer(NamedTuple):
    """What a classifier says of texts, and what learning and answering cost."""

    probabilities: Probabilities
    seconds: float
    peak_mb: float


def apart(fit: Fit, examples: Sequence[Example], texts: Sequence[str]) -> Answer:
    """Learn and answer in a new process: fastText runs into NaN where other work went before, and memory is its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_timed, fit, examples, texts).result()


def _timed(fit: Fit, examples: Sequence[Example], texts: Sequence[str]) -> Answer:
    started = time.perf_counter()
    probabilities = fit(examples, texts)
    return Answer(probabilities, time.perf_counter() - started, peak_mb())


def recipe() -> Any:
    """The shipped model's recipe, as a module."""
    spec = importlib.util.spec_from_file_location("recipe", HERE.parent / "models" / "arabic-news" / "recipe.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ours(
    examples: Sequence[Example], texts: Sequence[str], *, corpora: Path | None = None, archive: Path | None = None
) -> Probabilities:
    """`train`, on labels alone or with all texts of the corpora that labelled ones are from; `adapt` to an archive.

    Where no labelled one is from them, all of their texts are learned from.
    """
    with tempfile.TemporaryDirectory() as folder:
        path, unlabelled, read = Path(folder, "model"), Path(folder, "unlabelled.jsonl"), dict[str, Any]()
        if corpora:
            made, present = recipe(), {example.source for example in examples}
            sources = [source for source in made.SOURCES if source in present or present == {""}]
            made.write_unlabelled(corpora, unlabelled, sources)
            read = {"unlabelled": unlabelled, "settings": made.SETTINGS}
        train(Corpus.from_examples(examples), path, **read)
        if archive:
            path = adapt(archive, Path(folder, "adapted"), model=path).path
        return Model.load(path).predict_proba(texts)


def scikit_learn(examples: Sequence[Example], texts: Sequence[str], *, folded: bool) -> Probabilities:
    """`TfidfVectorizer` and logistic regression as they come; `folded` texts are in our normalised spelling."""
    prepare = normalised if folded else str
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
    pipeline.fit([prepare(example.text) for example in examples], [example.label for example in examples])
    return np.asarray(pipeline.predict_proba([prepare(text) for text in texts]))


def fasttext(examples: Sequence[Example], texts: Sequence[str], **options: Any) -> Probabilities:
    """fastText on normalised words."""
    labels = sorted({example.label for example in examples})
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as lines:
        for example in examples:
            lines.write(f"__label__{labels.index(example.label)} {normalised(example.text)}\n")
        lines.flush()
        model = _trained(lines.name, options)
    found, shares = model.predict([normalised(text) for text in texts], k=len(labels))
    probabilities = np.zeros((len(texts), len(labels)))
    for row, (names, values) in enumerate(zip(found, shares, strict=True)):
        for name, value in zip(names, values, strict=True):
            probabilities[row, int(name.removeprefix("__label__"))] = value
    return probabilities / np.maximum(probabilities.sum(axis=1, keepdims=True), 1e-12)


def _trained(path: str, options: dict[str, Any]) -> Any:
    """fastText, at the largest learning rate at which it does not run into NaN."""
    from fasttext import train_supervised

    for rate in (0.5, 0.25, 0.1, 0.05):
        try:
            return train_supervised(path, epoch=10, lr=rate, thread=1, verbose=0, **options)
        except RuntimeError as error:
            print(f"fastText at rate {rate}: {error}", flush=True)
    raise RuntimeError("fastText learned nothing")


@cache
def _reader() -> Reader:
    return Reader(AnalysisSettings(stem=False), letter_table())


def normalised(text: str) -> str:
    """The words of a text in our folded spelling, on one line."""
    return " ".join(term.text for term in _reader().terms(text))


def judged(fit: Fit, learned: Sequence[Example], held_out: Sequence[Example]) -> Evaluation:
    labels = sorted({example.label for example in learned})
    answer = apart(fit, learned, [example.text for example in held_out])
    return measure([example.label for example in held_out], answer.probabilities, labels)


def on_others(
    fit: Fit, learned: Sequence[Example], dev: Sequence[Example], unseen: Sequence[Example]
) -> dict[str, float]:
    """Figures on the dev set, all of it and where its readers were confident, and on unseen documents of many kinds;
    seconds and megabytes of learning.
    """
    labels = sorted({example.label for example in learned})
    answer = apart(fit, learned, [example.text for example in (*dev, *unseen)])
    of_dev, of_unseen = np.split(answer.probabilities, [len(dev)])
    certain = np.array([example.confident for example in dev])
    everything = measure([example.label for example in dev], of_dev, labels)
    high = measure([example.label for example in dev if example.confident], of_dev[certain], labels)
    return {
        "dev high acc": high.accuracy,
        "dev high F1": high.macro_f1,
        "dev all acc": everything.accuracy,
        "dev all F1": everything.macro_f1,
        "ECE": high.ece,
        "AURC": high.aurc,
        "coverage at 2 %": high.coverage_at_error["0.02"],
        "unseen acc": measure([example.label for example in unseen], of_unseen, labels).accuracy,
        "seconds": answer.seconds,
        "peak MB": answer.peak_mb,
    }


def by_source(fit: Fit, examples: Sequence[Example]) -> dict[str, float]:
    """Accuracy on the certain documents of each source, learned from the others.

    Those known to be labelled because our own model doubted them are left out: they would be held against it alone.
    """
    found = {}
    for source in sorted({example.source for example in examples} - {""}):
        learned = [example for example in examples if example.source != source]
        held_out = [part for part in examples if part.source == source and part.confident and part.fair]
        found[f"out: {source}"] = judged(fit, learned, held_out).accuracy
    return found


def sanad(shared: Path) -> tuple[list[Example], list[Example]]:
    """SANAD AlKhaleej, 7 sections: a stratified 20 % held out, seed 0."""
    rows = list(read_rows(shared / "corpora/sanad-khaleej.jsonl.xz"))
    examples = [Example(row["text"], row["label"], row["id"]) for row in rows]
    parts = train_test_split(examples, test_size=0.2, random_state=0, stratify=[example.label for example in examples])
    return parts[0], parts[1]


def asnd(shared: Path) -> tuple[list[Example], list[Example]]:
    """ASND, 12 classes: the official training and test parts."""
    rows = list(read_rows(shared / "corpora/asnd.jsonl.xz"))
    test = next(split for split in sorted({row["split"] for row in rows}) if split.startswith(("tst", "test")))
    parts = [
        [Example(row["text"], row["label"], row["id"]) for row in rows if row["split"] == split]
        for split in ("trn", test)
    ]
    return parts[0], parts[1]


def other_labels(name: str, fit: Fit, shared: Path) -> dict[str, float]:
    """The same training on other labels: SANAD's sections and ASND's classes."""
    found = {}
    if name in OTHER_LABELS:
        found["SANAD 7 acc"] = judged(fit, *sanad(shared)).accuracy
    if name in (*OTHER_LABELS, RECIPE):
        found["ASND 12 F1"] = judged(fit, *asnd(shared)).macro_f1
    return found


def contestants(corpora: Path) -> dict[str, Fit]:
    return {
        RECIPE: partial(ours, corpora=corpora),
        ADAPTED: partial(ours, corpora=corpora, archive=corpora / "saudinewsnet-unlabelled.jsonl.xz"),
        "ours, labels only": ours,
        "scikit-learn defaults": partial(scikit_learn, folded=False),
        "scikit-learn + normalisation": partial(scikit_learn, folded=True),
        "fastText words": fasttext,
        "fastText bigrams": partial(fasttext, wordNgrams=2),
        "fastText subwords": partial(fasttext, minn=3, maxn=5, bucket=200_000),
    }


def table(rows: dict[str, dict[str, float]]) -> Iterator[str]:
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    yield "| | " + " | ".join(columns) + " |"
    yield "|---" * (len(columns) + 1) + "|"
    for name, row in rows.items():
        yield f"| {name} | " + " | ".join(f"{row[column]:.4g}" if column in row else "" for column in columns) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shared", type=Path)
    parser.add_argument("--quick", action="store_true", help="the dev set and the unseen documents only")
    parser.add_argument("--resume", action="store_true", help="keep the rows already in results/accuracy.json")
    arguments = parser.parse_args()
    shared, made = arguments.shared, recipe()
    examples = [*made.labelled(shared / "corpora"), *made.seeds()]
    dev, unseen = dev_set(shared), load_corpus(HERE / "unseen").examples
    about = about_run(len(examples), len(unseen))
    rows = former_rows(about) if arguments.resume else {}
    fits = contestants(shared / "corpora")
    for name, fit in fits.items():
        if name in rows:
            continue
        rows[name] = on_others(fit, examples, dev, unseen)
        if not arguments.quick:
            rows[name] |= by_source(fit, examples) if name != ADAPTED else {}
            rows[name] |= other_labels(name, fit, shared)
        print(name, rows[name], flush=True)
        rows = {name: rows[name] for name in fits if name in rows}
        write(about, rows)
    print("\n".join(table(rows)))
    if not arguments.quick:
        made.write_card(Model.load(), made.HERE, measured(about, rows))


def about_run(documents: int, unseen: int) -> dict[str, Any]:
    """Where and when a run is made, from how many documents it learns, and how many unseen ones it is measured on."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return {"machine": machine, "date": date.today().isoformat(), "documents": documents, "unseen": unseen}


def former_rows(about: dict[str, Any]) -> dict[str, dict[str, float]]:
    """The rows of a run that was ended before, if it had as many documents to learn from and to be measured on."""
    record = json.loads(RESULTS.read_text(encoding="utf-8"))
    return dict(record["rows"]) if all(record[kind] == about[kind] for kind in ("documents", "unseen")) else {}


def measured(about: dict[str, Any], rows: dict[str, dict[str, float]]) -> str:
    """The part of the shipped model's card that tells of documents it never saw."""
    lines = [
        "## Beside other classifiers, on documents not learned from",
        "",
        f"`benchmarks/accuracy.py`, {about['machine']}, {about['date']}: all learned from the same "
        f"{about['documents']:,} documents.",
        "`dev` is another country's papers (high: where their readers were sure), "
        f"`unseen` {about['unseen']} documents of many kinds",
        "and years, `out` a source left out with all it taught; the last columns are other corpora with labels of",
        "their own, learned by the same tool.",
        "",
        *table(rows),
    ]
    return "\n" + "\n".join(lines) + "\n"


def write(about: dict[str, Any], rows: dict[str, dict[str, float]]) -> None:
    """Keep what is measured so far."""
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""One measurement in a process of its own, for what a process as a whole costs: memory, and training.

Usage: python benchmarks/tasks.py TASK CORPUS FOLDER. CORPUS is JSON Lines of text and label; models lie in FOLDER.
Prints JSON: seconds of the work itself, without imports and reading, and the peak of resident memory in megabytes.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Texts = list[str]


def label_ours(texts: Texts, labels: Texts, folder: Path) -> Callable[[], object]:
    from classifier import Model

    model = Model.load(folder / "ours.model")
    return lambda: model.predict_many(texts)


def label_scikit_learn(texts: Texts, labels: Texts, folder: Path) -> Callable[[], object]:
    import joblib

    pipeline = joblib.load(folder / "rival.joblib")
    return lambda: pipeline.predict_proba(texts)


def label_fasttext(texts: Texts, labels: Texts, folder: Path) -> Callable[[], object]:
    import fasttext
    from contestants import normalised

    model = fasttext.load_model(str(folder / "rival.bin"))
    return lambda: model.predict([normalised(text) for text in texts])


def train_ours(texts: Texts, labels: Texts, folder: Path) -> Callable[[], object]:
    from contestants import corpus_of

    from classifier import train

    return lambda: train(corpus_of(texts, labels), folder / "trained.model")


def fit_ours(texts: Texts, labels: Texts, folder: Path) -> Callable[[], object]:
    from classifier.training import build_pipeline

    pipeline = build_pipeline().set_params(linear=_linear(texts))
    return lambda: pipeline.fit(texts, labels)


def fit_scikit_learn(texts: Texts, labels: Texts, folder: Path) -> Callable[[], object]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    pipeline = make_pipeline(TfidfVectorizer(sublinear_tf=True, min_df=2), _linear(texts))
    return lambda: pipeline.fit(texts, labels)


def _linear(texts: Texts) -> Any:
    """The linear model that `train` would learn from so many documents."""
    from classifier.training.fitting import linear_model
    from classifier.training.lesson import LARGE

    return linear_model(10.0, large=len(texts) > LARGE)


def fit_fasttext(texts: Texts, labels: Texts, folder: Path) -> Callable[[], object]:
    from contestants import learn_fasttext

    return lambda: learn_fasttext(texts, labels, folder / "rival.bin")


def main() -> None:
    task, corpus, folder = sys.argv[1:]
    rows = [json.loads(line) for line in Path(corpus).read_text(encoding="utf-8").splitlines()]
    work = globals()[task]([row["text"] for row in rows], [row["label"] for row in rows], Path(folder))
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb()}))


def peak_mb() -> float:
    """Peak resident megabytes of this program (`ru_maxrss` would count what the parent held when it started this)."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = status.read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    main()

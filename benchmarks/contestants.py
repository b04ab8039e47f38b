"""The classifiers that `speed` compares, each behind the same two calls: learn from texts, label a list of documents.

A document is UTF-8 bytes in memory, an answer one probability per label (or what comes nearest to it there). Rivals are
used as their own manuals say, in their fastest ordinary way; what each is spared is said in its docstring.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from classifier import Model
from classifier.analysis import stem
from classifier.corpus import Corpus, Example
from classifier.engine import Engine, softmax

MARKS = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200f\u202a-\u202e\ufeff]+")
OTHERS = re.compile(r"[\W\d_]+")
FOLDED = (("أ", "ا"), ("إ", "ا"), ("آ", "ا"), ("ٱ", "ا"), ("ى", "ي"), ("ة", "ه"))


def normalised(text: str) -> str:
    """What a careful Python user does before fastText: marks off, alef, yeh and teh marbuta folded, letters kept."""
    text = MARKS.sub("", text)
    for letter, folded in FOLDED:
        text = text.replace(letter, folded)
    return OTHERS.sub(" ", text)


class Contestant(Protocol):
    """One way to label documents."""

    name: str

    def label(self, documents: Sequence[bytes]) -> Any:
        """Label documents on one core."""


class Ours:
    """This package: bytes to calibrated probabilities."""

    name = "arabic-topic-classifier"

    def __init__(self, model: Model) -> None:
        self.model = model
        self.engine = Engine(model.tables)

    def label(self, documents: Sequence[bytes], threads: int = 1) -> Any:
        if threads == 1:
            return [softmax(tally.scores) for tally in self.engine.tally_many(documents)]
        step = -(-len(documents) // (8 * threads))
        parts = [documents[start : start + step] for start in range(0, len(documents), step)]
        with ThreadPoolExecutor(threads) as pool:
            return [shares for part in pool.map(self.label, parts) for shares in part]


class OursDecided:
    """This package with all that `predict_many` adds: decision, reasons, digest, one object per document."""

    name = "... predict_many, from str"

    def __init__(self, model: Model) -> None:
        self.model = model

    def label(self, documents: Sequence[bytes]) -> Any:
        return self.model.predict_many([document.decode() for document in documents])


class ScikitLearn:
    """`TfidfVectorizer` with its own tokeniser, and logistic regression: spared normalising and stemming."""

    name = "scikit-learn"

    def __init__(self, texts: Sequence[str], labels: Sequence[str], features: int | None = None) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=2, max_features=features)
        linear = LogisticRegression(C=10.0, max_iter=1000, class_weight="balanced")
        self.pipeline = make_pipeline(vectorizer, linear).fit(texts, labels)

    def label(self, documents: Sequence[bytes]) -> Any:
        return self.pipeline.predict_proba(documents)


class ScikitLearnNormalised(ScikitLearn):
    """The same with `normalised` before it: spared stemming."""

    name = "scikit-learn, normalising"

    def __init__(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        super().__init__([normalised(text) for text in texts], labels)

    def label(self, documents: Sequence[bytes]) -> Any:
        return self.pipeline.predict_proba([normalised(document.decode()) for document in documents])


class ScikitLearnEquivalent(ScikitLearn):
    """The same on the terms we count: normalised and stemmed in Python."""

    name = "scikit-learn, equivalent"

    def __init__(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        super().__init__([" ".join(self.stems(text)) for text in texts], labels)
        self.pipeline[0].set_params(analyzer=self.stems)

    @staticmethod
    def stems(text: str | bytes) -> list[str]:
        text = text.decode() if isinstance(text, bytes) else text
        return [stem(word) for word in normalised(text).split() if len(word) > 1]


class FastText:
    """fastText, words only, on lines normalised beforehand: spared decoding and normalising.

    It learns in a process of its own (`tasks`, fit_fasttext), on its default of 12 threads: with fewer than ten it
    leaves part of its matrix as it finds the memory, and where other work went before it ends in "Encountered NaN".
    """

    name = "fastText, pre-normalised"

    def __init__(self, path: Path) -> None:
        import fasttext

        self.model = fasttext.load_model(str(path))
        self.prepared: dict[int, list[str]] = {}

    def prepare(self, documents: Sequence[bytes]) -> None:
        """Normalise ahead of the clock."""
        self.prepared[id(documents)] = [normalised(document.decode()) for document in documents]

    def label(self, documents: Sequence[bytes]) -> Any:
        return self.model.predict(self.prepared[id(documents)])


def learn_fasttext(texts: Iterable[str], labels: Iterable[str], path: Path) -> None:
    """Learn a fastText model and write it to a file."""
    import fasttext

    lines = path.with_suffix(".txt")
    rows = zip(texts, labels, strict=True)
    lines.write_text("".join(f"__label__{label} {normalised(text)}\n" for text, label in rows), encoding="utf-8")
    fasttext.train_supervised(str(lines), verbose=0).save_model(str(path))


class FastTextEndToEnd:
    """The same model with decoding and normalising, which a document as it comes needs."""

    name = "fastText, end to end"

    def __init__(self, trained: FastText) -> None:
        self.model = trained.model

    def label(self, documents: Sequence[bytes]) -> Any:
        return self.model.predict([normalised(document.decode()) for document in documents])


class VowpalWabbit:
    """Vowpal Wabbit on a file of lines normalised beforehand: its own reader and threads, no Python between."""

    name = "Vowpal Wabbit, pre-normalised"

    def __init__(self, texts: Sequence[str], labels: Sequence[str], folder: Path) -> None:
        self.folder, self.names = folder, sorted(set(labels))
        rows = zip(texts, labels, strict=True)
        lines = [f"{self.names.index(label) + 1} |w {normalised(text)}\n" for text, label in rows]
        (folder / "vw.train").write_text("".join(lines), encoding="utf-8")
        self._run(f"--oaa {len(self.names)} -b 18 -d {folder}/vw.train -f {folder}/vw.model")

    def prepare(self, documents: Sequence[bytes]) -> None:
        """Normalise ahead of the clock, into the file that is read under it."""
        text = "".join(f"1 |w {normalised(document.decode())}\n" for document in documents)
        (self.folder / f"{id(documents)}.vw").write_text(text, encoding="utf-8")

    def label(self, documents: Sequence[bytes]) -> Any:
        self._run(
            f"-t -i {self.folder}/vw.model -d {self.folder}/{id(documents)}.vw -p {self.folder}/{id(documents)}.out"
        )

    def _run(self, arguments: str) -> None:
        from vowpalwabbit import pyvw

        pyvw.Workspace(f"--quiet --no_stdin {arguments}").finish()


class WordCount:
    """`wc -w` in a UTF-8 locale: no labels at all, only where words begin and end."""

    name = "wc -w"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self, documents: Sequence[bytes]) -> None:
        """Write the file that is read under the clock."""
        self._path(documents).write_bytes(b"\n".join(documents))

    def label(self, documents: Sequence[bytes]) -> Any:
        path = self._path(documents)
        return subprocess.run(["wc", "-w", path], env={"LC_ALL": "C.UTF-8"}, check=True, capture_output=True)

    def _path(self, documents: Sequence[bytes]) -> Path:
        return self.folder / f"{id(documents)}.txt"


class Decode:
    """`bytes.decode`: the least that any Python program pays."""

    name = "bytes.decode"

    def label(self, documents: Sequence[bytes]) -> Any:
        return [document.decode() for document in documents]


def available(library: str) -> bool:
    return importlib.util.find_spec(library) is not None


def corpus_of(texts: Sequence[str], labels: Sequence[str]) -> Corpus:
    """Labelled texts as our own training takes them."""
    rows = enumerate(zip(texts, labels, strict=True))
    return Corpus.from_examples(Example(text, label, name=str(number)) for number, (text, label) in rows)

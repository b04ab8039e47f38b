"""A trained model: load it, ask it, ask it why."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifier import artefact
from classifier.decision import Decision, Thresholds, coverage_of, cut_off_for, decide, softmax
from classifier.documents import read_bytes, read_document
from classifier.engine import Engine, Tables, Tally
from classifier.errors import ModelFileError
from classifier.prediction import Evidence, Explanation, Passage, Prediction

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Evidence", "Explanation", "Model", "Passage", "Prediction", "locate"]

DEFAULT = "arabic-news"
FILE_NAME = "model.safetensors"


class Model:
    """A loaded model. Threads may share one; nothing in it changes after loading.

    >>> Model.load().predict("رفع البنك المركزي أسعار الفائدة لكبح التضخم في الأسواق").label
    'economy/fintech'
    """

    def __init__(self, loaded: artefact.Artefact) -> None:
        try:
            self.labels: tuple[str, ...] = tuple(loaded.metadata["labels"])
            self.name = str(loaded.metadata["name"])
            self.thresholds = Thresholds(**loaded.metadata["thresholds"])
        except (KeyError, TypeError) as error:
            raise ModelFileError(f"the model's description lacks a part ({error}); get or train it again") from None
        self.metadata = loaded.metadata
        self.tables = Tables.from_artefact(loaded.arrays, loaded.metadata)
        self._arrays = loaded.arrays
        self._engine = Engine(self.tables)

    @classmethod
    def load(cls, source: str | os.PathLike[str] | None = None) -> Model:
        """Load a model file, or a shipped model by name (the default: arabic-news).

        Raises `ModelFileError` when it is missing, damaged or of a newer format.
        """
        path = locate(source)
        try:
            return cls(artefact.load(path))
        except ModelFileError as error:
            raise error if str(error).startswith(str(path)) else ModelFileError(f"{path}: {error}") from None

    @property
    def id(self) -> str:
        """Name and first eight digits of the digest: what predictions carry."""
        return f"{self.name}@{str(self.metadata['digest'])[:8]}"

    @property
    def terms(self) -> list[str]:
        """The known terms, most frequent first."""
        return bytes(self._arrays["spellings"]).decode("utf-8").split("\n")

    def predict(
        self, text: str, *, max_error: float | None = None, explain: bool = False, passages: bool = False
    ) -> Prediction:
        """Label one text; see `predict_many`."""
        prediction = self._prediction(text, self._engine.tally(text), self._cut_off(max_error))
        if explain and prediction.probabilities:
            prediction = replace(prediction, evidence=self.explain(text).evidence)
        return prediction

    def predict_file(
        self,
        path: str | os.PathLike[str],
        *,
        max_error: float | None = None,
        explain: bool = False,
        passages: bool = False,
    ) -> Prediction:
        """Label one document of any format; `-` is standard input. The digest is that of the file's bytes.

        Raises `DocumentError` when it cannot be read.
        """
        name = os.fspath(path)
        if name == "-":
            data = sys.stdin.buffer.read()
            document = read_bytes(data, name, knows=self.knows)
            digest = hashlib.sha256(data).hexdigest()
        else:
            document = read_document(name, knows=self.knows)
            with Path(name).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        prediction = self.predict(document.text, max_error=max_error, explain=explain, passages=passages)
        notes = [prediction.message] if prediction.message else []
        if document.repairs:
            notes.append("put right while reading: " + ", ".join(document.repairs))
        return replace(prediction, path=name, sha256=digest, message="; ".join(notes) or None)

    def predict_many(self, texts: Iterable[str], *, max_error: float | None = None, jobs: int = 1) -> list[Prediction]:
        """Label texts, in order, on `jobs` threads.

        With `max_error`, texts whose label is less certain than that held-out error are *unknown*, AMBIGUOUS. Raises
        `ClassifierError` when the model cannot promise the error.
        """
        texts = list(texts)
        cut_off = self._cut_off(max_error)
        tallies = self._engine.tally_many(texts, jobs)
        return [self._prediction(text, tally, cut_off) for text, tally in zip(texts, tallies, strict=True)]

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray[Any, Any]:
        """Probabilities (n, labels), columns in the order of `labels`, with no abstention."""
        import numpy as np

        tallies = self._engine.tally_many(list(texts))
        return np.array([softmax(tally.scores) for tally in tallies]).reshape(-1, len(self.labels))

    def explain(self, text: str) -> Explanation:
        """Why every label has its score, the best label first: contributions and intercept add up to each score."""
        from classifier.evidence import explain

        return explain(text, self._engine, self.tables, self.labels)

    def bias(self, label: str) -> float:
        """The intercept of a label: its score for a text without known terms."""
        return float(self.tables.bias[self.labels.index(label)])

    def knows(self, text: str) -> float:
        """The share (0 to 1) of a text's words that the model knows; what decides between readings of a file."""
        return coverage_of(self._engine.tally(text))

    def _cut_off(self, max_error: float | None) -> float:
        return cut_off_for(max_error, self.metadata.get("risk", ()))

    def _prediction(self, text: str, tally: Tally, cut_off: float) -> Prediction:
        decision: Decision = decide(tally, self.labels, self.thresholds, cut_off)
        return Prediction(
            path=None,
            sha256=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
            status="unknown" if decision.label is None else "labelled",
            label=decision.label,
            probability=decision.probability,
            probabilities=decision.probabilities,
            reason=decision.reason,
            message=decision.message,
            coverage=coverage_of(tally),
            topics=() if decision.label is None else ({"label": decision.label, "share": 1.0},),
            model=self.id,
        )


def locate(source: str | os.PathLike[str] | None) -> Path:
    """The file of a model given by path, by folder, or by the name of a shipped model."""
    if source is None:
        source = DEFAULT
    path = Path(source)
    if path.is_dir():
        path = path / FILE_NAME
    if not path.exists() and len(path.parts) == 1:
        for shelf in _shelves():
            if (shelf / path / FILE_NAME).exists():
                return shelf / path / FILE_NAME
    return path


def _shelves() -> tuple[Path, ...]:
    """Where shipped models lie: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).resolve().parent
    return here / "models", here.parent / "models"

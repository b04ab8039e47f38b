"""A trained model: load it, ask it, ask it why."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifier import artefact
from classifier.decision import Thresholds, coverage_of, cut_off_for
from classifier.documents import Document, Limits, read_bytes
from classifier.documents.reading import load
from classifier.engine import Tables, softmax
from classifier.engine.tables import LARGEST
from classifier.errors import DocumentError, ModelFileError, Reason
from classifier.judgement import Judge, Judgement
from classifier.prediction import Evidence, Passage, Prediction, digest_of, utf8_of
from classifier.shelves import locate

if TYPE_CHECKING:
    import numpy as np

    from classifier.evidence import Explanation

__all__ = ["Evidence", "Model", "Passage", "Prediction", "locate"]


class Model:
    """A loaded model. Threads may share one; nothing in it changes after loading.

    A process or machine that is handed one loads the same file again, where it must lie at the same path.

    >>> Model.load().predict("رفع البنك المركزي أسعار الفائدة لكبح التضخم في الأسواق").label
    'economy/fintech'
    """

    def __init__(self, loaded: artefact.Artefact, path: Path | None = None) -> None:
        self.path = path  # the file it was loaded from
        try:
            _check(loaded.metadata)
            self.labels: tuple[str, ...] = tuple(loaded.metadata["labels"])
            self.name = str(loaded.metadata["name"])
            self.thresholds = Thresholds(**loaded.metadata["thresholds"])
        except (KeyError, TypeError) as error:
            raise ModelFileError(f"the model's description lacks a part ({error}); get or train it again") from None
        self.metadata = loaded.metadata
        self.tables = Tables.from_artefact(loaded.arrays, loaded.metadata)
        self._arrays = loaded.arrays
        self._judge = Judge(self.tables, self.labels, self.thresholds)
        self._engine = self._judge.engine

    @classmethod
    def load(cls, source: str | os.PathLike[str] | None = None) -> Model:
        """Load a model file, or a shipped model by name (the default: arabic-news).

        The file stays mapped into memory: replace it by renaming another over it, never by writing into it. Raises
        `ModelFileError` when it is missing, damaged or of a newer format.
        """
        path = locate(source)
        try:
            return cls(artefact.load(path), path.absolute())
        except ModelFileError as error:
            raise error if str(error).startswith(str(path)) else ModelFileError(f"{path}: {error}") from None

    def __repr__(self) -> str:
        return f"<Model {self.id}>"

    def __reduce__(self) -> tuple[Any, ...]:
        if self.path is None:
            raise TypeError(
                "a model that was not loaded from a file cannot be handed to another process; save it first"
            )
        return _load_again, (str(self.path), self.metadata["digest"])

    @property
    def id(self) -> str:
        """Name and first eight digits of the digest: what predictions carry."""
        return artefact.id_of(self.metadata)

    @property
    def terms(self) -> list[str]:
        """The known terms, most frequent first.

        Raises `ModelFileError` where the file does not spell each: no prediction needs them, so loading does not look.
        """
        try:
            terms = bytes(self._arrays["spellings"]).decode("utf-8").split("\n")
        except (KeyError, UnicodeDecodeError):
            terms = []
        if len(terms) != len(self.tables.hashes):
            raise ModelFileError(
                f"{self.id}: does not spell each of its terms; it can predict, but for more get or train it again"
            )
        return terms

    def predict(
        self, text: str, *, max_error: float | None = None, explain: bool = False, passages: bool = False
    ) -> Prediction:
        """Label one text as `predict_many` does; say why with `explain`, cut it by topic with `passages`."""
        _require_texts([text])
        return self._predict(text, digest_of(text), max_error=max_error, explain=explain, passages=passages)

    def _predict(self, text: str, digest: str, *, max_error: float | None, explain: bool, passages: bool) -> Prediction:
        judged = self._judge.judge(text, self._engine.tally(text), self._cut_off(max_error))
        prediction = self._prediction(digest, judged)
        if passages:
            prediction = replace(prediction, passages=self._judge.passages(judged))
        if explain:
            evidence = self._explanation(judged).evidence if prediction.probabilities else ()
            prediction = replace(prediction, evidence=evidence)
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
        document, digest = self.read_file(path)
        return self.predict_document(
            document, os.fspath(path), digest, max_error=max_error, explain=explain, passages=passages
        )

    def predict_document(
        self,
        document: Document,
        path: str,
        digest: str,
        *,
        max_error: float | None = None,
        explain: bool = False,
        passages: bool = False,
    ) -> Prediction:
        """Label a document that `read_file` has read from `path`, with the digest it gave."""
        prediction = self._predict(document.text, digest, max_error=max_error, explain=explain, passages=passages)
        return prediction.located(path, digest, document.repairs)

    def read_file(self, path: str | os.PathLike[str]) -> tuple[Document, str]:
        """A document, read with the model's help in doubts of encoding, and the SHA-256 of its bytes.

        Raises `DocumentError` when it cannot be read.
        """
        name = os.fspath(path)
        data = _standard_input() if name == "-" else load(name)
        digest = hashlib.sha256(data).hexdigest()
        try:
            return read_bytes(data, name, knows=self.knows), digest
        except DocumentError as error:
            error.sha256 = digest
            raise

    def predict_many(self, texts: Iterable[str], *, max_error: float | None = None, jobs: int = 1) -> list[Prediction]:
        """Label texts, in order, on `jobs` threads.

        With `max_error`, texts whose label is less certain than that held-out error are *unknown*, AMBIGUOUS. Raises
        `ClassifierError` when the model cannot promise the error.
        """
        texts = _require_texts(texts)
        cut_off = self._cut_off(max_error)
        contents = [utf8_of(text) for text in texts]
        tallies = self._engine.tally_many(contents, jobs)
        return [
            self._prediction(hashlib.sha256(content).hexdigest(), self._judge.judge(text, tally, cut_off))
            for content, text, tally in zip(contents, texts, tallies, strict=True)
        ]

    def predict_proba(self, texts: Iterable[str]) -> np.ndarray[Any, Any]:
        """Probabilities (n, labels), columns in the order of `labels`: what the linear model makes of all of a text.

        No abstention, nor what `predict` does for documents: boilerplate and the other articles of a mixed page speak
        here, and words without spaces stay together. The exported pipeline gives the same.
        """
        import numpy as np

        tallies = self._engine.tally_many(_require_texts(texts))
        return np.array([softmax(tally.scores) for tally in tallies]).reshape(-1, len(self.labels))

    def explain(self, text: str) -> Explanation:
        """Why every label has its score, the best label first: contributions and intercept add up to each score.

        On a mixed page these are the scores of its main article, as in `predict`.
        """
        _require_texts([text])
        return self._explanation(self._judge.judge(text, self._engine.tally(text)))

    def passages(self, text: str) -> tuple[Passage, ...]:
        """A text cut into runs of paragraphs on one topic; none where there is too little evidence."""
        _require_texts([text])
        return self._judge.passages(self._judge.judge(text, self._engine.tally(text)))

    def bias(self, label: str) -> float:
        """The intercept of a label: its score for a text without known terms."""
        return float(self.tables.bias[self.labels.index(label)])

    def knows(self, text: str) -> float:
        """The share (0 to 1) of a text's words that the model knows; what decides between readings of a file."""
        return coverage_of(self._engine.tally(text))

    def _cut_off(self, max_error: float | None) -> float:
        return cut_off_for(max_error, self.metadata.get("risk", ()))

    def _explanation(self, judged: Judgement) -> Explanation:
        from classifier.evidence import explain

        origins = judged.spaced.origins if judged.spaced else tuple
        whole = explain(judged.text, self._engine, self.tables, self.labels, origins)
        others = [
            explain(text, self._engine, self.tables, self.labels, origins).of(label)
            for label, text in self._judge.other_articles(judged)
            if label != whole.label
        ]
        return replace(whole, others=tuple(others))

    def _prediction(self, digest: str, judged: Judgement) -> Prediction:
        decision = judged.decision
        return Prediction(
            path=None,
            sha256=digest,
            status="unknown" if decision.label is None else "labelled",
            label=decision.label,
            probability=decision.probability,
            probabilities=decision.probabilities,
            reason=decision.reason,
            message=self._judge.message(judged),
            coverage=coverage_of(judged.tally),
            topics=self._judge.topics(judged),
            model=self.id,
        )


def _check(metadata: Mapping[str, Any]) -> None:
    """Raise `ModelFileError` where a part of a model's description is there, but is not what it should be."""
    labels, thresholds = metadata["labels"], metadata["thresholds"]
    risk, provenance = metadata.get("risk", []), metadata.get("provenance", {})
    are_names = isinstance(labels, list) and all(isinstance(label, str) and label for label in labels)
    sound = {
        "labels are not distinct names": are_names and len(set(labels)) == len(labels),
        "thresholds are not amounts": isinstance(thresholds, dict) and _are_amounts(thresholds.values()),
        "risk is not a table of held-out errors": isinstance(risk, list) and all(map(_is_proof, risk)),
        "provenance is not a table": isinstance(provenance, dict),
    }
    for fault, is_sound in sound.items():
        if not is_sound:
            raise ModelFileError(f"its {fault}: get or train it again")


def _is_proof(row: object) -> bool:
    """Whether a row of the risk table has what `cut_off_for` reads."""
    if not isinstance(row, dict):
        return False
    bound = ("bound",) if "bound" in row else ("error", "answers")  # the latter in earlier models
    return _are_amounts(row.get(name) for name in ("probability", "coverage", *bound)) and row.get("answers") != 0


def _are_amounts(values: Iterable[object]) -> bool:
    """Whether all are numbers, none below zero nor NaN, that can be reckoned with."""
    return all(isinstance(value, int | float) and 0 <= value <= LARGEST for value in values)


def _load_again(path: str, digest: str) -> Model:
    """What a pickled model stands for: its file, which must still be the same."""
    model = Model.load(path)
    if model.metadata["digest"] != digest:
        raise ModelFileError(f"{path}: holds another model by now ({model.id}); load it anew where it is needed")
    return model


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise DocumentError(Reason.NOT_FOUND, "the standard input is closed; give a file, or pipe a document in")
    most = Limits().max_bytes
    data = sys.stdin.buffer.read(most + 1)
    if len(data) > most:
        message = f"the standard input holds more than the {most:,} bytes of a document; split it"
        raise DocumentError(Reason.TOO_LARGE, message)
    return data


def _require_texts(texts: Iterable[str]) -> list[str]:
    """The texts as a list; one text alone would pass for many of one letter each."""
    if isinstance(texts, str | bytes):
        raise TypeError("several texts are expected, not one; give a list of texts, or ask `predict` for one")
    several = list(texts)
    for text in several:
        if not isinstance(text, str):
            kind = type(text).__name__
            raise TypeError(f"a text is a str, not {kind}; decode bytes, or give their file to `predict_file`")
    return several

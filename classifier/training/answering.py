"""An archive as a model sees it: a sample of its documents, their terms counted, and what the model answers."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from classifier.decision import decide
from classifier.engine import Engine, Lexicon, Reader
from classifier.engine import Tally as Answer
from classifier.errors import ClassifierError, Reason, listed
from classifier.model import Model
from classifier.training.archives import Progress, Sample, Tally, read_sampled
from classifier.training.counting import term_numbers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BLOCK = 512  # documents read and counted together
IN_ORDER = 1_000  # terms of a document kept in reading order, which bounds what a book takes


@dataclass(frozen=True, slots=True)
class Counted:
    """One document of the sample: its terms counted and, as hashes, in order; what the model answers, and if it may."""

    digest: str
    numbers: NDArray[np.int32]
    counts: NDArray[np.int32]
    hashes: NDArray[np.uint64]
    answer: Answer
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A sample of an archive, counted and answered by the teacher, ordered by content."""

    terms: list[str]
    documents: list[Counted]
    tally: Tally

    @property
    def answers(self) -> list[Counted]:
        """The documents in which the model finds enough to judge by."""
        return [document for document in self.documents if document.reason is None]

    @property
    def digest(self) -> str:
        """SHA-256 over the texts that were read."""
        return hashlib.sha256("\n".join(document.digest for document in self.documents).encode()).hexdigest()

    def counts(self) -> scipy.sparse.csr_matrix:
        """How often each term stands in the documents of `answers` (documents, terms)."""
        documents = self.answers
        starts = np.concatenate([[0], np.cumsum([len(document.numbers) for document in documents])])
        numbers = np.concatenate([document.numbers for document in documents])
        counts = np.concatenate([document.counts for document in documents]).astype(np.float64)
        matrix = scipy.sparse.csr_matrix((counts, numbers, starts), shape=(len(documents), len(self.terms)))
        matrix.sort_indices()
        return matrix

    def sequences(self) -> Iterator[Ints]:
        """The documents of `answers` as term numbers in reading order, each up to its first IN_ORDER terms."""
        number = term_numbers(self.terms)
        for document in self.answers:
            yield number(document.hashes)

    def scores(self) -> Floats:
        """The model's scores of the documents of `answers` (documents, labels)."""
        return np.array([document.answer.scores for document in self.answers])

    def oddities(self, *, least_documents: int, least_share: float) -> list[str]:
        """What is odd about the archive; raises `ClassifierError` when there is too little to learn from."""
        reasons = Counter(document.reason for document in self.documents)
        judged, total = reasons[None], len(self.documents)
        found = listed({str(reason): count for reason, count in sorted(reasons.items(), key=str) if reason})
        left_out = self.tally.reasons()
        if total and judged < least_share * total:
            raise ClassifierError(
                f"the model can judge only {judged:,} of {total:,} documents ({found}): the archive is too unlike what "
                "it learned from; label some documents (`classifier suggest`) and train on them instead"
            )
        if judged < least_documents:
            raise ClassifierError(
                f"the archive holds {judged:,} documents that the model can judge, and {least_documents:,} are "
                f"needed to learn from; give a larger archive{found and f' (it could not judge {found})'}"
                f"{left_out and f' (left out: {left_out})'}"
            )
        if judged < 0.9 * total:
            return [f"the model could not judge {total - judged:,} of {total:,} documents ({found})"]
        return []


def read_archive(archive: str | os.PathLike[str], teacher: Model, size: int, seed: int, say: Progress) -> Reading:
    """Sample `size` documents of an archive, count their terms and ask the teacher."""
    tables, tally = teacher.tables, Tally()
    weighting, reader = tables.weighting, Reader(tables.analysis, tables.letters)
    lexicon = Lexicon(reader, lead=weighting.lead, lead_count=weighting.lead_count)
    sample, engine = Sample[Counted](size, seed), Engine(tables)
    block: list[tuple[int, str, str]] = []
    for place, _, text, digest in read_sampled(archive, sample, tally, teacher.knows, say):
        if place is not None:
            block.append((place, text, digest))
        if len(block) == BLOCK:
            _count(block, teacher, engine, lexicon, sample)
            block = []
    _count(block, teacher, engine, lexicon, sample)
    return Reading(lexicon.terms, sorted(sample.items, key=lambda document: document.digest), tally)


def _count(
    block: Sequence[tuple[int, str, str]], teacher: Model, engine: Engine, lexicon: Lexicon, sample: Sample[Counted]
) -> None:
    texts = [text for _, text, _ in block]
    starts, numbers, counts = (np.array(part) for part in lexicon.count_many(texts))
    for row, ((place, _, digest), answer) in enumerate(zip(block, engine.tally_many(texts), strict=True)):
        inside = slice(starts[row], starts[row + 1])
        reason = decide(answer, teacher.labels, teacher.thresholds).reason
        hashes = np.array(lexicon.reader.hashes(texts[row])[:IN_ORDER], np.uint64)
        sample.put(place, Counted(digest, numbers[inside].copy(), counts[inside].copy(), hashes, answer, reason))

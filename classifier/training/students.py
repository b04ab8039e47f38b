"""A student of a model: the same labels, learned from what the model says about an archive in which it is confident.

The student counts the archive's own terms beside its teacher's, and is blended with the teacher into one weight per
term and label. A teacher's term keeps its idf, so the teacher's part of the blend is the teacher's own judgement; a
term that the teacher does not know is given what the teacher thinks of the terms whose company it keeps. Before
anything is learned, a kernel model thinks the teacher's answers over: it sees which words stand together, and a text
unlike others of its label is found out.

What is fixed here was chosen by the errors made on open corpora that the teacher had not learned from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression

from classifier.engine.tables import LOAD
from classifier.model import Model
from classifier.training.calibration import confidence_of, temperature_for
from classifier.training.compiling import Linear
from classifier.training.fitting import columns_of
from classifier.training.neighbourhoods import CONTEXT_DOCUMENTS, Neighbourhoods, context_vectors, document_vectors
from classifier.training.tutoring import Unit, second_opinion

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

DIMENSIONS, CONTEXT_DIMENSIONS, SHARE = 100, 200, 16.0  # of the archive's term neighbourhoods, and what each weighs
LOYALTY = 2.0  # what the teacher's scores weigh among what the student learns from
STRENGTH = 1.0  # inverse regularisation
BALANCE = 0.35  # 0: labels count by their documents, 1: all alike
TRUST = 2.0  # a term so many times rarer here than where the teacher learned is weighed by both alike
DAMPING = 0.01  # of the regression of the teacher's weights on the company that terms keep
DOUBT = 0.75  # of the teacher's: adapted models err 15 to 34 % less where labels are known
SHARPEST = 0.5  # temperature for that: a teacher so sure has learned from the very archive, and it is no measure


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The terms of an archive and of its teacher: first the archive's, by spelling, then those that it lacks."""

    names: list[str]
    kept: list[int]  # the numbers that the archive's terms had
    rows: Ints  # in the teacher's list, negative for a term unknown to it

    @classmethod
    def of(cls, model: Model, terms: Sequence[str], documents: Ints, least: int) -> Vocabulary:
        """Keep the archive's terms that stand in `least` documents or that the teacher knows."""
        spellings = model.terms
        known = {term: row for row, term in enumerate(spellings)}
        kept = [number for number, term in enumerate(terms) if documents[number] >= least or term in known]
        kept.sort(key=terms.__getitem__)
        rows = np.array([known.get(terms[number], -1) for number in kept], np.int64)
        absent = np.setdiff1d(np.arange(len(known)), rows)  # the model must go on knowing them
        names = [terms[number] for number in kept] + [spellings[row] for row in absent]
        return cls(names, kept, np.concatenate([rows, absent]))

    @property
    def is_new(self) -> Bools:
        """Which terms the teacher does not know."""
        return self.rows < 0

    def renumbered(self, sequences: Iterable[Ints]) -> Iterator[Ints]:
        """Texts in the archive's numbers as texts in this vocabulary's, -1 for a term that was not kept."""
        place = np.full(max(self.kept, default=-1) + 2, -1)
        place[self.kept] = np.arange(len(self.kept))
        for sequence in sequences:
            yield place[np.minimum(sequence, len(place) - 1)]


@dataclass(frozen=True, slots=True)
class Study:
    """An archive as its student sees it: `teacher` holds its teacher's weights in the student's terms.

    `tfidf` is (documents, terms), `scores` (documents, labels) what the teacher says, `first` what it says once the
    terms new to it have weights by their company, `documents` in how many of the archive's texts each term stands.
    """

    teacher: Linear
    tfidf: scipy.sparse.csr_matrix
    scores: Floats
    first: Floats
    documents: Ints
    neighbourhoods: Neighbourhoods
    is_new: Bools  # (terms,), unknown to the teacher

    @classmethod
    def of(
        cls,
        model: Model,
        terms: Sequence[str],
        counts: scipy.sparse.csr_matrix,
        scores: Floats,
        *,
        sequences: Iterable[Ints],
        least: int,
    ) -> Study:
        """Make ready counts (documents, terms) and the same texts as `sequences` of term numbers.

        Terms of fewer documents than `least` need the teacher to know them.
        """
        documents = np.bincount(counts.indices, minlength=counts.shape[1])
        words = Vocabulary.of(model, terms, documents, least)
        counts = _widened(counts[:, words.kept], len(words.rows) - len(words.kept))
        documents = np.bincount(counts.indices, minlength=counts.shape[1])
        weigher = TfidfTransformer(sublinear_tf=True).fit(counts)
        weigher.idf_ = np.where(words.is_new, weigher.idf_, np.array(model.tables.idf, np.float64)[words.rows])
        tfidf = weigher.transform(counts)
        topics = document_vectors(tfidf, DIMENSIONS, 0)
        contexts = context_vectors(words.renumbered(sequences), documents, CONTEXT_DIMENSIONS, 0)
        taught = Linear(
            words.names, weigher.idf_, _weights_here(model, words, tfidf, scores), np.array(model.tables.bias)
        )
        teacher = _completed(taught, [topics, contexts], documents, words.is_new)
        temperature = temperature_for(tfidf @ teacher.weights + teacher.bias, confidence_of(scores))
        teacher = replace(teacher, weights=teacher.weights / temperature, bias=teacher.bias / temperature)
        return cls(
            teacher=teacher,
            tfidf=tfidf,
            scores=scores,
            first=tfidf @ teacher.weights + teacher.bias,
            documents=documents,
            is_new=words.is_new,
            neighbourhoods=Neighbourhoods([(topics, SHARE), (contexts, SHARE)], tfidf),
        )

    def reconsidered(self, rows: Ints, labels: Ints) -> Floats:
        """Scores (documents, labels) by kernel models of the labels given to some documents, as sure as the teacher.

        A document for which the teacher has a label that none of those has keeps the teacher's scores.
        """
        by_label = _class_weights(labels)
        weights = np.array([by_label[label] for label in labels])
        texts = Unit.of(self.tfidf, self.neighbourhoods)
        scores = second_opinion(texts, rows, labels, weights, count=self.first.shape[1])
        scores /= temperature_for(scores, confidence_of(self.first))
        return np.where(np.isin(self.first.argmax(axis=1), labels)[:, None], scores, self.first)

    def learn(self, rows: Ints, labels: Ints) -> Linear:
        """What a linear model makes of some documents and the labels given to them, at the teacher's scale.

        Labels that do not occur keep the teacher's weights, and the others differ from them on average as before. Terms
        much rarer in the archive than where the teacher learned keep near its weights too, so that what it knew of
        other archives is not forgotten.
        """
        weights, bias = self._learned(rows, labels)
        taught = np.unique(labels)
        scores = self.tfidf @ weights + bias
        scale = _spread(self.first[:, taught]) / max(_spread(scores), 1e-9)
        student = replace(self.teacher, weights=self.teacher.weights.copy(), bias=self.teacher.bias.copy())
        student.weights[:, taught] = weights * scale + self.teacher.weights[:, taught].mean(axis=1, keepdims=True)
        student.bias[taught] = bias * scale + self.teacher.bias[taught].mean()
        here, there = TRUST * self.documents / self.tfidf.shape[0], document_shares(self.teacher.idf)
        trust = np.where(self.is_new, 1.0, here / (here + there))[:, None]
        return replace(student, weights=trust * student.weights + (1 - trust) * self.teacher.weights)

    def _learned(self, rows: Ints, labels: Ints) -> tuple[Floats, Floats]:
        """Weights (terms, labels that occur) and intercepts learned from some documents, centred over the labels.

        The teacher's scores are among what is learned from, so that it is departed from only for a reason. Intercepts
        are held small like all weights: what favours a label in every text would do so in texts of other kinds.
        """
        documents, opinions = self.tfidf[rows], _centred(self.teacher.weights)
        opinions *= np.sqrt(LOYALTY / max(np.square(self.tfidf @ opinions).sum(axis=1).mean(), 1e-9))
        parts = [self.neighbourhoods.extend(documents), documents @ opinions, np.ones((len(rows), 1))]
        linear = LogisticRegression(
            C=STRENGTH, fit_intercept=False, class_weight=_class_weights(labels), max_iter=1000, tol=1e-5
        )
        linear.fit(scipy.sparse.hstack(parts, format="csr"), labels)
        learned, _ = columns_of(linear)
        terms, loyal, bias = np.split(_centred(learned), [-1 - opinions.shape[1], -1])
        return self.neighbourhoods.fold(terms) + opinions @ loyal, bias[0]

    def blend(self, student: Linear, part: float) -> Linear:
        """Teacher and student in one, `part` being the student's; a little surer of the archive than the teacher.

        There are no labels to calibrate on, but it errs less than its teacher, and would be too unsure at the teacher's
        confidence. The labels' shares are free to move (the student favours rare labels, which corrects a teacher that
        overlooks them on this archive); the caller checks how far they do.
        """
        weights = part * student.weights + (1 - part) * self.teacher.weights
        bias = part * student.bias + (1 - part) * self.teacher.bias
        confidence = 1 - DOUBT * (1 - confidence_of(self.scores))
        temperature = max(SHARPEST, temperature_for(self.tfidf @ weights + bias, confidence))
        return replace(student, weights=weights / temperature, bias=bias / temperature)

    def scored(self, linear: Linear) -> Floats:
        """Scores (documents, labels) of the archive."""
        scores: Floats = self.tfidf @ linear.weights + linear.bias
        return scores


def weights_of(model: Model) -> Floats:
    """A model's weights (terms, labels)."""
    table = np.array(model.tables.weights, np.float64).reshape(-1, len(model.labels))
    weights: Floats = table * np.array(model.tables.scale)
    return weights


def _weights_here(model: Model, words: Vocabulary, tfidf: scipy.sparse.csr_matrix, scores: Floats) -> Floats:
    """A teacher's weights of an archive's terms, 0 for new ones, so stretched that its `scores` keep their size."""
    weights: Floats = np.where(words.is_new[:, None], 0.0, weights_of(model)[words.rows])
    return weights * _stretch(scores - np.array(model.tables.bias), tfidf @ weights)


def _completed(taught: Linear, company: Sequence[Floats], documents: Ints, is_new: Bools) -> Linear:
    """A teacher with weights for the terms new to it: what it thinks of terms that keep the same company.

    Its weights are regressed (ridge, terms of more documents counting more) on the unit-length rows of the matrices
    `company` (terms, dimensions). Terms too rare for their company to be known stay without a weight.
    """
    weights = _centred(taught.weights)
    units = [rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9) for rows in company]
    vectors = np.hstack([*units, np.full((len(weights), 1), 0.3)])
    often = documents >= CONTEXT_DOCUMENTS
    learned = often & ~is_new
    counted = np.sqrt(documents[learned])[:, None] * vectors[learned]
    damping = DAMPING * np.sqrt(documents[learned]).sum() / vectors.shape[1] + 1e-9
    products = vectors[learned].T @ counted + damping * np.eye(vectors.shape[1])
    found = vectors @ np.linalg.solve(products, counted.T @ weights[learned])
    return replace(taught, weights=np.where((is_new & often)[:, None], found, weights))


def _class_weights(labels: Ints) -> dict[int, float]:
    """What a document of each label counts: the rarer the label the more, but less than would even labels out."""
    counts = np.bincount(labels)
    present = np.flatnonzero(counts)
    return {int(label): (len(labels) / len(present) / counts[label]) ** BALANCE for label in present}


def document_shares(idf: Floats) -> Floats:
    """The share of documents that hold each term, from its idf."""
    shares: Floats = np.exp(1.0 - idf)
    return shares


def fitting(linear: Linear, frequency: Floats, size: int) -> Linear:
    """The terms that move scores most, as many as go into `size` bytes of a model file, the most frequent first.

    `frequency` is the share of documents that hold each term.
    """
    spread = linear.weights.max(axis=1) - linear.weights.min(axis=1)
    order = np.argsort(-(frequency * linear.idf * spread), kind="stable")
    fixed = 8 + 4 + 2 * linear.weights.shape[1] + 4 / LOAD  # hash, idf, weights, slots
    bytes_each = np.array([len(linear.terms[row].encode("utf-8")) + 1 + fixed for row in order])
    kept = order[: max(1, int(np.searchsorted(np.cumsum(bytes_each), size)))]
    return linear.selected(kept[np.lexsort((kept, -frequency[kept]))])


def _widened(counts: scipy.sparse.csr_matrix, columns: int) -> scipy.sparse.csr_matrix:
    shape = (counts.shape[0], counts.shape[1] + columns)
    widened = scipy.sparse.csr_matrix((counts.data, counts.indices, counts.indptr), shape=shape)
    widened.sort_indices()  # sums in one order give one model
    return widened


def _centred(values: Floats) -> Floats:
    """Values (n, labels) less the mean of their labels: only differences between labels tell."""
    centred: Floats = values - values.mean(axis=1, keepdims=True)
    return centred


def _spread(scores: Floats) -> float:
    return float(np.sqrt(np.square(_centred(scores)).mean()))


def _stretch(wanted: Floats, found: Floats) -> float:
    """By what to multiply weights to keep scores as large as they were before new terms lengthened the texts."""
    wanted, found = _centred(wanted), _centred(found)
    return float((wanted * found).sum() / max(float(np.square(found).sum()), 1e-9))

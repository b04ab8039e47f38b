"""The documents most worth labelling next: `suggest`.

Most are ones the model is least sure of, of every label it thinks they have and as unlike each other as possible; the
rest are drawn at random, because shares and accuracy can be estimated from random documents only. What the model thinks
is kept from the reader: the list is shuffled and names no label.
"""

from __future__ import annotations

import csv
import io
import os
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from threadpoolctl import threadpool_limits

from classifier.arabic import letter_table
from classifier.corpus import TEXT_COLUMNS, text_of
from classifier.decision import decide
from classifier.drafts import replacing
from classifier.engine import Engine, Reader, softmax
from classifier.errors import ClassifierError, Reason
from classifier.model import Model
from classifier.rows import cell, disarmed, read_rows
from classifier.training.archives import Progress, Sample, Tally, read_sampled
from classifier.training.counting import TermCounter
from classifier.training.folds import story_groups

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

POOL = 20_000  # documents of a larger archive that are compared, drawn at random
RANDOM_SHARE = 0.25
CANDIDATES = 5  # uncertain documents looked at for each one wanted
DIMENSIONS = 50  # in which documents are compared
COLUMNS = ("text", "label", "second_label", "confidence", "drawn")
UNWANTED = frozenset({Reason.EMPTY, Reason.NOT_ARABIC, Reason.TOO_SHORT})  # a LOW_COVERAGE document teaches most


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A document to label; `drawn` says how it was chosen, `uncertain` or `random`."""

    name: str
    text: str
    drawn: str


@dataclass(frozen=True, slots=True)
class Suggested:
    """What was suggested, from how many documents, and how many were left out, by reason; `key` is what names are."""

    key: str  # path, or id where the archive is a file of rows
    suggestions: tuple[Suggestion, ...]
    documents: int
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that may be suggested, with its probabilities (labels,)."""

    name: str
    text: str
    digest: str
    probabilities: tuple[float, ...]

    @property
    def margin(self) -> float:
        """How much likelier the best label is than the second best; 0 is as uncertain as can be."""
        second, best = sorted(self.probabilities)[-2:]
        return best - second

    @property
    def best(self) -> int:
        """The number of the likeliest label."""
        return self.probabilities.index(max(self.probabilities))


def suggest(
    archive: str | os.PathLike[str],
    count: int,
    *,
    model: Model | str | os.PathLike[str] | None = None,
    exclude: Iterable[str | os.PathLike[str]] = (),
    seed: int = 0,
    progress: Progress | None = None,
) -> Suggested:
    """Pick `count` documents of an unlabelled archive (a folder, or a file of rows with a text column).

    Documents that stand in an `exclude` file (CSV, TSV, JSONL or Parquet with `id`, `path` or text: labelled ones, and
    those meant for measuring) are never picked, nor near-duplicates of them whose text is at hand, nor two that tell
    one story. Of archives above POOL documents a random sample is looked at, so that memory stays bounded.

    Raises `CorpusError` for an archive or file that cannot be read, `ClassifierError` when nothing is left to suggest.
    """
    if count < 1:
        raise ClassifierError(f"cannot suggest {count} documents; ask for at least one")
    say = progress or (lambda _: None)
    loaded = model if isinstance(model, Model) else Model.load(model)
    excluded = read_excluded(exclude)
    say("reading the archive")
    tally = Tally()
    pool = _read_pool(archive, loaded, excluded, tally, say=say, seed=seed)
    say(f"comparing {len(pool):,} documents")
    pool = _one_per_story(pool, excluded, Reader(loaded.tables.analysis, letter_table()), tally)
    if not pool:
        raise ClassifierError(
            f"{archive}: nothing to suggest among {tally.documents:,} documents; left out: {tally.reasons() or 'none'}"
        )
    with threadpool_limits(1):  # sums in one order give one list
        picked = _pick(pool, count, loaded, seed)
    key = "path" if Path(archive).is_dir() else "id"
    return Suggested(key, picked, tally.documents, dict(sorted(tally.left_out.items())))


def write_csv(suggested: Suggested, path: str | os.PathLike[str]) -> None:
    """Write a list to fill in: `label`, and `second_label` with `confidence` low where another would do too.

    `train` reads it back; rows still without a label are passed over. No name or text is a formula in Excel. Written
    whole or not at all.
    """
    content = io.StringIO(newline="")
    table = csv.writer(content)
    table.writerow((suggested.key, *COLUMNS))
    for part in suggested.suggestions:
        text = disarmed(part.text.replace("\0", " "))
        table.writerow((disarmed(part.name), text, "", "", "", part.drawn))
    with replacing(path) as draft:
        draft.write_bytes(content.getvalue().encode("utf-8-sig", "replace"))  # the mark is for Excel


@dataclass(frozen=True, slots=True)
class Excluded:
    """Documents never to suggest."""

    names: frozenset[str]
    texts: tuple[str, ...]


def read_excluded(files: Iterable[str | os.PathLike[str]]) -> Excluded:
    """The names (`id`, `path`) and texts in some files of rows; raises `CorpusError` for one that cannot be read."""
    names, texts = set[str](), list[str]()
    for file in files:
        for row in read_rows(file):
            names.update(filter(None, (cell(row, "id"), cell(row, "path"))))
            column = next((name for name in TEXT_COLUMNS if cell(row, name)), None)
            if column:
                texts.append(text_of(row, column))
    return Excluded(frozenset(names), tuple(texts))


def _read_pool(
    archive: str | os.PathLike[str], model: Model, excluded: Excluded, tally: Tally, *, say: Progress, seed: int
) -> list[Candidate]:
    """The documents the model can say something about, ordered by content; excluded ones have no probabilities."""
    sample, engine = Sample[Candidate](POOL, seed), Engine(model.tables)
    barred = []
    for place, entry, text, digest in read_sampled(archive, sample, tally, model.knows, say, always=excluded.names):
        if place is None:
            barred.append(Candidate(entry.name, text, digest, ()))
            continue
        answer = engine.tally(text)
        reason = decide(answer, model.labels, model.thresholds).reason
        if reason in UNWANTED:
            tally.left_out[str(reason)] += 1
        else:
            sample.put(place, Candidate(entry.name, text, digest, tuple(softmax(answer.scores))))
    return sorted([*barred, *sample.items], key=lambda candidate: (candidate.digest, candidate.name))


def _one_per_story(pool: list[Candidate], excluded: Excluded, reader: Reader, tally: Tally) -> list[Candidate]:
    """The first document of every story, of no story that an excluded document tells."""
    groups = story_groups([*(candidate.text for candidate in pool), *excluded.texts], reader).tolist()
    told = set(groups[len(pool) :]) | {
        group for group, part in zip(groups, pool, strict=False) if not part.probabilities
    }
    kept = []
    for group, candidate in zip(groups, pool, strict=False):
        if group in told:
            tally.left_out["near-duplicate" if candidate.probabilities else "excluded"] += 1
            continue
        told.add(group)
        kept.append(candidate)
    return kept


def _pick(pool: list[Candidate], count: int, model: Model, seed: int) -> tuple[Suggestion, ...]:
    """Random documents first, so that they are a fair sample of the pool, then uncertain ones from the rest."""
    generator = random.Random(seed)
    count = min(count, len(pool))
    drawn = generator.sample(pool, min(count, max(1, round(RANDOM_SHARE * count))))
    taken = {candidate.digest for candidate in drawn}
    rest = [candidate for candidate in pool if candidate.digest not in taken]
    uncertain = _uncertain(rest, count - len(drawn), model, seed)
    picked = [Suggestion(part.name, part.text, "random") for part in drawn]
    picked += [Suggestion(part.name, part.text, "uncertain") for part in uncertain]
    generator.shuffle(picked)
    return tuple(picked)


def _uncertain(pool: list[Candidate], count: int, model: Model, seed: int) -> list[Candidate]:
    """The least certain document of each of `count` clusters of uncertain ones."""
    candidates = _across_labels(pool, CANDIDATES * count)
    if len(candidates) <= count:
        return candidates
    clusters = _clusters([candidate.text for candidate in candidates], count, model, seed).tolist()
    ranked = sorted(zip(candidates, clusters, strict=True), key=lambda pair: (pair[0].margin, pair[0].digest))
    seen, first, others = set[int](), list[Candidate](), list[Candidate]()
    for candidate, cluster in ranked:
        (others if cluster in seen else first).append(candidate)
        seen.add(cluster)
    return [*first, *others][:count]


def _across_labels(pool: list[Candidate], count: int) -> list[Candidate]:
    """The least certain documents, every label in turn."""
    by_label: dict[int, list[Candidate]] = {}
    for candidate in sorted(pool, key=lambda candidate: (-candidate.margin, candidate.digest)):
        by_label.setdefault(candidate.best, []).append(candidate)
    chosen: list[Candidate] = []
    while by_label and len(chosen) < count:
        for label in sorted(by_label):
            chosen.append(by_label[label].pop())
            if not by_label[label]:
                del by_label[label]
    return chosen[:count]


def _clusters(texts: Sequence[str], count: int, model: Model, seed: int) -> Ints:
    """Numbers (texts,) of `count` clusters by content."""
    counts = TermCounter(model.tables.analysis, model.tables.weighting, 2).fit_transform(texts)
    if min(counts.shape) <= 2:
        return np.arange(len(texts)) % count
    tfidf = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    dimensions = min(DIMENSIONS, min(tfidf.shape) - 1)
    points: Floats = TruncatedSVD(dimensions, random_state=seed).fit_transform(tfidf)
    points /= np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)
    distinct = len(np.unique(points.round(9), axis=0))
    clusters: Ints = KMeans(min(count, distinct), n_init=1, random_state=seed).fit_predict(points)
    return clusters

"""Folds for cross-validation that keep near-duplicates, such as one wire story in two papers, on one side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import StratifiedGroupKFold, StratifiedShuffleSplit

from classifier.corpus import Example
from classifier.engine import Reader

Folds = list[tuple[NDArray[np.int64], NDArray[np.int64]]]
"""(rows to learn from, rows held out), one pair per fold."""

SHINGLE = 5  # terms
SAMPLE = 16  # one shingle in so many is compared; the same ones in every document
COMMON = 50  # a shingle of more documents than this is boilerplate, not a sign of one story
FAIR = 20  # documents of a label, from which on they may speak for the others
SHORTEST_HISTORY = 100  # dated documents
SHARED = 0.4  # share of the smaller document's shingles that makes two documents one story
REPEATED = 0.9  # share of common shingles in a story told more often than that, and of those that two tellings share
_FACTORS = np.array([0x9E3779B97F4A7C15 ** (place + 1) % (1 << 64) for place in range(SHINGLE)], np.uint64)


def story_groups(texts: Iterable[str], reader: Reader) -> NDArray[np.int32]:
    """A group number for every text; texts that tell one story in the same words share it."""
    starts, shingles = [0], []
    for text in texts:
        found = _sampled_shingles(np.frombuffer(reader.hashes(text), np.uint64))
        shingles.append(found)
        starts.append(starts[-1] + len(found))
    if not starts[-1]:
        return np.arange(len(starts) - 1, dtype=np.int32)
    _, columns = np.unique(np.concatenate(shingles), return_inverse=True)
    shape = (len(starts) - 1, int(columns.max()) + 1)
    members = scipy.sparse.csr_matrix((np.ones(len(columns), np.float32), columns, starts), shape=shape)
    is_common = np.bincount(columns) > COMMON
    same = _same_story(members[:, ~is_common]) + _repeated(members, np.flatnonzero(is_common))
    groups: NDArray[np.int32] = connected_components(same, directed=False)[1]
    return groups


def held_out_sources(examples: Sequence[Example]) -> Folds:
    """A fold per source, learned from all the others; none unless two sources have every label.

    Nor where those are but a tenth of the corpus or less: a handful of documents cannot speak for all.
    """
    labels = {example.label for example in examples}
    sources = np.array([example.source for example in examples])
    complete = [
        source
        for source in np.unique(sources)
        if source and {example.label for example in examples if example.source == source} == labels
    ]
    if len(complete) < 2 or np.isin(sources, complete).sum() * 10 <= len(sources):
        return []
    return [(np.flatnonzero(sources != source), np.flatnonzero(sources == source)) for source in complete]


def certain_only(folds: Folds, examples: Sequence[Example]) -> Folds:
    """The same folds, with none but the certain documents held out, and those of labels that have no certain one."""
    surely = {example.label for example in examples if example.confident}
    certain = np.array([example.confident or example.label not in surely for example in examples])
    return [(rows, held_out[certain[held_out]]) for rows, held_out in folds]


def part_weights(parts: Sequence[NDArray[np.int64]], examples: Sequence[Example], power: float) -> NDArray[np.float64]:
    """What each document of some parts counts, one part after the other, by its fair documents.

    A part counts as their number to the power of one less `power`: of 1 every part counts the same, of 0.5 as sources
    do in learning. All documents count where any label has fewer than FAIR fair ones, or the part has none.
    """
    judged = [examples[row] for part in parts for row in part]
    found = Counter(example.label for example in judged if example.fair)
    enough = all(found[label] >= FAIR for label in {example.label for example in judged})
    weights = []
    for part in parts:
        fair = np.array([examples[row].fair for row in part], np.float64)
        counted = fair if enough and fair.any() else np.ones(len(part))
        weights.append(counted / max(counted.sum(), 1.0) ** power)
    return np.concatenate(weights)


def later_period(examples: Sequence[Example]) -> Folds:
    """One fold: the latest fifth of the dated documents, learned from the earlier ones and the undated."""
    dated = sorted(example.date for example in examples if example.date)
    if len(dated) < SHORTEST_HISTORY:
        return []
    cut = dated[len(dated) * 4 // 5]
    late = np.array([bool(example.date) and example.date > cut for example in examples])
    earlier = {example.label for example, is_late in zip(examples, late, strict=True) if not is_late}
    if not late.any() or earlier != {example.label for example in examples}:
        return []
    return [(np.flatnonzero(~late), np.flatnonzero(late))]


def stratified_folds(labels: NDArray[np.int64], groups: NDArray[np.int32], folds: int, seed: int) -> Folds:
    """(training rows, held-out rows) per fold: labels spread evenly, groups never split.

    Only the documents of a label that is a single story, which cannot be on both sides, are split all the same, and all
    of them where a model would be learned without a label.
    """
    groups = _parted(labels, groups)
    rarest = int(_stories(labels, groups)[np.unique(labels)].min())
    splitter = StratifiedGroupKFold(max(2, min(folds, rarest)), shuffle=True, random_state=seed)
    for units in (groups, np.arange(len(labels))):
        found = list(splitter.split(np.zeros(len(labels)), labels, units))
        if all(len(np.unique(labels[rows])) == len(np.unique(labels)) for rows, _ in found):
            break
    return found


def stratified_half(labels: NDArray[np.int64], groups: NDArray[np.int32], seed: int) -> Folds:
    """One fold that holds half of a large corpus out, stories spread evenly by the label of their first document.

    Groups are split only where both halves would not have every label, and those of a label that is a single story.
    """
    groups = _parted(labels, groups)
    _, first, story = np.unique(groups, return_index=True, return_inverse=True)
    held_out = np.zeros(len(labels), np.bool_)
    if np.bincount(labels[first], minlength=int(labels.max()) + 1).min() > 1:
        held_out = np.isin(story, _half(labels[first], seed))
    if any(len(np.unique(labels[part])) < len(np.unique(labels)) for part in (held_out, ~held_out)):
        held_out = np.isin(np.arange(len(labels)), _half(labels, seed))
    return [(np.flatnonzero(~held_out), np.flatnonzero(held_out))]


def _stories(labels: NDArray[np.int64], groups: NDArray[np.int32]) -> NDArray[np.int64]:
    """In how many groups each label number is."""
    return np.bincount(np.unique(np.stack([labels, groups]), axis=1)[0])


def _parted(labels: NDArray[np.int64], groups: NDArray[np.int32]) -> NDArray[np.int32]:
    """The groups, but each document of a label that has only one in a group of its own."""
    is_alone = _stories(labels, groups)[labels] < 2
    return np.where(is_alone, groups.max() + 1 + np.arange(len(labels), dtype=np.int32), groups)


def _half(labels: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    splitter = StratifiedShuffleSplit(1, test_size=0.5, random_state=seed)
    rows: NDArray[np.int64] = next(splitter.split(labels, labels))[1]
    return rows


def _sampled_shingles(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Distinct hashes of runs of SHINGLE terms: those that fall into the sample, of short texts also the first ones.

    Of a short text hardly any fall into the sample; and one a little longer, of which enough do, still has its first.
    """
    if len(hashes) < SHINGLE:
        return np.unique(hashes)
    runs = len(hashes) - SHINGLE + 1
    mixed = np.zeros(runs, np.uint64)
    for place, factor in enumerate(_FACTORS):
        mixed += hashes[place : place + runs] * factor
    mixed ^= mixed >> np.uint64(31)
    distinct = np.unique(mixed)
    sampled: NDArray[np.uint64] = distinct[distinct % np.uint64(SAMPLE) == 0]
    if len(sampled) >= 2 * SHINGLE:
        return sampled
    return np.union1d(sampled, distinct[np.argsort(distinct % np.uint64(1 << 20), kind="stable")[:SHINGLE]])


def _same_story(members: scipy.sparse.csr_matrix) -> scipy.sparse.coo_matrix:
    sizes = np.asarray(members.sum(axis=1)).ravel()
    shared = (members @ members.T).tocoo()
    smaller = np.minimum(sizes[shared.row], sizes[shared.col])
    same = shared.data >= SHARED * np.maximum(smaller, 1)
    return scipy.sparse.coo_matrix((shared.data[same], (shared.row[same], shared.col[same])), shape=shared.shape)


def _repeated(members: scipy.sparse.csr_matrix, common: NDArray[np.int64]) -> scipy.sparse.coo_matrix:
    """Documents with hardly a shingle of their own, each with the first that it agrees with on nearly all.

    So is a story that was told hundreds of times; to compare all with all would take the square. What has boilerplate
    beside words of its own is none of them.
    """
    sizes, commons = (np.asarray(part.sum(axis=1)).ravel() for part in (members, members[:, common]))
    told = np.flatnonzero(commons >= REPEATED * np.maximum(sizes, 1))
    by_shingle = members[told][:, common].tocsc()
    by_shingle = by_shingle[:, np.diff(by_shingle.indptr) > 0]
    first = np.repeat(by_shingle.indices[by_shingle.indptr[:-1]], np.diff(by_shingle.indptr))
    rows, firsts = told[np.unique(np.stack([by_shingle.indices, first]), axis=1)]
    shared = np.asarray(members[rows].multiply(members[firsts]).sum(axis=1)).ravel()
    same = shared >= REPEATED * np.maximum(sizes[rows], sizes[firsts])
    pairs = (rows[same], firsts[same])
    return scipy.sparse.coo_matrix((np.ones(len(pairs[0])), pairs), shape=(members.shape[0], members.shape[0]))

"""Folds for cross-validation that keep near-duplicates, such as one wire story in two papers, on one side."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import StratifiedGroupKFold

from classifier.engine import Reader

SHINGLE = 5  # terms
SAMPLE = 16  # one shingle in so many is compared; the same ones in every document
COMMON = 50  # a shingle of more documents than this is boilerplate, not a sign of one story
SHARED = 0.4  # share of the smaller document's shingles that makes two documents one story


def story_groups(texts: Iterable[str], reader: Reader) -> NDArray[np.int32]:
    """A group number for every text; texts that tell one story in the same words share it."""
    starts, shingles = [0], []
    for text in texts:
        found = _sampled_shingles(np.array(reader.hashes(text), np.uint64))
        shingles.append(found)
        starts.append(starts[-1] + len(found))
    if not starts[-1]:
        return np.arange(len(starts) - 1, dtype=np.int32)
    _, columns = np.unique(np.concatenate(shingles), return_inverse=True)
    shape = (len(starts) - 1, int(columns.max()) + 1)
    members = scipy.sparse.csr_matrix((np.ones(len(columns), np.float32), columns, starts), shape=shape)
    members = members[:, np.bincount(columns) <= COMMON]
    groups: NDArray[np.int32] = connected_components(_same_story(members), directed=False)[1]
    return groups


def stratified_folds(
    labels: NDArray[np.int64], groups: NDArray[np.int32], folds: int, seed: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """(training rows, held-out rows) per fold: labels spread evenly, groups never split.

    Only where a label is a single story, which cannot be on both sides, are its documents split all the same.
    """
    stories = np.unique(np.stack([labels, groups]), axis=1)[0]
    rarest = int(np.unique(stories, return_counts=True)[1].min())
    if rarest < 2:
        groups, rarest = np.arange(len(labels), dtype=np.int32), int(np.unique(labels, return_counts=True)[1].min())
    splitter = StratifiedGroupKFold(max(2, min(folds, rarest)), shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros(len(labels)), labels, groups))


def _sampled_shingles(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Distinct hashes of runs of SHINGLE terms, those that fall into the sample; short texts keep all."""
    if len(hashes) < SHINGLE:
        return np.unique(hashes)
    windows = np.lib.stride_tricks.sliding_window_view(hashes, SHINGLE)
    factors = np.array([0x9E3779B97F4A7C15 ** (place + 1) % (1 << 64) for place in range(SHINGLE)], np.uint64)
    mixed = (windows * factors).sum(axis=1, dtype=np.uint64)
    mixed ^= mixed >> np.uint64(31)
    distinct = np.unique(mixed)
    sampled = distinct[distinct % np.uint64(SAMPLE) == 0]
    return sampled if len(sampled) >= SHINGLE else distinct[np.argsort(distinct % np.uint64(1 << 20))[:SHINGLE]]


def _same_story(members: scipy.sparse.csr_matrix) -> scipy.sparse.coo_matrix:
    sizes = np.asarray(members.sum(axis=1)).ravel()
    shared = (members @ members.T).tocoo()
    smaller = np.minimum(sizes[shared.row], sizes[shared.col])
    same = shared.data >= SHARED * np.maximum(smaller, 1)
    return scipy.sparse.coo_matrix((shared.data[same], (shared.row[same], shared.col[same])), shape=shared.shape)

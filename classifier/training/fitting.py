"""Linear models learned from documents, several at the same time where that pays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import scipy.sparse
from joblib import Parallel, cpu_count, delayed, parallel_config
from joblib.externals.loky.process_executor import BrokenProcessPool
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from classifier.errors import ClassifierError
from classifier.training.targets import Targets

Floats = NDArray[np.float64]
Learned = tuple[Floats, Floats]
"""Weights (columns, labels) and intercepts (labels,)."""

WORTH_PROCESSES = 1_000_000  # counts in a corpus, from which on starting processes takes less time than it saves
IDLE_SECONDS = 20  # when processes end that have nothing to fit: a program that is one of several waits for its own


def linear_model(strength: float, *, large: bool = False) -> LogisticRegression | LinearSVC:
    """Logistic regression; for large corpora a linear SVM, as good there (calibrated alike) and ten times faster."""
    if large:
        return LinearSVC(C=strength / 10, tol=0.1, random_state=0)  # as near as liblinear itself thinks enough
    return LogisticRegression(C=strength, max_iter=300, tol=1e-3)


def fit_all(
    documents: scipy.sparse.csr_matrix, tasks: Iterable[tuple[Targets, float]], *, large: bool = False
) -> list[Learned]:
    """What is learned from documents (n, columns) by each task, a choice of targets and a strength.

    Large corpora occupy all cores; the results are the same as those of one. Raises `ClassifierError` when memory
    runs out.
    """
    tasks = list(tasks)
    jobs = min(cpu_count(), len(tasks)) if documents.nnz >= WORTH_PROCESSES else 1
    try:
        with parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1, idle_worker_timeout=IDLE_SECONDS):
            return list(Parallel()(delayed(fit)(documents, *task, large=large) for task in tasks))
    except BrokenProcessPool as error:
        raise ClassifierError(
            f"a process of learning was ended, probably for want of memory ({error}); give it more, or fewer cores"
        ) from None


def fit(documents: scipy.sparse.csr_matrix, targets: Targets, strength: float, *, large: bool) -> Learned:
    """What one linear model learns from the targets among some documents."""
    linear: Any = linear_model(strength, large=large)
    linear.fit(documents[targets.rows], targets.labels, sample_weight=targets.weights)
    return columns_of(linear)


def columns_of(linear: LogisticRegression | LinearSVC) -> Learned:
    """What a fitted linear model has learned, a column for each label, two labels included."""
    if len(linear.classes_) == 2:  # scikit-learn keeps one column for two labels
        halves = np.vstack((-linear.coef_, linear.coef_)).T / 2
        return halves, np.concatenate((-linear.intercept_, linear.intercept_)) / 2
    return linear.coef_.T, linear.intercept_

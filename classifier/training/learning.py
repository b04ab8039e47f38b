"""Learning a model: count, weigh, learn, choose and calibrate on held-out documents, compile."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from classifier.corpus import Corpus, load_corpus
from classifier.drafts import require_writable
from classifier.evaluation import Evaluation
from classifier.training.choosing import choose
from classifier.training.compiling import Linear, compile_model
from classifier.training.counting import TermCounter
from classifier.training.leakage import leakage
from classifier.training.lesson import Lesson, Settings, Unlabelled
from classifier.training.tuning import tune

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model file and what is known about it: the held-out report, and what the corpus lacked."""

    path: Path
    digest: str
    report: Evaluation
    left_out: Mapping[str, Sequence[str]]
    near_duplicates: int
    leakage: Mapping[str, float]


def build_pipeline(settings: Settings | None = None, strength: float = 10.0) -> Pipeline:
    """An ordinary, unfitted scikit-learn pipeline of Arabic TF-IDF and logistic regression; texts in, labels out."""
    settings = settings or Settings()
    return Pipeline(
        [
            ("terms", TermCounter(settings.analysis, settings.weighting, settings.min_documents)),
            ("tfidf", TfidfTransformer(sublinear_tf=True)),
            ("linear", LogisticRegression(C=strength, max_iter=1000, class_weight="balanced")),
        ]
    )


def train(
    corpus: Corpus | str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    unlabelled: Unlabelled = None,
    settings: Settings | None = None,
    seed: int = 0,
    tune_seconds: float = 0.0,
    name: str | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Learn a model from a labelled corpus, and write it to `out`.

    Of `unlabelled` texts it learns what company terms keep and, where that pays on held-out documents, what a kernel
    model thinks of them (`tutoring`). Without `settings`, those that suit the corpus' size are taken, and `seed`
    decides their folds. With `tune_seconds`, other settings are tried on held-out documents for about that long first.
    Raises `CorpusError` when there is too little to learn from, and `ClassifierError` where `out` cannot be written;
    nothing is written then. The same corpus, settings and library versions give the same bytes.
    """
    require_writable(out, corpus, unlabelled)
    say = progress or (lambda _: None)
    if not isinstance(corpus, Corpus):
        name = name or Path(corpus).resolve().name.partition(".")[0]  # not that of `out`: names are part of the bytes
        corpus = load_corpus(corpus)
    corpus.require_learnable()
    for oddity in corpus.oddities():
        say(oddity)
    settings = settings or Settings.suiting(len(corpus.examples), seed)
    if tune_seconds:
        settings = tune(corpus, tune_seconds, settings, unlabelled=unlabelled, progress=progress)
    with threadpool_limits(1):  # sums in one order give one model; and for sparse rows two threads are slower than one
        say(f"counting {len(corpus.examples)} documents" + (" and the unlabelled ones" if unlabelled else ""))
        lesson = Lesson.of(corpus, unlabelled, settings)
        for reason, number in sorted(lesson.unread.items()):
            say(f"left out of the unlabelled ones, {reason}: {number:,}")
        say("learning with documents held out")
        choice = choose(lesson, settings)
        lesson = choice.ways[-1].lesson  # a tutor that is of no use need not be kept
        meter = leakage(lesson, choice, settings.seed)
        say(f"learning from everything: {choice.taught_by}")
        weights, bias = choice.learn()
    report = choice.report(corpus)
    model = compile_model(
        Linear(lesson.terms, lesson.idf, weights, bias),
        lesson=lesson,
        report=report,
        proof=choice.proof(lesson),
        chosen=choice.as_dict(),
        settings=settings if choice.tutored else replace(settings, tutor_share=0.0),
        leakage=meter,
        name=name or "model",
    )
    digest = model.write(out)
    stories = len(set(lesson.groups.tolist()))
    return Trained(Path(out), digest, report, corpus.left_out, len(lesson.groups) - stories, meter)

"""Trying other settings than the defaults for as long as the user cares to wait."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from threadpoolctl import threadpool_limits

from classifier.corpus import Corpus
from classifier.errors import ClassifierError, CorpusError
from classifier.training.choosing import choose
from classifier.training.lesson import Lesson, Settings, Unlabelled


def tune(
    corpus: Corpus,
    seconds: float,
    settings: Settings,
    *,
    unlabelled: Unlabelled = None,
    progress: Callable[[str], None] | None = None,
) -> Settings:
    """The settings with the least held-out loss among those there was time for; the given ones are tried first.

    Those that a small corpus cannot be learned with, as no term stands in so many documents, are passed over.
    What wins depends on the time, hence on the machine; the settings found make the same model again without a search.
    Raises `ClassifierError` where `seconds` is no length of time.
    """
    if not seconds >= 0:  # nor is it for NaN
        raise ClassifierError(f"cannot try settings for {seconds} seconds; give 0 or more")
    started, best, least = time.monotonic(), settings, float("inf")
    for candidate in itertools.chain([settings], _others(settings)):
        try:
            with threadpool_limits(1):
                choice = choose(Lesson.of(corpus, unlabelled, candidate), candidate)
        except CorpusError as error:
            found = f"passed over ({error})"
        else:
            if choice.loss < least:
                best, least = replace(candidate, strengths=choice.strengths), choice.loss
            found = f"held-out loss {choice.loss:.4f}, best {least:.4f}"
        if progress:
            progress(f"{found}: {_difference(candidate, settings)}")
        if time.monotonic() - started > seconds:
            break
    return best


def _others(settings: Settings) -> Iterator[Settings]:
    """Neighbours of some settings, the likeliest to help first."""
    strengths = (0.3, 1.0, *settings.strengths, 100.0)
    for least, lead, stem in itertools.product((1, 2, 3), (60, 0, 150), (True, False)):
        yield replace(
            settings,
            strengths=strengths,
            min_documents=least,
            weighting=replace(settings.weighting, lead=lead),
            analysis=replace(settings.analysis, stem=stem, punctuation=not stem),
        )


def _difference(candidate: Settings, settings: Settings) -> str:
    names = ("min_documents", "weighting", "analysis")
    now = {name: getattr(candidate, name) for name in names}
    return ", ".join(f"{name}={now[name]}" for name in names if now[name] != getattr(settings, name)) or "the defaults"

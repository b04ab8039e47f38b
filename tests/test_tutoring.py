"""The tutor: a kernel model that is asked about unlabelled texts, for the linear model to learn its answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from classifier import Model, training
from classifier.corpus import Corpus, Example
from classifier.training import Settings, choosing, lesson, tutoring
from classifier.training.calibration import Calibration
from classifier.training.choosing import Choice, Way, choose
from classifier.training.lesson import Lesson
from classifier.training.neighbourhoods import Neighbourhoods
from classifier.training.targets import Targets, View
from classifier.training.tutoring import Unit, second_opinion

Ints = NDArray[np.int64]

# A friend of an ally and an enemy of an opponent mean peace: no word says so by itself.
KINDS = [("حليف صديق", "peace"), ("خصم عدو", "peace"), ("حليف عدو", "quarrel"), ("خصم صديق", "quarrel")]
FILLERS = list(
    combinations(["المدينة", "الصباح", "الأسبوع", "الماضي", "الناطق", "الجمعة", "المنطقة", "المساء", "الطريق"], 3)
)


def _texts(first: int, last: int) -> list[tuple[str, str]]:
    return [(f"{words} {' '.join(fillers)}", label) for words, label in KINDS for fillers in FILLERS[first:last]]


LABELLED, UNLABELLED = _texts(0, 30), _texts(30, 50)


def _corpus(texts: Sequence[tuple[str, str]]) -> Corpus:
    return Corpus.from_examples([Example(text, label, f"{number:03}") for number, (text, label) in enumerate(texts)])


def _archive(folder: Path, texts: Sequence[tuple[str, str]]) -> Path:
    path = folder / "archive.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text, _ in texts), encoding="utf-8")
    return path


@pytest.fixture
def taught(tmp_path: Path) -> Lesson:
    return Lesson.of(_corpus(LABELLED), _archive(tmp_path, UNLABELLED), Settings())


def _targets(taught: Lesson, rows: Ints) -> list[Targets]:
    return [Targets.of(taught.corpus.examples, taught.corpus.labels, rows, View(per_source=True))]


def test_a_tutor_sees_what_words_mean_together(taught: Lesson) -> None:
    """The labels are an exclusive or of two words: no weight per word tells them apart."""
    assert taught.tutor is not None
    shares = taught.tutor.shares(_targets(taught, np.arange(120)))
    truth = np.array([taught.corpus.labels.index(label) for _, label in UNLABELLED])
    assert (shares.argmax(axis=1) == truth).mean() > 0.95
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)


def test_what_is_held_out_does_not_teach(taught: Lesson) -> None:
    rows = np.arange(0, 120, 2)
    flipped = [
        example if number % 2 == 0 else Example(example.text, "peace", example.name)
        for number, example in enumerate(taught.corpus.examples)
    ]
    misled = replace(taught, corpus=Corpus.from_examples(flipped))
    for kept, other in zip(taught.learn([(rows, 10.0)]), misled.learn([(rows, 10.0)]), strict=True):
        np.testing.assert_array_equal(kept[0], other[0])


def test_what_was_solved_once_is_not_taken_for_other_labels(taught: Lesson) -> None:
    """Models are kept by what they learned, not by the rows they learned it from."""
    assert taught.tutor is not None
    everything = np.arange(120)
    targets = _targets(taught, everything)
    flipped = [replace(part, labels=1 - part.labels) for part in targets]
    first, turned, again = (taught.tutor.shares(asked) for asked in (targets, flipped, targets))
    np.testing.assert_array_equal(first, again)
    assert (first.argmax(axis=1) != turned.argmax(axis=1)).mean() > 0.95
    before = dict(taught.tutor.kernel._solved)
    taught.tutor.shares(targets)
    assert {key: id(value) for key, value in taught.tutor.kernel._solved.items()} == {
        key: id(value) for key, value in before.items()
    }


def test_its_answers_stand_behind_the_labelled_documents(taught: Lesson) -> None:
    assert taught.extended.shape[0] == 120 + 80
    assert taught.tutor is not None
    everything = np.arange(120)
    (certain,) = _targets(taught, everything)
    shares = taught.tutor.shares([certain])
    both = certain.beside(shares, 120, 0.25)
    assert both.weights.sum() == pytest.approx(1.25 * certain.weights.sum())
    assert both.rows[: len(certain.rows)].tolist() == certain.rows.tolist()
    answered = both.rows >= 120
    found = np.zeros_like(shares)
    found[both.rows[answered] - 120, both.labels[answered]] = both.weights[answered]
    np.testing.assert_allclose(found / found.sum(), np.where(shares > 0.02, shares, 0) / shares[shares > 0.02].sum())


@pytest.mark.parametrize("without", ["unlabelled texts", "a share", "a small corpus"])
def test_there_is_none_without(without: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = None if without == "unlabelled texts" else _archive(tmp_path, UNLABELLED)
    if without == "a small corpus":
        monkeypatch.setattr(lesson, "LARGE", 50)
    settings = Settings(tutor_share=0.0 if without == "a share" else 0.25)
    made = Lesson.of(_corpus(LABELLED), archive, settings)
    assert made.tutor is None
    assert made.extended.shape[0] == 120


def test_it_learns_from_some_of_many_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """... and is asked about some of many; what it did not learn from cannot be compared, and is not needed."""
    monkeypatch.setattr(lesson, "TUTORED", 40)
    monkeypatch.setattr(lesson, "ASKED", 30)
    made = Lesson.of(_corpus(LABELLED), _archive(tmp_path, UNLABELLED), Settings())
    assert made.tutor is not None
    assert made.tutor.kernel.alike.shape == (40, 40)
    assert made.tutor.shares(_targets(made, np.arange(120))).shape == (30, 2)
    assert made.extended.shape[0] == 150


def test_training_with_a_tutor_is_repeatable(tmp_path: Path) -> None:
    archive = _archive(tmp_path, UNLABELLED)
    for name in ("a", "b"):
        training.train(_corpus(LABELLED), tmp_path / name, unlabelled=archive, name="m")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert Model.load(tmp_path / "a").labels == ("peace", "quarrel")


@pytest.fixture
def apart(tmp_path: Path) -> Lesson:
    """Two sources, which say all in words of their own; the unlabelled texts use all words."""
    kinds = [("المصرف السوق", "economy"), ("الملعب الفريق", "sports")]
    examples = [
        Example(f"{word} {' '.join(fillers)}", label, f"{word}{number}", source=str(source))
        for words, label in kinds
        for source, word in enumerate(words.split())
        for number, fillers in enumerate(FILLERS[:42])
    ]
    archive = [(f"{words} {' '.join(fillers)}", label) for words, label in kinds for fillers in FILLERS[42:]]
    return Lesson.of(Corpus.from_examples(examples), _archive(tmp_path, archive), Settings())


def test_a_tutor_that_does_harm_is_not_listened_to(apart: Lesson) -> None:
    """Whether it does is seen on held-out sources; here it is made to say the opposite of the labels."""
    assert apart.tutor is not None
    opposite = replace(apart.tutor.calibration, factor=-apart.tutor.calibration.factor)
    misled = replace(apart, tutor=replace(apart.tutor, weight=4.0, calibration=opposite))
    assert choose(apart, Settings()).tutored
    assert not choose(misled, Settings()).tutored


def test_what_labels_alone_teach_is_averaged_where_that_helps(taught: Lesson) -> None:
    """Two ways to learn are one model: its weights give the mean of what each scores, once calibrated."""
    one, *_, alone = taught.ways()
    ways = tuple(Way(way, 3.0, Calibration(2.0, np.array([0.5, -0.5]))) for way in (one, alone))
    judged = np.arange(len(taught.corpus.examples))
    choice = Choice(ways, Calibration(0.5, np.array([0.1, 0.0])), 0.0, np.zeros((len(judged), 2)), judged)
    weights, bias = choice.learn()
    learned = [way.lesson.learn([(judged, 3.0)])[0] for way in ways]
    scores = np.mean([2.0 * (taught.tfidf @ part + shift) + [0.5, -0.5] for part, shift in learned], axis=0)
    assert taught.tfidf @ weights + bias == pytest.approx(0.5 * scores + [0.1, 0.0])
    assert choice.tutored
    assert [way["learned_from"] for way in choice.as_dict()["ways"]] == ["labels, company of terms, tutor", "labels"]


def test_what_unlabelled_texts_teach_is_taken_by_itself_where_that_is_much_better(
    apart: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(choose(apart, Settings()).ways) == 1
    monkeypatch.setattr(choosing, "MUCH", 0.0)
    assert len(choose(apart, Settings()).ways) == 2


def _unit(texts: Sequence[tuple[str, str]]) -> Unit:
    """Texts by their words alone."""
    tfidf = TfidfVectorizer().fit_transform([text for text, _ in texts])
    return Unit.of(tfidf, Neighbourhoods([], tfidf))


def test_a_second_opinion_finds_answers_that_do_not_go_with_the_others() -> None:
    """One answer in ten is wrong, and no weight per word tells which."""
    texts = _texts(0, 50)
    truth = np.array([label == "quarrel" for _, label in texts]).astype(int)
    rows = np.flatnonzero(np.arange(len(texts)) % 3 > 0)
    answers = np.where(np.arange(len(rows)) % 10 == 0, 1 - truth[rows], truth[rows])
    opinion = second_opinion(_unit(texts), rows, answers, np.ones(len(rows)), count=2)
    assert opinion.shape == (len(texts), 2)
    np.testing.assert_allclose(opinion.sum(axis=1), 0.0, atol=1e-5)
    assert (opinion.argmax(axis=1) == truth).mean() > 0.95


def test_a_rare_answer_is_learned_from_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tutoring, "MOST", 60)
    monkeypatch.setattr(tutoring, "FEW", 20)
    texts = [*_texts(0, 50), *((f"زلزال {' '.join(fillers)}", "quake") for fillers in FILLERS[:15])]
    labels = np.array([["peace", "quarrel", "quake"].index(label) for _, label in texts])
    opinion = second_opinion(_unit(texts), np.arange(len(texts)), labels, np.ones(len(texts)), count=3)
    assert (opinion.argmax(axis=1)[-15:] == 2).all()


def test_many_rare_answers_leave_room_for_the_common_one(monkeypatch: pytest.MonkeyPatch) -> None:
    learned: list[NDArray[np.float64]] = []
    real = tutoring._coefficients_of

    def note(alike: Any, shares: NDArray[np.float64], weights: Any) -> Any:
        learned.append(shares.sum(axis=0))
        return real(alike, shares, weights)

    monkeypatch.setattr(tutoring, "MOST", 60)
    monkeypatch.setattr(tutoring, "FEW", 20)
    monkeypatch.setattr(tutoring, "_coefficients_of", note)
    texts = _texts(0, 50)[:140]
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(6), [20, 20, 20, 20, 20, 40]))
    second_opinion(_unit(texts), np.arange(140), labels, np.ones(140), count=6)
    assert max(counts.sum() for counts in learned) <= 60
    assert min(counts[5] for counts in learned) > 0


def test_a_second_opinion_on_a_text_is_by_those_who_did_not_learn_its_answer() -> None:
    """Answers without sense can be learned by heart, but not guessed."""
    texts = _texts(0, 50)
    senseless = np.random.default_rng(0).integers(0, 2, len(texts))
    opinion = second_opinion(_unit(texts), np.arange(len(texts)), senseless, np.ones(len(texts)), count=2)
    assert (opinion.argmax(axis=1) == senseless).mean() < 0.65

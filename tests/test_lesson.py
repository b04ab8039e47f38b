"""Full words and their families: how a large corpus is read, and what is left of it in the model."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse

from classifier import Model, training
from classifier.analysis import AnalysisSettings, stem
from classifier.corpus import Corpus, Example, load_corpus
from classifier.engine import Weighting
from classifier.errors import Reason
from classifier.training import Settings, lesson
from classifier.training.choosing import choose
from classifier.training.compiling import to_pipeline
from classifier.training.folds import FAIR, part_weights
from classifier.training.lesson import Lesson
from classifier.training.neighbourhoods import family_vectors
from classifier.training.suggesting import Suggested, Suggestion, write_csv
from classifier.training.targets import Targets, View

WORDS = Settings(analysis=AnalysisSettings(stem=False), min_documents=1)


def _corpus(*texts: tuple[str, str]) -> Corpus:
    return Corpus.from_examples([Example(text, label, f"{number}") for number, (text, label) in enumerate(texts)])


MARKET = _corpus(
    ("المصارف رفعت الفوائد", "economy"),
    ("مصارف البلاد والمصارف الأجنبية", "economy"),
    ("والملعب شهد المباراة", "sports"),
    ("ملعب المدينة استضاف مباراة", "sports"),
)


def test_words_of_one_stem_are_one_family() -> None:
    made = Lesson.of(MARKET, None, WORDS)
    families = made.neighbourhoods.families.toarray() != 0
    assert families.sum(axis=1).tolist() == [1] * len(made.terms)
    for one in range(len(made.terms)):
        for other in range(len(made.terms)):
            together = bool((families[one] & families[other]).any())
            assert together == (stem(made.terms[one]) == stem(made.terms[other])), (made.terms[one], made.terms[other])


def test_folded_weights_score_as_the_extended_ones() -> None:
    made = Lesson.of(MARKET, None, WORDS)
    weights = np.random.default_rng(0).normal(size=(made.extended.shape[1], 2))
    np.testing.assert_allclose(made.tfidf @ made.neighbourhoods.fold(weights), made.extended @ weights, atol=1e-12)
    assert made.extended.shape[1] > made.tfidf.shape[1]


def test_families_and_the_company_of_words_fold_together(tmp_path: Path) -> None:
    archive = tmp_path / "archive.csv"
    archive.write_text("text\n" + "المصارف رفعت الفوائد في المدينة\n" * 5, encoding="utf-8")
    made = Lesson.of(MARKET, archive, replace(WORDS, tutor_share=0.0))
    assert made.neighbourhoods.vectors.shape[1] > 0
    weights = np.random.default_rng(0).normal(size=(made.extended.shape[1], 2))
    np.testing.assert_allclose(made.tfidf @ made.neighbourhoods.fold(weights), made.extended @ weights, atol=1e-9)


def test_families_weigh_their_share_beside_the_words() -> None:
    made = Lesson.of(MARKET, None, WORDS)
    behind = made.extended[:, made.tfidf.shape[1] :]
    assert behind.power(2).sum() / behind.shape[0] == pytest.approx(WORDS.family_share)


def test_stems_have_no_families() -> None:
    made = Lesson.of(MARKET, None, Settings(min_documents=1))
    assert made.neighbourhoods.families.shape[1] == 0
    assert made.extended is made.tfidf


def test_a_word_is_judged_by_its_family_where_its_own_uses_say_little() -> None:
    """«بنوك» stands once under each label, but «البنوك» and «والبنوك» only under one."""
    texts = [("بنوك سوق", "economy"), ("بنوك ملعب", "sports"), ("ملعب فريق", "sports"), ("فريق مباراة", "sports")]
    texts += [("البنوك قرض", "economy"), ("والبنوك قرض", "economy")]
    leaning = []
    for share in (0.0, 2.0):
        settings = Settings(analysis=AnalysisSettings(stem=False), min_documents=1, family_share=share)
        made = Lesson.of(_corpus(*texts), None, settings)
        ((weights, _),) = made.learn([(np.arange(len(texts)), 10.0)])
        economy, sports = weights[made.terms.index("بنوك")]
        leaning.append(economy - sports)
    assert leaning[1] > leaning[0]


def test_endings_are_families_of_their_own() -> None:
    terms = sorted(["$بالاقتصاد", "$الاقتصاد", "الاقتصاد", "$منه", "$من"])
    tfidf = scipy.sparse.identity(len(terms), format="csr")
    families = family_vectors(terms, tfidf, np.ones(len(terms)))
    together = {name: {other for other in terms if (families @ families.T)[terms.index(name), terms.index(other)]}
                for name in terms}  # fmt: skip
    assert together["$الاقتصاد"] == {"$بالاقتصاد", "$الاقتصاد"}
    assert together["الاقتصاد"] == {"الاقتصاد"}
    assert together["$منه"] == {"$منه"}


def test_a_large_corpus_is_read_by_full_words_punctuation_and_endings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings.suiting(100, seed=3) == Settings(seed=3)
    monkeypatch.setattr(lesson, "LARGE", 3)
    texts = [(f"{example.text} {letter}", example.label) for letter in "abc" for example in MARKET.examples]
    texts += [(f"«{example.text}»: قال", example.label) for example in MARKET.examples]
    training.train(_corpus(*texts), tmp_path / "m", seed=3)
    model = Model.load(tmp_path / "m")
    assert model.tables.analysis == AnalysisSettings(stem=False, punctuation=True, ending=5)
    assert model.tables.weighting == Weighting(lead=20, lead_count=5)
    assert {'""', "::", "$::", "$قال"} < set(model.terms)
    quoted = [text for text, _ in texts]
    np.testing.assert_allclose(to_pipeline(model).predict_proba(quoted), model.predict_proba(quoted), rtol=0, atol=1e-6)
    evidence = model.predict(f"«{quoted[0]} {quoted[4]} {quoted[7]}", explain=True).evidence or ()
    assert [part.term for part in evidence if part.stem == '""'] == ["«"]
    told = model.explain(f"{quoted[0]} {quoted[4]} قال: ثم قال")
    for account in told.accounts:
        assert account.bias + sum(part.contribution for part in account.evidence) == pytest.approx(account.score)
    (said,) = (part for part in told.evidence if part.stem == "قال")  # as a word and as an ending
    assert len(said.spans) == 2
    assert not any("$" in part.stem for part in told.evidence)
    account = model.explain("«قال»: ؛ زمردة؟!")
    assert (account.words, account.known) == (2, 1)  # signs are no words
    assert [part.term for part in account.unknown] == ["زمردة"]
    assert model.predict("«»: ؛؟!").reason is Reason.EMPTY
    assert model.predict("«قال»: «،،،،»").reason is Reason.TOO_SHORT


@pytest.mark.parametrize("per_source", [True, False])
def test_sources_weigh_as_the_square_root_of_their_documents(per_source: bool) -> None:
    """... and labels all the same, so that labelling more of one paper does not drown the others."""
    sources = ["large"] * 36 + ["small"] * 4
    examples = [Example("نص", "ab"[number % 4 == 0], str(number), source=name) for number, name in enumerate(sources)]
    targets = Targets.of(examples, ("a", "b"), np.arange(40), View(per_source=per_source))
    large = targets.rows < 36
    assert targets.weights.sum() == pytest.approx(40)
    assert targets.weights[large].sum() == pytest.approx(3 * targets.weights[~large].sum())
    assert targets.weights[targets.labels == 0].sum() == pytest.approx(20)


def _drawn(fair: int, doubted: int, label: str) -> list[Example]:
    return [Example("نص", label, f"{label}{number}", fair=number < fair) for number in range(fair + doubted)]


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_fair_documents_alone_count_where_each_label_has_enough(power: float) -> None:
    """... every part the same, or as the square root of those it has; a part without any counts whole."""
    examples = [*_drawn(FAIR, FAIR, "a"), *_drawn(FAIR, FAIR, "b")]
    drawn, doubted = np.flatnonzero([part.fair for part in examples]), np.arange(FAIR, FAIR + 10)
    weights = part_weights([np.arange(4 * FAIR), doubted], examples, power)
    assert weights[drawn] == pytest.approx(1 / (2 * FAIR) ** power)
    assert weights[: 4 * FAIR].sum() == pytest.approx((2 * FAIR) ** (1 - power))
    assert weights[4 * FAIR :] == pytest.approx(1 / 10**power)


def test_all_documents_count_where_a_label_has_too_few_fair_ones() -> None:
    """Else nothing would hold its probability up."""
    examples = [*_drawn(5 * FAIR, FAIR, "a"), *_drawn(FAIR - 1, FAIR, "b")]
    everything = np.arange(len(examples))
    assert part_weights([everything], examples, 1.0) == pytest.approx(1 / len(examples))


def test_probabilities_are_fitted_to_fair_documents() -> None:
    """What a model doubted is learned from, but does not make it doubt everything."""
    words = ["المدينة", "الصباح", "الأسبوع", "الماضي", "الناطق", "الجمعة", "المنطقة", "المساء"]
    clear = [
        Example(f"{subject} {one} {other}", label, f"{label}{one}{other}")
        for label, subject in (("economy", "المصرف السوق"), ("sports", "الملعب الفريق"))
        for one, other in permutations(words, 2)
    ]
    doubted = [
        Example(f"المصرف الملعب {one} {other}", ("economy", "sports")[number % 2], f"{one}{other}", fair=False)
        for number, (one, other) in enumerate(permutations(words, 2))
    ]
    fair = [*clear, *doubted]
    alike = [*clear, *(replace(example, fair=True) for example in doubted)]
    chosen = [choose(Lesson.of(Corpus.from_examples(part), None, Settings()), Settings()) for part in (fair, alike)]
    assert chosen[0].loss < chosen[1].loss / 5
    assert chosen[0].calibration.factor > 1.5 * chosen[1].calibration.factor
    assert chosen[0].judged.tolist() == chosen[1].judged.tolist()


def test_what_suggest_says_of_its_choice_is_read_back(tmp_path: Path) -> None:
    listed = tmp_path / "to-label.csv"
    drawn = {"نص أول": "random", "نص ثان": "uncertain"}
    rows = tuple(Suggestion(f"{number}", text, how) for number, (text, how) in enumerate(drawn.items()))
    write_csv(Suggested("id", rows, 2, {}), listed)
    listed.write_text(listed.read_text(encoding="utf-8-sig").replace(",,,,", ",a,,,"), encoding="utf-8")
    examples = load_corpus(listed).examples
    assert {example.text: example.fair for example in examples} == {"نص أول": True, "نص ثان": False}

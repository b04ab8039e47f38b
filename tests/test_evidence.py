"""Explanations: exact, complete, and in the text's own spelling."""

from __future__ import annotations

import json
import lzma
import random
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

import pages
import pytest

from classifier import Model

ROOT = Path(__file__).resolve().parent.parent
VOCALISED = "رَفَعَ البَنْكُ المَرْكَزِيُّ سِعْرَ الفَائِدَةِ، وقال البنك إن سعر الفائدة لن يتغير"


def real_documents(shared: Path, count: int) -> Iterator[str]:
    for name in ("antcorpus", "sanad-khaleej"):
        with lzma.open(shared / "corpora" / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
            for line in islice(lines, count // 2):
                yield json.loads(line)["text"]


def assert_adds_up(model: Model, text: str) -> None:
    """Contributions and intercept give the score, the score the probability, for every label."""
    prediction, explanation = model.predict(text), model.explain(text)
    for account in explanation.accounts:
        total = account.bias + sum(part.contribution for part in account.evidence)
        assert total == pytest.approx(account.score, abs=1e-6)
        assert account.bias == model.bias(account.label)
        if prediction.probabilities:
            assert account.probability == pytest.approx(prediction.probabilities[account.label], abs=1e-6)
    if prediction.label is not None:
        assert explanation.label == prediction.label


def test_explanations_of_the_seeds_add_up(model: Model) -> None:
    for path in random.Random(1).sample(sorted(ROOT.glob("seeds/**/*.txt")), 80):
        text = path.read_text(encoding="utf-8")
        assert_adds_up(model, text)
        assert model.predict(text, explain=True).evidence == model.explain(text).evidence


def test_explanations_of_a_thousand_real_documents_add_up(model: Model, shared: Path) -> None:
    checked = 0
    for text in real_documents(shared, 1000):
        assert_adds_up(model, text)
        checked += 1
    assert checked == 1000


def test_scores_are_those_of_predict_proba(model: Model) -> None:
    probabilities = dict(zip(model.labels, model.predict_proba([pages.FINTECH])[0], strict=True))
    for account in model.explain(pages.FINTECH).accounts:
        assert account.probability == pytest.approx(probabilities[account.label], abs=1e-9)


def test_accounts_are_sorted_and_the_runner_up_is_second(model: Model) -> None:
    explanation = model.explain(pages.TERROR_FINANCING)
    scores = [account.score for account in explanation.accounts]
    assert scores == sorted(scores, reverse=True)
    assert explanation.runner_up == explanation.accounts[1]
    assert explanation.of(explanation.runner_up.label) == explanation.runner_up
    with pytest.raises(KeyError):
        explanation.of("sport")


def test_evidence_is_strongest_first(model: Model) -> None:
    strengths = [abs(part.contribution) for part in model.explain(pages.FINTECH).evidence]
    assert strengths == sorted(strengths, reverse=True)


def test_a_term_is_shown_as_it_is_most_often_written_and_merged(model: Model) -> None:
    """البَنْكُ and البنك are one term; of two spellings used once each, the first is shown."""
    text = VOCALISED
    by_stem = {part.stem: part for part in model.explain(text).evidence}
    assert by_stem["بنك"].term == "البَنْكُ"
    assert [text[start:end] for start, end in by_stem["بنك"].spans] == ["البَنْكُ", "البنك"]
    assert {part.stem: part for part in model.explain(text + " البنك").evidence}["بنك"].term == "البنك"


def test_joined_words_are_pointed_at_one_by_one(model: Model) -> None:
    """علىالبنك is على and البنك: each points at its own letters."""
    text = "اعتمدت الشركات علىالبنك في تمويل مشروعاتها وزادت الأرباح"
    spelt = {part.stem: text[slice(*part.spans[0])] for part in model.explain(text).evidence}
    assert spelt["بنك"] == "البنك"


def test_every_known_word_is_in_exactly_one_span(model: Model) -> None:
    explanation = model.explain(pages.FINTECH)
    spans = sorted(span for part in explanation.evidence for span in part.spans)
    assert len(spans) == explanation.known
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    unknown = sum(len(term.spans) for term in explanation.unknown)
    assert explanation.known + unknown == explanation.words


def test_unknown_terms_are_named_as_written_most_frequent_first(model: Model) -> None:
    text = pages.FINTECH + " الزقزقاوي والزقزقاوي خنفشاريتان."
    unknown = model.explain(text).unknown
    assert unknown[0].term == "الزقزقاوي"
    assert len(unknown[0].spans) == 2
    assert "خنفشاريتان" in [term.term for term in unknown]


def test_json_keeps_to_the_contract(model: Model) -> None:
    values = model.predict(pages.FINTECH, explain=True, passages=True).as_dict()
    assert list(values)[-3:] == ["model", "passages", "evidence"]
    assert set(values["evidence"][0]) == {"term", "contribution", "spans"}
    assert isinstance(values["evidence"][0]["spans"][0], list)
    assert set(values["passages"][0]) == {"label", "probability", "share", "start", "end"}
    assert not {"passages", "evidence"} & set(model.predict(pages.FINTECH).as_dict())


@pytest.mark.parametrize("text", ["", "12 34 ...", "The bank raised interest rates", "بنك"], ids=repr)
def test_where_nothing_was_decided_nothing_is_explained(model: Model, text: str) -> None:
    prediction = model.predict(text, explain=True, passages=True)
    assert (prediction.label, prediction.evidence, prediction.passages, prediction.topics) == (None, (), (), ())


def test_asking_why_never_changes_the_answer(model: Model) -> None:
    for text in (pages.FINTECH, pages.FINTECH + "\n" + pages.SECURITY, pages.SPORTS, ""):
        plain, full = model.predict(text).as_dict(), model.predict(text, explain=True, passages=True).as_dict()
        assert plain == {key: value for key, value in full.items() if key not in ("evidence", "passages")}
        assert model.predict_many([text])[0].as_dict() == plain


def test_a_file_is_known_by_its_bytes_and_its_repairs_are_told(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "قديم.txt"
    path.write_bytes(pages.FINTECH.encode("cp1256"))
    prediction = model.predict_file(path, explain=True)
    assert prediction.path == str(path)
    assert prediction.label == "economy/fintech"
    _, digest = model.read_file(path)
    assert prediction.sha256 == digest
    assert prediction.located("x", "y", ("one", "two")).message == "put right while reading: one, two"


def test_a_mixed_page_explains_its_other_article_too(model: Model) -> None:
    text = pages.FINTECH + "\n" + pages.SECURITY
    explanation = model.explain(text)
    (other,) = explanation.others
    assert (explanation.label, other.label) == ("economy/fintech", "security/counter-terrorism")
    border = len(pages.FINTECH)
    assert all(start < border for part in explanation.evidence for start, _ in part.spans)
    assert all(start >= border for part in other.evidence for start, _ in part.spans)
    assert other.bias + sum(part.contribution for part in other.evidence) == pytest.approx(other.score, abs=1e-6)

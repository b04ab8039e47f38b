"""Passages: hand-made pages are cut where their topics change, and only there."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pages
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import Model
from classifier.corpus import load_corpus
from classifier.engine import Tally
from classifier.paragraphs import LONG_LINE, blanked, paragraphs_of, spoken
from classifier.passages import MIXED, SWITCH, best_path, gain_of, voice

ECONOMY, SECURITY, OTHER = "economy/fintech", "security/counter-terrorism", "other"
ROOT = Path(__file__).resolve().parent.parent
BEGINS = {ECONOMY: "محافظ الهاتف", SECURITY: "مقتل مسلحين"}


def joined(*parts: str) -> str:
    return "\n".join(parts)


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        pytest.param(joined(pages.FINTECH, pages.SECURITY), ECONOMY, SECURITY, id="fintech, security"),
        pytest.param(joined(pages.SECURITY, pages.FINTECH), SECURITY, ECONOMY, id="security, fintech"),
        pytest.param(joined(pages.FINTECH, pages.LINKS, pages.SECURITY), ECONOMY, SECURITY, id="links between"),
        pytest.param(
            joined(pages.SECURITY, pages.LINKS, pages.FINTECH), SECURITY, ECONOMY, id="links between, reversed"
        ),
    ],
)
def test_a_page_of_two_articles(model: Model, text: str, first: str, second: str) -> None:
    prediction = model.predict(text, passages=True)
    assert prediction.label == first
    assert {topic["label"]: topic["share"] for topic in prediction.topics} == {
        first: pytest.approx(0.5, abs=0.05),
        second: pytest.approx(0.5, abs=0.05),
    }
    assert [passage.label for passage in prediction.passages] == [first, second]
    starts = [line.start for line in paragraphs_of(text)]
    border = starts.index(text.index(BEGINS[second]))
    assert abs(starts.index(prediction.passages[1].start) - border) <= 1
    assert "mixed" in prediction.message
    assert first in prediction.message
    assert second in prediction.message


@pytest.mark.parametrize(
    ("text", "label"),
    [
        pytest.param(pages.FINTECH, ECONOMY, id="fintech"),
        pytest.param(pages.SECURITY, SECURITY, id="security"),
        pytest.param(pages.TERROR_FINANCING, SECURITY, id="terror financing full of crypto words"),
        pytest.param(pages.CENTRAL_BANK, ECONOMY, id="central bank on rules against terror financing"),
        pytest.param(pages.SPORTS, OTHER, id="sport with a transfer fee"),
        pytest.param(joined(pages.FINTECH, pages.LINKS), ECONOMY, id="fintech above links"),
    ],
)
def test_a_page_of_one_article(model: Model, text: str, label: str) -> None:
    prediction = model.predict(text, passages=True)
    assert prediction.label == label
    assert prediction.topics == ({"label": label, "share": 1.0},)
    assert [passage.label for passage in prediction.passages] == [label]
    assert prediction.message is None


def test_a_heading_is_no_article_of_its_own() -> None:
    """A title on financing of terrorism, above rules for banks: 11 words that the model alone takes for security."""
    shipped = Model.load()
    title = "المصرف المركزي يصدر تعليمات جديدة لمكافحة غسل الأموال وتمويل الإرهاب"
    assert shipped.predict(title).label == SECURITY
    assert [passage.label for passage in shipped.passages(f"{title}\n\n{pages.BANK_RULES}")] == [ECONOMY]


def test_the_first_article_decides_and_not_the_longer_one(model: Model) -> None:
    tail = joined(pages.SECURITY, pages.TERROR_FINANCING, pages.SECURITY)
    prediction = model.predict(joined(pages.FINTECH, tail))
    assert prediction.label == ECONOMY
    assert prediction.topics[0]["label"] == SECURITY
    assert prediction.topics[0]["share"] > 0.6


def test_links_do_not_vote(model: Model) -> None:
    """The same links under a heading, five times over, leave a short article its label."""
    links = "\n".join("الأمن يضبط خلية إرهابية خططت لتفجير انتحاري\nمقتل عناصر من داعش في غارة جوية" for _ in range(8))
    text = joined(pages.FINTECH, "مواضيع ذات صلة", links)
    prediction = model.predict(text, explain=True)
    assert prediction.label == ECONOMY
    article = len(pages.FINTECH)
    assert all(start < article for part in prediction.evidence for start, _ in part.spans)


def test_passages_cover_their_paragraphs_and_their_shares_add_up(model: Model) -> None:
    text = joined(pages.SPORTS, pages.SECURITY, pages.FINTECH)
    passages = model.passages(text)
    assert [passage.label for passage in passages] == [OTHER, SECURITY, ECONOMY]
    assert sum(passage.share for passage in passages) == pytest.approx(1)
    assert text[passages[0].start :].startswith("النادي")
    assert passages[-1].end == len(text.rstrip())
    assert all(first.end < second.start for first, second in pairwise(passages))
    assert passages == model.predict(text, passages=True).passages


def test_a_long_line_is_cut_at_its_sentences(model: Model) -> None:
    """Text that lost its line ends, as PDF and scraped text do, is cut all the same."""
    text = " ".join(joined(pages.FINTECH, pages.SECURITY).split())
    passages = model.passages(text)
    assert [passage.label for passage in passages] == [ECONOMY, SECURITY]
    assert abs(passages[1].start - text.index(BEGINS[SECURITY])) < 40


def test_paragraphs_without_evidence_join_their_neighbours(model: Model) -> None:
    empty = "* * *\n\n2024 – 2025\n\nخنفشار زقزقاو خنفشار\n"
    passages = model.passages(joined(pages.FINTECH, empty, pages.SECURITY))
    assert [passage.label for passage in passages] == [ECONOMY, SECURITY]


@pytest.mark.parametrize(("name", "mixed", "differing"), [("shipped", 100, 200), ("model", 50, 50)])
def test_single_articles_keep_the_plain_label(
    name: str, mixed: int, differing: int, request: pytest.FixtureRequest
) -> None:
    """Of the seeds, all on one topic each, hardly any is called mixed or gets another label: one in so many."""
    model: Model = request.getfixturevalue(name)
    texts = [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("seeds/**/*.txt"))]
    plain = [model.labels[number] for number in model.predict_proba(texts).argmax(axis=1)]
    predictions = model.predict_many(texts)
    assert sum(len(prediction.topics) > 1 for prediction in predictions) <= len(texts) // mixed
    changed = [pair for pair in zip(predictions, plain, strict=True) if pair[0].label not in (None, pair[1])]
    assert len(changed) <= len(texts) // differing


def test_a_page_less_certain_than_asked_still_says_what_it_holds(model: Model) -> None:
    text = joined(pages.FINTECH, pages.SECURITY)
    judged = model._judge.judge(text, model._engine.tally(text), cut_off=1.1)
    assert judged.decision.label is None
    assert len(model._judge.topics(judged)) == 2
    assert "mixed page" in model._judge.message(judged)


def test_cutting_is_linear(model: Model) -> None:
    """Work is counted, not timed: twice the text makes at most a little over twice the function calls."""
    import cProfile

    def calls(times: int) -> int:
        profile = cProfile.Profile()
        text = joined(*[pages.FINTECH, pages.SECURITY] * times)
        profile.runcall(model.passages, text)
        profile.create_stats()
        return sum(numbers[1] for numbers in profile.stats.values())

    assert calls(40) < 2.3 * calls(20)


@given(st.text(alphabet=st.sampled_from("ابت .!؟\n\r\u2029 ") | st.characters(), max_size=1500))
def test_paragraphs_hold_all_words_in_order(text: str) -> None:
    paragraphs = paragraphs_of(text)
    assert "".join(text[p.start : p.end] for p in paragraphs).split() or not text.split()
    held = "".join("".join(text[p.start : p.end].split()) for p in paragraphs)
    assert held == "".join(text.split())
    assert all(first.end <= second.start for first, second in pairwise(paragraphs))
    kept = blanked(text, paragraphs)
    assert len(kept) == len(text)
    assert "".join(kept.split()) == held
    assert "".join(spoken(text, [p._replace(votes=True) for p in paragraphs]).split()) == held


def test_sentences_of_a_long_line_are_grouped() -> None:
    text = "جملة من عدة كلمات تكفي للاختبار هنا. " * 40
    paragraphs = paragraphs_of(text)
    assert len(paragraphs) > 3
    assert all(100 < paragraph.end - paragraph.start < LONG_LINE for paragraph in paragraphs)
    assert len(paragraphs_of("كلمة " * 500)) == 1


def test_a_paragraph_speaks_by_its_known_words() -> None:
    scores = (2.0, 0.0)
    loud, quiet = voice(Tally(scores, 60, 60, 60, 0)).alone, voice(Tally(scores, 60, 6, 60, 0)).alone
    assert loud[0] - loud[1] > quiet[0] - quiet[1] > 0
    silent = voice(Tally(scores, 60, 0, 60, 0)).alone
    assert silent[0] == silent[1]
    assert voice(Tally(scores, 60, 60, 60, 0), votes=False).alone == silent
    assert min(voice(Tally((900.0, 0.0), 60, 60, 60, 0)).alone) >= math.log(0.02) - 1e-9


def test_the_path_changes_only_where_that_pays() -> None:
    voices = [[0.0, -3.0], [-1.0, 0.0], [0.0, -3.0]]
    assert best_path(voices, [SWITCH, SWITCH]) == [0, 1, 0]
    assert gain_of([0, 1, 0], voices, [SWITCH, SWITCH]) == pytest.approx(1.0 - 2 * SWITCH)
    assert best_path(voices, [0.6, 0.6]) == [0, 0, 0]
    assert gain_of([0, 0, 0], voices, [0.6, 0.6]) == 0.0
    assert best_path([[0.0, 0.0]], []) == [0]


def test_two_long_paragraphs_make_a_mixed_page() -> None:
    """Of a short one there is too much doubt; of a long one there is less."""
    about = [(9.0, 0.0), (0.0, 9.0)]
    for known, outweighs_doubt in ((10, False), (90, True)):
        voices = [voice(Tally(scores, known, known, known, 0)).in_all for scores in about]
        assert (gain_of([0, 1], voices, [SWITCH]) > MIXED) == outweighs_doubt


def test_two_short_articles_without_a_line_between(shipped: Model) -> None:
    first, second = (" ".join(page.split("\n\n")[1].split()) for page in (pages.FINTECH, pages.SECURITY))
    prediction = shipped.predict(f"{first}\n{second}")
    assert prediction.label == ECONOMY
    assert {topic["label"] for topic in prediction.topics} == {ECONOMY, SECURITY}


@pytest.mark.parametrize("between", ["\n\n", "\n", " "], ids=["blank line", "line end", "space"])
def test_two_long_articles_of_one_line_each(shipped: Model, between: str) -> None:
    first, second = (" ".join(page.split()) for page in (pages.FINTECH, pages.SECURITY))
    for text, label in ((f"{first}{between}{second}", ECONOMY), (f"{second}{between}{first}", SECURITY)):
        prediction = shipped.predict(text)
        assert prediction.label == label
        assert {topic["label"] for topic in prediction.topics} == {ECONOMY, SECURITY}


def test_an_article_between_two_of_another_topic(shipped: Model) -> None:
    text = joined(pages.FINTECH, pages.SECURITY, pages.FINTECH)
    assert {topic["label"] for topic in shipped.predict(text).topics} == {ECONOMY, SECURITY}


def test_topics_are_the_sums_of_passages(shipped: Model) -> None:
    corpus = load_corpus(ROOT / "seeds").examples
    texts = [example.text for example in corpus[::10]]
    texts += [f"{first}\n{second}" for first, second in pairwise(texts)]
    assert sum(len(shipped.predict(text).topics) > 1 for text in texts) > 10
    for text in texts:
        prediction = shipped.predict(text, passages=True)
        shares: Counter[str] = Counter()
        for passage in prediction.passages or ():
            shares[passage.label] += passage.share
            assert passage.probability >= 1 / 3 or len(prediction.topics) > 1
        assert dict(shares) == pytest.approx({t["label"]: t["share"] for t in prediction.topics}, abs=0.001)


def test_passages_that_become_one_are_named_by_what_they_are_together(shipped: Model) -> None:
    """Cut into lines of a few words, an article may begin with lines that tell of nothing."""
    for text in (pages.FINTECH, pages.SECURITY):
        words = text.split()
        wrapped = "\n".join(" ".join(words[start : start + 6]) for start in range(0, len(words), 6))
        for passage in shipped.predict(joined(wrapped, pages.SECURITY), passages=True).passages or ():
            assert passage.probability > 0.34

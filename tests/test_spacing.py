"""Spacing: words that run together are parted again, and everything still points at the document as it was."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path

import pages
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import Model
from classifier.engine import Engine
from classifier.engine.plain import Engine as PlainEngine
from classifier.errors import Reason
from classifier.spacing import READ, Spacer

ABOUT = {"economy/fintech": pages.FINTECH, "security/counter-terrorism": pages.SECURITY, "other": pages.SPORTS}


def run_together(text: str, share: float, seed: int = 3) -> str:
    choice = random.Random(seed)
    return re.sub(" ", lambda _: "" if choice.random() < share else " ", text)


@pytest.fixture(scope="module")
def spacer(shipped: Model) -> Spacer:
    return Spacer(shipped._engine, shipped.tables)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("label", ABOUT)
def test_pages_that_lost_spaces_get_their_label(shipped: Model, label: str, share: float) -> None:
    text = run_together(ABOUT[label], share)
    prediction = shipped.predict(text)
    assert prediction.label == label
    assert prediction.coverage > 0.9 or share < 0.2


def test_a_line_without_any_space(shipped: Model) -> None:
    prediction = shipped.predict("رفعالبنكالمركزيأسعارالفائدةلكبحالتضخمفيالأسواقالمحلية")
    assert prediction.label == "economy/fintech"
    assert "spaces were put right" in (prediction.message or "")


@pytest.mark.parametrize("label", ABOUT)
def test_letters_that_stand_apart_are_the_same_in_a_file(shipped: Model, tmp_path: Path, label: str) -> None:
    """No encoding is guessed anew for want of words."""
    text = " ".join(ABOUT[label])
    (tmp_path / "apart.txt").write_text(text, encoding="utf-8")
    assert shipped.predict_file(tmp_path / "apart.txt").label == shipped.predict(text).label == label


def test_evidence_points_at_the_text_as_it_was(shipped: Model) -> None:
    text = run_together(pages.SECURITY, 1.0)
    prediction = shipped.predict(text, explain=True)
    assert len(prediction.evidence) > 20
    for part in prediction.evidence:
        assert part.term in {text[start:end] for start, end in part.spans}
    unknown = shipped.explain(text).unknown
    assert all(term.term == text[slice(*term.spans[0])] for term in unknown)


def test_passages_point_at_the_text_as_it_was(shipped: Model) -> None:
    text = run_together("\n".join([pages.FINTECH, pages.SECURITY]), 0.7)
    passages = shipped.passages(text)
    assert [passage.label for passage in passages] == ["economy/fintech", "security/counter-terrorism"]
    assert text[passages[1].start :].startswith(pages.SECURITY.strip()[:4])
    assert passages[-1].end == len(text.rstrip())


def test_vocalised_and_stretched_words_are_parted_too(shipped: Model) -> None:
    marked = re.sub("(?<=[ا-ي])", "َ", pages.FINTECH.replace("ال", "الـ"))
    text = run_together(marked, 1.0)
    assert shipped.predict(text).label == "economy/fintech"


@pytest.mark.parametrize("between", [" ", "   "], ids=["as between letters", "wider"])
def test_words_pulled_apart_to_letters_are_closed(shipped: Model, between: str) -> None:
    text = "\n".join(between.join(" ".join(word) for word in line.split()) for line in pages.SECURITY.splitlines())
    prediction = shipped.predict(text, explain=True)
    assert prediction.label == "security/counter-terrorism"
    assert len(prediction.evidence) > 20
    for part in prediction.evidence:
        assert {"".join(text[start:end].split()) for start, end in part.spans} >= {part.term}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("دانشآموزانپایهدوازدهمبایدتاپایانهفتهبرایشرکتدرآزموننهاییثبتنامکنندوبهمدرسهبروند", id="Persian"),
        pytest.param("".join(random.Random(5).choices("ابتثجحخدذرزسشصضطظعغفقكلمنهوي", k=300)), id="random letters"),
        pytest.param("Theministryraisedtheinterestrateagainonmondaymorning " * 3, id="English"),
    ],
)
def test_what_is_not_arabic_does_not_become_it(shipped: Model, text: str) -> None:
    assert shipped.predict(text).reason in {Reason.LOW_COVERAGE, Reason.NOT_ARABIC, Reason.TOO_SHORT}


def test_names_and_slips_stay_whole(spacer: Spacer) -> None:
    assert spacer.mend("كتب خنفشارزوق إلى زقزقاوظغث رسالة") is None


WORDS = sorted({word.strip("،.") for word in f"{pages.FINTECH} {pages.SECURITY}".split()})


@given(
    st.lists(st.sampled_from([*WORDS, "الـبنَك", "ا ل أ م ن", " ", "\n", "\u200f", "7", "bank", "\ud800"]), min_size=8)
)
def test_only_spaces_change(spacer: Spacer, parts: list[str]) -> None:
    text = "".join(parts)
    spaced = spacer.mend(text)
    if spaced is None:
        return
    assert "".join(spaced.text.split()) == "".join(text[:READ].split())
    assert list(spaced.places) == sorted(spaced.places)
    assert all(sign in (" ", text[place]) for sign, place in zip(spaced.text, spaced.places, strict=True))


def test_the_plain_engine_parts_alike(shipped: Model, spacer: Spacer) -> None:
    text = run_together(pages.FINTECH, 0.6)
    assert Spacer(PlainEngine(shipped.tables), shipped.tables).mend(text) == spacer.mend(text)


@pytest.mark.parametrize("share", [0.08, 0.15, 0.2])
def test_wrong_letters_are_not_wrong_spaces(shipped: Model, share: float) -> None:
    """A scan read badly is answered, or not, as it stands."""
    choice = random.Random(1)
    letters = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
    text = f"{pages.FINTECH} {pages.SPORTS}"
    text = re.sub("[ا-ي]", lambda letter: choice.choice(letters) if choice.random() < share else letter[0], text)
    assert "spaces" not in (shipped.predict(text).message or "")


def test_a_heading_spaced_out_does_not_decide(shipped: Model) -> None:
    english = "The committee met again and the members spoke about the harbour. " * 3000
    text = f"ا ل ر ي ا ض ة\n{pages.SPORTS * 30}{english}"
    assert shipped.predict(text).reason == shipped.predict(text.replace("ا ل ر ي ا ض ة", "الرياضة")).reason


def test_no_more_is_read_than_tells_a_topic(shipped: Model) -> None:
    text = run_together(pages.FINTECH, 1.0) * 400
    prediction = shipped.predict(text, explain=True)
    assert prediction.label == "economy/fintech"
    assert all(end <= READ for part in prediction.evidence for _, end in part.spans)


def test_words_known_but_not_at_the_end_of_a_text_stay_whole(shipped: Model) -> None:
    ending = replace(shipped.tables, analysis=replace(shipped.tables.analysis, ending=5))
    for engine in (Engine(ending), PlainEngine(ending)):
        assert Spacer(engine, ending).mend("شرح المدير خطط المصارف وفوائد المؤسسات وقال إنه المستوفي") is None

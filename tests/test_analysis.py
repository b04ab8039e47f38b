"""Text to terms: tables of real traps, properties on any text, and pyarabic as the oracle of the letter table."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarabic import araby

from classifier import arabic
from classifier.analysis import LONGEST_ENDING, AnalysisSettings, is_word, normalise, stem, terms
from classifier.arabic import letter_table
from classifier.engine import Reader, plain

ARABIC_TEXT = st.text(
    st.one_of(
        st.characters(min_codepoint=0x600, max_codepoint=0x6FF),
        st.characters(min_codepoint=0xFB50, max_codepoint=0xFEFF),
        st.sampled_from("ابتهوىةلا  \u200c\u200f\ufeffـًّabC1."),
        st.characters(),
    )
)
JOINED_TEXT = st.lists(st.sampled_from([*arabic.JOINING_WORDS, "ال", "كتاب", "ة", "ى", "ا", "ﷺ", " "])).map("".join)
PUNCTUATED_TEXT = st.text('«»"()،؛:؟!.- ابةلى\u064b')
ANY_TEXT = st.one_of(st.text(), ARABIC_TEXT, JOINED_TEXT, PUNCTUATED_TEXT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("اِرْتَفَعَتْ أَسْعَارُ النَّفْطِ", "ارتفعت اسعار النفط", id="vocalised headline: marks do not cut words"),
        pytest.param("ﺍﻟﺒﻨﻚ ﺍﻟﻤﺮﻛﺰﻱ", "البنك المركزي", id="presentation forms, as old PDFs hold them"),
        pytest.param("صلاح ﻷن ﻻعب", "صلاح لان لاعب", id="lam-alef ligatures, with and without hamza"),
        pytest.param("محمد ﷺ", "محمد صلي الله عليه وسلم", id="one code point that is four words"),
        pytest.param("الاقتصـــــاد", "الاقتصاد", id="tatweel inside a word"),
        pytest.param("می‌شود کتاب", "ميشود كتاب", id="Persian yeh and kaf, zero-width non-joiner"),
        pytest.param("\ufeffالبنك \u200fالدولي\u200e", "البنك الدولي", id="byte order mark and direction marks"),
        pytest.param("إلى إلا", "الي الا", id="alef maksura must not merge with alef: to / except"),
        pytest.param("آثار أمن إدارة ٱلله", "اثار امن اداره الله", id="every alef is one"),
        pytest.param("مسؤول شؤون رئيس", "مسؤول شؤون رئيس", id="hamza on waw and yeh stays"),
        pytest.param(
            "«المصرف»:(البورصة)،السوق؛", "المصرف البورصه السوق", id="guillemets and Arabic punctuation separate"
        ),
        pytest.param("عام ٢٠٢٤ بلغ 12٪ من12مليون", "عام بلغ من مليون", id="digits of both kinds separate"),
        pytest.param("دفع عبر Apple Pay ورموز NFT", "دفع عبر apple pay ورموز nft", id="Latin names, lower-cased"),
        pytest.param("هذاالدوافع", "هذا الدوافع", id="function word joined to an article"),
        pytest.param("خلالالأزمة التيالبلاد", "خلال الازمه التي البلاد", id="more joined function words"),
        pytest.param("المدينةالكبيرة", "المدينه الكبيره", id="teh marbuta ends a word"),
        pytest.param("علىالرغم", "علي الرغم", id="alef maksura before alef ends a word"),
        pytest.param("معالجة فيالق بعدالة", "معالجه فيالق بعداله", id="words that only look joined"),
        pytest.param("و في ا ب", "في", id="single letters are no words"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("والاقتصاد", "اقتصاد"),
        ("بالبنوك", "بنوك"),
        ("للمستثمرين", "مستثمر"),
        ("الارهابيه", "ارهاب"),
        ("اسعارها", "اسعار"),
        ("وقف", "وقف"),
        ("الي", "الي"),
        ("مال", "مال"),
    ],
)
def test_stem(word: str, expected: str) -> None:
    assert stem(word) == expected


def test_terms_point_at_the_original_spelling() -> None:
    text = "قال: «البَنْكُ» هذاالمصرف ﷺ"
    found = [(term.text, text[term.start : term.end]) for term in terms(text)]
    assert found == [
        ("قال", "قال"), ("بنك", "البَنْكُ"), ("هذا", "هذا"), ("مصرف", "المصرف"),
        ("صلي", "ﷺ"), ("الل", "ﷺ"), ("علي", "ﷺ"), ("سلم", "ﷺ"),
    ]  # fmt: skip


def test_punctuation_is_read_where_it_is_asked_for() -> None:
    text = "قال: «البنك» (المركزي)، ثم؟ 3.5 - ...ﷺ؛"
    found = [(term.text, text[term.start : term.end]) for term in terms(text, AnalysisSettings(punctuation=True))]
    assert found == [
        ("قال", "قال"), ("::", ":"), ('""', "«"), ("بنك", "البنك"), ('""', "»"), ("((", "("), ("مركز", "المركزي"),
        ("((", ")"), (",,", "،"), ("ثم", "ثم"), ("??", "؟"),
        ("صلي", "ﷺ"), ("الل", "ﷺ"), ("علي", "ﷺ"), ("سلم", "ﷺ"), (";;", "؛"),
    ]  # fmt: skip


def test_the_ending_is_told_where_it_is_asked_for() -> None:
    text = "أعلن البنك المركزي اليوم ذلك (رويترز)"
    found = [(term.text, text[term.start : term.end]) for term in terms(text, AnalysisSettings(ending=3))]
    assert found[-4:] == [("رويترز", "رويترز"), ("$يوم", "اليوم"), ("$ذلك", "ذلك"), ("$رويترز", "رويترز")]
    assert found[:-3] == [(term.text, text[term.start : term.end]) for term in terms(text)]
    assert [term.text for term in terms("بنك", AnalysisSettings(ending=3))] == ["بنك", "$بنك"]
    assert terms("", AnalysisSettings(ending=3)) == []
    assert not any(is_word(term) for term, _ in found[-3:])


def test_settings_pickled_before_a_field_was_there_have_its_default() -> None:
    for state in ([False, True], {"stem": False, "punctuation": True}):  # of a class with slots, and of one without
        old = AnalysisSettings.__new__(AnalysisSettings)
        old.__setstate__(state)
        assert old == AnalysisSettings(stem=False, punctuation=True)
    assert pickle.loads(pickle.dumps(AnalysisSettings(ending=2))) == AnalysisSettings(ending=2)


def test_a_run_without_end_counts_by_its_beginning() -> None:
    (term,) = terms("ب" * 1000)
    assert (term.text, term.start, term.end) == ("ب" * 48, 0, 1000)


def test_letters_agree_with_pyarabic() -> None:
    for letter in araby.LETTERS:
        assert arabic.fold(letter) not in (None, ""), letter
    for mark in (*araby.TASHKEEL, araby.TATWEEL, *araby.SMALL):
        assert arabic.fold(mark) == "", mark
    for alef in set(araby.ALEFAT) - {araby.ALEF_MAKSURA, araby.MINI_ALEF}:
        assert arabic.fold(alef) == araby.ALEF


@given(ARABIC_TEXT)
def test_marks_fall_away_as_pyarabic_strips_them(text: str) -> None:
    assert normalise(text) == normalise(araby.strip_tashkeel(araby.strip_tatweel(text)))


@pytest.mark.parametrize(
    ("letter", "foreign"),
    [("گ", True), ("پ", True), ("ٹ", True), ("ے", True), ("ک", False), ("ب", False), ("ﻻ", False)],
)
def test_foreign_letters(letter: str, foreign: bool) -> None:
    assert arabic.is_foreign(letter) is foreign


def test_the_table_lays_out_the_rule() -> None:
    table = letter_table()
    for code_point in (*range(0x3000), *range(0xF900, 0x10000), *range(0x1EE00, 0x1EF00)):
        letters, cell = arabic.fold(chr(code_point)), table.cell(code_point)
        expected = {None: [arabic.SEPARATOR], "": [arabic.DROP]}.get(letters, [])
        if not expected:
            assert letters is not None
            laid_out = {arabic.SELF: chr(code_point), arabic.EXPAND: "".join(map(chr, table.expansion(code_point)))}
            assert laid_out.get(cell, chr(cell & arabic.LETTER_BITS)) == letters
        else:
            assert [cell] == expected


@given(ANY_TEXT)
def test_normalising_is_idempotent(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(ANY_TEXT)
def test_offsets_rise_and_lead_back_to_the_term(text: str) -> None:
    whole = AnalysisSettings(stem=False)
    found = terms(text, whole)
    assert all(0 <= term.start < term.end <= len(text) for term in found)
    assert [term.start for term in found] == sorted(term.start for term in found)
    for term in found:
        again = [part.text for part in terms(text[term.start : term.end], whole)]
        assert term.text in again


@settings(max_examples=500)
@given(ANY_TEXT, st.booleans(), st.booleans(), st.integers(0, LONGEST_ENDING))
def test_the_engine_reads_as_specified(text: str, stemmed: bool, punctuation: bool, ending: int) -> None:
    analysis, table = AnalysisSettings(stemmed, punctuation, ending), letter_table(punctuation)
    reader, oracle = Reader(analysis, table), plain.Reader(analysis, table)
    assert reader.terms(text) == oracle.terms(text)
    assert reader.hashes(text) == oracle.hashes(text)


@given(st.one_of(st.binary(), ANY_TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")[:-1])))
def test_the_engine_reads_any_bytes(content: bytes) -> None:
    reader, oracle = Reader(AnalysisSettings(), letter_table()), plain.Reader(AnalysisSettings(), letter_table())
    assert reader.terms(content) == oracle.terms(content)


def test_lone_surrogates_are_separators() -> None:
    reader = Reader(AnalysisSettings(), letter_table())
    assert [term.text for term in reader.terms("بنك\ud800سوق")] == ["بنك", "سوق"]

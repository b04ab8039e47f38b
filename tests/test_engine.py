"""The compiled engine against the plain one: on seeds, corpora and any text; shared by threads; fed hostile input."""

from __future__ import annotations

import json
import lzma
import math
import os
import random
import subprocess
import sys
from array import array
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import Model, arabic, artefact
from classifier.analysis import AnalysisSettings
from classifier.arabic import LetterTable, letter_table
from classifier.engine import Engine, Lexicon, Reader, Tables, Tally, Weighting, plain, softmax
from classifier.engine.tables import LEAST_WORDS, PIECE, PIECES, SHORTEST, lay_out, settings_of
from classifier.errors import ModelFileError

ROOT = Path(__file__).resolve().parent.parent
EVERY_DOCUMENT = bool(os.environ.get("CLASSIFIER_EVERY_DOCUMENT"))  # minutes: the plain engine reads 1 MB a second
compiled_only = pytest.mark.skipif(Engine.face == "plain", reason="the compiled engine was not built here")

LETTERS = st.sampled_from("ابتثدرسعفقكلمنهويةىءأإآئؤ")
WORDS = st.sampled_from(
    [
        "البنك",
        "المركزي",
        "والمصارف",
        "الأسعار",
        "للنفط",
        "هذاالسوق",
        "خلالالأزمة",
        "المدينةالكبيرة",
        "علىالرغم",
        "ﷺ",
        "ﻻعب",
        "گاز",
        "Visa",
    ]
)
MARKS = st.sampled_from(["ـ", "ً", "ّ", "\u200f", "\ufeff", " ", "\n", "،", "١", "x"])
TEXT = st.one_of(
    st.lists(st.one_of(WORDS, LETTERS, MARKS, st.just(" ")), max_size=60).map("".join),
    st.text(max_size=80),
)


@pytest.fixture(scope="module")
def tables(model: Model) -> Tables:
    return model.tables


@pytest.fixture(scope="module")
def engine(tables: Tables) -> Engine:
    return Engine(tables)


@pytest.fixture(scope="module")
def oracle(tables: Tables) -> plain.Engine:
    return plain.Engine(tables)


@pytest.fixture(scope="module")
def seeds() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted((ROOT / "seeds").rglob("*.txt"))]


def _assert_close(found: Tally, expected: Tally) -> None:
    assert found[1:5] == expected[1:5]
    assert (*found.scores, found.spread) == pytest.approx((*expected.scores, expected.spread), rel=1e-6, abs=1e-6)


def _assert_same(engine: Engine, oracle: plain.Engine, text: str | bytes) -> None:
    assert engine.terms(text) == oracle.terms(text)
    assert engine.occurrences(text) == oracle.occurrences(text)
    _assert_close(engine.tally(text), oracle.tally(text))


@compiled_only
def test_both_engines_agree_on_the_seeds(engine: Engine, oracle: plain.Engine, seeds: list[str]) -> None:
    assert len(seeds) > 100
    for text in seeds:
        _assert_same(engine, oracle, text)


@compiled_only
@pytest.mark.parametrize("name", ["sanad-khaleej", "antcorpus"])
def test_both_engines_agree_on_the_corpora(name: str, engine: Engine, oracle: plain.Engine, shared: Path) -> None:
    step = 1 if EVERY_DOCUMENT else 400
    with lzma.open(shared / "corpora" / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number % step == 0:
                _assert_same(engine, oracle, json.loads(line)["text"])


@compiled_only
@settings(max_examples=300, deadline=None)
@given(TEXT)
def test_both_engines_agree_on_any_text(engine: Engine, oracle: plain.Engine, text: str) -> None:
    _assert_same(engine, oracle, text)


@compiled_only
@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.tuples(TEXT, st.binary(max_size=4)).map(lambda p: p[0].encode() + p[1])))
def test_both_engines_agree_on_any_bytes(engine: Engine, oracle: plain.Engine, content: bytes) -> None:
    _assert_same(engine, oracle, content)


@settings(deadline=None)
@given(TEXT)
def test_scores_follow_from_the_occurrences(engine: Engine, tables: Tables, text: str) -> None:
    rows = [occurrence.row for occurrence in engine.occurrences(text)]
    assert engine.tally(text).scores == pytest.approx(tables.scores(rows), rel=1e-6, abs=1e-6)


def test_the_spread_is_that_of_pieces_by_themselves(engine: Engine, tables: Tables, seeds: list[str]) -> None:
    words = " ".join(seeds).split()
    for count in (
        LEAST_WORDS - 1,
        LEAST_WORDS,
        2 * SHORTEST - 1,
        2 * SHORTEST,
        2 * PIECE,
        5 * PIECE,
        PIECES * PIECE + 3,
        5000,
    ):
        text = " ".join(words[:count])
        rows = [occurrence.row for occurrence in engine.occurrences(text)]
        assert engine.tally(text).spread == pytest.approx(tables.spread(rows), abs=1e-6)
        assert (engine.tally(text).spread > 0) == (len(rows) >= LEAST_WORDS)
        if len(rows) in range(LEAST_WORDS, 2 * SHORTEST):
            halves = rows[: len(rows) // 2], rows[-(len(rows) // 2) :]
            one, other = (softmax(tables.scores(half, lead=0)) for half in halves)
            apart = sum(abs(here - there) for here, there in zip(one, other, strict=True))
            assert engine.tally(text).spread == pytest.approx(apart, abs=1e-6)
    assert engine.tally("بنك " * 1000).spread == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("weighting", [Weighting(3, 5), Weighting(1000, 1000), Weighting(0, 1)])
def test_the_lead_counts_more(weighting: Weighting, tables: Tables, seeds: list[str]) -> None:
    weighted = replace(tables, weighting=weighting)
    engine, oracle = Engine(weighted), plain.Engine(weighted)
    for text in seeds[::40]:
        _assert_close(engine.tally(text), oracle.tally(text))
    unweighted = Engine(replace(tables, weighting=Weighting(0, 1)))
    assert (unweighted.tally(seeds[0]).scores != engine.tally(seeds[0]).scores) == (weighting.lead > 0)


@settings(deadline=None)
@given(TEXT)
def test_bytes_are_read_as_their_text(engine: Engine, text: str) -> None:
    content = text.encode("utf-8", "replace")
    assert engine.tally(content) == engine.tally(content.decode())
    assert engine.terms(content) == engine.terms(content.decode())


@pytest.mark.parametrize("value", [None, 7, bytearray(b"x"), memoryview(b"x"), ["x"]])
@pytest.mark.parametrize("make", [Engine, plain.Engine])
def test_only_text_and_bytes_are_texts(make: type[Engine], value: object, tables: Tables) -> None:
    with pytest.raises(TypeError, match="str or UTF-8 bytes"):
        make(tables).tally(value)  # type: ignore[arg-type]


def test_a_lone_surrogate_separates(engine: Engine, oracle: plain.Engine) -> None:
    for text in ("بنك\ud800سوق", "\udfff", "مصرف\udc80", "\ud83d\ude00 البنك"):
        assert [term.text for term in engine.terms(text)] == [term.text for term in oracle.terms(text)]
        _assert_close(engine.tally(text), oracle.tally(text))
        assert engine.tally(text.encode("utf-8", "surrogatepass")) == engine.tally(text)


def test_no_text_grows_by_being_read(engine: Engine, seeds: list[str]) -> None:
    text = f"{seeds[0]} "
    before = sys.getsizeof(text)  # counts the UTF-8 that Python may keep with a text for good
    engine.tally(text), engine.tally_many([text]), engine.reader.terms(text), Lexicon(engine.reader).count_many([text])
    assert sys.getsizeof(text) == before


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_a_batch_is_its_texts_one_by_one(jobs: int, engine: Engine, seeds: list[str]) -> None:
    texts = ["", *seeds[::7], "x" * 9, ""]
    assert engine.tally_many(iter(texts), jobs) == [engine.tally(text) for text in texts]
    assert engine.tally_many([], jobs) == []


def test_threads_may_share_an_engine(engine: Engine, seeds: list[str]) -> None:
    expected = engine.tally_many(seeds)
    together = Barrier(8)

    def work(seed: int) -> bool:
        order = random.Random(seed).sample(range(len(seeds)), len(seeds))
        together.wait()
        whole = engine.tally_many([seeds[number] for number in order], threads=2)
        one_by_one = [engine.tally(seeds[number]) for number in order[:50]]
        return whole == [expected[number] for number in order] and one_by_one == whole[:50]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [True] * 8


@compiled_only
@pytest.mark.parametrize(
    ("unit", "words"),
    [("ب", 1), ("َ", 0), (" ", 0), ("\0", 0), ("\ufffd", 0), ("ﷺ ", 4), ("هذاال", None), ("بنك ", 1)],
    ids=["one run", "marks", "spaces", "zeros", "replacement", "expansions", "joined", "words"],
)
def test_ten_megabytes_of_one_thing(unit: str, words: int | None, engine: Engine, oracle: plain.Engine) -> None:
    repeats = 10_000_000 // len(unit.encode())
    tally, small = engine.tally(unit * repeats), oracle.tally(unit * 200)
    each = words if unit.endswith(" ") else 0
    assert tally.words == (each * repeats if each else small.words if words is None or unit == "ب" else 0)
    assert all(map(math.isfinite, tally.scores))


@compiled_only
def test_joined_words_without_end_keep_their_offsets(engine: Engine) -> None:
    text = "هذا" + "ا" * 500 + "لبنك"
    (found,) = engine.terms(text)
    assert (found.start, found.end) == (0, len(text))
    front, rest = engine.terms("خلالالأزمان" + "ب" * 200)
    assert (front.end, rest.start, rest.end) == (4, 4, 211)


def _view(code: str, values: object) -> memoryview:
    return memoryview(array(code, values))  # type: ignore[call-overload, no-any-return]


def _letters(tables: Tables, **changes: memoryview) -> Tables:
    return replace(tables, letters=replace(tables.letters, **changes))


Spoil = Callable[[Tables], Tables]
HOSTILE: dict[str, tuple[Spoil, str]] = {
    "a slot beyond the rows": (
        lambda t: replace(t, slots=_view("I", [len(t.hashes) + 1] + [0] * len(t.hashes))),
        "points outside",
    ),
    "no slot empty": (lambda t: replace(t, slots=_view("I", [1] * (len(t.hashes) + 1))), "full|points outside"),
    "fewer slots than rows": (lambda t: replace(t, slots=_view("I", [0])), "do not fit"),
    "no slots": (lambda t: replace(t, slots=_view("I", [])), "do not fit"),
    "an idf too few": (lambda t: replace(t, idf=t.idf[:-1]), "do not fit"),
    "a weight too few": (lambda t: replace(t, weights=t.weights[:-1]), "do not fit"),
    "weights of another type": (lambda t: replace(t, weights=_view("H", t.weights.tolist() and [0])), "do not fit"),
    "one label": (lambda t: replace(t, labels=1), "do not fit"),
    "idf that is no number": (
        lambda t: replace(t, idf=_view("f", [float("nan"), *t.idf[1:].tolist()])),
        "out of range",
    ),
    "endless scale": (lambda t: replace(t, scale=_view("d", [float("inf")] * t.labels)), "out of range"),
    "gigantic bias": (lambda t: replace(t, bias=_view("d", [1e300] * t.labels)), "out of range"),
    "a lead that counts nothing": (lambda t: replace(t, weighting=Weighting(5, 0)), "weighting"),
    "a lead that overflows counters": (lambda t: replace(t, weighting=Weighting(5, 1 << 31)), "weighting"),
    "a lead below zero": (lambda t: replace(t, weighting=Weighting(-1, 2)), "weighting"),
    "a lead that is no number": (lambda t: replace(t, weighting=Weighting("9", 2)), "weighting"),  # type: ignore[arg-type]
    "an ending below zero": (lambda t: replace(t, analysis=AnalysisSettings(ending=-1)), "analysis"),
    "an ending without end": (lambda t: replace(t, analysis=AnalysisSettings(ending=1 << 40)), "analysis"),
    "an ending that is no number": (lambda t: replace(t, analysis=AnalysisSettings(ending=True)), "analysis"),
    "letters outside the table": (
        lambda t: _letters(t, index=_view("H", [0xFFFF] * len(t.letters.index))),
        "points outside",
    ),
    "a short letter index": (lambda t: _letters(t, index=t.letters.index[:9]), "do not fit"),
    "expansions outside the units": (
        lambda t: _letters(t, starts=_view("I", [0] * len(t.letters.keys) + [1 << 30])),
        "points outside",
    ),
    "expansions that run backwards": (
        lambda t: _letters(t, starts=_view("I", [5, 0] + [5] * (len(t.letters.keys) - 1))),
        "points outside",
    ),
    "units that are no letters": (
        lambda t: _letters(t, units=_view("I", [0x110000] * len(t.letters.units))),
        "no letter",
    ),
}


@pytest.mark.parametrize("fault", HOSTILE)
@pytest.mark.parametrize("make", [Engine, plain.Engine])
def test_hostile_tables_are_refused(make: type[Engine], fault: str, tables: Tables) -> None:
    spoil, message = HOSTILE[fault]
    with pytest.raises(ModelFileError, match=message):
        make(spoil(tables))


@pytest.mark.parametrize("make", [Reader, plain.Reader])
def test_readers_refuse_endings_that_they_have_no_room_for(make: type[Reader]) -> None:
    with pytest.raises(ModelFileError, match="analysis"):
        make(AnalysisSettings(ending=17), letter_table())


@pytest.fixture(scope="module")
def endings(seeds: list[str]) -> Tables:
    """A model of random numbers that knows every ending of some texts."""
    settings, letters = AnalysisSettings(ending=3), letter_table()
    reader = plain.Reader(settings, letters)
    terms = sorted({term.text for text in [*seeds[:5], *SHORT] for term in reader.terms(text)})
    numbers = np.random.default_rng(0)
    arrays = lay_out(terms, numbers.random(len(terms)), numbers.normal(size=(len(terms), 2)), np.zeros(2), letters)
    metadata = {"labels": ["a", "b"], **settings_of(settings, Weighting(lead=6, lead_count=5))}
    return Tables.from_artefact(artefact.views(arrays), metadata)


SHORT = ["", "بنك", "بنك سوق", "بنك سوق نفط", "سوق نفط بنك سوق", "نفط " + "ب" * 48, "ب" * 60 + " هذاالبنك"]


def test_endings_count_once_in_both_engines(endings: Tables, seeds: list[str]) -> None:
    engine, oracle = Engine(endings), plain.Engine(endings)
    for text in [*seeds[:5], *SHORT]:
        _assert_same(engine, oracle, text)
        terms = oracle.terms(text)
        rows = [endings.find(term.text) for term in terms]
        assert engine.tally(text).scores == pytest.approx(endings.scores(rows), rel=1e-6, abs=1e-6)
        lexicons = [kind(reader, lead=6, lead_count=5) for kind, reader in _kinds(endings)]
        counted = [lexicon.count_many([text]) for lexicon in lexicons]
        assert counted[0] == counted[1]
        counts = dict(zip(lexicons[0].terms, counted[0][2], strict=True))
        assert all(
            counts[term.text] == sum(other.text == term.text for other in terms)
            for term in terms
            if term.text[0] == "$"
        )
    assert engine.tally("بنك سوق نفط").arabic == 3
    whole = oracle.occurrences(seeds[0])
    assert endings.spread([row for row, _, _ in whole]) == replace(endings, analysis=AnalysisSettings()).spread(
        [row for row, _, _ in whole[:-3]]
    )


def _kinds(tables: Tables) -> Iterator[tuple[type[Lexicon], Reader]]:
    yield Lexicon, Reader(tables.analysis, tables.letters)
    yield plain.Lexicon, plain.Reader(tables.analysis, tables.letters)  # type: ignore[misc]


def test_counters_do_not_wrap(tables: Tables) -> None:
    engine = Engine(replace(tables, weighting=Weighting(1 << 30, 1000)))
    tally = engine.tally("البنك " * 1_000_000)
    assert tally.scores == pytest.approx(Engine(tables).tally("البنك").scores)


@st.composite
def _letter_tables(draw: st.DrawFn) -> LetterTable:
    """Letter tables of any content that passes the checks: two random blocks, random expansions."""
    cells = st.one_of(st.sampled_from([0, 1, 2, 3, 32, 0x2020, 0x4627, 0x2627, 0x6627, 0x8627]), st.integers(0, 0xFFFF))
    block = array("H", draw(st.lists(cells, min_size=512, max_size=512)))
    words = draw(st.lists(st.lists(st.sampled_from([32, 0x627, 0x644, 65, 0x10FFFF]), max_size=4), max_size=9))
    keys = draw(st.lists(st.integers(0, 0x7FF), min_size=len(words), max_size=len(words)))
    starts = [sum(map(len, words[:number])) for number in range(len(words) + 1)]
    index = [draw(st.integers(0, 1)) for _ in range(8)] * (0x110000 // 256 // 8)
    parts = (array("H", index), block, array("I", keys), array("I", starts), array("I", chain.from_iterable(words)))
    return LetterTable(*map(memoryview, parts))


@compiled_only
@settings(max_examples=150, deadline=None)
@given(
    _letter_tables(),
    st.text(st.characters(max_codepoint=0x900, exclude_categories=["Cs"]), max_size=90),
    st.builds(AnalysisSettings, stem=st.booleans(), ending=st.sampled_from([0, 3])),
)
def test_both_engines_agree_with_any_letter_table(table: LetterTable, text: str, analysis: AnalysisSettings) -> None:
    compiled, oracle = Reader(analysis, table), plain.Reader(analysis, table)
    assert compiled.terms(text) == oracle.terms(text)
    assert compiled.hashes(text) == oracle.hashes(text)


def _lexicons(**options: int) -> Iterator[Lexicon | plain.Lexicon]:
    settings = AnalysisSettings()
    yield Lexicon(Reader(settings, letter_table()), **options)
    yield plain.Lexicon(plain.Reader(settings, letter_table()), **options)


@compiled_only
@pytest.mark.parametrize("options", [{}, {"lead": 3, "lead_count": 4}])
def test_both_lexicons_count_alike(options: dict[str, int], seeds: list[str]) -> None:
    (counted, terms), expected = ((lexicon.count_many(seeds[::9]), lexicon.terms) for lexicon in _lexicons(**options))
    assert (counted, terms) == expected


def test_a_lexicon_grows_past_its_room() -> None:
    letters = "بتثجحخدذرزسشصضطظعغفقكلمن"
    words = [a + b + c + d for a in letters for b in letters for c in letters for d in letters[:6]]
    lexicon = next(_lexicons())
    starts, numbers, counts = lexicon.count_many([" ".join(words), " ".join(words[:9]), "", "بخبخ"])
    assert len(lexicon) == len(words) > 1 << 16
    assert lexicon.terms == words
    assert (starts.tolist(), set(counts)) == ([0, len(words), len(words) + 9, len(words) + 9, len(words) + 10], {1})
    assert lexicon.count_many(["جديدة ببب"], grow=False)[0].tolist() == [0, 0]
    assert numbers[-1] == words.index("بخبخ")


def test_a_lexicon_begins_with_known_terms() -> None:
    for lexicon in _lexicons():
        lexicon.add(["بنك", "سوق", "بنك"])
        assert (lexicon.terms, len(lexicon)) == (["بنك", "سوق"], 2)
        assert lexicon.count_many(["السوق سوق مصرف"], grow=False)[1:] == (array("i", [1]), array("i", [2]))


def test_a_lexicon_takes_in_another() -> None:
    for ours, others in zip(_lexicons(), _lexicons(), strict=True):
        ours.add(["بنك", "سوق"])
        others.add(["مصرف", "سوق", "مطار"])
        assert list(ours.merge(others)) == [2, 1, 3]
        assert ours.terms == ["بنك", "سوق", "مصرف", "مطار"]
        assert list(ours.merge(ours)) == [0, 1, 2, 3]


@pytest.mark.parametrize("options", [{"lead_count": 0}, {"lead": -1}, {"lead_count": 1 << 20}])
def test_a_lexicon_refuses_impossible_counts(options: dict[str, int]) -> None:
    with pytest.raises((ModelFileError, OverflowError)):
        next(_lexicons(**options))


@compiled_only
def test_both_faces_offer_the_same() -> None:
    for compiled, other in ((Engine, plain.Engine), (Reader, plain.Reader), (Lexicon, plain.Lexicon)):
        assert {name for name in dir(compiled) if name[0] != "_"} == (
            {name for name in dir(other) if name[0] != "_"} | ({"reader"} if compiled is not Reader else set())
        )


def test_the_plain_engine_stands_in_for_a_missing_one() -> None:
    code = (
        "import sys; sys.modules['classifier.engine._compiled'] = None\n"
        "from classifier.engine import Engine, plain\n"
        "assert Engine is plain.Engine and Engine.face == 'plain'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_affixes_fit_the_compiled_tables() -> None:
    assert len(arabic.PREFIXES) <= 16
    assert len(arabic.SUFFIXES) <= 16
    assert len(arabic.JOINING_WORDS) <= 32
    keys = [word[0] for word in arabic.PREFIXES] + [word[-1] for word in arabic.SUFFIXES]
    assert all(0 <= ord(letter) - ord(arabic.ALEF) < 63 for letter in keys)
    assert max(map(len, arabic.SUFFIXES)) <= 2
    assert max(map(len, (*arabic.JOINING_WORDS, *arabic.PREFIXES))) <= 8

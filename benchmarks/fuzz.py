"""Feeds the engine bytes that nobody means well, and compares it with the plain one; `sanitize` watches the memory.

Usage: python benchmarks/fuzz.py [SECONDS [SEED]]. Prints how much was tried; a difference is an assertion with its
bytes.
"""

from __future__ import annotations

import random
import sys
import time
from array import array
from pathlib import Path

from classifier.analysis import AnalysisSettings
from classifier.arabic import LetterTable, letter_table
from classifier.engine import Engine, Lexicon, Reader, Tables, Weighting, plain
from classifier.engine.tables import hash_term, home_slot
from classifier.errors import ModelFileError

SEEDS = Path(__file__).resolve().parent.parent / "seeds"
# Every class of UTF-8: lead and continuation bytes alone, overlong forms, surrogates, beyond Unicode, cut short.
SCRAPS = (
    b"\x80", b"\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xd8", b"\xe0\x80\x80", b"\xe0\xa0", b"\xed\xa0\x80", b"\xef\xbb\xbf",
    b"\xf0\x80\x80\x80", b"\xf0\x9f\x98", b"\xf4\x90\x80\x80", b"\xf5", b"\xff", b"\0", "ﷺ".encode(), "ﷲ".encode(),
    "ﻻ".encode(), "ة".encode(), "ى".encode(), "ا".encode(), "ال".encode(), "َ".encode(), "ـ".encode(), b" ",
    "هذا".encode(), "خلالال".encode(), "الذينال".encode(), "گ".encode(), "😀".encode(), "漢".encode(), "İ".encode(),
)  # fmt: skip


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    random.seed(int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns())
    texts = [path.read_bytes() for path in sorted(SEEDS.rglob("*.txt"))]
    tried = refused = total = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        tables = tables_of(texts, random.choice((letter_table(), letter_table(True), any_letter_table())))
        try:
            engine, oracle = Engine(tables), plain.Engine(tables)
        except ModelFileError:
            refused += 1
            continue
        more = [any_bytes(texts) for _ in range(500)]
        engine.tally_many(more, threads=2)
        total += sum(map(len, more))
        tried += len(more)
        batch = more[:50]  # the plain engine is slow
        compare(engine, oracle, batch)
        count(tables, batch)
    print(f"{Engine.face} engine: {tried} texts, {total / 1e6:.1f} MB, {refused} hostile tables refused; nothing found")


def compare(engine: Engine, oracle: plain.Engine, batch: list[bytes]) -> None:
    for content, tally in zip(batch, engine.tally_many(batch, threads=2), strict=True):
        expected = oracle.tally(content)
        sums = zip((*tally.scores, tally.spread), (*expected.scores, expected.spread), strict=True)
        assert all(abs(a - b) <= 1e-6 * (1 + abs(b)) for a, b in sums), content
        assert tally[1:5] == expected[1:5], content
        assert engine.terms(content) == oracle.terms(content), content
        text = content.decode("utf-8", "surrogateescape")
        assert engine.occurrences(text) == oracle.occurrences(text), content


def count(tables: Tables, batch: list[bytes]) -> None:
    options = {"lead": random.choice((0, 5)), "lead_count": random.choice((1, 3))}
    compiled = Lexicon(Reader(tables.analysis, tables.letters), **options)
    expected = plain.Lexicon(plain.Reader(tables.analysis, tables.letters), **options)
    assert compiled.count_many(batch) == expected.count_many(batch)
    assert compiled.terms == expected.terms


def any_bytes(texts: list[bytes]) -> bytes:
    """Random bytes, scraps of UTF-8 sewn together, or a text with some of its bytes changed or cut."""
    kind = random.randrange(4)
    if kind == 0:
        return random.randbytes(random.randrange(300))
    if kind == 1:
        return b"".join(random.choices(SCRAPS, k=random.randrange(200)))
    if kind == 2:
        return random.choice(SCRAPS) * random.randrange(300)
    content = bytearray(random.choice(texts)[: random.randrange(1, 3000)])
    for _ in range(random.randrange(20)):
        content[random.randrange(len(content))] = random.randrange(256)
    return bytes(content)


def any_letter_table() -> LetterTable:
    """A table of random cells and expansions, sometimes pointing where it must not."""
    cells = [random.choice((0, 1, 2, 3, 32, random.randrange(0x10000))) for _ in range(512)]
    units = [random.choice((32, 0x627, 0x644, random.randrange(0x110001))) for _ in range(random.randrange(9))]
    keys = sorted(random.sample(range(0x800), random.randrange(6)))
    starts = sorted(random.randrange(len(units) + 1 + (random.random() < 0.05)) for _ in range(len(keys) + 1))
    index = [random.randrange(2 + (random.random() < 0.0001)) for _ in range(0x110000 // 256)]
    parts = (array("H", index), array("H", cells), array("I", keys), array("I", starts), array("I", units))
    return LetterTable(*map(memoryview, parts))


def tables_of(texts: list[bytes], letters: LetterTable) -> Tables:
    """A small model of a text's terms with random numbers, its slots sometimes random too."""
    settings = AnalysisSettings(random.random() < 0.8, random.random() < 0.5, random.choice((0, 0, 1, 5, 16)))
    reader = plain.Reader(settings, settings.letters)
    terms = list({term.text for term in reader.terms(random.choice(texts))})
    hashes = [hash_term(term) for term in terms]
    slots = [0] * (len(terms) * random.choice((1, 2, 3)) + 1)
    for row, hashed in enumerate(hashes):
        slot = home_slot(hashed, len(slots))
        while slots[slot]:
            slot = (slot + 1) % len(slots)
        slots[slot] = row + 1
    if random.random() < 0.2:
        slots = [random.randrange(len(terms) + 1 + (random.random() < 0.001)) for _ in slots]
    labels = random.randrange(2, 6)
    numbers = (
        array("I", slots), array("Q", hashes), array("f", [random.random() for _ in terms]),
        array("h", [random.randrange(-32768, 32768) for _ in range(labels * len(terms))]),
        array("d", [random.random() for _ in range(labels)]), array("d", [random.random() for _ in range(labels)]),
    )  # fmt: skip
    weighting = Weighting(random.choice((0, 3, 1 << 30)), random.choice((1, 2, 1000)))
    return Tables(labels, *map(memoryview, numbers), letters=letters, analysis=settings, weighting=weighting)


if __name__ == "__main__":
    main()

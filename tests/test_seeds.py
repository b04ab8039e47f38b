"""The seeds keep what their README promises: size, balance, and no sentence in two documents."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

SEEDS = Path(__file__).resolve().parent.parent / "seeds"
DOCUMENTS = sorted(SEEDS.rglob("*.txt"))
# Hands that wrote of crime, fiction and metaphors, most of which is neither; and those that wrote as the press thinks,
# argues and reports of officials, more of it of the two topics.
UNEVEN = ("shurta", "shasha", "rayi", "maqal", "fikr", "tahlil", "hikaya", "diwan")
LABELS = ("economy/fintech", "security/counter-terrorism", "other")


def _label(path: Path) -> str:
    return path.parent.relative_to(SEEDS).as_posix()


def test_every_hand_has_written_as_much_under_every_label() -> None:
    written = Counter((path.name.partition("-")[0], _label(path)) for path in DOCUMENTS)
    for hand in UNEVEN:
        assert all(written[hand, label] for label in LABELS), hand
    hands = {hand for hand, _ in written} - {*UNEVEN, "verse"}  # poems are neither, whatever they speak of
    assert len(hands) == 11
    for hand in hands:
        assert len({written[hand, label] for label in LABELS}) == 1, hand
    assert sum(written[hand, "other"] for hand in hands) == 204


def test_every_document_has_60_to_400_words() -> None:
    lengths = {path.name: len(path.read_text(encoding="utf-8").split()) for path in DOCUMENTS}
    assert {name: words for name, words in lengths.items() if not 60 <= words <= 400} == {}


def test_no_sentence_stands_in_two_documents() -> None:
    seen: dict[str, Path] = {}
    for path in DOCUMENTS:
        for sentence in re.split(r"[.!?\u061f\n]+", path.read_text(encoding="utf-8")):
            words = sentence.split()
            if len(words) >= 6:
                first = seen.setdefault(" ".join(words), path)
                assert first == path, f"{first.name} and {path.name}: {sentence}"

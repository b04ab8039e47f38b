"""The seeds keep what their README promises: size, balance, and no sentence in two documents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SEEDS = Path(__file__).resolve().parent.parent / "seeds"
DOCUMENTS = sorted(SEEDS.rglob("*.txt"))


def _label(path: Path) -> str:
    return path.parent.relative_to(SEEDS).as_posix()


@pytest.mark.parametrize("label", ["economy/fintech", "security/counter-terrorism", "other"])
def test_every_label_has_a_hundred_documents(label: str) -> None:
    assert sum(_label(path) == label for path in DOCUMENTS) >= 100


def test_every_document_has_100_to_350_words() -> None:
    lengths = {path.name: len(path.read_text(encoding="utf-8").split()) for path in DOCUMENTS}
    assert {name: words for name, words in lengths.items() if not 100 <= words <= 350} == {}


def test_no_sentence_stands_in_two_documents() -> None:
    seen: dict[str, Path] = {}
    for path in DOCUMENTS:
        for sentence in re.split(r"[.!?\u061f\n]+", path.read_text(encoding="utf-8")):
            words = sentence.split()
            if len(words) >= 6:
                first = seen.setdefault(" ".join(words), path)
                assert first == path, f"{first.name} and {path.name}: {sentence}"

"""Text that was damaged on its way to us, put right: double encoding, visual order, misplaced lam-alef ligatures.

A repair is a guess, so every guess is judged: it is applied only where the text as found is hardly readable, the
repaired one is, and by a clear margin (`score`). Clean text stays untouched, and each repair is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from itertools import product
from typing import Protocol

from classifier.documents.document import Knows
from classifier.documents.scoring import SOUND, count_arabic, fold_forms, score
from classifier.documents.soundness import looks_sound, sample

REVERSED = "visual order reversed"

_MARGIN = 0.2
_READABLE = 0.3
# Text that is Arabic letters already is only believed to be wrong ones on more evidence: rare names know no better.
_ARABIC_MARGIN = 0.35
_ARABIC_READABLE = 0.6
_FEWEST_WORDS = 6
# What a step must win by to be preferred over doing without it. Decoding as UTF-8 proves itself.
_STEP_COST = 0.1
_MISREAD_AS = (
    "windows-1252",
    "windows-1256",
    "iso8859_6",
    "mac_roman",
    "mac_arabic",
    "cp437",
    "cp850",
    "cp720",
    "cp864",
)
_WRITTEN_AS = ("utf-8", "windows-1256", "iso8859_6", "mac_arabic", "cp720")
_DEEPEST = 3
_LTR_RUN = re.compile(r"[0-9A-Za-z\u0660-\u0669\u06f0-\u06f9][0-9A-Za-z\u0660-\u0669\u06f0-\u06f9.,:/%@_'+\-]*")
_BRACKET = re.compile(r"[()\[\]{}«»]")
_MIRROR = str.maketrans("()[]{}<>«»", ")(][}{><»«")


class Repair(Protocol):
    """One way of putting a text right; returns the text unchanged where it does not apply."""

    def __call__(self, text: str, /) -> str:
        """The repaired text."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chain of repairs, its names, what it makes of the sample, and how many of its steps are mere guesses."""

    names: tuple[str, ...]
    steps: tuple[Repair, ...]
    text: str
    guesses: int = 0

    def then(self, name: str, step: Repair) -> Candidate:
        """The chain with one more step."""
        guesses = self.guesses + (not name.endswith("utf-8"))
        return Candidate((*self.names, name), (*self.steps, step), step(self.text), guesses)

    def apply(self, text: str) -> str:
        """The chain applied to the whole text."""
        for step in self.steps:
            text = step(text)
        return text


def repair(text: str, knows: Knows) -> tuple[str, tuple[str, ...]]:
    """The text put right, with the names of the repairs; unchanged and nameless where it is sound or beyond help."""
    if looks_sound(text):
        return text, ()
    text, names = _reorder(text, knows)
    if len(_SWAPPED.findall(text)) <= len(_STRAIGHT.findall(text)):
        return text, names
    return _untangle_lam_alef(text, knows), (*names, "lam-alef ligatures put in order")


def _reorder(text: str, knows: Knows) -> tuple[str, tuple[str, ...]]:
    """The best chain of re-encoding and reversing, where one is needed and believed."""
    part = sample(text)
    as_found = score(part, knows)
    if as_found >= SOUND or _stand_apart(part):
        return text, ()
    best, best_value = None, as_found
    for candidate in _candidates(part):
        value = score(candidate.text, knows)
        paid = value - _STEP_COST * max(0, candidate.guesses - 1)
        if paid > best_value + 0.02 and value >= _required(candidate, part, as_found):
            best, best_value = candidate, paid
    return (best.apply(text), best.names) if best else (text, ())


def _required(candidate: Candidate, part: str, as_found: float) -> float:
    """The score from which a candidate is believed; infinite where the text is too short to tell."""
    if not candidate.guesses:
        return as_found + 0.05
    if candidate.names == (REVERSED,) or not _is_arabic(part):
        return max(as_found + _MARGIN, _READABLE)
    enough = part.count(" ") + part.count("\n") + 1 >= _FEWEST_WORDS
    return max(as_found + _ARABIC_MARGIN, _ARABIC_READABLE) if enough else float("inf")


def unvisual(text: str) -> str:
    """Each line's characters reversed, but runs of digits and Latin letters kept: visual order → logical order.

    >>> unvisual("2023 ماع يف")
    'في عام 2023'
    """
    return "\n".join(_unvisual_line(line) for line in text.split("\n"))


def _unvisual_line(line: str) -> str:
    if not count_arabic(line):
        return line
    # Reversing before folding: one ligature sign holds its letters in logical order.
    turned = fold_forms(_LTR_RUN.sub(lambda run: run[0][::-1], line)[::-1])
    first = _BRACKET.search(turned)
    return turned.translate(_MIRROR) if first and first[0] in ")]}»" else turned


def _is_arabic(text: str) -> bool:
    """True where most signs beyond ASCII are Arabic letters already, right or wrong ones."""
    return count_arabic(text) * 2 >= sum(char >= "\x80" for char in text)


def _stand_apart(text: str) -> bool:
    """Whether Arabic letters have spaces between them: then no words are there that could tell right from wrong."""
    words = sum(count_arabic(word) > 0 for word in text.split())
    return _is_arabic(text) and count_arabic(text) < 2 * words


def _candidates(part: str) -> Iterator[Candidate]:
    found = Candidate((), (), part)
    yield from _with_reversed(found)
    for candidate in _reencoded(found, _DEEPEST):
        yield from _with_reversed(candidate)


def _with_reversed(candidate: Candidate) -> Iterator[Candidate]:
    if candidate.steps:
        yield candidate
    if count_arabic(candidate.text) * 4 > len(candidate.text):
        yield candidate.then(REVERSED, unvisual)


def _reencoded(found: Candidate, depth: int) -> Iterator[Candidate]:
    """Every way in which bytes may have been read with the wrong encoding, up to `depth` times over.

    Only UTF-8 is followed further: nothing but a true misreading decodes as UTF-8, so the chains stay few.
    """
    for written in _WRITTEN_AS:
        for misread in _MISREAD_AS:
            # What has just come out of UTF-8 as Arabic was written as that.
            if written == misread or (found.steps and written != "utf-8" and _is_arabic(found.text)):
                continue
            name = f"mojibake {misread}→{written}"
            candidate = found.then(name, partial(_reread, misread=misread, written=written))
            if candidate.text == found.text:
                continue
            yield candidate
            if written == "utf-8" and depth > 1:
                yield from _reencoded(candidate, depth - 1)


def _reread(text: str, *, misread: str, written: str) -> str:
    return "\n".join(_reread_line(line, misread, written) for line in text.split("\n"))


def _reread_line(line: str, misread: str, written: str) -> str:
    """The line's characters back to the bytes they were misread from, and those decoded as they were written.

    A line that does not come from such bytes stays as it is: one part of a page may be damaged and another not.
    """
    if line.isascii():
        return line
    table = _bytes_of(misread)
    codes = [ord(char) if char < "\x80" else table.get(char, 0) for char in line]
    strange, lost = sum(char >= "\x80" for char in line), line.count("\ufffd")
    if (codes.count(0) - lost) * 10 > strange or lost * 3 > strange:
        return line
    if written != "utf-8":
        return bytes(codes).decode(written, "replace").replace("\x00", "\ufffd")
    decoded = _heal(bytes(codes)).decode("utf-8", "replace").replace("\x00", "\ufffd")
    # Real text is never UTF-8 by chance, so the share of failures alone tells a true misreading.
    return decoded if decoded.count("\ufffd") * 8 <= sum(char >= "\x80" for char in decoded) else line


def _heal(data: bytes) -> bytes:
    """Feh and hah given back their second bytes, the ones that misreading loses most.

    D9 81 (ف) has no sign in windows-1252, and D8 AD (ح) ends in the soft hyphen, which editors drop.
    """
    data = re.sub(rb"\xd9(?![\x80-\xbf])\x00?", b"\xd9\x81", data)
    return re.sub(rb"\xd8(?![\x80-\xbf])\x00?", b"\xd8\xad", data)


@lru_cache(maxsize=32)
def _bytes_of(encoding: str) -> dict[str, int]:
    """Character → byte for the upper half of a single-byte encoding; an undefined byte is its own code point."""
    chars = {code: bytes([code]).decode(encoding, "replace") for code in range(0x80, 0x100)}
    table = {char: code for code, char in chars.items() if char >= "\x80" and char != "\ufffd"}
    for code in range(0x80, 0x100):
        table.setdefault(chr(code), code)
    return table


_SWAPPED = re.compile(r"\b[وفبك]?ا[أإآ]ل")  # as an article: within a word it is two run together
_STRAIGHT = re.compile(r"ال[أإآ]")
_LAM_ALEF = re.compile(r"[اأإآ]ل|ل[اأإآ]")
# From the word's beginning only: tried from each of its letters, a word of a hundred thousand takes minutes.
_WORD_WITH_LAM_ALEF = re.compile(r"\b\w*(?:[اأإآ]ل|ل[اأإآ])\w*")
_DOUBTFUL = re.compile(r"(?<=\w)[أإآ]ل")
_MOST_LIGATURES = 4


def _untangle_lam_alef(text: str, knows: Knows) -> str:
    """Text copied from PDFs, whose lam-alef ligatures came out in the wrong order (األسواق → الأسواق).

    The article before a hamza is the tell-tale: "ا[أإآ]ل" does not occur in Arabic, and where it outnumbers the right
    order the ligatures are listed backwards. Each word is then judged by itself.
    """

    @cache
    def best(word: str) -> str:
        if word == "ال":  # no word by itself, while "لا" is one of the most common
            return "لا"
        # The first of equals is the least changed; within a word, a hamza before lam is the ligature read backwards.
        return max(_swaps(word), key=lambda form: knows(form) - 0.01 * len(_DOUBTFUL.findall(form)))

    return _WORD_WITH_LAM_ALEF.sub(lambda match: best(match[0]), text)


def _swaps(word: str) -> list[str]:
    """The word with every choice of its lam-alef pairs swapped, the fewest swaps first."""
    places = [hit.start() for hit in _LAM_ALEF.finditer(word)][:_MOST_LIGATURES]
    choices = sorted(product((False, True), repeat=len(places)), key=sum)
    return [_swap(word, [place for place, chosen in zip(places, choice, strict=True) if chosen]) for choice in choices]


def _swap(word: str, places: list[int]) -> str:
    for place in places:
        word = f"{word[:place]}{word[place + 1]}{word[place]}{word[place + 2 :]}"
    return word

"""Text that was damaged on its way to us, put right: double encoding, visual order, misplaced lam-alef ligatures.

A repair is a guess, so every guess is judged: it is applied only where the text as found is hardly readable, the repaired
one is, and by a clear margin (`score`). Clean text stays untouched, and each repair is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Protocol

from classifier.documents.document import Knows
from classifier.documents.scoring import SOUND, count_arabic, fold_forms, looks_sound, sample, score

REVERSED = "visual order reversed"

_MARGIN = 0.2
_READABLE = 0.3
_MISREAD_AS = ("windows-1252", "windows-1256", "iso8859_6", "mac_roman", "mac_arabic", "cp437", "cp850", "cp720", "cp864")
_WRITTEN_AS = ("utf-8", "windows-1256", "iso8859_6", "mac_arabic", "cp720")
_DEEPEST = 3
_LTR_RUN = re.compile(r"[0-9A-Za-z\u0660-\u0669\u06f0-\u06f9][0-9A-Za-z\u0660-\u0669\u06f0-\u06f9.,:/%@_'+\-]*")
_MIRROR = str.maketrans("()[]{}<>«»", ")(][}{><»«")


class Repair(Protocol):
    """One way of putting a text right; returns the text unchanged where it does not apply."""

    def __call__(self, text: str, /) -> str: ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chain of repairs, its names, and what it makes of the sample."""

    names: tuple[str, ...]
    steps: tuple[Repair, ...]
    text: str

    def then(self, name: str, step: Repair) -> Candidate:
        return Candidate((*self.names, name), (*self.steps, step), step(self.text))

    def apply(self, text: str) -> str:
        for step in self.steps:
            text = step(text)
        return text


def repair(text: str, knows: Knows) -> tuple[str, tuple[str, ...]]:
    """The text put right, with the names of the repairs; the same text and no names where it is sound or beyond help."""
    if looks_sound(text):
        return text, ()
    part = sample(text)
    as_found = score(part, knows)
    if as_found >= SOUND:
        return text, ()
    best, best_score = None, max(as_found + _MARGIN, _READABLE)
    for candidate in _candidates(part):
        value = score(candidate.text, knows)
        if value > best_score:
            best, best_score = candidate, value + 0.02  # the simpler repair, tried first, wins near ties
    return (best.apply(text), best.names) if best else (text, ())


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
    opening, closing = turned.find("("), turned.find(")")
    return turned.translate(_MIRROR) if closing >= 0 and (opening < 0 or closing < opening) else turned


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
            if written == misread:
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
    strange = sum(char >= "\x80" for char in line)
    if codes.count(0) * 10 > strange:
        return line
    if written != "utf-8":
        return bytes(codes).decode(written, "replace").replace("\x00", "\ufffd")
    decoded = _heal(bytes(codes)).decode("utf-8", "replace").replace("\x00", "\ufffd")
    # Real text is never UTF-8 by chance, so the share of failures alone tells a true misreading.
    return decoded if decoded.count("\ufffd") * 8 <= sum(char >= "\x80" for char in decoded) else line


def _heal(data: bytes) -> bytes:
    """Feh and hah given back their second bytes, the ones that misreading loses most.

    D9 81 (ف) has no sign in windows-1252 and D8 AD (ح) ends in the soft hyphen, which editors drop; no other letter is lost so.
    """
    data = re.sub(rb"\xd9(?![\x80-\xbf])\x00?", b"\xd9\x81", data)
    return re.sub(rb"\xd8(?![\x80-\xbf])\x00?", b"\xd8\xad", data)


@lru_cache(maxsize=32)
def _bytes_of(encoding: str) -> dict[str, int]:
    """Character → byte for the upper half of a single-byte encoding, as lenient as browsers: undefined bytes are C1 controls."""
    table = {chr(code): code for code in range(0x80, 0xA0)}
    for code in range(0x80, 0x100):
        char = bytes([code]).decode(encoding, "replace")
        if char != "\ufffd" and char >= "\x80":
            table[char] = code
    return table


_SWAPPED = re.compile(r"ا[أإآ]ل")
_STRAIGHT = re.compile(r"ال[أإآ]")
_WORD_WITH_LAM_ALEF = re.compile(r"\w*(?:[اأإآ]ل|ل[اأإآ])\w*")
_ALEF_LAM = re.compile(r"([اأإآ])ل")
_LAM_ALEF = re.compile(r"ل([اأإآ])")


def untangle_lam_alef(text: str, knows: Knows) -> tuple[str, tuple[str, ...]]:
    """Words whose lam-alef ligature a PDF gave back in the wrong order (األسواق → الأسواق), where the page shows that trouble.

    The article before a hamza is the tell-tale: "ا[أإآ]ل" does not occur in Arabic, and wherever it outnumbers the right
    order, the ligature's two letters are listed backwards. Each word is then judged by itself.
    """
    if len(_SWAPPED.findall(text)) <= len(_STRAIGHT.findall(text)):
        return text, ()

    @lru_cache(maxsize=None)
    def best(word: str) -> str:
        if word == "ال":  # no word by itself, while "لا" is one of the most common
            return "لا"
        forms = (word, *_swaps(word))
        return max(forms, key=knows) if knows(word) < 1.0 or _SWAPPED.search(word) else word

    return _WORD_WITH_LAM_ALEF.sub(lambda match: best(match[0]), text), ("lam-alef ligatures put in order",)


def _swaps(word: str) -> Iterator[str]:
    """The word with one ligature put right, telling places first, then with all of them."""
    hits = [*_ALEF_LAM.finditer(word, 1), *_ALEF_LAM.finditer(word, 0, 2)]
    for hit in hits:
        yield f"{word[: hit.start()]}ل{hit[1]}{word[hit.end() :]}"
    for hit in _LAM_ALEF.finditer(word):
        yield f"{word[: hit.start()]}{hit[1]}ل{word[hit.end() :]}"

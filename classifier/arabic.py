"""What the Arabic script is made of: how one code point folds to letters, and the affixes of light stemming.

`fold` is the rule, written for reading; `letter_table` lays the same rule out as flat arrays. The arrays travel inside
every model file, so a model reads text the way it was trained, whatever Unicode version runs it.
"""

from __future__ import annotations

import sys
import unicodedata
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache

from pyarabic import araby

# Cells of the letter table: one of these four, or the folded letter itself with flags in its three highest bits.
SEPARATOR, DROP, SELF, EXPAND = 0, 1, 2, 3
_NO_CHARACTERS = {"Cn", "Co", "Cs"}  # Unicode categories: unassigned, private, surrogates
LETTER_BITS = 0x1FFF  # a letter that folds to something above this is written as SELF or EXPAND
FOREIGN = 0x8000  # a letter of the script that Arabic itself does not use
CLOSES = 0x4000  # teh marbuta: a word never goes on behind it (المدينةالكبيرة is two)
CLOSES_BEFORE_ALEF = 0x2000  # alef maksura: likewise, when an alef follows (علىالرغم is two)

ALEF: str = araby.ALEF
LAM: str = araby.LAM
YEH: str = araby.YEH
HEH: str = araby.HEH
KAF: str = araby.KAF
NOON: str = araby.NOON
TEH_MARBUTA: str = araby.TEH_MARBUTA
ALEF_MAKSURA: str = araby.ALEF_MAKSURA
TATWEEL: str = araby.TATWEEL
MARKS = f"{TATWEEL}{araby.FATHATAN}-{araby.SUKUN}"  # tatweel and vowels, as a class of a regular expression

# Light stemming. One prefix is taken, the first that fits; the suffixes each get one turn, in this order.
PREFIXES = ("وال", "فال", "بال", "كال", "ولل", "لل", "ال", "و")
SUFFIXES = ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")
STEM_LETTERS = 3

# Function words that are often typed without the space before «ال» (هذاالدوافع). Short ones are left out on purpose:
# «مع» would cut معالجة, «في» would cut فيالق, «بعد» would cut بعدالة, «من» would cut منال.
JOINING_WORDS = (
    "هذا", "هذه", "ذلك", "تلك", "التي", "الذي", "الذين", "حول", "خلال",
    "عبر", "ضد", "قبل", "علي", "الي", "عند", "منذ", "لدي", "بين",
)  # fmt: skip
ARTICLE = ALEF + LAM

# What punctuation tells where it is read: one spelling for each kind, twice, since a word has two letters. Dots and
# dashes are left out, which make the lines of tables and leaders.
PUNCTUATION = {'""': '"«»“”„‟', "((": "()[]{}", ",,": "،,", ";;": "؛;", "::": ":", "??": "؟?", "!!": "!"}
LAST_SIGN = "@"  # letters come after it, and these spellings before
ENDING = "$"  # before a term that ends a text, where that is a term of its own
_PUNCTUATION = {character: f" {spelling} " for spelling, characters in PUNCTUATION.items() for character in characters}

_LOOK_ALIKES = {
    "ک": KAF, "ڪ": KAF, "ی": YEH, "ې": YEH, "ے": YEH, "ۓ": YEH,
    "ہ": HEH, "ھ": HEH, "ە": HEH, "ۀ": HEH, "ۂ": HEH, "ۃ": HEH, "ں": NOON,
}  # fmt: skip
# ک and ی are typed by Arabs on Persian keyboards; the others say that the language is not Arabic.
_NOT_FOREIGN = frozenset("کڪی")
_OWN_LETTERS = frozenset(araby.LETTERS) | frozenset("ىٱ")


def fold(character: str) -> str | None:
    """The letters one character stands for: "" when it is dropped, None when it separates words.

    A ligature folds to several letters; ﷺ to four words, with the spaces between them kept.

    >>> fold("أ"), fold("ﻻ"), fold("ـ"), fold("٣")
    ('ا', 'لا', '', None)
    """
    if _is_dropped(character):
        return ""
    compatible = unicodedata.normalize("NFKC", character) if _is_presentation_form(character) else character
    folded = [_fold_letter(part) for letter in compatible for part in letter.lower()]
    letters = "".join(" " if part is None else part for part in folded).strip()
    if letters:
        return letters
    return None if all(part is None for part in folded) else ""  # "": a mark shown alone, which NFKC puts on a space


def is_foreign(character: str) -> bool:
    """True for letters of the Arabic script that Arabic itself does not use (Persian, Urdu, Kurdish, Uighur ...)."""
    letters = fold(character)
    if not letters or character in _NOT_FOREIGN or "ARABIC" not in unicodedata.name(character, ""):
        return False
    base = unicodedata.normalize("NFKC", character)
    return not all(part in _OWN_LETTERS or not part.isalpha() or part in _NOT_FOREIGN for part in base)


def _is_dropped(character: str) -> bool:
    category = unicodedata.category(character)
    # Small waw and small yeh are letters to Unicode, reading marks to a reader of the Quran.
    return category[0] == "M" or category == "Cf" or character in (TATWEEL, araby.SMALL_WAW, araby.SMALL_YEH)


def _is_presentation_form(character: str) -> bool:
    decomposition = unicodedata.decomposition(character)
    return decomposition.startswith("<") and unicodedata.category(character)[0] in "LS"


def _fold_letter(character: str) -> str | None:
    """One letter folded to one letter, "" or None (a separator)."""
    if _is_dropped(character):
        return ""
    if not character.isalpha():
        return None
    if character in araby.ALEFAT and character != ALEF_MAKSURA:
        return ALEF
    if character == ALEF_MAKSURA:
        return YEH
    if character == TEH_MARBUTA:
        return HEH
    return _LOOK_ALIKES.get(character, character)


@dataclass(frozen=True, slots=True)
class LetterTable:
    """`fold` for all code points, as a two-level table of 16-bit cells.

    `index` has 4,352 entries (one per 256 code points), `blocks` 256 cells per distinct block. A cell is SEPARATOR,
    DROP, SELF, EXPAND or the folded letter with its flags. An EXPAND code point is found in the sorted `keys`; its
    letters are `units[starts[i]:starts[i + 1]]`, in which 32 (a space) separates words.
    """

    index: memoryview
    blocks: memoryview
    keys: memoryview
    starts: memoryview
    units: memoryview

    def cell(self, code_point: int) -> int:
        """The cell of one code point."""
        return int(self.blocks[self.index[code_point >> 8] * 256 + (code_point & 255)])

    def expansion(self, code_point: int) -> memoryview:
        """The folded letters of a code point whose cell is EXPAND; none where a damaged table lacks it."""
        position = bisect_left(self.keys, code_point)
        if position == len(self.keys) or self.keys[position] != code_point:
            return self.units[:0]
        return self.units[self.starts[position] : self.starts[position + 1]]


@cache
def letter_table(punctuation: bool = False) -> LetterTable:
    """Lay out `fold` over all of Unicode (takes a quarter of a second; a loaded model brings its own).

    With `punctuation`, that is words, too.
    """
    blocks: dict[bytes, int] = {}
    index, keys, starts, units = array("H"), array("I"), array("I", [0]), array("I")
    for block in range((sys.maxunicode + 1) // 256):
        code_points = range(block * 256, block * 256 + 256)
        cells = array("H", [SEPARATOR]) * 256
        if not _NO_CHARACTERS.issuperset(map(unicodedata.category, map(chr, code_points))):
            for place, code_point in enumerate(code_points):
                cells[place], expansion = _cell_of(code_point)
                if punctuation and chr(code_point) in _PUNCTUATION:
                    cells[place], expansion = EXPAND, _PUNCTUATION[chr(code_point)]
                if expansion:
                    keys.append(code_point)
                    units.extend(map(ord, expansion))
                    starts.append(len(units))
        index.append(blocks.setdefault(cells.tobytes(), len(blocks)))
    flat = array("H", b"".join(blocks))
    return LetterTable(*(memoryview(part) for part in (index, flat, keys, starts, units)))


def _cell_of(code_point: int) -> tuple[int, str]:
    """The cell of a code point, and its letters where the cell is EXPAND."""
    character = chr(code_point)
    category = unicodedata.category(character)
    if category in _NO_CHARACTERS:
        return SEPARATOR, ""
    if category == "Lo" and code_point > LETTER_BITS and not unicodedata.decomposition(character):
        return SELF, ""  # the 100,000 ideographs and syllables, for speed
    letters = fold(character)
    if letters is None:
        return SEPARATOR, ""
    if letters == "":
        return DROP, ""
    if len(letters) == 1 and ord(letters) <= LETTER_BITS:
        return ord(letters) | _flags(character), ""
    return (SELF, "") if letters == character else (EXPAND, letters)


def _flags(character: str) -> int:
    base = unicodedata.normalize("NFKC", character)
    closing = {TEH_MARBUTA: CLOSES, ALEF_MAKSURA: CLOSES_BEFORE_ALEF}.get(base, 0)
    return closing | (FOREIGN if is_foreign(character) else 0)

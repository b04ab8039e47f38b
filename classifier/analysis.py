"""Text to terms, in plain Python: the specification that the compiled engine is checked against.

Letter by letter: marks fall away, letters fold to one spelling, everything else separates. A run of two or more letters
is a word; a word typed together with the next one is cut; light stemming makes the word a term. Every term knows which
characters of the original text it came from, so an explanation can point at them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from classifier.arabic import (
    ALEF,
    ARTICLE,
    CLOSES,
    CLOSES_BEFORE_ALEF,
    DROP,
    ENDING,
    EXPAND,
    FOREIGN,
    JOINING_WORDS,
    LAST_SIGN,
    LETTER_BITS,
    PREFIXES,
    SELF,
    SEPARATOR,
    STEM_LETTERS,
    SUFFIXES,
    LetterTable,
    letter_table,
)
from classifier.errors import ModelFileError

WORD_LETTERS = 48  # a longer run is no word of any language (base64, separators lost): only its beginning counts
LONGEST_ENDING = 16  # terms
_SHORTEST_JOINED = min(map(len, JOINING_WORDS)) + len(ARTICLE) + STEM_LETTERS
_LONGEST_OPENING = max(map(len, JOINING_WORDS)) + len(ARTICLE)


@dataclass(frozen=True)
class AnalysisSettings:
    """How text becomes terms; stored in the model, so that a model reads as it was trained."""

    stem: bool = True
    punctuation: bool = False  # is read as words, too (`classifier.arabic.PUNCTUATION`)
    ending: int = 0  # the last so many terms of a text are terms of their own, too

    def __setstate__(self, state: Mapping[str, Any] | Sequence[Any]) -> None:
        """Take up what was pickled, in a list as well, when there were fewer fields: the others have their defaults."""
        named = state if isinstance(state, Mapping) else dict(zip(self.__dataclass_fields__, state, strict=False))
        self.__dict__.update(named)

    @property
    def letters(self) -> LetterTable:
        """The letter table that text is read by."""
        return letter_table(self.punctuation)

    @property
    def in_order(self) -> AnalysisSettings:
        """The same without what is no running text: endings."""
        return replace(self, ending=0)

    def before_ending(self, terms: int) -> int:
        """How many of the terms of a text, told in this way, come before its ending, which has as many at most."""
        return terms - min(self.ending, terms // 2)

    def check(self) -> None:
        """Raise `ModelFileError` where the engines cannot read by it."""
        if type(self.ending) is not int or not 0 <= self.ending <= LONGEST_ENDING:
            raise ModelFileError(f"the analysis {self} is not a possible one; get or train the model again")


class Term(NamedTuple):
    """One occurrence of a term: characters `start` to `end` of the original text."""

    text: str
    start: int
    end: int
    foreign: bool = False  # holds a letter Arabic does not use


class _Letter(NamedTuple):
    text: str
    start: int
    end: int  # behind the marks that follow it
    foreign: bool


def terms(text: str, settings: AnalysisSettings | None = None, table: LetterTable | None = None) -> list[Term]:
    """The terms of a text, in order; behind them its ending, where that is asked for.

    >>> [term.text for term in terms("أعلنَ البنكُ المركزيُّ")]
    ['اعلن', 'بنك', 'مركز']
    """
    settings = settings or AnalysisSettings()
    found = []
    for run in _runs(text, table or settings.letters):
        for word in _split_joined(run):
            spelling = "".join(letter.text for letter in word[:WORD_LETTERS])
            term = stem(spelling) if settings.stem else spelling
            foreign = any(letter.foreign for letter in word)
            found.append(Term(term, word[0].start, word[-1].end, foreign))
    return found + [_ending(term) for term in found[len(found) - min(len(found), settings.ending) :]]


def is_word(term: str) -> bool:
    """Whether a term is a word; punctuation and endings begin with signs, which come before all letters."""
    return term[0] > LAST_SIGN


def normalise(text: str, table: LetterTable | None = None) -> str:
    """The words of a text in their folded spelling, unstemmed, with one space between them."""
    return " ".join(term.text for term in terms(text, AnalysisSettings(stem=False), table))


def stem(word: str) -> str:
    """Light stemming of one folded word: at most one prefix, then each suffix once; three letters always stay.

    The affixes follow Light10 (Larkey, Ballesteros and Connell, 2002).
    """
    for prefix in PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= STEM_LETTERS:
            word = word[len(prefix) :]
            break
    for suffix in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= STEM_LETTERS:
            word = word[: -len(suffix)]
    return word


def _runs(text: str, table: LetterTable) -> Iterator[list[_Letter]]:
    """The runs of letters between separators, and between words that a closing letter shows to be two."""
    run: list[_Letter] = []
    closed = 0  # what the last letter says about going on: 0, CLOSES or CLOSES_BEFORE_ALEF
    for position, character in enumerate(text):
        cell = table.cell(ord(character))
        if cell == DROP:
            if run:
                run[-1] = run[-1]._replace(end=position + 1)
            continue
        letters = _letters_of(character, cell, table)
        if run and (letters == " " or closed == CLOSES or (closed and letters[0] == ALEF)):
            yield run
            run = []
        closed = 0
        if letters == " ":
            continue
        for letter in letters:
            if letter == " ":  # inside ﷺ
                yield run
                run = []
            else:
                run.append(_Letter(letter, position, position + 1, bool(cell & FOREIGN)))
        closed = cell & (CLOSES | CLOSES_BEFORE_ALEF)
    if run:
        yield run


def _ending(term: Term) -> Term:
    return Term((ENDING + term.text)[:WORD_LETTERS], term.start, term.end)


def _letters_of(character: str, cell: int, table: LetterTable) -> str:
    """The folded letters of a character that is not dropped; a space for a separator."""
    if cell == SEPARATOR:
        return " "
    if cell == SELF:
        return character
    if cell == EXPAND:
        return "".join(map(chr, table.expansion(ord(character)))) or " "
    return chr(cell & LETTER_BITS)


def _split_joined(run: list[_Letter]) -> Iterator[list[_Letter]]:
    """The words of a run: none when it is one letter, several where function words run into an article."""
    while len(run) >= _SHORTEST_JOINED:
        start = "".join(letter.text for letter in run[:_LONGEST_OPENING])
        length = next((len(word) for word in JOINING_WORDS if _joins(start, word, len(run))), 0)
        if not length:
            break
        yield run[:length]
        run = run[length:]
    if len(run) >= 2:
        yield run


def _joins(start: str, word: str, letters: int) -> bool:
    return start.startswith(word + ARTICLE) and letters >= len(word) + len(ARTICLE) + STEM_LETTERS

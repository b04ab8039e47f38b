"""How much a text looks like readable Arabic: the judge of every doubt about encoding, damage and order.

The loaded model is the better judge and is used when the caller passes `knows`; `plausible_words` stands in for it, so
that the package reads well on its own.
"""

from __future__ import annotations

import re
from functools import lru_cache

from classifier.documents.document import Knows
from classifier.documents.soundness import sample

SOUND = 0.55
"""From this score on a text is not doubted at all."""

_COMMON = frozenset(
    """
    في من على إلى الى عن أن ان إن التي الذي الذين هذا هذه ذلك تلك كان كانت يكون لم لن لا ما كما قد مع بين
    بعد قبل عند منذ حتى كل بعض غير أو ثم بل لكن أي أيضا وهو وهي هو هي هم نحن أنا أنه أنها إنه إنها حيث حين
    حول خلال ضد دون تحت فوق أمام عبر نحو لدى له لها لهم به بها فيه فيها منه منها عليه عليها إليه إليها ليس
    ليست يوم عام سنة شهر اليوم أمس قال قالت وقال أكد أضاف ولا وما ومن وفي وعلى وإلى وأن وإن وقد وكان وكانت
    إذا لو هناك هنا أكثر أول آخر عدد سوف يتم تم بأن لأن فإن كذلك مثل جدا عدة نفس أحد إحدى ابن أبو عبد محمد
    """.split()  # noqa: SIM905 (a list would be a page long)
)
_ARTICLE = re.compile(r"[وفبك]?(?:ال|لل)[^\Wىةؤئءآأإ]?\w{2,10}")
# Teh marbuta and alef maksura only end a word; a bare hamza, its yeh or waw seat and both of these never begin one:
# reversed and wrongly decoded words break this at once.
_IMPOSSIBLE = re.compile(r"[ةىئؤء]|.+[ةى](?!$|\W)|.*(.)\1\1|.{16}")
_ENDING = re.compile(r"\w{2,12}(?:ة|ات|ين|ون|ها|هم|نا|ية|ى)")
_WORD = re.compile(r"[\u0620-\u064a\u0671-\u06d3]+")
_ARABIC = re.compile(r"[\u0620-\u064a\u0671-\u06d3\ufb50-\ufdff\ufe70-\ufefc]")
_STRANGE = re.compile(
    r"[^\s\w\u064b-\u0655.,:;!?()\[\]\"'«»“”‘’،؛؟٪%\-–—_/…*+=&#@<>|\u200c-\u200f\u202a-\u202e\u2066-\u2069]"
)
# One sign between two Arabic letters: what wrong decoding makes of letters, while prose sets its signs beside spaces.
_TORN = re.compile(
    r"[\u0621-\u064a](?=[^\s\d\u0620-\u065f\u0670-\u06d3\ufb50-\ufdff\ufe70-\ufefc\u200b-\u200f\u202a-\u202e\u2066-\u2069.\-/][\u0621-\u064a])"
)
_FORMS = re.compile(r"[\ufb50-\ufdff\ufe70-\ufefc]+")
_SPACED_MARK = re.compile(r" ([\u064b-\u0652])")


def fold_forms(text: str) -> str:
    """Presentation forms (ﻛ, ﻻ) → the letters they show; everything else stays as written."""
    return _FORMS.sub(lambda match: _fold(match[0]), text) if _FORMS.search(text) else text


@lru_cache(maxsize=1024)
def _fold(forms: str) -> str:
    import unicodedata  # here, because clean text needs no table

    # NFKC sets a lone mark on a space of its own, which would cut the word.
    return _SPACED_MARK.sub(r"\1", unicodedata.normalize("NFKC", forms))


def count_arabic(text: str) -> int:
    """The number of Arabic letters, presentation forms included."""
    return len(_ARABIC.findall(text))


def score(text: str, knows: Knows) -> float:
    """How readable a text is (0..1): the share of known words, lowered by the share of signs that no prose has."""
    part = fold_forms(sample(text))
    visible = len(part) - part.count(" ") - part.count("\n")
    if not visible:
        return 0.0
    # A sign the encoding does not have, or one that tears a word, tells more than one that is merely unusual.
    strange = (len(_STRANGE.findall(part)) + 4 * part.count("\ufffd") + 4 * len(_TORN.findall(part))) / visible
    return knows(part) * max(0.0, 1.0 - strange)


def plausible_words(text: str) -> float:
    """The stand-in for a model's `knows`: the share of words that are common, or built as Arabic words are.

    A word of a form that Arabic cannot have counts as nothing, one that says nothing either way as two fifths.
    """
    words = _WORD.findall(text)
    letters = sum(map(str.isalpha, text))
    if not words or not letters:
        return 0.0
    arabic = sum(map(len, words)) / letters
    return arabic * sum(map(_plausible, words)) / len(words)


def _plausible(word: str) -> float:
    if word in _COMMON or _ARTICLE.fullmatch(word):
        return 0.0 if _IMPOSSIBLE.match(word) else 1.0
    if _IMPOSSIBLE.match(word) or len(word) == 1:
        return 0.0
    return 0.9 if _ENDING.fullmatch(word) else 0.4

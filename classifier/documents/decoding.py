"""Bytes → text, without being told the encoding.

UTF-8 proves itself: text in any other encoding is practically never valid UTF-8. UTF-16 shows by its zero and 06 bytes.
What remains is decoded with every Arabic encoding of the last forty years, and the most readable result wins (`score`).
Patterns are compiled where they are used: most files are UTF-8 and need none.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from classifier.documents.document import Knows
from classifier.errors import DocumentError, Reason

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16 LE, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# The first is the default that others must beat; the order settles ties (ISO-8859-6 and MacArabic share all letters).
_ARABIC = ("windows-1256", "iso8859_6", "mac_arabic", "cp720", "cp864")
# What each must be better by than the best before it. CP864 is built on ISO-8859-6, so short texts look alike in both.
_MARGINS = {"cp864": 0.1}
_MARGIN = 0.03
_POOR = 0.4
_FEW_BYTES = 200
_SAMPLE = 8_192
_CONTROLS = bytes({*range(0x20), 0x7F} - set(b"\t\n\v\f\r"))
_LINE_ENDS = bytes.maketrans(b"\v\f", b"\n\n")
_HIGH_STRETCH = rb"[\x80-\xff][^<>]{0,200}"
_VALID_SEQUENCE = rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
_CONTROL_CHARACTERS = r"[\x00-\x08\x0e-\x1f\x7f]"


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the encoding it was in, and what had to be put right."""

    text: str
    encoding: str
    repairs: tuple[str, ...] = ()


def decode(data: bytes, knows: Knows, declared: str | None = None) -> Decoded:
    """The text of bytes in an unknown encoding, line ends made "\\n" and control characters dropped.

    `declared` is what the file itself claims (an HTML meta tag, a mail header): believed as the default, not blindly,
    since such claims are often wrong. Raises `DocumentError` (UNREADABLE) for bytes that are no text.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return (
                _decode_wide(data[len(mark) :], encoding)
                if encoding != "utf-8"
                else _decode_bytes(data[3:], knows, None)
            )
    wide = _guess_utf16(data)
    return _decode_wide(data, wide) if wide else _decode_bytes(data, knows, declared)


def _decode_bytes(data: bytes, knows: Knows, declared: str | None) -> Decoded:
    clean = data.translate(_LINE_ENDS, _CONTROLS)
    dropped = len(data) - len(clean)
    if dropped:
        _refuse_binary(data, dropped)
    if b"\r" in clean:
        clean = clean.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    repairs = (f"{dropped} control characters dropped",) if dropped else ()
    try:
        return Decoded(clean.decode("utf-8"), "utf-8", repairs)
    except UnicodeDecodeError:
        return _decode_doubtful(clean, repairs, knows, declared)


def _refuse_binary(data: bytes, dropped: int) -> None:
    """Text holds a few stray controls, or is padded with NULs; compressed and compiled data are one tenth controls."""
    padding = len(data) - len(data.rstrip(b"\0"))
    if padding == len(data):
        raise DocumentError(Reason.UNREADABLE, "the file holds only NUL bytes; restore it from a copy")
    if (dropped - padding) * 50 > len(data) - padding + 200:
        raise DocumentError(
            Reason.UNREADABLE,
            "the bytes are no text in any known encoding (too many control bytes); open the file in the program that"
            " made it and save it as text, PDF or DOCX",
        )


def _decode_doubtful(data: bytes, repairs: tuple[str, ...], knows: Knows, declared: str | None) -> Decoded:
    part = data[: 8 * _SAMPLE]
    valid = len(re.findall(_VALID_SEQUENCE, part))
    text = part.decode("utf-8", "replace")
    if valid > 4 * text.count("\ufffd"):
        text = data.decode("utf-8", "replace")
        bad = text.count("\ufffd")
        return Decoded(text, "utf-8", (*repairs, f"{bad} invalid UTF-8 bytes replaced"))
    encoding, visual = _best_encoding(data, knows, declared)
    text = data.decode(encoding, "replace")
    if encoding == "cp864":
        text, repairs = _typed(text, visual, repairs)
    return Decoded(text, _spelt(encoding), repairs)


def _typed(text: str, visual: bool, repairs: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """What the author typed, where CP864 stores shapes, usually as seen on the screen.

    It is turned here and not left to `repair`, which would ask for more evidence than a headline has.
    """
    from classifier.documents.repair import REVERSED, unvisual
    from classifier.documents.scoring import fold_forms

    return (unvisual(text), (*repairs, REVERSED)) if visual else (fold_forms(text), repairs)


def _spelt(encoding: str) -> str:
    return {"cp1256": "windows-1256", "iso8859_6": "iso-8859-6", "mac_arabic": "macarabic"}.get(encoding, encoding)


def _best_encoding(data: bytes, knows: Knows, declared: str | None) -> tuple[str, bool]:
    """The encoding whose text is most readable, and whether it is so only when turned from visual to logical order."""
    part = b"\n".join(re.findall(_HIGH_STRETCH, data[: 16 * _SAMPLE]))[:_SAMPLE] or data[:_SAMPLE]
    default = _known(declared)
    names = dict.fromkeys((default, *_ARABIC) if default else _ARABIC)
    best, best_score, visual = "", -2.0, False
    for name in names:
        value, reversed_better = _score_bytes(part, name, knows)
        if value > best_score + _MARGINS.get(name, _MARGIN):
            best, best_score, visual = name, value, reversed_better
    if best_score < _POOR and len(part) >= _FEW_BYTES:
        return default or _foreign(part) or best, False
    return best, visual


def _score_bytes(part: bytes, encoding: str, knows: Knows) -> tuple[float, bool]:
    from classifier.documents.repair import unvisual
    from classifier.documents.scoring import score

    text = part.decode(encoding, "replace")
    straight, turned = score(text, knows), score(unvisual(text), knows)
    # ISO-8859-6 leaves half its bytes undefined: one in a hundred shows that it is another with the same letters.
    undefined = 30 * text.count("\ufffd") / (len(text) or 1)
    return max(straight, turned) - undefined, turned > straight


def _known(declared: str | None) -> str | None:
    """Python's name of a declared encoding, where it helps: UTF-8 is ruled out by now, Latin-1 means nothing."""
    try:
        name = codecs.lookup(declared or "").name
        b"\x80".decode(name, "replace")  # fails for codecs that are no encoding of text: base64, idna, undefined ...
    except (LookupError, ValueError):
        return None
    aliases = {"cp1256": "windows-1256", "iso8859-6": "iso8859_6", "mac-arabic": "mac_arabic"}
    return None if name in {"utf-8", "utf-8-sig", "utf-16", "ascii", "iso8859-1", "cp1252"} else aliases.get(name, name)


def _foreign(part: bytes) -> str | None:
    """The encoding of another script (Cyrillic, Greek, Chinese ...), so that such text is told from damaged Arabic."""
    from charset_normalizer import from_bytes

    match = from_bytes(part, cp_exclusion=["cp720", "cp864", "mac_arabic"]).best()
    return match.encoding if match else None


def _guess_utf16(data: bytes) -> str | None:
    """UTF-16 without a mark: in one of the two byte positions nearly all is 00 (Latin, spaces) or 06 (Arabic)."""
    head = data[:4096]
    if head.count(b"\x06") + head.count(b"\x00") < len(head) // 4 or len(data) < 4:
        return None
    even, odd = head[0::2], head[1::2]
    share_even, share_odd = (sum(map(half.count, (0, 6))) / len(half) for half in (even, odd))
    if share_odd > 0.7 and share_even < 0.3:
        return "utf-16-le"
    return "utf-16-be" if share_even > 0.7 and share_odd < 0.3 else None


def _decode_wide(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding, "replace").replace("\r\n", "\n").replace("\r", "\n")
    text, dropped = re.subn(_CONTROL_CHARACTERS, "", text.replace("\v", "\n").replace("\f", "\n").lstrip("\ufeff"))
    bad = text.count("\ufffd")
    notes = [f"{dropped} control characters dropped"] * bool(dropped) + [f"{bad} invalid characters replaced"] * bool(
        bad
    )
    return Decoded(text, encoding, tuple(notes))

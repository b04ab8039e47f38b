"""Rich Text Format, as Word and WordPad write it: striprtf for the body, the title from the information group."""

from __future__ import annotations

import re

from classifier.documents.source import Raw, Source
from classifier.documents.titles import usable_title

_TITLE = re.compile(r"\{\\title\s?((?:[^{}\\]|\\[^{}])*)\}")
_INFORMATION = 8_192  # characters of the group looked at, where a letter takes seven
# A group without groups in it, the controls that it begins with, and those of text that was struck out or hidden.
_GROUP = re.compile(r"\{([^{}\\]*(?:\\[\s\S][^{}\\]*)*)\}")
_CONTROLS = re.compile(r"(?:\\[a-z]+-?\d*\s?)*")
_UNSEEN = re.compile(r"\\(?:deleted|v)(?![a-z0-9])")
_SEEN_AGAIN = r"\v0"
_CODE_PAGE = re.compile(r"\\ansicpg(\d+)")


def read(source: Source) -> Raw:
    """An RTF document; its characters are `\\uN` escapes or bytes of the code page it declares."""
    # Seven-bit by definition; Latin-1 keeps the bytes of writers that do not obey.
    coded = source.data.decode("latin-1")
    page = _CODE_PAGE.search(coded)
    found = _TITLE.search(coded.partition(r"{\info")[2][:_INFORMATION])
    title = _to_text(rf"{{\rtf1\ansi\ansicpg{page[1] if page else 1256} {found[1]}}}") if found else None
    text = _to_text(coded)
    return Raw(_tidy(text), usable_title(title, source.name))


def _to_text(coded: str) -> str:
    from striprtf.striprtf import rtf_to_text

    # Arabic bytes without a declared code page can only be of the Arabic one.
    text: str = rtf_to_text(_GROUP.sub(_shown, coded), encoding="cp1256", errors="replace")  # type: ignore[no-untyped-call]
    # Characters beyond the BMP are written as two \u escapes, which come back as surrogates.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _shown(group: re.Match[str]) -> str:
    controls = _CONTROLS.match(group[1])
    is_unseen = controls and _UNSEEN.search(controls[0]) and _SEEN_AGAIN not in group[1]
    return "" if is_unseen else group[0]


def _tidy(text: str) -> str:
    lines = (line.strip(" \t|\xa0") for line in text.replace("\r", "\n").split("\n"))
    return "\n\n".join(filter(None, lines))

"""Titles out of a file's properties: kept where somebody wrote them, dropped where a program filled them in."""

from __future__ import annotations

import re

_JUNK = re.compile(
    r"(?i)microsoft word\b.*|untitled.*|document\s*\d*|doc\s*\d*|no title|(?:powerpoint )?presentation\s*\d*|slide \d+"
    r"|\(?anonymous\)?|\(?unspecified\)?|مستند\s*\d*|بدون عنوان|.*\.(?:docx?|pdf|rtf|odt|txt|html?|indd|qxd|pub)"
    r"|[\W\d_]*"
)


def usable_title(title: str | None, name: str) -> str | None:
    """The title with its spaces tidied, or None for a program's filler and for the file's own name.

    >>> usable_title("Microsoft Word - تقرير", "a.pdf"), usable_title(" تقرير السوق ", "a.pdf")
    (None, 'تقرير السوق')
    """
    tidy = " ".join((title or "").split())
    stem = name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
    return None if _JUNK.fullmatch(tidy) or tidy == stem else tidy

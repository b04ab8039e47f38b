"""HTML that cannot be broken out of: every text is escaped on its way in, and invisible controls become visible.

Documents come from anywhere. A direction override in one could make a page say something else than its text does, so
such characters are shown by name; scripts run only when their digest stands in the page's own security policy.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from classifier import __version__
from classifier.drafts import replacing


class Markup(str):
    """A string that is HTML already."""

    __slots__ = ()


CONTROLS = {
    "\u061c": "ALM",
    "\u200e": "LRM",
    "\u200f": "RLM",
    "\u202a": "LRE",
    "\u202b": "RLE",
    "\u202c": "PDF",
    "\u202d": "LRO",
    "\u202e": "RLO",
    "\u2066": "LRI",
    "\u2067": "RLI",
    "\u2068": "FSI",
    "\u2069": "PDI",
    "\ufffe": "FFFE",
    "\uffff": "FFFF",
}
_SHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff" + "".join(CONTROLS) + "]")


def safe(text: str) -> Markup:
    """A text as HTML: escaped, with direction controls and other invisible characters shown by name."""
    return Markup(_SHOWN.sub(_show, html.escape(text)))


def element(name: str, *children: object, **attributes: object) -> Markup:
    """An element; children that are not `Markup` are escaped, `None` children and attributes left out.

    >>> element("p", "1 < 2", class_="small")
    '<p class="small">1 &lt; 2</p>'
    """
    written = "".join(
        _attribute(key, value) for key, value in attributes.items() if value is not None and value is not False
    )
    return Markup(f"<{name}{written}>{joined(children)}</{name}>")


def joined(children: Iterable[object]) -> Markup:
    """Children one after the other."""
    return Markup(
        "".join(child if isinstance(child, Markup) else safe(str(child)) for child in children if child is not None)
    )


def both(arabic: object, english: object) -> Markup:
    """A text of the interface in its two languages, of which the page shows one."""
    return joined((element("span", arabic, class_="t", lang="ar"), element("span", english, class_="t", lang="en")))


def name(value: object) -> Markup:
    """A name, path, label or term from outside, whose direction must not touch its surroundings."""
    return element("bdi", value)


def page(title: Markup, plain_title: str, body: Iterable[object], script: str = "", data: Any = None) -> str:
    """A whole page: the shared style and script, a script of its own (a file's name), and its data as JSON."""
    scripts = [_asset("page.js"), *([_asset(script)] if script else [])]
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; script-src "
    )
    policy += " ".join(_digest(source) for source in scripts)
    parts = [
        '<!DOCTYPE html>\n<html lang="ar" dir="rtl" data-lang="ar">\n<head>\n<meta charset="utf-8">\n',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
        '<meta name="referrer" content="no-referrer">\n',
        f'<meta name="generator" content="arabic-topic-classifier {__version__}">\n',
        element("title", plain_title),
        f"\n<style>\n{_asset('page.css')}</style>\n</head>\n<body>\n",
        element("a", both("إلى المحتوى", "Skip to content"), class_="skip", href="#main"),
        element("header", element("h1", title), _controls()),
        element("main", *body, id="main"),
        "" if data is None else f'\n<script type="application/json" id="data">{as_json(data)}</script>',
        *(f"\n<script>{source}</script>" for source in scripts),
        "\n</body>\n</html>\n",
    ]
    return "".join(parts)


def as_json(data: Any) -> str:
    """JSON that may stand inside a script element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    text = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return re.sub("[\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", text)


def write(page_text: str, out: str | os.PathLike[str]) -> None:
    """Write a page whole or not at all."""
    with replacing(out) as draft:
        draft.write_text(page_text, encoding="utf-8", errors="replace", newline="\n")


def _show(match: re.Match[str]) -> str:
    code = ord(match[0])
    shown = CONTROLS.get(match[0]) or (chr(0x2400 + code) if code < 0x20 else f"{code:04X}")
    return f'<span class="control" title="U+{code:04X}">{shown}</span>'


def _attribute(key: str, value: object) -> str:
    key = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {key}"
    # No element can stand inside an attribute: invisible characters are replaced there instead of shown.
    return f' {key}="{html.escape(_SHOWN.sub("�", str(value)))}"'


def _controls() -> Markup:
    language = element("button", both("English", "العربية"), type="button", id="language")
    theme = element("button", both("فاتح / داكن", "Light / dark"), type="button", id="theme")
    return element("div", language, theme, class_="controls")


def _digest(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode('utf-8')).digest()).decode()}'"


@cache
def _asset(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")

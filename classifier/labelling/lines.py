"""One line of a results file: what it holds, and how to tell at a glance whether it still answers for a file.

A line is the prediction (DESIGN.md) and, behind it, what makes the file its own journal:

    "repairs"   what was put right while reading
    "archive"   only for members of an archive or mailbox: its path; "path" is then `archive.zip!/member` ...
    "members"   ... and how many lines it has in all
    "folder"    the folder labelled, absolute; "path" lies below it
    "edition"   of the code that read and judged it (`EDITION`); lines without are of the first
    "size", "mtime"   of the file, in bytes and nanoseconds
    "options"   what was asked for beyond the default, such as {"max_error": 0.02}
    "model"     name@digest8

Lines are UTF-8. A line with a name that is not valid UTF-8 is written in ASCII, with JSON escapes; a byte like 0xE9 of
such a name is `\\udce9`, and `os.fsencode` of the parsed path gives the name's own bytes back.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from json.encoder import encode_basestring
from pathlib import Path
from types import NoneType
from typing import Any, NamedTuple

from classifier.errors import ResultsError
from classifier.labelling.walking import Found

EDITION = 6
"""Of the code that reads and judges: raised when that answers otherwise, so that no results hold answers of both."""

_encode = json.JSONEncoder(ensure_ascii=False).encode
_encode_ascii = json.JSONEncoder(ensure_ascii=True).encode


_LARGEST_SIZE = 2**63 - 1  # of files and tables; times in nanoseconds may be larger
_LARGEST = 10**30
_NUMBER = (int, float)
_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("path", "status"), (str,)),
    **dict.fromkeys(("label", "reason", "message", "sha256", "archive", "folder", "model"), (str, NoneType)),
    **dict.fromkeys(("size", "mtime", "members"), (int, NoneType)),
    **dict.fromkeys(("probability", "coverage"), (*_NUMBER, NoneType)),
    **dict.fromkeys(("repairs", "topics", "evidence"), (list, NoneType)),
    "probabilities": (dict, NoneType),
}
"""What is read of a line again, which anybody may have written ..."""
_STATUSES = ("labelled", "unknown", "failed")
_PARTS: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "topics": {"label": (str,), "share": _NUMBER},
    "evidence": {"term": (str,), "contribution": _NUMBER},
}
"""... and of each part of its lists."""


def to_line(values: Mapping[str, Any]) -> bytes:
    """Values as one line of JSON, its newline included."""
    try:
        return _encode(values).encode("utf-8") + b"\n"
    except UnicodeEncodeError:  # a name that is not UTF-8
        return _encode_ascii(values).encode("ascii") + b"\n"


def parse_line(line: bytes) -> dict[str, Any] | None:
    """The values of a line, or None when it is not a whole line of results."""
    try:
        values = json.loads(line, parse_int=_whole, parse_float=_real, parse_constant=_real)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) and _is_ours(values) else None


def _is_ours(values: Mapping[str, Any]) -> bool:
    return (
        _has(values, _TYPES)
        and values["status"] in _STATUSES
        and (values["status"] != "labelled" or values.get("label") is not None)
        and abs(values.get("size") or 0) <= _LARGEST_SIZE
        and all(isinstance(repair, str) for repair in values.get("repairs") or ())
        and all(_has(part, kinds) for name, kinds in _PARTS.items() for part in values.get(name) or ())
        and all(_is(share, _NUMBER) and 0 <= share <= 1 for share in _shares(values))
    )


def _has(part: object, kinds: Mapping[str, tuple[type, ...]]) -> bool:
    return isinstance(part, dict) and all(_is(part.get(name), kind) for name, kind in kinds.items())


def _is(value: object, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)  # which Python takes for a number


def _shares(values: Mapping[str, Any]) -> Iterator[Any]:
    yield from (values.get("probability") or 0, values.get("coverage") or 0)
    yield from (values.get("probabilities") or {}).values()
    yield from (part["share"] for part in values.get("topics") or ())


def _whole(digits: str) -> int:
    number = int(digits)
    if abs(number) > _LARGEST:
        raise ValueError("no size, time or count")
    return number


def _real(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("no share")
    return number


def file_of(values: Mapping[str, Any]) -> str:
    """The path of the file that a line speaks of: for a member of an archive, the archive's."""
    return str(values.get("archive") or values["path"])


class Stamp(NamedTuple):
    """What all lines of one run have in common."""

    folder: str
    options: Mapping[str, Any]
    model: str
    edition: int = EDITION

    def seals(self, values: Mapping[str, Any], found: Found) -> bool:
        """Whether a line answers for a file as it is now, with this model, edition and these options."""
        return values.get("size") == found.size and values.get("mtime") == found.mtime and self.made(values)

    def made(self, values: Mapping[str, Any]) -> bool:
        """Whether a line comes from this folder, model, edition and options."""
        mine = (self.folder, self.options, self.model)
        theirs = (values.get("folder"), values.get("options"), values.get("model"))
        return theirs == mine and edition_of(values) == self.edition

    def tail(self, found: Found) -> dict[str, Any]:
        """The last values of a line."""
        return {
            "folder": self.folder,
            "size": found.size,
            "mtime": found.mtime,
            "edition": self.edition,
            "options": dict(self.options),
            "model": self.model,
        }


def edition_of(values: Mapping[str, Any]) -> Any:
    """The edition of the code that a line was made by."""
    return values.get("edition", 1)


def glance(stamp: Stamp) -> tuple[bytes, bytes]:
    """How lines that answer for a file begin and end, to be filled in with `quoted(path)`, and with its size and time.

    Comparing the two is thirty times faster than parsing. A line that they do not fit may still be right (escaped
    names, members of archives, files that could not be opened); `Stamp.seals` has the last word.
    """
    end = to_line(stamp.tail(Found("", 0, 0)))[1:].replace(b"%", b"%%")
    end = end.replace(b'"size": 0, "mtime": 0, "edition"', b'"size": %d, "mtime": %d, "edition"')
    return b'{"path": %b, "sha256": "', end


def quoted(path: str) -> bytes:
    """A path as it stands in a line, if it can be written in UTF-8."""
    return encode_basestring(path).encode("utf-8", "surrogatepass")


def read_results(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a results file, parsed; a torn last line is passed over.

    Raises `ResultsError` when the file is missing or a line is not one of results.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                values = parse_line(line)
                if values is not None:
                    yield values
                elif line.endswith(b"\n"):
                    raise ResultsError(
                        f"{path}, line {number}: not a line of results; give a file made by `classifier label`"
                    )
    except OSError as error:
        raise ResultsError(
            f"{path}: cannot be read ({error.strerror}); give a file made by `classifier label`"
        ) from None

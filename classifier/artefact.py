"""Named arrays and metadata to one safetensors file, and back as memory-mapped views.

Reading parses, checks, and only then hands out views: no numpy, no copy, nothing that a file could make run. The layout
is the public safetensors one (8-byte length, JSON header, raw little-endian data), so any safetensors library reads the
file too; it is read here because the library's reader brings numpy in, which costs more than the rest of a cold start.
Metadata is one JSON object; its `digest` covers everything else in the file.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

from classifier.errors import ModelFileError

if TYPE_CHECKING:
    import numpy as np

FORMAT = "arabic-topic-classifier"
VERSION = 1
_KEY = "classifier"
_CODES = {"U8": "B", "I16": "h", "U16": "H", "I32": "i", "U32": "I", "U64": "Q", "F32": "f", "F64": "d"}
_SIZES = {"U8": 1, "I16": 2, "U16": 2, "I32": 4, "U32": 4, "U64": 8, "F32": 4, "F64": 8}
_ALTERED = "its contents do not match its digest; the file is damaged: get or train it again"
_MOST_DIMENSIONS = 8  # the product of thousands of large numbers takes seconds
_LARGEST_HEADER = 8 << 20  # metadata holds a card, a report and canaries: a few hundred kilobytes at most


class Artefact(NamedTuple):
    """A loaded file: flat read-only views by name, and the metadata (its digest included)."""

    arrays: Mapping[str, memoryview]
    metadata: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 of all arrays and metadata, in hexadecimal."""
        return str(self.metadata["digest"])


def save(path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray[Any, Any]], metadata: Mapping[str, Any]) -> str:
    """Write arrays and metadata to `path`, whole or not at all; return the digest.

    The same arrays and metadata give the same bytes.
    """
    from safetensors.numpy import save as to_bytes

    from classifier.drafts import replacing

    described = {"format": FORMAT, "version": VERSION, **metadata}
    described.pop("digest", None)
    unsigned = to_bytes(dict(arrays), {_KEY: ""})  # the layout of the arrays does not depend on the metadata
    tensors, data = _split(unsigned)
    tensors.pop("__metadata__")
    described["digest"] = _digest(_canonical(described), tensors, data)
    content = to_bytes(dict(arrays), {_KEY: _canonical(described)})
    with replacing(path) as draft:
        draft.write_bytes(content)
    return str(described["digest"])


def id_of(metadata: Mapping[str, Any]) -> str:
    """Name and first eight digits of the digest: what predictions carry."""
    return f"{metadata.get('name')}@{str(metadata['digest'])[:8]}"


def views(arrays: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, memoryview]:
    """Arrays as the flat views that `load` would give."""
    kinds = {f"{kind[0].lower()}{size}": kind for kind, size in _SIZES.items()}
    return {name: _cast(memoryview(array.tobytes()), kinds[array.dtype.str[1:]]) for name, array in arrays.items()}


def load(path: str | os.PathLike[str]) -> Artefact:
    """Map a file written by `save`.

    Raises `ModelFileError` when the file is missing, truncated, altered, foreign, or of a newer version.
    """
    from classifier.drafts import is_odd

    path = Path(path)
    if is_odd(path):
        raise ModelFileError(f"{path}: is not a file; give a model file, or train one")
    try:
        with path.open("rb") as file:
            view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError:
        raise ModelFileError(f"{path}: there is no such model file; check the path or train one") from None
    except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
        raise ModelFileError(f"{path}: cannot be opened as a model file ({error})") from None
    if sys.byteorder != "little":
        raise ModelFileError(f"{path}: model files need a little-endian machine")
    try:
        return _parse(view)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None


def _parse(view: memoryview) -> Artefact:
    tensors, data = _split(view)
    metadata, unsigned = _metadata(tensors.pop("__metadata__", None))
    arrays = {name: _array(name, entry, data) for name, entry in tensors.items()}
    if sum(array.nbytes for array in arrays.values()) != len(data):
        raise ModelFileError("its arrays do not fill the file; the file is damaged: get or train it again")
    try:
        is_whole = metadata.get("digest") == _digest(unsigned, tensors, data)
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can escape and no digest is of
        is_whole = False
    if not is_whole:
        raise ModelFileError(_ALTERED)
    return Artefact(arrays, metadata)


def _split(view: memoryview | bytes) -> tuple[dict[str, Any], memoryview]:
    """The header as a dictionary, and the data behind it."""
    view = memoryview(view)
    length = int.from_bytes(view[:8], "little")
    is_header = bytes(view[8:9]) == b"{"
    if not is_header and bytes(view[:2]) in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        raise ModelFileError(
            "this is a Python pickle, which could run code, and is never loaded; train a model with `classifier train`"
        )
    if len(view) < 10 or length > _LARGEST_HEADER or not is_header:
        raise ModelFileError("this is not a safetensors file; give a model made by `classifier train`")
    if 8 + length > len(view):
        raise ModelFileError("the file ends inside its header; it is truncated: get or train it again")
    try:
        header = json.loads(str(view[8 : 8 + length], "utf-8"))  # of bytes, JSON takes surrogates, too
    except (ValueError, RecursionError):
        raise ModelFileError("its header is not JSON; the file is damaged: get or train it again") from None
    if not isinstance(header, dict):
        raise ModelFileError("its header is not a table of arrays; the file is damaged: get or train it again")
    return header, view[8 + length :]


def _metadata(entry: object) -> tuple[dict[str, Any], str]:
    """The metadata, and as text what of it the digest covers: all but the digest."""
    text = entry.get(_KEY) if isinstance(entry, dict) else None
    try:
        metadata = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        metadata = None
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise ModelFileError(
            "a safetensors file, but not a model of this tool; give a model made by `classifier train`"
        )
    if not isinstance(metadata.get("version"), int) or metadata["version"] > VERSION:
        raise ModelFileError(
            f"it has format version {metadata.get('version')}, this program reads up to {VERSION}; "
            "upgrade arabic-topic-classifier"
        )
    if _canonical(metadata) != text:  # the digest cannot tell an altered seventeenth digit that makes no other number
        raise ModelFileError(_ALTERED)
    return metadata, text.replace(f'"digest":{_canonical(metadata.get("digest"))},', "", 1)


def _array(name: str, entry: object, data: memoryview) -> memoryview:
    """One array as a flat view, or an error when its entry lies about where it is or how large."""
    broken = ModelFileError(
        f"its array {name!r} does not lie inside the file; it is truncated or damaged: get or train it again"
    )
    if not isinstance(entry, dict):
        raise broken
    kind, shape, offsets = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
    if kind not in _CODES or not _are_counts(shape) or not _are_counts(offsets) or len(offsets) != 2:
        raise broken
    start, end = offsets
    if not start <= end <= len(data) or math.prod(shape) * _SIZES[kind] != end - start:
        raise broken
    try:
        return _cast(data[start:end], kind)
    except TypeError:
        raise broken from None


def _cast(view: memoryview, kind: str) -> memoryview:
    cast: memoryview = view.cast(_CODES[kind])  # type: ignore[call-overload]
    return cast


def _are_counts(values: object) -> TypeGuard[list[int]]:
    """Whether these are few enough counts, and small enough, to be a shape or offsets."""
    if not isinstance(values, list) or len(values) > _MOST_DIMENSIONS:
        return False
    return all(type(value) is int and 0 <= value < 1 << 40 for value in values)


def _digest(unsigned: str, tensors: Mapping[str, Any], data: memoryview) -> str:
    seal = hashlib.sha256(f"[{unsigned},{_canonical(tensors)}]".encode())
    seal.update(data)
    return seal.hexdigest()


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

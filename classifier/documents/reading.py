"""The way of a document: a path or bytes → format → reader → repaired text. (Interim: text only, the rest is coming.)"""

from __future__ import annotations

import os
from collections.abc import Iterator

from classifier.documents.document import Document, Knows, Limits
from classifier.errors import DocumentError, Reason


def read_document(
    path: str | os.PathLike[str], *, knows: Knows | None = None, limits: Limits = Limits()
) -> Document:
    """Read one file; raises `DocumentError`."""
    with open(path, "rb") as file:
        return read_bytes(file.read(limits.max_bytes), os.fspath(path), knows=knows, limits=limits)


def read_bytes(data: bytes, name: str, *, knows: Knows | None = None, limits: Limits = Limits()) -> Document:
    """Read a document held in memory; raises `DocumentError`."""
    if not data:
        raise DocumentError(Reason.EMPTY, "the file is empty (0 bytes)")
    return Document(data.decode("utf-8", "replace"), None, "txt", "utf-8")


def iter_members(
    path: str | os.PathLike[str], *, knows: Knows | None = None, limits: Limits = Limits()
) -> Iterator[tuple[str, Document | DocumentError]]:
    """Each member of a zip archive as its own document."""
    raise NotImplementedError

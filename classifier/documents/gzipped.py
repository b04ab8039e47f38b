"""A document packed by gzip: unpacked in memory under a budget, then read as what it is."""

from __future__ import annotations

import gzip
import io
import zlib

from classifier.documents.source import Raw, Source
from classifier.errors import DocumentError, Reason


def read(source: Source) -> Raw:
    """The one document that the file holds."""
    name = source.name[:-3] if source.name.lower().endswith(".gz") else source.name
    return Raw.of(source.inner(_unpacked(source), name))


def _unpacked(source: Source) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(source.data)) as file:
            return source.budget.drain(file)
    except (EOFError, OSError, zlib.error) as error:
        raise DocumentError(
            Reason.BROKEN_FILE, f"a damaged or cut-off gzip file ({error}); get another copy"
        ) from error

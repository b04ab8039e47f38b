"""Documents packed by gzip or zip: unpacked in memory under a budget, then read as what they are."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from classifier.documents.document import Document
from classifier.documents.formats import GZIP, Raw, Source
from classifier.errors import DocumentError, Reason

if TYPE_CHECKING:
    import zipfile

_DEEPEST = 3
_LITTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
_DIRECTORY_ENTRY = b"PK\x01\x02"


class Readable(Protocol):
    """An open member of an archive."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


def read(source: Source) -> Raw:
    """What a packed file holds: its one document, or several joined in the order of their names."""
    if source.data.startswith(GZIP.magic):
        name = source.name[:-3] if source.name.lower().endswith(".gz") else source.name
        return _as_raw(read_inner(source, _gunzip(source), name))
    return _join(list(read_members(source)))


def read_members(source: Source) -> Iterator[tuple[str, Document | DocumentError]]:
    """Each document of a zip archive with its name, sorted by name; a damaged one gives its error instead."""
    with open_zip(source) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith("/") or any(part in name for part in _LITTER):
                continue
            try:
                yield name, read_inner(source, unpack_member(source, archive, name), name)
            except DocumentError as error:
                yield name, error


def read_inner(source: Source, data: bytes, name: str) -> Document:
    """A document found inside another (an archive, a message), on the same budget; raises `DocumentError`."""
    from classifier.documents.reading import read_source  # readers and reading call each other through nesting

    if source.depth >= _DEEPEST:
        raise DocumentError(Reason.UNSUPPORTED, f"packed more than {_DEEPEST} layers deep; unpack the outer ones")
    return read_source(replace(source, data=data, name=name, depth=source.depth + 1))


def open_zip(source: Source) -> zipfile.ZipFile:
    """The archive, its directory checked against the limits; raises `DocumentError`."""
    import zipfile

    # Counted before the directory is built: a small file may list millions of members.
    count, limit = source.data.count(_DIRECTORY_ENTRY), source.budget.limits.max_members
    if count > limit:
        raise DocumentError(Reason.TOO_LARGE, f"{count:,} members, more than the {limit:,} read; unpack it to a folder")
    try:
        return zipfile.ZipFile(io.BytesIO(source.data))
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError) as error:
        raise DocumentError(Reason.BROKEN_FILE, f"a damaged or cut-off zip file ({error}); get another copy") from error


def unpack_member(source: Source, archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of one member, counted as they come since its directory may lie; raises `DocumentError`."""
    import zipfile

    info = archive.getinfo(name)
    if info.flag_bits & 0x1:
        raise DocumentError(Reason.ENCRYPTED, "protected by a password; unpack it or save it without one")
    if source.budget.spent + info.file_size > source.budget.limits.max_unpacked:
        source.budget.allow(info.file_size, "it")
    try:
        with archive.open(info) as file:
            return _drain(source, file)
    except NotImplementedError as error:
        raise DocumentError(
            Reason.UNSUPPORTED, f"packed by a method not known here ({error}); pack it again"
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise DocumentError(Reason.BROKEN_FILE, f"damaged inside the zip file ({error}); get another copy") from error


def _gunzip(source: Source) -> bytes:
    import gzip

    try:
        with gzip.GzipFile(fileobj=io.BytesIO(source.data)) as file:
            return _drain(source, file)
    except (EOFError, OSError, zlib.error) as error:
        raise DocumentError(
            Reason.BROKEN_FILE, f"a damaged or cut-off gzip file ({error}); get another copy"
        ) from error


def _drain(source: Source, file: Readable) -> bytes:
    parts = []
    while part := file.read(source.budget.chunk()):
        source.budget.allow(len(part), "it")
        parts.append(part)
    return b"".join(parts)


def _as_raw(document: Document) -> Raw:
    return Raw(document.text, document.title, document.encoding, document.repairs, document.format, final=True)


def _join(found: list[tuple[str, Document | DocumentError]]) -> Raw:
    """One member is the document itself; several become one text, and the repairs name those that cannot be read."""
    documents = [member for _, member in found if isinstance(member, Document)]
    errors = [(name, member) for name, member in found if isinstance(member, DocumentError)]
    if not documents:
        raise errors[0][1] if errors else DocumentError(Reason.EMPTY, "the zip archive holds no documents")
    if len(documents) == 1 and not errors:
        return _as_raw(documents[0])
    notes = [note for document in documents for note in document.repairs]
    notes += [f"member {name} not read: {error.reason}" for name, error in errors]
    return Raw(
        "\n\n".join(document.text for document in documents), None, None, tuple(dict.fromkeys(notes)), "zip", final=True
    )

"""Documents packed as zip: unpacked in memory under a budget, then read as what they are."""

from __future__ import annotations

import io
import zlib
from collections import Counter
from typing import TYPE_CHECKING

from classifier.documents.document import Document
from classifier.documents.litter import is_litter
from classifier.documents.source import Members, Raw, Source
from classifier.errors import ClassifierError, DocumentError, Reason

if TYPE_CHECKING:
    import zipfile

_DIRECTORY_ENTRY = b"PK\x01\x02"
_END = b"PK\x05\x06"
_END_SIZE = 22
_END_OF_ZIP64 = b"PK\x06\x07"


def read(source: Source) -> Raw:
    """What the archive holds: its one document, or several joined in the order of their names."""
    found = list(read_members(source))
    if not found:
        raise DocumentError(Reason.EMPTY, "the zip archive holds no documents; leave it out")
    return Raw.joined(found, source, "zip")


def read_members(source: Source) -> Members:
    """Each document of a zip archive with its name, sorted by name; a damaged one gives its error instead.

    A name may be there twice, as of a file packed anew: the second is named "a.txt (2)", so that names tell all apart.
    """
    seen: Counter[str] = Counter()
    with open_zip(source) as archive:
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            name = info.filename
            *folders, last = name.replace("\\", "/").split("/")
            if last and "__MACOSX" not in folders and not is_litter(last):
                seen[name] += 1
                found = _read_member(source, archive, info)
                yield (name if seen[name] == 1 else f"{name} ({seen[name]})"), found


def _read_member(source: Source, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Document | DocumentError:
    try:
        return source.inner(unpack_member(source, archive, info), info.filename)
    except DocumentError as error:
        return error
    except ClassifierError:
        raise
    except Exception as error:  # one document is a border: each method of packing has errors of its own (LZMAError)
        return DocumentError(
            Reason.BROKEN_FILE, f"damaged inside the zip file ({type(error).__name__}: {error}); get another copy"
        )


def open_zip(source: Source) -> zipfile.ZipFile:
    """The archive, its directory checked against the limits; raises `DocumentError`."""
    import zipfile

    # Counted before the directory is built: a small file may list millions of members.
    count = source.data.count(_DIRECTORY_ENTRY, _start_of_directory(source.data))
    limit = source.budget.limits.max_members
    if count > limit:
        raise DocumentError(Reason.TOO_LARGE, f"{count:,} members, more than the {limit:,} read; unpack it to a folder")
    try:
        return zipfile.ZipFile(io.BytesIO(source.data))
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError) as error:
        raise DocumentError(Reason.BROKEN_FILE, f"a damaged or cut-off zip file ({error}); get another copy") from error


def _start_of_directory(data: bytes) -> int:
    """From where on `zipfile` may find entries, by the size in the end record; before it lie members, zips among them.

    0 where the record is damaged, or is one of zip64, which no archive of less than 4 GB and 65,536 members needs.
    """
    end = data.rfind(_END)
    if end > len(data) - _END_SIZE or data[end - 20 : end - 16] == _END_OF_ZIP64:
        return 0
    return max(0, end - int.from_bytes(data[end + 12 : end + 16], "little"))


def unpack_member(source: Source, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The bytes of one member, counted as they come since its directory may lie; raises `DocumentError`."""
    import zipfile

    if info.flag_bits & 0x1:
        raise DocumentError(Reason.ENCRYPTED, "protected by a password; unpack it or save it without one")
    # A member too large by the directory costs nothing, so that the others are read.
    source.budget.check(info.file_size)
    try:
        with archive.open(info) as file:
            return source.budget.drain(file)
    except NotImplementedError as error:
        raise DocumentError(
            Reason.UNSUPPORTED, f"packed by a method not known here ({error}); pack it again"
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise DocumentError(Reason.BROKEN_FILE, f"damaged inside the zip file ({error}); get another copy") from error

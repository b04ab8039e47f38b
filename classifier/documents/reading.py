"""The way of a document: path → bytes → format → reader → repaired and tidied text.

Every fault of a document is a `DocumentError` that says what was found and what to do; the caller knows the path and
names it. A library that is missing is no fault of a document but a `ClassifierError`, as no copy of the file helps.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from classifier.documents.document import Document, Knows, Limits
from classifier.documents.formats import TXT, Format, detect
from classifier.documents.soundness import looks_sound
from classifier.documents.source import Budget, Members, Raw, Source
from classifier.errors import ClassifierError, DocumentError, Reason

_DEFAULT = Limits()
_KINDS = {
    stat.S_IFDIR: "a folder, not a document; give the files in it, or label the whole folder",
    stat.S_IFIFO: "a named pipe, not a document; give its content on the standard input instead",
    stat.S_IFSOCK: "a socket, not a document; save what it sends as a file and give that",
    stat.S_IFCHR: "a device, not a document; copy what is on it into a file and give that",
    stat.S_IFBLK: "a device, not a document; copy what is on it into a file and give that",
}


def read_document(path: str | os.PathLike[str], *, knows: Knows | None = None, limits: Limits = _DEFAULT) -> Document:
    """The text of one file, whatever its format and encoding.

    `knows` gives the share (0..1) of a text's terms that a model knows and settles doubts about encoding and order.
    Several documents in one zip archive or mailbox are joined; `iter_members` gives each by itself. Never blocks on
    pipes. Raises `DocumentError`, or `ClassifierError` where the library that reads the format is missing.
    """
    return read_bytes(load(path, limits), os.fspath(path), knows=knows, limits=limits)


def read_bytes(data: bytes, name: str, *, knows: Knows | None = None, limits: Limits = _DEFAULT) -> Document:
    """The text of a document held in memory (standard input, a download); `name` only helps to tell its format.

    Raises what `read_document` does.

    >>> read_bytes("أسعار النفط ترتفع في الأسواق العالمية".encode("cp1256"), "a.txt").encoding
    'windows-1256'
    """
    if len(data) > limits.max_bytes:
        raise _too_large(len(data), limits)
    return read_source(_source(data, name, knows, limits))


def iter_members(path: str | os.PathLike[str], *, knows: Knows | None = None, limits: Limits = _DEFAULT) -> Members:
    """The documents of a zip archive or a mailbox, each with its name there; a damaged one yields its error.

    A file that is one document yields itself, named "". Raises `DocumentError` where the file as a whole is at fault,
    `ClassifierError` where a library is missing.
    """
    return members_of(load(path, limits), os.fspath(path), knows=knows, limits=limits)


def members_of(data: bytes, name: str, *, knows: Knows | None = None, limits: Limits = _DEFAULT) -> Members:
    """`iter_members` of a file held in memory."""
    source = _source(data, name, knows, limits)
    row = _detect(source)
    found = row.members(source)
    if found is None:
        yield "", _read_as(row, source)
    else:
        yield from found


def iter_documents(
    path: str | os.PathLike[str], name: str, *, knows: Knows | None = None
) -> Iterator[tuple[str, Document | DocumentError]]:
    """The documents of a file called `name`, each with a name of its own (`name_within`); whatever is wrong, in place.

    Raises `ClassifierError` where a library is missing.
    """
    empty = True
    try:
        for member, found in iter_members(path, knows=knows):
            empty = False
            yield name_within(name, member) if member else name, found
    except DocumentError as error:
        yield name, error
    else:
        if empty:
            yield name, no_documents()


def name_within(name: str, member: str) -> str:
    """What a document within an archive or a mailbox is called.

    >>> name_within("mail.mbox", "0012.eml")
    'mail.mbox!/0012.eml'
    """
    return f"{name}!/{member}"


def no_documents() -> DocumentError:
    """What is wrong with an archive that holds nothing to read."""
    return DocumentError(Reason.EMPTY, "an archive without documents")


def _source(data: bytes, name: str, knows: Knows | None, limits: Limits) -> Source:
    return Source(data, name, knows or _plausible, Budget(limits, len(data)), read_source)


def read_source(source: Source) -> Document:
    """One document, top-level or within another.

    Raises `DocumentError` for what is wrong with it, and `ClassifierError` where a library that reads it is missing.
    """
    return _read_as(_detect(source), source)


def _detect(source: Source) -> Format:
    if not source.data:
        raise DocumentError(Reason.EMPTY, "the file is empty (0 bytes); restore it from a copy, or leave it out")
    return detect(source)


def _read_as(row: Format, source: Source) -> Document:
    try:
        raw = row.reader()(source)
    except ClassifierError:
        raise
    except ImportError as error:
        raise ClassifierError(
            f"{source.name}: {row.name} cannot be read here ({error}); install arabic-topic-classifier again"
        ) from error
    except (MemoryError, RecursionError) as error:
        raise DocumentError(
            Reason.TOO_LARGE, f"reading it as {row.name} needs too much memory or nesting; save it as plain text"
        ) from error
    except Exception as error:  # one document is a border: parsers of damaged files raise whatever they like
        raise DocumentError(
            Reason.BROKEN_FILE, f"damaged or not really {row.name} ({type(error).__name__}: {error}); get another copy"
        ) from error
    return _finish(raw, row.name, source)


def load(path: str | os.PathLike[str], limits: Limits = _DEFAULT) -> bytes:
    """The bytes of a regular file; raises `DocumentError` for anything else, without opening pipes or devices."""
    try:
        _refuse_special(os.stat(path), limits)  # noqa: PTH116 (a Path costs as much as the call)
        # The file may have been exchanged for a pipe since: O_NONBLOCK keeps that from hanging.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123 (a descriptor has no path)
            status = os.fstat(descriptor)
            _refuse_special(status, limits)
            # Not the limit at once: making room for 100 MB costs more than a small file. One that grew is read on.
            data = file.read(status.st_size + 1)
            if len(data) != status.st_size:
                data += file.read(limits.max_bytes + 1 - len(data))
    except (OSError, ValueError) as error:
        raise _fault(error) from error
    if len(data) > limits.max_bytes:
        raise _too_large(len(data), limits)
    return data


def _refuse_special(status: os.stat_result, limits: Limits) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "a special file, not a document; leave it out")
        raise DocumentError(Reason.UNSUPPORTED, kind)
    if status.st_size > limits.max_bytes:
        raise _too_large(status.st_size, limits)


def _too_large(size: int, limits: Limits) -> DocumentError:
    return DocumentError(
        Reason.TOO_LARGE,
        f"{size:,} bytes, more than the {limits.max_bytes:,} read as one document; split it",
    )


def _fault(error: OSError | ValueError) -> DocumentError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return DocumentError(Reason.NOT_FOUND, "no such file; it was moved or deleted, or the name is misspelt")
    if isinstance(error, PermissionError):
        return DocumentError(
            Reason.FORBIDDEN, "no permission to read it; change its rights (chmod +r) or run as its owner"
        )
    if isinstance(error, ValueError):
        return DocumentError(Reason.NOT_FOUND, f"not a possible file name ({error}); give another")
    return DocumentError(
        Reason.BROKEN_FILE, f"the system cannot read it: {error.strerror or error}; check the disk or link"
    )


def _finish(raw: Raw, format_name: str, source: Source) -> Document:
    if raw.final:
        return Document(raw.text, raw.title, raw.format or format_name, raw.encoding, raw.repairs)
    title, title_repairs = _repair(" ".join((raw.title or "").split()), source.knows)
    # Plain text keeps the blanks around it: its characters are counted as they stand in the file.
    body, body_repairs = _repair(raw.text if format_name == TXT.name and not title else raw.text.strip(), source.knows)
    text = body if not title or _begins_with(body, title) else f"{title}\n\n{body}"
    if not text.strip():
        raise DocumentError(
            Reason.EMPTY,
            f"no text in it ({len(source.data):,} bytes of {format_name}); leave it out; text that shows only in"
            " pictures needs OCR first",
        )
    if format_name == TXT.name:
        _refuse_gibberish(text)
    # Not as a set: the same misreading may have happened twice.
    repairs = (*raw.repairs, *title_repairs, *(body_repairs if body_repairs != title_repairs else ()))
    return Document(text, title or None, raw.format or format_name, raw.encoding, repairs)


def _repair(text: str, knows: Knows) -> tuple[str, tuple[str, ...]]:
    """`repair`, without importing it for the text that needs none."""
    if looks_sound(text):
        return text, ()
    from classifier.documents.repair import repair

    return repair(text, knows)


def _plausible(text: str) -> float:
    """What stands in for a model's `knows`, imported only when a doubt arises."""
    from classifier.documents.scoring import plausible_words

    return plausible_words(text)


def _begins_with(body: str, title: str) -> bool:
    return " ".join(body[: 2 * len(title) + 20].split()).startswith(title)


def _refuse_gibberish(text: str) -> None:
    if text.count("\ufffd") * 4 > len(text):
        raise DocumentError(
            Reason.UNREADABLE,
            "the bytes are no text in any known encoding; open it in the program that made it and save as text",
        )

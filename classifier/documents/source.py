"""A document on its way to its reader (`Source`), what unpacking may cost (`Budget`), what a reader finds (`Raw`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, Self

from classifier.documents.document import Document, Knows, Limits
from classifier.errors import DocumentError, Reason

_DEEPEST = 3

Members = Iterator[tuple[str, Document | DocumentError]]
"""The documents that one file holds, each with its name there; a damaged one gives its error instead."""


class Readable(Protocol):
    """An open packed file."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


@dataclass(slots=True)
class Budget:
    """What may still be unpacked of one file, shared by all its layers, so that bombs within bombs gain nothing."""

    limits: Limits
    packed: int
    spent: int = 0

    def spend(self, unpacked: int) -> None:
        """Count bytes just unpacked; raises `DocumentError` (TOO_LARGE) beyond the limits."""
        self.spent += unpacked
        self.check(0)

    def check(self, unpacked: int) -> None:
        """Raise `DocumentError` (TOO_LARGE) where so many more bytes would go beyond the limits; counts nothing."""
        total = self.spent + unpacked
        if total > self.limits.max_unpacked:
            raise DocumentError(
                Reason.TOO_LARGE,
                f"unpacking it goes beyond the {self.limits.max_unpacked:,} bytes read of one file; unpack it"
                " yourself if you trust it",
            )
        if self.limits.is_bomb(total, self.packed):
            raise DocumentError(
                Reason.TOO_LARGE,
                f"unpacking it goes beyond {self.limits.max_ratio} times the size of the file, as zip bombs do; unpack"
                " it yourself if you trust it",
            )

    def drain(self, file: Readable) -> bytes:
        """All that a packed file unpacks to, a little at a time: a bomb is noticed before it fills the memory."""
        parts = []
        while part := file.read(min(1 << 20, self.limits.max_unpacked - self.spent + 1)):
            self.spend(len(part))
            parts.append(part)
        return b"".join(parts)


class Part(NamedTuple):
    """A document inside another: what notes call it, its name, and what gives its bytes or raises `DocumentError`."""

    called: str
    name: str
    unpack: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of a document on their way to a reader."""

    data: bytes
    name: str
    knows: Knows
    budget: Budget
    read: Callable[[Source], Document]
    """How documents found inside this one are read."""
    depth: int = 0
    """How many archives or messages this document lies in."""

    def inner(self, data: bytes, name: str) -> Document:
        """A document found inside this one (an archive, a message), on the same budget; raises `DocumentError`."""
        if self.depth >= _DEEPEST:
            raise DocumentError(Reason.UNSUPPORTED, f"packed more than {_DEEPEST} layers deep; unpack the outer ones")
        return self.read(replace(self, data=data, name=name, depth=self.depth + 1))

    def inner_texts(self, parts: Iterable[Part]) -> tuple[list[str], list[str]]:
        """The texts of documents inside, and notes: what was repaired, and which could not be read."""
        texts, notes = [], list[str]()
        for part in parts:
            try:
                document = self.inner(part.unpack(), part.name)
            except DocumentError as error:
                notes.append(f"{part.called} not read: {error.reason}")
            else:
                texts.append(document.text)
                notes.extend(document.repairs)
        return texts, list(dict.fromkeys(notes))


@dataclass(frozen=True, slots=True)
class Raw:
    """What a reader found, not yet repaired or tidied."""

    text: str
    title: str | None = None
    encoding: str | None = None
    repairs: tuple[str, ...] = ()
    format: str | None = None
    """Set where the content turned out to be another format than its wrapping (a gzip file, an archive of one)."""
    final: bool = False
    """True where the text comes from documents already repaired, each by itself."""

    @classmethod
    def of(cls, document: Document) -> Self:
        """A document that was found inside another, as what the outer one holds."""
        return cls(document.text, document.title, document.encoding, document.repairs, document.format, final=True)

    @classmethod
    def joined(cls, found: Sequence[tuple[str, Document | DocumentError]], source: Source, format: str) -> Self:
        """Several documents as one text, whose repairs name the unreadable; a single one is the document itself.

        Raises the first `DocumentError` where none can be read.
        """
        documents = [member for _, member in found if isinstance(member, Document)]
        errors = [(name, member) for name, member in found if isinstance(member, DocumentError)]
        if errors and not documents:
            raise errors[0][1]
        if len(documents) == 1 and not errors:
            return cls.of(documents[0])
        advice = "" if source.depth else " (classifier label gives each by itself)"
        notes = [f"{len(documents)} documents joined{advice}"] if len(documents) > 1 else []
        notes += [note for document in documents for note in document.repairs]
        notes += [f"member {name} not read: {error.reason}" for name, error in errors]
        text = "\n\n".join(document.text for document in documents)
        return cls(text, None, None, tuple(dict.fromkeys(notes)), format, final=True)

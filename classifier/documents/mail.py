"""Saved e-mails, mailboxes of them, and web pages saved by Chrome or Edge as one MHTML file, an e-mail inside.

A message is its subject, its own words and the documents attached to it: "see the report attached" says nothing alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from email import message_from_bytes, policy
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from classifier.documents.decoding import decode
from classifier.documents.formats import is_readable_name
from classifier.documents.html import extract
from classifier.documents.source import Members, Part, Raw, Source
from classifier.errors import DocumentError, Reason

if TYPE_CHECKING:
    from email.header import Header
    from email.message import Message

_BODIES = ("text/plain", "text/html")
_ENOUGH_LETTERS = 200  # no stub has so many
_FULLER = 2.0  # times the letters: so much more does another form of a message hold than a stub of it
# Parts that are attached and say nothing of what a message is about.
_MUTE = (
    *("image", "audio", "video", "text/css", "text/calendar", "text/vcard", "text/x-vcard"),
    *("text/javascript", "application/javascript", "application/json"),
    *("application/pgp", "application/pkcs", "application/x-pkcs"),
)
_LONGEST_HEADER = 8_192
# What stands between the messages of a mailbox (mbox): who sent the next one and when, and then its headers.
_BETWEEN = (
    rb"(?m)^From [^\n]{0,200}?\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [^\n]{0,20}\d\d:\d\d[^\n]{0,40}\n(?=[\w-]{1,80}:)"
)


class _ShortHeaders(policy.Compat32):
    """Headers read as usual, then cut: the time that the library takes for parameters is the square of their length."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """The name and value of a header; bodies never come here."""
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_LONGEST_HEADER]


def read(source: Source) -> Raw:
    """A message, or all those of a mailbox joined."""
    found = read_members(source)
    return _read_message(source, source.data) if found is None else Raw.joined(list(found), source, "eml")


def read_members(source: Source) -> Members | None:
    """The messages of a mailbox, named by their numbers; None for one message."""
    messages = _split(source)
    return _read_messages(messages, source) if len(messages) > 1 else None


def _read_messages(messages: Sequence[bytes], source: Source) -> Members:
    for number, data in enumerate(messages, 1):
        name = f"{number:0{len(str(len(messages)))}}.eml"
        try:
            source.budget.spend(len(data))
            yield name, source.inner(data, name)
        except DocumentError as error:
            yield name, error


def _split(source: Source) -> Sequence[bytes]:
    """The messages of a mailbox; none for what is no mailbox."""
    import re

    most = source.budget.limits.max_members
    before, *messages = re.split(_BETWEEN, source.data, maxsplit=most + 1)
    if len(messages) > most:
        raise DocumentError(
            Reason.TOO_LARGE, f"a mailbox of more than {most:,} messages; save them as files of their own"
        )
    return () if before.strip() else messages


def _read_message(source: Source, data: bytes) -> Raw:
    """The subject as title, the body, then the attached documents."""
    message = message_from_bytes(data, policy=_ShortHeaders())
    parts = _leaves(message, source.budget.limits.max_members)
    subject = _header(message, "subject", source)
    body = _body(message, source)
    attached, notes = source.inner_texts(_attachments(parts, source))
    if not any((body.text, body.title, attached, subject)):
        raise DocumentError(Reason.EMPTY, "a message without subject, text and readable attachments; leave it out")
    text = "\n\n".join(filter(None, (body.text, *attached)))
    # A page saved as MHTML is a page: its own title says more than the subject made from it.
    is_page = message.get("snapshot-content-location") is not None
    title = (body.title or subject) if is_page else (subject or body.title)
    return Raw(text, title, body.encoding, (*body.repairs, *notes), "html" if is_page else None)


def _leaves(message: Message, limit: int) -> list[Message]:
    """The parts that hold something; a forwarded message is one part, left to be read as a document of its own."""
    found: list[Message] = []
    waiting = [message]
    while waiting:
        part = waiting.pop()
        children = _children(part)
        if children is None:
            found.append(part)
        else:
            waiting.extend(reversed(children))
        if len(found) + len(waiting) > limit:
            raise DocumentError(
                Reason.TOO_LARGE, f"a message of more than {limit:,} parts; save the attachments as files"
            )
    return found


def _children(part: Message) -> list[Message] | None:
    """The parts of a part; None where it holds something itself."""
    # Asked of a text, it would be decoded as it declares, and fail where no text is encoded so.
    children = part.get_payload() if part.is_multipart() else None
    if not isinstance(children, list) or part.get_content_maintype() == "message":
        return None
    return [child for child in children if not isinstance(child, str)]


def _body(message: Message, source: Source) -> Raw:
    """All that stands in the message itself, as one text; the title is that of its first page."""
    texts = _texts(message, source)
    return Raw(
        "\n\n".join(filter(None, (text.text.strip() for text in texts))),
        next((text.title for text in texts if text.title), None),
        next((text.encoding for text in texts if text.encoding), None),
        tuple(dict.fromkeys(note for text in texts for note in text.repairs)),
    )


def _texts(part: Message, source: Source) -> list[Raw]:
    """The texts of a part in their order: one of alternatives, and of a saved page the page without its frames."""
    children = _children(part)
    if children is None:
        return [_text(part, source)] if _is_text(part, source) else []
    found = (_texts(child, source) for child in children)
    kind = part.get_content_subtype()
    if kind == "alternative":
        return _choose(found)
    if kind == "related":
        return next(filter(_says_anything, found), [])
    return list(chain.from_iterable(found))


def _choose(alternatives: Iterable[list[Raw]]) -> list[Raw]:
    """The first, plain text as a rule, unless it is a mere stub ("your program cannot show HTML") beside another."""
    chosen: list[Raw] = []
    most = 0
    for texts in filter(_says_anything, alternatives):
        letters = sum(map(str.isalpha, "".join(text.text for text in texts)))
        if not chosen or letters > _FULLER * most:
            chosen, most = texts, letters
        if most >= _ENOUGH_LETTERS:
            break
    return chosen


def _says_anything(texts: list[Raw]) -> bool:
    return any(text.text.strip() or text.title for text in texts)


def _is_text(part: Message, source: Source) -> bool:
    is_attached = part.get_content_disposition() == "attachment" or bool(_file_name(part, source))
    return part.get_content_type() in _BODIES and not is_attached


def _text(part: Message, source: Source) -> Raw:
    try:
        page = decode(_payload(part), source.knows, part.get_content_charset())
    except DocumentError as error:
        return Raw("", repairs=(f"a part of the text not read: {error.reason}",))
    if part.get_content_subtype() == "html":
        return extract(page, source)
    return Raw(page.text, None, page.encoding, page.repairs)


def _payload(part: Message) -> bytes:
    """What a part holds; of one cut off within its base64, all that is there."""
    from email.errors import InvalidBase64LengthDefect

    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return b""
    # Four characters make three bytes: a single one left over makes none, and the library gives up on the others.
    undecoded = any(isinstance(defect, InvalidBase64LengthDefect) for defect in part.defects)
    return _decode_base64(data) if undecoded else data


def _decode_base64(data: bytes) -> bytes:
    import base64
    import re

    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    return base64.b64decode(letters[: len(letters) // 4 * 4])


def _attachments(parts: list[Message], source: Source) -> Iterator[Part]:
    """The attached documents."""
    for part in parts:
        if name := _file_name(part, source):
            yield Part(f"attachment {name}", name, partial(_unpack, part, source))


def _unpack(part: Message, source: Source) -> bytes:
    data = _forwarded(part) if part.get_content_type() == "message/rfc822" else _payload(part)
    source.budget.spend(len(data))
    return data


def _forwarded(part: Message) -> bytes:
    inner = part.get_payload()
    first = inner[0] if isinstance(inner, list) and inner else None
    return b"" if first is None or isinstance(first, str) else first.as_bytes()


def _file_name(part: Message, source: Source) -> str:
    """The name of an attached document; empty for bodies, pictures, signatures and other parts that are none."""
    from mimetypes import guess_type

    kind, disposition = part.get_content_type(), part.get_content_disposition()
    if kind == "message/rfc822":
        return "message.eml"
    name = _decode_words(part.get_filename() or "", source)
    if disposition == "inline" and kind in _BODIES:
        return ""
    if is_readable_name(name):
        return name
    # A name may be wrong or missing, and what is not read is to be told: only what cannot be a document is passed over.
    is_mute = kind.startswith(_MUTE) or (guess_type(name)[0] or "").startswith(_MUTE)
    return "" if is_mute or not (name or disposition == "attachment") else name or "unnamed"


def _header(message: Message, field: str, source: Source) -> str | None:
    value = message.get(field)
    return " ".join(_decode_words(value, source).split()) or None if value is not None else None


def _decode_words(value: str | Header, source: Source) -> str:
    """A header's text: encoded words decoded; raw bytes, against the standard but common (windows-1256), recognised."""
    from email.errors import HeaderParseError
    from email.header import decode_header

    try:
        chunks = decode_header(value)
    except (HeaderParseError, ValueError):
        chunks = [(str(value), None)]
    return "".join(_decode_chunk(chunk, charset, source) for chunk, charset in chunks)


def _decode_chunk(chunk: bytes | str, charset: str | None, source: Source) -> str:
    # Raw bytes reach here as surrogates or, in a Header, under a charset of this name.
    data = chunk if isinstance(chunk, bytes) else chunk.encode("utf-8", "surrogateescape")
    return decode(data, source.knows, None if charset == "unknown-8bit" else charset).text

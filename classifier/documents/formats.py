"""The table of formats: by what a file's content begins with, and which reader turns it into text.

To add a format, add a row and a module of that name with `read(source) -> Raw`, and, where a file may hold several
documents, `read_members(source) -> Members | None`. Content always wins over the extension:
a PDF named .txt is a PDF. Readers are imported, and patterns compiled, when first needed, so that a format costs
nothing to those who do not use it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from classifier.documents.source import Members, Raw, Source
from classifier.errors import DocumentError, Reason

Read = Callable[[Source], Raw]


@dataclass(frozen=True, slots=True)
class Format:
    """One row: a name, the module that reads it, the first bytes and the extensions that tell it."""

    name: str
    module: str
    magic: tuple[bytes, ...] = ()
    extensions: tuple[str, ...] = ()
    may_hold_many: bool = False

    def members(self, source: Source) -> Members | None:
        """The documents in a file that may hold several; None where it is one document."""
        if not self.may_hold_many:
            return None
        found: Members | None = import_module(f"classifier.documents.{self.module}").read_members(source)
        return found

    def reader(self) -> Read:
        """The function that reads it, imported now; while another thread imports it, this one waits."""
        read: Read = import_module(f"classifier.documents.{self.module}").read
        return read


TXT = Format("txt", "plain", (), (".txt", ".md", ".markdown", ".text"))
HTML = Format("html", "html", (), (".html", ".htm", ".xhtml", ".shtml"))
PDF = Format("pdf", "pdf", (b"%PDF-",), (".pdf",))
RTF = Format("rtf", "rtf", (b"{\\rtf",), (".rtf",))
DOCX = Format("docx", "docx", (), (".docx", ".docm", ".dotx"))
ODT = Format("odt", "odt", (), (".odt", ".ott", ".fodt"))
EML = Format("eml", "mail", (), (".eml", ".mbox", ".mht", ".mhtml"), may_hold_many=True)
GZIP = Format("gz", "gzipped", (b"\x1f\x8b\x08",), (".gz",))
ZIP = Format("zip", "archives", (b"PK\x03\x04", b"PK\x05\x06"), (".zip",), may_hold_many=True)

FORMATS = (TXT, HTML, PDF, RTF, DOCX, ODT, EML, GZIP, ZIP)

_BY_MAGIC = tuple((magic, row) for row in FORMATS for magic in row.magic)
_BY_EXTENSION = {extension: row for row in FORMATS for extension in row.extensions}
# What cannot be read is named, so that the user knows what to do with it.
_OFFICE = "save it as DOCX, ODT or PDF (soffice --headless --convert-to docx FILE)"
_PICTURE = "run OCR on it first (for instance ocrmypdf --language ara)"
_AS_PDF = "save it as PDF or plain text"
_UNPACK = "unpack it, or pack it as .zip"
_NO_TEXT = "leave it out, as it holds no text"
_FOREIGN = (
    (b"\x89PNG", "a PNG picture", _PICTURE),
    (b"\xff\xd8\xff", "a JPEG picture", _PICTURE),
    (b"GIF8", "a GIF picture", _PICTURE),
    (b"II*\0", "a TIFF picture", _PICTURE),
    (b"MM\0*", "a TIFF picture", _PICTURE),
    (b"BM", "a BMP picture", _PICTURE),
    (b"RIFF", "a RIFF media file", _NO_TEXT),
    (b"ID3", "an MP3 recording", _NO_TEXT),
    (b"OggS", "an Ogg recording", _NO_TEXT),
    (b"BZh", "a bzip2 file", _UNPACK),
    (b"\xfd7zXZ\0", "an xz file", _UNPACK),
    (b"7z\xbc\xaf", "a 7-Zip archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file", _UNPACK),
    (b"\x7fELF", "a program", _NO_TEXT),
    (b"MZ\x90\0", "a Windows program", _NO_TEXT),
    (b"SQLite format 3\0", "an SQLite database", "export its text first"),
    (b"PAR1", "a Parquet table", "export its text first"),
)
_MAGIC = tuple(magic for magic, _ in _BY_MAGIC) + tuple(magic for magic, _, _ in _FOREIGN)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TAG = (
    rb"(?i)<(?:!doctype|html|head|body|title|meta|link|script|style|div"
    rb"|p|span|table|article|section|h[1-6]|br|a|ul|font|center|b)\b"
)
_FEED = rb"(?i)(?:<!--.{0,500}?-->\s*)?<(?:rss|feed|rdf:rdf|nitf|newsml)\b"
_CONTROLS = bytes({*range(0x20)} - set(b"\t\n\v\f\r"))
_MUCH = 1 << 16  # the objects before a PDF's first compressed one are plain text
_FEWEST_HEADERS = 3
_ANY_TAG = rb"</?[A-Za-z!][^<>]{0,500}>"
_HEADER = (
    rb"(?im)^(?:from|to|cc|subject|date|received|return-path|delivered-to|message-id|mime-version|content-type|x-[\w-]+"
    rb"|snapshot-content-location|reply-to|sender|dkim-signature|content-transfer-encoding):"
)


def detect(source: Source) -> Format:
    """The format of a document; raises `DocumentError` (UNSUPPORTED, ENCRYPTED ...) for kinds that cannot be read."""
    data = source.data
    if data.startswith(_MAGIC):
        for magic, row in _BY_MAGIC:
            if data.startswith(magic):
                return row if row is not ZIP else _detect_zipped(source)
        _refuse_foreign(data)
    if data.startswith(_OLE):
        _refuse_ole(data)
    if data[257:262] == b"ustar":
        raise DocumentError(Reason.UNSUPPORTED, f"a tar archive cannot be read; {_UNPACK}")
    return _detect_text(data, extension_of(source.name))


def extension_of(name: str) -> str:
    """The extension of a file name, lower-case with its dot; empty where there is none."""
    stem, dot, extension = name.rpartition(".")
    return f".{extension.lower()}" if dot and stem and "/" not in extension else ""


def is_readable_name(name: str) -> bool:
    """True for names with an extension of the table: which attachments count as documents."""
    return extension_of(name) in _BY_EXTENSION


def _detect_zipped(source: Source) -> Format:
    """A zip archive by its directory: Office and OpenDocument files are archives too."""
    from classifier.documents.archives import open_zip

    with open_zip(source) as archive:
        names = archive.namelist()
    kind = source.data[38:120] if source.data[30:38] == b"mimetype" else b""
    if kind.startswith(b"application/vnd.oasis.opendocument.text"):
        return ODT
    if kind.startswith(b"application/"):
        raise DocumentError(
            Reason.UNSUPPORTED, f"a presentation, sheet or book packed as zip cannot be read; {_AS_PDF}"
        )
    if "[Content_Types].xml" not in names:
        return ZIP
    if any(name.startswith("word/") for name in names):
        return DOCX
    raise DocumentError(Reason.UNSUPPORTED, f"an Office workbook, presentation or drawing cannot be read; {_AS_PDF}")


def _detect_text(data: bytes, extension: str) -> Format:
    """Formats without a signature: what the first printable character promises must be kept by what follows."""
    head = data[:2048].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    expected = _BY_EXTENSION.get(extension, TXT)
    first = head[:1]
    if first == b"<" and (markup := _detect_markup(head, extension)):
        return markup
    # Some bytes may come before a PDF; articles about PDF name its signature too, but hold nothing binary.
    if b"%PDF-" in data[:1024] and (expected is PDF or head.startswith(b"%PDF-") or _is_binary(data[:_MUCH])):
        return PDF
    if first.isalpha() and len(re.findall(_HEADER, head)) >= (1 if expected is EML else _FEWEST_HEADERS):
        return EML
    if expected is HTML and re.search(_ANY_TAG, data):
        return HTML
    return TXT if expected in (HTML, EML, RTF, TXT) else _detect_misnamed(data, expected)


def _detect_markup(head: bytes, extension: str) -> Format | None:
    if extension == ".fodt" or b"urn:oasis:names:tc:opendocument" in head:
        return ODT
    return HTML if head.startswith(b"<?xml") or re.search(_TAG, head) or re.match(_FEED, head) else None


def _detect_misnamed(data: bytes, expected: Format) -> Format:
    """A file named as a binary format that does not begin as one: plain text with a wrong name, or damage."""
    if _is_binary(data[:4096]):
        raise DocumentError(
            Reason.BROKEN_FILE,
            f"the file is named {expected.extensions[0]} but does not begin as one; it is damaged, get another copy",
        )
    return TXT


def _is_binary(data: bytes) -> bool:
    """More control bytes than stray ones: compressed data are one tenth such."""
    return (len(data) - len(data.translate(None, _CONTROLS))) * 50 > len(data)


def _refuse_foreign(data: bytes) -> None:
    for magic, kind, advice in _FOREIGN:
        # Two-letter signatures also begin ordinary words; a picture's header holds NULs, a text's beginning does not.
        if data.startswith(magic) and (len(magic) > 3 or b"\0" in data[:32]):
            raise DocumentError(Reason.UNSUPPORTED, f"{kind} cannot be read as text; {advice}")


def _refuse_ole(data: bytes) -> None:
    """OLE containers hold Word, Excel and PowerPoint before 2007, and any later Office file under a password."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise DocumentError(
            Reason.ENCRYPTED,
            "the Office document is protected by a password; open it in Office and save it without one",
        )
    kind = "a Word 97-2003 document" if "WordDocument".encode("utf-16-le") in data else "an Office 97-2003 or OLE file"
    raise DocumentError(Reason.UNSUPPORTED, f"{kind} cannot be read; {_OFFICE}")

"""A folder as archives are: every format and encoding, some of it damaged; and what each file should be answered."""

from __future__ import annotations

import email.message
import gzip
import os
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # where the producers of the reading tests are

import producers  # noqa: E402

DAMAGED_SHARE = 0.02
DISTINCT = 60  # texts per format; larger archives repeat them under other names
LIMIT = 3_000  # characters of a text

Paragraphs = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A file of the archive: its bytes, and the text that a reader should find or the reasons it may give."""

    name: str
    data: bytes
    text: str = ""
    reasons: frozenset[str] = frozenset()


def write_mixed(folder: Path, texts: Sequence[str], files: int, seed: int = 0) -> dict[str, Made]:
    """Write `files` files in sub-folders; returns what each is, by its path."""
    sound = list(_sound(texts))
    damaged = list(_damaged(texts))
    choice = random.Random(seed)
    made: dict[str, Made] = {}
    for number in range(files):
        if number < len(sound) + len(damaged):
            what = (sound + damaged)[number]
        else:
            what = choice.choice(damaged if choice.random() < DAMAGED_SHARE else sound)
        path = folder / f"{number % 40:02}" / f"{number:06} {what.name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(what.data)
        made[path.relative_to(folder).as_posix()] = what
    return made | _special(folder)


def _sound(texts: Sequence[str]) -> list[Made]:
    made = []
    for number, text in enumerate(texts[:DISTINCT]):
        paragraphs = tuple(part for part in text[:LIMIT].split("\n\n") if part.strip())
        for name, produce in FORMATS.items():
            data, said = produce(paragraphs)
            made.append(Made(f"{number} {name}", data, said))
    return made


def _plain(encoding: str, mark: bytes = b"") -> Callable[[Paragraphs], tuple[bytes, str]]:
    def produce(paragraphs: Paragraphs) -> tuple[bytes, str]:
        data = "\n\n".join(paragraphs).encode(encoding, "ignore")
        return mark + data, data.decode(encoding)

    return produce


def _titled(produce: Callable[[Paragraphs], bytes]) -> Callable[[Paragraphs], tuple[bytes, str]]:
    """A producer that puts its own title in front."""
    return lambda paragraphs: (produce(paragraphs), "\n\n".join((producers.TITLE, *paragraphs)))


def _lines(paragraphs: Paragraphs) -> list[str]:
    return producers.wrap("\n\n".join(paragraphs))[:45]  # a page


def _drawn(paragraphs: Paragraphs) -> tuple[bytes, str]:
    lines = _lines(paragraphs)
    return producers.drawn_pdf([producers.visual(line, shape=True) for line in lines]), "\n".join(lines)


def _shaped(paragraphs: Paragraphs) -> tuple[bytes, str]:
    lines = _lines(paragraphs)
    return producers.shaped_pdf(lines), "\n".join(lines)


def _letter(paragraphs: Paragraphs) -> bytes:
    mail = email.message.EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = producers.TITLE, "sender@example.org", "reader@example.org"
    mail.set_content("\n\n".join(paragraphs))
    return mail.as_bytes()


def _coded(paragraphs: Paragraphs) -> bytes:
    kept = tuple(part.encode("cp1256", "ignore").decode("cp1256") for part in paragraphs)
    return producers.rich_text(kept, escapes=False)


def _mojibake(paragraphs: Paragraphs) -> tuple[bytes, str]:
    text = "\n\n".join(paragraphs)
    return producers.misread(text, "cp1252").encode(), text


def _text(paragraphs: Paragraphs) -> str:
    return "\n\n".join(paragraphs)


FORMATS: dict[str, Callable[[Paragraphs], tuple[bytes, str]]] = {
    "utf8.txt": _plain("utf-8"),
    "bom.txt": _plain("utf-8", b"\xef\xbb\xbf"),
    "utf16.txt": _plain("utf-16"),
    "utf16le.txt": _plain("utf-16-le"),
    "utf16be.txt": _plain("utf-16-be"),
    "windows.txt": _plain("cp1256"),
    "iso.txt": _plain("iso8859_6"),
    "mac.txt": _plain("mac_arabic"),
    "dos720.txt": _plain("cp720"),
    "mojibake.txt": _mojibake,
    "notes.md": _plain("utf-8"),
    "page.html": _titled(lambda paragraphs: producers.saved_page(declared="utf-8", paragraphs=paragraphs)),
    "no ending": _titled(lambda paragraphs: producers.saved_page(paragraphs=paragraphs)),
    "drawn.pdf": _drawn,
    "shaped.pdf": _shaped,
    "report.docx": lambda paragraphs: (producers.word_file(paragraphs[0], (*paragraphs[1:], "")), _text(paragraphs)),
    "coded.rtf": _titled(_coded),
    "escaped.rtf": _titled(lambda paragraphs: producers.rich_text(paragraphs, escapes=True)),
    "text.odt": _titled(lambda paragraphs: producers.open_document(paragraphs, producers.TITLE)),
    "letter.eml": _titled(_letter),
    "packed.txt.gz": lambda paragraphs: (gzip.compress(_text(paragraphs).encode(), mtime=0), _text(paragraphs)),
    "packed.zip": lambda paragraphs: (producers.packed({"a.txt": _text(paragraphs).encode()}), _text(paragraphs)),
}


def _damaged(texts: Sequence[str]) -> list[Made]:
    text = texts[0]
    lines = _lines((text,))
    pdf, docx = producers.drawn_pdf(lines), producers.word_file()
    noise = random.Random(1).randbytes(3_000)
    bomb = producers.word_package(b"<w:document>" + b" " * 300_000_000 + b"</w:document>")
    entities = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><w:document>&b;</w:document>'
    table = {
        "empty.txt": (b"", "EMPTY"),
        "blank.txt": (b" \n\n ", "EMPTY"),
        "noise.txt": (noise, "UNREADABLE UNSUPPORTED"),
        "picture.jpg": (b"\xff\xd8\xff\xe0\0\x10JFIF\0" + noise, "UNSUPPORTED"),
        "cut.pdf": (pdf[: len(pdf) // 3], "BROKEN_FILE"),
        "locked.pdf": (producers.drawn_pdf(lines, password="secret"), "ENCRYPTED"),
        "scan.pdf": (producers.scanned_pdf(), "UNREADABLE"),
        "cut.docx": (docx[: len(docx) // 2], "BROKEN_FILE"),
        "bomb.docx": (bomb, "TOO_LARGE"),
        "entities.docx": (producers.word_package(entities), "BROKEN_FILE TOO_LARGE"),
        "cut.txt.gz": (gzip.compress(noise)[:1_000], "BROKEN_FILE"),
        "english.txt": (b"The central bank raised its interest rates again this morning. " * 5, "NOT_ARABIC"),
        "short.txt": ("خبر عاجل".encode(), "TOO_SHORT"),
    }
    return [Made(name, data, reasons=frozenset(reasons.split())) for name, (data, reasons) in table.items()]


def _special(folder: Path) -> dict[str, Made]:
    """What no program writes by mistake, and archives hold all the same."""
    os.mkfifo(folder / "pipe.txt")
    (folder / "nowhere.txt").symlink_to("no such file")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    with (folder / "sparse.txt").open("wb") as file:
        file.truncate(2 << 30)
    reasons = {"pipe.txt": "UNSUPPORTED", "nowhere.txt": "NOT_FOUND", "sparse.txt": "TOO_LARGE"}
    return {name: Made(name, b"", reasons=frozenset({reason})) for name, reason in reasons.items()}

"""Faults of reading, each with the real thing: the right reason, advice in the message, no hang, no other exception."""

from __future__ import annotations

import gzip
import os
import socket
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path

import producers
import pytest
from producers import BODY, PARAGRAPHS, TEXT, TITLE

from classifier.documents import Document, Limits, furniture, iter_members, read_bytes, read_document
from classifier.documents.pdf import join_lines
from classifier.errors import ClassifierError, DocumentError, Reason

ROOT = Path(__file__).resolve().parent.parent

ENTITY_BOMB = b"""<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "0123456789">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><d><p>&c;</p></d>"""
OUTSIDE_ENTITY = b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]><d><p>&x;</p></d>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
NOISE = bytes(range(256)) * 8


def reason_of(data: bytes, name: str = "a", limits: Limits | None = None) -> Reason:
    with pytest.raises(DocumentError) as caught:
        read_bytes(data, name, limits=limits or Limits())
    assert "; " in str(caught.value)  # what was found; what to do
    return caught.value.reason


def reason_of_path(path: str | Path, limits: Limits | None = None) -> Reason:
    with pytest.raises(DocumentError) as caught:
        read_document(path, limits=limits or Limits())
    assert "; " in str(caught.value)  # what was found; what to do
    return caught.value.reason


def encrypted_word_file() -> bytes:
    """What Office writes under a password: an OLE container with this stream."""
    return OLE + "EncryptedPackage".encode("utf-16-le") + bytes(100)


def encrypted_zip() -> bytes:
    """The flag that marks a member as encrypted, in both of its places."""
    data = bytearray(producers.packed({"a.txt": TEXT.encode()}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    return bytes(data)


def word_bomb(size: int = 100_000_000) -> bytes:
    """A Word file whose main part unpacks to a thousand times its size."""
    file = producers.io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("word/document.xml", "w", force_zip64=True) as part:
            for _ in range(size // 10_000_000):
                part.write(b" " * 10_000_000)
    return file.getvalue()


def lying_zip() -> bytes:
    """A member whose directory claims a tenth of what it unpacks to."""
    data = bytearray(producers.packed({"a.txt": b"x" * 1_000_000}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.index(signature) + offset
        data[place : place + 4] = (100_000).to_bytes(4, "little")
    return bytes(data)


def nested(depth: int) -> bytes:
    data = TEXT.encode()
    for _ in range(depth):
        data = gzip.compress(data)
    return data


FAULTS: list[tuple[str, Callable[[], bytes], str, Reason]] = [
    ("no bytes", lambda: b"", "a.txt", Reason.EMPTY),
    ("white space", lambda: b" \r\n\t", "a.txt", Reason.EMPTY),
    ("empty page", lambda: b"<html><body></body></html>", "a.html", Reason.EMPTY),
    ("empty zip", lambda: producers.packed({}), "a.zip", Reason.EMPTY),
    ("Word file without text", lambda: producers.word_package(b"<d/>"), "a.docx", Reason.EMPTY),
    ("only NULs", lambda: bytes(5000), "a.txt", Reason.UNREADABLE),
    ("random bytes", lambda: NOISE, "a.txt", Reason.UNREADABLE),
    ("random bytes named PDF", lambda: NOISE, "a.pdf", Reason.BROKEN_FILE),
    ("image-only PDF", producers.scanned_pdf, "a.pdf", Reason.UNREADABLE),
    ("PDF cut off", lambda: producers.drawn_pdf(["x" * 50] * 40)[:900], "a.pdf", Reason.BROKEN_FILE),
    ("PDF of one line", lambda: b"%PDF-1.7\n", "a.pdf", Reason.BROKEN_FILE),
    ("PDF under a password", lambda: producers.drawn_pdf(["x"], password="secret"), "a.pdf", Reason.ENCRYPTED),
    ("Word file under a password", encrypted_word_file, "a.docx", Reason.ENCRYPTED),
    ("zip under a password", encrypted_zip, "a.zip", Reason.ENCRYPTED),
    ("Word file cut off", lambda: producers.word_file()[:-500], "a.docx", Reason.BROKEN_FILE),
    ("Word file of damaged XML", lambda: producers.word_package(b"<d><p>"), "a.docx", Reason.BROKEN_FILE),
    ("gzip cut off", lambda: gzip.compress(TEXT.encode())[:-20], "a.gz", Reason.BROKEN_FILE),
    ("entity bomb", lambda: producers.word_package(ENTITY_BOMB), "a.docx", Reason.BROKEN_FILE),
    ("entity from outside", lambda: producers.word_package(OUTSIDE_ENTITY), "a.docx", Reason.BROKEN_FILE),
    ("Word file that is a bomb", word_bomb, "a.docx", Reason.TOO_LARGE),
    ("gzip bomb", lambda: gzip.compress(bytes(30_000_000)), "a.gz", Reason.TOO_LARGE),
    ("zip with a false directory", lying_zip, "a.zip", Reason.BROKEN_FILE),
    ("archives nested ten deep", lambda: nested(10), "a.gz", Reason.UNSUPPORTED),
    ("old Word file", lambda: OLE + "WordDocument".encode("utf-16-le"), "a.doc", Reason.UNSUPPORTED),
    ("picture", lambda: b"\x89PNG\r\n\x1a\n" + NOISE, "a.txt", Reason.UNSUPPORTED),
    (
        "workbook",
        lambda: producers.packed({"[Content_Types].xml": b"", "xl/workbook.xml": b""}),
        "a",
        Reason.UNSUPPORTED,
    ),
    ("7-Zip archive", lambda: b"7z\xbc\xaf\x27\x1c" + NOISE, "a.7z", Reason.UNSUPPORTED),
]


@pytest.mark.parametrize(("make", "name", "reason"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_fault(make: Callable[[], bytes], name: str, reason: Reason) -> None:
    assert reason_of(make(), name) is reason


@pytest.mark.parametrize(
    "make", [producers.word_file, producers.open_document, producers.scanned_pdf, producers.message]
)
def test_cutting_a_file_anywhere_raises_nothing_else(make: Callable[[], bytes]) -> None:
    data = make()
    for end in range(1, len(data), max(1, len(data) // 40)):
        try:
            assert read_bytes(data[:end], "a").text
        except DocumentError as error:
            assert error.reason in set(Reason)


def test_too_many_members() -> None:
    data = producers.packed({f"{number}.txt": b"x" for number in range(20)})
    assert reason_of(data, "a.zip", Limits(max_members=10)) is Reason.TOO_LARGE


def test_members_of_stored_members_are_not_counted(tmp_path: Path) -> None:
    """Their directories stand in the archive as they are."""
    inner = producers.packed({f"{number}.txt": TEXT.encode() for number in range(9)})
    (tmp_path / "a.zip").write_bytes(
        producers.packed({f"{number}.zip": inner for number in range(9)}, method=zipfile.ZIP_STORED)
    )
    found = dict(iter_members(tmp_path / "a.zip", limits=Limits(max_members=10)))
    assert [isinstance(member, Document) for member in found.values()] == [True] * 9


def test_the_number_in_the_end_record_is_not_believed() -> None:
    data = bytearray(producers.packed({f"{number}.txt": b"x" for number in range(20)}))
    data[-14:-10] = b"\x01\0\x01\0"
    assert reason_of(bytes(data), "a.zip", Limits(max_members=10)) is Reason.TOO_LARGE


def test_what_is_unpacked_counts_over_all_members(tmp_path: Path) -> None:
    """Each member is small enough, all of them are not; what was read before counts as read."""
    path = tmp_path / "a.zip"
    path.write_bytes(producers.packed({f"{number}.txt": BODY.encode() for number in range(9)}))
    found = dict(iter_members(path, limits=Limits(max_unpacked=3 * len(BODY.encode()))))
    assert [isinstance(member, Document) for member in found.values()] == [True] * 3 + [False] * 6


@pytest.mark.parametrize("limits", [Limits(max_unpacked=20_000_000), Limits()], ids=["size", "ratio"])
def test_a_member_too_large_to_unpack_leaves_the_others_readable(tmp_path: Path, limits: Limits) -> None:
    """It is refused by the size in its directory, unread: nothing was unpacked, so nothing counts."""
    path = tmp_path / "a.zip"
    path.write_bytes(producers.packed({"a.mp4": bytes(30_000_000), "b.txt": TEXT.encode(), "c.txt": BODY.encode()}))
    large, *others = dict(iter_members(path, limits=limits)).values()
    assert isinstance(large, DocumentError)
    assert large.reason is Reason.TOO_LARGE
    assert [member.text for member in others if isinstance(member, Document)] == [TEXT, BODY]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_member_leaves_the_others_readable(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.zip"
    data = bytearray(producers.packed({"a.txt": TEXT.encode(), "b.txt": BODY.encode()}, method=method))
    data[60:300] = bytes(240)
    path.write_bytes(data)
    damaged, other = dict(iter_members(path)).values()
    assert isinstance(damaged, DocumentError)
    assert damaged.reason is Reason.BROKEN_FILE
    assert isinstance(other, Document)
    assert other.text == BODY


@pytest.mark.parametrize("wrap", [lambda data: data, lambda data: producers.packed({"a.rtf": data}), gzip.compress])
def test_a_missing_library_is_no_fault_of_the_document(
    wrap: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor of the archive it lies in."""
    monkeypatch.setitem(sys.modules, "striprtf.striprtf", None)
    with pytest.raises(ClassifierError, match="rtf cannot be read here") as caught:
        read_bytes(wrap(producers.rich_text(PARAGRAPHS, escapes=True)), "a")
    assert not isinstance(caught.value, DocumentError)


def test_page_limit_is_named() -> None:
    pytest.importorskip("fpdf")
    import fpdf

    document = fpdf.FPDF()
    for number in range(5):
        document.add_page()
        document.set_font("Helvetica", size=12)
        document.cell(text=f"page {number}")
    read = read_bytes(bytes(document.output()), "a.pdf", limits=Limits(max_pages=2))
    assert read.repairs == ("only the first 2 of 5 pages read",)


def test_ten_megabytes_in_one_line() -> None:
    text = " ".join([BODY.replace("\n", " ")] * (10_000_000 // len(BODY.encode())))
    assert read_bytes(text.encode(), "a.txt").text == text


def test_ten_megabytes_of_reversed_text_on_one_line() -> None:
    text = " ".join([BODY.replace("\n", " ")] * 2_000)
    assert read_bytes(text[::-1].encode(), "a.txt").repairs == ("visual order reversed",)


def test_a_word_without_end_among_swapped_lam_alefs() -> None:
    text = "األسواق األولى " * 4 + "ب" * 200_000
    assert read_bytes(text.encode(), "a.txt").text == text.replace("األ", "الأ")


def test_a_page_of_many_full_lines_is_joined_in_one_pass() -> None:
    line = "كلمات تملأ عرض الصفحة كله من أوله إلى آخره"
    assert join_lines("\n".join([line] * 200_000)) == " ".join([line] * 200_000)


def test_folder_named_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    assert reason_of_path(tmp_path / "a.txt") is Reason.UNSUPPORTED


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_named_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")
    assert reason_of_path(tmp_path / "a.txt") is Reason.UNSUPPORTED


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no Unix sockets here")
def test_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's whole path must be shorter than temporary folders are
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("a.txt")
        assert reason_of_path("a.txt") is Reason.UNSUPPORTED


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device here")
def test_endless_device() -> None:
    assert reason_of_path("/dev/zero") is Reason.UNSUPPORTED


def test_two_gigabytes_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(2 << 30)
    assert reason_of_path(path) is Reason.TOO_LARGE


def test_vanished_and_impossible_names(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert reason_of_path(tmp_path / "gone.txt") is Reason.NOT_FOUND
    assert reason_of_path(tmp_path / "file" / "below.txt") is Reason.NOT_FOUND
    assert reason_of_path("nul\0in name") is Reason.NOT_FOUND
    assert reason_of_path(tmp_path / ("x" * 5000)) is Reason.BROKEN_FILE
    assert reason_of_path(tmp_path / "loop") is Reason.BROKEN_FILE


def test_vanishes_between_looking_and_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text(TEXT, encoding="utf-8")
    look = os.stat

    def look_and_remove(target: str | Path) -> os.stat_result:
        found = look(target)
        path.unlink(missing_ok=True)
        return found

    monkeypatch.setattr("classifier.documents.reading.os.stat", look_and_remove)
    assert reason_of_path(path) is Reason.NOT_FOUND


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="no Unix permissions here")
def test_forbidden(tmp_path: Path) -> None:
    """Root may read everything, so root steps down to nobody for the moment."""
    path = tmp_path / "a.txt"
    path.write_text(TEXT, encoding="utf-8")
    path.chmod(0)
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        assert reason_of_path(path) is Reason.FORBIDDEN
    finally:
        os.seteuid(was)


@pytest.mark.parametrize(
    "name", ["line\nbreak.txt", "\u202etxt.a\u200f.txt", "تقرير السوق.txt", "sur\udcffrogate.txt", " .txt"]
)
def test_any_name_can_be_read(tmp_path: Path, name: str) -> None:
    path = os.path.join(tmp_path, name)  # noqa: PTH118 (names as the system gives them)
    try:
        Path(path).write_text(TEXT, encoding="utf-8")
    except (OSError, UnicodeError):
        pytest.skip("this file system has no such names")
    assert read_document(path).text == TEXT


@pytest.mark.skipif(sys.platform != "linux", reason="a Linux file system")
def test_files_of_unknown_size() -> None:
    """Those under /proc claim 0 bytes and hold more."""
    assert read_document("/proc/self/status").text


def test_deep_rich_text() -> None:
    data = b"{" * 100_000 + producers.rich_text(PARAGRAPHS, escapes=True) + b"}" * 100_000
    assert PARAGRAPHS[0] in read_bytes(rb"{\rtf1 " + data, "a.rtf").text


@pytest.mark.parametrize(
    ("part", "times"),
    [
        ("<!--", 100_000),
        ("<!-- x -", 100_000),
        ("<title>", 100_000),
        ("<title ", 100_000),
        ("<p ", 200_000),
        ("</p ", 200_000),
        ("<title ", 40_000),
        ("<p>اقرأ أيضا</p><a>رابط</a>", 12_000),
    ],
    ids=["comment", "cut-off comment", "title", "title tag", "tag", "end tag", "few title tags", "read also"],
)
def test_a_page_that_repeats_itself_is_read_in_one_pass(part: str, times: int) -> None:
    """Followed to the end of the page from each of its many beginnings, each of these takes half a minute or more."""
    page = f"<html><body><p>{PARAGRAPHS[0]}</p>{part * times}"
    assert read_bytes(page.encode(), "a.html").text.startswith(PARAGRAPHS[0])


@pytest.mark.parametrize(("heading", "box"), [("", "<form></form>"), ("<h3>اقرأ أيضا</h3>", "<a>رابط</a>")])
def test_text_between_boxes_is_not_moved_for_each(heading: str, box: str) -> None:
    """Handed on from each box that is dropped to the next, it grows to gigabytes."""
    from lxml.html import document_fromstring

    tree = document_fromstring(heading + f"{box}{BODY} " * 5_000)
    furniture.drop_furniture(tree)
    assert tree.text_content() == f"{BODY} " * 5_000


def test_a_namespace_of_a_megabyte_is_read_once() -> None:
    """Spelt out in the name of each element of it, it makes 20 GB of a file of 3 kB."""
    body = f'<w:d xmlns:w="{"a" * 1_000_000}">{"<w:a/>" * 20_000}<w:p><w:r><w:t>{TITLE}</w:t></w:r></w:p></w:d>'
    assert read_bytes(producers.word_package(body.encode()), "a.docx").text == TITLE


def test_spaces_claimed_by_the_thousand_are_one() -> None:
    """An attribute must not make 50 MB of 3 kB, past all limits."""
    spaces = '<text:s text:c="999"/>' * 100
    page = f'<d xmlns:office="urn:oasis:names:tc:opendocument" xmlns:text="t"><text:p>أول{spaces}ثان</text:p></d>'
    assert read_bytes(page.encode(), "a.fodt").text == f"أول{' ' * 100}ثان"


def test_rich_text_of_many_information_groups() -> None:
    """A title without end is looked for once, not from each of them."""
    data = rb"{\rtf1 abc " + rb"{\info" * 330 + rb"{\title " + b"a" * 400_000
    assert read_bytes(data, "a.rtf").title is None


def test_message_of_endless_parameters() -> None:
    head = f"From: a@b.org\nSubject: {TITLE}\nContent-Type: text/plain{';a' * 500_000}\n\n"
    assert read_bytes((head + BODY).encode(), "a.eml").text == TEXT


def test_message_nested_without_end() -> None:
    head = b"From: a@b.org\nTo: a@b.org\nSubject: x\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\n"
    assert reason_of(head * 5_000 + b"text", "a.eml") is Reason.TOO_LARGE


def test_threads_read_pdfs_together() -> None:
    """pdfium is not thread-safe; predictions run in threads."""
    from concurrent.futures import ThreadPoolExecutor

    data = producers.drawn_pdf([producers.visual(line) for line in producers.wrap(BODY)])
    with ThreadPoolExecutor(4) as pool:
        texts = set(pool.map(lambda _: read_bytes(data, "a.pdf").text, range(16)))
    assert len(texts) == 1


def test_threads_that_start_together_read_all_there_is(tmp_path: Path) -> None:
    """Readers are imported when first needed: by several threads at the same time, here."""
    for number in range(4):
        (tmp_path / f"{number}.txt").write_text(BODY, encoding="utf-8")
        (tmp_path / f"{number}.html").write_text(f"<html><body><p>{BODY}</p></body></html>", encoding="utf-8")
    script = """
        import sys
        from concurrent.futures import ThreadPoolExecutor
        from pathlib import Path
        from classifier.documents import read_document
        sys.setswitchinterval(1e-6)
        with ThreadPoolExecutor(8) as pool:
            print(len(list(pool.map(read_document, sorted(Path(sys.argv[1]).iterdir())))))
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)]
    for _ in range(5):  # with a module taken before it was whole, one start in two failed
        ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        assert (ran.returncode, ran.stdout) == (0, "8\n"), ran.stderr


def test_hidden_rich_text_is_looked_at_once() -> None:
    """Followed to its end from each of its marks, this takes minutes."""
    page = rf"{{\rtf1 {BODY} {{" + r"\v " * 200_000 + "{x}abc}}"
    read_bytes(page.encode("cp1256"), "a.rtf")

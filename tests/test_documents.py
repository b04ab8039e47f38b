"""Reading: every format and encoding gives back the text that went in; damaged text is repaired, clean text is not."""

from __future__ import annotations

import doctest
import gzip
import importlib
import json
import pkgutil
import subprocess
import sys
import zipfile
from email.message import Message
from email.mime.application import MIMEApplication
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import producers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from producers import BODY, FURNITURE, PARAGRAPHS, TEXT, TITLE, misread, squeeze, visual, words

import classifier.documents
from classifier.documents import Document, Limits, iter_members, read_bytes, read_document
from classifier.documents.decoding import decode
from classifier.documents.repair import repair, unvisual
from classifier.documents.scoring import plausible_words
from classifier.errors import DocumentError, Reason

ENCODINGS = [
    ("utf-8", "utf-8"),
    ("utf-8-sig", "utf-8"),
    ("utf-16", "utf-16-le"),
    ("utf-16-le", "utf-16-le"),
    ("utf-16-be", "utf-16-be"),
    ("cp1256", "windows-1256"),
    ("iso8859_6", "iso-8859-6"),
    ("mac_arabic", "macarabic"),
    ("cp720", "cp720"),
]
SHORT = [
    "انفجار وسط العاصمة",
    "بدء أعمال القمة العربية في عمّان",
    "عَصَافِيرُ الحَقْلِ",
    "3 مقابلات ويكلو لتطاوين و المنستير",
    "توزر : إيقاف شخص من أجل انتحال صفة",
    "هل تعلم؟ لا",
    "GDP 2024: نمو 3.5%",
    "یک روز خوب در تهران",
    "Réunion à Genève, été 2024",
    "Große Übung für Österreichs Wärmepumpen",
    "İstanbul'da hava güneşli olacak, çok güzel",
    "پاکستان کے وزیر اعظم نے آج قوم سے خطاب کیا",
    "Θεσσαλονίκη και Москва",
    "ظظظ",
]


def describe_modules() -> list[str]:
    package = classifier.documents
    return [f"{package.__name__}.{module.name}" for module in pkgutil.iter_modules(package.__path__)]


@pytest.mark.parametrize("name", describe_modules())
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_plain_text_needs_only_the_standard_library(tmp_path: Path) -> None:
    """The cold start of `predict` depends on it; neither detection nor repair is loaded for clean UTF-8."""
    path = tmp_path / "a.txt"
    path.write_text(TEXT, encoding="utf-8")
    code = (
        "import sys, classifier.documents as d; before = set(sys.modules)\n"
        f"assert d.read_document({str(path)!r}).text\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before} - {'classifier'}\n"
        "print(*sorted(new - set(sys.stdlib_module_names)), *(n for n in sys.modules if n.endswith('.repair')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(("codec", "reported"), ENCODINGS)
def test_every_encoding_is_recognised(codec: str, reported: str) -> None:
    text = TEXT.replace("،", ",") if codec == "cp720" else TEXT  # it has no Arabic comma
    document = read_bytes(text.encode(codec), "a.txt")
    assert squeeze(document.text) == squeeze(text)
    assert (document.format, document.encoding, document.repairs) == ("txt", reported, ())


@pytest.mark.parametrize(("codec", "reported"), ENCODINGS)
def test_one_line_is_enough(codec: str, reported: str) -> None:
    assert squeeze(read_bytes(TITLE.encode(codec), "a").text) == TITLE


@pytest.mark.parametrize(
    "text",
    [
        "قال الناطق بلسان الوزارة في مؤتمر صحفي عن سوق المال",
        "دشنت الوزارة «منصة الأعمال» في العاصمة أمس الأول",
        "افتتح الوزير معرض «أسبوع المال",
        "انطلاق النسخة التاسعة من معرض دبي في 12 مايو",
        "لا ندري كم بقي لنا أن نكتب ولا ما نقول",
    ],
    ids=["plain", "quotes", "one quote of two", "number", "few words known"],
)
def test_cp864_is_shapes_in_visual_order(text: str) -> None:
    """DOS stored what the screen showed, brackets mirrored: شكل as ﺷﻜﻞ from left to right."""
    data = b"".join(_in_cp864(char) for char in visual(text, shape=True))
    document = read_bytes(data, "a.txt")
    assert document.encoding == "cp864"
    assert document.text == text
    assert document.repairs == ("visual order reversed",)


def _in_cp864(char: str) -> bytes:
    """The byte of a shape; of most letters CP864 has one for initial and medial, one for final and isolated forms."""
    import unicodedata

    if char.isascii():
        return char.encode()
    letter = unicodedata.normalize("NFKC", char)
    shapes = [bytes([code]) for code in range(128, 256) if _letter_of(code) == letter]
    exact = [shape for shape in shapes if shape.decode("cp864") == char]
    return (exact or shapes)[0]


def _letter_of(code: int) -> str:
    import unicodedata

    return unicodedata.normalize("NFKC", bytes([code]).decode("cp864", "replace"))


def test_other_scripts_are_not_taken_for_arabic() -> None:
    text = "Правительство объявило о новых мерах поддержки экономики и промышленности страны. " * 3
    assert words(read_bytes(text.encode("cp1251"), "a.txt").text) == []


def test_invalid_bytes_in_good_utf8_are_replaced_and_named() -> None:
    data = TEXT.encode() + b"\xff\xfe " + TITLE.encode()[:-1]
    document = read_bytes(data, "a.txt")
    assert document.encoding == "utf-8"
    assert TITLE in document.text
    assert document.repairs == ("3 invalid UTF-8 bytes replaced",)


@pytest.mark.parametrize("codec", ["utf-8", "cp1256", "utf-16-le"])
def test_nuls_and_controls_are_tolerated(codec: str) -> None:
    text = TEXT.replace("الأموال", "الأموال\x00\x07").replace("\n\n", "\r\n\r\n") + "\x1a"
    document = read_bytes(text.encode(codec), "a.txt")
    assert squeeze(document.text) == squeeze(TEXT)
    assert document.repairs == ("3 control characters dropped",)


def test_padding_with_nuls_is_dropped() -> None:
    assert read_bytes(TEXT.encode() + bytes(4096), "a.txt").text == TEXT


@pytest.mark.parametrize("text", ["سطر\nسطر ثان", "\n\n سطر\n\nسطر ثان \n"], ids=["single line ends", "blanks around"])
def test_plain_text_is_left_as_it_stands(text: str) -> None:
    assert read_bytes(text.encode(), "a.txt").text == text


def test_markdown_heading_is_the_title() -> None:
    document = read_bytes(f"# {TITLE}\n\n{BODY}\n".encode(), "a.md")
    assert (document.title, document.text) == (TITLE, TEXT)


@pytest.mark.parametrize("encoding", ["cp1252", "cp1256", "latin-1", "mac_roman", "cp437", "cp850", "iso8859_6"])
@pytest.mark.parametrize("text", [TITLE, BODY], ids=["title", "body"])
def test_mojibake_is_repaired(encoding: str, text: str) -> None:
    document = read_bytes(misread(text, encoding).encode(), "a.txt")
    assert document.text == text
    assert [name.rpartition("→")[2] for name in document.repairs] == ["utf-8"]


@pytest.mark.parametrize("encoding", ["cp1252", "cp1256"])
def test_mojibake_twice_over_is_repaired(encoding: str) -> None:
    document = read_bytes(misread(misread(TITLE, encoding), encoding).encode(), "a.txt")
    assert document.text == TITLE
    assert len(document.repairs) == 2


@pytest.mark.parametrize("errors", ["replace", "ignore"])
def test_feh_lost_in_windows_1252_is_restored(errors: str) -> None:
    """ف is D9 81 and 81 has no sign there: the letter that misreading loses most."""
    text = "وفرت المصارف فرصا وفيرة في فروعها"
    assert read_bytes(text.encode().decode("cp1252", errors).encode(), "a.txt").text == text


def test_windows_1256_read_as_western() -> None:
    """The ÇáÈäß of old web pages."""
    document = read_bytes(misread(TITLE, "cp1252", "cp1256").encode(), "a.txt")
    assert document.text == TITLE
    assert document.repairs == ("mojibake windows-1252→windows-1256",)


def test_a_damaged_paragraph_among_sound_ones() -> None:
    document = read_bytes(f"{TITLE}\n\n{misread(PARAGRAPHS[0], 'cp1252')}".encode(), "a.txt")
    assert document.text == f"{TITLE}\n\n{PARAGRAPHS[0]}"


@pytest.mark.parametrize("shape", [False, True], ids=["letters", "presentation forms"])
def test_visual_order_is_reversed(shape: bool) -> None:
    document = read_bytes(visual(TEXT, shape=shape).encode(), "a.txt")
    assert words(document.text) == words(TEXT)
    assert "14" in document.text
    assert "2025" in document.text
    assert document.repairs == ("visual order reversed",)


def test_a_reversed_table_is_turned() -> None:
    """Its figures are words too, but no letters that stand apart."""
    rows = "\n".join(f"{word} 3 1" for word in BODY.split())
    document = read_bytes(unvisual(rows).encode(), "a.txt")
    assert (document.text.split(), document.repairs) == (rows.split(), ("visual order reversed",))


def test_presentation_forms_in_reading_order_are_left_alone() -> None:
    """The analysis folds them; the spelling is the author's."""
    text = "ﻣﺮﺣﺒﺎ ﺑﻜﻢ ﰲ ﺍﻟﺴﻮﻕ ﺍﻟﻤﺎﻟﻴﺔ ﺍﻟﻴﻮﻡ"
    assert read_bytes(text.encode(), "a.txt").text == text


def test_swapped_lam_alef_copied_from_a_pdf() -> None:
    document = read_bytes("تراجعت األسعار في األسواق خالل اإلضراب وقال التاجر إنه ال يعلم".encode(), "a.txt")
    assert document.text == "تراجعت الأسعار في الأسواق خلال الإضراب وقال التاجر إنه لا يعلم"


RUN_TOGETHER = "دعيني في هواك أكون حراألم الريح آونة وأخرى"


@pytest.mark.parametrize("text", [*SHORT, TITLE, *PARAGRAPHS, TEXT, RUN_TOGETHER])
def test_clean_text_is_never_touched(text: str) -> None:
    assert repair(text, plausible_words) == (text, ())
    assert read_bytes(text.encode(), "a.txt").repairs == ()


@pytest.mark.parametrize("text", SHORT)
def test_the_model_decides_where_it_can(text: str) -> None:
    """A model that knows the words as found leaves no doubt; one that knows nothing is no reason to change them."""
    for share in (0.0, 1.0):
        assert repair(text, lambda _, share=share: share) == (text, ())  # type: ignore[misc]


@given(st.text(alphabet="ابتثجحلمنهوي 0123456789abc.()\n"))
def test_turning_lines_twice_keeps_their_words(text: str) -> None:
    turned = unvisual(unvisual(text))
    assert sorted(turned.translate({ord("("): ")"})) == sorted(text.translate({ord("("): ")"}))


@given(st.binary(max_size=300))
def test_any_bytes_give_text_or_a_document_error(data: bytes) -> None:
    try:
        assert read_bytes(data, "a.txt").text.strip()
    except DocumentError as error:
        assert str(error)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1).filter(lambda text: not text.isascii()))
def test_utf8_is_never_mistaken(text: str) -> None:
    assert decode(text.encode(errors="ignore") + "سلام".encode(), plausible_words).encoding.startswith("utf")


@pytest.mark.parametrize("declared", ["utf-8", "windows-1256", "iso-8859-1", None])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1256", "utf-16"])
def test_saved_page_in_any_encoding_whatever_it_declares(encoding: str, declared: str | None) -> None:
    document = read_bytes(producers.saved_page(encoding, declared=declared), "page.html")
    assert (document.format, document.title) == ("html", TITLE)
    assert document.text == TEXT


@pytest.mark.parametrize(
    "declared", ["base64", "quoted-printable", "hex", "idna", "punycode", "undefined", "zlib", "rot13", "no-such"]
)
def test_declared_charset_that_is_none(declared: str) -> None:
    assert read_bytes(producers.saved_page("cp1256", declared=declared), "page.html").text == TEXT
    head = f"From: a@example.org\nTo: b@example.org\nSubject: x\nContent-Type: text/plain; charset={declared}\n\n"
    assert BODY in read_bytes(head.encode() + BODY.encode("cp1256"), "a.eml").text


@pytest.mark.parametrize("count", [1, 3], ids=["short", "long"])
def test_saved_page_loses_its_furniture(count: int) -> None:
    """Menus, related links, comments and scripts go, in short articles too, where trafilatura alone keeps them."""
    text = read_bytes(producers.saved_page(paragraphs=PARAGRAPHS[:count]), "page").text
    assert text == "\n\n".join((TITLE, *PARAGRAPHS[:count]))
    assert not any(word in text for word in FURNITURE)


def test_two_boxes_of_links_leave_the_page_they_stand_in() -> None:
    """The page is mostly links only as long as the second box is in it."""
    links = "".join(f"<li><a href='/{number}'>خبر آخر من أخبار اليوم</a></li>" for number in range(30))
    boxes = f"<h3>اقرأ أيضا</h3><ul>{links}</ul><h3>الأكثر قراءة</h3><ul>{links}</ul>"
    page = f"<html><body><p>{PARAGRAPHS[0]}</p>{boxes}</body></html>"
    assert read_bytes(page.encode(), "a.html").text == PARAGRAPHS[0]


@pytest.mark.parametrize(
    "markup",
    [
        "<html><body>مرحبا بكم</body></html>",
        "<p>مرحبا بكم",
        "<div><b>مرحبا</b> بكم</div><script>x</script><!-- سر -->",
        "<!--><b>مرحبا</b> <!-- سر -->بكم<!-- سر",
    ],
)
def test_page_without_a_main_text_gives_all_text(markup: str) -> None:
    assert read_bytes(markup.encode(), "a.htm").text == "مرحبا بكم"


@pytest.mark.parametrize("tag", ["div", "span", "b", "p", "ul><li", "table><tr><td", "x"])
def test_deeply_nested_page(tag: str) -> None:
    page = f"<html><body>{f'<{tag}>' * 8_000}{PARAGRAPHS[0]}</body></html>"
    assert read_bytes(page.encode(), "a.html").text == PARAGRAPHS[0]


@pytest.mark.parametrize(
    "tags",
    ["<FONT size=2>", "<TABLE><TR><TD>", "<P><FONT size=3>", "<p><strong>", "<dl><dd>", "<LI><A href=x>", "<x>"],
)
def test_tags_left_open_lose_no_text(tags: str) -> None:
    """Old editors leave them all open; the parser gives up on what lies deeper than 256."""
    lines = [f"فقرة رقم {number} من مقال طويل" for number in range(400)]
    page = f"<html><body>{''.join(tags + line for line in lines)}</body></html>"
    assert words(read_bytes(page.encode(), "a.html").text) == words(" ".join(lines))


def test_word_file() -> None:
    document = read_bytes(producers.word_file(), "a.docx")
    assert (document.format, document.title, document.text) == ("docx", TITLE, TEXT)


def test_word_file_parts() -> None:
    """Text boxes are found once, deleted and moved-away text is not, tabs and breaks separate words."""
    body = (
        '<w:document xmlns:w="urn:w" xmlns:mc="urn:mc"><w:body><w:p><w:r><w:t>أول</w:t><w:tab/><w:t>ثان</w:t></w:r>'
        "<mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>إطار</w:t></w:r></w:p></w:txbxContent></mc:Choice>"
        "<mc:Fallback><w:p><w:r><w:t>إطار</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent></w:p>"
        "<w:p><w:del><w:r><w:delText>محذوف</w:delText></w:r></w:del><w:moveFrom><w:r><w:t>منقول</w:t></w:r></w:moveFrom>"
        "<w:r><w:instrText>PAGE</w:instrText><w:t>أخير</w:t></w:r></w:p></w:body></w:document>"
    )
    assert read_bytes(producers.word_package(body.encode()), "a.docx").text == "إطار\n\nأول\tثان\n\nأخير"


def test_open_document() -> None:
    document = read_bytes(producers.open_document(), "a.odt")
    assert (document.format, document.title, document.text) == ("odt", TITLE, TEXT)


@pytest.mark.parametrize("escapes", [True, False], ids=["Word", "WordPad"])
def test_rich_text(escapes: bool) -> None:
    document = read_bytes(producers.rich_text(PARAGRAPHS, escapes=escapes), "a.rtf")
    assert (document.format, document.title, document.text) == ("rtf", TITLE, TEXT)


@pytest.mark.parametrize("kind", ["visual shaped", "visual", "logical", "shaped"])
def test_pdf_of_several_producers(kind: str) -> None:
    """Drawn as seen, with and without shapes; drawn unordered, so that the page itself is wrong; shaped by HarfBuzz."""
    lines = producers.wrap(BODY)
    if kind == "shaped":
        data = producers.shaped_pdf(lines)
    else:
        data = producers.drawn_pdf(
            [visual(line, shape="shaped" in kind) if "visual" in kind else line for line in lines]
        )
    document = read_bytes(data, "a.pdf")
    assert document.format == "pdf"
    assert words(document.text) == words(BODY)
    assert document.repairs == (("visual order reversed",) if kind == "logical" else ())


def test_pdf_of_libreoffice(tmp_path: Path) -> None:
    """Its fonts list the letters of لا in reading order, which pdfium turns around: الأموال must not become األموال."""
    data = producers.converted(producers.word_file(), ".docx", "pdf", tmp_path)
    document = read_bytes(data, "a.pdf")
    assert sorted(words(document.text)) == sorted(words(TEXT))
    assert document.repairs == ()


def test_pdf_paragraphs_are_those_of_the_page() -> None:
    """Each fills its last line, so that only the room left between them and the size of the title can tell."""
    title = "عنوان يملأ السطر كله كما تملؤه أسطر الفقرات التي تحته"
    line, last = (f"هذا سطر طويل من فقرة تملأ عرض الصفحة حتى آخرها بلا نقصا{end}" for end in ("ن", "."))
    lines = [visual(text) if text else "" for text in (title, line, last, "", line, "", line, last)]
    document = read_bytes(producers.drawn_pdf(lines, sizes={lines[0]: 14}), "a.pdf")
    assert document.text.split("\n\n") == [title, f"{line} {last}", f"{line} {line} {last}"]


def test_pdf_title_and_page_limit() -> None:
    lines = [visual(line) for line in producers.wrap(BODY)]
    document = read_bytes(producers.drawn_pdf(lines, title=TITLE), "a.pdf")
    assert (document.title, document.text.partition("\n\n")[0]) == (TITLE, TITLE)
    assert read_bytes(producers.drawn_pdf(lines, title="Microsoft Word - a.docx"), "a.pdf").title is None


@pytest.mark.parametrize("charset", ["utf-8", "windows-1256", "iso-8859-6"])
def test_message(charset: str) -> None:
    data = producers.message(charset=charset) if charset != "iso-8859-6" else producers.message()
    document = read_bytes(data, "a.eml")
    assert (document.format, document.title, document.text) == ("eml", TITLE, TEXT)


def test_message_of_html_with_attachments() -> None:
    attachments = {
        "تقرير.docx": producers.word_file("ملحق", ("نص الملحق",)),
        "x.png": b"\x89PNG",
        "y.pdf": b"%PDF-1.4 no",
    }
    document = read_bytes(producers.message(html=True, attachments=attachments), "a.eml")
    assert document.text == f"{TEXT}\n\nملحق\n\nنص الملحق"
    assert document.repairs == ("attachment y.pdf not read: BROKEN_FILE",)


def _multipart(kind: str, *parts: Message) -> Message:
    return MIMEMultipart(kind, _subparts=parts)


def _text(text: str, kind: str = "plain", charset: str = "utf-8") -> Message:
    return MIMEText(f"<p>{text}</p>" if kind == "html" else text, kind, charset)


_PICTURE = MIMEImage(b"\x89PNG", "png")
_PICTURE["Content-Disposition"] = "inline; filename=a.png"
_FRAME = _text("إعلان", "html")
_FILE = _text("ثان")
_FILE.set_param("name", "a.txt")


def _shown(text: str, kind: str) -> Message:
    part = _text(text, kind)
    part["Content-Disposition"] = f"inline; filename=m.{kind}"
    return part


_SHOWN = _text("ثان")
_SHOWN["Content-Disposition"] = "inline; filename=a.txt"  # as that program has documents, too
MULTIPARTS = {
    "text around a picture": _multipart("mixed", _text("أول"), _PICTURE, _text("ثان", charset="cp1256")),
    "a blank part first": _multipart("mixed", _text("\n"), _PICTURE, _text("أول"), _text("ثان")),
    "pages around a picture": _multipart("mixed", _text("أول", "html"), _PICTURE, _text("ثان", "html")),
    "a file that is not said to be attached": _multipart("mixed", _text("أول"), _FILE),
    "a file that is shown in its place": _multipart("mixed", _text("أول"), _SHOWN),
    "alternatives that are shown in their place": _multipart(
        "mixed", _multipart("alternative", _shown("أول", "plain"), _shown("أول", "html")), _text("ثان")
    ),
    "one alternative": _multipart("mixed", _multipart("alternative", _text("-"), _text("أول", "html")), _text("ثان")),
    "the alternative in parts": _multipart(
        "alternative", _text("-"), _multipart("mixed", _text("أول", "html"), _PICTURE, _text("ثان", "html"))
    ),
    "a page and its frames": _multipart("mixed", _multipart("related", _text("أول", "html"), _FRAME), _text("ثان")),
    "a page with a stub": _multipart(
        "mixed",
        _multipart("related", _multipart("alternative", _text("-"), _text("أول", "html")), _PICTURE, _FRAME),
        _text("ثان"),
    ),
}


@pytest.mark.parametrize("body", MULTIPARTS.values(), ids=MULTIPARTS)
def test_message_in_several_parts(body: Message) -> None:
    """Apple's program writes what stands before and after a picture as parts of their own."""
    document = read_bytes(f"From: a@b.org\nSubject: {TITLE}\n".encode() + body.as_bytes(), "a.eml")
    assert (document.text, document.repairs) == (f"{TITLE}\n\nأول\n\nثان", ())


def _attached(content: str, kind: str, name: str | None) -> Message:
    part = MIMEText(content, kind) if kind in ("plain", "html") else MIMEApplication(content.encode(), kind)
    part.add_header("Content-Disposition", "attachment", **({"filename": name} if name else {}))
    return part


@pytest.mark.parametrize("name", ["article", "article.log", "article.txt.bak", None])
@pytest.mark.parametrize("kind", ["plain", "octet-stream"])
def test_an_attachment_is_known_by_what_it_holds(name: str | None, kind: str) -> None:
    body = _multipart("mixed", _text("تجدون النص مرفقا"), _attached(BODY, kind, name))
    document = read_bytes(f"From: a@b.org\nSubject: {TITLE}\n".encode() + body.as_bytes(), "a.eml")
    assert document.text == f"{TITLE}\n\nتجدون النص مرفقا\n\n{BODY}"
    assert document.repairs == ()


def test_an_attachment_that_is_not_read_is_told() -> None:
    parts = [_attached("\x00\x01\x02" * 90, "octet-stream", name) for name in ("data.bin", "photo.jpg")]
    body = _multipart("mixed", _text(BODY), *parts, _attached("x", "pgp-signature", "signature.asc"))
    document = read_bytes(f"From: a@b.org\nSubject: {TITLE}\n".encode() + body.as_bytes(), "a.eml")
    assert (document.text, document.repairs) == (TEXT, ("attachment data.bin not read: UNREADABLE",))


def test_of_short_forms_the_first_is_read() -> None:
    body = _multipart(
        "alternative",
        _text("وصل التقرير إلى المكتب صباح اليوم"),
        _text("وصل التقرير إلى المكتب صباح اليوم، فافتح الصفحة", "html"),
    )
    document = read_bytes(f"From: a@b.org\nSubject: {TITLE}\n".encode() + body.as_bytes(), "a.eml")
    assert document.text == f"{TITLE}\n\nوصل التقرير إلى المكتب صباح اليوم"


def test_only_a_stub_makes_way_for_another_form() -> None:
    page = _text("<p>إعلان</p>" * 400, "html")
    body = _multipart("alternative", _text(BODY), page)
    document = read_bytes(f"From: a@b.org\nSubject: {TITLE}\n".encode() + body.as_bytes(), "a.eml")
    assert document.text == TEXT


def test_a_stub_of_several_sentences_does_not_hide_the_message() -> None:
    stub = (
        "إذا لم تظهر الرسالة بشكل صحيح فافتحها في المتصفح من الرابط أدناه، أو حدث برنامج البريد لديك إلى آخر نسخة منه."
    )
    body = _multipart("alternative", _text(stub), _text(BODY, "html"))
    document = read_bytes(f"From: a@b.org\nSubject: {TITLE}\n".encode() + body.as_bytes(), "a.eml")
    assert " ".join(document.text.split()) == " ".join(TEXT.split())


def test_message_with_a_part_that_is_no_text() -> None:
    body = _multipart("mixed", _text(BODY), _text("\x01" * 900))
    document = read_bytes(f"From: a@b.org\nSubject: {TITLE}\n".encode() + body.as_bytes(), "a.eml")
    assert (document.text, document.repairs) == (TEXT, ("a part of the text not read: UNREADABLE",))


def test_message_with_raw_windows_1256_headers() -> None:
    """Against the standard, and what Arabic mail programs did for years."""
    data = f"From: a@example.org\nTo: b@example.org\nSubject: {TITLE}\n\n{BODY}\n".encode("cp1256")
    document = read_bytes(data, "a.eml")
    assert (document.title, document.text) == (TITLE, TEXT)


@pytest.mark.parametrize("rest", [0, 1, 2, 3])
def test_message_cut_off_within_its_base64(rest: int) -> None:
    """The number of characters modulo four: of a single one left over, the standard library decodes nothing."""
    head, _, body = producers.message().partition(b"\n\n")
    assert b"base64" in head
    lines = body.split()
    end = len(lines[0]) * 4 + rest
    document = read_bytes(head + b"\n\n" + b"".join(lines)[:end], "a.eml")
    assert len(document.text) > len(TITLE) + 100
    assert TEXT.startswith(document.text.rstrip("\ufffd"))


def test_a_mailbox_is_all_its_messages(tmp_path: Path) -> None:
    import mailbox

    box = mailbox.mbox(tmp_path / "صندوق")
    for data in (producers.message(), b"Subject: \n\n", producers.message(charset="windows-1256"), b"X-Empty: 1\n\n"):
        box.add(data)
    box.close()
    document = read_document(tmp_path / "صندوق")
    assert (document.text, document.format) == (f"{TEXT}\n\n{TEXT}", "eml")
    assert document.repairs == (
        "2 documents joined (classifier label gives each by itself)",
        "member 2.eml not read: EMPTY",
        "member 4.eml not read: EMPTY",
    )
    members = dict(iter_members(tmp_path / "صندوق"))
    assert list(members) == ["1.eml", "2.eml", "3.eml", "4.eml"]
    assert [member.text if isinstance(member, Document) else member.reason for member in members.values()] == [
        TEXT,
        Reason.EMPTY,
        TEXT,
        Reason.EMPTY,
    ]


def test_a_line_like_those_between_messages_costs_no_time() -> None:
    odd = b"Subject: x\n\nabc\nFrom " + b"Mon 00:00" * 100_000 + b"\n \n"
    assert "Mon" in read_bytes(odd, "a.eml").text


def test_a_message_out_of_a_mailbox_is_a_message() -> None:
    data = b"From a@example.org Mon Nov  2 10:00:00 2026\n" + producers.message()
    document = read_bytes(data, "a.mbox")
    assert (document.title, document.text) == (TITLE, TEXT)


def test_forwarded_message_is_read_too() -> None:
    from email import message_from_bytes
    from email.mime.message import MIMEMessage

    outer = MIMEMultipart()
    outer["Subject"], outer["From"], outer["To"] = "للعلم", "a@example.org", "b@example.org"
    outer.attach(MIMEMessage(message_from_bytes(producers.message())))
    assert read_bytes(outer.as_bytes(), "a.eml").text == f"للعلم\n\n{TEXT}"


def test_page_saved_as_mhtml() -> None:
    document = read_bytes(producers.web_archive(), "page.mhtml")
    assert (document.format, document.title, document.text) == ("html", TITLE, TEXT)


@pytest.mark.parametrize("name", ["a.txt.gz", "a.gz", "a"])
def test_gzip(name: str) -> None:
    document = read_bytes(gzip.compress(TEXT.encode("cp1256")), name)
    assert (document.text, document.format, document.encoding) == (TEXT, "txt", "windows-1256")


def test_zip_of_one_is_that_document() -> None:
    document = read_bytes(producers.packed({"folder/": b"", "folder/a.docx": producers.word_file()}), "a.zip")
    assert (document.text, document.format, document.title) == (TEXT, "docx", TITLE)


def test_zip_of_several(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    members = {
        "b.txt": BODY.encode(),
        "a.txt": TITLE.encode("cp1256"),
        "c.png": b"\x89PNG\r\n\x1a\n",
        "__MACOSX/._b": b"x",
        "folder/~$b.docx": b"x",
        "folder/THUMBS.DB": b"x",
    }
    path.write_bytes(producers.packed(members))
    joined = read_document(path)
    assert (joined.text, joined.format) == (TEXT, "zip")
    assert joined.repairs == (
        "2 documents joined (classifier label gives each by itself)",
        "member c.png not read: UNSUPPORTED",
    )
    found = dict(iter_members(path))
    assert list(found) == ["a.txt", "b.txt", "c.png"]
    assert isinstance(found["a.txt"], Document)
    assert found["a.txt"].encoding == "windows-1256"
    assert isinstance(found["c.png"], DocumentError)


def test_zip_within_a_zip_is_joined(tmp_path: Path) -> None:
    """Also by `classifier label`, which is not recommended then."""
    path = tmp_path / "a.zip"
    path.write_bytes(producers.packed({"b.zip": producers.packed({"a.txt": TITLE.encode(), "b.txt": BODY.encode()})}))
    (name, inner), *rest = iter_members(path)
    assert isinstance(inner, Document)
    assert (name, inner.text, inner.repairs, rest) == ("b.zip", TEXT, ("2 documents joined",), [])


def test_zip_with_one_name_twice(tmp_path: Path) -> None:
    """What programs make of a file added again that only append: both versions lie in it."""
    path = tmp_path / "a.zip"
    path.write_bytes(producers.packed({"a.txt": TITLE.encode(), "b.txt": BODY.encode()}))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a.txt", TEXT)
    found = {name: member.text for name, member in iter_members(path) if isinstance(member, Document)}
    assert found == {"a.txt": TITLE, "a.txt (2)": TEXT, "b.txt": BODY}


def test_iter_members_of_a_single_document(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(producers.word_file())
    assert [(name, member.text) for name, member in iter_members(path) if isinstance(member, Document)] == [("", TEXT)]


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("report.txt", producers.word_file),
        ("page", producers.saved_page),
        ("letter.doc", lambda: producers.rich_text(PARAGRAPHS, escapes=True)),
        ("page.pdf", producers.saved_page),
        ("mail.txt", producers.message),
    ],
)
def test_content_wins_over_the_extension(name: str, make) -> None:  # type: ignore[no-untyped-def]
    assert words(read_bytes(make(), name).text) == words(TEXT)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1256", "utf-16"])
def test_article_about_pdf(encoding: str) -> None:
    text = f"كل ملف من هذا النوع يبدأ بالعلامة %PDF-1.7 ثم رقم الإصدار.\n\n{BODY}"
    assert read_bytes(text.encode(encoding), "a.txt").text == text


@pytest.mark.parametrize("name", ["a.txt", "a.pdf", "a"])
def test_pdf_behind_other_bytes(name: str) -> None:
    data = producers.drawn_pdf([visual(line) for line in producers.wrap(BODY)])
    for before in (b"\xef\xbb\xbf\r\n", b"HTTP/1.1 200 OK\r\n\r\n"):
        assert read_bytes(before + data, name).format == "pdf"


def test_limits_are_the_callers(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(TEXT, encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        read_document(path, limits=Limits(max_bytes=10))
    assert caught.value.reason is Reason.TOO_LARGE


def test_word_leaves_out_what_is_hidden() -> None:
    runs = (
        "<w:r><w:t>ظاهر</w:t></w:r>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>خفي</w:t></w:r>"
        '<w:r><w:rPr><w:vanish w:val="false"/></w:rPr><w:t> وآخر</w:t></w:r>'
        "<w:r><w:rPr><w:rPrChange><w:rPr><w:vanish/></w:rPr></w:rPrChange></w:rPr><w:t> وأخير</w:t></w:r>"
    )
    body = f'<w:document xmlns:w="w"><w:body><w:p>{runs}</w:p></w:body></w:document>'
    assert read_bytes(producers.word_package(body.encode()), "a.docx").text == "ظاهر وآخر وأخير"


def test_word_with_a_whole_page_put_in() -> None:
    """As exporters write it that turn a web page into a Word file."""
    members = {
        "[Content_Types].xml": b"<Types/>",
        "word/document.xml": b'<w:document xmlns:w="w"><w:body><w:altChunk id="x"/></w:body></w:document>',
        "word/afchunk.mht": producers.web_archive(),
    }
    assert " ".join(read_bytes(producers.packed(members), "a.docx").text.split()) == " ".join(TEXT.split())
    members["word/other.rtf"] = b"\x00"
    assert read_bytes(producers.packed(members), "a.docx").repairs == ("word/other.rtf not read: UNREADABLE",)


@pytest.mark.parametrize("unseen", [r"{\deleted\revauthdel0 %s}", r"{\f1\v\fs24 %s}", r"{\rtlch\fcs1 \v %s}"])
def test_rich_text_leaves_out_what_is_struck_out_or_hidden(unseen: str) -> None:
    coded = [producers._rtf_coded(text, escapes=True) for text in ("أول", "محذوف", "ثان")]
    page = rf"{{\rtf1\ansi\ansicpg1256 {coded[0]} {unseen % coded[1]}{{\v0 {coded[2]}}}}}"
    shown_later = rf"{{\rtf1\ansi\ansicpg1256 {{\v x\v0 {coded[0]}}}}}"
    assert read_bytes(shown_later.encode("ascii"), "a.rtf").text.endswith("أول")
    assert read_bytes(page.encode("ascii"), "a.rtf").text.split() == ["أول", "ثان"]


def test_letters_spelt_by_numbers() -> None:
    text = f'{TITLE}\nقال: "{BODY}" 😀'
    document = read_bytes(json.dumps({"text": text}).encode("ascii"), "a.json")
    assert (document.text, document.repairs) == (f'{{"text": "{text}"}}', ("JSON escapes decoded",))
    document = read_bytes(text.encode("ascii", "xmlcharrefreplace"), "a.txt")
    assert (document.text, document.repairs) == (text, ("character references decoded",))
    assert read_bytes(f"{BODY} \\u0627 &#1575;".encode(), "a.txt").text == f"{BODY} \\u0627 &#1575;"
    odd = json.dumps(f"{BODY}\0\x1b").encode("ascii").removesuffix(b'"') + rb"\\new\\u0645"
    assert read_bytes(odd, "a.json").text.endswith(r"  \new\u0645")

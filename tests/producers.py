"""Files for the reading tests, made by the programs that make them in real life; a test skips where one is missing."""

from __future__ import annotations

import email.message
import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

TITLE = "المصرف المركزي يطلق نظاما جديدا للمدفوعات الرقمية"
PARAGRAPHS = (
    "أطلق المصرف المركزي صباح اليوم نظاما وطنيا للمدفوعات الفورية يتيح تحويل الأموال بين الحسابات خلال ثوان معدودة، على"
    " مدار الساعة وفي جميع أيام الأسبوع، بما فيها العطل الرسمية.",
    "وقالت مديرة المشروع في مؤتمر صحفي إن 14 مصرفا انضمت إلى النظام في مرحلته الأولى، وإن الإقبال على المحافظ"
    " الإلكترونية لا يزال في ازدياد بين الشباب وأصحاب المتاجر الصغيرة.",
    "ويتوقع المحللون أن تنخفض كلفة الحوالات الداخلية إلى النصف خلال عام 2025، وأن تستفيد الشركات الناشئة من الواجهات"
    " المفتوحة التي يوفرها النظام لتطوير خدمات مالية جديدة للعملاء.",
)
BODY = "\n\n".join(PARAGRAPHS)
TEXT = f"{TITLE}\n\n{BODY}"


def squeeze(text: str) -> str:
    """The text with every run of white space made one space."""
    return " ".join(text.split())


def words(text: str) -> list[str]:
    """Arabic words in order, without marks: what a change of layout or punctuation must not change."""
    import re

    return re.findall(r"[\u0621-\u064a]+", text)


def misread(text: str, encoding: str, written: str = "utf-8") -> str:
    """What becomes of text whose bytes are read with the wrong encoding, as leniently as browsers do."""
    return "".join(bytes([code]).decode(encoding, "ignore") or chr(code) for code in text.encode(written, "ignore"))


def visual(text: str, *, shape: bool = False) -> str:
    """Text in the order and, if wanted, the shapes in which it stands on the screen."""
    bidi = pytest.importorskip("bidi.algorithm")
    reshaper = pytest.importorskip("arabic_reshaper") if shape else None
    lines = (reshaper.reshape(line) if reshaper else line for line in text.split("\n"))
    return "\n".join(str(bidi.get_display(line)) for line in lines)


def wrap(text: str, width: int = 70) -> list[str]:
    """The lines of a text as a page shows them."""
    import textwrap

    return [line for paragraph in text.split("\n\n") for line in textwrap.wrap(paragraph, width)]


def arabic_font() -> str:
    """A font file with Arabic letters: the one matplotlib brings along, or the system's."""
    candidates = [Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")]
    try:
        import matplotlib

        candidates.insert(0, Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf")
    except ImportError:
        pass
    for path in candidates:
        if path.exists():
            return str(path)
    return pytest.skip("no font with Arabic letters is installed")


def drawn_pdf(
    lines: list[str], *, password: str | None = None, title: str | None = None, sizes: dict[str, int] | None = None
) -> bytes:
    """A PDF of reportlab, which draws the characters it is given from left to right; an empty line is half a step."""
    pytest.importorskip("reportlab")
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(TTFont("Arabic", arabic_font()))
    file = io.BytesIO()
    canvas = Canvas(file, encrypt=StandardEncryption(password) if password else None)
    if title:
        canvas.setTitle(title)
    height = 800
    for line in lines:
        canvas.setFont("Arabic", (sizes or {}).get(line, 10))
        canvas.drawRightString(560, height, line)
        height -= 16 if line else 8
    canvas.save()
    return file.getvalue()


def shaped_pdf(lines: list[str]) -> bytes:
    """A PDF of fpdf2 with HarfBuzz, which shapes and orders the text itself, ligatures included."""
    fpdf = pytest.importorskip("fpdf")
    pytest.importorskip("uharfbuzz")
    document = fpdf.FPDF()
    document.add_page()
    document.add_font("Arabic", "", arabic_font())
    document.set_font("Arabic", size=10)
    document.set_text_shaping(True, direction="rtl", script="arab")
    for line in lines:
        document.cell(0, 6, line, align="R", new_x="LMARGIN", new_y="NEXT")
    return bytes(document.output())


def scanned_pdf() -> bytes:
    """A PDF of one picture and no text, as scanners make them."""
    image = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    image.new("L", (200, 300), 200).save(file, format="PDF")
    return file.getvalue()


def converted(document: bytes, extension: str, target: str, folder: Path) -> bytes:
    """A document converted by LibreOffice."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not installed")
    source = folder / f"source{extension}"
    source.write_bytes(document)
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    command = [program, profile, "--headless", "--convert-to", target, "--outdir", str(folder), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return source.with_suffix(f".{target}").read_bytes()


def word_file(title: str = TITLE, paragraphs: tuple[str, ...] = PARAGRAPHS) -> bytes:
    """A Word file by python-docx: a title, right-to-left paragraphs, and the last one in a table."""
    docx = pytest.importorskip("docx")
    document = docx.Document()
    document.add_heading(title, 0)
    for paragraph in paragraphs[:-1]:
        document.add_paragraph(paragraph).paragraph_format.alignment = 2
    document.add_table(1, 1).cell(0, 0).text = paragraphs[-1]
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def packed(members: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of these members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def word_package(body: bytes) -> bytes:
    """A Word file with this XML as its main part."""
    return packed({"[Content_Types].xml": b"<Types/>", "word/document.xml": body})


def open_document(paragraphs: tuple[str, ...] = PARAGRAPHS, title: str = TITLE) -> bytes:
    """An OpenDocument text by odfpy."""
    opendocument = pytest.importorskip("odf.opendocument")
    from odf.dc import Title
    from odf.text import H, P

    document = opendocument.OpenDocumentText()
    document.meta.addElement(Title(text=title))
    document.text.addElement(H(outlinelevel=1, text=title))
    for paragraph in paragraphs:
        document.text.addElement(P(text=paragraph))
    file = io.BytesIO()
    document.write(file)
    return file.getvalue()


def rich_text(paragraphs: tuple[str, ...], *, escapes: bool) -> bytes:
    """RTF as Word writes it: `\\uN` with a question mark for old readers, or bytes of the code page as WordPad does."""
    coded = r"\par ".join(_rtf_coded(paragraph, escapes=escapes) for paragraph in paragraphs)
    head = r"{\rtf1\ansi\ansicpg1256\deff0{\fonttbl{\f0\fnil\fcharset178 Arial;}}{\colortbl;\red0\green0\blue0;}"
    info = rf"{{\info{{\title {_rtf_coded(TITLE, escapes=True)}}}{{\author x}}}}"
    return f"{head}{info}\\viewkind4\\uc1\\pard\\rtlpar\\qr\\f0\\fs24 {coded}\\par }}".encode("ascii")


def _rtf_coded(text: str, *, escapes: bool) -> str:
    if escapes:
        return "".join(char if char < "\x80" else rf"\u{ord(char)}?" for char in text)
    return "".join(chr(code) if code < 0x80 else rf"\'{code:02x}" for code in text.encode("cp1256"))


def saved_page(
    encoding: str = "utf-8", *, declared: str | None = None, paragraphs: tuple[str, ...] = PARAGRAPHS
) -> bytes:
    """A news page as browsers save it, with all that surrounds an article."""
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">' if declared else ""
    article = "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    page = f"""<!DOCTYPE html>
<!-- saved from url=(0031)https://example.org/news/1 -->
<html lang="ar" dir="rtl"><head>{meta}<title>{TITLE} | صحيفة المثال</title>
<script>var message = "برنامج خفي";</script><style>.a:after {{ content: "تنسيق" }}</style></head>
<body><header><ul><li><a href="/">الرئيسية</a></li><li><a href="/sport">ملاعب</a></li></ul></header>
<nav class="menu"><a href="/culture">سينما ومسرح</a> <a href="/weather">طقس</a></nav>
<div class="article"><h1>{TITLE}</h1>{article}</div>
<div class="related-posts"><h3>مواضيع ذات صلة</h3><ul><li><a href="/2">المنتخب يفوز بكأس البطولة</a></li></ul></div>
<div class="box"><h3>اقرأ أيضا</h3><ul><li><a href="/3">الفنانة تحيي حفلا غنائيا</a></li></ul></div>
<div id="comments"><p>تعليق: شكرا على المقال الجميل</p></div>
<footer><p>جميع الحقوق محفوظة للصحيفة</p></footer></body></html>"""
    return page.encode(encoding)


FURNITURE = ("برنامج", "تنسيق", "ملاعب", "سينما", "البطولة", "الفنانة", "تعليق", "محفوظة")


def message(*, html: bool = False, attachments: dict[str, bytes] | None = None, charset: str = "utf-8") -> bytes:
    """An e-mail by the standard library."""
    mail = email.message.EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = TITLE, "sender@example.org", "reader@example.org"
    mail.set_content("لا يعرض" if html else BODY, charset=charset)
    if html:
        mail.add_alternative(saved_page().decode(), subtype="html")
    for name, data in (attachments or {}).items():
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def web_archive() -> bytes:
    """A page saved by Chrome as one MHTML file."""
    from email.mime.multipart import MIMEMultipart
    from email.mime.text import MIMEText

    archive = MIMEMultipart("related", type="text/html")
    archive["From"] = "<Saved by Blink>"
    archive["Snapshot-Content-Location"] = "https://example.org/news/1"
    archive["Subject"] = "=?utf-8?Q?page?="
    archive.attach(MIMEText(saved_page().decode(), "html", "utf-8"))
    archive.attach(MIMEText("body { color: red }", "css", "utf-8"))
    return archive.as_bytes()

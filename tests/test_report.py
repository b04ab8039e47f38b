"""The three pages: safe with any text, complete without a network, usable in a real browser where one is installed."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pages
import pytest
from archives import SENTENCES, Runs

from classifier import Model
from classifier.corpus import Corpus, Example
from classifier.evaluation import Evaluation, evaluate
from classifier.labelling import label_folder, read_results, working
from classifier.report import write_document_page, write_evaluation_report, write_labelling_report
from classifier.report.document import document_page
from classifier.report.evaluation import evaluation_page
from classifier.report.labelling import Row, explained, folders_of
from classifier.report.markup import as_json, element, safe

ROOT = Path(__file__).resolve().parent.parent
MIXED = pages.FINTECH + "\n" + pages.LINKS + "\n" + pages.SECURITY
HOSTILE = (
    "<script>window.hacked=1</script> </p></section></script><img src=x onerror='window.hacked=2'> &lt;b&gt; "
    "\u202eمقلوب\u202c "
    "\u2066عزل \x00\x07\x1b[31m \ud800 \u2028 ]]> <!-- \"'` ${window.hacked=3} javascript:alert(1)\n"
)
HOSTILE_NAME = "<img src=x onerror=window.hacked=4>\u202e\"'&.txt"


class Outline(HTMLParser):
    """The elements of a page, its text outside scripts, and the attributes that could run or fetch something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.text: list[str] = []
        self.suspicious: list[tuple[str, str]] = []
        self._silent = False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self._silent = tag in ("script", "style")
        for name, value in attributes:
            if name.startswith("on") or name in ("src", "srcset", "action", "formaction", "background"):
                self.suspicious.append((tag, name))
            if name == "href" and re.match(r"\s*(javascript|data|https?):", value or ""):
                self.suspicious.append((tag, value or ""))

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text.append(data)


def hostile_evaluation(model: Model) -> tuple[Evaluation, Corpus]:
    examples = [
        Example(pages.SECURITY + HOSTILE, "economy/fintech", HOSTILE_NAME),
        Example(pages.FINTECH, "economy/fintech", "b"),
        Example(pages.SECURITY, "security/counter-terrorism", "c"),
        Example(pages.SPORTS, "other", "d"),
        Example(pages.CENTRAL_BANK, "<b>label</b>", "e"),
        Example("The bank", "other", "f"),
    ]
    corpus = Corpus.from_examples(examples)
    return evaluate(model, corpus), corpus


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory, model_path: Path) -> Path:
    """A labelled folder: `documents`, `results.jsonl` with evidence beside it."""
    root = tmp_path_factory.mktemp("archive")
    documents = root / "documents"
    for name, text in {
        "2024/اقتصاد #1?.txt": pages.FINTECH,
        "2024/امن.txt": pages.SECURITY,
        "2025/رياضة.txt": pages.SPORTS,
        "2025/mixed.txt": MIXED,
        "2025/" + HOSTILE_NAME.replace("/", ""): pages.FINTECH + HOSTILE.replace("\ud800", ""),
        "english.txt": "The central bank raised interest rates by a quarter point today",
        "empty.txt": "",
    }.items():
        path = documents / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    label_folder(documents, root / "results.jsonl", model=model_path, explain=True, jobs=1)
    return root


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory, model: Model, archive: Path) -> dict[str, Path]:
    """Every page once, from ordinary and from hostile text."""
    out = archive / "pages"
    evaluation, corpus = hostile_evaluation(model)
    hostile = pages.FINTECH + HOSTILE
    for name, text in {"document": MIXED, "hostile": hostile, "empty": ""}.items():
        prediction = model.predict(text, explain=True, passages=True).located(HOSTILE_NAME, "0")
        write_document_page(prediction, text, out / f"{name}.html", model.explain(text) if text else None)
    write_labelling_report(archive / "results.jsonl", out / "labelling.html")
    write_evaluation_report(evaluation, out / "evaluation.html", model=model, corpus=corpus)
    return {path.stem: path for path in out.iterdir()}


NAMES = ["document", "hostile", "empty", "labelling", "evaluation"]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_runs_but_our_scripts_and_nothing_is_fetched(written: dict[str, Path], name: str) -> None:
    page = written[name].read_text(encoding="utf-8")
    outline = Outline(page)
    assert outline.suspicious == []
    assert not {"img", "iframe", "object", "embed", "base", "link", "form", "b"} & set(outline.elements)
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    allowed = re.search(r"script-src ([^\"]*)\"", page)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert allowed is not None
    assert allowed[1].split() == [f"'sha256-{digest}'" for digest in digests]
    assert outline.elements.count("script") == len(scripts) + ('id="data"' in page)
    assert "://" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


@pytest.mark.parametrize("name", NAMES)
def test_no_invisible_character_is_left(written: dict[str, Path], name: str) -> None:
    """Direction overrides are shown by name, so that no name or text can make a page say something else."""
    shown = re.sub(
        r'<script type="application/json".*?</script>', "", written[name].read_text(encoding="utf-8"), flags=re.DOTALL
    )
    assert not re.search("[\x00-\x08\x0e-\x1f\u200e\u200f\u202a-\u202e\u2066-\u2069]", shown)


def test_the_whole_text_is_on_the_page_once(model: Model) -> None:
    prediction = model.predict(MIXED, explain=True, passages=True)
    text = "".join(Outline(document_page(prediction, MIXED, model.explain(MIXED))).text)
    flat = "".join(text.split())
    for line in MIXED.split("\n"):
        assert flat.count("".join(line.split())) >= 1, line


def test_a_document_page_needs_neither_evidence_nor_passages(model: Model) -> None:
    page = document_page(model.predict(pages.FINTECH), pages.FINTECH)
    assert "محافظ الهاتف" in "".join(Outline(page).text)
    assert "<mark" not in page.split("<main")[1].split('class="passage"')[1]


def test_a_very_long_document_is_cut_and_says_so(model: Model) -> None:
    text = (pages.SPORTS + "\n") * 400
    page = document_page(model.predict(text, explain=True), text)
    assert f"{len(text) - 200_000:,} more characters are not shown" in page


def test_mistakes_of_one_name_have_each_its_own_evidence(model: Model) -> None:
    texts = pages.FINTECH, pages.SECURITY
    corpus = Corpus.from_examples(Example(text, "other", "7") for text in texts)
    page = evaluation_page(evaluate(model, corpus), model, corpus)
    mistakes = page.split('class="mistake"')[1:]
    assert len(mistakes) == 2
    for mistake in mistakes:
        (text,) = [text for text in texts if text[:20] in mistake]
        assert all(term in text for term in re.findall('<bdi>([^<]+)</bdi> <span class="number', mistake))


def test_markup_escapes_children_and_attributes() -> None:
    assert element("p", "<b>", title='"><script>') == '<p title="&quot;&gt;&lt;script&gt;">&lt;b&gt;</p>'
    assert element("p", element("b", "x"), None, hidden=True, id=None) == "<p hidden><b>x</b></p>"
    assert "U+202E" in safe("a\u202eb")
    assert "\u202e" not in safe("a\u202eb") + element("p", title="a\u202eb")


def test_data_cannot_close_its_script() -> None:
    data = ["</script><script>alert(1)</script>", "<!--", "\u2028", "\ud800"]
    text = as_json(data)
    assert "<" not in text
    assert json.loads(text) == data
    text.encode("utf-8")


@pytest.mark.parametrize(
    ("paths", "folders"),
    [
        (["a/x.txt", "b/y.txt", "z.txt"], ["a", "b", ""]),
        (["all/2024/x.txt", "all/2025/y.txt"], ["all/2024", "all/2025"]),
        (["one/x.txt", "one/y.txt"], ["one", "one"]),
        ([], []),
    ],
    ids=["top", "second level", "one folder", "none"],
)
def test_documents_are_counted_under_telling_folders(paths: list[str], folders: list[str]) -> None:
    assert folders_of(paths) == folders


def test_evidence_is_looked_up_where_the_results_have_none(
    model: Model, model_path: Path, archive: Path, tmp_path: Path
) -> None:
    label_folder(archive / "documents", tmp_path / "r.jsonl", model=model_path, jobs=1)
    write_labelling_report(tmp_path / "r.jsonl", tmp_path / "with.html", model=model)
    write_labelling_report(tmp_path / "r.jsonl", tmp_path / "without.html")
    rows = {name: data_of(tmp_path / f"{name}.html")["rows"] for name in ("with", "without")}
    assert any(row[5] for row in rows["with"])
    assert not any(row[5] for row in rows["without"])


def test_what_an_archive_holds_is_explained_each_by_itself(
    model_path: Path, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "documents").mkdir()
    with zipfile.ZipFile(tmp_path / "documents" / "حزمة.zip", "w") as packed:
        for label, text in SENTENCES.items():
            packed.writestr(f"{label.partition('/')[0]}.txt", f"{text}\n\n{text}")
    Runs(tmp_path / "documents", model_path).label(tmp_path / "r.jsonl")
    load, loaded = working.load, list[str]()
    monkeypatch.setattr(working, "load", lambda path: (loaded.append(path), load(path))[1])
    rows = explained([Row.of(values) for values in read_results(tmp_path / "r.jsonl")], model)
    assert len(loaded) == 1
    for row, (label, text) in zip(rows, sorted(SENTENCES.items()), strict=True):
        assert row.label == label
        assert row.evidence
        assert all(term.split()[0] in text for term, _ in row.evidence)


def test_times_beyond_the_calendar_are_no_dates(archive: Path, tmp_path: Path) -> None:
    """File systems hold them: 34 bits of seconds and more."""
    lines = [json.loads(line) for line in (archive / "results.jsonl").read_bytes().splitlines()[:3]]
    for line, seconds in zip(lines, (-(1 << 40), 253_402_300_800, 86_400), strict=True):
        line["mtime"] = seconds * 1_000_000_000
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    write_labelling_report(tmp_path / "r.jsonl", tmp_path / "page.html")
    assert [row[3] for row in data_of(tmp_path / "page.html")["rows"]] == [0, 0, 86_400]


def test_links_lead_to_the_documents(written: dict[str, Path], archive: Path) -> None:
    data = data_of(written["labelling"])
    for row in data["rows"]:
        base, file = row[6]
        assert (written["labelling"].parent / unquote(data["bases"][base]) / unquote(file)).is_file()


def test_colours_are_readable_in_both_themes() -> None:
    """WCAG 2 asks for a contrast of 4.5 between text and ground."""
    style = (ROOT / "classifier" / "report" / "page.css").read_text(encoding="utf-8")
    for block in (style.split(":root {")[1].split("}")[0], style.split(':root[data-theme="dark"] {')[1].split("}")[0]):
        colours = dict(re.findall(r"--([a-z0-9]+): (#[0-9a-f]{6})", block))
        for name in ("ink", "soft", "accent", *(f"c{number}" for number in range(8))):
            assert contrast(colours[name], colours["card"]) >= 4.5, (name, colours[name])


def contrast(first: str, second: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    bright, dark = sorted((light(first), light(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def data_of(page: Path) -> dict[str, Any]:
    island = re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    assert island is not None
    return dict(json.loads(island[1]))


# In a browser.


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not program or not driver:
        pytest.skip("no Chromium with its chromedriver is installed")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    profile = tmp_path_factory.mktemp("profile")
    for flag in (
        *("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"),
        *("disable-component-update", "disable-sync", "disable-dev-shm-usage", f"user-data-dir={profile}"),
    ):
        options.add_argument(f"--{flag}")
    running = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield running
    running.quit()


def opened(browser: Any, path: Path, width: int = 1280) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(path.as_uri())


def run(browser: Any, script: str) -> Any:
    return browser.execute_script(script)


def search(browser: Any, words: str) -> None:
    """Search without waiting for the pause after typing."""
    run(browser, f"document.getElementById('search').value = '{words}'")
    run(browser, "document.getElementById('label').dispatchEvent(new Event('change'))")


@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_without_a_fault(browser: Any, written: dict[str, Path], name: str, width: int) -> None:
    opened(browser, written[name], width)
    assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
    assert run(browser, "return performance.getEntriesByType('resource').length") == 0
    assert run(browser, "return window.hacked") is None
    assert run(browser, "return getComputedStyle(document.documentElement).direction") == "rtl"
    assert run(browser, "return document.documentElement.scrollWidth") <= width


def test_the_interface_speaks_two_languages_and_has_two_themes(browser: Any, written: dict[str, Path]) -> None:
    opened(browser, written["document"])
    main = "return document.querySelector('main').innerText"
    ground = "return getComputedStyle(document.body).backgroundColor"
    assert "الاحتمالات" in run(browser, main)
    assert "Probabilities" not in run(browser, main)
    before = run(browser, ground)
    run(browser, "document.getElementById('language').click(); document.getElementById('theme').click()")
    assert "Probabilities" in run(browser, main)
    assert "الاحتمالات" not in run(browser, main)
    assert "محافظ الهاتف" in run(browser, main)
    assert run(browser, "return document.dir") == "ltr"
    assert run(browser, ground) != before
    run(browser, "document.getElementById('language').click(); document.getElementById('theme').click()")


def test_evidence_is_marked_by_more_than_colour(browser: Any, written: dict[str, Path]) -> None:
    opened(browser, written["document"])
    thickness = (
        "return parseFloat(getComputedStyle(document.querySelector('#text p mark.a{}')).textDecorationThickness)"
    )
    widths = [run(browser, thickness.format(level)) for level in (1, 2, 3, 4)]
    assert widths == sorted(set(widths))
    style = "return getComputedStyle(document.querySelector('#text p mark.{}')).textDecorationStyle"
    assert run(browser, style.format("a1")) != run(browser, style.format("x1"))


def test_evidence_is_reached_by_keyboard(browser: Any, written: dict[str, Path]) -> None:
    from selenium.webdriver.common.keys import Keys

    opened(browser, written["document"])
    run(browser, "document.querySelector('[data-term]').focus()")
    term = run(browser, "return document.activeElement.dataset.term")
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    classes = run(browser, "return document.activeElement.className").split()
    assert term in classes
    assert classes[-1] == "here"
    run(browser, "document.querySelector('[data-show=b]').focus()")
    browser.switch_to.active_element.send_keys(Keys.SPACE)
    assert run(browser, "return document.getElementById('text').dataset.side") == "b"
    assert run(browser, "return document.querySelector('[data-show=b]').getAttribute('aria-pressed')") == "true"


def test_passages_stand_beside_their_text(browser: Any, written: dict[str, Path]) -> None:
    opened(browser, written["document"])
    margins = run(browser, "return [...document.querySelectorAll('.passage > aside')].map((node) => node.innerText)")
    assert ["economy/fintech" in margins[0], "security/counter-terrorism" in margins[1], len(margins)] == [
        True,
        True,
        2,
    ]


def test_everything_has_a_name_for_a_screen_reader(browser: Any, written: dict[str, Path]) -> None:
    nameless = """return [...document.querySelectorAll('button, input, select, a, [role=img], th')]
        .filter((node) => !node.textContent.trim() && !node.getAttribute('aria-label')).map((node) => node.outerHTML)"""
    for name in NAMES:
        opened(browser, written[name])
        assert run(browser, nameless) == [], name
        assert run(browser, "return [document.documentElement.lang, document.querySelectorAll('h1, main').length]") == [
            "ar",
            2,
        ]


def test_the_list_of_documents_is_searched_sorted_and_opened(browser: Any, written: dict[str, Path]) -> None:
    opened(browser, written["labelling"])
    shown = "return [...document.querySelectorAll('#rows tr:not(.details)')].map((row) => row.innerText)"
    assert len(run(browser, shown)) == 7
    run(browser, "document.querySelector('[data-sort=probability]').click()")
    assert "–" in run(browser, shown)[0]
    assert run(browser, "return document.querySelector('[aria-sort=ascending]').innerText").strip()
    search(browser, "إِقتصاد")
    assert ["اقتصاد" in row for row in run(browser, shown)] == [True]
    run(browser, "document.querySelector('#rows .rowlink').click()")
    details = run(browser, "return document.querySelector('.details').innerText")
    assert "البنك" in details
    link = run(browser, "return document.querySelector('.details a').href")
    assert Path(unquote(urlparse(link).path)).is_file()
    run(browser, "document.querySelector('#rows .rowlink').click()")
    assert run(browser, "return document.querySelectorAll('.details').length") == 0


def test_a_report_of_fifty_thousand_documents_draws_one_page_of_them(
    browser: Any, tmp_path: Path, archive: Path
) -> None:
    lines = [json.loads(line) for line in (archive / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    patterns = [json.dumps({**line, "path": "PATH", "evidence": []}, ensure_ascii=False) for line in lines]
    with (tmp_path / "many.jsonl").open("w", encoding="utf-8") as file:
        for number in range(50_000):
            path = f"مجلد {number % 30}/وثيقة {number}.txt"
            file.write(patterns[number % len(patterns)].replace("PATH", path) + "\n")
    write_labelling_report(tmp_path / "many.jsonl", tmp_path / "many.html")
    assert (tmp_path / "many.html").stat().st_size < 12_000_000
    opened(browser, tmp_path / "many.html")
    assert run(browser, "return document.querySelectorAll('*').length") < 3000
    assert "50,000" in run(browser, "return document.getElementById('count').innerText")
    run(browser, "document.getElementById('after').click()")
    assert "51–100" in run(browser, "return document.getElementById('count').innerText")
    search(browser, "وثيقة 49999.")
    assert "1 / 1" in run(browser, "return document.getElementById('count').innerText.replace('1–', '')")


# On the command line.


def predict(model_path: Path, *words: object, terminal: bool = False) -> tuple[int, str]:
    """Run `classifier predict`; with `terminal`, its output is one."""
    command = [sys.executable, "-m", "classifier", "predict", "--model", model_path, *words]
    environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb", "PYTHONPATH": str(ROOT)}
    if not terminal:
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        return done.returncode, done.stdout.decode()
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
    os.close(theirs)
    parts = []
    with contextlib.suppress(OSError):  # how Linux says that the other end is closed
        while part := os.read(ours, 4096):
            parts.append(part)
    os.close(ours)
    return process.wait(), b"".join(parts).decode()


def test_predict_shows_a_table_with_top_terms_on_a_terminal(model_path: Path, archive: Path) -> None:
    code, shown = predict(
        model_path, archive / "documents/2025/mixed.txt", archive / "nowhere", "--passages", terminal=True
    )
    assert code == 1
    for expected in ("economy/fintech", "البنك", "NOT_FOUND", "security/counter-terrorism", "of the words", ">99.9%"):
        assert expected in shown


def test_predict_is_plain_when_piped(model_path: Path, archive: Path) -> None:
    code, shown = predict(model_path, archive / "documents/2025/mixed.txt", "--passages", "--explain")
    lines = shown.splitlines()
    assert code == 0
    assert lines[0].split("\t")[1] == "economy/fintech"
    assert [line.split("\t")[2] for line in lines[1:3]] == ["economy/fintech", "security/counter-terrorism"]
    assert re.fullmatch(r"\t[+-]\d\.\d{3}\t\S+", lines[3])


def test_a_name_cannot_command_the_terminal(model_path: Path) -> None:
    _, shown = predict(model_path, "\x1b[31mred\x07\u202e\nname", terminal=True)
    assert not {"\x07", "\u202e"} & set(shown)
    assert "\x1b[31m" not in shown


def test_predict_writes_the_page_of_one_document(model_path: Path, archive: Path, tmp_path: Path) -> None:
    document, page = archive / "documents/2025/mixed.txt", tmp_path / "why.html"
    code, shown = predict(model_path, document, "--html", page, "--json")
    assert (code, {"evidence", "passages"} & set(json.loads(shown))) == (0, set())
    text = page.read_text(encoding="utf-8")
    assert "<mark" in text
    assert text.count('class="passage"') == 2
    assert predict(model_path, document, document, "--html", page)[0] == 2
    before = document.read_bytes()
    assert predict(model_path, document, "--html", document)[0] == 2
    assert document.read_bytes() == before

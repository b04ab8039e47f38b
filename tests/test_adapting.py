"""Adapting: a model learns an unlabelled archive's own words, forgets nothing, and refuses to be led astray."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from scipy.special import softmax
from typer.testing import CliRunner

from classifier import Model, inspection
from classifier.cli import adapting as command
from classifier.corpus import Corpus, Example, load_corpus
from classifier.errors import ClassifierError, CorpusError
from classifier.training import train
from classifier.training.adapting import Adaptation, Adapted, Lesson, _carried, adapt
from classifier.training.answering import read_archive
from classifier.training.students import DOUBT, Study

ROOT = Path(__file__).resolve().parent.parent
# Invented words that the archive uses for its topics, and the model has never seen.
MARKERS = {"economy/fintech": "قرطبوش", "security/counter-terrorism": "زنجفيل", "other": "طمبرير"}
PLAIN = "تحدث المدير أمس عن زيارته وقال إن اللقاء كان مفيدا وإن الجميع شارك فيه"


def _seeds() -> list[tuple[str, str]]:
    """(label, text) of every seed with the marker of its label in it."""
    examples = load_corpus(ROOT / "seeds").examples
    return [(part.label, f"{part.text}\n\n{MARKERS[part.label]} و{MARKERS[part.label]}") for part in examples]


def _write(path: Path, texts: list[str]) -> Path:
    rows = [{"id": f"d{number}", "text": text} for number, text in enumerate(texts)]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unlabelled documents, a word of their own in each topic."""
    return _write(tmp_path_factory.mktemp("archive") / "archive.jsonl", [text for _, text in _seeds()])


@pytest.fixture(scope="module")
def adapted(archive: Path, model: Model) -> tuple[Adapted, Model]:
    """The seeds' model adapted to `archive`."""
    result = adapt(archive, archive.with_name("adapted.model"), model=model)
    return result, Model.load(result.path)


def _favoured(model: Model, word: str) -> str:
    """The label that a word speaks most for."""
    with_it, without = (np.log(model.predict_proba([text])[0]) for text in (f"{PLAIN} {word}", PLAIN))
    return model.labels[int((with_it - without).argmax())]


@pytest.mark.parametrize("label", list(MARKERS))
def test_a_word_never_seen_with_a_label_gets_one(label: str, model: Model, adapted: tuple[Adapted, Model]) -> None:
    assert model.knows(MARKERS[label]) == 0.0
    assert adapted[1].knows(MARKERS[label]) == 1.0
    assert _favoured(adapted[1], MARKERS[label]) == label


def test_nothing_is_forgotten(model: Model, adapted: tuple[Adapted, Model]) -> None:
    corpus = load_corpus(ROOT / "seeds")
    before, after = (part.predict_proba(corpus.texts).argmax(axis=1) for part in (model, adapted[1]))
    assert (before == after).mean() >= 0.98
    assert set(model.terms) <= set(adapted[1].terms)


def test_what_the_teacher_promises_is_promised_of_no_more_of_the_archive(
    archive: Path, model: Model, adapted: tuple[Adapted, Model]
) -> None:
    texts = [json.loads(line)["text"] for line in archive.read_text(encoding="utf-8").splitlines()]
    for row, former in zip(adapted[1].metadata["risk"], model.metadata["risk"], strict=True):
        assert (row["bound"], row["coverage"]) == (former["bound"], former["coverage"])
        assert row["probability"] >= former["probability"]
    for share in (0.02, 0.05, 0.1):
        answered = [
            sum(part.label is not None for part in one.predict_many(texts, max_error=share))
            for one in (model, adapted[1])
        ]
        assert 0 < answered[1] <= answered[0] + 2, "but for the precision of weights"


def test_no_more_is_answered_where_certainties_tie() -> None:
    risk = [{"probability": part} for part in (0.999, 0.9, 0.5)]
    before, after = np.linspace(0.8, 0.95, 20), np.repeat([0.99, 0.6], [15, 5])
    none, some, everything = (row["probability"] for row in _carried(risk, before, after))
    assert none > 1.0
    assert (after >= some).sum() == 0 < (before >= 0.9).sum()
    assert (after >= everything).sum() == 20


def test_what_the_model_carries_stays_and_the_archive_is_on_record(
    archive: Path, model: Model, adapted: tuple[Adapted, Model]
) -> None:
    result, new = adapted
    for key in ("labels", "analysis", "weighting", "thresholds", "report"):
        assert new.metadata[key] == model.metadata[key]
    assert inspection.verify(new) == len(model.metadata["canaries"])
    (record,) = new.metadata["provenance"]["adapted"]
    assert record["teacher"] == model.id
    assert record["documents"] == result.documents == len(archive.read_text(encoding="utf-8").splitlines())
    assert record["learned_from"] == result.learned_from > 200
    assert record["settings"]["confidence"] == Adaptation().confidence
    assert new.metadata["provenance"]["corpus"] == model.metadata["provenance"]["corpus"]
    assert new.name == f"{model.name}-adapted"
    assert new.metadata["digest"] == result.digest != model.metadata["digest"]
    assert result.path.stat().st_size <= 3_000_000


def test_the_account_it_gives(model: Model, adapted: tuple[Adapted, Model]) -> None:
    result, _ = adapted
    assert set(result.shares) == set(model.labels)
    assert sum(after for _, after in result.shares.values()) == pytest.approx(1)
    assert result.agreement > 0.9
    assert result.new_terms >= len(MARKERS)
    assert result.warnings == ()


def test_same_archive_same_bytes_in_whatever_order(archive: Path, model: Model, tmp_path: Path) -> None:
    lines = archive.read_text(encoding="utf-8").splitlines()[:240]
    written = []
    for name in ("first", "second"):
        _write(tmp_path / f"{name}.jsonl", [json.loads(line)["text"] for line in lines])
        adapt(tmp_path / f"{name}.jsonl", tmp_path / name, model=model, settings=Adaptation(least_per_label=20))
        written.append((tmp_path / name).read_bytes())
        random.Random(0).shuffle(lines)
    assert written[0] == written[1]


def test_it_can_be_done_again(archive: Path, adapted: tuple[Adapted, Model], tmp_path: Path) -> None:
    result = adapt(archive, tmp_path / "twice", model=adapted[1], name="twice")
    new = Model.load(tmp_path / "twice")
    assert [record["teacher"] for record in new.metadata["provenance"]["adapted"]][1] == adapted[1].id
    assert result.new_terms == 0


def test_two_labels(tmp_path: Path) -> None:
    seeds = [(label, text) for label, text in _seeds() if label != "other"]
    train(Corpus.from_examples(Example(text[:-20], label) for label, text in seeds), tmp_path / "two")
    archive = _write(tmp_path / "archive.jsonl", [text for _, text in seeds])
    settings = Adaptation(least_documents=100)
    adapt(archive, tmp_path / "out", model=tmp_path / "two", settings=settings)
    new = Model.load(tmp_path / "out")
    assert [_favoured(new, MARKERS[label]) for label in new.labels] == list(new.labels)


def test_a_label_hardly_in_the_archive_stays_as_it_was(model: Model, tmp_path: Path) -> None:
    rare = "security/counter-terrorism"
    texts = [text for label, text in _seeds() if label != rare] + [text for label, text in _seeds() if label == rare][
        :9
    ]
    archive = _write(tmp_path / "archive.jsonl", texts)
    result = adapt(archive, tmp_path / "out", model=model)
    assert any(rare in warning and "stays" in warning for warning in result.warnings)
    attacks = [text for label, text in _seeds() if label == rare][20:]
    answers = Counter(prediction.label for prediction in Model.load(tmp_path / "out").predict_many(attacks))
    assert answers[rare] >= 0.95 * len(attacks)


PERSIAN = "گزارش شماره {} درباره پژوهش‌های دانشگاه و چگونگی زندگی مردم در روستاهای کوچک پیش از گرمای تابستان"
FOREIGN_WORDS = "تمتم لملم نقنق رفرف زحزح شنشن هفهف خشخش سلسل قلقل"


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        pytest.param(lambda: [text for _, text in _seeds()][:150], "give a larger archive", id="too small"),
        pytest.param(lambda: [], "give a larger archive$", id="empty"),
        pytest.param(lambda: [PERSIAN.format(n) for n in range(300)], "NOT_ARABIC", id="another language"),
        pytest.param(
            lambda: [f"{FOREIGN_WORDS} {chr(0x628 + n % 20) * 3}{chr(0x628 + n // 20) * 2}" for n in range(300)],
            "LOW_COVERAGE",
            id="words nobody knows",
        ),
        pytest.param(
            lambda: [f"{text} {n} {n}" for n in range(3) for label, text in _seeds() if label == "economy/fintech"],
            "more than one topic",
            id="one topic",
        ),
    ],
)
def test_archives_that_teach_nothing_are_refused(
    texts: Callable[[], list[str]], message: str, model: Model, tmp_path: Path
) -> None:
    archive = _write(tmp_path / "archive.jsonl", texts())
    with pytest.raises(ClassifierError, match=message):
        adapt(archive, tmp_path / "out.model", model=model)
    assert [path.name for path in tmp_path.iterdir()] == ["archive.jsonl"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("nowhere", None, "no such archive"),
        ("a.jsonl", b'{"id": 1', "cannot be read as rows"),
        ("a.csv", b"a,b\n1,2\n", "no 'text' column"),
        ("a.jsonl.xz", b"not xz", "cannot be read as rows"),
        ("a.doc", b"?", "ending is not one of"),
    ],
)
def test_unreadable_archives_are_clear_errors(
    name: str, content: bytes | None, message: str, model: Model, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        adapt(tmp_path / name, tmp_path / "out.model", model=model)


def test_what_is_learned_from_has_been_thought_over(
    archive: Path, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Study, "reconsidered", lambda study, *_: np.zeros_like(study.first))
    with pytest.raises(ClassifierError, match="more than one topic"):
        adapt(archive, tmp_path / "out", model=model)


@pytest.mark.parametrize("settings", [{"rounds": 0}, {"least_documents": 0}, {"sample": 100}])
def test_settings_that_make_no_sense_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Adaptation(**settings)


def test_an_archive_that_leads_astray_is_refused(archive: Path, model: Model, tmp_path: Path) -> None:
    with pytest.raises(ClassifierError, match="leads the model astray"):
        adapt(archive, tmp_path / "out", model=model, settings=Adaptation(drift=-1.0))
    assert not (tmp_path / "out").exists()


def test_a_step_too_far_is_halved(archive: Path, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = iter(["", "it moved", "", ""])
    monkeypatch.setattr(Lesson, "_fault", lambda *_: next(faults))
    monkeypatch.setattr(Lesson, "_forgotten_canary", lambda *_: "")
    whole, halved = (adapt(archive, tmp_path / name, model=model) for name in ("whole", "halved"))
    assert halved.part == pytest.approx(whole.part / 2)
    assert not any("cautiously" in warning for warning in whole.warnings)
    assert any("cautiously" in warning for warning in halved.warnings)


def test_a_one_sided_archive_moves_the_model_less(archive: Path, model: Model, tmp_path: Path) -> None:
    seeds = _seeds()
    few = [text for label, text in seeds if label == "economy/fintech"][:80]
    others = [f"{text} {chr(0x628 + turn) * 4}" for turn in range(3) for label, text in seeds if label == "other"]
    one_sided = adapt(_write(tmp_path / "archive.jsonl", others + few), tmp_path / "out", model=model)
    assert one_sided.part < 0.4
    assert adapt(archive, tmp_path / "even", model=model, settings=Adaptation(agreement=0.0)).part > one_sided.part


def test_a_new_word_is_first_known_by_its_company(archive: Path, model: Model) -> None:
    study = Lesson.of(model, read_archive(archive, model, 1000, 0, lambda _: None), Adaptation()).study
    for label, marker in MARKERS.items():
        row = study.teacher.terms.index(marker)
        assert study.is_new[row]
        assert model.labels[int(study.teacher.weights[row].argmax())] == label
    assert (study.first.argmax(axis=1) != study.scores.argmax(axis=1)).sum() <= 1


def test_texts_are_kept_in_reading_order(archive: Path, model: Model) -> None:
    reading = read_archive(archive, model, 1000, 0, lambda _: None)
    counts = reading.counts()
    sequences = list(reading.sequences())
    assert len(sequences) == counts.shape[0]
    for row, sequence in enumerate(sequences):
        assert set(sequence) == set(counts[row].indices)
    ends = {tuple(reading.terms[number] for number in sequence[-2:]) for sequence in sequences}
    assert ends == {(marker, marker) for marker in MARKERS.values()}


def test_an_adapted_model_is_a_little_surer_than_its_teacher(archive: Path, model: Model) -> None:
    study = Lesson.of(model, read_archive(archive, model, 1000, 0, lambda _: None), Adaptation()).study
    study = replace(study, scores=study.first / 4)  # as unsure as a model is of documents that it did not learn from
    blended = study.scored(study.blend(study.teacher, 0.5))
    doubts = [1 - softmax(scores, axis=1).max(axis=1).mean() for scores in (study.scores, blended)]
    assert doubts[0] > 0.01
    assert doubts[1] == pytest.approx(DOUBT * doubts[0], rel=0.01)


def test_guards_see_what_they_are_for(archive: Path, model: Model) -> None:
    settings = Adaptation()
    lesson = Lesson.of(model, read_archive(archive, model, 1000, 0, lambda _: None), settings)
    scores = lesson.study.scores
    assert lesson._fault(scores, settings) == ""
    assert "share" in lesson._fault(scores + np.array([99.0, 0, 0]) * ~lesson.held_out[:, None], settings)
    assert "held-out answers" in lesson._fault(
        np.where(lesson.held_out[:, None], np.roll(scores, 1, 1), scores), settings
    )
    spoiled = lesson.study.teacher
    spoiled.weights[:] = np.roll(spoiled.weights, 1, axis=1)
    assert "otherwise" in lesson._forgotten_canary(lesson._arrays(spoiled))


def test_a_folder_of_documents_of_any_format(model: Model, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    for number, (_, text) in enumerate(_seeds()):
        page = f"<html><body><article><p>{text}</p></article></body></html>"
        name, content = (f"{number}.html", page) if number % 9 == 0 else (f"{number}.txt", text)
        (folder / name).write_text(content, encoding="utf-8" if number % 2 else "utf-16")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    (folder / "hollow.txt").write_text("", encoding="utf-8")
    (folder / "again.txt").write_text(_seeds()[1][1], encoding="utf-8")
    result = adapt(folder, tmp_path / "out", model=model)
    assert result.documents == len(_seeds()) + 3
    assert result.left_out == {"unreadable: BROKEN_FILE": 1, "unreadable: EMPTY": 1, "duplicate": 1}


def test_memory_is_bounded_by_the_sample(archive: Path, model: Model, tmp_path: Path) -> None:
    settings = Adaptation(sample=210, least_per_label=10)
    adapt(archive, tmp_path / "out", model=model, settings=settings)
    (record,) = Model.load(tmp_path / "out").metadata["provenance"]["adapted"]
    assert record["documents"] == len(_seeds())
    assert record["judged"] <= 210


def test_the_command(archive: Path, model_path: Path, tmp_path: Path) -> None:
    app = typer.Typer()
    command.register(app)
    arguments = ["adapt", str(archive), "--out", str(tmp_path / "out"), "--model", str(model_path)]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert "documents in the archive" in result.stdout
    assert "wrote" in result.stderr
    with pytest.raises(ClassifierError, match="--force"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)

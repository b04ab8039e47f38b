"""How well pages are cut by topic: Pk, WindowDiff and label per paragraph, on mixes of labelled documents.

    python benchmarks/passages.py ../shared

Half of the labelled documents of SANAD AlKhaleej and AntCorpus train a model, a quarter is for tuning (`--part tune`:
what the constants of `classifier.passages` were chosen on), a quarter makes the mixes reported on; wire stories told
twice stay on one side. A page is two articles on different topics, or two to ten articles whose neighbours may share a
topic; the reference has a boundary where the topic changes. Pk (Beeferman, Berger and Lafferty, 1999) and WindowDiff
(Pevzner and Hearst, 2002) are counted in words, with a window of half the mean length of a segment; lower is better.
With `--model` that model is measured on mixes of SaudiNewsNet, which no shipped model has learned from.
"""

from __future__ import annotations

import argparse
import csv
import json
import lzma
import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifier import Model
from classifier.analysis import AnalysisSettings
from classifier.arabic import letter_table
from classifier.corpus import Corpus, Example, text_of
from classifier.engine import Reader
from classifier.training import train
from classifier.training.folds import story_groups

Labels = list[int]
Cut = Callable[["Page"], Labels]
ARTICLE_WORDS = range(40, 401)
PARAGRAPH_WORDS = 25
BLOCKS, CUTOFFS = (30, 60, 100), (-0.5, 0.5, 1.0)  # words and deviations from the mean that TextTiling may choose from
STOPWORDS = 300  # the most frequent terms, which Hearst's stop list would hold


@dataclass(frozen=True)
class Page:
    """Paragraphs of several articles one after the other, the label number of each, and its words."""

    paragraphs: list[str]
    labels: Labels
    words: list[int]

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.paragraphs)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("shared", type=Path, help="the folder that holds corpora/ and labels/")
    asked.add_argument("--pages", type=int, default=1000, help="pages of each kind")
    asked.add_argument("--part", choices=("tune", "report"), default="report")
    asked.add_argument("--model", help="measure this model on mixes of SaudiNewsNet")
    given = asked.parse_args()
    if given.model:
        model = Model.load(given.model)
        mixed = list(read_examples(given.shared, ("saudinewsnet-dev",), "saudinewsnet-dev"))
    else:
        parts = split(list(read_examples(given.shared, ("antcorpus", "sanad-khaleej"), "open-corpora")))
        model, mixed = learn(parts["train"]), parts[given.part]
    print(f"{model.name}: {len(mixed)} documents, {given.pages} pages of each kind\n")
    for kind, articles in (("two topics", range(2, 3)), ("2 to 10 articles", range(2, 11))):
        report(kind, make_pages(mixed, model.labels, articles, given.pages), model)


def report(kind: str, pages: Sequence[Page], model: Model) -> None:
    """Print one line per way of cutting."""
    print(f"| {kind} | Pk | WindowDiff | paragraphs labelled right |\n|---|---|---|---|")
    tilings = [tiling(model, block, cutoff) for block in BLOCKS for cutoff in CUTOFFS]
    tiled = min(tilings, key=lambda cut: figures(pages[::5], cut, False)[0])
    ways: dict[str, tuple[Cut, bool]] = {
        "this tool": (lambda page: cut_by_model(model, page), True),
        "label of each paragraph by itself": (lambda page: best_labels(model, page), True),
        "TextTiling (its best settings here)": (tiled, False),
        "even segments, their number known": (even, False),
        "no boundary": (lambda page: best_label_of_all(model, page), True),
    }
    for name, (cut, labels) in ways.items():
        pk, difference, right = figures(pages, cut, labels)
        shown = f"{right:.1f}" if labels else "–"
        print(f"| {name} | {pk:.1f} | {difference:.1f} | {shown} |", flush=True)
    print()


def figures(pages: Sequence[Page], cut: Cut, labels: bool) -> tuple[float, float, float]:
    """Mean Pk, WindowDiff and share of right labels, in per cent."""
    rows = []
    for page in pages:
        found = cut(page)
        right = np.mean(np.array(found) == page.labels) if labels else 0.0
        rows.append((*pk_and_difference(page.labels, found, page.words), right))
    pk, difference, right = 100 * np.mean(rows, axis=0)
    return float(pk), float(difference), float(right)


def pk_and_difference(truth: Labels, found: Labels, words: Sequence[int]) -> tuple[float, float]:
    """Pk and WindowDiff of one page whose paragraphs have these label (or segment) numbers and numbers of words."""
    real, given = segments(np.repeat(truth, words)), segments(np.repeat(found, words))
    window = min(max(1, round(len(real) / (int(real[-1]) + 1) / 2)), len(real) - 1)
    crossed, crossings = real[window:] - real[:-window], given[window:] - given[:-window]
    return float(np.mean((crossed == 0) != (crossings == 0))), float(np.mean(crossed != crossings))


def segments(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The number of each word's segment, from the labels of the words."""
    return np.concatenate(([0], np.cumsum(labels[1:] != labels[:-1])))


def cut_by_model(model: Model, page: Page) -> Labels:
    """The label of the passage in which most of each paragraph lies."""
    passages, found, place = model.passages(page.text), [], 0
    for paragraph in page.paragraphs:
        middle = place + len(paragraph) // 2
        at = next((passage for passage in passages if passage.end > middle), passages[-1] if passages else None)
        found.append(model.labels.index(at.label) if at else -1)
        place += len(paragraph) + 1
    return found


def best_labels(model: Model, page: Page) -> Labels:
    return [int(number) for number in model.predict_proba(page.paragraphs).argmax(axis=1)]


def best_label_of_all(model: Model, page: Page) -> Labels:
    return [int(model.predict_proba([page.text]).argmax())] * len(page.labels)


def even(page: Page) -> Labels:
    """As many segments as there are, each of the same number of words, cut between paragraphs."""
    parts = int(segments(np.array(page.labels))[-1]) + 1
    middles = np.cumsum(page.words) - np.array(page.words) / 2
    return [int(middle * parts // sum(page.words)) for middle in middles]


def tiling(model: Model, block: int, cutoff: float) -> Cut:
    """TextTiling (Hearst, 1997) between paragraphs, on this tool's terms, since NLTK's deletes all Arabic letters."""
    common = set(model.terms[:STOPWORDS])

    def cut(page: Page) -> Labels:
        found = [[term.text for term in model._engine.terms(paragraph)] for paragraph in page.paragraphs]
        terms = [term for paragraph in found for term in paragraph]
        gaps = np.cumsum([len(paragraph) for paragraph in found])[:-1]
        depths = depth_scores(
            [similarity(terms[max(0, gap - block) : gap], terms[gap : gap + block], common) for gap in gaps]
        )
        least = float(np.mean(depths) + cutoff * np.std(depths)) if depths else 0.0
        return [0, *np.cumsum([depth > max(0.0, least) for depth in depths]).tolist()]

    return cut


def similarity(before: Sequence[str], after: Sequence[str], common: set[str]) -> float:
    """The cosine of the words on either side of a gap."""
    left, right = (Counter(term for term in side if term not in common) for side in (before, after))
    norm = np.sqrt(sum(count**2 for count in left.values()) * sum(count**2 for count in right.values()))
    return float(sum(count * right[term] for term, count in left.items()) / norm) if norm else 0.0


def depth_scores(similar: Sequence[float]) -> list[float]:
    """How deep each local minimum lies below the peaks on either side; 0 for what is no minimum."""
    depths = []
    for gap, here in enumerate(similar):
        left, right = climb(similar, gap, -1), climb(similar, gap, 1)
        is_minimum = all(similar[near] >= here for near in (gap - 1, gap + 1) if 0 <= near < len(similar))
        depths.append(left + right - 2 * here if is_minimum else 0.0)
    return depths


def climb(similar: Sequence[float], gap: int, step: int) -> float:
    """The first peak from a gap in one direction."""
    while 0 <= gap + step < len(similar) and similar[gap + step] >= similar[gap]:
        gap += step
    return similar[gap]


def make_pages(examples: Sequence[Example], labels: Sequence[str], articles: range, count: int) -> list[Page]:
    """Pages of articles that any careful archivist would label alike, always the same ones."""
    draw = random.Random(7)
    of_label: dict[int, list[list[str]]] = {number: [] for number in range(len(labels))}
    for example in examples:
        if example.confident and len(example.text.split()) in ARTICLE_WORDS:
            of_label[labels.index(example.label)].append(as_paragraphs(example.text))
    pages = []
    for _ in range(count):
        many = draw.choice(articles)
        topics = (
            draw.sample(sorted(of_label), 2)
            if many == 2 and len(articles) == 1
            else draw.choices(sorted(of_label), k=many)
        )
        chosen = [(topic, draw.choice(of_label[topic])) for topic in topics]
        paragraphs = [paragraph for _, article in chosen for paragraph in article]
        truth = [topic for topic, article in chosen for _ in article]
        pages.append(Page(paragraphs, truth, [max(1, len(paragraph.split())) for paragraph in paragraphs]))
    return pages


def as_paragraphs(text: str) -> list[str]:
    """The paragraphs of a text; SANAD lost its line ends, so that sentences are gathered to PARAGRAPH_WORDS there."""
    found: list[str] = []
    for line in filter(str.strip, text.split("\n")):
        gathered = ""
        for sentence in filter(str.strip, re.split(r"(?<=\s)\.|(?<=[^\d\W])\.(?=\s)", line)):
            gathered = f"{gathered} {sentence.strip()}.".strip()
            if len(gathered.split()) >= PARAGRAPH_WORDS:
                found.append(gathered)
                gathered = ""
        found += [gathered] if gathered else []
    return found


def read_examples(shared: Path, corpora: Sequence[str], labels: str) -> Iterator[Example]:
    """The labelled documents of some corpora."""
    with (shared / "labels" / f"{labels}.csv").open(encoding="utf-8") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    for corpus in corpora:
        with lzma.open(shared / "corpora" / f"{corpus}.jsonl.xz", "rt", encoding="utf-8") as lines:
            for document in map(json.loads, lines):
                row = rows.get(document["id"])
                if row:
                    sure = row["confidence"] == "high"
                    yield Example(text_of(document), row["label"], document["id"], row["second_label"], sure)


def split(examples: list[Example]) -> dict[str, list[Example]]:
    """Half to train, a quarter to tune, a quarter to report on; one story stays on one side."""
    examples.sort(key=lambda example: example.name)
    groups = story_groups([example.text for example in examples], Reader(AnalysisSettings(), letter_table()))
    drawn = np.random.default_rng(1).random(int(groups.max()) + 1)[groups]
    parts = {"train": drawn < 0.5, "tune": (drawn >= 0.5) & (drawn < 0.75), "report": drawn >= 0.75}
    return {name: [examples[number] for number in np.flatnonzero(chosen)] for name, chosen in parts.items()}


def learn(examples: Sequence[Example]) -> Model:
    """A model of the training half."""
    with tempfile.TemporaryDirectory() as folder:
        return Model.load(train(Corpus.from_examples(examples), Path(folder) / "half").path)


if __name__ == "__main__":
    main()

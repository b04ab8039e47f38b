"""Rebuilds the shipped model, bit for bit, from the seeds and the labelled open corpora.

    python models/arabic-news/recipe.py CORPORA

CORPORA holds sanad-khaleej.jsonl.xz (SANAD, AlKhaleej part, CC BY 4.0, Mendeley Data 57zpx667y9) and
antcorpus.jsonl.xz (antcorpus.data, Apache-2.0), one JSON object a line with `id`, `text` and, in AntCorpus, `title` and
`date`. Their texts are not in this repository; `labels.csv` beside this file names, by id, the documents that were
read and labelled, and how they were drawn: at `random`, because a model was `uncertain` of them, or because it found
them `clear` and of a rarer label. Of rounds 1 to 5, which were a mixture, it is not known.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from classifier import Model, inspection
from classifier.corpus import Corpus, Example, example_of, load_corpus, text_of
from classifier.rows import read_rows
from classifier.training import Settings, train

HERE = Path(__file__).resolve().parent
SEEDS = HERE.parent.parent / "seeds"
SOURCES = ("sanad-khaleej", "antcorpus")
# A tutor is of use on the archive that it is asked about. This model is for others, and there it does harm.
SETTINGS = Settings(tutor_share=0.0)
# Hands of the seeds that wrote by form, and those of what nothing else here teaches: speech; crime, fiction, metaphors;
# opinion, analysis, reportage, officials. The others wrote by region, or in verse.
FORMS = ("air", "court", "field", "lab")
RARE = ("souq", "shurta", "shasha", "rayi", "maqal", "fikr", "tahlil", "hikaya", "diwan")


def labelled(corpora: Path) -> Iterator[Example]:
    """The labelled documents of the open corpora."""
    with (HERE / "labels.csv").open(encoding="utf-8", newline="") as lines:
        labels = {row["id"]: row for row in csv.DictReader(lines)}
    for source in SOURCES:
        for row in read_rows(corpora / f"{source}.jsonl.xz"):
            label = labels.pop(row["id"], None)
            if label:
                yield example_of({**row, **label, "source": source}, label["label"], row["id"])
    if labels:
        sys.exit(f"{len(labels)} labelled documents are not in {corpora}, the first of them {next(iter(labels))}")


def seeds() -> Iterator[Example]:
    """The repository's own documents, as two sources: what either does not know of the other is measured.

    What is rare is of neither: judged by a model without any of it, it would make all probabilities timid.
    """
    for example in load_corpus(SEEDS).examples:
        hand = Path(example.name).name.partition("-")[0]
        source = "" if hand in RARE else "seeds-forms" if hand in FORMS else "seeds-regions"
        yield Example(example.text, example.label, f"seeds/{example.name}", source=source)


def write_unlabelled(corpora: Path, out: Path, sources: Iterable[str] = SOURCES) -> None:
    """All texts of the open corpora in one file of rows."""
    with out.open("w", encoding="utf-8") as lines:
        for source in sources:
            for row in read_rows(corpora / f"{source}.jsonl.xz"):
                lines.write(json.dumps({"text": text_of(row)}, ensure_ascii=False) + "\n")


def write_card(model: Model, folder: Path, measured: str = "") -> None:
    """Write the model's card, and behind it what was measured elsewhere (`benchmarks/accuracy.py` does that)."""
    (folder / "README.md").write_text(inspection.card(model) + measured, encoding="utf-8")


def main() -> None:
    """Train, and write the model and its card."""
    parser = argparse.ArgumentParser(description="Rebuild the shipped model.")
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--out", type=Path, default=HERE / "model.safetensors")
    arguments = parser.parse_args()
    corpus = Corpus.from_examples([*labelled(arguments.corpora), *seeds()])
    with tempfile.TemporaryDirectory() as folder:
        unlabelled = Path(folder, "unlabelled.jsonl")
        write_unlabelled(arguments.corpora, unlabelled)
        train(
            corpus,
            arguments.out,
            unlabelled=unlabelled,
            settings=SETTINGS,
            name="arabic-news",
            progress=lambda line: print(line, flush=True),
        )
    model = Model.load(arguments.out)
    write_card(model, arguments.out.parent)
    print(f"{model.id}: {arguments.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()

"""What each part of the shipped model's recipe is worth, by leaving it out: every source held out in turn.

    python benchmarks/ablation.py ../shared

Prints accuracy and macro-F1 on the certain documents of the held-out sources, and the calibrated loss that the recipe
is chosen by. The measuring set plays no part. What was tried by hand before, and dropped, is in results/ablation.md.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

from accuracy import recipe
from threadpoolctl import threadpool_limits

from classifier.analysis import AnalysisSettings
from classifier.corpus import Corpus
from classifier.engine import Weighting
from classifier.training import Settings
from classifier.training.choosing import choose
from classifier.training.lesson import Lesson

BASE = Settings(strengths=(3.0,))
VARIANTS = {
    "the recipe": BASE,
    "no stemming": replace(BASE, analysis=AnalysisSettings(stem=False), family_share=0.0),
    "lead not counted twice": replace(BASE, weighting=Weighting(lead=0)),
    "no tutor": replace(BASE, tutor_share=0.0),
    "no document vectors": replace(BASE, document_share=1e-9),
    "no context vectors": replace(BASE, context_share=1e-9),
    "neither": replace(BASE, document_share=1e-9, context_share=1e-9, strengths=(10.0,)),
    "twice the neighbourhoods": replace(BASE, document_share=8.0, context_share=4.0),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shared", type=Path)
    shared = parser.parse_args().shared
    made = recipe()
    labelled = [*made.labelled(shared / "corpora"), *made.seeds()]
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        unlabelled = Path(folder, "unlabelled.jsonl")
        made.write_unlabelled(shared / "corpora", unlabelled)
        corpora = {
            "the recipe without seeds": [example for example in labelled if not example.source.startswith("seeds")]
        }
        print("| variant | accuracy | macro-F1 | loss |\n|---|---|---|---|")
        for name, settings in {**VARIANTS, "the recipe without seeds": BASE}.items():
            corpus = Corpus.from_examples(corpora.get(name, labelled))
            choice = choose(Lesson.of(corpus, unlabelled, settings), settings)
            report = choice.report(corpus)
            print(f"| {name} | {report.accuracy:.4f} | {report.macro_f1:.4f} | {choice.loss:.4f} |", flush=True)


if __name__ == "__main__":
    main()

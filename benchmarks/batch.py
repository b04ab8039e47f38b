"""Batch labelling measured: agreement on a mixed archive, killed and resumed, speed beside scikit-learn, resuming.

    python benchmarks/batch.py [--files 20000] [--plain 30000] [--shared ../shared] [--model arabic-news]

The mixed archive holds every format and encoding, 2 % of it damaged (`mixed_archive.py`); its texts are those of SANAD
AlKhaleej where `--shared` has them, else the repository's seeds. Agreement is the label of the file against the label
of the clean text. The plain loop reads a file, then asks an ordinary scikit-learn pipeline (normaliser by `re` and
`str.replace`, `TfidfVectorizer`, `LogisticRegression`, fitted on the seeds), one file after the other, as people write
it; it is timed on 2,000 files and scaled. Whole commands are timed, start of the program included.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from mixed_archive import ROOT, Made, write_mixed

from classifier import Model
from classifier.corpus import load_corpus

LOOPED = 2_000
KILLS = 10
AGAIN = 5
MARKS = re.compile("[\u064b-\u0652\u0640]")


# A process starts with the peak memory of the one it was forked from, so a small one does the starting.
LAUNCHER = """
import json, os, sys, time
started = time.perf_counter()
_, status, usage = os.wait4(os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:]), 0)
seconds = time.perf_counter() - started
print(json.dumps([os.waitstatus_to_exitcode(status), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]))
"""


class Ran(NamedTuple):
    """A finished command: wall and processor seconds (its children's too) and its own peak memory in megabytes."""

    code: int
    seconds: float
    processor: float
    memory: float


def main() -> None:
    options = _parser().parse_args()
    texts = list(islice(_texts(options.shared), 3_000))
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        place = Path(name)
        bench = Bench(place, options.model)
        if options.files:
            mixed(bench, texts, options.files)
            killed(bench)
        if options.plain:
            plain(bench, texts, options.plain)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20_000, help="files of the mixed archive; 0 leaves it out")
    parser.add_argument("--plain", type=int, default=30_000, help="plain files of 3 KB; 0 leaves them out")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--model", default="arabic-news")
    parser.add_argument("--folder", type=Path, help="where to make the archives")
    return parser


class Bench:
    """Runs the command on folders of one place."""

    def __init__(self, place: Path, model: str) -> None:
        self.place, self.model = place, model
        # As installed: with compiled modules, which the first of the runs writes and nobody else sees.
        self.environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(place / "compiled")}
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def command(self, folder: str, out: str, *options: str) -> list[str]:
        """The words of a command."""
        target = [str(self.place / folder), "--out", str(self.place / out), "--model", self.model]
        return [sys.executable, "-c", "from classifier.cli import main; main()", "label", *target, *options]

    def start(self, folder: str, out: str, *options: str) -> subprocess.Popen[bytes]:
        """Start it."""
        command = self.command(folder, out, *options)
        return subprocess.Popen(command, cwd=ROOT, env=self.environment, stderr=subprocess.DEVNULL)

    def run(self, folder: str, out: str, *options: str) -> Ran:
        """Run it to its end."""
        launched = [sys.executable, "-S", "-c", LAUNCHER, *self.command(folder, out, *options)]
        ended = subprocess.run(launched, cwd=ROOT, env=self.environment, capture_output=True, check=True)
        return Ran(*json.loads(ended.stdout))


def _texts(shared: Path) -> Iterator[str]:
    """Texts of an open corpus where it is at hand, else of the seeds, two of one label together."""
    corpus = shared / "corpora" / "sanad-khaleej.jsonl.xz"
    if corpus.exists():
        with lzma.open(corpus, "rt", encoding="utf-8") as lines:
            for line in islice(lines, 0, None, 15):
                text = json.loads(line)["text"]
                if len(text) > 500:
                    yield text
        return
    examples = load_corpus(ROOT / "seeds").examples
    for step in range(1, len(examples)):
        for first, second in zip(examples, examples[step:] + examples[:step], strict=True):
            if first.label == second.label:
                yield f"{first.text}\n\n{second.text}"


def say(what: str, value: str, wanted: str = "") -> None:
    print(f"{what:<58} {value:>24}  {wanted}", flush=True)


def mixed(bench: Bench, texts: Sequence[str], files: int) -> None:
    """Label a mixed archive and compare every answer."""
    made = write_mixed(bench.place / "mixed", texts, files)
    ran = bench.run("mixed", "mixed.jsonl")
    lines = [json.loads(line) for line in (bench.place / "mixed.jsonl").read_bytes().splitlines()]
    found = {line.get("archive", line["path"]): line for line in lines}
    say(f"mixed archive: files answered of {len(made):,}", f"{len(found.keys() & made.keys()):,}", "all")
    say("  seconds, files a second", f"{ran.seconds:.1f} s, {len(made) / ran.seconds:,.0f}/s")
    model = Model.load(bench.model)
    _agreement(model, made, found)
    bad = {path: what for path, what in made.items() if what.reasons}
    right = sum(str(found[path]["reason"]) in what.reasons for path, what in bad.items())
    say(f"  damaged files ({len(bad):,}) with the right reason", f"{right / len(bad):.2%}", "100 %")
    wrong = Counter(
        (what.name, str(found[p]["reason"])) for p, what in bad.items() if found[p]["reason"] not in what.reasons
    )
    for (name, reason), count in wrong.most_common(10):
        say(f"    {name} ({count})", reason)


def _agreement(model: Model, made: dict[str, Made], found: dict[str, dict[str, Any]]) -> None:
    sound = {path: what for path, what in made.items() if not what.reasons}
    truth = {text: model.predict(text).label for text in {what.text for what in sound.values()}}
    agrees = {path: found[path]["label"] == truth[what.text] for path, what in sound.items()}
    say(
        f"  label as of the clean text ({len(sound):,} undamaged)",
        f"{sum(agrees.values()) / len(sound):.2%}",
        ">= 99 %",
    )
    formats = Counter(what.name.split(" ", 1)[1] for what in sound.values())
    for name, count in sorted(formats.items()):
        same = sum(agrees[path] for path, what in sound.items() if what.name.split(" ", 1)[1] == name)
        if same < count:
            say(f"    {name}", f"{same / count:.2%} of {count:,}")


def killed(bench: Bench) -> None:
    """Kill the run ten times at random moments; the results must be those of the undisturbed one."""
    whole = (bench.place / "mixed.jsonl").read_bytes()
    out = bench.place / "killed.jsonl"
    choice, kills = random.Random(0), 0
    while kills < KILLS:
        goal = (out.stat().st_size if out.exists() else 0) + choice.randrange(1, len(whole) // (KILLS + 1))
        process = bench.start("mixed", "killed.jsonl")
        while process.poll() is None and (not out.exists() or out.stat().st_size < goal):
            time.sleep(0.005)
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
    bench.run("mixed", "killed.jsonl")
    say(f"killed {kills} times at random: results identical", str(out.read_bytes() == whole), "True")
    shutil.rmtree(bench.place / "mixed")


def plain(bench: Bench, texts: Sequence[str], files: int) -> None:
    """Time plain files against scikit-learn, then the same command again."""
    for folder, count in (("small", files // 10), ("plain", files)):
        for number in range(count):
            path = bench.place / folder / f"{number % 30:02}" / f"{number:06}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_three_kilobytes(texts, number))
    small = bench.run("small", "small.jsonl", "--jobs", "1")
    alone = bench.run("plain", "alone.jsonl", "--jobs", "1")
    again = sorted(bench.run("plain", "alone.jsonl", "--jobs", "1") for _ in range(AGAIN))[AGAIN // 2]
    every = bench.run("plain", "every.jsonl")
    each = looped(bench, files)
    say(f"plain loop over scikit-learn, {files:,} files of 3 KB", f"{each * files:.1f} s")
    say("classifier label --jobs 1", f"{alone.seconds:.1f} s = {each * files / alone.seconds:.1f} x faster", ">= 5 x")
    say("classifier label, all cores", f"{every.seconds:.1f} s = {each * files / every.seconds:.1f} x faster", ">= 5 x")
    say("  results the same bytes", str(_same(bench, "alone.jsonl", "every.jsonl")), "True")
    say(
        "the same command again, of the first run's time",
        f"{again.seconds:.2f} s = {again.seconds / alone.seconds:.1%}",
        "<= 5 %",
    )
    say("  processor time", f"{again.processor:.2f} s = {again.processor / alone.processor:.1%}")
    start = bench.run("none", "none.jsonl").processor
    say("  without the program's start", f"{(again.processor - start) / (alone.processor - start):.1%}")
    say(
        f"peak memory at {files // 10:,} and {files:,} files",
        f"{small.memory:.0f} MB, {alone.memory:.0f} MB",
        "the same",
    )


def _three_kilobytes(texts: Sequence[str], number: int) -> bytes:
    text = texts[number % len(texts)]
    while len(text.encode()) < 3_000:
        text += "\n\n" + text
    return f"{number}\n{text}".encode()[:3_000].decode("utf-8", "ignore").encode()


def _same(bench: Bench, first: str, second: str) -> bool:
    return (bench.place / first).read_bytes() == (bench.place / second).read_bytes()


def looped(bench: Bench, files: int) -> float:
    """Seconds a file of the plain loop."""
    pipeline = _pipeline()
    paths = sorted((bench.place / "plain").rglob("*.txt"))[: min(files, LOOPED)]
    started = time.perf_counter()
    for path in paths:
        pipeline.predict_proba([path.read_text(encoding="utf-8")])
    return (time.perf_counter() - started) / len(paths)


def _pipeline() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    normalise: Callable[[str], str] = _normalise
    corpus = load_corpus(ROOT / "seeds")
    pipeline = make_pipeline(TfidfVectorizer(preprocessor=normalise, sublinear_tf=True), LogisticRegression(C=10))
    return pipeline.fit(corpus.texts, [example.label for example in corpus.examples])


def _normalise(text: str) -> str:
    text = MARKS.sub("", text)
    for variant, letter in (("أ", "ا"), ("إ", "ا"), ("آ", "ا"), ("ى", "ي"), ("ة", "ه")):
        text = text.replace(variant, letter)
    return text


if __name__ == "__main__":
    main()

"""Folders to label in tests: many short documents of the repository's own seeds, and the runs over them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from classifier.labelling import Summary, label_folder

ROOT = Path(__file__).resolve().parent.parent
SENTENCES = {
    "economy/fintech": "رفع البنك المركزي سعر الفائدة وتراجعت أسهم الشركات في سوق المال مع انخفاض أسعار النفط",
    "security/counter-terrorism": "قتل جنود في هجوم انتحاري شنه تنظيم إرهابي على نقطة تفتيش واعتقلت قوات الأمن خلية",
    "other": "فاز المنتخب في المباراة النهائية بهدفين وحضر الجمهور حفل الافتتاح في ملعب المدينة",
}


def write_archive(folder: Path, files: int = 300) -> Path:
    """A folder of `files` short documents in ten sub-folders."""
    texts = list(SENTENCES.values())
    for number in range(files):
        path = folder / f"مجلد {number % 10}" / f"وثيقة {number:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{texts[number % 3]} رقم {number}\n\n{texts[number % 3]}", encoding="utf-8")
    return folder


def lines_of(results: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in results.read_bytes().splitlines()]


def by_path(results: Path) -> dict[str, dict[str, Any]]:
    return {line["path"]: line for line in lines_of(results)}


class Runs:
    """Labels one folder with one model, in this process or another."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder, self.model = folder, model

    def label(self, out: Path, **settings: Any) -> Summary:
        return label_folder(self.folder, out, **{"model": self.model, "jobs": 1, **settings})

    def undisturbed(self, out: Path, **settings: Any) -> bytes:
        """The bytes of one run from nothing."""
        self.label(out, **settings)
        return out.read_bytes()

    def command(self, out: Path, *options: str) -> list[str]:
        base = [sys.executable, "-m", "classifier", "label", str(self.folder), "--out", str(out)]
        return [*base, "--model", str(self.model), *options]

    def start(self, out: Path, *options: str) -> subprocess.Popen[str]:
        """The command, in a process group of its own as a shell would start it."""
        return subprocess.Popen(
            self.command(out, *options), cwd=ROOT, stderr=subprocess.PIPE, encoding="utf-8", start_new_session=True
        )

    def run(self, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(out, *options), cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60, check=False
        )


def wait_until(process: subprocess.Popen[str], ready: Callable[[], bool]) -> bool:
    """Wait for a moment in a process' life; False when it ends before."""
    while not ready():
        try:
            process.wait(0.002)
        except subprocess.TimeoutExpired:
            continue
        return False
    return True


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def touch(path: Path) -> None:
    """Give a file another time, in whole seconds so that every file system keeps it."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns - 5_000_000_000))

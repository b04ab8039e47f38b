"""The results of `speed` as text tables and as one plot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

OURS, RIVAL, INK = "#1b7f79", "#b9b4a8", "#33312c"
ROUNDED = {"svg.hashsalt": "speed", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}


def table(results: Mapping[str, Any]) -> str:
    """All figures, one line each, with the ratios that matter."""
    return "\n".join(_lines(results))


def _lines(results: Mapping[str, Any]) -> Iterator[str]:
    about, labelling = results["about"], results["labelling"]
    yield f"{about['machine']}; {about['date']}; {about['corpus']}; medians of {about['rounds']} rounds"
    yield f"model {about['model']['id']}: {about['model']['terms']:,} terms"
    yield f"\n{'labelling, MB/s':34} {'one core':>9} {'all cores':>9} {'ours is':>9}"
    ours = next(iter(labelling.values()))["one core"]
    for name, speeds in labelling.items():
        yield f"{name:34} {speeds['one core']:9.1f} {speeds['all cores']:9.1f} {ours / speeds['one core']:8.2f}x"
    yield "\nMB/s by document length: " + ", ".join(f"{int(k):,} B {v:.0f}" for k, v in results["length"].items())
    yield "by vocabulary: " + ", ".join(
        f"{int(size):,} terms {part['mb_s']:.0f} MB/s, loads in {part['load_ms']:.1f} ms"
        for size, part in results["vocabulary"].items()
    )
    yield f"the model loads in {results['loading']['ms']:.1f} ms"
    bare = results["starting"]["python -c pass"]
    yield f"\n{'start to label, ms':50}"
    yield from (f"{name:50} {taken:8.0f} {taken / bare:6.1f}x" for name, taken in results["starting"].items())
    yield f"\n{'peak memory of a process, MB':50}"
    yield from (f"{name:50} {peak:8.0f}" for name, peak in results["memory"].items())
    yield f"\n{'training':50} {'seconds':>8} {'peak MB':>8}"
    for name, part in results["training"].items():
        yield f"{name:50} {part['seconds']:8.1f} {part['peak_mb']:8.0f}"


def draw(results: Mapping[str, Any], path: Path) -> None:
    """Write the plot: speeds side by side, and by length and vocabulary."""
    mpl.use("svg")
    from matplotlib import pyplot as plt

    about = results["about"]
    with mpl.rc_context(ROUNDED):
        figure, (left, middle, right) = plt.subplots(
            1, 3, figsize=(13, 4.2), width_ratios=(1.6, 1, 1), layout="constrained"
        )
        _bars(left, {name: speeds["one core"] for name, speeds in results["labelling"].items()})
        _curve(middle, results["length"], "bytes of a document")
        _curve(right, {size: part["mb_s"] for size, part in results["vocabulary"].items()}, "terms of the model")
        figure.suptitle(f"Labelling on one core, MB/s. {about['machine']}; {about['date']}", fontsize=9, color=INK)
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)


def _bars(axes: Any, speeds: Mapping[str, float]) -> None:
    ours = list(speeds)[:2]  # from bytes, and from str with decisions
    names = [name for name in speeds if name != "bytes.decode"][::-1]  # four times the rest; it stands in the table
    bars = axes.barh(names, [speeds[name] for name in names], color=[OURS if name in ours else RIVAL for name in names])
    axes.bar_label(bars, fmt="%.0f", padding=3)
    axes.margins(x=0.12)
    axes.tick_params(axis="y", length=0)


def _curve(axes: Any, values: Mapping[str, float], label: str) -> None:
    axes.plot([int(size) for size in values], list(values.values()), color=OURS, marker="o", markersize=4)
    axes.set_xscale("log")
    axes.set_ylim(0, 1.1 * max(values.values()))
    axes.set_xlabel(label)

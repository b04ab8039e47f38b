"""Charts as inline SVG, drawn by hand: they carry no script, scale to the page, and follow its colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from classifier.report.markup import Markup, element
from classifier.report.parts import colour, percent

WIDTH, HEIGHT, EDGE = 420, 300, 40  # of a chart, and the room for its axes
LOW = 200  # the height of a chart of columns
NAMED_COLUMNS = 8


Words = tuple[str, str]
"""Words of the interface, Arabic and English."""


def unit_chart(shapes: Sequence[Markup], axes: tuple[Words, Words], title: Words, top: float = 1.0) -> Markup:
    """A chart of shares: across from 0 to 1, up from 0 to `top`; `axes` are named across first."""
    ticks = [part for step in range(6) for part in _ticks(step / 5, top)]
    frame = element("path", d=f"M{x_of(0)} {y_of(1)}V{y_of(0)}H{x_of(1)}", class_="axis", fill="none")
    across = element("text", *_in_both(axes[0]), x=WIDTH / 2, y=HEIGHT - 4, text_anchor="middle")
    up = element("text", *_in_both(axes[1]), x=4, y=14)
    view = f"0 0 {WIDTH} {HEIGHT}"
    return element("svg", frame, *ticks, across, up, *shapes, viewBox=view, width=WIDTH, **_named(title))


def x_of(share: float) -> float:
    """Where a share lies across."""
    return round(EDGE + share * (WIDTH - EDGE - 16), 1)


def y_of(share: float) -> float:
    """Where a share of the height lies up."""
    return round(HEIGHT - EDGE - share * (HEIGHT - EDGE - 24), 1)


def stacked_columns(
    names: Sequence[str], counts: Sequence[Mapping[str, int]], labels: Sequence[str], title: Words
) -> Markup:
    """One column per name, stacked by label; whatever is under no label of `labels` is grey."""
    most = max((sum(column.values()) for column in counts), default=0) or 1
    wide = (WIDTH - EDGE) / max(1, len(names))
    shapes = [shape for number, column in enumerate(counts) for shape in _column(number, column, labels, (wide, most))]
    every = max(1, -(-len(names) // NAMED_COLUMNS))
    named = [
        element("text", name, x=round(EDGE + wide * (number + 0.5), 1), y=LOW - 4, text_anchor="middle")
        for number, name in enumerate(names)
        if number % every == 0
    ]
    scale = [
        element("text", f"{most:,}", x=EDGE - 4, y=18, text_anchor="end"),
        element("text", "0", x=EDGE - 4, y=LOW - 20, text_anchor="end"),
        element("path", d=f"M{EDGE} 10V{LOW - 20}H{WIDTH}", class_="axis", fill="none"),
    ]
    view = f"0 0 {WIDTH} {LOW}"
    return element("svg", *scale, *named, *shapes, viewBox=view, width=WIDTH, **_named(title))


def _named(title: Words) -> dict[str, str]:
    return {"role": "img", "aria_label": title[0], "data_ar": title[0], "data_en": title[1]}


def _in_both(words: Words) -> tuple[Markup, Markup]:
    return element("tspan", words[0], class_="t", lang="ar"), element("tspan", words[1], class_="t", lang="en")


def _column(number: int, column: Mapping[str, int], labels: Sequence[str], scale: tuple[float, int]) -> list[Markup]:
    wide, most = scale
    shapes, bottom = [], float(LOW - 20)
    for label in sorted(column, key=lambda label: (label not in labels, label)):
        high = column[label] / most * (LOW - 30)
        bottom -= high
        tip = element("title", f"{label or '–'}: {column[label]:,}")
        place = {"x": round(EDGE + wide * number + wide * 0.08, 2), "y": round(bottom, 2)}
        size = {"width": round(wide * 0.84, 2), "height": round(high, 2)}
        shapes.append(element("rect", tip, **place, **size, class_=colour(label, labels), fill="currentColor"))
    return shapes


def _ticks(share: float, top: float) -> tuple[Markup, Markup]:
    digits = 0 if top >= 0.3 else 1
    return (
        element("text", percent(share), x=x_of(share), y=y_of(0) + 16, text_anchor="middle"),
        element("text", percent(share * top, digits), x=x_of(0) - 4, y=y_of(share) + 4, text_anchor="end"),
    )

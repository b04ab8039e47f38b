"""What a model file says about itself: its card, and whether it still answers as it did when it was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from classifier.analysis import is_word
from classifier.errors import ModelFileError
from classifier.model import Model

TOLERANCE = 1e-6
TOP_TERMS = 12


def verify(model: Model) -> int:
    """Check that the model gives its canaries the probabilities it was written with; return how many it has.

    Raises `ModelFileError` naming the first canary that differs, or where there are none as `train` writes them. (The
    digest was checked on loading.)
    """
    canaries = model.metadata.get("canaries") or []
    if not canaries:
        raise ModelFileError(f"{model.id}: holds no canaries to check; train it again")
    with _as_trained(model):
        texts = [canary["text"] for canary in canaries]
        for canary, given in zip(canaries, model.predict_proba(texts).tolist(), strict=True):
            worst = max(abs(a - b) for a, b in zip(given, canary["probabilities"], strict=True))
            if not worst <= TOLERANCE:
                raise ModelFileError(
                    f"{model.id}: answers its canary {canary['text'][:40]!r} with a difference of {worst:.2g}; "
                    "the reading of text has changed since it was trained: train it again or go back a version"
                )
    return len(canaries)


def card(model: Model) -> str:
    """The model card, as Markdown; raises `ModelFileError` where the file holds none of what it tells."""
    with _as_trained(model):
        return "\n".join(_card_lines(model)) + "\n"


def as_dict(model: Model) -> dict[str, Any]:
    """The card's facts as plain values."""
    kept = ("name", "labels", "digest", "analysis", "weighting", "thresholds", "calibration", "report", "provenance")
    return {"id": model.id, "terms": len(model.terms), **{key: model.metadata.get(key) for key in kept}}


@contextmanager
def _as_trained(model: Model) -> Iterator[None]:
    """Say it of the file where its metadata, that nothing needs to predict, is not what `train` writes."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ModelFileError(
            f"{model.id}: its metadata is not what `classifier train` writes ({error!r}); it can predict, but for a "
            "card and canaries train it again"
        ) from None


def _card_lines(model: Model) -> Iterator[str]:
    report, provenance = model.metadata["report"], model.metadata["provenance"]
    yield from (f"# {model.name}", "", f"`{model.id}`: {len(model.terms):,} terms, {len(model.labels)} labels.", "")
    yield from (
        "## Held-out figures",
        "",
        f"Documents held out: {report['held_out']}.{_adaptation(provenance)}",
        "",
    )
    yield from _figures(report)
    yield from ("", "| label | documents | precision | recall | F1 (95 % interval) |", "|---|---|---|---|---|")
    for row in report["per_label"]:
        low, high = row["f1_interval"]
        numbers = f"{row['precision']:.3f} | {row['recall']:.3f} | {row['f1']:.3f} ({low:.3f}-{high:.3f})"
        yield f"| {row['label']} | {row['support']} | {numbers} |"
    yield from ("", "## Strongest terms", "")
    for label, terms in strongest_terms(model).items():
        yield f"- {label}: {'، '.join(terms)}"
    yield from (
        "",
        "## Training",
        "",
        f"- documents: {provenance['documents']}, corpus digest `{provenance['corpus'][:16]}`",
    )
    yield from (
        f"- {key}: {_plain(value)}"
        for key, value in sorted(provenance.items())
        if key not in ("documents", "corpus", "adapted") and value not in ({}, None)
    )
    yield f"- reading: {_plain(model.metadata['analysis'])}; {_plain(model.metadata['weighting'])}"
    yield f"- evidence asked for: {_plain(model.metadata['thresholds'])}"


def _adaptation(provenance: Mapping[str, Any]) -> str:
    """What to know of the figures of a model that has learned from an archive since they were measured."""
    archives = provenance.get("adapted") or []
    documents = sum(int(archive["documents"]) for archive in archives)
    return f" Since then adapted to {documents:,} unlabelled documents: the figures are of before." if archives else ""


def _figures(report: Mapping[str, Any]) -> Iterator[str]:
    low, high = report["accuracy_interval"]
    yield f"- accuracy {report['accuracy']:.3f} ({low:.3f}-{high:.3f}), macro-F1 {report['macro_f1']:.3f}"
    yield f"- calibration error (ECE) {report['ece']:.3f}; area under the risk-coverage curve {report['aurc']:.4f}"
    covered = (f"{share:.0%} at {float(error):.0%} error" for error, share in report["coverage_at_error"].items())
    yield f"- coverage: {', '.join(covered)}"
    kinds = (f"{kind} {share:.3f}" for kind, share in report["leakage"].items())
    yield f"- accuracy by what is held out (one view of the labels): {', '.join(kinds)}"


def strongest_terms(model: Model) -> dict[str, list[str]]:
    """For each label, the words that speak most for it where they occur (weight times idf, common ones first)."""
    tables, terms = model.tables, model.terms
    common = [
        row for row in range(min(len(terms), 20_000)) if is_word(terms[row])
    ]  # rows run by frequency: rare terms are names and misprints
    strongest = {}
    for column, label in enumerate(model.labels):
        ranked = sorted(common, key=lambda row: -tables.weight(row, column) * tables.idf[row])
        strongest[label] = [terms[row] for row in ranked[:TOP_TERMS]]
    return strongest


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(part)}" for key, part in value.items())
    return str(value)

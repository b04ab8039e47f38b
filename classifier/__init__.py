"""Labels Arabic documents as economy/fintech, security/counter-terrorism or other; says how sure that is, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from classifier.errors import ClassifierError
    from classifier.evidence import Explanation
    from classifier.labelling import label_folder
    from classifier.model import Evidence, Model, Passage, Prediction
    from classifier.training import train

__version__ = "0.1.0"
__all__ = [
    "ClassifierError",
    "Evidence",
    "Explanation",
    "Model",
    "Passage",
    "Prediction",
    "__version__",
    "label_folder",
    "train",
]

_HOMES = {
    "ClassifierError": "errors",
    "Evidence": "model",
    "Explanation": "evidence",
    "Model": "model",
    "Passage": "model",
    "Prediction": "model",
    "label_folder": "labelling",
    "train": "training",
}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:  # imported where used: `predict` must not pay for training
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

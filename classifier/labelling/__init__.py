"""Labelling whole folders: any file in, every file answered, nothing lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from classifier.labelling.batch import Progress, label_folder
    from classifier.labelling.changes import Change, preview_changes
    from classifier.labelling.exports import export_csv, export_parquet, export_xlsx
    from classifier.labelling.lines import read_results
    from classifier.labelling.summary import Summary

__all__ = [
    "Change",
    "Progress",
    "Summary",
    "export_csv",
    "export_parquet",
    "export_xlsx",
    "label_folder",
    "preview_changes",
    "read_results",
]

_HOMES = {
    "Change": "changes",
    "Progress": "batch",
    "Summary": "summary",
    "export_csv": "exports",
    "export_parquet": "exports",
    "export_xlsx": "exports",
    "label_folder": "batch",
    "preview_changes": "changes",
    "read_results": "lines",
}


def __getattr__(name: str) -> Any:  # imported where used: a finished folder needs none of what labels or exports
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

"""Labelling whole folders: any file in, every file answered, nothing lost."""

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

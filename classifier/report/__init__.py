"""Pages to look at, each one self-contained HTML file: a document, a labelling run, an evaluation.

Right-to-left, Arabic and English, light and dark, for keyboard and screen reader; nothing is fetched from anywhere.
"""

from __future__ import annotations

from classifier.report.document import write_document_page
from classifier.report.evaluation import write_evaluation_report
from classifier.report.labelling import write_labelling_report

__all__ = ["write_document_page", "write_evaluation_report", "write_labelling_report"]

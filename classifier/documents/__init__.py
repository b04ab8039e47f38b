"""Any file in, text out: what a document says, whatever its format, encoding or damage.

Everything heavy is imported by the reader that needs it, so that a UTF-8 text file costs only the standard library.
Nothing here knows the model; the caller may pass `knows`, which then settles every doubt about encoding and order.
"""

from __future__ import annotations

from classifier.documents.document import Document, Knows, Limits
from classifier.documents.reading import iter_documents, iter_members, read_bytes, read_document

__all__ = ["Document", "Knows", "Limits", "iter_documents", "iter_members", "read_bytes", "read_document"]

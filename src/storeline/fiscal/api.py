"""Everything that other modules may use of fiscal documents."""

from storeline.fiscal.commands import RECEIPTS_IN, issue, issue_documents, issue_missing, record_from_temp
from storeline.fiscal.domain import Document
from storeline.fiscal.queries import Receipt, find_receipt, find_receipts, receipts_of

__all__ = [
    "RECEIPTS_IN",
    "Document",
    "Receipt",
    "find_receipt",
    "find_receipts",
    "issue",
    "issue_documents",
    "issue_missing",
    "receipts_of",
    "record_from_temp",
]

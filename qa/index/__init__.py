"""The index: the documents and all that is kept of them, written by one and read by many."""

from __future__ import annotations

from qa.index.changes import Changes
from qa.index.combined import Combined, Keywords, Searchable, check_alike, reading_together
from qa.index.index import Index, open_index, open_store
from qa.index.kept_lines import AUDIT_FILE, audit_age, audit_files, audit_folder, audit_lines
from qa.index.keywords import FILE, KeywordIndex
from qa.index.layout import (
    Entry,
    Failure,
    Stamp,
    document_id,
    document_of,
    entry_of,
    passage_id,
    rule_id,
    text_version,
)
from qa.index.leading import named
from qa.index.making import Prepared, PreparedPassage
from qa.index.parts import Parts, Stretch, directions, parts_values
from qa.index.reviewed import REVIEW_FILE, At, Found, Reviewed, ReviewedDocument
from qa.index.scope import Scope
from qa.index.snapshot import Snapshot
from qa.index.stores.erasing import vector_files
from qa.index.stores.manifest import Manifest
from qa.index.stores.store import Store
from qa.index.verdicts import CitedRange, Verdict, Verdicts

__all__ = [
    "AUDIT_FILE", "FILE", "REVIEW_FILE", "At", "Changes", "CitedRange", "Combined", "Entry",
    "Failure", "Found", "Index", "KeywordIndex", "Keywords", "Manifest", "Parts", "Prepared",
    "PreparedPassage", "Reviewed", "ReviewedDocument", "Scope", "Searchable", "Snapshot", "Stamp",
    "Store", "Stretch", "Verdict", "Verdicts", "audit_age", "audit_files", "audit_folder",
    "audit_lines", "check_alike", "directions", "document_id", "document_of", "entry_of", "named",
    "open_index", "open_store", "parts_values", "passage_id", "reading_together", "rule_id",
    "text_version", "vector_files",
]  # fmt: skip

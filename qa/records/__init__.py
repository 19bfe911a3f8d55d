"""The data on its way from a folder to a cited answer: frozen, and nothing but data.

`qa.schemas` has their JSON; it is imported when needed, because pydantic takes a while.
"""

from __future__ import annotations

from qa.records.answers import (
    CLOSEST,
    MARKER,
    Answer,
    Attached,
    Citation,
    Draft,
    Hit,
    Outcome,
    Reason,
    Span,
    Statement,
    StatementKind,
    Turn,
    from_scan,
    headings_below,
    in_file,
    located,
    rows_of,
    words_above,
)
from qa.records.documents import (
    Block,
    BlockKind,
    Document,
    Heading,
    HeadingPart,
    Link,
    Metadata,
    Passage,
    Reading,
    Scan,
    Unit,
    UnitKind,
    are_apart,
    are_nested,
    context,
    hard_to_read,
    heading_path,
    headings_above,
    outlined,
    page_at,
    path_above,
    recognised,
)
from qa.records.insights import (
    Day,
    EndedSync,
    Insights,
    OpenQuestion,
    OpenTopic,
    PastSync,
    StageSeconds,
    Used,
)
from qa.records.marks import PageBox, PageMarks
from qa.records.reports import (
    Backup,
    Forgotten,
    PermitReport,
    Permitted,
    Progress,
    Skipped,
    Source,
    Stage,
    Status,
    SyncReport,
    Unread,
)
from qa.records.reviews import FindingKind, Review, ReviewFinding
from qa.records.times import now

__all__ = [
    "CLOSEST", "MARKER", "Answer", "Attached", "Backup", "Block", "BlockKind", "Citation", "Day",
    "Document", "Draft", "EndedSync", "FindingKind", "Forgotten", "Heading", "HeadingPart", "Hit",
    "Insights", "Link", "Metadata", "OpenQuestion", "OpenTopic", "Outcome", "PageBox", "PageMarks",
    "Passage", "PastSync", "PermitReport", "Permitted", "Progress", "Reading", "Reason", "Review",
    "ReviewFinding", "Scan", "Skipped", "Source", "Span", "Stage", "StageSeconds", "Statement",
    "StatementKind", "Status", "SyncReport", "Turn", "Unit", "UnitKind", "Unread", "Used",
    "are_apart", "are_nested", "context", "from_scan", "hard_to_read", "heading_path",
    "headings_above", "headings_below", "in_file", "located", "now", "outlined", "page_at",
    "path_above", "recognised", "rows_of", "words_above",
]  # fmt: skip

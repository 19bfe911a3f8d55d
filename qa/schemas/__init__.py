"""The records as JSON: the one schema that the library, the command line, REST and the page share.

Each model reads the record of the same name (`AnswerJSON` reads an `Answer`) and has the fields
that are shown, in this order.
"""

from qa.schemas.answers import (
    AnswerFields,
    AnswerJSON,
    CitationJSON,
    FoundJSON,
    HitJSON,
    StatementJSON,
)
from qa.schemas.documents import (
    BlockJSON,
    DocumentJSON,
    HeadingJSON,
    LinkJSON,
    PageMarksJSON,
    StretchJSON,
)
from qa.schemas.fields import Offset, Schema, Share, Whole
from qa.schemas.insights import (
    DayJSON,
    InsightsJSON,
    OpenQuestionJSON,
    OpenTopicJSON,
    PastSyncJSON,
    StageSecondsJSON,
    UsedJSON,
)
from qa.schemas.reports import (
    HeldJSON,
    PermittedJSON,
    RenamedJSON,
    ReviewFindingJSON,
    ReviewJSON,
    SkippedJSON,
    SourceJSON,
    SourcesJSON,
    StatusJSON,
    SyncReportJSON,
    UnreadJSON,
)

__all__ = [
    "AnswerFields",
    "AnswerJSON",
    "BlockJSON",
    "CitationJSON",
    "DayJSON",
    "DocumentJSON",
    "FoundJSON",
    "HeadingJSON",
    "HeldJSON",
    "HitJSON",
    "InsightsJSON",
    "LinkJSON",
    "Offset",
    "OpenQuestionJSON",
    "OpenTopicJSON",
    "PageMarksJSON",
    "PastSyncJSON",
    "PermittedJSON",
    "RenamedJSON",
    "ReviewFindingJSON",
    "ReviewJSON",
    "Schema",
    "Share",
    "SkippedJSON",
    "SourceJSON",
    "SourcesJSON",
    "StageSecondsJSON",
    "StatementJSON",
    "StatusJSON",
    "StretchJSON",
    "SyncReportJSON",
    "UnreadJSON",
    "UsedJSON",
    "Whole",
]

"""Answerers that quote while the documents change."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

import qa
from qa.answering import Choice, QuotingAnswerer
from qa.records import Draft, Hit, Span


class Rewriting(QuotingAnswerer):
    """Quotes just before somebody else changes what was quoted."""

    def __init__(self, assistant: qa.Assistant) -> None:
        super().__init__(0)
        self.assistant = assistant

    def stream(
        self,
        question: str,
        hits: Sequence[Hit],
        spans: Sequence[Span],
        choices: Sequence[Choice] = (),
    ) -> Generator[str, None, Draft]:
        draft = yield from super().stream(question, hits, spans, choices)
        self.change(draft.citations[0].source)
        return draft

    def change(self, source: str) -> None:
        document = self.assistant.document(source)
        self.assistant.add([replace(document, text=f"Preface.\n\n{document.text}")])


class Forgetting(Rewriting):
    """Quotes just before somebody else forgets what was quoted."""

    def change(self, source: str) -> None:
        self.assistant.forget(source)

"""Every quote of every answer is in its document, to the letter, whatever that looks like."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

import qa
from qa.answering.quoting import QuotingAnswerer
from qa.loading import read
from qa.records import MARKER
from tests.generated import MARKDOWN
from tests.whole import WHOLE

QUESTIONS = (
    "How do I get a permit?",
    "What are the fees?",
    "Who pays for it?",
    "opening hours",
    "What is the difference between a red card and a blue card?",
    "What does the document say about permits?",
)


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    """An assistant that gives the closest answer, however unlikely."""
    folder = tmp_path_factory.mktemp("exactness")
    with qa.Assistant(index=folder, answerer=QuotingAnswerer(0.0)) as assistant:
        yield assistant


@settings(
    max_examples=150 if WHOLE else 6,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(text=MARKDOWN)
def test_every_citation_is_exact(telling: qa.Assistant, text: str) -> None:
    try:
        document = read(text.encode(), "any.md")
        telling.add([document])
    except qa.LoadError:
        return
    headings = {heading.text for heading in document.headings}
    for question in QUESTIONS:
        stream = telling.stream(question)
        assert "".join(stream) == stream.answer.text
        answer = stream.answer
        numbers = [int(number) for number in MARKER.findall(answer.text)]
        assert numbers == [citation.number for citation in answer.citations]
        for citation in answer.citations:
            assert document.text[citation.start : citation.end] == citation.quote
            assert citation.quote == citation.quote.strip()
        assert answer.found == bool(answer.statements)
        for statement in answer.statements:
            assert statement.citations
            if statement.kind == "sentence":
                assert MARKER.sub("", statement.text) not in headings

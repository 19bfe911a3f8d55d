"""An answer arrives piece by piece, then with its footnotes, and last what to go on with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import qa
from ui.page.app import Page
from ui.page.conversations import Conversation, Exchange
from ui.page.examples import Examples
from ui.page.texts import TEXTS
from ui.uploads import Attachments


@pytest.fixture
def page(assistant: qa.Assistant) -> Iterator[Page]:
    attachments = Attachments(assistant)
    yield Page(assistant, attachments, TEXTS["en"], Examples(assistant))
    attachments.close()


def test_an_answer_does_not_wait_for_the_questions_below_it(page: Page) -> None:
    records: list[Exchange] = []
    for _, record, _, _ in page.answer("How many days of leave do I get?", None, page.opened()):
        assert isinstance(record, str)
        records += Conversation.read(record).exchanges

    whole = [one for one in records if not one.stopped]
    assert whole[0].citations
    assert whole[0].related == ()
    assert whole[-1].model_copy(update={"related": ()}) == whole[0]
    assert all(one.stopped and not one.citations for one in records[: -len(whole)])

from __future__ import annotations

import json

import pytest

import qa
from ui.page.conversations import LONGEST_CONVERSATION, Conversation, Exchange

SUMMIT = "Where might the second summit be held?"


def test_an_answer_is_kept_with_all_that_the_page_shows(assistant: qa.Assistant) -> None:
    answer = assistant.ask(SUMMIT)
    exchange = Exchange.of(answer)
    assert (exchange.question, exchange.text, exchange.short) == (SUMMIT, answer.text, answer.short)
    assert [one.quote for one in exchange.citations] == [one.quote for one in answer.citations]
    assert exchange.passages == []


def test_an_exchange_has_all_that_an_answer_shows(assistant: qa.Assistant) -> None:
    shown = assistant.ask(SUMMIT).to_dict()
    exchange = Exchange.of(assistant.ask(SUMMIT)).model_dump(mode="json")
    assert shown.keys() <= exchange.keys()
    for name in shown.keys() - {"passages", "seconds"}:
        assert exchange[name] == shown[name]


def test_a_refusal_is_kept_with_three_passages(assistant: qa.Assistant) -> None:
    answer = assistant.ask("What is the capital of France?")
    assert [one.quote for one in Exchange.of(answer).passages] == [
        hit.passage.text for hit in answer.hits[:3]
    ]


def test_a_record_comes_back_unchanged(assistant: qa.Assistant) -> None:
    record = Conversation.new().with_(Exchange.of(assistant.ask(SUMMIT)))
    assert Conversation.read(record.model_dump_json()) == record
    assert record.history() == [qa.Turn(SUMMIT, record.exchanges[0].text)]


@pytest.mark.parametrize("sent", [
    "", "null", "[]", "{", '{"id": "../../etc"}', '{"id": 7}', json.dumps({"id": "a" * 33}),
    json.dumps({"id": "a" * 32, "exchanges": [{"question": 1}]}),
    json.dumps({"id": "a" * 32, "exchanges": [{"question": "x"}] * (LONGEST_CONVERSATION + 1)}),
    json.dumps({"id": "a" * 32, "exchanges": [{"question": "x" * 60_000}]}),
])  # fmt: skip
def test_anything_but_a_record_begins_a_new_one(sent: str) -> None:
    record = Conversation.read(sent)
    assert record.exchanges == []
    assert len(record.id) == 32


@pytest.mark.parametrize("half", ["\\ud800", "\ud800"])
def test_half_a_surrogate_pair_begins_a_new_one(half: str) -> None:
    sent = '{"id": "' + "a" * 32 + '", "exchanges": [{"question": "' + half + '"}]}'
    assert Conversation.read(sent).exchanges == []


def test_a_conversation_is_full_before_it_is_too_large_to_be_sent() -> None:
    record = Conversation.new()
    for _ in range(20):
        record = record.with_(Exchange(question="é" * 40_000))
    assert record.full
    assert len(record.exchanges) < LONGEST_CONVERSATION
    assert not record.model_copy(update={"exchanges": record.exchanges[:2]}).full


def test_ids_cannot_be_guessed() -> None:
    assert len({Conversation.new().id for _ in range(100)}) == 100


def test_a_stopped_or_failed_answer_is_not_a_turn() -> None:
    record = Conversation.new().with_(Exchange(question="a", stopped=True))
    record = record.with_(Exchange(question="b", problem="away"))
    assert record.history() == []


def test_a_citation_that_is_still_right_is_not_changed(assistant: qa.Assistant) -> None:
    exchange = Exchange.of(assistant.ask(SUMMIT))
    assert exchange.checked(assistant.document) == exchange


@pytest.mark.parametrize("change", [{"quote": "Paris."}, {"source": "gone.md"}, {"start": 3}])
def test_an_answer_whose_citation_is_no_longer_right_is_withdrawn(
    assistant: qa.Assistant, change: dict[str, object]
) -> None:
    exchange = Exchange.of(assistant.ask(SUMMIT))
    cited = exchange.citations[0].model_copy(update=change)
    taken = exchange.model_copy(update={"citations": [cited]}).checked(assistant.document)
    assert (taken.question, taken.found, taken.text, taken.reason) == (SUMMIT, False, "", "changed")


def test_a_close_passage_that_is_gone_is_left_out(assistant: qa.Assistant) -> None:
    exchange = Exchange.of(assistant.ask("What is the capital of France?"))
    gone = exchange.passages[0].model_copy(update={"source": "gone.md"})
    changed = exchange.model_copy(update={"passages": [gone, *exchange.passages[1:]]})
    assert changed.checked(assistant.document).passages == exchange.passages[1:]

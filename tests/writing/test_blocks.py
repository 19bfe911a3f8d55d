"""The text that a chat model gets: whole parts of documents, with their headings."""

from __future__ import annotations

from qa.answering.citations import cite, hit_of
from qa.checking import Evidence
from qa.records import Hit, Passage
from qa.writing.blocks import blocks
from qa.writing.prompts import messages
from tests.answering.asking import asked

TEXT = """# Travel

## Before you go

Book early.

You need to bring:

- a passport
- a ticket
- the phone number of the desk

## Pay

| City | Limit |
|---|---|
| Oslo | 90 |
| Rome | 70 |

Meals are paid by the day.
"""


def test_parts_are_whole_and_separate_and_below_their_headings() -> None:
    known = asked(TEXT, "What do I need to bring?")
    item = known.first(known.unit("item", "phone number"))
    whole = Hit(known.stretch.passage, 0.5)
    elsewhere = Hit(Passage("o:v:0", "o", "o.md", "O", 0, 5, "Other"), 0.4)
    found = blocks([whole, elsewhere], item)
    assert found[0].passage.text.startswith("You need to bring:")
    assert found[0].passage.text.endswith("the phone number of the desk")
    assert found[0].passage.heading == "Travel > Before you go"
    assert found[-1] is elsewhere
    assert whole not in found
    places: list[tuple[int, int]] = []
    for one in found[:-1]:
        start, end = one.passage.start, one.passage.end
        assert known.document.text[start:end] == one.passage.text
        assert all(end <= first or last <= start for first, last in places)
        places.append((start, end))
    assert blocks([whole, elsewhere], []) == [whole, elsewhere]


def test_the_prompt_shows_them_and_a_claim_is_checked_against_them() -> None:
    known = asked(TEXT, "What is the limit in Oslo?")
    row = known.first(known.unit("row", "Oslo"))
    hits = [Hit(known.stretch.passage, 0.5)]
    found = blocks(hits, row)
    assert found[0].passage.text.split("\n") == ["City | Limit", "Oslo | 90", "Rome | 70"]
    asked_for = str(messages(known.question, found, budget=200)[-1].content)
    assert '<passage number="1" from="Travel > Travel > Pay">\nCity | Limit' in asked_for
    paid = Evidence(known.question, found).support("Meals are paid by the day.", [0])
    assert paid is not None
    (quote,) = paid.spans
    assert quote.text == "Meals are paid by the day."
    # It is found again in the passage that the block was cut from.
    assert hit_of(cite(quote, 1), hits) is hits[0]

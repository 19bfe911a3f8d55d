"""A part that a question names by its number is what begins with it."""

from __future__ import annotations

import pytest

from qa.answering.confidence import confidence
from qa.answering.units.named_parts import named_part, parts_named
from qa.answering.units.selecting import selected
from qa.answering.units.wording import say
from qa.questions import form_of
from tests.answering.asking import asked, check_saying

LEASE = (
    "# Lease\n\n## 2 Duties\n\n2.1 The tenant pays on the first.\n\n2.2 The landlord insures.\n\n"
    "## 3 End\n\nThree months' notice is given.\n\n3 people may live here.\n\n"
    "### 3.1 Winter\n\nNone is given in March.\n\n## 4 Annex\n\n(ii) The yard.\n"
)
HALL = (
    "# Hall\n\n## Opening\n\n1. Raise the flag.\n2. Unlock the gate.\n\n"
    "## Evening\n\nTo close the hall:\n\n1. Lower the flag.\n2. Lock the gate.\n\n"
    "## Lid\n\na. Switch it off\n\nb. Open the lid\n"
)


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("What does clause 2.2 say?", "2.2"),
        ("explain section 4", "4"),
        ("What is § 7?", "7"),
        ("What is item (ii)?", "ii"),
        ("what is step b", "b"),
        ("What is step A?", "a"),
        ("What is the third step?", "3"),
        ("What's the 2nd step of opening?", "2"),
        ("Was steht in Abschnitt 4?", "4"),
        ("What is the next step I have to take?", None),
        ("Who is my first point of contact?", None),
        ("How do I go from step 1 to step 2?", None),
        ("How much is paid for 3 nights?", None),
    ],
)
def test_the_number_that_a_question_names(question: str, number: str | None) -> None:
    part = named_part(question)
    assert (part and part.number) == number


@pytest.mark.parametrize(
    ("text", "question", "said"),
    [
        (LEASE, "What does clause 2.2 say?", "2.2 The landlord insures."),
        (LEASE, "What does section 3.1 say?", "3 End › 3.1 Winter: None is given in March."),
        (LEASE, "What is item (ii)?", "The yard."),
        (LEASE, "What does section 9 say?", None),
        (LEASE, "What does clause 2.2 of the sale say?", None),
        (HALL, "What is step b?", "b. Open the lid"),
        (HALL, "What is the second step of opening?", "Opening: Unlock the gate."),
        (HALL, "What is step 2 to close the hall?", "Lock the gate."),
        (HALL, "What is the first step to adopt a dragon?", None),
    ],
)
def test_what_begins_with_the_number_is_said(text: str, question: str, said: str | None) -> None:
    found = asked(text, question)
    named = parts_named(question, found.choices)
    if said is None:
        assert named == []
        return
    assert confidence(question, named, []) == 0.9
    (choice,) = selected(question, named)
    saying = say(choice, form_of(question), question)
    check_saying(saying, found.document)
    assert saying.text == said


def test_a_section_is_all_that_is_below_its_heading() -> None:
    (choice,) = parts_named("Explain section 3", asked(LEASE, "Explain section 3").choices)
    assert choice.text.startswith("Three months' notice")
    assert choice.text.endswith("None is given in March.")

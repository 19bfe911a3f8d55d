"""Questions with acronyms, and with words that have one, answered from documents that say which."""

from __future__ import annotations

from pathlib import Path

import pytest

import qa
from qa.retrieval import acronym_in

GLOSSARY = """# Words

- DPO: data protection officer
- **BCP** (business continuity plan)
- The FSA stands for the flexible spending account.

The Chief of Staff (CS) chairs the meeting. The IT is old, and the pump (OK) runs.
"""


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("Who is the DPO?", "Who is the data protection officer?"),
        ("who is our Data protection officer", "who is our DPO"),
        ("When is the BCP tested?", "When is the business continuity plan tested?"),
        ("What may I put into an FSA?", "What may I put into an flexible spending account?"),
        ("Where is the CS?", "Where is the Chief of Staff?"),
        ("Who repairs the IT?", "Who repairs the IT?"),
        ("Is the pump OK?", "Is the pump OK?"),
        ("Is the data protection officer the DPO?", "Is the data protection officer the DPO?"),
        ("Who is dpo4?", "Who is dpo4?"),
        ("", ""),
    ],
)
def test_an_acronym_and_its_words_are_put_in_place_of_each_other(question: str, other: str) -> None:
    acronym = acronym_in(question, ["", GLOSSARY])
    assert (question if acronym is None else acronym.swapped(question)) == other
    assert acronym_in(question, []) is None


def test_what_stands_between_the_words_is_no_pattern() -> None:
    acronym = acronym_in("Where is the AB?", [r"AB: alpha \1 \g<beta>"])
    assert acronym is None or acronym.swapped("Where is the AB?")
    acronym = acronym_in("Where is the AB?", [r"AB: alpha\beta"])
    assert acronym is not None
    assert acronym.swapped("Where is the AB?") == r"Where is the alpha\beta?"


def test_who_asks_with_the_one_is_answered_by_a_document_with_the_other(tmp_path: Path) -> None:
    assistant = qa.Assistant(index=tmp_path / "index")
    assistant.add(
        [
            qa.Document(GLOSSARY, "words.md"),
            qa.Document(
                "# People\n\nThe data protection officer is Greta Nowak.\n\n"
                "The cook is Tomas Berg, and the porter is Ida Holm.",
                "people.md",
            ),
            qa.Document("# Tests\n\nThe BCP is tested every spring.", "tests.md"),
        ]
    )
    assert "Greta Nowak" in assistant.ask("Who is the DPO?").text
    assert "spring" in assistant.ask("When is the business continuity plan tested?").text
    assert "data protection officer" in assistant.ask("What does DPO stand for?").text

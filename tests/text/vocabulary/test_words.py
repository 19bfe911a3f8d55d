"""The lists of words, which are data: a mistake in them shows here, and not in an answer."""

from __future__ import annotations

import re
from collections import Counter

from qa.text.terms import STOP_WORDS, stem
from qa.text.vocabulary.words import WORDS


def test_every_word_is_in_lower_case_and_listed_once() -> None:
    irregular = [form for forms in WORDS["irregular"].values() for form in forms.split()]
    months = [name for names in WORDS["dates"]["months"] for name in names.split()]
    for words in (WORDS["stop_words"].split(), irregular, months):
        assert [word for word, count in Counter(words).items() if count > 1] == []
        assert [word for word in words if word != word.lower()] == []


def test_an_irregular_form_has_the_stem_of_its_root() -> None:
    roots = WORDS["irregular"]
    assert len(roots) > 80
    for root, forms in roots.items():
        assert {stem(form) for form in forms.split()} == {stem(root)}, root
        assert root not in {form for others in roots.values() for form in others.split()}


def test_there_are_twelve_months_and_the_numbers_up_to_ninety() -> None:
    assert len(WORDS["dates"]["months"]) == 12
    assert sorted(WORDS["numbers"].values()) == [*range(20), *range(20, 100, 10)]
    assert {"the", "and", "of"} <= STOP_WORDS


def test_spellings_are_patterns_that_change_something() -> None:
    for one in WORDS["spellings"]:
        assert re.compile(one["british"]).pattern != one["american"]
    assert stem("organisation") == stem("organization")
    assert stem("colour") == stem("color")

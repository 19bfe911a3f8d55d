from __future__ import annotations

import pytest

from qa.text.spelling import commonest, meant, misspellable

WORDS = [
    "annual",
    "leav",
    "certif",
    "certificatess",
    "departur",
    "deputi",
    "e-4012",
    "4012",
    "team",
]


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("anual", {"annual": 1}),
        ("leev", {"leav": 1}),
        ("departrue", {"departur": 2}),
        ("ceritf", {"certif": 1}),
        ("xeam", {}),
        ("tea", {}),
        ("e-4013", {}),
        ("4013", {}),
        ("bicycl", {}),
    ],
)
def test_what_a_misspelt_word_may_mean(stem: str, expected: dict[str, int]) -> None:
    assert meant(stem, WORDS) == expected


def test_the_nearest_words_are_meant_and_among_them_the_most_common() -> None:
    assert meant("certifi", ["certif", "certifix", "cert"]) == {"certif": 1, "certifix": 1}
    assert commonest(["a", "b", "c", "d"], {"a": 1, "b": 9, "c": 1, "d": 2}) == ["b", "d", "a"]


def test_codes_and_short_words_are_not_corrected() -> None:
    assert not any(map(misspellable, ["e-4012", "4012", "tea", "曼谷", "a" * 99]))

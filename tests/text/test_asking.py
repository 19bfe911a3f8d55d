"""The language of a question, and what it asks about."""

from __future__ import annotations

import pytest

from qa.text.asking import UNKNOWN, asked_in, asked_stems, compared
from qa.text.terms import stems, word_count


@pytest.mark.parametrize(("question", "language"), [
    ("Wie viele Urlaubstage habe ich?", "german"),
    ("Warum wurde die Anmeldung abgelehnt?", "german"),
    ("Combien de jours de congé ai-je ?", "french"),
    ("Qu'est-ce qu'un avenant ?", "french"),
    ("Que dit la politique ?", "french"),
    ("¿Que dice la politica?", "spanish"),
    ("¿Cuántos días de vacaciones tengo?", "spanish"),
    ("¿Que\u0301 documentos necesito?", "spanish"),  # the accent as a character of its own
    ("Сколько дней отпуска?", "russian"),
    ("我有多少天年假？", "chinese"),
    ("会議室はどこですか", UNKNOWN),
    ("كم عدد أيام الإجازة؟", UNKNOWN),
    ("How many days of leave do I have?", None),
    ("Was there a war in Berlin?", None),
    ("What didn't Newton's mechanics explain?", None),
    ("What does 'in loco parentis' mean?", None),
    ("die casting machine", None),
    ("comment policy", None),
    ("travel expense limit", None),
    ("", None),
    ("E-4012", None),
])  # fmt: skip
def test_the_language_of_a_question(question: str, language: str | None) -> None:
    assert asked_in(question) == language


@pytest.mark.parametrize(("question", "about"), [
    ("Wie viele Urlaubstage habe ich im Jahr?", "Urlaubstage Jahr"),
    ("Combien de jours de congé ai-je par an ?", "jours congé an"),
    ("¿Cuántos días de vacaciones tengo?", "días vacaciones"),
    ("Сколько дней отпуска у меня есть?", "дней отпуска"),
    ("年假是多少天？", "年假 天"),
    ("How many days of leave do I have?", "days leave"),
])  # fmt: skip
def test_words_that_only_ask_a_question_are_left_out(question: str, about: str) -> None:
    assert asked_stems(question) == stems(about)


@pytest.mark.parametrize("question", ["Was ist das?", "¿Qué es esto?", "这是什么？", "Кто это?"])
def test_a_question_of_such_words_alone_keeps_them(question: str) -> None:
    assert asked_stems(question) == stems(question) != []


def test_endings_do_not_separate_words_of_other_languages() -> None:
    german, english = "Wann wird die Verteidigung gezahlt?", "When is the defence paid?"
    verbs = stems("verteidigte verteidigen Verteidigung")
    assert len(set(compared(asked_in(german), verbs))) == 1
    assert compared(asked_in(english), verbs) == verbs
    assert compared(asked_in(german), ["e40123", "2023"]) == ["e40123", "2023"]


def test_words_are_counted_in_scripts_without_spaces() -> None:
    assert word_count("three short words") == 3
    assert word_count("drei kürzere Wörter") == 3
    assert word_count("会议室的预订方法") == 4
    assert word_count("") == 0

"""How sure an answer is in languages other than English."""

from __future__ import annotations

from pathlib import Path

import pytest

import qa
from qa.answering.confidence import confidence
from qa.answering.units.choosing import sureness
from qa.records import Hit
from tests.answering.asking import asked, span

DOCUMENTS = {
    "urlaub.md": (
        "# Urlaub\n\nAlle Beschäftigten erhalten im Jahr dreißig Tage Urlaub. Nicht genommene Tage "
        "verfallen Ende März des folgenden Jahres.\n\nDen Antrag genehmigt die Teamleiterin."
    ),
    "conges.md": (
        "# Congés\n\nChaque salarié dispose de vingt-sept jours de congé par an. Les jours qui "
        "restent sont perdus à la fin du mois de mars.\n\nLa demande est validée par la direction."
    ),
    "vacaciones.md": (
        "# Vacaciones\n\nCada empleado tiene veintitrés días de vacaciones al año. Los días que "
        "quedan se pierden a finales de marzo.\n\nLa solicitud la aprueba la jefa del equipo."
    ),
    "отпуск.md": (
        "# Отпуск\n\nКаждый сотрудник получает двадцать восемь дней отпуска в год. Оставшиеся дни "
        "сгорают в конце марта.\n\nЗаявление подписывает руководитель отдела."
    ),
    "年假.md": (
        "# 年假\n\n每位员工每年有十五天年假。未使用的年假在三月底失效。\n\n申请由部门经理批准。"
    ),
}


FAQ = (
    "# Häufige Fragen\n\n## Kann ich eine Bestellung stornieren?\n\nJa, innerhalb von 14 Tagen.\n\n"
    "## Wie lange dauert der Versand ins Ausland?\n\nBis zu zwei Wochen.\n"
)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, assistant: qa.Assistant) -> qa.Assistant:
    folder: Path = tmp_path_factory.mktemp("many")
    other = assistant.with_index(folder)
    other.add([qa.Document(text=text, source=name) for name, text in DOCUMENTS.items()])
    return other


@pytest.mark.parametrize(("question", "answer"), [
    ("Wie viele Tage Urlaub habe ich im Jahr?", "dreißig Tage"),
    ("Wer genehmigt den Antrag?", "Teamleiterin"),
    ("Combien de jours de congé ai-je par an ?", "vingt-sept jours"),
    ("Qui valide la demande ?", "direction"),
    ("¿Cuántos días de vacaciones tengo al año?", "veintitrés días"),
    ("Сколько дней отпуска в год получает сотрудник?", "двадцать восемь"),
    ("每年有多少天年假？", "十五天"),
])  # fmt: skip
def test_questions_in_other_languages_are_answered(
    many: qa.Assistant, question: str, answer: str
) -> None:
    found = many.ask(question)
    assert found.found, found.score
    assert answer in found.text


@pytest.mark.parametrize("question", [
    "Wie hoch ist der Berg Everest?",
    "Wer hat die Relativitätstheorie entwickelt?",
    "Quelle est la capitale de la Mongolie ?",
    "¿Quién pintó el techo de la Capilla Sixtina?",
    "Кто написал роман о белой акуле?",
    "谁发明了电话？",
])  # fmt: skip
def test_questions_without_an_answer_are_refused_in_other_languages(
    many: qa.Assistant, question: str
) -> None:
    assert not many.ask(question).found


def test_english_has_its_own_score() -> None:
    text = "The gate opens at nine in the morning.\n\nLunch is at noon."
    found = asked(text, "When does the gate open?").choices
    spans = [span(Hit(found[0].stretch.passage, 0.5), "The gate opens at nine in the morning.")]
    assert confidence("When does the gate open?", found, spans) == sureness(found)
    assert confidence("Wann öffnet das Tor?", [], []) == 0


def test_in_other_languages_more_words_of_the_question_make_an_answer_surer() -> None:
    question = "Wann öffnet das Tor am Hafen?"
    text = "Das Tor am Hafen öffnet um neun.\n\nMittagessen gibt es um zwölf."
    found = asked(text, question).choices
    spans = [span(Hit(found[0].stretch.passage, 0.5), "Das Tor am Hafen öffnet um neun.")]
    assert "Hafen" in found[0].text
    assert confidence(question, found, spans) > 0.9
    assert confidence(question, found[::-1], spans) < confidence(question, found, spans)
    assert confidence(question, found, []) < confidence(question, found, spans)


def test_a_heading_that_asks_the_question_counts_in_other_languages(
    tmp_path: Path, assistant: qa.Assistant
) -> None:
    other = assistant.with_index(tmp_path)
    other.add([qa.Document(text=FAQ, source="fragen.md")])
    for question, answer in (
        ("Kann ich eine Bestellung stornieren?", "14 Tagen"),
        ("Wie lange dauert der Versand ins Ausland?", "zwei Wochen"),
    ):
        found = other.ask(question)
        assert found.found, found.score
        assert answer in found.text

"""What questions in German, French and Spanish ask for."""

from __future__ import annotations

import pytest

from qa.questions import Form, Kind, candidates, form_of, kind_of, sides, small_talk_of


@pytest.mark.parametrize(("question", "form"), [
    ("Wie viele Urlaubstage habe ich?", Form.FACT),
    ("Wie heißt die Leiterin der Abteilung?", Form.FACT),
    ("Wer ist für den Datenschutz zuständig?", Form.FACT),
    ("Wie beantrage ich Urlaub?", Form.STEPS),
    ("Was muss ich tun, wenn ich krank bin?", Form.STEPS),
    ("Darf ich meinen Hund ins Büro mitbringen?", Form.WHETHER),
    ("Welche Unterlagen brauche ich?", Form.LIST),
    ("Warum wurde die Anmeldung abgelehnt?", Form.REASON),
    ("Was ist eine Zeitausgleichsregelung?", Form.DEFINITION),
    ("Was ist der Unterschied zwischen Urlaub und Sonderurlaub?", Form.COMPARISON),
    ("Gib mir einen Überblick über die Reiserichtlinie", Form.OVERVIEW),
    ("Combien de jours de congé ai-je par an ?", Form.FACT),
    ("Qui est responsable de la sécurité ?", Form.FACT),
    ("Comment demander un congé ?", Form.STEPS),
    ("Quelle est la procédure pour les notes de frais ?", Form.STEPS),
    ("Est-ce que je peux amener mon chien au bureau ?", Form.WHETHER),
    ("Faut-il une autorisation pour télétravailler ?", Form.WHETHER),
    ("Quels documents faut-il fournir ?", Form.LIST),
    ("Pourquoi la connexion a-t-elle été refusée ?", Form.REASON),
    ("Qu'est-ce qu'un avenant ?", Form.DEFINITION),
    ("Quelle est la différence entre le train et la voiture ?", Form.COMPARISON),
    ("Que dit la politique de voyage ?", Form.OVERVIEW),
    ("¿Cuántos días de vacaciones tengo?", Form.FACT),
    ("¿Cómo se llama la directora?", Form.FACT),
    ("¿Cómo solicito vacaciones?", Form.STEPS),
    ("¿Qué debo hacer si estoy enfermo?", Form.STEPS),
    ("¿Puedo llevar a mi perro a la oficina?", Form.WHETHER),
    ("¿Qué documentos necesito?", Form.LIST),
    ("¿Por qué se rechazó la solicitud?", Form.REASON),
    ("¿Qué es un anexo?", Form.DEFINITION),
    ("¿Cuál es la diferencia entre el tren y el coche?", Form.COMPARISON),
    ("¿Qué dice la política de viajes?", Form.OVERVIEW),
    ("Сколько дней отпуска?", Form.FACT),
    ("我有多少天年假？", Form.FACT),
])  # fmt: skip
def test_the_form_of_answer_asked_for(question: str, form: Form) -> None:
    assert form_of(question) is form


@pytest.mark.parametrize(("question", "kind", "sentence", "phrase"), [
    ("Wann endet die Frist?", Kind.TIME, "Am 3. März 2025 endet sie.", "3. März 2025"),
    ("Wie lange dauert die Probezeit?", Kind.DURATION, "Sie dauert sechs Monate.", "sechs Monate"),
    ("Wie teuer ist das Ticket?", Kind.MONEY, "Es kostet 49 Euro im Monat.", "49 Euro"),
    ("Wie viele Punkte gab es?", Kind.NUMBER, "Es gab 308 davon.", "308"),
    ("Quand faut-il rendre le rapport ?", Kind.TIME, "Le 1er juillet 2024.", "1er juillet 2024"),
    ("Combien de temps dure l'essai ?", Kind.DURATION, "Il dure trois mois.", "trois mois"),
    ("Combien coûte l'abonnement ?", Kind.MONEY, "Il coûte 49 € par mois.", "49 €"),
    ("¿Cuándo vence el plazo?", Kind.TIME, "Vence el 3 de mayo de 2024.", "3 de mayo de 2024"),
    ("¿Cuánto tiempo dura la prueba?", Kind.DURATION, "Dura dos semanas.", "dos semanas"),
    ("¿Cuánto cuesta el abono?", Kind.MONEY, "Cuesta 49 euros al mes.", "49 euros"),
])  # fmt: skip
def test_the_kind_asked_for_and_its_candidates(
    question: str, kind: Kind, sentence: str, phrase: str
) -> None:
    assert kind_of(question) is kind
    assert phrase in [sentence[start:end] for start, end in candidates(kind, sentence, question)]


@pytest.mark.parametrize(("question", "both"), [
    ("Was ist der Unterschied zwischen Urlaub und Sonderurlaub?", ("Urlaub", "Sonderurlaub")),
    ("Quelle est la différence entre le train et la voiture ?", ("le train", "la voiture")),
    ("¿Cuál es la diferencia entre el tren y el coche?", ("el tren", "el coche")),
])  # fmt: skip
def test_what_is_compared(question: str, both: tuple[str, str]) -> None:
    assert sides(question) == both


@pytest.mark.parametrize(("said", "what"), [
    ("Guten Tag!", "greeting"), ("Vielen Dank", "greeting"), ("Bonjour", "greeting"),
    ("Merci beaucoup !", "greeting"), ("¡Hola!", "greeting"), ("Muchas gracias", "greeting"),
    ("Wer bist du?", "about"), ("Qui êtes-vous ?", "about"), ("¿Quién eres?", "about"),
    ("Qu'est-ce que vous pouvez faire ?", "about"),
    ("Danke für nichts", None), ("Merci de fermer la porte", None), ("Hola mundo", None),
])  # fmt: skip
def test_small_talk(said: str, what: str | None) -> None:
    assert small_talk_of(said) == what

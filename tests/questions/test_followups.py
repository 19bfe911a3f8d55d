from __future__ import annotations

import pytest

from qa.questions.followups import background, is_follow_up, restated, standalone
from qa.records import Turn

KIM = [Turn("Who is Kim Yong Chol?", "Kim Yong Chol is Pyongyang's lead negotiator. [1]")]
LEAVE = [Turn("How many days of annual leave do I get?", "28 days. [1]")]
ADA = [Turn("Who leads the talks?", "Ada King leads them.")]
SHARES = [Turn("Do common stocks have any differences in voting rights?", "Yes. [1]")]
GAME = [Turn("How does the league cup game work?", "Teams play. [1]")]
PERMITS = [Turn("What kinds of permits are there?", "Two.")]
BERTH = [Turn("How much is a berth for one night?", "A berth costs 40 crowns for one night.")]
ROOMS = [Turn("How many rooms does the annex have?", "12. [1]")]
MEMORY = [Turn("How much memory does the Kestrel 4 have?", "500,000 readings. [1]")]


@pytest.mark.parametrize(
    ("history", "question", "expected"),
    [
        (KIM, "And when did he last visit?", "when did Kim Yong Chol last visit?"),
        (KIM, "What is his rank?", "What is Kim Yong Chol's rank?"),
        (KIM, "What about Harry Kazianis?", "Who is Harry Kazianis?"),
        (LEAVE, "Does it carry over?", "Does annual leave carry over?"),
        (LEAVE, "Who approves that?", "Who approves annual leave?"),
        ([Turn("What is the number of days of annual leave?", "28.")], "Who approves that?",
         "Who approves annual leave?"),
        ([Turn("How many kilograms of luggage may I take?", "8.")], "What does it cost?",
         "What does luggage cost?"),
        (LEAVE, "And for part-time staff?", f"{LEAVE[0].question[:-1]} for part-time staff?"),
        (MEMORY, "And the Kestrel 2?", "How much memory does the Kestrel 2 have?"),
        (MEMORY, "How much does it weigh?", "How much does Kestrel 4 weigh?"),
        ([Turn("Who won in 2018?", "Ada.")], "And in 2019?", "Who won in 2019?"),
        (ADA, "When did she join?", "When did Ada King join?"),
        (SHARES, "Where do I buy those?", "Where do I buy common stocks?"),
        (PERMITS, "Who issues them?", "Who issues permits?"),
        (GAME, "Can women play it?", "Can women play league cup game?"),
        (LEAVE, "What about why I cannot book it?", "why I cannot book it?"),
        (BERTH, "And the crane?", "How much is a crane?"),
        # “One” stands for the thing, not for what sort of it.
        ([Turn("How many people does the red van seat?", "Nine.")], "And the blue one?",
         "How many people does the blue van seat?"),
        ([Turn("When was the annex opened?", "1990.")], "And the old one?",
         "When was the old annex opened?"),
        (BERTH, "And for a week?", "How much is a berth for a week?"),
        ([Turn("What is the fare for adults on Sundays?", "9.")], "And for children?",
         "What is the fare for children on Sundays?"),
        # It asks for a length of time.
        ([Turn("For how long is a drill lent?", "3 days.")], "And for a week?",
         "For how long is a drill lent for a week?"),
        # Rooms are many; “it” is one thing.
        (ROOMS, "When was it opened?", "When was annex opened?"),
        (ROOMS, "How large are they?", "How large are rooms?"),
        (ROOMS, "And the main house?", "How many rooms does the main house have?"),
        ([*ROOMS, Turn("When was it opened?", "2011.")], "How large is it?", "How large is annex?"),
        ([*ROOMS, Turn("When was it opened?", "2011.")], "And the main house?",
         "When was main house opened?"),
        ([Turn("How many seats has the hall?", "90.")], "And a bus?",
         "How many seats has the bus?"),
        ([Turn("How many days of sick leave do I get?", "Ten.")], "What about annual leave?",
         "How many days of annual leave do I get?"),
        # What is asked about the thing stays, and a verb is not a thing.
        ([Turn("How much memory does the pump have?", "2 GB.")], "And the winch?",
         "How much memory does the pump have the winch?"),
        ([Turn("Who looks after the cars?", "Bo.")], "And the boats?",
         "Who looks after the cars the boats?"),
        ([Turn("How many people work at Bittern?", "12.")], "And on Fridays?",
         "How many people work at Bittern on Fridays?"),
    ],
)  # fmt: skip
def test_a_follow_up_is_completed(history: list[Turn], question: str, expected: str) -> None:
    assert standalone(question, history) == expected


@pytest.mark.parametrize(
    "question",
    [
        "Where might the second summit be held?",
        "How do I reset my VPN password?",
        "What is the daily meal allowance in Ireland?",
        "Is there a discount for a dozen sondes?",
        "What is the term for a task that usually lends itself to being solved at night?",
        "How did Tesla finance his work?",
        "How do I contact IT?",
        "Does IT support MacBooks?",
        "Can employees bring their dogs to the office?",
        "What is planned for this year?",
        "When is the office closed this Friday?",
        "Has there been a strike?",
        "Were there complaints last year?",
        "Well-being allowance?",
        "Is refinancing the same as getting a mortgage?",
        "What types of orders are there?",
        "Of course I knew it! How do I script the sprite of the rover?",
    ],
)
def test_a_question_that_is_complete_is_not_changed(question: str) -> None:
    assert not is_follow_up(question)
    assert standalone(question, [*KIM, *LEAVE]) == question


def test_without_a_history_nothing_changes() -> None:
    assert standalone("And when did he last visit?", []) == "And when did he last visit?"


def test_a_chain_of_follow_ups_keeps_its_subject() -> None:
    history = [*KIM, Turn("And when did he last visit?", "In June. [1]")]
    assert standalone("What did he bring?", history) == "What did Kim Yong Chol bring?"


def test_a_pronoun_means_the_latest_person() -> None:
    history = [*KIM, Turn("Who is Harry Kazianis?", "A director. [1]")]
    assert standalone("Where does he work?", history) == "Where does Harry Kazianis work?"


@pytest.mark.parametrize(
    "question", ["", "?", "and", "why?", "he", "[1]", "\n", "it's", "a" * 5000]
)
def test_odd_questions_do_no_harm(question: str) -> None:
    assert isinstance(standalone(question, [*KIM, Turn("", ""), Turn("?", "[1]")]), str)


def test_the_subject_stays_while_pronouns_stand_for_it() -> None:
    history = [*GAME, Turn("Where is it played?", "In Brno."), Turn("Which is the best?", "None.")]
    assert standalone("Who invented it?", history) == "Who invented league cup game?"


def test_earlier_questions_are_the_background_and_count_less_for_a_longer_question() -> None:
    short = background("Carry over?", LEAVE)
    assert short.keys() == {"day", "annual", "leav", "get"}
    long = background("How do I reset the password of the finance portal?", LEAVE)
    assert short.keys() == long.keys()
    assert 0 < max(long.values()) < min(short.values()) <= 0.4
    assert "leav" not in background("Who approves leave?", LEAVE)
    assert background("Carry over?", []) == {}


def test_only_the_latest_questions_are_the_background() -> None:
    assert "leav" not in background("Weight?", [*LEAVE, *MEMORY, *KIM, *ADA])


def test_the_possible_meanings_name_each_earlier_subject() -> None:
    assert restated("How much does it weigh?", [*LEAVE, *MEMORY]) == [
        "How much does Kestrel 4 weigh?",
        "How much does annual leave weigh?",
    ]

"""Nothing that somebody may not read shows in anything that they are told.

Of 200 documents that different groups may read, 50 people ask for words that only documents hold
that they may not read. 150 more have words in common, and nobody may read them.
"""

from __future__ import annotations

import itertools
import json
import random
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial

import pytest

import qa
from qa.access import OWNER
from qa.index.keywords import SeenKeywords
from tests.access.conftest import LISTS, SYLLABLES, Company
from tests.whole import WHOLE

QUESTIONS = 5_000 if WHOLE else 12
# How often each word is asked where time is measured, and how unlikely the difference may be.
REPEATED, LEAST = (5, 0.01) if WHOLE else (2, 0.001)


# People ask at the same time, so that nothing of one shows in what another is told.
AT_ONCE = 4


def asked(company: Company) -> list[tuple[qa.Viewer, int]]:
    """People, each with the number of a document that they may not read; no pair twice."""
    pairs = [(one, number) for one in company.people for number in company.forbidden(one)]
    assert len(pairs) > QUESTIONS
    return random.Random(5).sample(pairs, QUESTIONS)


def misspelt(word: str) -> str:
    """A word with two letters swapped."""
    return word[:3] + word[4] + word[3] + word[5:]


def told(answer: qa.Answer) -> str:
    """Everything that an answer says, without the question and the time it took."""
    fields = answer.to_dict()
    for name in ("question", "asked", "seconds"):
        fields.pop(name, None)
    return json.dumps(fields).casefold()


def test_no_answer_hit_or_spelling_tells_of_a_forbidden_word(company: Company) -> None:
    with ThreadPoolExecutor(AT_ONCE) as people:
        asking = [people.submit(_asks, company, *pair) for pair in asked(company)]
        try:
            for done in as_completed(asking):
                done.result()
        finally:
            people.shutdown(wait=False, cancel_futures=True)


def _asks(company: Company, person: qa.Viewer, number: int) -> None:
    word, allowed = company.words[number], company.readable(person)
    reader = company.assistant.seen_by(person)
    question = f"How much is the {word} allowance?"
    answer = reader.ask(question)
    shown = {hit.passage.source for hit in answer.hits}
    shown |= {one.source for one in (*answer.citations, *answer.sections)}
    assert shown <= allowed
    assert word not in told(answer)
    assert word not in answer.with_footnotes.casefold()
    assert answer.asked == question
    assert word not in (answer.suggestion or "")
    hits = reader.search(f"How much is the {misspelt(word)} allowance?")
    assert {hit.passage.source for hit in hits} <= allowed
    with company.assistant.index.reading(person) as snapshot:
        total, counts = snapshot.keywords.counts([word])
        assert counts == {word: 0}
        assert total == sum(entry.passages for entry in snapshot.entries.values())
        assert snapshot.keywords.meant(misspelt(word)) == {}
        assert snapshot.keywords.search([word], 10) == []
        rarity = snapshot.keywords.rarity([word, "xyzzyplugh"])
        assert rarity[word] == rarity["xyzzyplugh"]


def test_people_are_answered_from_what_they_may_read(company: Company) -> None:
    chance = random.Random(7)
    for person in company.people[:6]:
        hidden = company.forbidden(person)
        number = chance.choice([n for n in range(len(company.sources)) if n not in hidden])
        source = company.sources[number]
        word = company.words[number]
        answer = company.assistant.ask(f"How much is the {word} allowance?", viewer=person)
        assert answer.citations[0].source == source
        hits = company.assistant.search(misspelt(word), viewer=person)
        assert source in {hit.passage.source for hit in hits}


@pytest.mark.parametrize("number", range(4))
def test_everything_else_is_of_what_somebody_may_read(company: Company, number: int) -> None:
    person = company.people[number]
    reader, allowed = company.assistant.seen_by(person), company.readable(person)
    hidden = [company.words[n] for n in company.forbidden(person)]
    status = reader.status(compare=True)
    assert {one.source for one in status.sources} == allowed
    assert status.passages == sum(one.passages for one in status.sources)
    secret = company.sources[company.forbidden(person)[0]]
    for refused in (
        lambda: reader.document(secret),
        lambda: reader.links(secret),
        lambda: reader.original(secret),
        lambda: reader.page(secret, 1),
        lambda: reader.marks(secret, 0, 5),
        lambda: reader.ask("How much is it?", folder=secret),
    ):
        with pytest.raises(qa.UnknownSourceError) as error:
            refused()
        assert not any(word in str(error.value) for word in hidden)
    # The message is the same as for a name that never was.
    with pytest.raises(qa.UnknownSourceError) as error:
        reader.document("papers/none.md")
    with pytest.raises(qa.UnknownSourceError) as other:
        reader.document(secret)
    assert str(error.value).replace("papers/none.md", secret) == str(other.value)
    whole = company.assistant.ask(f"How much is the {hidden[0]} allowance?")
    assert whole.found
    questions = " ".join([*reader.examples(), *reader.related(whole)]).casefold()
    assert not any(word in questions for word in hidden)


STRANGER = qa.Viewer("stranger")


def test_a_word_that_is_often_hidden_is_looked_up_in_as_many_steps_as_none(
    company: Company,
) -> None:
    """Once it was asked, SQLite goes through no passage that somebody may not read."""
    with company.assistant.index.reading(STRANGER) as snapshot:
        keywords = snapshot.keywords
        assert isinstance(keywords, SeenKeywords)
        some = [next(iter(snapshot.entries))]
        ask: dict[str, Callable[[str], object]] = {
            "search": lambda word: keywords.search([word], 10),
            "search in a folder": lambda word: keywords.search([word], 10, some),
            "counts": lambda word: keywords.counts([word]),
            "counts in a folder": lambda word: keywords.counts([word], some),
            "meant": lambda word: keywords.meant(misspelt(word)),
            "meant in a folder": lambda word: keywords.meant(misspelt(word), some),
        }
        with company.assistant.index.reading(OWNER) as every:
            assert set(every.keywords.counts(company.common)[1].values()) == {LISTS}
        for number, (name, call) in enumerate(ask.items()):
            for word in (company.common[number], company.none[number]):
                call(word)  # counts, once, also what is hidden
            hidden = _steps(keywords, partial(call, company.common[number]))
            none = _steps(keywords, partial(call, company.none[number]))
            assert abs(hidden - none) < 10, name


def _steps(keywords: SeenKeywords, call: Callable[[], object]) -> int:
    """About how many steps SQLite's machine takes in a call."""
    taken = itertools.count()
    connection = keywords._whole._connection
    connection.set_progress_handler(lambda: next(taken) and 0, 1)
    call()
    connection.set_progress_handler(None, 1)
    return next(taken)


@pytest.mark.parametrize("way", ["search", "ask"])
def test_the_time_tells_nothing(company: Company, way: str) -> None:
    """Mann-Whitney: hidden words take as long as words that are nowhere.

    Each word is one case, with the median of several times: those of one word depend on each other.
    The words are of one make, and chance says which are in documents. As a sample, few words are
    asked, and only what is far off the mark fails.
    """
    from scipy.stats import mannwhitneyu

    chance, call = random.Random(11), getattr(company.assistant, way)
    cases = {
        "common": [(STRANGER, word) for word in company.common],
        "nowhere": [(STRANGER, word) for word in company.none],
    }
    if WHOLE:
        rare = {number: person for person, number in asked(company)}
        cases["rare"] = [(person, company.words[number]) for number, person in rare.items()]
        none = ("".join(chance.sample(SYLLABLES, 4)) for _ in itertools.count())
        words = (word for word in none if word not in {*company.words, *company.common})
        cases["as rare"] = [(person, next(words)) for person in rare.values()]
    times: dict[tuple[str, str], list[float]] = {}
    asking = [
        (kind, *case) for kind, listed in cases.items() for case in listed for _ in range(REPEATED)
    ]
    for viewer in {viewer for _, viewer, _ in asking}:
        call("How much is the xyzzyplugh allowance?", viewer=viewer)
    for kind, viewer, word in chance.sample(asking, len(asking)):
        started = time.perf_counter()
        call(f"How much is the {word} allowance?", viewer=viewer)
        times.setdefault((kind, word), []).append(time.perf_counter() - started)
    of: dict[str, list[float]] = {}
    for (kind, _), took in times.items():
        of.setdefault(kind, []).append(statistics.median(took))
    assert mannwhitneyu(of["common"], of["nowhere"]).pvalue > LEAST
    if WHOLE:
        assert mannwhitneyu(of["rare"], of["as rare"]).pvalue > LEAST

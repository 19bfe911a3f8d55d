"""An index of many documents that different people may read."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import qa
from qa.text.terms import stems
from tests.whole import WHOLE

GROUPS = [f"group-{number}" for number in range(12)]
SYLLABLES = "ba ce dor fim gul han jov kel lus mar nip qua rost sal tev urg vix wen yol zan".split()
FILLER = (
    "The {} allowance is {} crowns a year. It is paid by the {} office in {}. "
    "Whoever asks for it writes to the desk on the ground floor."
)
# Of so many documents, each with all of so many words, that nobody but the owner may read.
LISTS, LISTED = 150, 30 if WHOLE else 12
TOWNS = "Bergen Oslo Turku Malmo Aarhus Tartu Vilnius Gdansk".split()


@dataclass
class Company:
    """Documents with a word of their own each, who may read them, and people."""

    assistant: qa.Assistant
    sources: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    readers: list[list[str]] = field(default_factory=list)
    """The groups of each document; none if everybody may read it."""
    common: list[str] = field(default_factory=list)
    """Words that about half of what is hidden from somebody in no group has, and nothing else."""
    none: list[str] = field(default_factory=list)
    """As many words that are nowhere, of the same make."""
    people: list[qa.Viewer] = field(default_factory=list)

    def readable(self, person: qa.Viewer) -> set[str]:
        """The sources of what somebody may read."""
        return {
            source
            for source, groups in zip(self.sources, self.readers, strict=True)
            if not groups or set(groups) & set(person.groups)
        }

    def forbidden(self, person: qa.Viewer) -> list[int]:
        """The numbers of the documents that somebody may not read."""
        known = self.readable(person)
        return [n for n, source in enumerate(self.sources) if source not in known]


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    chance = random.Random(16)
    place = tmp_path_factory.mktemp("access")
    folder = place / "papers"
    folder.mkdir()
    with qa.Assistant(index=place / "index", sign_in="proxy") as assistant:
        made = Company(assistant)
        rules = ["[read]"]
        words = ("".join(chance.sample(SYLLABLES, 4)) for _ in itertools.count())
        for number in range(200):
            word = next(word for word in words if not any(word in one for one in made.words))
            text = FILLER.format(word, 100 + number, word, chance.choice(TOWNS))
            groups = chance.sample(GROUPS, chance.choice((0, 1, 1, 2, 3)))
            made.words.append(word)
            made.sources.append(f"papers/{number}.md")
            made.readers.append(groups)
            (folder / f"{number}.md").write_text(f"# {word.title()}\n\n{text}\n", encoding="utf-8")
            if groups:
                rules.append(f'"{number}.md" = {json.dumps(groups)}')
        made.common, made.none = _listed(folder / "lists", made.words)
        rules.append('"lists/" = []')
        (folder / ".qa-access.toml").write_text("\n".join(rules), encoding="utf-8")
        assert not assistant.sync([folder]).skipped
        made.people = [
            qa.Viewer(f"person-{number}", chance.sample(GROUPS, chance.choice((0, 1, 2, 3))))
            for number in range(50)
        ]
        yield made


def _listed(folder: Path, taken: list[str]) -> tuple[list[str], list[str]]:
    """Write the lists; the words in all of them, and as many that are nowhere."""
    chance = random.Random(17)
    made = ("".join(chance.sample(SYLLABLES, 4)) for _ in range(9 * LISTED))
    # Stems, which is what is counted.
    new = [word for word in dict.fromkeys(made) if word not in taken and stems(word) == [word]]
    common, none = new[:LISTED], new[LISTED : 2 * LISTED]
    folder.mkdir()
    for number in range(LISTS):
        text = f"# List\n\n{', '.join(chance.sample(common, LISTED))}.\n"
        (folder / f"{number}.md").write_text(text, encoding="utf-8")
    return common, none

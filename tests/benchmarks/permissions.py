"""What permissions cost: questions to 10,000 passages that 50 groups may read, with and without.

python -m tests.benchmarks.permissions
python -m tests.benchmarks.permissions words

With `words`: how far the time of a search tells how often a word is hidden.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import qa
from qa.index.keywords import KeywordIndex, SeenKeywords
from qa.records import Passage

GROUPS, EACH, ROUNDS = 50, 200, 40
WORDS = (
    "berth quay crane rope winch pilot tug hull keel mast sail anchor chain buoy light signal "
    "harbour master office desk fee crown tonne metre hour week month winter summer storm repair "
    "paint timber steel engine fuel water cargo grain coal fish crew cook doctor school holiday"
).split()
TOWNS = "Norby Sudby Vestby Ostby Lillby Storby Nyby Gamleby Havby Sjoby".split()


def written(folder: Path) -> list[str]:
    """Write the documents of all groups and their rules; questions that some of them answer."""
    chance = random.Random(3)
    questions = []
    for group in range(GROUPS):
        (folder / f"group-{group}").mkdir(parents=True)
        for number in range(EACH):
            one, other, third = chance.sample(WORDS, 3)
            town, price = chance.choice(TOWNS), chance.randrange(10, 999)
            text = (
                f"The {one} of {town} costs {price} crowns a day with its {other}. "
                f"Number {group}-{number} is kept near the {third}.\n"
            )
            (folder / f"group-{group}" / f"{number}.txt").write_text(text, encoding="utf-8")
            if group % 2 == 0:  # all viewers find the answer, for a refusal is more work
                questions.append(f"How much does the {one} of {town} cost with its {other}?")
    rules = [f'"group-{group}/" = ["group-{group}"]' for group in range(GROUPS)]
    (folder / ".qa-access.toml").write_text("\n".join(["[read]", *rules]), encoding="utf-8")
    return chance.sample(questions, ROUNDS)


def main() -> None:
    """Print the ratio of the times of each question, in one run."""
    some = qa.Viewer("some", [f"group-{group}" for group in range(0, GROUPS, 2)])
    every = qa.Viewer("every", [f"group-{group}" for group in range(GROUPS)])
    with tempfile.TemporaryDirectory() as place:
        questions = written(Path(place) / "papers")
        with qa.Assistant(index=Path(place) / "index") as assistant:
            report = assistant.sync([Path(place) / "papers"])
            print(f"{report.passages:,} passages in {report.seconds:.0f} s")
            for name, call in (("search", assistant.search), ("ask", assistant.ask)):
                _compare(name, call, questions, some, every)


def _compare(
    name: str, call: Callable[..., object], questions: list[str], *viewers: qa.Viewer
) -> None:
    for viewer in (None, *viewers):
        call(questions[0], viewer=viewer)
    took: dict[str, list[float]] = {}
    for question in questions:
        for viewer in (None, *viewers):
            started = time.perf_counter()
            call(question, viewer=viewer)
            label = "owner" if viewer is None else f"{len(viewer.groups)} of {GROUPS} groups"
            took.setdefault(label, []).append(time.perf_counter() - started)
    base = took.pop("owner")
    print(f"{name}: {1000 * statistics.median(base):.0f} ms without")
    for label, seconds in took.items():
        ratio = statistics.median(one / other for one, other in zip(seconds, base, strict=True))
        print(f"  {label}: {1000 * statistics.median(seconds):.0f} ms, {ratio:.2f} times")


def words() -> None:
    """Print how long a word takes that half of what is hidden holds, and one that is nowhere.

    The words of 10,000 passages of 200 are as frequent as in a language: the nth once in n.
    """
    chance = random.Random(5)
    vocabulary = [f"w{number}x" for number in range(60_000)]
    weights = [1 / (10 + number) for number in range(len(vocabulary))]
    count = GROUPS * EACH
    texts = [" ".join(chance.choices(vocabulary, weights, k=200)) for _ in range(count)]
    # In half of what is hidden, and in nothing else.
    texts = [f"{text} zorblax" if n % 4 == 1 else text for n, text in enumerate(texts)]
    rules = {f"d{n}": f"{n % GROUPS:012x}" for n in range(count)}
    hidden = [f"{number:012x}" for number in range(1, GROUPS, 2)]
    passages = {
        f"d{n}": Passage(f"d{n}:v:0", f"d{n}", f"{n}.txt", "", 0, len(text), text)
        for n, text in enumerate(texts)
    }
    with tempfile.TemporaryDirectory() as place:
        versions = dict.fromkeys(rules, "v")
        whole = KeywordIndex(Path(place))
        whole.rules = rules
        whole.reconcile(versions, lambda ids: [passages[id] for id in ids])
        seen = SeenKeywords(whole, hidden)
        for name, call in (
            ("the first search", lambda word: SeenKeywords(whole, hidden).search([word], 10)),
            ("search", lambda word: seen.search([word], 10)),
            ("search with others", lambda word: seen.search([word, "w0x", "w500x"], 10)),
            ("suggestions", lambda word: seen.meant(f"{word}e")),
        ):
            call("xyzzyplugh")
            took: dict[str, list[float]] = {"zorblax": [], "qwertzu": []}
            for word in chance.sample([*took] * ROUNDS, 2 * ROUNDS):
                started = time.perf_counter()
                call(word)
                took[word].append(time.perf_counter() - started)
            one, other = (1000 * statistics.median(seconds) for seconds in took.values())
            print(f"{name}: {one:.3f} ms hidden, {other:.3f} nowhere, {one / other:.2f} times")
        whole.close()


if __name__ == "__main__":
    words() if sys.argv[1:] == ["words"] else main()

"""What permissions cost: questions to 10,000 passages that 50 groups may read, with and without.

python -m tests.benchmarks.permissions
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import qa

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


if __name__ == "__main__":
    main()

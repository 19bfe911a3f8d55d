"""An index that has been in use for a while, for tests of the owner's page."""

from __future__ import annotations

import json
import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import qa

HOSTILE = "<img src=x onerror=\"document.title='owned'\">"
PENSION = [
    "When is the company pension paid out?",
    "How much does the company add to my pension?",
    "Who can join the company pension?",
]
DOGS = ["May I bring my dog to the office?", "Are dogs allowed in the office?"]
HANDBOOK = {
    "leave.md": "# Leave\n\nEverybody has 28 days of annual leave a year. See [pay](pay-20.md).\n",
    "first-day.md": "# First day\n\nEverybody has 25 days of annual leave a year.\n",
    "benefits.md": "# Benefits\n\n## Insurance\n\nWe insure everybody against accidents.\n",
    "hr/pay.md": "# Pay\n\nWages come on the last day of the month.\n",
    "torn.pdf": "%PDF-1.4 torn\n",
    f"{HOSTILE.replace('/', '')[:40]}.txt": f"The cafeteria serves {HOSTILE} soup.\n",
    ".qa-access.toml": '[read]\n"hr/" = ["hr", "leads"]\n',
}


def used(place: Path) -> Path:
    """The folder of the index, below `place`, with the events of a month and its review.

    One finding has been set aside.
    """
    handbook = place / "handbook"
    for name, text in HANDBOOK.items():
        file = handbook / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    given = qa.Settings.load(index=str(place / "index"), audit=True, audit_questions=True)
    with qa.Assistant(settings=given) as assistant:
        assistant.sync([handbook])
        found = assistant.review().findings
        assistant.set_aside(next(one.id for one in found if one.kind == "dead link"))
        dice, now = random.Random(7), datetime.now(UTC)
        for days in range(30):
            for _ in range(dice.randrange(2, 25)):
                _asked(assistant, now - timedelta(days=days), dice)
        verdicts = qa.Verdicts.of(given.index)
        verdicts.keep(
            qa.Verdict(
                "c", f"How long is {HOSTILE} leave?", f"25 days. {HOSTILE} [1]", "down",
                f"It is 28. {HOSTILE}", ("handbook/first-day.md",),
            )
        )  # fmt: skip
        verdicts.keep(qa.Verdict("d", "When do wages come?", "On the last day. [1]", "up"))
        source, said = "handbook/benefits.md", "We insure everybody against accidents."
        start = assistant.document(source).text.index(said)
        cited = qa.CitedRange(source, start, start + len(said))
        for _ in range(2):  # without words, as votes are kept by default
            verdicts.keep(qa.Verdict("", "", "", "down", sources=(source,), ranges=(cited,)))
        verdicts.keep(qa.Verdict("e", "Is there a sauna?", "Everybody is insured. [1]", "down"))
    return place / "index"


def copied(index: Path, place: Path) -> Path:
    """A copy of such an index, and of what is beside it, below `place`; of the same documents."""
    for name in ("index", "audit", "feedback"):
        shutil.copytree(index.parent / name, place / name)
    return place / "index"


def voted(index: Path) -> list[str]:
    """The questions in the set for `qa eval`."""
    file = qa.Verdicts.of(str(index)).set_file
    if not file.is_file():
        return []
    return [json.loads(line)["question"] for line in file.read_text(encoding="utf-8").splitlines()]


def _asked(assistant: qa.Assistant, time: datetime, dice: random.Random) -> None:
    outcomes: list[Literal["answered", "unsure", "not said"]] = ["answered", "unsure", "not said"]
    outcome = dice.choices(outcomes, (70, 10, 20))[0]
    missing = outcome == "not said"
    read = dice.uniform(0.02, 0.3)
    assistant.listeners.tell(
        qa.Answered(
            by=qa.Asker(qa.Viewer("ada-the-asker"), "page"),
            time=time,
            question=dice.choice([*PENSION, *DOGS]) if missing else "How many days?",
            outcome=outcome,
            reason="not said" if missing else None,
            cited=() if missing else (dice.choice(("handbook/leave.md", "handbook/hr/pay.md")),),
            seconds={"retrieve": 0.02, "read": read, "total": read + 0.021},
        )
    )

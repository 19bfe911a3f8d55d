"""Markdown of all shapes, for tests of what is true of any document."""

from __future__ import annotations

from hypothesis import strategies as st

_SENTENCES = (
    "The gate opens at 8:00.",
    "It costs 30 euros a year [2].",
    "This means that nobody has to wait in the rain.",
    "Mr. Ng of the yard signs it; see [the map](map.md).",
    "Ärzte und Gäste zahlen nichts!",
    "Ask | the desk.",
)
_PHRASES = ("Opening hours", "Fees", "What is a permit?", "Step 1: Ask", "2. Go", "Permit [3]")
_sentence = st.sampled_from(_SENTENCES)
_phrase = st.sampled_from(_PHRASES)
_paragraph = st.lists(_sentence, min_size=1, max_size=9).map(" ".join)
_line = st.one_of(_sentence, _phrase, _paragraph)
_heading = st.tuples(st.integers(1, 4), _phrase).map(lambda one: f"{'#' * one[0]} {one[1]}")
_question = st.sampled_from(("**May I park here?**", "**Who pays for it?**", "May I?"))
_lead = st.sampled_from(("You need these:", "Do this:", "These are the fees.", ""))
_inner = st.sampled_from(
    (
        "",
        "\n   - a red card\n   - a blue card",
        "\n\n   ```\n   run it\n   ```",
        "\n\n   More of it.",
    )
)


def _listed(lead: str, items: list[tuple[str, str]], numbered: bool) -> str:
    marks = (f"{n}. " if numbered else "-  " for n in range(1, len(items) + 1))
    lines = (f"{mark}{text}{inner}" for mark, (text, inner) in zip(marks, items, strict=True))
    return f"{lead}\n\n" + "\n".join(lines)


_list = st.builds(
    _listed, _lead, st.lists(st.tuples(_line, _inner), min_size=1, max_size=12), st.booleans()
)
_rows = st.lists(st.tuples(_phrase, st.sampled_from(("8", "30 euros", ""))), min_size=1, max_size=5)
_table = st.tuples(_lead, _rows).map(
    lambda one: (
        f"{one[0]}\n\n| Name | Fee |\n|---|---|\n"
        + "\n".join(f"| {name} | {fee} |" for name, fee in one[1])
    )
)
_note = _paragraph.map("> {}".format)
_code = st.just("```\nopen --gate\n```")

MARKDOWN = st.lists(
    st.one_of(_heading, _paragraph, _question, _list, _table, _note, _code), min_size=1, max_size=10
).map("\n\n".join)

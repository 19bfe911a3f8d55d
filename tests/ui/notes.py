"""Documents beside the samples: one full of markup, two that disagree, and one with links."""

from __future__ import annotations

import qa

HOSTILE = (
    "The cafeteria serves <img src=x onerror=\"document.title='owned'\"> soup **on** Mondays, "
    "[free](http://outside.example/a) and ![](http://outside.example/b.png) `raw` $$x^2$$ "
    "&lt;b&gt; http://outside.example/c <script>document.title='owned'</script>."
)
# Two documents that contradict each other.
PARKING = {
    2024: "The monthly parking fee is 20 euros.",
    2025: "The monthly parking fee is 35 euros.",
}
FERRY = "The ferry ticket costs 12 euros at the ferry desk, as the parking notes say."

NOTES = [
    qa.Document(text=HOSTILE, source="notes/cafeteria.txt", title="<b>Cafeteria</b>"),
    *(
        qa.Document(text=text, source=f"notes/parking-{year}.txt", title=f"Parking in {year}")
        for year, text in PARKING.items()
    ),
    qa.Document(
        text=FERRY,
        source="notes/ferry.md",
        links=(
            qa.Link(39, 49, "https://outside.example/desk?a=1&b=(2)"),
            qa.Link(58, 71, "parking-2025.txt"),
        ),
    ),
]

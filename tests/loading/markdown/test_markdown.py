"""Markdown: what is left when its marks are gone."""

from __future__ import annotations

import pytest

from qa.errors import EmptyFileError
from qa.loading import read
from qa.records import Document
from tests.loading.soundness import check


def markdown(text: str) -> Document:
    document = read(text.encode(), "some-notes.md")
    check(document)
    return document


def test_marks_go_and_words_stay() -> None:
    document = markdown(
        "Some *emphasised*, **strong** and ~~struck~~`code  here`,\n"
        "a [link](https://a.example) and ![a picture](p.png).\\\nNext &amp; last."
    )
    assert document.text == (
        "Some emphasised, strong and code here, a link and a picture.\nNext & last."
    )


def test_headings_are_lines_of_their_own_with_level_and_place() -> None:
    document = markdown("# One\nText.\n\nTwo *too*\n---\n\nMore.\n\n### Three")
    assert document.text == "One\n\nText.\n\nTwo too\n\nMore.\n\nThree"
    found = [(h.level, h.text, document.text[h.start :][: len(h.text)]) for h in document.headings]
    assert found == [(1, "One", "One"), (2, "Two too", "Two too"), (3, "Three", "Three")]
    assert document.heading_path(document.text.index("More")) == ("One", "Two too")


def test_numbered_titles_that_are_underlined_are_headings() -> None:
    document = markdown("1. Hours\n--------\n\n1.1 Nine to five.\n\n2) Rests\n========\n\nAt noon.")
    assert [(h.level, h.text) for h in document.headings] == [(2, "1. Hours"), (1, "2) Rests")]
    assert document.heading_path(document.text.index("Nine")) == ("1. Hours",)
    # A line across the page is none, and nor is the last item of a list.
    for text in (
        "1. Yes\n---\n\nAt noon.",
        "1. Nine\n\n2. Five\n-------\n\nAt noon.",
        "> 1. Hours\n--------",
    ):
        assert not markdown(text).headings


def test_lists_keep_their_marks_and_their_nesting() -> None:
    document = markdown("Before\n\n* a\n* b\n  1. x\n  2. y\n\n7. seven\n8. eight\n\nAfter")
    assert document.text == ("Before\n\n- a\n- b\n  1. x\n  2. y\n\n7. seven\n8. eight\n\nAfter")


def test_the_second_paragraph_of_an_item_has_no_mark() -> None:
    assert markdown("- a\n\n  more\n- b").text == "- a\n\nmore\n\n- b"


def test_a_list_may_count_from_nought() -> None:
    assert markdown("0. nought\n1. one").text == "0. nought\n1. one"


def test_tables_become_rows_of_cells() -> None:
    document = markdown("| City | Limit |\n|:--|--:|\n| Bern | **210** |\n| a \\| b | |\n\nEnd")
    assert document.text == "City | Limit\nBern | 210\na | b\n\nEnd"


def test_code_is_kept_as_it_is() -> None:
    document = markdown("```python\ndef f(x):\n\n    return  x * 2\n```\n\n    qa sync docs\n")
    assert document.text == "def f(x):\n\n    return  x * 2\n\nqa sync docs"


def test_a_comment_is_no_text() -> None:
    assert markdown("a <!-- not me --> b\n\n<!--\nnor me\n-->\n\nc").text == "a b\n\nc"


def test_html_in_markdown_is_read_as_html() -> None:
    document = markdown(
        "<details><summary>More</summary>\n\nInner **text**<br>Here\n\n</details>\n\n"
        "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>\n\n"
        "<script>alert(1)</script>"
    )
    assert document.text == "More\n\nInner text\nHere\n\na | b\n1 | 2"


def test_front_matter_gives_title_and_metadata() -> None:
    document = markdown(
        "---\ntitle: 'Our rules'\nauthor: Ann Lee # the head\ntags: [a, b]\ntext: >\n  long\n---\n"
        "# Another\n\nBody"
    )
    assert document.title == "Our rules"
    assert document.metadata == {"author": "Ann Lee", "tags": "a, b", "text": "long"}
    assert document.text == "- Author: Ann Lee\n\nAnother\n\nBody"


@pytest.mark.parametrize(
    "front",
    [
        "---\nauthors:\n- Ann Lee\n- Bo\nreviewed: 2024-03-05\nweight: 3\nsub:\n  a: 1\n---\n",
        "+++\nauthors = ['Ann Lee', 'Bo']\nreviewed = 2024-03-05\nweight = 3\n[sub]\na = 1\n+++\n",
    ],
)
def test_who_wrote_it_and_when_can_be_read(front: str) -> None:
    document = markdown(f"{front}# Kiln\n\nIt burns.")
    assert document.text == "- Authors: Ann Lee, Bo\n- Reviewed: 2024-03-05\n\nKiln\n\nIt burns."
    assert document.metadata == {
        "authors": "Ann Lee, Bo",
        "reviewed": "2024-03-05",
        "weight": "3",
    }


def test_front_matter_that_is_no_yaml_is_read_by_its_lines() -> None:
    document = markdown("---\ntitle: Rules: the first\nauthor: [\ndate: 2024\n---\nText")
    assert document.title == "Rules: the first"
    assert document.metadata["date"] == "2024"


def test_raised_digits_and_struck_html() -> None:
    document = markdown("10<sup>6</sup> litres at <del>4</del> 6 crowns")
    assert document.text == "10⁶ litres at 6 crowns"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ('A {{< tooltip text="berth" id="b" >}} is here.', "A berth is here."),
        ('Ask in {% slack_channel "it-help" %}.', "Ask in #it-help."),
        (
            'See [prices]({% page "/a b/" %}) and [rules]({{< ref "r.md" >}}).',
            "See prices and rules.",
        ),
        ("Closed at {{ site.hours }} today.{: .big }", "Closed at today."),
        ("{% include x.html %}\nText{#id}, {{ kept", "Text{#id}, {{ kept"),
        ("## Head {#anchor}\n\nText.", "Head\n\nText."),
        ("Use `{{ x }}` here.\n\n```\n{% raw %}[^1]\n```", "Use {{ x }} here.\n\n{% raw %}[^1]"),
        ("Twelve[^1] boats.\n\n[^1]: One sinks.\n[^b]: no", "Twelve boats.\n\nOne sinks.\n\nno"),
        ("Go {% comment %}a\n\nb{% endcomment %}on.{% comment %}", "Go on."),
        ("- [ ] Ask\n- [x] Go\n- [X]\n", "- ☐ Ask\n- ☑ Go\n- [X]"),
    ],
)
def test_the_tags_of_site_generators_are_no_text(text: str, plain: str) -> None:
    assert markdown(text).text == plain


@pytest.mark.parametrize(
    "text",
    [
        "{{< note >}}\nMind\nthe gap.\n{{< /note >}}",
        '{{% alert title="Warning" %}}Mind the gap.{{% /alert %}}',
        "{% note %}\n\nMind the gap.\n\n{% endnote %}",
        ":::tip\nMind the gap.\n:::",
        "!!! note\n    Mind\n    the gap.\n",
        "> [!NOTE]\n> Mind the gap.",
    ],
)
def test_remarks_of_site_generators_are_notes(text: str) -> None:
    document = markdown(f"Before.\n\n{text}\n\nAfter.")
    assert document.text == "Before.\n\nMind the gap.\n\nAfter."
    assert [block.kind for block in document.blocks] == [
        *("paragraph", "note", "paragraph", "paragraph")
    ]


def test_tabs_are_items_with_their_names() -> None:
    document = markdown(
        'Install it:\n\n=== "macOS"\n\n    Get it.\n\n    ```\n    brew install\n    ```\n'
        '=== "Debian"\n    !!! note\n        Ask.\n\n- Then start it.'
    )
    assert document.text == (
        "Install it:\n\n- macOS\n\nGet it.\n\nbrew install\n\n- Debian\n\nAsk.\n\n- Then start it."
    )
    assert [(b.kind, b.parent) for b in document.blocks] == [
        *(("paragraph", -1), ("list", -1), ("item", 1), ("paragraph", 2), ("code", 2)),
        *(("item", 1), ("note", 5), ("paragraph", 6), ("list", -1), ("item", 8)),
    ]


def test_tabs_in_a_step_or_in_tabs_belong_to_it() -> None:
    inner = '    === "A"\n        x\n\n    === "B"\n        y\n'
    assert markdown(f"1. Go\n\n{inner}\n2. End").text == "1. Go\n  - A\n\nx\n\n  - B\n\ny\n\n2. End"
    document = markdown(f'=== "One"\n\n{inner}\n=== "Two"\n    z\n')
    assert document.text == "- One\n  - A\n\nx\n\n  - B\n\ny\n\n- Two\n\nz"


def test_a_remark_in_a_step_belongs_to_it() -> None:
    document = markdown("1. Open\n\n   {{< note >}}\n   Slowly.\n   {{< /note >}}\n\n2. Shut")
    assert document.text == "1. Open\n\nSlowly.\n\n2. Shut"
    assert [(b.kind, b.parent) for b in document.blocks] == [
        *(("list", -1), ("item", 0), ("note", 1), ("paragraph", 2), ("item", 0))
    ]


def test_a_rule_at_the_top_is_not_front_matter() -> None:
    assert markdown("---\n\nText with a colon: yes.\n\n---\n\nEnd").text == (
        "Text with a colon: yes.\n\nEnd"
    )


def test_front_matter_that_never_ends_is_text() -> None:
    assert "key: value" in markdown("---\nkey: value\nother: thing").text


def test_the_title_is_the_first_top_heading_else_the_name() -> None:
    assert markdown("## Lower\n\n# Upper\n\nText").title == "Upper"
    assert markdown("## Lower\n\nText").title == "some notes"


def test_marks_alone_are_no_text() -> None:
    with pytest.raises(EmptyFileError, match=r"some-notes\.md"):
        markdown("***\n\n- \n\n<!-- only a comment -->")


def test_deep_nesting_loses_no_text() -> None:
    assert "deep down" in markdown(">" * 5000 + " deep down").text
    assert "- item 60\n" in markdown("".join(f"{'  ' * n}- item {n}\n" for n in range(62))).text

"""Markdown: what is left when its marks are gone."""

from __future__ import annotations

import pytest

from qa.errors import EmptyFileError
from qa.loading import read
from qa.records import Document


def markdown(text: str) -> Document:
    return read(text.encode(), "some-notes.md")


def test_marks_go_and_words_stay() -> None:
    document = markdown(
        "Some *emphasised*, **strong** and ~~struck~~ `code  here`,\n"
        "a [link](https://a.example) and ![a picture](p.png).\\\nNext &amp; last."
    )
    assert document.text == (
        "Some emphasised, strong and struck code here, a link and a picture.\nNext & last."
    )


def test_headings_are_lines_of_their_own_with_level_and_place() -> None:
    document = markdown("# One\nText.\n\nTwo *too*\n---\n\nMore.\n\n### Three")
    assert document.text == "One\n\nText.\n\nTwo too\n\nMore.\n\nThree"
    found = [(h.level, h.text, document.text[h.start :][: len(h.text)]) for h in document.headings]
    assert found == [(1, "One", "One"), (2, "Two too", "Two too"), (3, "Three", "Three")]
    assert document.heading_path(document.text.index("More")) == ("One", "Two too")


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
        "<details><summary>More</summary>\n\nInner **text**<br>here\n\n</details>\n\n"
        "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>\n\n"
        "<script>alert(1)</script>"
    )
    assert document.text == "More\n\nInner text\nhere\n\na | b\n1 | 2"


def test_front_matter_gives_title_and_metadata() -> None:
    document = markdown(
        "---\ntitle: 'Our rules'\nauthor: Ann Lee # the head\ntags: [a, b]\ntext: >\n  long\n---\n"
        "# Another\n\nBody"
    )
    assert document.title == "Our rules"
    assert document.metadata == {"author": "Ann Lee"}
    assert document.text == "Another\n\nBody"


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

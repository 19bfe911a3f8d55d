"""Which links lead nowhere, however a site names its pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.index.layout import Entry
from qa.records import Heading, Link
from qa.review.dead_links import Links, within
from tests.indexing.mirroring import write

SITE = "https://wiki.example/handbook/"


def entry(source: str, folder: str = "docs", **metadata: str) -> Entry:
    return Entry(
        id=source,
        source=source,
        title="A page",
        version="v",
        digest="",
        passages=1,
        characters=1,
        folder=folder,
        headings=(Heading(0, 1, "Terms & conditions"), Heading(9, 2, "data.json files")),
        metadata=metadata,
    )


ENTRIES = {
    one.id: one
    for one in (
        entry("docs/leave/annual.md"),
        entry("docs/leave/index.md", slug="paid-leave"),
        entry("docs/travel.html.md", redirect_from="/trips/, /old/journeys/"),
        entry("docs/tools/chat.md"),
        entry("docs/tools/guide.epub"),
        entry(f"{SITE}rules", folder="wiki"),
        entry(f"{SITE}start/", folder="wiki"),
    )
}


@pytest.fixture
def links(tmp_path: Path) -> Links:
    write(tmp_path / "docs" / "leave" / "form.pdf", "a form")
    write(tmp_path / "docs" / "tools" / "chat.md", '<a id="own-place"></a>')
    (tmp_path / "docs" / "tools" / "guide.epub").write_bytes(b"PK\0\0 packed")
    folders = {"docs": str(tmp_path / "docs"), "wiki": SITE}
    return Links(ENTRIES, folders, lambda source: source == f"{SITE}unread")


def dead(links: Links, source: str, *targets: str) -> set[str]:
    own = [Link(at, at + 1, target) for at, target in enumerate(targets)]
    folders = {"wiki": SITE}
    # Other pages show where the top of the site is.
    others = {"docs/tools/chat.md": [Link(0, 1, "/leave/annual"), Link(1, 2, "/travel.html")]}
    told = {**others, source: within(own, source, folders)}
    return {one.link.target for one in links.dead(told)}


def test_links_that_lead_somewhere(links: Links) -> None:
    targets = (
        "index.md", "../travel.html", "../travel", "form.pdf", "../tools/chat.md#own-place",
        "../tools/guide.epub#page-9",
        "/trips/", "/any/paid-leave/",
        "/old/journeys", "/leave/", "/tools/chat", "#terms-and-conditions", "#terms--conditions",
        "#datajson-files", "#data-json-files", "", "#", "/", "#top", "mailto:people@a.example",
        "https://elsewhere.example/page", f"{SITE}rules", f"{SITE}start", f"{SITE}unread",
    )  # fmt: skip
    assert dead(links, "docs/leave/annual.md", *targets) == set()


@pytest.mark.parametrize(
    "target",
    [
        "parental.md",
        "../trips.md",
        "form.docx",
        "/parental",
        "#sick-leave",
        "../tools/chat.md#away",
    ],
)
def test_links_that_lead_nowhere(links: Links, target: str) -> None:
    assert dead(links, "docs/leave/annual.md", target) == {target}


def test_links_of_a_mirrored_site(links: Links) -> None:
    found = dead(links, f"{SITE}rules", "start", "gone", "../outside", "picture.png", "unread")
    assert found == {"gone"}


def test_nothing_outside_the_folder_is_looked_for(links: Links, tmp_path: Path) -> None:
    write(tmp_path / "secret.md", "not for the index")
    assert dead(links, "docs/leave/annual.md", "../../secret.md") == {"../../secret.md"}


def test_a_part_of_the_site_that_is_in_no_folder_is_not_judged(links: Links) -> None:
    assert dead(links, "docs/leave/annual.md", "/generated/page") == set()


def test_several_places_of_a_missing_page_are_one_finding(links: Links) -> None:
    assert dead(links, "docs/leave/annual.md", "gone.md#a", "gone.md#b") == {"gone.md#a"}


def test_the_document_that_may_be_meant(links: Links) -> None:
    own = {"docs/leave/annual.md": [Link(0, 1, "../old/chat.md")]}
    (found,) = links.dead(own)
    assert found.meant == "docs/tools/chat.md"

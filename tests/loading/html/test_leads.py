from __future__ import annotations

from pathlib import Path

import pytest

from qa.errors import LoadError
from qa.limits import Limits
from qa.loading.html.leads import Leads, asks, leads
from qa.loading.workers.pool import done
from qa.loading.workers.tasks import Following
from tests.indexing.mirroring import write

HERE = "https://x.example/handbook/leave.html"


def test_a_page_leads_where_its_links_do() -> None:
    found = leads(
        b'<nav><a href="travel">T</a></nav><a href="./#top">Up</a>'
        b' <a href="../press?a=1&amp;b">P</a>'
        b'<a href="mailto:me@x.example">M</a><a href="javascript:run()">J</a><a>none</a>'
        b'<a rel="external nofollow" href="secret">S</a><map><area href="//y.example/z"></map>'
        b'<a href="travel">again</a><a href="http://[x">odd</a><a href="">here</a>',
        "leave.html",
        HERE,
    )

    assert found.links == (
        "https://x.example/handbook/travel",
        "https://x.example/handbook/",
        "https://x.example/press?a=1&b",
        "https://y.example/z",
    )
    assert (found.indexed, found.followed, found.canonical) == (True, True, "")


def test_a_page_may_say_where_its_links_begin_and_what_it_is_called() -> None:
    found = leads(
        b'<base href="/en/"><link rel="Canonical" href="leave"><a href="pay">Pay</a>', "x", HERE
    )

    assert found.links == ("https://x.example/en/pay",)
    assert found.canonical == "https://x.example/en/leave"


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("noindex, NoFollow", {"noindex", "nofollow"}),
        ("none", {"noindex", "nofollow"}),
        ("noindex follow", {"noindex"}),
        ("all, max-image-preview: none, max-snippet:-1", set()),
        ("otherbot: noindex", set()),
        ("", set()),
    ],
)
def test_what_robots_are_asked(said: str, asked: set[str]) -> None:
    found = leads(f'<meta name="ROBOTS" content="{said}">'.encode(), "x", HERE)

    assert asks(said) == asked
    assert (found.indexed, found.followed) == ("noindex" not in asked, "nofollow" not in asked)


def test_a_sitemap_is_read_without_what_lies_outside_of_it() -> None:
    found = leads(
        b'<?xml version="1.0"?><!DOCTYPE urlset [<!ENTITY out SYSTEM "file:///etc/passwd">]>'
        b'<s:urlset xmlns:s="http://www.sitemaps.org/schemas/sitemap/0.9">'
        b"<s:url><s:loc> https://x.example/a?b=1&amp;c </s:loc></s:url>"
        b"<s:url><s:loc>&out;</s:loc></s:url></s:urlset>",
        "sitemap.xml",
        HERE,
    )

    assert found == Leads(("https://x.example/a?b=1&c",), sitemap=True)
    assert leads(b"<urlset><url>", "x", HERE) == Leads(sitemap=True)


def test_a_worker_finds_them(tmp_path: Path) -> None:
    file = write(tmp_path / "x.html", '<a href="pay">Pay</a>')

    assert done(file, "x.html", Following(HERE)).links == ("https://x.example/handbook/pay",)
    with pytest.raises(LoadError, match="max_file_megabytes"):
        done(file, "x.html", Following(HERE), Limits(max_file_megabytes=0.00001))


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"links": "x", "canonical": "", "indexed": True, "followed": True, "sitemap": False},
        {"links": [3], "canonical": "", "indexed": True, "followed": True, "sitemap": False},
        {"links": [], "canonical": None, "indexed": True, "followed": True, "sitemap": False},
        {"links": [], "canonical": "", "indexed": 1, "followed": True, "sitemap": False},
    ],
)
def test_a_worker_that_was_taken_over_can_only_send_leads(message: dict[str, object]) -> None:
    with pytest.raises((ValueError, KeyError)):
        Following(HERE).found(message, "x.html")

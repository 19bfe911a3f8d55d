from __future__ import annotations

import pytest

from qa.indexing.web.robots import robots

FILE = b"""\xef\xbb\xbf# Ours
User-agent: other
User-Agent: Footnote/2.0
Disallow: /
Allow: /handbook/   # but this
Disallow: /handbook/*?print
Disallow: /*.zip$
Crawl-delay: 2.5
Sitemap: https://x.example/sitemap.xml

User-agent: *
Disallow:
Crawl-delay: soon
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", False),
        ("/press", False),
        ("/handbook/", True),
        ("/handbook/leave", True),
        ("/handbook/leave?print=1", False),
        ("/handbook/leave?x&print", True),
        ("/handbook/all.zip", True),  # the longest rule that fits decides
        ("/h%61ndbook/", True),
    ],
)
def test_the_longest_rule_that_fits_decides(path: str, allowed: bool) -> None:
    found = robots(FILE, "Footnote")

    assert found.allows(f"https://x.example{path}") is allowed
    assert found.delay == 2.5
    assert found.sitemaps == ["https://x.example/sitemap.xml"]


def test_who_is_not_named_goes_by_what_is_said_to_all() -> None:
    found = robots(FILE, "Somebody")

    assert found.allows("https://x.example/press")
    assert found.delay == 0


@pytest.mark.parametrize(
    ("rule", "path", "allowed"),
    [
        ("/a*b$", "/axxb", False),
        ("/a*b$", "/axxbc", True),
        ("/a*b*c", "/a1b2c3", False),
        ("/a*b*c", "/acb", True),
        ("/a$", "/a", False),
        ("/a$", "/ab", True),
        ("*", "/a", False),
        ("/ab*ab$", "/ab", True),
        ("/a%3fb", "/a?b", False),
    ],
)
def test_wildcards(rule: str, path: str, allowed: bool) -> None:
    found = robots(f"User-agent: *\nDisallow: {rule}".encode(), "Footnote")

    assert found.allows(f"https://x.example{path}") is allowed


@pytest.mark.parametrize("data", [b"", b"<html>not found</html>", b"\xff\xfe\x00", b"Disallow: /"])
def test_what_names_nobody_forbids_nothing(data: bytes) -> None:
    assert robots(data, "Footnote").allows("https://x.example/")

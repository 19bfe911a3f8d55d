from __future__ import annotations

import pytest

from qa.errors import SettingsError
from qa.indexing.web.addresses import extent, normal


@pytest.mark.parametrize(
    ("address", "usual"),
    [
        ("HTTPS://Intranet.Example:443/a/../Handbook/#top", "https://intranet.example/Handbook/"),
        ("http://intranet.example", "http://intranet.example/"),
        ("http://intranet.example:8080?q=1", "http://intranet.example:8080/?q=1"),
        ("https://bücher.example/ä b", "https://xn--bcher-kva.example/%C3%A4%20b"),
        ("https://intranet.example/handbook/%2e%2e/secret", ""),
        ("https://intranet.example/handbook/..%5csecret", ""),
        ("https://user:word@intranet.example/", ""),
        ("mailto:someone@intranet.example", ""),
        ("/handbook/", ""),
        ("http:///handbook/", ""),
        ("http://[::1/", ""),
        ("", ""),
    ],
)
def test_an_address_has_one_form(address: str, usual: str) -> None:
    assert normal(address) == usual
    assert normal(usual) == usual


@pytest.mark.parametrize(
    ("place", "name", "within", "without"),
    [
        (
            "https://x.example/handbook/",
            "https://x.example/handbook",
            ["https://x.example/handbook/", "https://x.example/handbook/a?b"],
            ["https://x.example/handbook", "https://x.example/handbooks/", "https://y.example/"],
        ),
        (
            "https://x.example/handbook/leave",
            "https://x.example/handbook/leave",
            ["https://x.example/handbook/leave"],
            ["https://x.example/handbook/leave/", "https://x.example/handbook/"],
        ),
        (
            "https://x.example/sitemap.xml",
            "https://x.example",
            ["https://x.example/a/b"],
            ["https://x.example.evil/a", "http://x.example/a", "https://x.example:444/a"],
        ),
    ],
)
def test_a_place_holds_what_is_below_it(
    place: str, name: str, within: list[str], without: list[str]
) -> None:
    found = extent(place)

    assert found.name == name
    assert all(map(found.holds, within))
    assert not any(map(found.holds, without))


@pytest.mark.parametrize("address", ["https://", "https://[x", "https://a b/", "ftp://x.example/"])
def test_what_is_no_address_is_refused_by_name(address: str) -> None:
    with pytest.raises(SettingsError, match="no address of the web"):
        extent(address)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError, match=r"password.*intranet\.example") as told:
        extent("https://user:secret@intranet.example/handbook/")
    assert "secret" not in str(told.value)

"""Addresses of the web, in one form each, and what of the web a place to sync is."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import httpx

from qa.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Extent:
    """What of the web is synced: `url` is in the form of `normal`.

    A page; or if the path of its address ends in "/", that page and all that it leads to below
    this path; or if it is that of a sitemap (".xml", ".xml.gz"), the pages below its folder that it
    lists.
    """

    url: str

    @property
    def is_site(self) -> bool:
        """Whether links are followed."""
        return self.url.endswith("/") and "?" not in self.url

    @property
    def may_list(self) -> bool:
        """Whether it may be a sitemap."""
        return may_list(self.url)

    @property
    def name(self) -> str:
        """What all addresses begin with, without the "/" that follows."""
        if self.is_site or self.may_list:
            return self.url.partition("?")[0].rpartition("/")[0]
        return self.url

    def holds(self, url: str) -> bool:
        """Whether an address, in the form of `normal`, is within it."""
        if self.is_site or self.may_list:
            return url.startswith(f"{self.name}/")
        return url == self.url

    def takes_in(self, other: Extent) -> bool:
        """Whether all that is within another one is within this one, too."""
        if self == other:
            return True
        return self.is_site and f"{other.name}/".startswith(self.url)

    def is_part_of(self, whole: Extent) -> bool:
        """Whether it can be synced without the rest: its pages are pages of the whole."""
        return not self.may_list and whole.holds(self.url)


def may_list(url: str) -> bool:
    """Whether what is at an address may be a sitemap."""
    return urlsplit(url).path.lower().endswith((".xml", ".xml.gz"))


@dataclass(frozen=True, slots=True)
class Section:
    """What is looked through of a place of the web, all of it or a part; `name` is the place's."""

    name: str
    extent: Extent

    @property
    def source(self) -> str:
        """What the sources of its pages begin with."""
        return self.extent.name


def extent(address: str) -> Extent:
    """What a user named.

    Raises:
        SettingsError: it is no address that can be synced.
    """
    try:
        asked = httpx.URL(address.strip())
    except (httpx.InvalidURL, ValueError) as error:
        raise SettingsError(f"{address!r} is no address of the web: {error}") from error
    if asked.userinfo:
        raise SettingsError(
            "An address with a name or a password in it cannot be synced: it would be shown with "
            f"every answer. Leave them out of the one at {asked.host}."
        )
    url = normal(address)
    if not url:
        raise SettingsError(
            f"{address!r} is no address of the web. Write it as in https://example.org/handbook/"
        )
    return Extent(url)


def normal(address: str) -> str:
    """An address of the web in its usual form, without fragment; "" for what is none.

    Nor is there one for an address with a name or password in it, or with "." or ".." in its path,
    which a server could take for a path elsewhere.
    """
    try:
        url = httpx.URL(address.strip())
        url = url.copy_with(raw_path=url.raw_path, fragment=None)
    except (httpx.InvalidURL, ValueError):
        return ""
    parts = unquote(url.path).replace("\\", "/").split("/")
    if url.scheme not in ("http", "https") or url.userinfo or not url.host or "%" in url.host:
        return ""
    return "" if {".", ".."}.intersection(parts) else str(url)


def with_path(url: str, path: str) -> str:
    """The address of another path of the same server."""
    return str(httpx.URL(url).copy_with(path=path, query=None))

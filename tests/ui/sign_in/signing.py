"""Shared by tests of the sign-in: an index with users, and a client that signs in."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx

from qa.api import Users

NAME, PASSWORD = "ada", "correct horse battery"
OTHER, OTHERS_PASSWORD = "bob", "another horse battery"


def with_users(index: Path, folder: Path) -> Path:
    """A copy of an index in a folder, with two users."""
    copy = Path(shutil.copytree(index, folder / "index"))
    users = Users.of(str(copy))
    users.add(NAME, PASSWORD, ["people"])
    users.add(OTHER, OTHERS_PASSWORD)
    return copy


def client(url: str) -> httpx.Client:
    """A browser as far as cookies and headers go; it follows no redirect by itself."""
    return httpx.Client(base_url=url, timeout=60, headers={"Origin": url})


def sign_in(
    browser: httpx.Client, name: str = NAME, password: str = PASSWORD, following: str = ""
) -> httpx.Response:
    """The reply to the form."""
    return browser.post("/sign-in", data={"name": name, "password": password, "next": following})

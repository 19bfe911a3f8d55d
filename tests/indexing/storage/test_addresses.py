from __future__ import annotations

import pytest

from qa.errors import SettingsError
from qa.indexing.storage.addresses import Stored, stored


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("s3://bucket", "s3://bucket"),
        ("S3://bucket/some folder/", "s3://bucket/some folder"),
        ("s3://bucket/50%25", "s3://bucket/50%25"),
        ("sftp://ann@files.example:2222/srv/docs", "sftp://ann@files.example:2222/srv/docs"),
        ("sftp://[::1]:22/~/docs", "sftp://[::1]:22/~/docs"),
        ("webdavs://cloud.example/dav/My%20files/", "webdavs://cloud.example/dav/My files"),
    ],
)
def test_an_address_has_one_form(given: str, url: str) -> None:
    assert stored(given).url == url


@pytest.mark.parametrize(
    "given",
    [
        "s3://",
        "s3:///folder",
        "s3://bucket/a//b",
        "s3://bucket/../other",
        "sftp://host:port/x",
        "sftp://host/a\nb",
        "webdav://host/%2e%2e/x",
        "webdav://host/x?key=1",
        "webdav://ho st/x",
        "http://host/x",
        "folder/x",
    ],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(SettingsError):
        stored(given)


@pytest.mark.parametrize(
    "given", ["sftp://ann:sesame@host/x", "webdavs://ann:sesame@host/x", "s3://ann:sesame@bucket/x"]
)
def test_a_password_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(SettingsError, match="password") as raised:
        stored(given)
    assert "sesame" not in str(raised.value)


def test_a_place_takes_in_what_is_below_it_except_what_is_hidden() -> None:
    place = Stored("s3://bucket/docs")

    assert place.takes_in(Stored("s3://bucket/docs"))
    assert place.takes_in(Stored("s3://bucket/docs/a/b.md"))
    assert not place.takes_in(Stored("s3://bucket/docs2"))
    assert not place.takes_in(Stored("s3://bucket/docs/.git/x"))

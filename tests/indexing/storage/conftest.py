from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.places import cache_folder
from tests.indexing.storage.serving import (
    SFTP_SERVER,
    SSHD,
    Bucket,
    Folder,
    Moto,
    Shelf,
    sftp,
    webdav,
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user who has no credentials of any kind."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("QA_CACHE", str(cache_folder()))  # the encoder's fast copy
    monkeypatch.setenv("HOME", str(home))
    for name in ("SSH_AUTH_SOCK", "NETRC", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tester")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "open sesame")
    return home


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "served"
    root.mkdir()
    return root


@pytest.fixture
def dav(root: Path) -> Iterator[Folder]:
    with webdav(root) as folder:
        yield folder


@pytest.fixture
def ssh(root: Path, home: Path) -> Iterator[Folder]:
    if not (Path(SSHD).exists() and Path(SFTP_SERVER).exists()):
        pytest.skip("needs sshd (Debian's openssh-server)")
    with sftp(root, home) as folder:
        yield folder


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    moto = Moto()
    yield moto
    moto.close()


@pytest.fixture
def bucket(moto: Moto, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto.url)
    bucket = Bucket(moto.url)
    moto.buckets.append(bucket)
    yield bucket
    bucket.close()


@pytest.fixture(params=["s3", "sftp", "webdav"])
def shelf(request: pytest.FixtureRequest) -> Shelf:
    """A storage of each kind in turn."""
    found = request.getfixturevalue({"s3": "bucket", "sftp": "ssh", "webdav": "dav"}[request.param])
    assert isinstance(found, Shelf)
    return found

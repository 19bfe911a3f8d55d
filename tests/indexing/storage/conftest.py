from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.indexing.storage.serving import SFTP_SERVER, SSHD, Folder, Shelf, s3, sftp, webdav


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user who has no credentials of any kind."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
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


@pytest.fixture(params=["s3", "sftp", "webdav"])
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    """A storage of each kind in turn."""
    if request.param == "s3":
        with s3() as bucket:
            yield bucket
    else:
        yield request.getfixturevalue({"sftp": "ssh", "webdav": "dav"}[request.param])

"""Credentials come from where each protocol's programs have them, and go nowhere else."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

import qa
from qa.errors import SettingsError
from qa.index.index import Index
from tests.cli.forked import run
from tests.indexing.mirroring import texts
from tests.indexing.storage.serving import Bucket, Folder, webdav
from tests.indexing.storage.test_storage import filled, reasons, sync


def test_webdav_signs_in_with_netrc_and_keeps_the_password_to_itself(
    index: Index, root: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = home / "netrc"
    monkeypatch.setenv("NETRC", str(netrc))
    with webdav(root, user="ann") as folder:
        filled(folder)
        with pytest.raises(SettingsError, match=r"401.*netrc"):
            sync(index, folder.url)

        netrc.write_text("machine 127.0.0.1 login ann password wrong-word\n")
        netrc.chmod(0o600)
        with pytest.raises(SettingsError, match="401") as raised:
            sync(index, folder.url)
        assert "wrong-word" not in str(raised.value)

        netrc.write_text('machine 127.0.0.1 login ann password "open sesame"\n')
        assert len(sync(index, folder.url).added) == 3

    assert len(sync(index).skipped) == 1  # the server is away
    assert len(texts(index)) == 3
    assert index.store.folder is not None
    for file in index.store.folder.rglob("*"):
        assert not (file.is_file() and b"sesame" in file.read_bytes())


def test_a_server_that_leads_elsewhere_is_not_followed(
    index: Index, root: Path, dav: Folder
) -> None:
    sync(index, filled(dav).url)
    with webdav(root) as other:
        dav.leads = f"{other.url.replace('webdav', 'http')}/"
        report = sync(index)

        assert other.fetched() == []
    assert "302" in reasons(dav, report)[dav.url]
    assert len(texts(index)) == 3


def test_s3_without_credentials_says_where_they_are_looked_for(
    index: Index, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(SettingsError, match=r"Unable to locate credentials.*AWS_PROFILE"):
        sync(index, filled(bucket).url)


def test_sftp_connects_to_no_server_that_ssh_does_not_know(
    index: Index, ssh: Folder, home: Path
) -> None:
    (home / ".ssh" / "known_hosts").unlink()

    with pytest.raises(SettingsError, match=r"[Hh]ost key.*as ssh knows them"):
        sync(index, filled(ssh).url)


def test_sftp_without_a_key_is_refused(index: Index, ssh: Folder, home: Path) -> None:
    (home / ".ssh" / "id_ed25519").unlink()

    with pytest.raises(SettingsError, match=r"ermission denied.*as ssh knows them"):
        sync(index, filled(ssh).url)


@pytest.mark.parametrize(
    ("place", "module", "extra"),
    [("s3://papers", "s3fs", "s3"), ("sftp://x/y", "sshfs", "sftp"),
     ("webdav://x/y", "webdav4.fsspec", "webdav")],
)  # fmt: skip
def test_a_missing_package_is_named_with_what_to_install(
    index: Index, place: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(SettingsError, match=rf'pip install "footnote-qa\[{extra}\]"'):
        sync(index, place)


def test_the_commands_of_the_page(
    bucket: Bucket, ssh: Folder, dav: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "storage.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"<!-- storage -->\n```bash\n(.*?)```", page, re.DOTALL)
    places = dict(zip(re.findall(r"qa sync (\S+)", block), (bucket, ssh, dav), strict=True))
    filled(bucket)
    filled(ssh)
    monkeypatch.setenv("QA_INDEX", str(tmp_path / "index"))

    for command in block.splitlines():
        for address, place in places.items():
            command = command.replace(address, place.url)
        program, *words = shlex.split(command)
        assert program == "qa"
        done = run(*words)
        assert done.returncode == 0, done.stderr

    with qa.Assistant() as assistant:
        assert sorted(assistant.status().folders) == sorted([dav.url, ssh.url])
        answer = assistant.ask("How many days of leave does everyone have?")
        assert answer.citations[0].source in (f"{dav.url}/leave.md", f"{ssh.url}/leave.md")
        assert assistant.original(answer.citations[0].source) is None

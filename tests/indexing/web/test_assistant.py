"""Pages of the web through the library and the command line, as users have them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

import qa
from tests.cli import forked
from tests.indexing.mirroring import write
from tests.indexing.web.serving import Served, Web


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[qa.Assistant]:
    index = tmp_path / "index"
    with qa.Assistant(index, web_networks=["127.0.0.1"], web_pause=0) as assistant:
        yield assistant


def test_an_answer_cites_the_address_of_its_page(assistant: qa.Assistant, web: Web) -> None:
    assistant.sync(f"{web.url}/handbook/")

    answer = assistant.ask("How many days of leave does everyone have?")

    assert answer.citations[0].source == f"{web.url}/handbook/leave.html"
    assert "30 days" in answer.citations[0].quote
    assert assistant.original(answer.citations[0].source) is None
    found = assistant.search("trains", folder=f"{web.url}/handbook/")
    assert found[0].passage.source == f"{web.url}/handbook/travel"


def test_nothing_is_requested_except_by_a_sync(
    assistant: qa.Assistant, web: Web, tmp_path: Path
) -> None:
    write(tmp_path / "docs" / "pears.md", "Pears are green.")
    assistant.sync([f"{web.url}/handbook/", tmp_path / "docs"])
    web.asked.clear()

    assistant.ask("How many days of leave does everyone have?")
    assistant.links(f"{web.url}/handbook/leave.html")
    status = assistant.status(compare=True)
    assert status.stale == []
    assert sorted(status.folders) == sorted([f"{web.url}/handbook/", str(tmp_path / "docs")])
    stop = Event()
    write(tmp_path / "docs" / "pears.md", "Pears are yellow.")
    for report in assistant.watch(stop):
        assert isinstance(report, qa.SyncReport)
        assert report.removed == ()
        stop.set()

    assert "yellow" in assistant.document("docs/pears.md").text
    assert len(assistant.status().sources) == 4
    assert web.asked == []


def test_only_the_groups_of_an_address_may_read_what_is_below_it(
    assistant: qa.Assistant, web: Web, tmp_path: Path
) -> None:
    def read(*groups: str) -> set[str]:
        status = assistant.status(viewer=qa.Viewer("somebody", groups))
        return {one.source.removeprefix(f"{web.url}/handbook/") for one in status.sources}

    every = {"", "leave.html", "travel"}
    assistant.sync(f"{web.url}/handbook/leave.html", groups=["people"])
    assert (read(), read("people")) == (set(), {"leave.html"})
    report = assistant.sync(f"{web.url}/handbook/")  # which now has that page, too
    assert len(report.added) == 2
    assert (read(), read("people")) == (every - {"leave.html"}, every)
    assistant.sync(f"{web.url}/handbook/", groups=["staff"])
    assert (read(), read("staff")) == (set(), every - {"leave.html"})
    assistant.sync(rebuild=True)
    assert (read(), read("people"), read("staff", "people")) == (set(), {"leave.html"}, every)
    assert "30 days" not in assistant.ask("How many days of leave?", viewer=qa.Viewer("x")).text
    report = assistant.sync(f"{web.url}/handbook/leave.html", groups=["*"])
    assert (report.added, report.changed, read()) == ((), (), {"leave.html"})

    handbook = f"{web.url}/handbook/"
    wrong: list[list[str | Path] | None] = [None, [tmp_path], [tmp_path, handbook]]
    for places in wrong:
        with pytest.raises(qa.ArgumentError, match="addresses alone"):
            assistant.sync(places, groups=["people"])


@pytest.mark.parametrize("place", ["https://user:word@x.example/", "https://", "http://a b/"])
def test_an_address_that_cannot_be_synced_is_refused(assistant: qa.Assistant, place: str) -> None:
    with pytest.raises(qa.SettingsError, match=r"password|no address of the web"):
        assistant.sync(place)


def test_the_command_line_takes_addresses(web: Web, tmp_path: Path) -> None:
    web.pages["/handbook/"].body = web.pages["/handbook/"].body.replace(b'"travel"', b'"gone"')
    web.pages["/handbook/gone"] = Served(b"", status=503, etag=False)

    def run(*arguments: str, networks: str = "127.0.0.0/8") -> subprocess.CompletedProcess[str]:
        settings = {"QA_WEB_NETWORKS": networks, "QA_WEB_PAUSE": "0"}
        environment = {**os.environ, **settings}
        return forked.run(*arguments, "--index", tmp_path / "index", env=environment)

    refused = run("sync", f"{web.url}/handbook/", networks="")
    assert refused.returncode == 1
    assert "127.0.0.1 is not a public address" in " ".join(refused.stderr.split())
    assert "QA_WEB_NETWORKS=127.0.0.1" in refused.stderr
    assert web.asked == []

    synced = run("sync", f"{web.url}/handbook/")
    assert synced.returncode == 0, synced.stderr
    assert f"{web.url}/handbook/leave.html" in synced.stdout
    status = run("status")
    assert f"Folders  {web.url}/handbook/" in status.stdout
    assert f"{web.url}/handbook/gone cannot be reached: the server answers 503." in " ".join(
        status.stdout.split()
    )
    told = json.loads(run("ask", "--json", "How many days of leave does everyone have?").stdout)
    assert told["citations"][0]["source"] == f"{web.url}/handbook/leave.html"
    assert run("forget", f"{web.url}/handbook/").returncode == 0
    assert json.loads(run("status", "--json").stdout)["folders"] == []

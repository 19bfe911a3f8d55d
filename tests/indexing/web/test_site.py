from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from qa.access import OWNER
from qa.errors import SettingsError
from qa.index.index import Index
from qa.indexing import forgetting, syncing
from qa.indexing.web.media import suffix_of
from qa.loading.formats import MARKDOWN
from qa.records import Progress, SyncReport
from qa.settings import Settings
from tests.indexing.mirroring import Counting, changes, preparing_of, texts
from tests.indexing.web.serving import LOOPBACK, Served, Web, moved, page


def sync(
    index: Index, *places: str | Path, settings: Settings = LOOPBACK, rebuild: bool = False
) -> SyncReport:
    return syncing.sync(index, preparing_of(index), places or None, settings, rebuild=rebuild)


def short(web: Web, report: SyncReport) -> dict[str, object]:
    """The changes, with the addresses from the host on."""
    return {
        name: [one.removeprefix(web.url) if isinstance(one, str) else one for one in found]
        if isinstance(found, list)
        else found
        for name, found in changes(report).items()
    }


def reasons(web: Web, report: SyncReport) -> dict[str, str]:
    """Why what was skipped, each without its address."""
    return {
        one.source.removeprefix(web.url): one.reason.partition(" ")[2] for one in report.skipped
    }


def test_a_site_is_read_below_its_path_and_nothing_else(index: Index, web: Web) -> None:
    report = sync(index, f"{web.url}/handbook/")

    assert sorted(report.added) == [
        f"{web.url}/handbook/",
        f"{web.url}/handbook/leave.html",
        f"{web.url}/handbook/travel",
    ]
    assert report.skipped == ()
    assert "30 days of leave" in texts(index)[f"{web.url}/handbook/leave.html"]
    assert set(web.requests()) == {"/handbook/", "/handbook/leave.html", "/handbook/travel"}


def test_what_has_not_changed_costs_a_304_and_is_not_parsed_or_embedded(
    index: Index, web: Web, counting: Counting, parsed: list[str]
) -> None:
    sync(index, f"{web.url}/handbook/")
    web.requests()
    counting.texts.clear()
    parsed.clear()

    report = sync(index)

    assert len(report.unchanged) == 3
    assert web.requests() == {
        "/handbook/": 304, "/handbook/leave.html": 304, "/handbook/travel": 304,
    }  # fmt: skip
    assert parsed == counting.texts == []


def test_what_changed_is_read_again_what_is_new_is_added_what_is_gone_is_removed(
    index: Index, web: Web
) -> None:
    sync(index, f"{web.url}/handbook/")
    web.pages["/handbook/"] = page("Handbook", "What we all know.", "leave.html", "pay", "travel")
    web.pages["/handbook/pay"] = page("Pay", "Wages come on the last day of the month.")
    del web.pages["/handbook/travel"]

    report = sync(index)

    assert short(web, report) == {
        "added": ["/handbook/pay"],
        "changed": ["/handbook/"],
        "removed": ["/handbook/travel"],
        "unchanged": ["/handbook/leave.html"],
        "passages": 2,
    }


def test_a_page_that_is_no_longer_linked_is_removed_though_it_is_there(
    index: Index, web: Web
) -> None:
    sync(index, f"{web.url}/handbook/")
    web.pages["/handbook/"] = page("Handbook", "What we all should know.", "travel")

    assert sync(index).removed == (f"{web.url}/handbook/leave.html",)


def test_a_page_with_two_addresses_is_one_document(index: Index, web: Web) -> None:
    canonical = '<link rel="canonical" href="leave.html">'
    web.pages["/handbook/leave.html?print"] = page("Leave", "For printing.", head=canonical)
    web.pages["/handbook/"] = page("Handbook", "All.", "leave.html?print", "leave.html#days")

    for sources in ("added", "unchanged"):
        report = sync(index, f"{web.url}/handbook/")
        assert len(getattr(report, sources)) == 2
        assert [(one.source, one.reason) for one in report.skipped] == [
            (
                f"{web.url}/handbook/leave.html?print",
                f"{web.url}/handbook/leave.html?print is another address of a page that is read "
                "(its canonical address).",
            )
        ]
    assert web.requests()["/handbook/leave.html?print"] == 304


def test_a_canonical_address_where_nothing_is_does_not_lose_the_page(
    index: Index, web: Web
) -> None:
    canonical = '<link rel="canonical" href="/handbook/nowhere">'
    web.pages["/handbook/travel"] = page("Travel", "Trains are fast.", head=canonical)

    assert f"{web.url}/handbook/travel" in sync(index, f"{web.url}/handbook/").added
    assert f"{web.url}/handbook/travel" in sync(index).unchanged


def test_redirects_are_followed_within_the_site_only(index: Index, web: Web) -> None:
    web.pages["/handbook/"] = page("Handbook", "All.", "old", "out", "far", "inward", "round")
    web.pages["/handbook/old"] = moved("leave.html", 301)
    web.pages["/handbook/out"] = moved("/press")
    web.pages["/handbook/far"] = moved("http://10.1.2.3/handbook/")
    web.pages["/handbook/inward"] = moved("http://169.254.169.254/latest/meta-data/")
    web.pages["/handbook/round"] = moved("round")

    report = sync(index, f"{web.url}/handbook/")

    assert sorted(report.added) == [f"{web.url}/handbook/", f"{web.url}/handbook/leave.html"]
    assert "/press" not in web.requests()
    assert reasons(web, report) == {
        "/handbook/out": f"leads to {web.url}/press, which is not synced with it.",
        "/handbook/far": "leads to http://10.1.2.3/handbook/, which is not synced with it.",
        "/handbook/inward": "leads to http://169.254.169.254/latest/meta-data/, "
        "which is not synced with it.",
    }  # fmt: skip


def test_robots_txt_noindex_and_nofollow_are_respected(index: Index, web: Web) -> None:
    web.pages["/robots.txt"] = Served(
        b"User-agent: *\nDisallow: /handbook/*.html$\n\nUser-agent: other\nDisallow: /",
        "text/plain",
    )
    web.pages["/handbook/"] = page("Handbook", "All.", "leave.html", "travel", "draft", "list")
    robots = '<meta name="robots" content="NOINDEX">'
    web.pages["/handbook/draft"] = page("Draft", "Not yet.", "pay", head=robots)
    web.pages["/handbook/list"] = page("List", "All pages.", "secret")
    web.pages["/handbook/list"].headers["X-Robots-Tag"] = "nofollow"
    web.pages["/handbook/pay"] = page("Pay", "Wages come monthly.")
    web.pages["/handbook/secret"] = page("Secret", "Nobody leads here.")

    for sources in ("added", "unchanged"):
        report = sync(index, f"{web.url}/handbook/")
        read = [one.removeprefix(f"{web.url}/handbook/") for one in getattr(report, sources)]
        assert read == ["", "list", "pay", "travel"]
        assert [one.reason.removeprefix(web.url) for one in report.skipped] == [
            "/handbook/draft asks not to be indexed (noindex).",
            "/handbook has pages that robots.txt asks not to read "
            f"(1, such as {web.url}/handbook/leave.html).",
        ]
    asked = web.requests()
    assert asked["/handbook/draft"] == 304
    assert not {"/handbook/leave.html", "/handbook/secret"} & asked.keys()


def test_a_page_that_asks_no_longer_to_be_indexed_leaves_the_index(index: Index, web: Web) -> None:
    sync(index, f"{web.url}/handbook/")
    web.pages["/handbook/travel"].headers["X-Robots-Tag"] = "noindex"
    web.pages["/handbook/travel"].body += b" "

    assert sync(index).removed == (f"{web.url}/handbook/travel",)


def test_what_cannot_be_reached_stays_as_it_is_and_is_reported(index: Index, web: Web) -> None:
    web.pages["/handbook/travel"] = page("Travel", "Trains are paid.", "abroad")
    web.pages["/handbook/abroad"] = page("Abroad", "Flights are paid, too.")
    sync(index, f"{web.url}/handbook/")
    web.pages["/handbook/travel"].status = 503
    web.pages["/handbook/travel"].etag = False

    for _ in range(2):  # and what only it leads to is still known
        report = sync(index)
        assert report.removed == ()
        assert f"{web.url}/handbook/abroad" in report.unchanged
        assert [one.reason for one in report.skipped] == [
            f"{web.url}/handbook/travel cannot be reached: the server answers 503."
        ]
    assert "Trains are paid" in texts(index)[f"{web.url}/handbook/travel"]


def test_a_server_that_is_away_loses_nothing(index: Index, web: Web) -> None:
    sync(index, f"{web.url}/handbook/")
    before = texts(index)
    web.close()

    report = sync(index)

    assert report.removed == ()
    assert texts(index) == before
    (skipped,) = report.skipped
    assert skipped.source == f"{web.url}/handbook"
    assert "cannot be reached" in skipped.reason
    assert skipped.reason.endswith("What was read there before is kept.")
    with pytest.raises(SettingsError, match=r"/other/.* cannot be reached|robots"):
        sync(index, f"{web.url}/other/")


def test_a_site_that_is_gone_keeps_its_documents_until_they_are_forgotten(
    index: Index, web: Web
) -> None:
    sync(index, f"{web.url}/handbook/")
    web.pages.clear()

    report = sync(index)

    assert report.removed == ()
    assert f"qa forget {web.url}/handbook" in report.skipped[0].reason
    forgotten = forgetting.forget(index, f"{web.url}/handbook/", LOOPBACK)
    assert len(forgotten.sources) == 3
    assert forgotten.left == 0
    assert forgotten.pages == ()
    web.requests()
    assert texts(index) == {}


def test_a_forgotten_page_of_a_site_is_said_to_come_back(index: Index, web: Web) -> None:
    sync(index, f"{web.url}/handbook/")

    forgotten = forgetting.forget(index, f"{web.url}/handbook/travel", LOOPBACK)

    assert forgotten.pages == (f"{web.url}/handbook/travel",)
    assert sync(index).added == (f"{web.url}/handbook/travel",)


def test_too_many_pages_in_a_row_that_fail_end_the_visit(index: Index, web: Web) -> None:
    names = [f"p{number}" for number in range(9)]
    web.pages["/handbook/"] = page("Handbook", "All.", *names)
    for name in names:
        web.pages[f"/handbook/{name}"] = Served(b"", status=500, etag=False)

    report = sync(index, f"{web.url}/handbook/")

    assert report.skipped[-1].reason.startswith(
        f"{web.url}/handbook is not asked for more pages: {web.url}/handbook/p4 cannot be reached"
    )
    assert len(web.requests()) == 6


def test_pages_for_others_only_do_not_end_the_visit(index: Index, web: Web) -> None:
    names = [f"p{number}" for number in range(9)]
    web.pages["/handbook/"] = page("Handbook", "All.", *names, "travel")
    for name in names:
        web.pages[f"/handbook/{name}"] = Served(b"", status=403, etag=False)

    report = sync(index, f"{web.url}/handbook/")

    assert f"{web.url}/handbook/travel" in report.added
    assert len(report.skipped) == 9


def test_an_etag_that_no_header_can_hold_is_not_sent_back(index: Index, web: Web) -> None:
    web.pages["/handbook/travel"].etag = False
    web.pages["/handbook/travel"].headers["ETag"] = '"ü"'
    sync(index, f"{web.url}/handbook/")

    assert len(sync(index).unchanged) == 3


def test_a_page_that_stood_for_another_one_is_read_when_it_stands_for_itself(
    index: Index, web: Web
) -> None:
    canonical = '<link rel="canonical" href="leave.html">'
    web.pages["/handbook/travel"] = page("Travel", "Trains are fast.", head=canonical)
    assert len(sync(index, f"{web.url}/handbook/").added) == 2
    web.pages["/robots.txt"] = Served(b"User-agent: *\nDisallow: /handbook/leave", "text/plain")

    report = sync(index)

    assert report.added == (f"{web.url}/handbook/travel",)
    assert report.removed == (f"{web.url}/handbook/leave.html",)


def test_limits_of_pages_size_and_time_are_kept_with_clear_reasons(index: Index, web: Web) -> None:
    web.pages["/handbook/"] = page("Handbook", "All.", "huge", "endless", "slow", "travel")
    web.pages["/handbook/huge"] = Served(b"x" * 3_000_000)
    web.pages["/handbook/endless"] = Served(b"x" * 3_000_000, pieces=30)
    web.pages["/handbook/slow"] = Served(b"x" * 100, pieces=100, between=0.2)
    settings = LOOPBACK.model_copy(update={"max_file_megabytes": 1.0, "web_page_seconds": 1.0})

    report = sync(index, f"{web.url}/handbook/", settings=settings)

    assert sorted(report.added) == [f"{web.url}/handbook/", f"{web.url}/handbook/travel"]
    huge = "has 3 MB; max_file_megabytes allows 1. Split it, or raise that setting."
    assert reasons(web, report) == {
        "/handbook/huge": huge,
        "/handbook/endless": huge,
        "/handbook/slow": "does not arrive within 1 seconds (the setting web_page_seconds).",
    }  # fmt: skip
    few = settings.model_copy(update={"max_web_pages": 2})
    report = sync(index, settings=few)
    assert report.removed == ()
    assert "has more than 2 pages (max_web_pages)" in report.skipped[0].reason


def test_a_site_may_take_only_so_long(index: Index, web: Web) -> None:
    settings = LOOPBACK.model_copy(update={"web_seconds": 0.0})

    report = sync(index, f"{web.url}/handbook/", settings=settings)

    assert report.added == (f"{web.url}/handbook/",)
    assert "takes longer than 0 seconds (web_seconds)" in report.skipped[-1].reason


def test_the_content_type_says_what_a_page_is(index: Index, web: Web) -> None:
    web.pages["/handbook/"] = page("Handbook", "All.", "notes", "plain", "data", "film", "x.md")
    web.pages["/handbook/notes"] = Served(
        b"# Notes\n\nPens are free.", "text/markdown; charset=utf-8"
    )
    web.pages["/handbook/plain"] = Served(b"Ink is free, too.", "text/plain")
    web.pages["/handbook/data"] = Served(b"%PDF-1.4 and no more", "application/pdf")
    web.pages["/handbook/film"] = Served(b"moving", "video/mp4")
    web.pages["/handbook/x.md"] = Served(b"## Paper\n\nPaper is free.", "text/plain")

    report = sync(index, f"{web.url}/handbook/")

    with index.reading(OWNER) as snapshot:
        formats = {
            e.source.rpartition("/")[2]: e.reading.formats[0] for e in snapshot.entries.values()
        }
        status = snapshot.status("", "")
    assert formats == {
        "": "html 4",
        "notes": MARKDOWN.read_as,
        "plain": "txt 2",
        "x.md": MARKDOWN.read_as,
    }
    assert [one.source for one in status.failed] == [f"{web.url}/handbook/data"]
    assert [one.reason for one in status.skipped] == [
        f"{web.url}/handbook/film is of the type video/mp4, which cannot be read. "
        "Give it as HTML, PDF or one of the other formats that can be."
    ]
    assert len(report.skipped) == 2
    web.requests()
    sync(index)
    assert web.requests()["/handbook/data"] == 304


def test_a_sitemap_says_what_is_read(index: Index, web: Web) -> None:
    listed = [f"{web.url}/handbook/travel", f"{web.url}/handbook/alone", f"{web.url}/press"]
    web.pages["/handbook/sitemap.xml"] = sitemap(*listed, "http://10.0.0.1/handbook/x")
    web.pages["/handbook/alone"] = page("Alone", "Nothing links here.")

    report = sync(index, f"{web.url}/handbook/sitemap.xml")

    assert sorted(report.added) == [f"{web.url}/handbook/alone", f"{web.url}/handbook/travel"]
    web.pages["/handbook/sitemap.xml"] = sitemap(*listed[1:])
    assert sync(index).removed == (f"{web.url}/handbook/travel",)


@pytest.mark.parametrize("encoding", ["", "x-gzip"])
def test_a_sitemap_may_be_packed(index: Index, web: Web, encoding: str) -> None:
    plain = sitemap(f"{web.url}/handbook/travel").body
    headers = {"Content-Encoding": encoding} if encoding else {}
    packed = Served(gzip.compress(plain), "application/gzip", headers=headers)
    web.pages["/handbook/pages.xml.gz"] = packed
    web.pages["/handbook/sitemap.xml.gz"] = Served(
        gzip.compress(sitemap(f"{web.url}/handbook/pages.xml.gz").body), "application/x-gzip"
    )

    report = sync(index, f"{web.url}/handbook/sitemap.xml.gz")

    assert report.added == (f"{web.url}/handbook/travel",)
    assert report.skipped == ()


def test_a_sitemap_that_unpacks_to_too_much_is_not_read(index: Index, web: Web) -> None:
    web.pages["/robots.txt"] = Served(f"Sitemap: {web.url}/all.xml.gz".encode(), "text/plain")
    listed = sitemap(f"{web.url}/handbook/alone").body + b" " * 3_000_000
    web.pages["/all.xml.gz"] = Served(gzip.compress(listed), "application/gzip")
    web.pages["/handbook/alone"] = page("Alone", "Nothing links here.")
    limited = LOOPBACK.model_copy(update={"max_unpacked_megabytes": 2})

    assert (
        f"{web.url}/handbook/alone"
        not in sync(index, f"{web.url}/handbook/", settings=limited).added
    )


def test_the_sitemaps_in_robots_txt_add_to_the_links(index: Index, web: Web) -> None:
    web.pages["/robots.txt"] = Served(f"Sitemap: {web.url}/all.xml".encode(), "text/plain")
    web.pages["/all.xml"] = sitemap(f"{web.url}/some.xml")
    web.pages["/some.xml"] = sitemap(f"{web.url}/handbook/alone", f"{web.url}/press")
    web.pages["/handbook/alone"] = page("Alone", "Nothing links here.")

    report = sync(index, f"{web.url}/handbook/")

    assert f"{web.url}/handbook/alone" in report.added
    assert len(report.added) == 4
    web.pages["/some.xml"].status = 500
    web.pages["/some.xml"].etag = False
    report = sync(index)
    assert report.removed == ()
    assert "some.xml cannot be reached" in report.skipped[0].reason


def sitemap(*addresses: str) -> Served:
    places = "".join(f"<url><loc>{address}</loc></url>" for address in addresses)
    return Served(
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{places}</urlset>'.encode(),
        "application/xml",
    )


def test_a_single_page_is_read_alone(index: Index, web: Web) -> None:
    assert sync(index, f"{web.url}/handbook/travel").added == (f"{web.url}/handbook/travel",)
    assert sync(index).unchanged == (f"{web.url}/handbook/travel",)
    web.pages["/handbook"] = moved("/handbook/", 301)
    with pytest.raises(SettingsError, match=r"/handbook leads to .*/handbook/.* Sync that address"):
        sync(index, f"{web.url}/handbook")


def test_a_wider_place_takes_over_a_narrower_one(
    index: Index, web: Web, counting: Counting
) -> None:
    sync(index, f"{web.url}/handbook/")
    counting.texts.clear()

    web.pages["/"] = page("Start", "Welcome.", "/handbook/", "/press")
    report = sync(index, web.url)

    assert sorted(report.added) == [f"{web.url}/", f"{web.url}/press"]
    assert len(report.unchanged) == 3
    assert all("Leave" not in text for text in counting.texts)
    with index.reading(OWNER) as snapshot:
        assert snapshot.head is not None
        assert dict(snapshot.head.folders) == {web.url: f"{web.url}/"}
        assert {entry.folder for entry in snapshot.entries.values()} == {web.url}
    web.requests()
    assert len(sync(index, f"{web.url}/handbook/").unchanged) == 3
    assert "/press" not in web.requests()


def test_folders_and_sites_stand_beside_each_other(
    index: Index, web: Web, docs: Path, tmp_path: Path
) -> None:
    report = sync(index, docs, f"{web.url}/handbook/")

    assert len(report.added) == 6
    web.requests()
    assert len(sync(index, docs).unchanged) == 3
    assert web.requests() == {}
    assert len(sync(index).unchanged) == 6


def test_an_interrupted_visit_keeps_what_was_read_and_the_next_one_goes_on(
    index: Index, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.indexing.web.site._BATCH", 2)
    names = [f"p{number}" for number in range(9)]
    web.pages["/handbook/"] = page("Handbook", "All.", *names)
    for name in names:
        web.pages[f"/handbook/{name}"] = page(name, f"This is {name}.")

    def interrupting(told: Progress) -> None:
        if told.source.endswith("/p7") and told.stage == "fetching":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        syncing.sync(
            index, preparing_of(index), [f"{web.url}/handbook/"], LOOPBACK, progress=interrupting
        )

    kept = len(texts(index))
    assert kept >= 6
    report = sync(index)
    assert (len(report.unchanged), len(report.added)) == (kept, 10 - kept)


def test_a_rebuilt_index_reads_the_site_again(index: Index, web: Web) -> None:
    sync(index, f"{web.url}/handbook/")
    before = texts(index)
    web.requests()

    assert len(sync(index, rebuild=True).added) == 3
    assert texts(index) == before
    assert set(web.requests().values()) == {200}
    web.close()
    sync(index, rebuild=True)
    assert texts(index) == before


def test_requests_are_made_with_pauses(index: Index, web: Web) -> None:
    web.pages["/robots.txt"] = Served(b"User-agent: footnote\nCrawl-delay: 0.3", "text/plain")

    sync(index, f"{web.url}/handbook/")

    gaps = [later - earlier for earlier, later in zip(web.times, web.times[1:], strict=False)]
    assert len(gaps) == 3
    assert min(gaps[1:]) > 0.2  # never less; how much more is up to the machine
    assert {headers["User-Agent"] for headers in web.headers} == {"Footnote"}


def test_a_server_that_wants_fewer_requests_is_left_alone(index: Index, web: Web) -> None:
    sync(index, f"{web.url}/handbook/")
    web.pages["/handbook/leave.html"] = Served(b"", status=429, etag=False)
    web.requests()

    report = sync(index)

    assert "is not asked for more pages" in report.skipped[-1].reason
    assert "wants fewer requests" in report.skipped[-1].reason
    assert report.removed == ()
    assert set(web.requests()) == {"/handbook/", "/handbook/leave.html"}


@pytest.mark.parametrize(
    ("kind", "path", "suffix"),
    [
        ("application/xml", "feed", ".xml"),
        ("text/html", "page.php", ".html"),
        ("application/vnd.ms-word.document.macroEnabled.12", "letter.docm", ".docm"),
        ("application/mbox", "archive.mbox", ".mbox"),
    ],
)
def test_types_are_known_on_every_machine(kind: str, path: str, suffix: str) -> None:
    assert suffix_of(kind, f"https://docs.example/{path}") == suffix

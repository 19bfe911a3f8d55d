"""The owner's page and its interface for programs: for admins only, complete, and safe."""

from __future__ import annotations

import contextlib
import gc
import json
import re
import time
from collections.abc import Iterator
from html import escape, unescape
from pathlib import Path
from typing import Any, NoReturn

import pytest
from fastapi.testclient import TestClient
from filelock import FileLock

import qa
from qa.api import Keys
from qa.evaluation import read_set
from tests.cli import forked
from tests.ui.owned import DOGS, HOSTILE, PENSION, copied, voted
from tests.ui.serving import FROM_OTHER_SITES
from tests.ui.sign_in.test_strangers import walked
from ui.admin.documents import Wanted
from ui.page.texts import TEXTS
from ui.server import build_server
from ui.uploads import Attachments

VIEWS = ("documents", "questions", "findings")
ADA, BOB = "ada", "bob"
GROUPS = {ADA: "owners, people", BOB: "people"}
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


def person(name: str) -> dict[str, str]:
    return {"X-Forwarded-User": name, "X-Forwarded-Groups": GROUPS[name], **SAME_SITE}


@contextlib.contextmanager
def client_of(assistant: qa.Assistant, *, proxies: tuple[str, ...] = ()) -> Iterator[TestClient]:
    """The server of an assistant, and whoever asks it from its own machine."""
    with contextlib.closing(Attachments(assistant)) as attachments:
        server = build_server(assistant, attachments, trusted_proxies=proxies)
        with TestClient(
            server, base_url="http://127.0.0.1", client=("127.0.0.1", 9), follow_redirects=False
        ) as client:
            yield client
        server.state.office.end(60)


@pytest.fixture(scope="module")
def assistant(used_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[qa.Assistant]:
    index = copied(used_index, tmp_path_factory.mktemp("owned"))
    with qa.Assistant(
        index,
        sign_in="proxy",
        admins=("owners",),
        audit=True,
        audit_questions=True,
        lock_timeout=0,
        metrics_networks=["127.0.0.1"],
    ) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def client(assistant: qa.Assistant) -> Iterator[TestClient]:
    with client_of(assistant, proxies=("127.0.0.1",)) as client:
        yield client


@pytest.fixture(scope="module")
def keys(assistant: qa.Assistant) -> dict[str, dict[str, str]]:
    kept = Keys.of(assistant.settings.index)
    made = {
        "admin": kept.add("runner", ["admin"], groups=["owners"])[0],
        "in no group": kept.add("stranger", ["admin"])[0],
        "without the right": kept.add("wiki", groups=["owners"])[0],
    }
    return {name: {"authorization": f"Bearer {key}"} for name, key in made.items()}


def routes(client: TestClient) -> list[tuple[str, str]]:
    """The method and path of every route that is for admins."""
    app: Any = client.app
    found = {one for one in walked(app.routes) if re.match(r"(/api/v1)?/admin", one[1])}
    return sorted(one for one in found if one[0] != "HEAD")


@pytest.mark.parametrize("language", TEXTS)
def test_a_browser_of_whoever_is_no_admin_gets_a_page(client: TestClient, language: str) -> None:
    texts = TEXTS[language]
    visit = {**person(BOB), "Accept": "text/html", "Accept-Language": language}
    for headers, query in (
        (visit, ""),
        ({**visit, "Accept-Language": "xx"}, f"?view=questions&lang={language}"),
    ):
        reply = client.get(f"/admin{query}", headers=headers)
        assert reply.status_code == 403
        assert f'<html lang="{language}"' in reply.text
        assert escape(texts.closed_admin) in reply.text
        assert f'<a href="./">{texts.admin_chat}</a>' in reply.text
        assert "handbook" not in reply.text
    for other, path in (({**visit, "Accept": "*/*"}, "/admin"), (visit, "/admin/state")):
        assert "error" in client.get(path, headers=other).json()


# Gradio leaves an event loop open when its page is built; collecting garbage finds it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_route_answers_whoever_is_no_admin(
    client: TestClient, keys: dict[str, dict[str, str]]
) -> None:
    gc.collect()
    found = routes(client)
    assert len(found) == 18, found
    for method, path in found:
        of_page = not path.startswith("/api/v1")
        others = [person(BOB)] if of_page else [keys["in no group"], keys["without the right"]]
        for who in others:
            reply = client.request(method, path, headers=who)
            assert reply.status_code == 403, (method, path, who)
            assert "handbook" not in reply.text
        assert client.request(method, path, headers=SAME_SITE).status_code == 401
        if not of_page:
            people = client.request(method, path, headers=person(ADA))
            assert people.status_code == 401, "programs have keys"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("sign_in", [None, "none"])
def test_without_a_sign_in_it_is_for_this_machine_alone(
    tmp_path: Path, sign_in: str | None
) -> None:
    gc.collect()
    forwarded = {"X-Forwarded-For": "10.0.0.9"}
    with (
        qa.Assistant(tmp_path / "index", sign_in=sign_in, admins=("owners",)) as opened,
        client_of(opened) as near,
    ):
        opened.add([qa.Document("Plums are blue.", "plums.txt")])
        far = TestClient(near.app, base_url="http://127.0.0.1", client=("10.0.0.9", 9))
        found = [path for method, path in routes(near) if method == "GET"]
        for path in found:
            assert near.get(path).status_code == (200 if sign_in is None else 403), path
            assert near.get(path, headers=forwarded).status_code == 403, path
            assert far.get(path).status_code == 403, path


@pytest.mark.parametrize("elsewhere", FROM_OTHER_SITES)
def test_another_site_cannot_press_anything(
    client: TestClient, assistant: qa.Assistant, elsewhere: dict[str, str]
) -> None:
    who = {**person(ADA)}
    del who["Sec-Fetch-Site"]
    (one, *_) = client.get("/admin?view=questions", headers=person(ADA)).text.split('name="id"')[1:]
    id = re.findall(r'value="(\w+)"', one)[0]
    for path in ("sync", "review", "set", "set-aside", "bring-back"):
        for headers in (
            {**who, **elsewhere},
            who,
        ):  # the second says nothing of its page
            reply = client.post(f"/admin/{path}", data={"id": id}, headers=headers)
            assert reply.status_code == 403, path
    office: Any = client.app.state.office  # type: ignore[attr-defined]
    assert not office.sync.state.started
    assert voted(Path(assistant.settings.index)) == []
    assert len(assistant.findings().aside) == 1


def test_it_cannot_be_shown_in_a_frame_and_is_kept_nowhere(client: TestClient) -> None:
    reply = client.get("/admin", headers=person(ADA))
    policy = reply.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in policy
    assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("language", TEXTS)
def test_every_view_in_every_language_escapes_what_others_wrote(
    client: TestClient, language: str
) -> None:
    for view in VIEWS:
        query = {"view": view, "lang": language}
        page = client.get("/admin", params=query, headers=person(ADA)).text
        assert f'<html lang="{language}">' in page
        assert "<img" not in page
        assert (HOSTILE in unescape(page)) == (view == "questions")
        assert not re.search(r"\{\w+\}", page)


def test_the_view_of_documents(client: TestClient) -> None:
    page = client.get("/admin", headers=person(ADA)).text
    documents = page.split('<table class="documents">')[1].split("<tr>")[2:]
    rows = {row.split("</code>")[0]: row for row in documents}
    assert "hr, leads" in rows['<th scope="row"><code>handbook/hr/pay.md']
    assert "Everybody" in rows['<th scope="row"><code>handbook/leave.md']
    torn = next(iter(rows))
    assert "handbook/torn.pdf" in torn, "what needs attention comes first"
    assert "Not read: " in rows[torn]


@pytest.mark.parametrize(
    ("query", "sources"),
    [
        ({"find": "HR"}, ["handbook/hr/pay.md"]),
        ({"find": "day HANDBOOK/"}, ["handbook/first-day.md"]),
        ({"find": "pay", "state": "in_order"}, ["handbook/hr/pay.md"]),
        ({"state": "unread"}, ["handbook/torn.pdf"]),
        ({"find": "torn", "state": "in_order"}, []),
        ({"state": "partly"}, []),
    ],
)
def test_documents_are_looked_for_by_words_and_state(
    client: TestClient, query: dict[str, str], sources: list[str]
) -> None:
    page = client.get("/admin", params=query, headers=person(ADA)).text
    assert re.findall(r'<th scope="row"><code>([^<]+)', page) == sources
    assert re.search(rf'"of-documents">Documents <span>{len(sources)} of \d</span>', page)
    assert ("No document is like that." in page) == (not sources)
    assert f'value="{query.get("find", "")}"' in page, "the words are still in the field"
    if state := query.get("state"):
        assert re.search(rf'<option value="{state}" selected>[^<]+ \({len(sources)}\)', page)


def test_what_is_looked_for_is_shown_as_text(client: TestClient) -> None:
    page = client.get("/admin", params={"find": f'"{HOSTILE}'}, headers=person(ADA)).text
    assert "<img" not in page
    assert client.get("/admin?state=torn", headers=person(ADA)).status_code == 422


def test_letters_with_accents_are_the_same_in_both_forms() -> None:
    assert Wanted("CAFE\u0301").has_words("handbook/caf\u00e9.md")
    assert not Wanted("cafe").has_words("handbook/tea.md")


def test_the_view_of_questions(client: TestClient) -> None:
    page = client.get("/admin?view=questions&days=7", headers=person(ADA)).text
    assert page.count("<svg") > 4
    for chart in re.findall(r'<svg class="chart"[^>]*>', page):
        assert re.search(r'role="img" aria-label="[^"]+: \d', chart)
    for question in (*PENSION, *DOGS):
        assert question in page
    assert "ada-the-asker" not in page
    assert page.count('<article class="voted"') == 2
    assert '<tr><th scope="row">Total</th>' in page, "the numbers of the charts, as a table"
    assert re.search(r"<p>\d+ questions, \d+ % of them answered\.</p>", page)
    assert "Votes down whose questions are not kept: 2." in page
    assert "<td>We insure everybody against accidents.</td><td>2</td>" in page
    assert "set feedback_texts = true" in page


def test_the_view_of_findings_has_both_quotes(client: TestClient) -> None:
    page = client.get("/admin?view=findings", headers=person(ADA)).text
    assert "Everybody has 25 days of annual leave a year." in page
    assert "Everybody has 28 days of annual leave a year." in page
    assert "leads to pay-20.md" in page
    assert "5 of 5 documents have been compared." in page


def test_a_finding_is_set_aside_and_brought_back(
    client: TestClient, assistant: qa.Assistant
) -> None:
    def view() -> tuple[str, str]:
        """The findings, and those that were set aside."""
        page = client.get("/admin?view=findings", headers=person(ADA)).text
        aside, rest = page.split("<details")[1].split("</details>")
        return rest, aside

    def pressed(where: str, **sent: str) -> str:
        reply = client.post(f"/admin/{where}?lang=de", data=sent, headers=person(ADA))
        assert reply.status_code == 303
        return reply.headers["location"]

    rest, aside = view()
    assert "Set aside: 1" in aside
    (before,) = re.findall(r'name="id" value="(\w+)"', aside)
    id = re.findall(r'name="id" value="(\w+)"', rest)[0]
    (after,) = re.findall(rf'value="{id}"><input type="hidden" name="after" value="([\w-]+)"', rest)
    assert after == "of-contradiction", "there is no further one of this kind"

    assert pressed("set-aside", id=id, after=after) == f"../admin?view=findings&lang=de#{after}"
    audit = Path(assistant.settings.index).parent / "audit" / "index" / "audit.jsonl"
    last = json.loads(audit.read_text(encoding="utf-8").splitlines()[-1])
    assert (last["event"], last["who"], last["way"]) == ("FindingSetAside", ADA, "page")
    assert (last["finding"], last["aside"]) == (id, True)
    assert last["sources"] == ["handbook/first-day.md", "handbook/leave.md"]
    rest, aside = view()
    assert set(re.findall(r'id="finding-(\w+)"', aside)) == {before, id}
    assert f"finding-{id}" not in rest

    assert pressed("bring-back", id=id, after='"><x').endswith("lang=de"), "no id, so no place"
    rest, aside = view()
    assert f"finding-{id}" in rest
    assert f"finding-{id}" not in aside
    assert json.loads(audit.read_text(encoding="utf-8").splitlines()[-1])["aside"] is False
    pressed("set-aside", id="0123456789"), pressed("bring-back")
    assert view() == (rest, aside), "a finding that is gone by now is none"


def test_a_sync_is_started_and_its_end_is_told(client: TestClient, assistant: qa.Assistant) -> None:
    (folder,) = map(Path, assistant.status().folders)
    (folder / "lift.md").write_text("# Lift\n\nThe lift is grey.\n", encoding="utf-8")
    reply = client.post("/admin/sync?lang=de", headers=person(ADA))
    assert (reply.status_code, reply.headers["location"]) == (
        303, "../admin?view=documents&lang=de",
    )  # fmt: skip
    office: Any = client.app.state.office  # type: ignore[attr-defined]
    ended(office.sync)
    assert (office.syncs[0].added, office.syncs[0].error) == (1, "")
    assert "handbook/lift.md" in client.get("/admin", headers=person(ADA)).text
    parts = client.get("/admin/state", headers=person(ADA)).json()["parts"]
    assert "<td>1</td>" in parts["sync"]
    audit = Path(assistant.settings.index).parent / "audit" / "index" / "audit.jsonl"
    last = json.loads(audit.read_text(encoding="utf-8").splitlines()[-1])
    assert (last["event"], last["who"], last["way"]) == ("Synced", ADA, "page")


def test_a_sync_that_fails_is_an_alert(client: TestClient, assistant: qa.Assistant) -> None:
    office: Any = client.app.state.office  # type: ignore[attr-defined]
    with FileLock(Path(assistant.settings.index) / "lock"):
        client.post("/admin/sync", headers=person(ADA))
        ended(office.sync)
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded"), "it still answers"
    assert ready.json()["checks"]["sync"] == "failed"
    told = client.get("/admin/state", headers=person(ADA)).json()["parts"]
    assert "The last sync failed." in told["alerts"]
    assert "another process" in told["alerts"].lower() or "another sync" in told["alerts"].lower()
    assert (
        'footnote_syncs_total{outcome="failed"} 1.0'
        in client.get("/metrics", headers=person(ADA)).text
    )
    client.post("/admin/sync", headers=person(ADA))
    ended(office.sync)
    told = client.get("/admin/state", headers=person(ADA)).json()["parts"]
    assert "Everything is in order." in told["alerts"]


def test_an_error_that_nobody_expects_is_told_without_its_traceback(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, keys: dict[str, dict[str, str]]
) -> None:
    def torn(*_: object, **__: object) -> NoReturn:
        raise RuntimeError("a bug <b>")

    office: Any = client.app.state.office  # type: ignore[attr-defined]
    with monkeypatch.context() as patched:
        patched.setattr("qa.indexing.sync", torn)
        client.post("/admin/sync", headers=person(ADA))
        ended(office.sync)
    parts = client.get("/admin/state", headers=person(ADA)).json()["parts"]
    for part in ("alerts", "sync"):
        assert "Something went wrong (RuntimeError: a bug &lt;b&gt;)." in parts[part]
        assert "Traceback" not in parts[part]
    assert client.get("/readyz").json()["checks"]["sync"] == "failed"
    last = client.get("/api/v1/admin/sync", headers=keys["admin"]).json()["syncs"][0]
    assert (last["error"], last["added"]) == ("Something went wrong (RuntimeError: a bug <b>).", 0)
    client.post("/admin/sync", headers=person(ADA))
    ended(office.sync)
    assert client.get("/readyz").json()["status"] == "ready"


def test_what_another_process_synced_is_on_the_page_and_reviewed_if_this_one_did(
    client: TestClient, assistant: qa.Assistant
) -> None:
    (folder,) = map(Path, assistant.status().folders)
    office: Any = client.app.state.office  # type: ignore[attr-defined]
    (folder / "roof.md").write_text("# Roof\n\nThe roof is flat.\n", encoding="utf-8")
    forked.run("sync", "--index", assistant.settings.index)
    assert (office.syncs[0].added, office.syncs[0].error) == (1, "")
    shown = client.get("/admin/state", headers=person(ADA)).json()["parts"]["sync"]
    assert "<td>1</td>" in shown.split("<tr>")[2], "below the heads"
    (folder / "roof.md").unlink()
    (folder / "door.md").write_text("# Door\n\nThe door is red.\n", encoding="utf-8")
    client.post("/admin/sync", headers=person(ADA))
    ended(office.sync)
    ended(office.review)
    assert assistant.findings().documents == len(assistant.status().sources)


def ended(work: Any) -> None:
    for _ in range(600):
        if not work.state.running:
            return
        time.sleep(0.1)
    raise AssertionError("it never ended")


def test_an_answer_that_was_voted_down_goes_into_the_set_with_one_press(
    client: TestClient, assistant: qa.Assistant
) -> None:
    page = client.get("/admin?view=questions", headers=person(ADA)).text
    sauna, leave = re.findall(r'name="id" value="(\w+)"', page)
    pressed = [{"id": sauna, "refuse": "yes", "answer": "x"}, {"id": leave, "answer": " 28 days "}]
    for sent in (*pressed, pressed[0]):
        reply = client.post("/admin/set", data=sent, headers=person(ADA))
        assert reply.status_code == 303
    kept = read_set(qa.Verdicts.of(assistant.settings.index).set_file)
    assert not kept.problems
    assert [(one.answerable, list(one.answers)) for one in kept.questions] == [
        (False, []), (True, ["28 days"]),
    ]  # fmt: skip
    page = client.get("/admin?view=questions", headers=person(ADA)).text
    assert page.count("In the set for qa eval") == 2
    for wrong in ({"id": "nothing"}, {}, {f"field{n}": "x" for n in range(20)}):
        assert client.post("/admin/set", data=wrong, headers=person(ADA)).status_code == 404


def test_programs_get_the_same(client: TestClient, keys: dict[str, dict[str, str]]) -> None:
    def got(path: str) -> Any:
        reply = client.get(f"/api/v1/admin/{path}", headers=keys["admin"])
        assert reply.status_code == 200
        return reply.json()

    documents = got("documents?compare=true")
    assert {one["source"]: one["groups"] for one in documents["sources"]}["handbook/hr/pay.md"] == [
        "hr", "leads",
    ]  # fmt: skip
    assert documents["failed"][0]["source"] == "handbook/torn.pdf"
    assert got("insights?days=7")["total"]["not_said"] > 0
    review = got("review")
    assert len(review["review"]["findings"][0]["citations"]) == 2
    assert got("sync")["work"]["running"] is False
    assert got("alerts") == {"alerts": []}
    id = review["review"]["findings"][0]["id"]
    for where, number in (("set-aside", 2), ("bring-back", 1)):
        reply = client.post(f"/api/v1/admin/review/{where}", json={"id": id}, headers=keys["admin"])
        assert (reply.status_code, reply.json()["id"]) == (200, id)
        assert len(got("review")["review"]["aside"]) == number
        wrong = client.post(
            f"/api/v1/admin/review/{where}", json={"id": "x"}, headers=keys["admin"]
        )
        assert (wrong.status_code, wrong.json()["kind"]) == (404, "UnknownSourceError")
    down = got("voted-down")
    assert down["without_words"]["number"] == 2
    assert down["without_words"]["ranges"][0]["text"] == "We insure everybody against accidents."
    answers = down["answers"]
    assert answers[0]["question"] == "Is there a sauna?"
    sent = {"id": answers[0]["id"], "answerable": False}
    reply = client.post("/api/v1/admin/voted-down", json=sent, headers=keys["admin"])
    assert reply.json() == {"added": False}, "a test above has added it"
    wrong = client.post("/api/v1/admin/voted-down", json={"id": "x"}, headers=keys["admin"])
    assert (wrong.status_code, wrong.json()["kind"]) == (404, "UnknownSourceError")
    for work in ("sync", "review"):
        started = client.post(f"/api/v1/admin/{work}", headers=keys["admin"])
        assert started.status_code == 202
        office: Any = client.app.state.office  # type: ignore[attr-defined]
        ended(getattr(office, work))
        assert got(work)["work"]["error"] == ""
    described = client.get("/api/v1/openapi.json", headers=keys["admin"]).json()["paths"]
    assert {path for path in described if path.startswith("/admin")} == {
        f"/admin/{name}"
        for name in (
            *("documents", "alerts", "sync", "review", "review/set-aside", "review/bring-back"),
            *("insights", "voted-down"),
        )
    }


@pytest.mark.parametrize("language", TEXTS)
def test_the_chat_names_it_to_admins_only(client: TestClient, language: str) -> None:
    title = TEXTS[language].admin_title
    chats = {name: client.get(f"/{language}/", headers=person(name)).text for name in (ADA, BOB)}
    assert chats[ADA].count(title) == 1, "in the tag of its link, and not in the texts of the chat"
    assert f'<meta name="footnote-admin" content="{title}">' in chats[ADA]
    assert title not in chats[BOB]
    assert "footnote-admin" not in chats[BOB]


def test_an_ended_server_begins_nothing(client: TestClient) -> None:
    office: Any = client.app.state.office  # type: ignore[attr-defined]
    office.end(1)
    before = office.review.state
    client.post("/admin/review", headers=person(ADA))
    assert office.review.state == before

"""Who may ask, what a page may do, and how Gradio's page is made to fit."""

from __future__ import annotations

import re
import socket

import httpx
import pytest

from qa import SettingsError
from tests.ui.conftest import Intranet
from ui.gate import Fitting, Rules, fitted, network, origin
from ui.server import host_names

GRADIO = """<!doctype html>
<html
  lang="en"
  style="margin: 0"><head><meta property="og:image" content="https://elsewhere.example/a.jpg" />
<script>window.gradio_config = {"title": "\\u003cscript>"};</script>
<script>
  window.parent?.postMessage(
    { type: "SET_SCROLLING", enabled: false },
    "*"
  );
</script>
<script>(() => { script.src = "static/js/iframeResizer.contentWindow.min.js"; })();</script>
<link rel="manifest" href="/manifest.json" />
<script type="module" src="./assets/index.js"></script></head><body></body></html>"""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://portal.example", "https://portal.example"),
        (" https://Portal.example:443/ ", "https://portal.example"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_origin_is_taken_as_browsers_write_it(given: str, expected: str) -> None:
    assert origin(given) == expected


@pytest.mark.parametrize(
    "given",
    [
        "portal.example", "*", "https://*.example", "https://portal.example/wiki", "ftp://a.example",
        "https://", "https://me@portal.example", "https://a.example; script-src *", "https://a b",
        "https://a.example:port", "https://a.example?x", "null", "", "https://a.example,b.example",
        "http://[::1", "https://portal.example//",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_an_example(given: str) -> None:
    with pytest.raises(SettingsError, match=r"is not an origin.*https://portal\.example"):
        origin(given)


def test_the_page_of_gradio_gets_our_head_its_language_and_the_nonce_on_each_script() -> None:
    page = Fitting(language="de", head='<script src="../static/chat/early.js"></script>')
    told = {"footnote-origins": "https://a.example https://b.example", "footnote-viewer": '"><b>'}
    html = fitted(GRADIO, page, told, "n0nce")
    assert re.search(r'<html\s+lang="de"', html)
    assert html.count("<script") == html.count('<script nonce="n0nce"') == 4
    assert '<meta name="footnote-origins" content="https://a.example https://b.example">' in html
    assert '<meta name="footnote-viewer" content="&quot;&gt;&lt;b&gt;">' in html
    assert html.index("early.js") < html.index("</head>")
    assert '"\\u003cscript>"' in html


def test_links_to_elsewhere_are_removed_from_the_page_of_gradio() -> None:
    html = fitted(GRADIO, Fitting("en", ""), {}, "n0nce")
    for part in ("elsewhere.example", "iframeResizer", "manifest", "postMessage"):
        assert part not in html


def test_the_policy_has_the_sites_that_may_frame_and_one_nonce() -> None:
    rules = Rules(embed_origins=("https://a.example",))
    assert "frame-ancestors 'self' https://a.example;" in rules.policy().decode()
    assert "script-src 'self' 'nonce-abc';" in rules.policy("abc").decode()
    assert "nonce" not in rules.policy().decode()
    assert "unsafe-eval" not in rules.policy("abc").decode()


@pytest.mark.parametrize("given", ["10.0.0.7", "10.0.0.0/24", " fd00::/8", "[::1]"])
def test_a_proxy_is_an_address_or_a_network(given: str) -> None:
    assert network(given).num_addresses > 0


@pytest.mark.parametrize("given", ["proxy.example", "*", "", "10.0.0.7:80", "10.0.0.1/24"])
def test_anything_else_is_not_a_proxy(given: str) -> None:
    with pytest.raises(SettingsError, match=r"is not the address of a proxy.*10\.0\.0\.7"):
        network(given)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_at_loopback_the_server_answers_to_known_names_only(host: str) -> None:
    names = host_names(host, ["QA.Intranet "])
    assert {"localhost", "127.0.0.1", "::1", host, "qa.intranet"} == names.known
    assert "10.1.2.3" not in names


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "qa.corp.example"])
def test_elsewhere_the_server_answers_to_addresses_its_own_name_and_given_names(host: str) -> None:
    names = host_names(host, ["QA.Intranet"])
    known = (host, "10.1.2.3", "::1", "fe80::1", "localhost", "qa.intranet")
    assert all(name in names for name in (*known, socket.gethostname().lower()))
    assert not any(name in names for name in ("rebound.example", "", None, "1.2.3.4.example"))


@pytest.mark.parametrize("host", ["rebound.example", "rebound.example:7860", "[::2]", "[", ""])
@pytest.mark.parametrize("path", ["/", "/en/", "/health", "/api/state", "/static/chat/page.js"])
def test_a_request_to_another_name_is_refused(server: str, host: str, path: str) -> None:
    reply = httpx.get(f"{server}{path}", headers={"Host": host})
    assert reply.status_code in (400, 421)
    if reply.status_code == 421:
        assert "--allow-host" in reply.json()["error"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:7860", "[::1]:7860"])
def test_requests_to_our_own_names_are_answered_whatever_the_port(server: str, host: str) -> None:
    assert httpx.get(f"{server}/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
def test_each_page_has_a_nonce_of_its_own_on_every_script(server: str, language: str) -> None:
    replies = [httpx.get(f"{server}/{language}/") for _ in range(2)]
    nonces = []
    for reply in replies:
        found = re.search(r"'nonce-([\w-]{20,})'", reply.headers["content-security-policy"])
        assert found is not None
        nonces.append(found[1])
        scripts = re.findall(r"<script[^>]*>", reply.text)
        assert len(scripts) > 5
        assert all(f'nonce="{found[1]}"' in script for script in scripts)
        assert re.search(rf'<html\s+lang="{language}"', reply.text)
        assert "https://" not in re.sub(r"<script[^>]*>.*?</script>", "", reply.text, flags=re.S)
    assert nonces[0] != nonces[1]


def test_only_allowed_sites_may_show_the_page_in_a_frame(server: str, intranet: Intranet) -> None:
    alone = httpx.get(f"{server}/en/").headers["content-security-policy"]
    assert "frame-ancestors 'self';" in alone
    shared = httpx.get(f"{intranet.chat}/en/").headers["content-security-policy"]
    assert f"frame-ancestors 'self' https://portal.example {intranet.url};" in shared


@pytest.mark.parametrize(
    "path",
    [
        "gradio_api/info", "gradio_api/openapi.json", "monitoring", "gradio_api/file=/etc/hostname",
        "gradio_api/proxy=https://elsewhere.example/", "gradio_api/runs", "gradio_api/mcp/", "docs",
        "gradio_api/deep_link", "gradio_api/call/answer", "svelte/a.js", "manifest.json",
    ],
)  # fmt: skip
def test_parts_of_gradio_that_the_page_does_not_need_are_not_there(server: str, path: str) -> None:
    assert httpx.get(f"{server}/en/{path}").status_code == 404


def test_assets_are_cached_and_our_own_files_are_requested_again(server: str) -> None:
    page = httpx.get(f"{server}/en/").text
    asset = re.search(r"assets/index-[\w-]+\.js", page)
    assert asset is not None
    kept = httpx.get(f"{server}/en/{asset[0]}").headers
    assert kept["cache-control"] == "public, max-age=31536000, immutable"
    ours = httpx.get(f"{server}/static/chat/page.js").headers
    assert ours["cache-control"] == "no-cache"
    again = httpx.get(f"{server}/static/chat/page.js", headers={"If-None-Match": ours["etag"]})
    assert again.status_code == 304
    assert httpx.get(f"{server}/api/state").headers["cache-control"] == "no-store"
    # It may exist after the next update.
    missing = httpx.get(f"{server}/en/assets/nowhere.js")
    assert (missing.status_code, missing.headers["cache-control"]) == (404, "no-store")


@pytest.mark.parametrize(
    "path", ["/en/", "/static/chat/page.js", "/static/chat/page.css", "/embed.js"]
)
def test_text_is_sent_compressed(server: str, path: str) -> None:
    headers = {"accept-encoding": "gzip"}
    assert httpx.get(f"{server}{path}", headers=headers).headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("path", ["/", "/en/", "/health", "/static/chat/page.js", "/nowhere"])
def test_every_reply_has_the_headers(server: str, path: str) -> None:
    headers = httpx.get(f"{server}{path}").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "default-src 'self'" in headers["content-security-policy"]


def test_pages_of_other_sites_may_load_the_script_of_the_embed(server: str) -> None:
    headers = httpx.get(f"{server}/embed.js").headers
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert "access-control-allow-origin" not in headers


def test_nobody_can_fill_the_disk_with_uploads(intranet: Intranet) -> None:
    query = {"conversation": "a" * 32, "name": "big.bin"}
    reply = httpx.post(f"{intranet.chat}/api/uploads", params=query, content=b"x" * 100_000)
    assert reply.status_code == 413

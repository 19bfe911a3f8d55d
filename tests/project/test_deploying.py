"""What is in deploy/: it is valid, fits the program, and works with the real programs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from pathlib import Path

import pathspec
import pytest
import yaml
from packaging.requirements import Requirement

import qa
from tests.cli import forked
from tests.project.nginx import DEPLOY, NAME, NGINX, nginx
from tests.ui.serving import served, start
from tests.ui.sign_in.signing import sign_in, with_users

PROJECT = Path(__file__).resolve().parents[2]
UNITS = sorted((DEPLOY / "systemd").iterdir())


def test_the_settings_of_the_service_are_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(DEPLOY / "footnote.toml", tmp_path)
    monkeypatch.chdir(tmp_path)
    settings = qa.Settings.load()
    assert (settings.sign_in, settings.allowed_hosts) == ("password", (NAME,))
    (group,) = settings.admins
    steps = (PROJECT / "docs" / "deployment.md").read_text(encoding="utf-8")
    assert f"footnote user add ada --group {group}" in steps, "somebody sees the owner's page"
    unit = (DEPLOY / "systemd" / "footnote.service").read_text(encoding="utf-8")
    (limit,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.M)
    assert int(limit) > settings.stop_seconds
    (gigabytes,) = re.findall(r"^MemoryMax=(\d+)G$", unit, re.M)
    parsers = settings.parsing_processes * settings.parsing_megabytes
    assert 0 < parsers <= int(gigabytes) * 1000 / 2, "the server needs some, too"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_of_systemd_are_valid(unit: Path, tmp_path: Path) -> None:
    for one in UNITS:
        text = one.read_text(encoding="utf-8").replace("/opt/footnote/bin/qa", sys.executable)
        (tmp_path / one.name).write_text(text, encoding="utf-8")
    checked = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / unit.name)], capture_output=True, text=True
    )
    said = [line for line in checked.stderr.splitlines() if str(tmp_path) in line]
    assert (checked.returncode, said) == (0, [])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_service_is_shut_in() -> None:
    unit = DEPLOY / "systemd" / "footnote.service"
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit)],
        capture_output=True,
        text=True,
    )
    assert rated.returncode == 0, rated.stdout[-300:]


@pytest.mark.parametrize(
    "unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name
)
def test_no_unit_reaches_other_machines(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    assert re.findall(r"^IPAddressDeny=(.*)$", text, re.M) == ["any"]
    assert set(re.findall(r"^IPAddressAllow=(.*)$", text, re.M)) <= {"localhost"}


def test_the_lock_has_a_version_and_hashes_of_everything() -> None:
    text = (DEPLOY / "requirements.txt").read_text(encoding="utf-8")
    assert "://" not in text, "an index or a place of one machine"
    locked = {}
    for block in re.split(r"\n(?=\S)", text.strip()):
        first, *hashes = block.split(" \\\n")
        requirement = Requirement(first)
        (version,) = requirement.specifier
        assert version.operator == "=="
        assert hashes
        assert all(re.fullmatch(r"\s*--hash=sha256:[0-9a-f]{64}", one) for one in hashes), first
        locked[requirement.name] = version.version
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = re.findall(r"--extra (\S+)", (DEPLOY / "lock").read_text(encoding="utf-8"))
    of_extras = [line for extra in extras for line in project["optional-dependencies"][extra]]
    for line in [*project["dependencies"], *of_extras]:
        wanted = Requirement(line)
        if wanted.name == project["name"]:  # an extra that is made of others
            continue
        if wanted.name == "torch":  # its build is chosen where it is installed
            bounds = {str(one) for one in wanted.specifier}
            for place in ("docs/deployment.md", "deploy/container/Containerfile"):
                said = re.findall(r'"torch([^"]+)"', (PROJECT / place).read_text(encoding="utf-8"))
                assert [set(one.split(",")) for one in said] == [bounds], place
            continue
        assert wanted.specifier.contains(locked[wanted.name]), f"run deploy/lock: {line}"
    compose = (DEPLOY / "container" / "compose.yaml").read_text(encoding="utf-8")
    assert f"chromadb/chroma:{locked['chromadb']}" in compose


def test_containers_run_without_root_and_write_to_their_own_places() -> None:
    lines = (DEPLOY / "container" / "Containerfile").read_text(encoding="utf-8").splitlines()
    first = [line.split()[0] for line in lines if re.match(r"[A-Z]+ ", line)]
    assert first.index("USER") < first.index("ENTRYPOINT")
    assert {"HEALTHCHECK", "STOPSIGNAL"} <= set(first)
    for line in lines:
        for place in re.findall(r"^COPY (?!--from)(\S+) (\S+)?", line):
            assert (PROJECT / place[0]).exists(), line
    compose = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text(encoding="utf-8"))
    chat = compose["services"]["footnote"]
    assert chat["read_only"] is True
    assert chat["cap_drop"] == ["ALL"]
    settings = qa.Settings.load(
        **{
            name[3:].lower(): value
            for name, value in chat["environment"].items()
            if name[:3] == "QA_"
        }
    )
    assert (settings.sign_in, settings.admins, settings.watch) == ("password", ("owners",), True)
    containerfile = "\n".join(lines)
    names = {name.lower() for name in re.findall(r"QA_([A-Z_]+)=", containerfile)} - {"cache"}
    assert names <= set(qa.Settings.model_fields)


def test_in_containers_a_user_comes_before_the_server_and_documents_after_it() -> None:
    """`qa serve` ends without users, and another container cannot have the address of the first."""
    steps = (PROJECT / "docs" / "deployment.md").read_text(encoding="utf-8")
    commands = [line[2:] for line in steps.splitlines() if line.startswith("$ docker compose")]
    begun = commands.index("docker compose up --detach")
    assert "docker compose run --rm footnote user add ada --group owners" in commands[:begun]
    assert "docker compose exec footnote qa sync /documents" in commands[begun:]
    assert not [one for one in commands[begun:] if " run " in one]


def test_in_containers_only_the_web_server_reaches_other_machines() -> None:
    text = (DEPLOY / "container" / "compose.yaml").read_text(encoding="utf-8")
    compose = yaml.safe_load(text)
    networks, services = compose["networks"], compose["services"]
    shut = {name for name, one in networks.items() if (one or {}).get("internal")}
    assert {name for name, one in services.items() if set(one["networks"]) - shut} == {"web"}
    # A port that is published from a network without other machines is not there.
    assert {name for name, one in services.items() if "ports" in one} == {"web"}
    (inside,) = shut
    (subnet,) = networks[inside]["ipam"]["config"]
    fixed = [services[name]["networks"][inside]["ipv4_address"] for name in ("web", "footnote")]
    assert len(set(fixed)) == 2
    for address in map(ip_address, fixed):
        assert address in ip_network(subnet["subnet"])
        assert address not in ip_network(subnet["ip_range"]), "somebody else may get it"
    assert services["footnote"]["environment"]["QA_TRUSTED_PROXIES"] == fixed[0]
    # It uses the file of nginx with another place, and certificates that this file names.
    conf = (DEPLOY / "nginx" / "footnote.conf").read_text(encoding="utf-8")
    assert conf.count("127.0.0.1:7860") == 1
    (changed,) = re.findall(r"sed s/(\S+)/(\S+)/ /footnote.conf", services["web"]["command"][2])
    assert changed == ("127.0.0.1:7860", "footnote:7860")
    for volume in services["web"]["volumes"]:
        source, place, _ = volume.split(":")
        if place == "/footnote.conf":
            assert (DEPLOY / "container" / source).resolve() == DEPLOY / "nginx" / "footnote.conf"
        else:
            assert f" {place};" in conf


def test_the_image_is_made_of_what_it_needs() -> None:
    lines = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
    sent = pathspec.GitIgnoreSpec.from_lines(patterns)
    containerfile = (DEPLOY / "container" / "Containerfile").read_text(encoding="utf-8")
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", containerfile, re.M):
        for name in line.split():
            assert f"!{name}" in patterns
    for name in ("index/CURRENT", "users/x", ".git/config", "deploy/container/models/model.gguf"):
        assert sent.match_file(name)


class Portal(BaseHTTPRequestHandler):
    """Signs in whoever has the cookie, as oauth2-proxy does."""

    def do_GET(self) -> None:
        known = "sso=yes" in self.headers.get("cookie", "")
        self.send_response(202 if known else 401)
        if known:
            self.send_header("X-Auth-Request-User", "ada")
            self.send_header("X-Auth-Request-Groups", "people,leads")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def portal() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Portal) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_behind_nginx_with_tls_and_passwords(served_index: Path, tmp_path: Path) -> None:
    index = with_users(served_index, tmp_path)
    (key,) = forked.run(
        "key", "add", "prometheus", "--right", "metrics", "--index", index
    ).stdout.split()
    with (
        served(
            index,
            "--sign-in", "password", "--trusted-proxy", "127.0.0.1", "--allow-host", NAME,
            QA_ADMINS="people", QA_METRICS_NETWORKS="192.0.2.0/24",
        ) as url,
        nginx(tmp_path, url) as client,
    ):  # fmt: skip
        forged = {"X-Forwarded-User": "eve", "X-Forwarded-Groups": "people"}
        stranger = client.get("/admin", headers={**forged, "Accept": "text/html"})
        assert stranger.headers["location"].startswith("sign-in?")
        assert client.get("/readyz").status_code in (200, 503)
        assert client.get("/metrics").status_code == 403
        figures = client.get("/metrics", headers={"Authorization": f"Bearer {key}"})
        assert "footnote_documents" in figures.text

        client.headers["Origin"] = f"https://{NAME}"
        assert "__Host-footnote=" in sign_in(client).headers["set-cookie"]
        assert client.get("/admin").status_code == 200
        told = client.post("/api/ask", json={"question": "Where might the second summit be held?"})
        assert "Hanoi" in told.text


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_behind_nginx_with_tls_and_single_sign_on(
    served_index: Path, portal: int, tmp_path: Path
) -> None:
    index = with_users(served_index, tmp_path)
    (key,) = forked.run("key", "add", "wiki", "--index", index).stdout.split()
    child, url = start(
        index,
        "--sign-in", "proxy", "--trusted-proxy", "127.0.0.1", "--allow-host", NAME,
        "--log-format", "json",
    )  # fmt: skip
    try:
        with nginx(tmp_path, url, portal=portal) as client:
            assert client.get("/api/state").status_code == 401
            forged = {"X-Forwarded-User": "eve", "X-Forwarded-Groups": "board"}
            assert client.get("/api/state", headers=forged).status_code == 401

            # Programs and monitors do not sign in.
            assert client.get("/readyz").json()["status"]
            for place in ("/api/v1/status", "/v1/models"):
                stranger = client.get(place, headers=forged)
                assert (stranger.status_code, "A key is needed" in stranger.text) == (401, True)
                known = client.get(place, headers={"Authorization": f"Bearer {key}"})
                assert known.status_code == 200

            client.cookies.set("sso", "yes")
            page = client.get("/en/", headers=forged)
            assert page.status_code == 200
            assert '<meta name="footnote-viewer" content="ada">' in page.text
            assert page.headers["strict-transport-security"]

            asked = {"question": "Where might the second summit be held?"}
            told = client.post("/api/ask", json=asked, headers={"Origin": f"https://{NAME}"})
            assert "Hanoi" in told.text
            assert client.get("/oauth2/auth").status_code == 404, "for nginx alone"
            id = told.headers["x-request-id"]
            assert re.fullmatch(r"[0-9a-f]{32}", id), "nginx makes it"
    finally:
        child.terminate()
        _, said = child.communicate(timeout=60)
    assert f'"request_id": "{id}"' in said

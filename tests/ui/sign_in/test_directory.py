"""Signing in with the name and password of an LDAP directory: a real `slapd` on this machine."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from ldap3 import MODIFY_DELETE, Connection

import qa
from qa.api import Desk, Keys
from qa.api.sign_in.directory import AWAY, Directory
from qa.api.sign_in.sessions import Session
from tests.ui.serving import served
from tests.ui.sign_in.signing import client, sign_in
from ui.sign_in.door import ByCookie, Door
from ui.sign_in.routes import routes

SLAPD = shutil.which("slapd", path="/usr/sbin:/usr/local/sbin:/usr/libexec")
pytestmark = pytest.mark.skipif(SLAPD is None, reason="needs slapd (Debian: slapd)")

BASE = "dc=example,dc=com"
SERVER, SERVERS_PASSWORD = f"cn=footnote,{BASE}", "the server's own"
ROOT = f"cn=root,{BASE}"
PASSWORD = "correct horse (battery)*"
CONFIGURED = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile {folder}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {folder}/certificate.pem
TLSCertificateKeyFile {folder}/key.pem
# Searching needs a name; binding without a password is what a careless server allows.
allow bind_anon_cred bind_anon_dn
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{server}" read by * none
database mdb
suffix "{base}"
rootdn "{root}"
rootpw "{password}"
directory {folder}/data
"""
PEOPLE = f"""
dn: {BASE}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: {SERVER}
objectClass: person
cn: footnote
sn: footnote
userPassword: {SERVERS_PASSWORD}

dn: uid=Ada,{BASE}
objectClass: inetOrgPerson
uid: Ada
cn: Ada
sn: Lovelace
userPassword: {PASSWORD}

dn: cn=Bob \\28works\\29\\2C Jr.,{BASE}
objectClass: inetOrgPerson
uid: bob*
cn: Bob (works), Jr.
sn: Bob
userPassword: {PASSWORD}

dn: cn=one,{BASE}
objectClass: inetOrgPerson
uid: twin
cn: one
sn: twin
userPassword: {PASSWORD}

dn: cn=two,{BASE}
objectClass: inetOrgPerson
uid: twin
cn: two
sn: twin
userPassword: {PASSWORD}

dn: cn=people,{BASE}
objectClass: groupOfNames
cn: people
member: uid=Ada,{BASE}
member: cn=Bob \\28works\\29\\2C Jr.,{BASE}

dn: cn=leads,{BASE}
objectClass: groupOfUniqueNames
cn: leads
uniqueMember: uid=Ada,{BASE}

dn: cn=board,{BASE}
objectClass: groupOfNames
cn: board
member: {SERVER}
"""


@dataclass(frozen=True)
class Running:
    """A directory: its addresses, and the settings to use it."""

    plain: str
    over_tls: str
    certificate: Path
    secret: Path

    def settings(self, **given: Any) -> dict[str, Any]:
        return {
            "sign_in": "ldap",
            "index": str(self.secret.with_name("index")),
            "ldap_url": self.over_tls,
            "ldap_base": BASE,
            "ldap_ca_file": str(self.certificate),
            "ldap_bind_dn": SERVER,
            "ldap_bind_password_file": str(self.secret),
            **given,
        }

    def people(self, clock: Callable[[], float] = time.monotonic, **given: Any) -> Directory:
        settings = {k: v for k, v in self.settings(**given).items() if v is not None}
        return Directory(qa.Settings.load(**settings), clock)

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """A connection that may change what the directory has."""
        with Connection(self.plain, ROOT, SERVERS_PASSWORD) as connection:
            yield connection


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("directory")
    (folder / "data").mkdir()
    (folder / "secret").write_text(f"{SERVERS_PASSWORD}\n", encoding="utf-8")
    (folder / "people.ldif").write_text(PEOPLE, encoding="utf-8")
    _certify(folder)
    configured = CONFIGURED.format(
        folder=folder, base=BASE, server=SERVER, root=ROOT, password=SERVERS_PASSWORD
    )
    (folder / "slapd.conf").write_text(configured, encoding="utf-8")
    assert SLAPD is not None
    configuration = ["-f", str(folder / "slapd.conf")]
    subprocess.run(
        [SLAPD, "-T", "add", *configuration, "-l", str(folder / "people.ldif")],
        check=True,
        capture_output=True,
    )
    ports = []
    for _ in range(2):
        with socket.create_server(("127.0.0.1", 0)) as free:
            ports.append(free.getsockname()[1])
    places = f"ldap://127.0.0.1:{ports[0]}/ ldaps://127.0.0.1:{ports[1]}/"
    child = subprocess.Popen(
        [SLAPD, *configuration, "-h", places, "-d", "stats"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None
    said = ""
    while "slapd starting" not in said:
        line = child.stderr.readline()
        assert line, f"slapd ended: {said}"
        said += line
    log = (folder / "log").open("w", encoding="utf-8")
    reading = subprocess.Popen(["cat"], stdin=child.stderr, stdout=log)
    yield Running(
        f"ldap://localhost:{ports[0]}",
        f"ldaps://localhost:{ports[1]}",
        folder / "certificate.pem",
        folder / "secret",
    )
    child.terminate()
    child.wait(timeout=30)
    reading.wait(timeout=30)
    child.stderr.close()
    log.close()


def _certify(folder: Path) -> None:
    """A certificate of this machine, signed by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(made.public_bytes(encoding))
    private = key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)


@pytest.mark.parametrize("way", ["over_tls", "plain"])
def test_a_name_and_a_password_give_the_person_and_their_groups(
    directory: Running, way: str
) -> None:
    people = directory.people(ldap_url=getattr(directory, way))
    ada = people.check("ada", PASSWORD)
    assert ada.viewer == qa.Viewer("Ada", ["leads", "people"])
    assert people.check("bob*", PASSWORD).viewer == qa.Viewer("bob*", ["people"])


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ada", "wrong"),
        ("ada", ""),
        ("ada", "\0"),
        ("ada", f"{PASSWORD}\0"),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        (" ", ""),
        ("bob", PASSWORD),
        ("*", PASSWORD),
        ("a*", PASSWORD),
        ("ada)(uid=*", PASSWORD),
        ("*)(|(uid=*", PASSWORD),
        ("ada\\2a", PASSWORD),
        ("ada\0", PASSWORD),
        ("twin", PASSWORD),
        ("footnote", SERVERS_PASSWORD),
        (f"uid=Ada,{BASE}", PASSWORD),
        ("x" * 5000, PASSWORD),
        ("ada", "x" * 5000),
        ("\ud800", PASSWORD),
    ],
)
def test_anything_else_lets_nobody_in(directory: Running, name: str, password: str) -> None:
    with pytest.raises(qa.UnknownCallerError, match="The name or the password is wrong"):
        directory.people().check(name, password)


def test_the_server_signs_people_in_and_knows_them_when_it_was_restarted(
    directory: Running, served_index: Path
) -> None:
    environment = {f"QA_{k.upper()}": str(v) for k, v in directory.settings().items()}
    with served(served_index, "--sign-in", "ldap", **environment) as url, client(url) as browser:
        assert sign_in(browser, "ada", "").status_code == 403
        assert browser.get("/api/state").status_code == 401
        assert sign_in(browser, "ada", PASSWORD).status_code == 303
        kept = browser.cookies["footnote"]
        page = browser.get("/en/")
        assert '<meta name="footnote-viewer" content="Ada">' in page.text
    with served(served_index, "--sign-in", "ldap", **environment) as url, client(url) as browser:
        browser.cookies.set("footnote", kept)
        assert browser.get("/api/state").status_code == 200
        browser.post("/sign-out")
        assert browser.get("/api/state").status_code == 401


def test_a_change_in_the_directory_holds_for_those_who_have_signed_in(directory: Running) -> None:
    now = 0.0
    people = directory.people(lambda: now)
    entry, group = f"uid=carol,{BASE}", f"cn=carols,{BASE}"
    with directory.changing() as connection:
        carol = {"uid": "carol", "cn": "Carol", "sn": "Carol", "userPassword": PASSWORD}
        assert connection.add(entry, "inetOrgPerson", carol)
        assert connection.add(group, "groupOfNames", {"cn": "carols", "member": [entry, SERVER]})
        user = people.check("carol", PASSWORD)
        session = Session(user.name, user.hash, user.groups)
        assert people.still(session) == qa.Viewer("carol", ["carols"])
        assert connection.modify(group, {"member": [(MODIFY_DELETE, [entry])]})
        now += 599
        assert people.still(session) == qa.Viewer("carol", ["carols"])
        now += 1
        assert people.still(session) == qa.Viewer("carol")
        # As after a restart of the server.
        assert directory.people().still(session) == qa.Viewer("carol")
        assert connection.delete(entry)
        now += 599
        assert people.still(session) == qa.Viewer("carol")
        now += 1
        assert people.still(session) is None


def test_while_the_directory_is_away_groups_stay(
    directory: Running, caplog: pytest.LogCaptureFixture
) -> None:
    now = 0.0
    people = directory.people(lambda: now, ldap_url="ldap://127.0.0.1:9")
    ada = Session("Ada", "", ("people",))
    for _ in range(3):
        assert people.still(ada) == ada.viewer
    assert caplog.text.count("stay as they were") == 1
    now += AWAY
    assert people.still(ada) == ada.viewer
    assert caplog.text.count("stay as they were") == 2


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"ldap_ca_file": None}, "certificate"),
        (
            {"ldap_bind_password_file": None, "ldap_bind_password": "wrong"},
            "let this server search",
        ),
        ({"ldap_url": "ldaps://127.0.0.1:9"}, "cannot be asked"),
    ],
)
def test_a_directory_that_cannot_be_used_is_named(
    directory: Running, given: dict[str, Any], told: str
) -> None:
    with pytest.raises(qa.SignInUnavailableError, match=told):
        directory.people(**given).check("ada", PASSWORD)


def test_a_certificate_for_another_name_is_refused(directory: Running) -> None:
    elsewhere = directory.over_tls.replace("localhost", "127.0.0.1")
    with pytest.raises(qa.SignInUnavailableError, match=r"127\.0\.0\.1"):
        directory.people(ldap_url=elsewhere).check("ada", PASSWORD)


def test_a_directory_that_never_answers_keeps_nobody_waiting(
    directory: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.api.sign_in.directory.PATIENCE", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"ldap://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(qa.SignInUnavailableError, match="cannot be asked"):
            directory.people(ldap_url=place, ldap_ca_file=None).check("ada", PASSWORD)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"ldap_base": None}, "ldap_url or ldap_base is not set"),
        ({"ldap_url": "directory.example"}, "is not the address of a directory"),
        ({"ldap_filter": "(uid="}, "is no LDAP filter"),
        ({"ldap_name_attribute": "uid)(cn"}, "ldap_name_attribute"),
        ({"ldap_bind_password_file": "/none"}, "/none cannot be read"),
        ({"ldap_ca_file": "/none"}, "/none cannot be read"),
    ],
)
def test_settings_that_do_not_fit_are_named(
    directory: Running, given: dict[str, Any], told: str
) -> None:
    with pytest.raises(qa.SettingsError, match=told):
        directory.people(**given)


def test_the_page_says_that_the_directory_cannot_be_reached(
    directory: Running, caplog: pytest.LogCaptureFixture
) -> None:
    settings = qa.Settings.load(**directory.settings(ldap_url="ldap://127.0.0.1:9"))
    app = FastAPI()
    told: list[qa.Event] = []
    app.include_router(routes(Desk.of(settings), (), told.append))
    with TestClient(app) as browser:
        reply = browser.post("/sign-in", data={"name": "ada", "password": PASSWORD})
    assert reply.status_code == 503
    assert "cannot be reached" in reply.text
    assert "ldap://127.0.0.1:9 cannot be asked" in caplog.text
    assert [(type(event), event.by.viewer.name) for event in told] == [(qa.SignInRefused, "")]


def test_who_signs_in_and_out_and_who_cannot_is_told(directory: Running) -> None:
    app = FastAPI()
    told: list[qa.Event] = []
    desk = Desk.of(qa.Settings.load(**directory.settings()))
    app.include_router(routes(desk, (), told.append))
    app.add_middleware(Door, knows=ByCookie(desk), keys=Keys(directory.secret.with_name("keys")))
    with TestClient(app, headers={"Sec-Fetch-Site": "same-origin"}) as browser:
        for password in ("wrong", PASSWORD):
            given = {"name": "ada", "password": password}
            browser.post("/sign-in", data=given, follow_redirects=False)
        browser.post("/sign-out", follow_redirects=False)
    refused, came, left = told
    assert isinstance(refused, qa.SignInRefused)
    assert (refused.name, refused.by.viewer.name) == ("ada", "")
    ada = qa.Asker(qa.Viewer("Ada", ["leads", "people"]), "page")
    assert (type(came), came.by, type(left), left.by) == (qa.SignedIn, ada, qa.SignedOut, ada)

"""The doctor: quiet if all is well, clear about problems, and never failing itself."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

import qa
from qa.access import OWNER
from qa.doctor import Check, available_memory, check_network, examine
from qa.index.index import Index, open_store
from qa.indexing.preparing.storing import Preparing
from qa.models.embedders import Embedder
from qa.places import cache_folder
from qa.settings import Settings
from tests.indexing.web.serving import page, serving


def checks(**settings: object) -> dict[str, Check]:
    """The worst check of each name."""
    order = ("ok", "warning", "problem")
    found: dict[str, Check] = {}
    for check in examine(Settings.load(**settings)):
        known = found.get(check.name)
        if known is None or order.index(check.state) > order.index(known.state):
            found[check.name] = check
    return found


def open_index(folder: Path, embedder: Embedder) -> Index:
    store = open_store(str(folder), cache_folder())
    return Index(store, Preparing(embedder, Settings.load().passage_tokens))


@pytest.fixture
def index(sample_index: Path, tmp_path: Path) -> Path:
    """A copy of the sample index, to be damaged."""
    return Path(shutil.copytree(sample_index, tmp_path / "index"))


def test_a_sound_installation_has_no_problem(sample_index: Path) -> None:
    found = checks(index=str(sample_index))
    assert [check for check in found.values() if check.state == "problem"] == []
    assert "weights as published" in found["embedder"].message
    assert "384 dimensions" in found["embedder"].message
    assert "in use" in found["fast encoder"].message
    assert "every document can be reassembled" in found["index"].message
    assert found["keyword index"].message == "agrees with the store"
    assert "chromadb" in found["packages"].message
    assert found["chat model"].message == "none: answers are quotes"
    assert found["network"].message.startswith("not used")
    assert found["languages"].state == "ok"


@pytest.mark.parametrize("embedder_name", [None, "tiny"])
def test_documents_in_a_language_that_the_embedder_does_not_know_are_a_warning(
    tmp_path: Path, tiny_model: Path, embedder_name: str | None
) -> None:
    embedder = str(tiny_model) if embedder_name else None
    settings: dict[str, Any] = {"index": str(tmp_path), "embedder": embedder}
    assistant = qa.Assistant(**settings)
    assistant.add(
        [
            qa.Document(text="The office closes at six, and the gate an hour later.", source="en"),
            qa.Document(
                text="Das Büro schließt um sechs, und das Tor eine Stunde später als das Haus.",
                source="de",
            ),
            qa.Document(text="Офис закрывается в шесть часов, а ворота на час позже.", source="ru"),
        ]
    )
    assistant.close()
    found = checks(**settings)
    if embedder_name:  # the languages of another model are unknown
        assert "languages" not in found
        return
    assert found["languages"].state == "warning"
    assert "2 are not in English" in found["languages"].message
    assert "de (1)" in found["languages"].message
    assert "ru (1)" in found["languages"].message
    assert "qa sync --rebuild" in found["languages"].advice


def test_a_default_index_that_is_not_there_yet_is_no_problem_and_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.settings.settings.default_index", lambda: str(tmp_path / "none"))
    check = checks()["index"]
    assert check.state == "warning"
    assert "qa sync" in check.advice
    assert not (tmp_path / "none").exists()


def test_an_index_that_was_named_and_is_not_there_is_a_problem(tmp_path: Path) -> None:
    check = checks(index=str(tmp_path / "none"))["index"]
    assert check.state == "problem"
    assert "qa sync FOLDER --index" in check.message
    assert not (tmp_path / "none").exists()


def test_an_index_made_with_other_settings_is_a_problem_that_says_what_to_do(
    sample_index: Path,
) -> None:
    check = checks(index=str(sample_index), passage_tokens=64)["index"]
    assert check.state == "problem"
    assert "qa sync --rebuild" in check.message


def test_a_lost_passage_is_found_with_its_document(index: Path, embedder: Embedder) -> None:
    opened = open_index(index, embedder)
    with opened.reading(OWNER) as snapshot, opened.store.writing(0) as writer:
        entry = snapshot.entry("seeds/glossary.txt")
        writer.begin().passages.delete(ids=entry.passage_ids[1:2])
        writer.publish()
    opened.close()
    check = checks(index=str(index))["index"]
    assert check.state == "problem"
    assert "seeds/glossary.txt" in check.message
    assert "qa sync --rebuild" in check.advice


def test_a_changed_passage_is_found_with_its_document(index: Path, embedder: Embedder) -> None:
    opened = open_index(index, embedder)
    with opened.reading(OWNER) as snapshot, opened.store.writing(0) as writer:
        entry = snapshot.entry("seeds/it-help.md")
        vector = embedder.encode(["tampered"])[0].tolist()
        writer.begin().passages.collection.update(
            ids=entry.passage_ids[:1], documents=["tampered"], embeddings=[vector]
        )
        writer.publish()
    opened.close()
    check = checks(index=str(index))["index"]
    assert check.state == "problem"
    assert "seeds/it-help.md" in check.message


@pytest.mark.parametrize("harm", ["no database", "half a database", "no number"])
def test_a_damaged_index_is_a_problem_and_not_a_crash(index: Path, harm: str) -> None:
    database = next(index.glob("generations/*/chroma.sqlite3"))
    if harm == "no database":
        database.unlink()
    elif harm == "half a database":
        database.write_bytes(b"not a database at all" * 100)
    else:
        (index / "CURRENT").write_text("seven")
    check = checks(index=str(index))["index"]
    assert check.state == "problem"
    assert "qa sync" in check.message + check.advice


def test_a_folder_that_is_gone_is_a_warning(tmp_path: Path) -> None:
    folder = tmp_path / "handbook"
    folder.mkdir()
    (folder / "a.txt").write_text("The office closes at six.")
    assistant = qa.Assistant(tmp_path / "index")
    assistant.sync([folder])
    assistant.close()
    folder.rename(tmp_path / "moved")
    check = checks(index=str(tmp_path / "index"))["folders"]
    assert check.state == "warning"
    assert str(folder) in check.message
    assert "qa forget handbook" in check.advice


def test_a_place_that_cannot_be_written_to_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    check = checks(index=str(tmp_path / "file" / "index"))["disk"]
    assert check.state == "problem"
    assert "--index" in check.advice


def test_an_unknown_embedder_is_reported_and_the_rest_is_still_checked() -> None:
    found = checks(embedder="nobody")
    assert found["embedder"].state == "problem"
    assert "nobody" in found["embedder"].message
    assert {"disk", "memory", "network"} <= found.keys()


def test_a_cache_that_cannot_be_written_costs_only_the_fast_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("QA_CACHE", str(tmp_path / "file" / "cache"))
    found = checks(index=str(tmp_path / "index"))
    assert found["embedder"].state == "ok"
    assert found["fast encoder"].state == "warning"
    assert "QA_CACHE" in found["fast encoder"].advice


def test_a_chat_model_that_does_not_answer_is_a_problem(tmp_path: Path) -> None:
    pytest.importorskip("langchain_openai")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]  # after this block, the port is free and nobody listens
    url = f"http://127.0.0.1:{port}/v1"
    found = checks(index=str(tmp_path), chat_model="openai:some-model", chat_model_url=url)
    assert found["chat model"].state == "problem"
    assert str(port) in found["chat model"].message


def test_a_chat_model_without_a_provider_is_a_problem(tmp_path: Path) -> None:
    check = checks(index=str(tmp_path), chat_model="some-model")["chat model"]
    assert check.state == "problem"
    assert "some-model" in check.message


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"index": "https://chroma.example:8000"}, "chroma.example"),
        ({"embedder": "huggingface:someone/some-model"}, "someone/some-model"),
        ({"embedder": "openai:text-embedding-3-small"}, "text-embedding-3-small"),
        ({"chat_model": "openai:gpt"}, "openai:gpt"),
        ({"chat_model": "openai:x", "chat_model_url": "http://far.example/v1"}, "far.example"),
        ({"ray": "10.0.0.1:6379"}, "10.0.0.1:6379"),
        ({"sign_in": "oidc", "oidc_issuer": "https://login.example/staff"}, "login.example/staff"),
        ({"sign_in": "ldap", "ldap_url": "ldaps://directory.example"}, "directory.example"),
    ],
)
def test_settings_that_name_another_machine_are_reported(
    settings: dict[str, str], named: str
) -> None:
    check = check_network(Settings.load(**settings))
    assert check.message.startswith("used")
    assert named in check.message


def test_the_server_of_a_chat_model_is_reported_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = "https://ada:s3cret@llm.example/v1"
    told = check_network(Settings.load(chat_model="openai:x", chat_model_url=url)).message
    assert "https://llm.example/v1" in told
    assert "s3cret" not in told
    monkeypatch.setenv("OLLAMA_HOST", "gpu.example:11434")
    assert "gpu.example" in check_network(Settings.load(chat_model="ollama:llama3.2")).message
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:11434")
    told = check_network(Settings.load(chat_model="ollama:llama3.2")).message
    assert told.startswith("not used")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1")
    assert check_network(Settings.load(chat_model="openai:x")).message.startswith("not used")


@pytest.mark.parametrize(
    "settings",
    [
        {"index": "http://127.0.0.1:8000"},
        {"chat_model": "ollama:llama3.2"},
        {"chat_model": "llamacpp:/models/small.gguf"},
        {"chat_model": "openai:x", "chat_model_url": "http://localhost:8080/v1"},
        {"sign_in": "ldap", "ldap_url": "ldap://localhost:1389"},
        {"sign_in": "password", "oidc_issuer": "https://login.example"},  # nobody is sent there
    ],
)
def test_settings_that_stay_on_this_machine_are_not_reported(settings: dict[str, str]) -> None:
    assert check_network(Settings.load(**settings)).message.startswith("not used")


def test_addresses_that_were_synced_are_reported(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"index": str(tmp_path / "index"), "web_networks": ["127.0.0.1"]}
    with serving() as web:
        web.pages["/page"] = page("Hours", "The office closes at six.")
        with qa.Assistant(**settings, web_pause=0) as assistant:
            assistant.sync([f"{web.url}/page"])
    found = (check for check in examine(Settings.load(**settings)) if check.name == "network")
    assert next(found).message == f"used by a sync: {web.url}/page"


def test_the_memory_of_this_machine_is_plausible() -> None:
    free = available_memory()
    assert free is None or 50_000_000 < free < 50_000_000_000_000


def test_a_check_as_json() -> None:
    assert Check("disk", "ok", "fine").to_dict() == {
        "name": "disk",
        "state": "ok",
        "message": "fine",
        "advice": "",
    }

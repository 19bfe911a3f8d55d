from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from qa.errors import ModelUnavailableError, SettingsError
from qa.models.chat import (
    generation_error,
    open_chat_model,
    server_url,
    untraced,
)
from tests.models.serving import GGUF, model_server, needs_model


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if re.match(r"OPENAI_|ANTHROPIC_|OLLAMA_|LANGSMITH_|LANGCHAIN_", name):
            monkeypatch.delenv(name)


@pytest.mark.parametrize("name", ["", "llama3", ":llama3", "openai:", ":"])
def test_a_name_without_a_provider_is_refused_with_examples(name: str) -> None:
    with pytest.raises(ModelUnavailableError, match=r"provider:name.*openai:"):
        open_chat_model(name)


def test_an_unknown_provider_is_named() -> None:
    with pytest.raises(ModelUnavailableError, match="no provider called 'nobody'"):
        open_chat_model("nobody:model")


@pytest.mark.parametrize(
    ("name", "module", "advice"),
    [
        ("openai:gpt", "langchain_openai", 'pip install "footnote-qa[openai]"'),
        ("ollama:llama3.2", "langchain_ollama", 'pip install "footnote-qa[ollama]"'),
        ("anthropic:claude", "langchain_anthropic", 'pip install "footnote-qa[anthropic]"'),
        ("mistralai:small", "langchain_mistralai", "pip install langchain-mistralai"),
    ],
)
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    name: str, module: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from langchain.chat_models import base

    base._get_chat_model_creator.cache_clear()
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(ModelUnavailableError) as caught:
        open_chat_model(name, url="http://127.0.0.1:9")
    assert advice in str(caught.value)


def test_xllamacpp_is_named_when_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF" + bytes(100))
    monkeypatch.setitem(sys.modules, "xllamacpp", None)

    with pytest.raises(ModelUnavailableError, match=re.escape('"footnote-qa[llamacpp]"')):
        open_chat_model(f"llamacpp:{file}")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b"", "not a GGUF file"),
        (b"PK\x03\x04 a zip", "not a GGUF file"),
        (b"GGUF" + bytes(1000), "cannot load this file"),
    ],
)
def test_a_file_that_is_not_a_model_is_refused(
    content: bytes | None, reason: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("xllamacpp")
    file = tmp_path / "model.gguf"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ModelUnavailableError, match=reason) as caught:
        open_chat_model(f"llamacpp:{file}")
    assert str(file) in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_folder_is_not_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=re.escape(str(tmp_path))):
        open_chat_model(f"llamacpp:{tmp_path}")


def test_a_url_and_a_file_contradict_each_other(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="chat_model_url"):
        open_chat_model(f"llamacpp:{tmp_path}/m.gguf", url="http://127.0.0.1:1234")


def test_openai_needs_a_key_only_without_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelUnavailableError, match="OPENAI_API_KEY"):
        open_chat_model("openai:gpt-4.1-mini")

    local = open_chat_model("openai:anything", url="http://127.0.0.1:8080/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    hosted = open_chat_model("openai:gpt-4.1-mini")

    assert server_url(local) == "http://127.0.0.1:8080/v1"
    assert server_url(hosted) == "https://api.openai.com/v1"


def test_no_gateway_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGSMITH_GATEWAY", "true")
    monkeypatch.setenv("LANGSMITH_API_KEY", "key")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")

    assert server_url(open_chat_model("openai:gpt-4.1-mini")) == "https://api.openai.com/v1"


def test_models_are_opened_at_temperature_0_with_the_timeout_and_room_for_passages() -> None:
    ollama: Any = open_chat_model("ollama:llama3.2", url="http://127.0.0.1:9", timeout=7)
    openai: Any = open_chat_model("openai:m", url="http://127.0.0.1:9/v1", timeout=7)

    assert ollama.temperature == openai.temperature == 0
    assert ollama.num_ctx >= 8192
    assert ollama._client._client.timeout.read == 7
    assert openai.request_timeout == 7


def test_credentials_in_a_url_are_not_shown() -> None:
    model = open_chat_model("openai:m", url="http://user:secret@127.0.0.1:9/v1")

    assert server_url(model) == "http://127.0.0.1:9/v1"
    assert "secret" not in str(generation_error(ConnectionError("refused"), "openai:m", model))


def test_nothing_is_traced_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    from langsmith.utils import tracing_is_enabled

    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGCHAIN_TRACING_V2", "true")
    with untraced():
        assert tracing_is_enabled() is False


class StatusError(Exception):
    """As the providers' packages raise it: with the status of the reply."""

    def __init__(self, message: str, status_code: int | None = None) -> None:
        super().__init__(message)
        self.status_code = status_code


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (TimeoutError("slow"), "chat_model_timeout"),
        (ConnectionRefusedError("refused"), "cannot be reached"),
        (StatusError("request (9000 tokens) exceeds the available context size", 400), "limit"),
        (StatusError("maximum context length is 4096 tokens", 400), "limit"),
        (StatusError("bad key", 401), "key"),
        (StatusError("model 'x' not found", 404), "name"),
        (StatusError("slow down", 429), "wait"),
        (StatusError("", 500), "choose another"),
        (ValueError("first line\nsecond line " + "x" * 1000), "ValueError: first line"),
    ],
)
def test_an_error_names_the_model_and_what_to_do(error: Exception, advice: str) -> None:
    message = str(generation_error(error, "openai:m", object()))

    assert message.startswith("Chat model openai:m ")
    assert advice in message
    assert "\n" not in message
    assert len(message) < 500


class Replies(BaseHTTPRequestHandler):
    """A server of the OpenAI protocol with scripted replies."""

    status = 500

    def do_POST(self) -> None:
        body = json.dumps({"error": {"message": "no", "type": "x"}}).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Replies)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "key"), (404, "name"), (429, "wait"), (500, "choose another")]
)
def test_errors_of_a_real_client_are_understood(
    server: str, status: int, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Replies, "status", status)
    model: Any = open_chat_model("openai:m", url=server)

    with pytest.raises(Exception) as caught:  # noqa: PT011  the client's own, whichever it is
        model.invoke("Hello")
    model.root_client.close()
    assert advice in str(generation_error(caught.value, "openai:m", model))


@pytest.mark.parametrize("provider", ["openai", "ollama"])
def test_a_missing_server_is_understood(provider: str) -> None:
    model = open_chat_model(f"{provider}:m", url="http://127.0.0.1:9/v1")

    with pytest.raises(Exception) as caught:  # noqa: PT011
        model.invoke("Hello")
    message = str(generation_error(caught.value, f"{provider}:m", model))
    assert "cannot be reached" in message
    assert "http://127.0.0.1:9/v1" in message


@needs_model
@pytest.mark.chat_model
def test_a_gguf_file_is_served_once_and_to_this_process_alone(
    capfd: pytest.CaptureFixture[str],
) -> None:
    import httpx

    one = open_chat_model(f"llamacpp:{GGUF}")
    other = open_chat_model(f"llamacpp:{os.path.relpath(GGUF)}")
    written = one.invoke("Say hello.", max_tokens=8).text
    url = server_url(one)

    assert written
    assert url is not None
    assert url.startswith("http://127.0.0.1:")
    assert url == server_url(other)
    assert httpx.post(f"{url}/chat/completions", json={"messages": []}).status_code == 401
    assert capfd.readouterr() == ("", "")


@needs_model
@pytest.mark.chat_model
def test_no_proxy_is_used_for_our_own_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)

    assert open_chat_model(f"llamacpp:{GGUF}").invoke("Say hello.", max_tokens=4).text


@needs_model
@pytest.mark.chat_model
def test_a_process_with_a_model_ends_quietly_and_at_once() -> None:
    code = f"from qa.models.chat import open_chat_model; open_chat_model('llamacpp:{GGUF}')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture
def served_model() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    with model_server(GGUF, 2048) as served:
        yield served


@needs_model
@pytest.mark.chat_model
def test_any_openai_compatible_server_will_do(
    served_model: tuple[str, subprocess.Popen[str]],
) -> None:
    model: Any = open_chat_model("openai:whatever", url=served_model[0])

    chunks = [chunk.text for chunk in model.stream("Tell me about the sea.", max_tokens=40)]
    model.root_client.close()

    assert len(chunks) > 10
    assert len("".join(chunks)) > 40


@needs_model
@pytest.mark.chat_model
def test_a_server_that_stops_has_an_error_of_its_own(
    served_model: tuple[str, subprocess.Popen[str]],
) -> None:
    url, process = served_model
    model: Any = open_chat_model("openai:whatever", url=url, timeout=20)
    stream = model.stream("Tell me a very long story about the sea.", max_tokens=1500)
    next(stream)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    with pytest.raises(Exception) as caught:  # noqa: PT011
        list(stream)
    model.root_client.close()
    assert "cannot be reached" in str(generation_error(caught.value, "openai:whatever", model))


def test_a_key_comes_before_the_variable_of_its_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("langchain_openai")
    monkeypatch.setenv("OPENAI_API_KEY", "of the environment")

    model: Any = open_chat_model("openai:any", key=SecretStr("given"))

    assert model.openai_api_key.get_secret_value() == "given"

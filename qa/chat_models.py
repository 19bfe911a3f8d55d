"""Chat models by name: "provider:name" -> a LangChain chat model.

Opening one costs no network call; a GGUF file is loaded into this process and
served on 127.0.0.1. Packages that run models are optional, imported here and
only when their provider is asked for.
"""

from __future__ import annotations

import atexit
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from qa.errors import GenerationError, ModelUnavailableError, SettingsError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

# What an OpenAI-compatible server that asks for no key is given, as the client insists on one.
PLACEHOLDER_KEY = "no-key"
# Room for the passages, the rules, the question and the answer.
CONTEXT_TOKENS = 8192
# A small model can repeat itself without end.
LONGEST_ANSWER_TOKENS = 2048

_URL_VARIABLES = {
    "openai": ("OPENAI_BASE_URL", "OPENAI_API_BASE"),
    "ollama": ("OLLAMA_HOST",),
}
_OPENAI_URL = "https://api.openai.com/v1"
_EXAMPLES = "ollama:llama3.2, openai:gpt-4.1-mini or llamacpp:/path/to/model.gguf"
_EXTRAS = ("anthropic", "llamacpp", "ollama", "openai")


def open_chat_model(name: str, *, url: str | None = None, timeout: float = 120) -> BaseChatModel:
    """The chat model called "provider:name", at temperature 0.

    Providers are `ollama`, `openai` (with `url`, any server that speaks its
    protocol), `llamacpp` (a GGUF file) and whatever LangChain's
    `init_chat_model` knows. `timeout` counts seconds of silence.

    Raises:
        ModelUnavailableError: the provider is unknown, its package or key is
            missing, or the file is not a model.
        SettingsError: a URL was given for a file.
    """
    provider, separator, model = name.partition(":")
    if not (provider and separator and model):
        raise ModelUnavailableError(
            f"Chat model {name!r}: write it as provider:name, for example {_EXAMPLES}."
        )
    return _PROVIDERS.get(provider, _open_any)(_Wanted(provider, model, url, timeout))


def generation_error(error: Exception, name: str, model: object) -> GenerationError:
    """What went wrong while `name` was writing, and what to do about it."""
    url = server_url(model)
    where = f"Chat model {name}" + (f" at {url}" if url else "")
    kind, reason = type(error).__name__, one_line(error)
    status = getattr(error, "status_code", None)
    if isinstance(error, TimeoutError) or "Timeout" in kind:
        advice = "did not answer in time; raise chat_model_timeout or choose a smaller model"
    elif isinstance(error, ConnectionError) or "Connect" in kind or "RemoteProtocol" in kind:
        advice = "cannot be reached; check that its server runs and that the URL is right"
    elif "context" in reason.lower() and any(s in reason.lower() for s in ("exceed", "length")):
        advice = f"has too small a context for the passages; lower the limit setting ({reason})"
    elif status in (401, 403):
        advice = f"refused the key; check it ({reason})"
    elif status == 404:
        advice = f"is not there; check its name, and that it is installed or pulled ({reason})"
    elif status == 429:
        advice = f"is being asked too often; wait a moment ({reason})"
    else:
        advice = f"failed; ask again, or choose another chat model ({kind}: {reason})"
    return GenerationError(f"{where} {advice}.")


def server_url(model: object) -> str | None:
    """Where a chat model's server is, without credentials; None where that is not known."""
    for attribute in ("openai_api_base", "base_url"):
        url = getattr(model, attribute, None)
        if isinstance(url, str) and url:
            return without_credentials(url)
    return None


def without_credentials(url: str) -> str:
    """A URL without a user's name and password; what is none stays as it is."""
    if "://" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def url_in_environment(provider: str) -> str | None:
    """The URL that variables name for a provider's models; None if there is none."""
    values = (os.environ.get(variable) for variable in _URL_VARIABLES.get(provider, ()))
    found = next((value for value in values if value), None)
    return found if found is None or "://" in found else f"http://{found}"


def one_line(error: BaseException) -> str:
    """The message of an error, short enough to stand inside another."""
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else type(error).__name__
    return text[:200].rstrip(" .")


@contextmanager
def untraced() -> Iterator[None]:
    """Inside, LangChain sends nothing to a tracing service, whatever the environment says."""
    from langsmith import tracing_context

    with tracing_context(enabled=False, parent=False):
        yield


@dataclass(frozen=True, slots=True)
class _Wanted:
    provider: str
    model: str
    url: str | None
    timeout: float

    def __str__(self) -> str:
        return f"Chat model {self.provider}:{self.model}"


def _open_ollama(wanted: _Wanted) -> BaseChatModel:
    with _extra("ollama", "langchain_ollama"):
        from langchain_ollama import ChatOllama
    # Ollama cuts what exceeds its context without a word, so the context is set.
    return ChatOllama(
        model=wanted.model,
        base_url=wanted.url,
        temperature=0,
        num_ctx=CONTEXT_TOKENS,
        client_kwargs={"timeout": wanted.timeout},
    )


def _open_openai(wanted: _Wanted) -> BaseChatModel:
    url = wanted.url or url_in_environment("openai")
    key = os.environ.get("OPENAI_API_KEY")
    if not url and not key:
        raise ModelUnavailableError(
            f"{wanted}: set OPENAI_API_KEY, or give the base URL of an "
            "OpenAI-compatible server (chat_model_url)."
        )
    with _extra("openai", "langchain_openai"):
        from langchain_openai import ChatOpenAI
    # The URL is always given: without it, a variable can send everything through a gateway.
    return ChatOpenAI(
        model=wanted.model,
        base_url=url or _OPENAI_URL,
        api_key=_secret(key or PLACEHOLDER_KEY),
        temperature=0,
        timeout=wanted.timeout,
        max_retries=0 if url else 2,
    )


def _open_llamacpp(wanted: _Wanted) -> BaseChatModel:
    if wanted.url:
        raise SettingsError(f"{wanted} runs in this process; leave chat_model_url out.")
    file = Path(wanted.model).expanduser()
    _check_gguf(file)
    with _extra("llamacpp", "langchain_openai"):
        from langchain_openai import ChatOpenAI
    server = _LlamaServer.of(file.resolve())
    return ChatOpenAI(
        model=file.name,
        base_url=server.url,
        api_key=_secret(server.key),
        temperature=0,
        timeout=wanted.timeout,
        max_retries=0,
        http_client=server.client,
        http_async_client=server.async_client,
    )


def _open_any(wanted: _Wanted) -> BaseChatModel:
    from langchain.chat_models import init_chat_model

    arguments: dict[str, Any] = {"temperature": 0}
    if wanted.url:
        arguments["base_url"] = wanted.url
    try:
        model: BaseChatModel = init_chat_model(
            wanted.model, model_provider=wanted.provider, **arguments
        )
    except ImportError as error:
        raise ModelUnavailableError(
            f"{wanted} needs a package that is missing: {_advice_for(wanted.provider, error)}."
        ) from error
    except Exception as error:  # each provider has errors of its own, above all for a missing key
        if "Unsupported provider" in str(error):
            raise ModelUnavailableError(
                f"{wanted}: there is no provider called {wanted.provider!r}; "
                f"use one of LangChain's, for example {_EXAMPLES}."
            ) from error
        raise ModelUnavailableError(
            f"{wanted} cannot be opened: {one_line(error)}. "
            "Check its name and that its key is in the environment."
        ) from error
    return model


_PROVIDERS: dict[str, Callable[[_Wanted], BaseChatModel]] = {
    "ollama": _open_ollama,
    "openai": _open_openai,
    "llamacpp": _open_llamacpp,
}


def _advice_for(provider: str, error: ImportError) -> str:
    if provider in _EXTRAS:
        return f'pip install "footnote-qa[{provider}]"'
    return one_line(error)  # LangChain's own names the package


@contextmanager
def _extra(extra: str, module: str) -> Iterator[None]:
    """Turns the failure to import what `extra` brings into advice."""
    try:
        yield
    except ImportError as error:
        raise ModelUnavailableError(
            f"{extra} chat models need the package {error.name or module}: "
            f'pip install "footnote-qa[{extra}]".'
        ) from error


def _secret(key: str) -> Any:
    from pydantic import SecretStr

    return SecretStr(key)


def _check_gguf(file: Path) -> None:
    try:
        with file.open("rb") as opened:
            magic = opened.read(4)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ModelUnavailableError(
            f"Chat model llamacpp:{file}: {reason}. Give the path of a GGUF file."
        ) from error
    if magic != b"GGUF":
        raise ModelUnavailableError(f"Chat model llamacpp:{file}: this is not a GGUF file.")


class _LlamaServer:
    """A GGUF file, served to this process alone; one per file, stopped when the process ends."""

    _lock = threading.Lock()
    _running: dict[Path, _LlamaServer] = {}  # noqa: RUF012

    def __init__(self, file: Path) -> None:
        with _extra("llamacpp", "xllamacpp"):
            import xllamacpp  # type: ignore[import-untyped]
            from openai import DefaultAsyncHttpxClient, DefaultHttpxClient
        self.key = secrets.token_urlsafe()
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(file)
        parameters.n_ctx = CONTEXT_TOKENS  # llama.cpp lowers it to what the model was trained on
        parameters.n_predict = LONGEST_ANSWER_TOKENS
        parameters.n_parallel = 1
        parameters.hostnames = ["127.0.0.1"]
        parameters.port = 0
        parameters.api_keys = [self.key]
        parameters.cors_origins = ""
        parameters.ui = False
        parameters.warmup = False
        parameters.offline = True
        parameters.verbosity = -1  # not a word on stdout or stderr
        try:
            self._server = xllamacpp.Server(parameters)
        except RuntimeError as error:
            raise ModelUnavailableError(
                f"Chat model llamacpp:{file}: llama.cpp cannot load this file; "
                "it may be cut off, too new, or too large for the memory."
            ) from error
        self.url = f"{self._server.listening_address}/v1"
        # Without trust_env: a proxy in the environment must not come between us and this process.
        self.client = DefaultHttpxClient(trust_env=False)
        self.async_client = DefaultAsyncHttpxClient(trust_env=False)

    @classmethod
    def of(cls, file: Path) -> _LlamaServer:
        with cls._lock:
            if file not in cls._running:
                if not cls._running:
                    atexit.register(cls._stop_all)
                cls._running[file] = cls(file)
            return cls._running[file]

    @classmethod
    def _stop_all(cls) -> None:
        while cls._running:
            _, server = cls._running.popitem()
            server.client.close()

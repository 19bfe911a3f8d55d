"""Chat models by name: "provider:name" -> a LangChain chat model.

Opening one makes no network call; a GGUF file is loaded into this process and served on 127.0.0.1.
Packages that run models are optional, and are only imported here, when their provider is requested.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from qa.errors import (
    GenerationError,
    ModelUnavailableError,
    SettingsError,
    extra,
    message_of,
    needed_for,
)
from qa.models.llamacpp import CONTEXT_TOKENS, LlamaServer, check_gguf

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from pydantic import SecretStr

# A key for OpenAI-compatible servers that need none, as the client insists on one.
PLACEHOLDER_KEY = "no-key"

_URL_VARIABLES = {
    "openai": ("OPENAI_BASE_URL", "OPENAI_API_BASE"),
    "ollama": ("OLLAMA_HOST",),
}
_OPENAI_URL = "https://api.openai.com/v1"
_OLLAMA_PORT = 11434
_DEFAULT_URLS = {"openai": _OPENAI_URL, "ollama": f"http://127.0.0.1:{_OLLAMA_PORT}"}
_EXAMPLES = "ollama:llama3.2, openai:gpt-4.1-mini or llamacpp:/path/to/model.gguf"
_EXTRAS = ("anthropic", "llamacpp", "ollama", "openai")


def open_chat_model(
    name: str, *, url: str | None = None, key: SecretStr | None = None, timeout: float = 120
) -> BaseChatModel:
    """The chat model called "provider:name", at temperature 0.

    Providers are `ollama`, `openai` (with `url`, any server that speaks its
    protocol), `llamacpp` (a GGUF file) and whatever LangChain's
    `init_chat_model` knows. `key` is that of a server; without one, the
    provider's own variable has it. `timeout` counts seconds of silence.

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
    return _PROVIDERS.get(provider, _open_any)(_Wanted(provider, model, url, key, timeout))


def generation_error(error: Exception, name: str, model: object) -> GenerationError:
    """What went wrong while `name` was writing, and what to do about it."""
    url = server_url(model)
    where = f"Chat model {name}" + (f" at {url}" if url else "")
    kind, reason = type(error).__name__, message_of(error)
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
    """The URL of a chat model's server, without credentials; None if it is unknown."""
    for attribute in ("openai_api_base", "base_url"):
        url = getattr(model, attribute, None)
        if isinstance(url, str) and url:
            return without_credentials(url)
    return None


def without_credentials(url: str) -> str:
    """A URL without a user name and password; anything else is returned unchanged."""
    if "://" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def url_in_environment(provider: str) -> str | None:
    """The URL that the environment sets for the models of a provider, or None."""
    values = (os.environ.get(variable) for variable in _URL_VARIABLES.get(provider, ()))
    found = next((value for value in values if value), None)
    if found is None or "://" in found:
        return found
    port = "" if provider != "ollama" or ":" in found else f":{_OLLAMA_PORT}"
    return f"http://{found}{port}"


def url_of_provider(provider: str) -> str | None:
    """The URL of a provider's server if no setting names one; None if that is not known."""
    return url_in_environment(provider) or _DEFAULT_URLS.get(provider)


@contextmanager
def untraced() -> Iterator[None]:
    """A block in which LangChain sends nothing to a tracing service, despite the environment."""
    from langsmith import tracing_context

    with tracing_context(enabled=False, parent=False):
        yield


@dataclass(frozen=True, slots=True)
class _Wanted:
    provider: str
    model: str
    url: str | None
    key: SecretStr | None
    timeout: float

    def __str__(self) -> str:
        return f"Chat model {self.provider}:{self.model}"


def _open_ollama(wanted: _Wanted) -> BaseChatModel:
    with needed_for(str(wanted), "langchain-ollama", extra("ollama")):
        from langchain_ollama import ChatOllama
    # Ollama silently cuts what exceeds its context, so the context is set.
    return ChatOllama(
        model=wanted.model,
        base_url=wanted.url,
        temperature=0,
        num_ctx=CONTEXT_TOKENS,
        client_kwargs={"timeout": wanted.timeout},
    )


def _open_openai(wanted: _Wanted) -> BaseChatModel:
    url = wanted.url or url_in_environment("openai")
    given = os.environ.get("OPENAI_API_KEY")
    key = wanted.key or (_secret(given) if given else None)
    if not url and not key:
        raise ModelUnavailableError(
            f"{wanted}: set chat_model_key or OPENAI_API_KEY, or give the base URL of an "
            "OpenAI-compatible server (chat_model_url)."
        )
    with needed_for(str(wanted), "langchain-openai", extra("openai")):
        from langchain_openai import ChatOpenAI
    # The URL is always set: otherwise a variable could send everything through a gateway.
    return ChatOpenAI(
        model=wanted.model,
        base_url=url or _OPENAI_URL,
        api_key=key or _secret(PLACEHOLDER_KEY),
        temperature=0,
        timeout=wanted.timeout,
        max_retries=0 if url else 2,
    )


def _open_llamacpp(wanted: _Wanted) -> BaseChatModel:
    if wanted.url:
        raise SettingsError(f"{wanted} runs in this process; leave chat_model_url out.")
    file = Path(wanted.model).expanduser()
    check_gguf(file)
    with needed_for(str(wanted), "langchain-openai", extra("llamacpp")):
        from langchain_openai import ChatOpenAI
    server = LlamaServer.of(file.resolve())
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
    if wanted.key:
        arguments["api_key"] = wanted.key
    provider = wanted.provider
    package = f"langchain-{provider.replace('_', '-')}"
    install = extra(provider) if provider in _EXTRAS else package
    try:
        with needed_for(str(wanted), package, install):
            model: BaseChatModel = init_chat_model(
                wanted.model, model_provider=provider, **arguments
            )
    except ModelUnavailableError:
        raise
    except Exception as error:  # each provider has its own errors, above all for a missing key
        if "Unsupported provider" in str(error):
            raise ModelUnavailableError(
                f"{wanted}: there is no provider called {wanted.provider!r}; "
                f"use one of LangChain's, for example {_EXAMPLES}."
            ) from error
        raise ModelUnavailableError(
            f"{wanted} cannot be opened: {message_of(error)}. "
            "Check its name and that its key is in the environment."
        ) from error
    return model


_PROVIDERS: dict[str, Callable[[_Wanted], BaseChatModel]] = {
    "ollama": _open_ollama,
    "openai": _open_openai,
    "llamacpp": _open_llamacpp,
}


def _secret(key: str) -> SecretStr:
    from pydantic import SecretStr

    return SecretStr(key)

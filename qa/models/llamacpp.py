"""GGUF files, served by llama.cpp to this process only."""

from __future__ import annotations

import atexit
import secrets
import threading
from pathlib import Path

from qa.errors import ModelUnavailableError, extra, needed_for

# Room for the passages, the rules, the question and the answer.
CONTEXT_TOKENS = 8192
# A small model may repeat itself endlessly.
LONGEST_ANSWER_TOKENS = 2048


def check_gguf(file: Path) -> None:
    """Refuse a file that is not GGUF before llama.cpp tries to load it."""
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


class LlamaServer:
    """A GGUF file, served to this process only, until it ends; there is one server per file."""

    _lock = threading.Lock()
    _running: dict[Path, LlamaServer] = {}  # noqa: RUF012

    def __init__(self, file: Path) -> None:
        with needed_for(f"Chat model llamacpp:{file}", "xllamacpp", extra("llamacpp")):
            import xllamacpp  # type: ignore[import-untyped]
            from openai import DefaultAsyncHttpxClient, DefaultHttpxClient
        self.key = secrets.token_urlsafe()
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(file)
        parameters.n_ctx = CONTEXT_TOKENS  # llama.cpp lowers it to the model's own
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
        # Without trust_env: no proxy in the environment may come between.
        self.client = DefaultHttpxClient(trust_env=False)
        self.async_client = DefaultAsyncHttpxClient(trust_env=False)

    @classmethod
    def of(cls, file: Path) -> LlamaServer:
        """The server of a file, started on first use."""
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

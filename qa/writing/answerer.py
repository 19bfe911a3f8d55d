"""Answers that a chat model writes, every sentence checked before it is shown."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator, Sequence
from contextlib import closing
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal, cast

from qa.checking import Evidence, packaged
from qa.errors import GenerationError
from qa.models import generation_error, open_chat_model, untraced
from qa.records import Draft, Hit, Span, Turn
from qa.text.asking import asked_in
from qa.writing import rewriting
from qa.writing.blocks import blocks
from qa.writing.drafting import Drafting
from qa.writing.prompts import messages, restored
from qa.writing.sentence_stream import pieces, without_reasoning

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

    from qa.answering import Choice
    from qa.settings import Settings

logger = logging.getLogger(__name__)


PROMPT_TOKENS = 4000
"""How much of the passages a chat model is shown, by default."""

# For a follow-up, the model is asked twice. It may be silent for one in so many of its seconds the
# first time, so that the answer, or quotes in its place, come before the question's time is over.
_PATIENCE = 4
# Small models can repeat themselves without end.
_MOST_CHARACTERS = 12_000


def open_answerer(name: str, settings: Settings) -> ChatAnswerer:
    """An answerer with the chat model `provider:name`.

    Raises:
        SettingsError: there is no such provider.
        ModelUnavailableError: its package, file or server is missing.
    """
    timeout = settings.chat_model_timeout
    model = open_chat_model(
        name, url=settings.chat_model_url, key=settings.chat_model_key, timeout=timeout
    )
    return ChatAnswerer(model, name, unsupported=settings.unsupported, timeout=timeout)


class ChatAnswerer:
    """Writes with a chat model; every sentence is checked against the passages before it is shown.

    A sentence without support is left out, or followed by `UNSUPPORTED_MARK`,
    as `unsupported` says. `prompt_tokens` is how much of the hits the model is
    shown, best first; `timeout` how many seconds it may be silent.
    """

    def __init__(
        self,
        chat_model: BaseChatModel,
        name: str,
        *,
        unsupported: Literal["mark", "drop"] = "drop",
        prompt_tokens: int = PROMPT_TOKENS,
        timeout: float = 120,
    ) -> None:
        self.name = name
        self._chat_model = chat_model
        self._marks = unsupported == "mark"
        self._prompt_tokens = prompt_tokens
        self._timeout = timeout

    def stream(
        self,
        question: str,
        hits: Sequence[Hit],
        spans: Sequence[Span] = (),  # noqa: ARG002
        choices: Sequence[Choice] = (),
    ) -> Generator[str, None, Draft]:
        """Yields the answer's sentences as they are checked; joined, they are the draft's text.

        Raises:
            GenerationError: the model or its server failed, or fell silent.
        """
        if not hits:
            return Draft(text="", found=False, reason="nothing close")
        hits = blocks(hits, choices)
        # The model that may doubt a sentence was trained on English only.
        judge = packaged() if asked_in(question) is None else None
        draft = Drafting(Evidence(question, hits, judge), marks=self._marks)
        asked = messages(question, hits, budget=self._prompt_tokens)
        with closing(self._written(asked, self._timeout)) as written:
            for piece in pieces(restored(chunk, hits) for chunk in written):
                yield from draft.add(piece)
                if draft.is_over:
                    break
        yield from draft.end()
        return draft.finished()

    def rewritten(self, question: str, history: Sequence[Turn]) -> str | None:
        """The question, reworded to stand without `history`; None if the model fails at it."""
        text = ""
        try:
            asked = rewriting.messages(question, history)
            with closing(self._written(asked, self._timeout / _PATIENCE)) as written:
                for chunk in without_reasoning(written):
                    text += chunk
                    if len(text) > 2 * rewriting.LONGEST:
                        break
        except GenerationError as error:
            logger.info("The question is not rewritten: %s", error)
            return None
        return rewriting.accepted(text, question, history)

    def _written(self, asked: list[BaseMessage], timeout: float) -> Generator[str, None, None]:
        """What the model writes, as it comes; it may be silent for `timeout` seconds.

        It runs in a thread of its own, because not every model's client can be told how long to
        wait.
        """
        queue: SimpleQueue[str | BaseException | None] = SimpleQueue()
        stop = threading.Event()
        thread = threading.Thread(
            target=copy_context().run, args=(self._write, asked, queue, stop), daemon=True
        )
        thread.start()
        characters = 0
        try:
            while characters < _MOST_CHARACTERS:
                written = queue.get(timeout=timeout)
                if written is None:
                    return
                if isinstance(written, Exception):
                    raise generation_error(written, self.name, self._chat_model) from written
                if isinstance(written, BaseException):
                    raise written
                characters += len(written)
                yield written
        except Empty:
            silence = TimeoutError(f"nothing came for {timeout:g} seconds")
            raise generation_error(silence, self.name, self._chat_model) from None
        finally:
            stop.set()

    def _write(
        self,
        asked: list[BaseMessage],
        queue: SimpleQueue[str | BaseException | None],
        stop: threading.Event,
    ) -> None:
        try:
            with untraced(), closing(self._chunks(asked)) as chunks:
                for chunk in chunks:
                    queue.put(chunk)
                    if stop.is_set():
                        return
        except BaseException as error:  # whatever it is, the caller waits to hear of it
            queue.put(error)
        else:
            queue.put(None)

    def _chunks(self, asked: list[BaseMessage]) -> Generator[str, None, None]:
        stream = cast("Generator[BaseMessage, None, None]", self._chat_model.stream(asked))
        with closing(stream):
            for message in stream:
                # Half of a surrogate pair, which JSON can hold, is not text that can be shown.
                yield str(message.text).encode("utf-8", "ignore").decode()

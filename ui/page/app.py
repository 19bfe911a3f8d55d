"""The chat page: what Gradio shows and calls. Its scripts and styles are in `static/`."""

from __future__ import annotations

import contextlib
import functools
import math
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from qa import QAError, folders_above
from qa.api import name_of, seen
from ui.brand.brand import PLAIN, Brand
from ui.page import render
from ui.page.attaching import attached_files, keep_files, read_files, remove_file
from ui.page.conversations import LONGEST_QUESTION, Conversation, Exchange
from ui.page.visiting import visit

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from qa import AnswerStream, Assistant, Document, Settings
    from ui.page.examples import Examples
    from ui.page.texts import Texts
    from ui.uploads import Attachments

# Seconds. Each update costs both sides more than the words that are new in it.
SECONDS_BETWEEN_PIECES = 0.1
# A longer list of folders helps nobody.
MOST_FOLDERS = 200


class Page:
    """The functions that the page calls; the conversation comes with each call."""

    def __init__(
        self,
        assistant: Assistant,
        attachments: Attachments,
        texts: Texts,
        examples: Examples,
        brand: Brand = PLAIN,
    ) -> None:
        self.assistant = assistant
        self.attachments = attachments
        self.texts = texts
        self.examples = examples
        self.brand = brand

    def empty(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The content of an empty conversation at this moment, and the folders of the index.

        They are for whoever requests the page (see `Visiting`).
        """
        try:
            reader = seen(self.assistant, visit.get())
            status = reader.status()
        except QAError:
            return {}, {}  # the line above the conversation says so
        sources = [source.source for source in status.sources]
        folders = _folders(sources)
        choices = [(self.texts.everything, ""), *((folder, folder) for folder in folders)]
        conversation = {
            "placeholder": greeting(self.texts, self.brand, samples=status.samples),
            "examples": _examples(self.examples.known(reader, status) or []),
        }
        return conversation, {"choices": choices, "visible": len(folders) > 1}

    def opened(self) -> str:
        """For each visit: a new conversation."""
        return Conversation.new().model_dump_json()

    def answer(
        self,
        question: str | None,
        folder: str | None,
        sent: str | None,
        request: HTTPConnection | None = None,
    ) -> Iterator[tuple[list[dict[str, Any]] | dict[str, Any], str | dict[str, Any], Any, Any]]:
        """The conversation with the growing answer at its end, its record, an empty box, its files.

        Problems with the files were reported before, and are not repeated. `request` says who asks.
        """
        import gradio as gr

        # The box takes no more, but a request without the page may send anything.
        question = (question or "")[:LONGEST_QUESTION]
        if not question.strip():
            yield gr.skip(), gr.skip(), gr.skip(), gr.skip()
            return
        record = Conversation.read(sent)
        so_far = self._messages(record)
        if record.full:
            asked = Exchange(question=question, problem=self.texts.full)
            full = [*so_far, *self._shown(asked, len(record.exchanges))]
            yield full, gr.skip(), gr.skip(), gr.skip()
            return
        number = len(record.exchanges)
        box: Any = ""
        reader, viewer = seen(self.assistant, request), name_of(request)
        files: Any = attached_files(self.attachments, record.id, self.texts, viewer)
        private = self.attachments.assistant(record.id, viewer)
        for exchange in self._answered(question, folder, record, reader, private):
            shown = [*so_far, *self._shown(exchange, number)]
            yield shown, record.with_(exchange).model_dump_json(), box, files
            box = files = gr.skip()  # the next question may be in it by now

    def restored(
        self, sent: str | None, request: HTTPConnection | None = None
    ) -> tuple[list[dict[str, Any]], str, str]:
        """A conversation from the browser's storage, with its footnotes checked again."""
        record = Conversation.read(sent)
        reader, viewer = seen(self.assistant, request), name_of(request)
        private = self.attachments.assistant(record.id, viewer)

        @functools.cache
        def read(source: str) -> Document:
            if private is not None:
                try:
                    return private.document(source)
                except QAError:
                    pass
            return reader.document(source)

        checked = [exchange.checked(read) for exchange in record.exchanges]
        record = record.model_copy(update={"exchanges": checked})
        files = attached_files(self.attachments, record.id, self.texts, viewer)
        return self._messages(record), record.model_dump_json(), files

    def stopped(self, sent: str | None) -> tuple[list[dict[str, Any]], str]:
        """The part of the answer that was there when its reader stopped it."""
        record = Conversation.read(sent)
        return self._messages(record), record.model_dump_json()

    def attached(self, ids: str, sent: str, request: HTTPConnection | None = None) -> Iterator[str]:
        """Reads the files with these ids; yields the page's messages about them."""
        id, viewer = Conversation.read(sent).id, name_of(request)
        yield from read_files(self.attachments, id, ids.split(), self.texts, viewer)

    def kept(self, sent: str, request: HTTPConnection | None = None) -> Iterator[str]:
        """Reads the conversation's files for everyone; yields the page's messages about them."""
        by = seen(self.assistant, request).by
        yield from keep_files(self.attachments, Conversation.read(sent).id, by, self.texts)

    def removed(self, name: str, sent: str, request: HTTPConnection | None = None) -> str:
        """The page's list of the conversation's files after one of them was removed."""
        id, viewer = Conversation.read(sent).id, name_of(request)
        return remove_file(self.attachments, id, name, self.texts, viewer)

    def _answered(
        self,
        question: str,
        folder: str | None,
        record: Conversation,
        reader: Assistant,
        private: Assistant | None,
    ) -> Iterator[Exchange]:
        """The growing exchange; until it is complete it counts as stopped.

        `private` answers from the conversation's own files, where it has some.
        """
        also = [private] if private is not None else []
        growing = Exchange(question=question, stopped=True)
        yield growing
        try:
            stream = reader.stream(
                question,
                history=record.history(),
                folder=record.folder or folder or None,
                also=also,
            )
            try:
                for text in _at_intervals(stream):
                    yield growing.model_copy(update={"text": text})
            finally:
                stream.close()
            answer = stream.answer
            before = [exchange.question for exchange in record.exchanges]
            related: list[str] = []
            with contextlib.suppress(QAError):  # the answer is there, with or without these
                related = reader.related(answer, asked=before, also=also)
            yield Exchange.of(answer).model_copy(update={"related": tuple(related)})
        except QAError as error:
            yield Exchange(question=question, problem=str(error))

    def _messages(self, record: Conversation) -> list[dict[str, Any]]:
        return [
            message
            for number, exchange in enumerate(record.exchanges)
            for message in self._shown(exchange, number, whole=True)
        ]

    def _shown(
        self, exchange: Exchange, number: int, *, whole: bool = False
    ) -> list[dict[str, Any]]:
        growing = exchange.stopped and not whole
        return [
            _message("user", render.question(exchange, number)),
            _message(
                "assistant",
                render.partial(exchange.text, self.texts)
                if growing
                else render.message(exchange, number, self.texts, self.brand.contact),
            ),
        ]


def greeting(texts: Texts, brand: Brand, *, samples: bool = False) -> str:
    """The content of an empty conversation; it says so if the documents are only samples."""
    lines = [f"## {texts.welcome}"]
    lines.append(render.welcome(brand.welcome) if brand.welcome else texts.promise)
    return "\n\n".join([*lines, texts.samples] if samples else lines)


def kept_note(settings: Settings, texts: Texts) -> str:
    """What is kept of questions and votes, and for how long; "" if that is nothing of readers."""
    # Without a sign-in, nobody's name is known.
    known = settings.sign_in not in (None, "none")
    said = []
    if settings.audit and settings.audit_questions:
        # How long a collector of traces keeps the questions that it gets, we do not know.
        period = _period(0 if settings.trace_endpoint else settings.audit_days, texts)
        words = texts.kept_questions_named if known else texts.kept_questions
        said.append(words.format(period=period))
    elif settings.audit and known:
        said.append(texts.kept_who.format(period=_period(settings.audit_days, texts)))
    if settings.feedback_texts:
        # The audit has the name of whoever votes.
        words = texts.kept_votes_unnamed if known and not settings.audit else texts.kept_votes
        said.append(words.format(period=_period(settings.feedback_days, texts)))
    return " ".join(said)


def _period(days: float, texts: Texts) -> str:
    if not days:
        return texts.kept_for_good
    whole = math.ceil(days)
    return texts.kept_day if whole == 1 else texts.kept_days.format(days=whole)


def _examples(questions: Sequence[str]) -> list[dict[str, str]]:
    return [{"text": question} for question in questions]


def _at_intervals(stream: AnswerStream) -> Iterator[str]:
    """The text so far, several times a second."""
    text, shown_at = "", 0.0
    for piece in stream:
        text += piece
        if time.monotonic() - shown_at >= SECONDS_BETWEEN_PIECES:
            shown_at = time.monotonic()
            yield text


def _folders(sources: Sequence[str]) -> list[str]:
    """The folders that contain sources, parents first."""
    above = {folder for source in sources for folder in folders_above(source)}
    return sorted(above)[:MOST_FOLDERS]


def _message(role: str, shown: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": shown}]}

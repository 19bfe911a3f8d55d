"""The chat page: what Gradio shows and what it calls. Its scripts and looks are in `static/`."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from zlib import crc32

from qa import QAError, __version__
from ui import render
from ui.exchanges import Exchange, Record
from ui.reading_files import attached_files, read_files

if TYPE_CHECKING:
    import gradio as gr

    from qa import AnswerStream, Assistant, Document
    from ui.texts import Texts
    from ui.uploads import Attachments

# Each picture of the page costs both sides more than the words that are new in it.
SECONDS_BETWEEN_PIECES = 0.1
# Questions answered at once, and those that may wait for their turn.
AT_ONCE = 8
WAITING = 64
# A list of more folders helps nobody.
MOST_FOLDERS = 200
STATIC = Path(__file__).parent / "static"
# All that the page's own modules import, so that a browser asks for it at once, not in turns.
MODULES = sorted(
    file.name for file in STATIC.glob("*.js") if file.name not in ("early.js", "embed.js")
)


class Page:
    """What the page calls; all it knows of a conversation comes with each call."""

    def __init__(self, assistant: Assistant, attachments: Attachments, texts: Texts) -> None:
        self.assistant = assistant
        self.attachments = attachments
        self.texts = texts

    def opened(self) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """For each visit: a new conversation, the examples and the folders of this moment."""
        import gradio as gr

        sources = [source.source for source in self.assistant.status().sources]
        folders = _folders(sources)
        choices = [(self.texts.everything, ""), *((folder, folder) for folder in folders)]
        examples = [{"text": question} for question in self.assistant.examples()]
        return (
            Record.new().model_dump_json(),
            gr.update(examples=examples),
            gr.update(choices=choices, value="", visible=len(folders) > 1),
        )

    def answer(
        self, question: str, folder: str, sent: str
    ) -> Iterator[tuple[list[dict[str, Any]] | dict[str, Any], str | dict[str, Any], Any, Any]]:
        """The conversation with the answer growing at its end, its record, an empty box, its files.

        What could not be read of the files was told, and is not told again.
        """
        import gradio as gr

        if not question.strip():
            yield gr.skip(), gr.skip(), gr.skip(), gr.skip()
            return
        record = Record.read(sent)
        so_far = self._messages(record)
        if record.full:
            asked = Exchange(question=question, problem=self.texts.full)
            full = [*so_far, *self._shown(asked, len(record.exchanges))]
            yield full, gr.skip(), gr.skip(), gr.skip()
            return
        number = len(record.exchanges)
        box: Any = ""
        files: Any = attached_files(self.attachments, record.id, self.texts)
        for exchange in self._answered(question, folder, record):
            shown = [*so_far, *self._shown(exchange, number)]
            yield shown, record.with_(exchange).model_dump_json(), box, files
            box = files = gr.skip()  # the next question may be in it by now

    def restored(self, sent: str) -> tuple[list[dict[str, Any]], str, str]:
        """A conversation out of the browser's keeping, its footnotes checked again."""
        record = Record.read(sent)
        private = self.attachments.assistant(record.id)

        def read(source: str) -> Document:
            if private is not None:
                try:
                    return private.document(source)
                except QAError:
                    pass
            return self.assistant.document(source)

        checked = [exchange.checked(read) for exchange in record.exchanges]
        record = record.model_copy(update={"exchanges": checked})
        files = attached_files(self.attachments, record.id, self.texts)
        return self._messages(record), record.model_dump_json(), files

    def stopped(self, sent: str) -> tuple[list[dict[str, Any]], str]:
        """What there was of the answer when its reader had enough."""
        return self._messages(Record.read(sent)), sent

    def attached(self, paths: Sequence[str], keep: bool, sent: str) -> Iterator[tuple[str, str]]:
        """Reads dropped files; yields what the page says of them, and the record."""
        record = Record.read(sent)
        files = [Path(path) for path in paths]
        for said in read_files(self.attachments, record.id, files, keep, self.texts):
            yield said, record.model_dump_json()

    def _answered(self, question: str, folder: str, record: Record) -> Iterator[Exchange]:
        """The exchange as it grows; until it is whole it counts as stopped."""
        private = self.attachments.assistant(record.id)
        growing = Exchange(question=question, stopped=True)
        yield growing
        try:
            stream = self.assistant.stream(
                question,
                history=record.history(),
                folder=record.folder or folder or None,
                also=[private] if private is not None else (),
            )
            try:
                for text in _at_intervals(stream):
                    yield growing.model_copy(update={"text": text})
            finally:
                stream.close()
            yield Exchange.of(stream.answer)
        except QAError as error:
            yield Exchange(question=question, problem=str(error))

    def _messages(self, record: Record) -> list[dict[str, Any]]:
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
                else render.message(exchange, number, self.texts),
            ),
        ]


def build_app(assistant: Assistant, attachments: Attachments, texts: Texts) -> gr.Blocks:
    """The page in one language; `assistant` answers, and is asked at each visit what it holds."""
    keep_to_ourselves(assistant)
    import gradio as gr

    page = Page(assistant, attachments, texts)

    def picked(example: gr.SelectData) -> str:
        return str(example.value["text"])

    # Gradio looks at the type, and cannot resolve a name that is only known here.
    picked.__annotations__["example"] = gr.SelectData

    blocks = gr.Blocks(title=texts.title, analytics_enabled=False, fill_height=True)
    with blocks:
        # Not gr.HTML: it evaluates what it shows, which the page's policy forbids.
        gr.Markdown(f"# {texts.title}", elem_id="masthead", container=False)
        conversation = gr.Chatbot(
            elem_id="conversation",
            label=texts.conversation,
            show_label=False,
            buttons=[],  # copying would give the HTML of an answer, not its words
            feedback_options=None,
            # The formula language would find its marks in the text of a document.
            latex_delimiters=[],
            allow_tags=False,
            placeholder=f"## {texts.welcome}\n{texts.promise}",
            layout="panel",
            container=False,
            height="auto",
            autoscroll=False,  # the page keeps the question in sight, not the end of the answer
        )
        with gr.Column(elem_id="composer"):
            attached = gr.Markdown(elem_id="attached", container=False)
            question = gr.Textbox(
                elem_id="question",
                label=texts.question,
                show_label=False,
                container=False,
                placeholder=texts.ask,
                max_lines=8,
                max_length=10_000,
                submit_btn=texts.send,
                stop_btn=texts.stop,
            )
            with gr.Row(elem_id="options"):
                files = gr.UploadButton(
                    texts.attach, elem_id="attach", file_count="multiple", size="sm", scale=0
                )
                keep = gr.Checkbox(
                    label=texts.keep,
                    elem_id="keep",
                    visible=attachments.keeps,
                    container=False,
                    scale=0,
                    min_width=0,
                )
                folder = gr.Dropdown(
                    [(texts.everything, "")],
                    value="",
                    label=texts.folder,
                    elem_id="folder",
                    container=False,
                    visible=False,
                    scale=0,
                    min_width=220,
                )
        record = gr.Textbox(elem_id="record", visible="hidden", show_label=False)
        restore = gr.Button("restore", elem_id="restore", visible="hidden")

        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        blocks.load(page.opened, outputs=[record, conversation, folder], **quiet)
        asking = question.submit(
            page.answer,
            [question, folder, record],
            [conversation, record, question, attached],
            # Gradio takes a question that was stopped for one under way; the page knows better.
            trigger_mode="multiple",
            **quiet,
        )
        example = conversation.example_select(picked, None, question, **quiet).then(
            page.answer,
            [question, folder, record],
            [conversation, record, question, attached],
            **quiet,
        )
        question.stop(
            page.stopped, record, [conversation, record], cancels=[asking, example], **quiet
        )
        restore.click(page.restored, record, [conversation, record, attached], **quiet)
        files.upload(page.attached, [files, keep, record], [attached, record], **quiet)
    # A page whose server came back under another id reloads itself; ours need not, until its
    # scripts are others.
    blocks.app_id = crc32(f"{__version__} {texts.language}".encode())
    blocks.max_threads = 200
    blocks.queue(default_concurrency_limit=AT_ONCE, max_size=WAITING, api_open=False)
    return blocks


def look(texts: Texts, *, megabytes: float = 100) -> dict[str, Any]:
    """What the page is mounted with: our own scripts and looks, no links elsewhere.

    `megabytes` is the size that a dropped file may have.
    """
    import gradio as gr

    fonts = ("system-ui", "-apple-system", "Segoe UI", "sans-serif")
    mono = ("ui-monospace", "Consolas", "monospace")
    # "<" could end the element; no string of ours needs one.
    strings = json.dumps(texts.to_dict(), ensure_ascii=False).replace("<", "\\u003c")
    return {
        "theme": gr.themes.Base(font=fonts, font_mono=mono),
        "head": (
            '<script src="../static/early.js"></script>'
            f'<script type="application/json" id="footnote-texts">{strings}</script>'
            '<link rel="icon" href="../static/icon.svg" type="image/svg+xml">'
            '<link rel="stylesheet" href="../static/page.css">'
            '<link rel="stylesheet" href="../static/panel.css">'
            + "".join(f'<link rel="modulepreload" href="../static/{name}">' for name in MODULES)
            + '<script type="module" src="../static/page.js"></script>'
            '<script type="module" src="../static/panel.js"></script>'
            '<script type="module" src="../static/frame.js"></script>'
        ),
        "footer_links": [],
        "run_history": False,
        "ssr_mode": False,
        "mcp_server": False,
        "max_file_size": int(megabytes * 1_000_000),
        "app_kwargs": {"docs_url": None, "redoc_url": None, "openapi_url": None},
        "show_error": False,
    }


def keep_to_ourselves(assistant: Assistant) -> None:
    """Tell Gradio and the hub's client to ask nobody; they read this when they are imported."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    if not assistant.settings.embedder.startswith("huggingface:"):
        os.environ.setdefault("HF_HUB_OFFLINE", "1")


def _at_intervals(stream: AnswerStream) -> Iterator[str]:
    """The text so far, some times a second."""
    text, shown_at = "", 0.0
    for piece in stream:
        text += piece
        if time.monotonic() - shown_at >= SECONDS_BETWEEN_PIECES:
            shown_at = time.monotonic()
            yield text


def _folders(sources: Sequence[str]) -> list[str]:
    """The folders that hold sources, parents first."""
    parents = {parent for source in sources for parent in PurePosixPath(source).parents}
    return sorted(str(parent) for parent in parents if parent.name)[:MOST_FOLDERS]


def _message(role: str, shown: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": shown}]}

"""The page as Gradio builds it: its components, and what happens when one is used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

import gradio as gr

from qa import __version__
from qa.api import at_once
from ui.brand.brand import PLAIN, Brand
from ui.page.app import Page, greeting, kept_note
from ui.page.conversations import LONGEST_QUESTION
from ui.page.forgetful import Blocks, Picked
from ui.page.said import plain

if TYPE_CHECKING:
    from qa import Assistant
    from ui.page.examples import Examples
    from ui.page.texts import Texts
    from ui.uploads import Attachments

# Events of one kind, other than questions, that are handled at the same time.
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Parts:
    """The components that events read or change.

    The last five are hidden: the page's scripts fill and press them.
    """

    conversation: gr.Chatbot
    attached: gr.Markdown
    question: gr.Textbox
    keep: gr.Button
    folder: gr.Dropdown
    record: gr.Textbox
    restore: gr.Button
    uploaded: gr.Textbox
    read: gr.Button
    remove: gr.Button


def build_app(
    assistant: Assistant,
    attachments: Attachments,
    texts: Texts,
    examples: Examples,
    brand: Brand = PLAIN,
) -> gr.Blocks:
    """The page in one language; `assistant` answers, and gives its state at each visit."""
    blocks = Blocks(title=texts.title, analytics_enabled=False, fill_height=True)
    with blocks:
        # Not gr.HTML: it evaluates its content, which the page's policy forbids.
        gr.Markdown(f"# {plain(texts.title)}", elem_id="masthead", container=False)
        parts = _parts(attachments, texts, brand, kept_note(assistant.settings, texts))
        page = Page(assistant, attachments, texts, examples, brand)
        _connect(blocks, parts, page)
    blocks.at_first = lambda: dict(
        zip((parts.conversation, parts.folder), page.empty(), strict=True)
    )
    # A page reloads itself when its server returns with another id; ours only has to when its
    # scripts have changed.
    blocks.app_id = crc32(f"{__version__} {texts.language}".encode())
    blocks.max_threads = 200
    waiting = max(1, assistant.settings.max_waiting_questions)
    blocks.queue(default_concurrency_limit=AT_ONCE, max_size=waiting, api_open=False)
    return blocks


def _parts(attachments: Attachments, texts: Texts, brand: Brand, note: str) -> Parts:
    conversation = _conversation(texts, brand)
    with gr.Column(elem_id="composer"):
        attached = gr.Markdown(elem_id="attached", container=False)
        question = gr.Textbox(
            elem_id="question",
            label=texts.question,
            show_label=False,
            container=False,
            placeholder=texts.ask,
            max_lines=8,
            max_length=LONGEST_QUESTION,
            submit_btn=texts.send,
            stop_btn=texts.stop,
        )
        with gr.Row(elem_id="options"):
            # Not gr.UploadButton: it sends a path, which the server would open.
            gr.Button(
                texts.attach, elem_id="attach", size="sm", scale=0, visible=attachments.allowed
            )
            # Only visible if the conversation has files.
            keep = gr.Button(
                texts.keep, elem_id="keep", size="sm", scale=0, visible=attachments.keeps
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
        if note:
            gr.Markdown(note, elem_id="kept-note", container=False)
    return Parts(
        conversation,
        attached,
        question,
        keep,
        folder,
        record=gr.Textbox(elem_id="record", visible="hidden", show_label=False),
        restore=gr.Button("restore", elem_id="restore", visible="hidden"),
        uploaded=gr.Textbox(elem_id="uploaded", visible="hidden", show_label=False),
        read=gr.Button("read", elem_id="read", visible="hidden"),
        remove=gr.Button("remove", elem_id="remove", visible="hidden"),
    )


def _conversation(texts: Texts, brand: Brand) -> gr.Chatbot:
    return gr.Chatbot(
        elem_id="conversation",
        label=texts.conversation,
        show_label=False,
        buttons=[],  # copying would give the HTML of an answer, not its words
        feedback_options=None,
        # LaTeX would find its delimiters in the text of documents.
        latex_delimiters=[],
        allow_tags=False,
        placeholder=greeting(texts, brand),
        layout="panel",
        container=False,
        height="auto",
        autoscroll=False,  # the page keeps the question in sight, not the end of the answer
    )


def _connect(blocks: Blocks, parts: Parts, page: Page) -> None:
    """Connects the events of the page with their functions."""
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    questions: dict[str, Any] = {
        "concurrency_id": "questions",
        "concurrency_limit": at_once(page.assistant.settings),
    }
    asked = [parts.question, parts.folder, parts.record]
    answered = [parts.conversation, parts.record, parts.question, parts.attached]

    # Gradio hands over the request where a function of this module has a parameter for it.
    def answer(
        question: str | None, folder: str | None, sent: str | None, request: gr.Request
    ) -> Iterator[Any]:
        yield from page.answer(question, folder, sent, request.request)

    def restore(sent: str | None, request: gr.Request) -> Any:
        return page.restored(sent, request.request)

    def read(ids: str, sent: str, request: gr.Request) -> Iterator[str]:
        yield from page.attached(ids, sent, request.request)

    def remove(name: str, sent: str, request: gr.Request) -> str:
        return page.removed(name, sent, request.request)

    def keep(sent: str, request: gr.Request) -> Iterator[str]:
        yield from page.kept(sent, request.request)

    blocks.load(page.opened, outputs=parts.record, **quiet)
    asking = parts.question.submit(
        answer,
        asked,
        answered,
        # Gradio believes that a stopped question is still running; the page knows better.
        trigger_mode="multiple",
        **questions,
        **quiet,
    )
    example = parts.conversation.example_select(_picked, None, parts.question, **quiet).then(
        answer, asked, answered, **questions, **quiet
    )
    parts.question.stop(
        page.stopped,
        parts.record,
        [parts.conversation, parts.record],
        cancels=[asking, example],
        **quiet,
    )
    restored = [parts.conversation, parts.record, parts.attached]
    parts.restore.click(restore, parts.record, restored, **quiet)
    if page.attachments.allowed:
        # Files that arrive while others are being read wait for their turn.
        parts.read.click(
            read,
            [parts.uploaded, parts.record],
            parts.attached,
            trigger_mode="multiple",
            **quiet,
        )
        parts.remove.click(
            remove,
            [parts.uploaded, parts.record],
            parts.attached,
            trigger_mode="multiple",
            **quiet,
        )
    if page.attachments.keeps:
        parts.keep.click(keep, parts.record, parts.attached, **quiet)


def _picked(example: Picked) -> str:
    return example.text

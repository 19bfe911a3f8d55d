"""The chat page: a question box, the conversation, and under each answer its footnotes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qa import QAError, Turn
from ui import render

if TYPE_CHECKING:
    import gradio as gr

    from qa import Assistant

TITLE = "Footnote"
# Each picture of the page costs both sides more than the words that are new in it.
SECONDS_BETWEEN_PIECES = 0.1
# Questions answered at once, and those that may wait for their turn.
AT_ONCE = 8
WAITING = 64
# A question is offered as an example where the document that answers it is in the index.
EXAMPLES = (
    ("seeds/second-summit-brief.md", "Where might the second summit be held?"),
    ("seeds/leave-policy.docx", "How many days of annual leave do I have?"),
    ("seeds/travel-and-expenses.pdf", "May I travel first class on the train?"),
)

CSS = """
.gradio-container { width: 100% !important; max-width: 46rem !important;
  margin: 0 auto !important; padding: .5rem !important; }
#conversation { border-width: 0 !important; background: none; }
#conversation .bubble-wrap { background: none; padding-inline: 0; }
#conversation .message-row { max-width: 100%; margin-inline: 0; }
#conversation .bot.message { border: 0; box-shadow: none; background: none; padding-inline: 0; }
#conversation .bot.message-row { width: 100%; }
#conversation .answer { font-size: 1.08rem; line-height: 1.55; }
#conversation .refusal, #conversation .problem { font-style: italic; }
#conversation .problem { color: var(--error-text-color); }
#conversation .footnotes { margin-top: .9rem; padding-top: .6rem; font-size: .9rem;
  border-top: 1px solid var(--border-color-primary); }
#conversation .footnotes p { margin: 0 !important; overflow-wrap: anywhere; }
#conversation .footnotes blockquote { margin: .15rem 0 .8rem !important; padding-left: .8rem;
  border-left: 2px solid var(--border-color-primary) }
"""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question of this conversation, its answer as text and as the page shows it."""

    question: str
    answer: str
    shown: str

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What the conversation shows of it."""
        return [
            _message("user", render.paragraphs(self.question)),
            _message("assistant", self.shown),
        ]


def build_app(assistant: Assistant) -> gr.Blocks:
    """The page; `assistant` answers, and is asked at each visit what it holds."""
    _keep_to_ourselves(assistant)
    import gradio as gr

    def state() -> str:
        held = assistant.status()
        documents = len(held.sources)
        return (
            f"Answers from {documents:,} document{'' if documents == 1 else 's'}, "
            "with a footnote on everything."
        )

    def answer(question: str, so_far: list[Exchange]) -> Iterator[tuple[Any, ...]]:
        if not question.strip():
            yield gr.skip(), gr.skip(), gr.skip()
            return
        earlier = [message for exchange in so_far for message in exchange.messages]
        for exchange, whole in _answered(assistant, question, so_far):
            shown = [*earlier, *exchange.messages]
            yield shown, ([*so_far, exchange] if whole else so_far), ""

    def picked(example: gr.SelectData) -> str:
        return str(example.value["text"])

    # Gradio looks at the type, and cannot resolve a name that is only known here.
    picked.__annotations__["example"] = gr.SelectData

    page = gr.Blocks(title=TITLE, analytics_enabled=False)
    with page:
        gr.Markdown(f"# {TITLE}")
        held = gr.Markdown(elem_id="state")
        so_far = gr.State([])
        conversation = gr.Chatbot(
            elem_id="conversation",
            label="Conversation",
            show_label=False,
            buttons=[],  # copying would give the HTML of an answer, not its words
            # The formula language would find its marks in the text of a document.
            latex_delimiters=[],
            allow_tags=False,
            examples=[{"text": question} for question in _examples(assistant)],
            height="max(16rem, calc(100dvh - 14rem))",
        )
        question = gr.Textbox(
            elem_id="question",
            label="Question",
            show_label=False,
            placeholder="Ask the documents",
            max_lines=6,
            max_length=10_000,
            submit_btn=True,
            autofocus=True,
        )
        outputs = [conversation, so_far, question]
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        page.load(state, outputs=held, **quiet)
        question.submit(answer, [question, so_far], outputs, **quiet)
        conversation.example_select(picked, None, question, **quiet).then(
            answer, [question, so_far], outputs, **quiet
        )
        conversation.clear(lambda: [], None, so_far, **quiet)
    page.max_threads = 200
    page.queue(default_concurrency_limit=AT_ONCE, max_size=WAITING, api_open=False)
    return page


def look() -> dict[str, Any]:
    """What the page is mounted with: fonts of the reader's own system, no links elsewhere."""
    import gradio as gr

    fonts = ("system-ui", "-apple-system", "Segoe UI", "sans-serif")
    mono = ("ui-monospace", "Consolas", "monospace")
    return {
        "theme": gr.themes.Base(font=fonts, font_mono=mono),
        "css": CSS,
        "footer_links": [],
        "run_history": False,
        "ssr_mode": False,
        "mcp_server": False,
        "max_file_size": "1kb",  # nothing is uploaded here, so nothing should fill the disk
        "app_kwargs": {"docs_url": None, "redoc_url": None, "openapi_url": None},
        "show_error": False,
    }


def _answered(
    assistant: Assistant, question: str, so_far: list[Exchange]
) -> Iterator[tuple[Exchange, bool]]:
    """The exchange as it grows, and whether it is whole."""
    history = [Turn(exchange.question, exchange.answer) for exchange in so_far]
    yield Exchange(question, "", render.partial("…")), False
    text, shown_at = "", 0.0
    try:
        stream = assistant.stream(question, history=history)
        try:
            for piece in stream:
                text += piece
                if time.monotonic() - shown_at >= SECONDS_BETWEEN_PIECES:
                    shown_at = time.monotonic()
                    yield Exchange(question, text, render.partial(text)), False
        finally:
            stream.close()
        answer = stream.answer
    except QAError as error:
        yield Exchange(question, "", render.problem(str(error))), True
        return
    yield Exchange(question, answer.text, render.message(answer)), True


def _examples(assistant: Assistant) -> list[str]:
    held = {source.source for source in assistant.status().sources}
    return [question for source, question in EXAMPLES if source in held]


def _message(role: str, shown: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": shown}]}


def _keep_to_ourselves(assistant: Assistant) -> None:
    # Read by Gradio and by the hub's client when they are imported.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    if not assistant.settings.embedder.startswith("huggingface:"):
        os.environ.setdefault("HF_HUB_OFFLINE", "1")

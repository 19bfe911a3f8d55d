"""`qa mcp`: the documents for an agent that starts this program."""

from __future__ import annotations

import asyncio

from qa.cli.options import ChatModel, ChatModelUrl, Index, open_terminal, ready
from qa.errors import extra, need


def mcp(
    index: Index = None,
    chat_model: ChatModel = None,
    chat_model_url: ChatModelUrl = None,
) -> None:
    """Serve the documents to an agent over standard input and output (MCP)."""
    need("qa mcp", "mcp", "mcp", extra("mcp"))
    terminal = open_terminal()
    with ready(terminal, index, chat_model=chat_model, chat_model_url=chat_model_url) as assistant:
        from qa.api import Service, serve_stdio

        asyncio.run(serve_stdio(Service.of(assistant)))

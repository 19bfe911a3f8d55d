"""The MCP server, over both transports, with the official client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp.types import TextResourceContents

import qa
from qa.api import Keys
from tests.cli.forked import CHECKOUT
from tests.ui.serving import served

QUESTION = "Where might the second summit be held?"
SOURCE = "seeds/second-summit-brief.md"


@asynccontextmanager
async def connected(transport: str, server: str, index: Path) -> AsyncIterator[Client]:
    if transport == "stdio":
        started = StdioServerParameters(
            command=sys.executable,
            args=["-m", "qa", "mcp", "--index", str(index)],
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        )
        async with Client(stdio_client(started)) as client:
            yield client
    else:
        async with Client(f"{server}/mcp") as client:
            yield client


def said(result: Any) -> str:
    return "\n".join(part.text for part in result.content)


@pytest.mark.parametrize("transport", ["stdio", "http"])
async def test_an_agent_asks_searches_and_reads(
    transport: str, server: str, served_index: Path, library: qa.Assistant
) -> None:
    expected = library.ask(QUESTION)
    async with connected(transport, server, served_index) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"ask", "search", "read_source"}
        answer = await client.call_tool("ask", {"question": QUESTION})
        assert not answer.is_error
        told = answer.structured_content
        own = {name: value for name, value in expected.to_dict().items() if name != "passages"}
        assert {**told, "seconds": None} == {**own, "seconds": None}
        assert expected.text in said(answer)
        assert f"“{expected.citations[0].quote}”" in said(answer)
        assert told.keys() == (tools["ask"].output_schema or {})["properties"].keys()
        cited = told["citations"][0]
        refused = await client.call_tool("ask", {"question": "What is the capital of France?"})
        assert said(refused) == library.ask("What is the capital of France?").with_closest
        assert "\n- " in said(refused)
        place = {name: cited[name] for name in ("source", "start", "end")}
        read = await client.call_tool("read_source", place)
        assert read.structured_content["text"] == cited["quote"]
        assert said(read).startswith(cited["quote"])
        found = await client.call_tool("search", {"question": QUESTION, "limit": 2})
        hits = [hit.to_dict() for hit in library.search(QUESTION, limit=2)]
        assert found.structured_content == {"question": QUESTION, "passages": hits}
        wrong = await client.call_tool("read_source", {"source": "no.md"})
        assert wrong.is_error
        assert "no.md" in said(wrong)
        resources = (await client.list_resources()).resources
        assert {one.name for one in resources} == {one.source for one in library.status().sources}
        (uri,) = (one.uri for one in resources if one.name == SOURCE)
        (content,) = (await client.read_resource(uri)).contents
        assert isinstance(content, TextResourceContents)
        assert content.text == library.document(SOURCE).text
        with pytest.raises(MCPError, match=r"no\.md"):
            await client.read_resource("footnote:///no.md")


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("ask", {}, "question: Field required"),
        ("ask", {"question": 7}, "question"),
        ("ask", {"question": "x", "folders": "a"}, "folders"),
        ("ask", {"question": "x", "folder": "seedz"}, "no folder 'seedz'"),
        ("search", {"question": "x", "limit": 0}, "limit"),
        ("read_source", {"source": SOURCE, "start": -1}, "start"),
    ],
)
async def test_invalid_arguments_are_reported_to_the_model(
    server: str, tool: str, arguments: dict[str, Any], told: str
) -> None:
    async with Client(f"{server}/mcp") as client:
        result = await client.call_tool(tool, arguments)
        assert result.is_error
        assert told in said(result)


async def test_a_long_document_is_read_in_pieces(tmp_path: Path) -> None:
    index = tmp_path / "index"
    text = " ".join(f"Rule {number} holds." for number in range(3_000))
    with qa.Assistant(index) as assistant:
        assistant.add([qa.Document(text, "a long name/ünïcode & more?.txt")])
        own = assistant.document("a long name/ünïcode & more?.txt").text
    read = ""
    async with connected("stdio", "", index) as client:
        (resource,) = (await client.list_resources()).resources
        while True:
            asked = {"source": resource.name, "start": len(read)}
            piece = (await client.call_tool("read_source", asked)).structured_content
            read += piece["text"]
            if piece["end"] == piece["characters"]:
                break
        (content,) = (await client.read_resource(resource.uri)).contents
    assert isinstance(content, TextResourceContents)
    assert read == own == content.text


def test_standard_output_has_only_the_protocol(served_index: Path) -> None:
    started = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    called = {
        "jsonrpc": "2.0",
        "id": 2,
        "method": "tools/call",
        "params": {"name": "ask", "arguments": {"question": QUESTION}},
    }
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    with subprocess.Popen(
        [sys.executable, "-m", "qa", "mcp", "--index", str(served_index)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        replies = []
        for message in (started, ready, called):
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            if "id" in message:
                replies.append(json.loads(process.stdout.readline()))
        process.stdin.close()
        rest = process.stdout.read()
        process.wait(60)
    assert [reply["id"] for reply in replies] == [1, 2]
    assert "Hanoi" in replies[1]["result"]["content"][0]["text"]
    assert rest == ""


def test_only_posts_from_our_own_pages_are_answered(server: str) -> None:
    for method in ("GET", "DELETE", "PUT"):
        reply = httpx.request(method, f"{server}/mcp")
        assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
    elsewhere = {"Origin": "https://elsewhere.example"}
    reply = httpx.post(f"{server}/mcp", json={}, headers=elsewhere)
    assert (reply.status_code, reply.json()["status"]) == (403, 403)
    assert httpx.post(f"{server}/mcp", content=b" " * 2_100_000).status_code == 413


async def test_the_same_keys_are_valid(served_index: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    with qa.Assistant(index) as assistant:
        assistant.add([qa.Document("Ada King approves leave.", "leave.txt")])
    secret, _ = Keys.of(str(index)).add("agent", ["ask"])
    with served(index) as url:
        refused = httpx.post(f"{url}/mcp", json={})
        assert (refused.status_code, refused.json()["kind"]) == (401, "UnknownCallerError")
        headers = {"Authorization": f"Bearer {secret}"}
        async with (
            httpx_client(headers) as http,
            Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
        ):
            answer = await client.call_tool("ask", {"question": "Who approves leave?"})
            assert "Ada King" in said(answer)
            closed = await client.call_tool("read_source", {"source": "leave.txt"})
            assert closed.is_error
            assert "right to read" in said(closed)
            with pytest.raises(MCPError, match="right to read"):
                await client.list_resources()


@asynccontextmanager
async def httpx_client(headers: dict[str, str]) -> AsyncIterator[Any]:
    import httpx2

    async with httpx2.AsyncClient(headers=headers, timeout=60) as client:
        yield client

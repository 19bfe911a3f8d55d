"""The documents as an MCP server: tools to ask, to search and to read, and every document."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, unquote

from mcp.server import Server, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextContent,
    TextResourceContents,
    Tool,
    ToolAnnotations,
)
from pydantic import BaseModel, Field, ValidationError

from qa import __version__
from qa.api.permitting import account_of, admit
from qa.api.rest.requests import EXACTLY, Asked, Name, Searched
from qa.api.seeing import opened, seen
from qa.api.stretches import stretch
from qa.errors import QAError
from qa.records import in_file
from qa.schemas import AnswerFields, FoundJSON, Offset, StretchJSON

if TYPE_CHECKING:
    from qa.api.keys import Right
    from qa.api.service import Service
    from qa.assistant import Assistant
    from qa.records import Passage

    Context = ServerRequestContext[dict[str, Any], Any]
    Called = tuple[str, dict[str, Any]]

INSTRUCTIONS = (
    "Answers from the documents that this server holds, each with footnotes that quote them. "
    "Use ask for a question, search to see passages, read_source to read on around a quote. "
    "Cite the sources of what you use. If ask finds nothing, the documents do not say it."
)
ROOT = "footnote:///"
# Of a document, as much as most models take well; the reply says where to go on.
LONGEST_READ = 20_000
PAGE = 200
TEXT = "text/plain"


class Question(Asked):
    """A question, and the conversation before it."""

    model_config = EXACTLY


class Reading(BaseModel):
    """A stretch of a document."""

    model_config = EXACTLY

    source: Name
    start: Offset = 0
    end: Annotated[Offset | None, Field(description="By default, the end.")] = None


@dataclass(frozen=True, slots=True)
class Offered:
    """A tool: what it takes and gives, and what it needs a right to."""

    name: str
    description: str
    takes: type[BaseModel]
    gives: type[BaseModel]
    right: Right
    call: Callable[[Any, Assistant, str], Awaitable[Called]]

    def tool(self) -> Tool:
        """The tool as it is listed."""
        return Tool(
            name=self.name,
            description=self.description,
            input_schema=self.takes.model_json_schema(),
            output_schema=self.gives.model_json_schema(mode="serialization"),
            annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
        )


def build(service: Service) -> Server[dict[str, Any]]:
    """The server, for any transport."""
    answers = _Answers(service)
    return Server(
        "footnote",
        version=__version__,
        title="Footnote",
        instructions=INSTRUCTIONS,
        on_list_tools=answers.list_tools,
        on_call_tool=answers.call_tool,
        on_list_resources=answers.list_resources,
        on_list_resource_templates=answers.list_templates,
        on_read_resource=answers.read_resource,
    )


class _Answers:
    """What is answered to each kind of request."""

    def __init__(self, service: Service) -> None:
        self._keys = service.keys
        self._assistant = service.assistant
        self._tools = {tool.name: tool for tool in _tools(service)}

    def _admitted(self, context: Context, right: Right) -> Assistant:
        """The assistant as the program may see it that sent a request.

        Raises:
            UnknownCallerError, AccessError, SettingsError: see `Keys.check`.
        """
        request = context.request
        if request is None:  # on standard input, which only its owner can reach
            return self._assistant.seen_by(self._assistant.viewer, way="mcp")
        admit(self._keys, request, right)
        return seen(self._assistant, request)

    async def list_tools(
        self,
        _: Context,
        params: PaginatedRequestParams | None,  # noqa: ARG002
    ) -> ListToolsResult:
        """All tools; there are few."""
        return ListToolsResult(tools=[tool.tool() for tool in self._tools.values()])

    async def call_tool(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        """What a tool says, or what is wrong with the arguments.

        Raises:
            MCPError: there is no such tool.
        """
        tool = self._tools.get(params.name)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"There is no tool {params.name!r}.")
        try:
            reader = self._admitted(context, tool.right)
            given = tool.takes.model_validate(params.arguments or {})
            text, data = await tool.call(given, reader, account_of(context.request))
        except ValidationError as error:
            problem = error.errors()[0]
            place = ".".join(map(str, problem["loc"])) or "arguments"
            return _told(f"{place}: {problem['msg']}")
        except QAError as error:
            return _told(str(error))
        return CallToolResult(content=[TextContent(text=text)], structured_content=data)

    async def list_resources(
        self, context: Context, params: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        """The documents, a page of them at a time.

        Raises:
            MCPError: the cursor is not ours, or a key is missing.
        """
        cursor = (params.cursor if params else None) or "0"
        if not cursor.isdecimal() or len(cursor) > 15:
            raise MCPError(INVALID_PARAMS, f"{cursor!r} is no cursor of this server.")
        with _protocol_errors():
            reader = self._admitted(context, "read")
            held = (await asyncio.to_thread(reader.status)).sources
        start, end = int(cursor), int(cursor) + PAGE
        return ListResourcesResult(
            resources=[
                Resource(uri=uri_of(one.source), name=one.source, title=one.title, mime_type=TEXT)
                for one in held[start:end]
            ],
            next_cursor=str(end) if end < len(held) else None,
        )

    async def list_templates(
        self,
        _: Context,
        params: PaginatedRequestParams | None,  # noqa: ARG002
    ) -> ListResourceTemplatesResult:
        """The form of a document's address."""
        template = ResourceTemplate(
            uri_template=f"{ROOT}{{+source}}",
            name="document",
            description="The text of a document, by its source as citations name it.",
            mime_type=TEXT,
        )
        return ListResourceTemplatesResult(resource_templates=[template])

    async def read_resource(
        self, context: Context, params: ReadResourceRequestParams
    ) -> ReadResourceResult:
        """The text of a document.

        Raises:
            MCPError: there is no such document, or a key is missing.
        """
        uri = str(params.uri)
        with _protocol_errors():
            reader = self._admitted(context, "read")
            document = await asyncio.to_thread(reader.document, source_of(uri))
        await asyncio.to_thread(opened, reader, document.source)
        text = TextResourceContents(uri=uri, text=document.text, mime_type=TEXT)
        return ReadResourceResult(contents=[text])


def uri_of(source: str) -> str:
    """The address of a document."""
    return ROOT + quote(source)


def source_of(uri: str) -> str:
    """The source that an address names."""
    return unquote(uri.removeprefix(ROOT))


def _tools(service: Service) -> list[Offered]:
    line = service.line

    async def stays() -> bool:
        return False

    async def ask(asked: Question, reader: Assistant, whose: str) -> Called:
        turns = asked.turns()
        answer = await line.answered(
            lambda: reader.ask(asked.question, history=turns, folder=asked.folder), stays, whose
        )
        return answer.with_footnotes, AnswerFields.shown(answer)

    async def search(asked: Searched, reader: Assistant, whose: str) -> Called:
        given = asked.model_dump()
        hits = await line.answered(lambda: reader.search(**given), stays, whose)
        texts = [f"{_place(hit.passage)}:\n{hit.passage.text}" for hit in hits]
        found = {"question": asked.question, "passages": [hit.to_dict() for hit in hits]}
        return "\n\n".join(texts) or "Nothing was found.", found

    async def read_source(asked: Reading, reader: Assistant, _: str) -> Called:
        document = await asyncio.to_thread(reader.document, asked.source)
        await asyncio.to_thread(opened, reader, document.source)
        read = stretch(document, asked.start, asked.end, LONGEST_READ)
        more = f"\n\n(This is {read['start']} to {read['end']} of {read['characters']} characters.)"
        return read["text"] + (more if len(read["text"]) < read["characters"] else ""), read

    return [
        Offered(
            "ask",
            "Answer a question from the documents, in their own words, with footnotes that quote "
            "them. Says so if they do not have the answer.",
            Question,
            AnswerFields,
            "ask",
            ask,
        ),
        Offered(
            "search",
            "List the passages of the documents that are closest to a question, best first.",
            Searched,
            FoundJSON,
            "ask",
            search,
        ),
        Offered(
            "read_source",
            "Read a document, or the stretch between two offsets, such as those of a footnote. "
            f"Gives up to {LONGEST_READ:,} characters at a time.",
            Reading,
            StretchJSON,
            "read",
            read_source,
        ),
    ]


def _place(passage: Passage) -> str:
    offsets = f"characters {passage.start} to {passage.end}"
    return ", ".join(filter(None, (passage.source, passage.heading, in_file(passage), offsets)))


def _told(reason: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=reason)], is_error=True)


@contextmanager
def _protocol_errors() -> Iterator[None]:
    """Turn our errors into those of the protocol, where there is no result to put them in."""
    try:
        yield
    except QAError as error:
        raise MCPError(INVALID_PARAMS, str(error)) from error

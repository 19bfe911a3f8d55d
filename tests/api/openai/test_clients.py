"""OpenAI's interface, used by the clients that people use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import openai
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

import qa
from qa.api import Service
from qa.api.openai.application import application

QUESTION = "Where might the second summit be held?"
REFUSED = "What is the capital of France?"
FOLLOW_UP = [
    {"role": "system", "content": "Answer like a pirate."},
    {"role": "user", "content": "Who is Kim Yong Chol?"},
    {"role": "assistant", "content": "Pyongyang's lead negotiator."},
    {"role": "user", "content": [{"type": "text", "text": "And when did he last visit?"}]},
]


@pytest.fixture(scope="module")
def client(server: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def expected(library: qa.Assistant) -> qa.Answer:
    return library.ask(QUESTION)


def check_cited(text: str, cited: list[dict[str, Any]], expected: qa.Answer, server: str) -> None:
    """Each annotation stands at its marker, and leads to the source."""
    assert text == expected.text
    assert cited
    for one in cited:
        marker = text[one["start_index"] : one["end_index"]]
        (citation,) = (own for own in expected.citations if own.marker == marker)
        assert one["title"] == citation.title
        assert one["url"].startswith(server)
        assert httpx.get(one["url"]).status_code == 200
    markers = {text[one["start_index"] : one["end_index"]] for one in cited}
    assert markers == {citation.marker for citation in expected.citations}


def cited_in(response: Any) -> list[dict[str, Any]]:
    """The links; the files that are cited stand at the same markers."""
    ((part,),) = (item.content for item in response.output)
    links = [one.model_dump() for one in part.annotations if one.type == "url_citation"]
    files = [one for one in part.annotations if one.type == "file_citation"]
    assert [one.index for one in files] == [one["start_index"] for one in links]
    for file in files:
        assert file.file_id.startswith("seeds/")
        assert file.filename == file.file_id.removeprefix("seeds/")
    return links


def same(told: Any, expected: qa.Answer) -> bool:
    own = expected.to_dict()
    return {**told, "seconds": None} == {**own, "seconds": None}


def test_the_model_is_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["footnote"]
    assert client.models.retrieve("footnote").object == "model"
    with pytest.raises(openai.NotFoundError, match="no model 'gpt-5'"):
        client.models.retrieve("gpt-5")


def test_a_completion_has_the_librarys_answer_and_citations(
    client: openai.OpenAI, expected: qa.Answer, server: str
) -> None:
    completion = client.chat.completions.create(
        model="footnote", messages=[{"role": "user", "content": QUESTION}], temperature=0.5
    )
    (choice,) = completion.choices
    assert choice.finish_reason == "stop"
    cited = [one.url_citation.model_dump() for one in choice.message.annotations or []]
    check_cited(choice.message.content or "", cited, expected, server)
    assert same((completion.model_extra or {})["footnote"], expected)


def test_a_completion_is_streamed(client: openai.OpenAI, expected: qa.Answer, server: str) -> None:
    chunks = list(
        client.chat.completions.create(
            model="footnote", messages=[{"role": "user", "content": QUESTION}], stream=True
        )
    )
    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert deltas[0].role == "assistant"
    text = "".join(delta.content or "" for delta in deltas)
    annotations = (deltas[-1].model_extra or {})["annotations"]
    check_cited(text, [one["url_citation"] for one in annotations], expected, server)
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert same((chunks[-1].model_extra or {})["footnote"], expected)
    assert len({chunk.id for chunk in chunks}) == 1


def test_a_refusal_lists_the_passages_that_it_speaks_of(
    client: openai.OpenAI, library: qa.Assistant
) -> None:
    expected = library.ask(REFUSED)
    assert expected.with_closest != expected.text
    messages: Any = [{"role": "user", "content": REFUSED}]
    whole = client.chat.completions.create(model="footnote", messages=messages)
    assert whole.choices[0].message.content == expected.with_closest
    assert whole.choices[0].message.annotations == []
    chunks = client.chat.completions.create(model="footnote", messages=messages, stream=True)
    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert streamed == expected.with_closest
    response = client.responses.create(model="footnote", input=REFUSED)
    assert response.output_text == expected.with_closest
    with client.responses.stream(model="footnote", input=REFUSED) as stream:
        deltas = [one.delta for one in stream if one.type == "response.output_text.delta"]
        assert stream.get_final_response().output_text == expected.with_closest
    assert "".join(deltas) == expected.with_closest


@pytest.mark.parametrize("stream", [False, True])
def test_the_messages_before_are_the_history(client: openai.OpenAI, stream: bool) -> None:
    asked: dict[str, Any] = {"model": "footnote", "messages": FOLLOW_UP, "stream": stream}
    reply = client.chat.completions.create(**asked)
    if stream:
        text = "".join(chunk.choices[0].delta.content or "" for chunk in reply)
    else:
        text = reply.choices[0].message.content
    assert "June" in text


def test_a_response_has_the_librarys_answer_and_citations(
    client: openai.OpenAI, expected: qa.Answer, server: str
) -> None:
    response = client.responses.create(
        model="footnote", input=QUESTION, instructions="Answer like a pirate."
    )
    assert response.status == "completed"
    cited = cited_in(response)
    check_cited(response.output_text, cited, expected, server)
    assert same((response.model_extra or {})["footnote"], expected)


def test_a_response_is_streamed_in_the_order_that_the_client_needs(
    client: openai.OpenAI, expected: qa.Answer, server: str
) -> None:
    with client.responses.stream(model="footnote", input=QUESTION) as stream:
        events = list(stream)
        response = stream.get_final_response()
    kinds = [event.type for event in events]
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert kinds[-4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    numbers = [event.sequence_number for event in events]
    assert numbers == list(range(len(events)))
    text = "".join(one.delta for one in events if one.type == "response.output_text.delta")
    assert text == response.output_text
    cited = cited_in(response)
    check_cited(text, cited, expected, server)
    assert kinds.count("response.output_text.annotation.added") == 2 * len(cited)


def test_a_response_takes_a_conversation(client: openai.OpenAI) -> None:
    earlier: list[Any] = [
        {"type": "reasoning", "summary": []},
        *FOLLOW_UP[:2],
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Pyongyang's lead negotiator."}],
        },
        {"role": "user", "content": [{"type": "input_text", "text": "When did he last visit?"}]},
    ]
    assert "June" in client.responses.create(model="footnote", input=earlier).output_text


def test_a_folder_limits_the_question(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(
        model="footnote",
        messages=[{"role": "user", "content": QUESTION}],
        extra_body={"folder": "seeds/it-help.md"},
    )
    passages = (completion.model_extra or {})["footnote"]["passages"]
    assert {hit["source"] for hit in passages} <= {"seeds/it-help.md"}
    with pytest.raises(openai.NotFoundError, match="no folder 'seedz'"):
        client.responses.create(model="footnote", input=QUESTION, extra_body={"folder": "seedz"})


def test_a_document_without_a_file_is_linked_to_on_the_page(tmp_path: Path) -> None:
    said = "The codeword of the day is heliotrope (50%)."
    with qa.Assistant(tmp_path / "index") as assistant:
        assistant.add([qa.Document(f"Memo.\n\n{said}", "memos/the day.txt")])
        server = FastAPI()
        server.mount("/v1", application(Service.of(assistant)))
        asked = {"messages": [{"role": "user", "content": "What is the codeword of the day?"}]}
        with TestClient(server) as client:
            told = client.post("/v1/chat/completions", json=asked).json()
    (citation,) = told["footnote"]["citations"]
    (annotation,) = told["choices"][0]["message"]["annotations"]
    link = httpx.URL(annotation["url_citation"]["url"])
    assert (link.host, link.path) == ("testserver", "/")
    assert dict(link.params) == {"source": "memos/the day.txt", "start": str(citation["start"])}
    assert parse_qs(link.fragment) == {"quote": [citation["quote"]]}


PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"messages": []}, "last message"),
        ({"messages": [{"role": "system", "content": "x"}]}, "last message"),
        ({"messages": FOLLOW_UP[:3]}, "last message"),
        ({"messages": [{"role": "user", "content": [PICTURE]}]}, "image_url"),
        ({"messages": FOLLOW_UP, "n": 2}, "n must be 1"),
        ({"messages": FOLLOW_UP, "tool_choice": "required"}, "no tools"),
        ({"messages": FOLLOW_UP, "response_format": {"type": "json_object"}}, "json_object"),
        ({"messages": [{"role": "nobody", "content": "x"}]}, "role"),
    ],
)
def test_unsupported_requests_get_an_error_in_the_form_of_the_client(
    client: openai.OpenAI, asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match=said) as raised:
        client.chat.completions.create(model="footnote", **asked)
    assert raised.value.type == "invalid_request_error"


def test_a_response_does_not_go_on_from_one_that_was_not_kept(client: openai.OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match="keeps no conversations"):
        client.responses.create(model="footnote", input="x", previous_response_id="resp_1")


@pytest.mark.parametrize("responses", [False, True])
def test_langchain_has_a_chat_model(server: str, expected: qa.Answer, responses: bool) -> None:
    model = ChatOpenAI(
        model="footnote",
        base_url=f"{server}/v1",
        api_key=SecretStr("none"),
        use_responses_api=responses,
        max_retries=0,
    )
    told = model.invoke(QUESTION)
    assert told.text == expected.text
    assert "".join(chunk.text for chunk in model.stream(QUESTION)) == expected.text
    history = [
        SystemMessage("Answer like a pirate."),
        HumanMessage("Who is Kim Yong Chol?"),
        AIMessage("Pyongyang's lead negotiator."),
        HumanMessage("And when did he last visit?"),
    ]
    assert "June" in model.invoke(history).text
    if responses:
        block: Any = told.content[0]
        cited = block["annotations"]
        assert cited[0]["url"].startswith(server)


# What Open WebUI (https://github.com/open-webui/open-webui) sends and reads: its function
# generate_chat_completion in backend/open_webui/routers/openai.py asks for usage figures, and marks
# the last message for its provider's cache; backend/open_webui/utils/middleware.py takes the
# citations from the deltas.
HEADERS = {
    "Content-Type": "application/json",
    "Authorization": "Bearer none",
    "X-OpenWebUI-User-Name": "Ada%20King",
    "X-OpenWebUI-User-Id": "1",
    "X-OpenWebUI-User-Email": "ada@example.com",
    "X-OpenWebUI-User-Role": "user",
}


def test_open_webui_lists_the_models_and_chats(server: str, expected: qa.Answer) -> None:
    models = httpx.get(f"{server}/v1/models", headers=HEADERS).json()["data"]
    cached = {"type": "text", "text": QUESTION, "cache_control": {"type": "ephemeral"}}
    payload = {
        "stream": True,
        "model": models[0]["id"],
        "messages": [
            {"role": "system", "content": "You are helpful."},
            {"role": "user", "content": [cached]},
        ],
        "temperature": 0.7,
        "reasoning": {"effort": "low"},
        "stream_options": {"include_usage": True},
        "user": {"name": "Ada King", "id": "1", "email": "ada@example.com", "role": "user"},
    }
    url = f"{server}/v1/chat/completions"
    text, sources, lines = "", [], []
    with httpx.stream("POST", url, json=payload, headers=HEADERS, timeout=60) as reply:
        assert "text/event-stream" in reply.headers["content-type"]
        for line in reply.iter_lines():
            if line:
                assert line.startswith("data: ")
                lines.append(line.removeprefix("data: "))
    assert lines.pop() == "[DONE]"
    for data in map(json.loads, lines):
        delta = data["choices"][0]["delta"]
        text += delta.get("content") or ""
        for annotation in delta.get("annotations") or ():
            if annotation.get("type") == "url_citation" and "url_citation" in annotation:
                sources.append(annotation["url_citation"]["url"])
    assert text == expected.text
    assert len(sources) >= len(expected.citations)


def test_open_webui_asks_for_a_title_and_gets_an_answer_that_it_can_pass_over(server: str) -> None:
    task = (
        "### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history."
        '\n### Output:\nJSON format: { "title": "your concise title here" }\n### Chat History:\n'
        f"<chat_history>\nUSER: {QUESTION}\n</chat_history>"
    )
    payload = {
        "model": "footnote",
        "messages": [{"role": "user", "content": task}],
        "stream": False,
        "max_completion_tokens": 1000,
    }
    reply = httpx.post(f"{server}/v1/chat/completions", json=payload, headers=HEADERS, timeout=60)
    assert reply.status_code == 200
    assert isinstance(reply.json()["choices"][0]["message"]["content"], str)


def test_a_limit_of_the_server_has_the_form_that_clients_read(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIStatusError, match="bytes") as raised:
        client.responses.create(model="footnote", input="x" * 2_100_000)
    assert raised.value.status_code == 413

"""The page's events as any program can send them, without the page and its scripts."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

PATIENCE = 15.0  # seconds; anything that takes longer hangs


@dataclass
class Visitor:
    """A session of Gradio's at one of the pages; `headers` say who it is of."""

    url: str
    page: str = "en"
    patience: float = PATIENCE
    session: str = field(default_factory=lambda: secrets.token_hex(6))
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client = httpx.Client(
            base_url=f"{self.url}/{self.page}/", timeout=self.patience, headers=self.headers
        )
        self.config: dict[str, Any] = self.client.get("config").raise_for_status().json()

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event that the page has, as Gradio describes them."""
        found: list[dict[str, Any]] = self.config["dependencies"]
        return found

    def kind(self, part: int) -> str:
        """What a part of the page is, as "textbox"."""
        return str({one["id"]: one["type"] for one in self.config["components"]}[part])

    def event(self, trigger: str, part: str | None = None) -> int:
        """The number of the event of this kind, such as "submit", of this part of the page."""
        ids = {one["props"].get("elem_id"): one["id"] for one in self.config["components"]}
        return next(
            int(event["id"])
            for event in self.events
            for target, name in event["targets"]
            if name == trigger and (part is None or target == ids[part])
        )

    def join(self, event: int, data: list[Any], **more: Any) -> httpx.Response:
        """Send an event, and do not listen."""
        body = {"data": data, "fn_index": event, "session_hash": self.session, **more}
        return self.client.post("gradio_api/queue/join", json=body)

    def listen(self) -> list[dict[str, Any]]:
        """All messages about what was sent, to the end."""
        heard = []
        query = {"session_hash": self.session}
        with self.client.stream("GET", "gradio_api/queue/data", params=query) as reply:
            for line in reply.iter_lines():
                if line.startswith("data:"):
                    heard.append(json.loads(line[5:]))
        return heard

    def send(self, event: int, data: list[Any], **more: Any) -> dict[str, Any]:
        """Send an event, and return how it ended."""
        self.join(event, data, **more).raise_for_status()
        return next(one for one in self.listen() if one["msg"] == "process_completed")


def upload(
    url: str, conversation: str, name: str, content: bytes, headers: Mapping[str, str] | None = None
) -> str:
    """The id of a file that was sent to the server for a conversation."""
    query = {"conversation": conversation, "name": name}
    reply = httpx.post(
        f"{url}/api/uploads", params=query, content=content, timeout=PATIENCE, headers=headers
    )
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


def record(conversation: str) -> str:
    """An empty conversation, as a page sends it."""
    return json.dumps({"id": conversation, "exchanges": []})

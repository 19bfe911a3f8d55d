"""Events that no page of ours sends: each is refused in words, and the log has no traceback."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.ui.events import Visitor
from tests.ui.serving import start

GOOD: dict[str, Any] = {"textbox": "", "dropdown": "", "checkbox": False}
WRONG: list[Any] = [None, 7, True, ["text"], {"text": "text"}]
# Fields that a page sends beside the data, and others that a program may send.
BESIDE: list[dict[str, Any]] = [
    *({"event_data": wrong} for wrong in WRONG),
    {"event_data": {"index": 0}},
    {"event_data": {"index": 0, "value": 7}},
    {"event_data": {"index": [], "value": {"text": 7}}},
    *({"trigger_id": wrong} for wrong in (-1, 1_000_000_000, "text", [1])),
    {"batched": True},
    {"event_id": "text"},
    {"request": 7},
    {"simple_format": True},
]
ROUTES = ("queue/join", "queue/data", "cancel", "reset", "app_id", "startup-events")


def bodies(event: dict[str, Any], visitor: Visitor) -> Iterator[dict[str, Any]]:
    """Data that is missing, short, surplus or of the wrong type; likewise the other fields."""
    good = [GOOD[visitor.kind(part)] for part in event["inputs"]]
    short, surplus = good[:-1], [*good, "text", {}]
    mixed = [[*good[:at], wrong, *good[at + 1 :]] for at in range(len(good)) for wrong in WRONG]
    sent: list[Any] = [good, [], short, surplus, None, "text", 7, {}, *mixed]
    for data in sent:
        yield {"data": data}
    yield {}
    for beside in BESIDE:
        yield {"data": good, **beside}


def test_no_event_and_no_route_of_the_page_leaves_a_traceback(served_index: Path) -> None:
    server, url = start(served_index)
    sent = refused = 0
    with server, server.stderr, ThreadPoolExecutor(1) as threads:
        # Read all the time, as a server that cannot write its log stops.
        log = threads.submit(server.stderr.read)
        try:
            with Visitor(url, patience=60) as visitor:
                for event in visitor.events:
                    for body in bodies(event, visitor):
                        whose = {"fn_index": event["id"], "session_hash": visitor.session}
                        reply = visitor.client.post("gradio_api/queue/join", json=body | whose)
                        assert reply.status_code in (200, 422), (event, body)
                        sent += 1
                        refused += reply.status_code == 422
                        if reply.status_code == 200:
                            (ended,) = (
                                one for one in visitor.listen() if one["msg"] == "process_completed"
                            )
                            refused += not ended["success"]
                for route in ROUTES:
                    for wrong in WRONG:
                        told = visitor.client.post(f"gradio_api/{route}", json=wrong)
                        assert told.status_code != 500, (route, wrong)
                    got = visitor.client.get(f"gradio_api/{route}", params={"session_hash": "none"})
                    assert got.status_code != 500, route
                    # Gradio raises this once its reply has begun.
                    assert ("session_not_found" in got.text) == (route == "queue/data")
        finally:
            server.terminate()
            server.wait(60)
        assert "Traceback" not in log.result()
        assert "Error" not in log.result()
    assert sent > 150
    assert refused > 80

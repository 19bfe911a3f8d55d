"""Files that have arrived, without the network."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ui.incoming import Arrived
from ui.uploads import Attachments

CLIENT = "192.0.2.1"


def arrived(
    attachments: Attachments, conversation: str, paths: Iterable[Path], client: str = CLIENT
) -> list[Arrived]:
    """Copies of files, as they are after they arrived for a conversation."""
    ids = []
    for path in paths:
        with attachments.incoming.begin(conversation, client, path.name) as arriving:
            arriving.write(path.read_bytes())
            ids.append(arriving.done())
    return attachments.incoming.take(conversation, ids)

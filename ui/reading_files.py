"""Files dropped on the page: read one sync at a time, told as they are read."""

from __future__ import annotations

import contextlib
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from qa import QAError, SyncReport
from ui.render import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from qa import Progress
    from ui.texts import Texts
    from ui.uploads import Attachments


def read_files(
    attachments: Attachments, conversation: str, files: Sequence[Path], keep: bool, texts: Texts
) -> Iterator[str]:
    """What the page says of the files, as HTML, while they are read and when they are."""
    news: SimpleQueue[Progress | SyncReport | QAError] = SimpleQueue()

    def read() -> None:
        try:
            if keep:
                news.put(attachments.keep(files, news.put))
            else:
                news.put(attachments.add(conversation, files, news.put))
        except QAError as error:
            news.put(error)
        except BaseException as error:
            # Whatever it is, somebody waits at the other end of the queue.
            news.put(QAError(f"{type(error).__name__}: {error}"))
            raise
        finally:
            _remove(files)

    yield _line(texts.upload_reading.format(name=", ".join(file.name for file in files)))
    Thread(target=read, daemon=True).start()
    while True:
        item = news.get()
        if isinstance(item, QAError):
            yield _line(str(item))
            return
        if isinstance(item, SyncReport):
            yield _told(item, keep, texts)
            return
        name = _name(item.source) or texts.attach
        yield _line(f"{texts.upload_reading.format(name=name)} {item.done}/{item.total}")


def attached_files(attachments: Attachments, conversation: str, texts: Texts) -> str:
    """The files that a conversation has, as HTML; nothing where it has none."""
    private = attachments.assistant(conversation)
    names = [one.source for one in private.status().sources] if private else []
    shown = [_name(name) for name in names]
    return _listed(texts.upload_ready, shown) if shown else ""


def _listed(label: str, names: Sequence[str]) -> str:
    chips = " ".join(f'<span class="file">{plain(name)}</span>' for name in sorted(names))
    return f"<p>{plain(label)} {chips}</p>"


def _remove(files: Sequence[Path]) -> None:
    """Gradio's own copies, which it would leave lying about."""
    for file in files:
        with contextlib.suppress(OSError):
            file.unlink()
            file.parent.rmdir()


def _told(report: SyncReport, keep: bool, texts: Texts) -> str:
    read = [*report.added, *report.changed, *report.unchanged, *(new for _, new in report.renamed)]
    names = [_name(source) for source in read]
    lines = [
        _line(
            texts.upload_skipped.format(
                name=_name(one.source), reason=one.reason.replace(one.source, _name(one.source))
            )
        )
        for one in report.skipped
    ]
    if names:
        lines.insert(0, _listed(texts.upload_kept if keep else texts.upload_ready, names))
    return "".join(lines) or _line(texts.upload_nothing)


def _name(source: str) -> str:
    """A source as its reader knows it, without the folder that it was put into."""
    return source.rpartition("/")[2]


def _line(text: str) -> str:
    return f"<p>{plain(text)}</p>"

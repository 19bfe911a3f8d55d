"""Files dropped on the page: read in one sync after another, with messages meanwhile."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import quote

from qa import QAError, SyncReport
from ui.page.said import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from qa import Asker, Progress
    from ui.page.texts import Texts
    from ui.uploads import Attachments, ProgressCallback


def read_files(
    attachments: Attachments, conversation: str, ids: Sequence[str], texts: Texts, viewer: str
) -> Iterator[str]:
    """The page's messages about the files with these ids, as HTML, until they are read."""
    try:
        files = attachments.incoming.take(conversation, ids, viewer)
    except QAError as error:
        yield _line(str(error))
        return
    yield _line(texts.upload_reading.format(name=", ".join(file.name for file in files)))
    yield from _followed(
        lambda progress: attachments.add(conversation, files, progress, viewer),
        lambda: attached_files(attachments, conversation, texts, viewer),
        texts,
    )


def keep_files(
    attachments: Attachments, conversation: str, by: Asker, texts: Texts
) -> Iterator[str]:
    """The page's messages while the files of a conversation are read for everyone."""
    viewer = by.viewer.name
    yield from _followed(
        lambda progress: attachments.keep(conversation, progress, by),
        lambda: attached_files(attachments, conversation, texts, viewer),
        texts,
    )


def remove_file(
    attachments: Attachments, conversation: str, name: str, texts: Texts, viewer: str
) -> str:
    """The remaining files of a conversation without that one, as HTML."""
    problem = ""
    try:
        attachments.remove(conversation, name, viewer)
    except QAError as error:
        problem = _line(str(error))
    return attached_files(attachments, conversation, texts, viewer) + problem


def _followed(
    begin: Callable[[ProgressCallback], SyncReport], attached: Callable[[], str], texts: Texts
) -> Iterator[str]:
    """The page's messages about files until they are read; `attached` gives the files then."""
    news: SimpleQueue[Progress | SyncReport | QAError] = SimpleQueue()

    def read() -> None:
        try:
            news.put(begin(news.put))
        except QAError as error:
            news.put(error)
        except BaseException as error:
            # Whatever the error, somebody is waiting at the other end of the queue.
            news.put(QAError(f"{type(error).__name__}: {error}"))
            raise

    Thread(target=read, daemon=True).start()
    while True:
        item = news.get()
        if isinstance(item, QAError):
            yield attached() + _line(str(item))
            return
        if isinstance(item, SyncReport):
            yield _told(item, attached(), texts)
            return
        name = _name(item.source) or texts.attach
        yield _line(f"{texts.upload_reading.format(name=name)} {item.done}/{item.total}")


def attached_files(attachments: Attachments, conversation: str, texts: Texts, viewer: str) -> str:
    """The files of a viewer's conversation, as HTML; empty if it has none."""
    private = attachments.assistant(conversation, viewer)
    names = [one.source for one in private.status().sources] if private else []
    shown = sorted(_name(name) for name in names)
    chips = [
        f'<span class="file own">{plain(name)} {_remover(name, texts)}</span>' for name in shown
    ]
    return _listed(texts.upload_ready, chips) if chips else ""


def _remover(name: str, texts: Texts) -> str:
    label = plain(texts.upload_remove.format(name=name))
    return (
        f'<a href="#remove-{plain(quote(name, safe=""))}" class="remove" target="_self" '
        f'title="{label}">×</a>'
    )


def _listed(label: str, chips: Sequence[str]) -> str:
    return f"<p>{plain(label)} {' '.join(chips)}</p>"


def _told(report: SyncReport, there: str, texts: Texts) -> str:
    """The result for files; `there` is the list of the conversation's files, "" if it has none."""
    read = [*report.added, *report.changed, *report.unchanged, *(new for _, new in report.renamed)]
    skipped = "".join(
        _line(
            texts.upload_skipped.format(
                name=_name(one.source), reason=one.reason.replace(one.source, _name(one.source))
            )
        )
        for one in report.skipped
    )
    if read and not there:
        names = sorted(_name(source) for source in read)
        chips = [f'<span class="file">{plain(name)}</span>' for name in names]
        there = _listed(texts.upload_kept, chips)
    return there + skipped or _line(texts.upload_nothing)


def _name(source: str) -> str:
    """A source by the name that its reader knows, without the folder that it was stored in."""
    return source.rpartition("/")[2]


def _line(text: str) -> str:
    return f"<p>{plain(text)}</p>"

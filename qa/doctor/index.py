"""Checks of the index: whether it is complete, and in which languages its documents are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from qa.access import OWNER
from qa.doctor.check import Check, told
from qa.errors import QAError
from qa.places import is_remote
from qa.text.language import language

if TYPE_CHECKING:
    from qa.index import Index, Snapshot
    from qa.models import Embedder
    from qa.settings import Settings

# A smaller share of documents in other languages may be wrongly detected.
FOREIGN = 0.05
_SAMPLE = 300


def check_index(settings: Settings, embedder: Embedder) -> Iterator[Check]:
    """Whether the index is complete; one check for each part."""
    from qa.index import open_index
    from qa.indexing import Preparing
    from qa.places import cache_folder
    from qa.settings import refuse_unless_default

    index: Index | None = None
    try:
        index = open_index(
            settings.index, cache_folder(), Preparing(embedder, settings.passage_tokens)
        )
        if not index.store.generation():
            refuse_unless_default(settings.index)
            message = f"{settings.index} is empty"
            yield Check("index", "warning", message, "To fill it: qa sync FOLDER")
            return
        damage = index.store.examine()
        with index.reading(OWNER) as snapshot:
            yield _check_documents(snapshot, settings.index)
            yield _check_keywords(snapshot, damage)
            yield from _check_folders(snapshot)
            yield from _check_languages(snapshot, embedder)
    except QAError as error:
        yield Check("index", "problem", str(error))
    except Exception as error:
        advice = "To rebuild it: qa sync --rebuild FOLDER"
        yield Check("index", "problem", f"{settings.index}: {told(error)}", advice)
    finally:
        if index is not None:
            index.close()


def _check_documents(snapshot: Snapshot, location: str) -> Check:
    from qa.index import text_version

    broken = []
    for entry in snapshot.entries.values():
        try:
            whole = text_version(snapshot.document(entry.source)) == entry.version
        except QAError:
            whole = False
        if not whole:
            broken.append(entry.source)
    wanted = sum(entry.passages for entry in snapshot.entries.values())
    held = snapshot.view.passages.count()
    message = f"{location}: {len(snapshot.entries):,} documents, {held:,} passages"
    if broken or held < wanted:
        names = ", ".join(broken[:5]) + (" …" if len(broken) > 5 else "")
        detail = f"{message}; {len(broken)} cannot be reassembled: {names}"
        return Check("index", "problem", detail, "To rebuild it: qa sync --rebuild")
    return Check("index", "ok", f"{message}; every document can be reassembled")


def _check_keywords(snapshot: Snapshot, damage: Mapping[str, str]) -> Check:
    from qa.index import FILE

    if FILE in damage:
        message = f"{snapshot.view.folder / FILE} {damage[FILE]}; every reader makes its own"
        return Check("keyword index", "warning", message, "To repair it: qa sync")
    astray = [
        entry.source
        for entry in snapshot.entries.values()
        if snapshot.keywords.entries(entry.id) != entry.passages
    ]
    if astray:
        message = f"{len(astray)} documents differ from the store: {', '.join(astray[:5])}"
        return Check("keyword index", "problem", message, "To rebuild it: qa sync --rebuild")
    return Check("keyword index", "ok", "agrees with the store")


def _check_folders(snapshot: Snapshot) -> Iterator[Check]:
    folders = snapshot.head.folders if snapshot.head else {}
    local = {name: path for name, path in folders.items() if not is_remote(path)}
    gone = {name: path for name, path in local.items() if not Path(path).exists()}
    for name, path in gone.items():
        advice = f"Bring it back (is a disk missing?), or remove its documents: qa forget {name}"
        yield Check("folders", "warning", f"{path} is gone; its documents are kept", advice)
    if folders and not gone:
        yield Check("folders", "ok", ", ".join(folders.values()))
    if abroad := [path for path in folders.values() if is_remote(path)]:
        yield Check("network", "ok", f"used by a sync: {', '.join(abroad)}")


def _check_languages(snapshot: Snapshot, embedder: Embedder) -> Iterator[Check]:
    """Whether there are documents in a language that the packaged model does not know."""
    from qa.places import PACKAGED_EMBEDDER

    if embedder.name != PACKAGED_EMBEDDER:
        return
    found = languages(snapshot)
    total, foreign = found.total(), found.total() - found["en"]
    if foreign < FOREIGN * total or not foreign:
        yield Check("languages", "ok", f"English, which the embedder knows ({total} checked)")
        return
    named = ", ".join(f"{code} ({count})" for code, count in found.most_common() if code != "en")
    message = f"of {total} documents checked, {foreign} are not in English: {named}"
    advice = (
        "The embedder only knows English; these are only found by their words. Name a multilingual "
        "model: QA_EMBEDDER=FOLDER, then run: qa sync --rebuild"
    )
    yield Check("languages", "warning", message, advice)


def languages(snapshot: Snapshot) -> Counter[str]:
    """The number of documents in each language, by ISO 639-1 code, in an even sample.

    The middle of each is checked, because titles and tables of contents tell little.
    """
    entries = [entry for entry in snapshot.entries.values() if entry.passages]
    sampled = entries[:: max(1, len(entries) // _SAMPLE)]
    middles = [entry.passage_ids[entry.passages // 2] for entry in sampled]
    found = (language(passage.text) for passage in snapshot.passages(middles))
    return Counter(code for code in found if code is not None)

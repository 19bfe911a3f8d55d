"""A Chroma collection, accessed in pages.

Chroma puts all values of a call into one SQLite statement, which takes some thirty thousand of
them, and a server may accept even fewer records. So no call carries more than a page, however large
the index is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection
    from chromadb.api.types import GetResult, Include, QueryResult, WhereDocument

# The most records that one call reads, and that one writes, where the store does not take fewer.
READ = 2000
WRITTEN = 500
# The most values in a filter. It is evaluated anew in each call, so these are as many as SQLite
# takes, with room for what Chroma adds.
VALUES = 20_000


class Records:
    """A collection whose methods take and return any number of records.

    `may_write` is called before each request that writes, and may raise.
    """

    def __init__(
        self,
        collection: Collection,
        most: Callable[[], int] = lambda: -1,
        may_write: Callable[[], None] | None = None,
    ) -> None:
        self.collection = collection
        self._most = most
        self._may_write = may_write
        self._known: int | None = None

    @property
    def dimension(self) -> int | None:
        """How many numbers each vector had when this was opened; None if there was none yet."""
        return self.collection.get_model().dimension

    def count(self) -> int:
        """How many records there are."""
        return self.collection.count()

    def get(
        self,
        ids: Sequence[str] | None = None,
        *,
        include: Include = ("metadatas", "documents"),  # type: ignore[assignment]
    ) -> GetResult:
        """The records with these ids, or all records; missing ones are left out."""
        include = list(include)
        if ids is None:
            return _joined(self._all(include), include)
        pages = (
            self.collection.get(ids=list(ids[at:end]), include=include)
            for at, end in self._pages(len(ids), READ)
        )
        return _joined(pages, include)

    def first(self, *, include: Include, containing: str | None = None) -> GetResult:
        """Any one record, or any one with `containing` in its text."""
        text = cast("WhereDocument | None", {"$contains": containing} if containing else None)
        return self.collection.get(limit=1, where_document=text, include=include)

    def nearest(
        self,
        vector: Sequence[float],
        limit: int,
        field: str | None = None,
        values: Sequence[str] = (),
        without: Mapping[str, Sequence[str]] | None = None,
    ) -> tuple[list[str], list[float]]:
        """The ids nearest to a vector, nearest first, with their distances.

        With a `field`, only records with one of `values` in that field of their metadata; and none
        that has one of the values in `without` in the field of that name.
        """
        barred = [{name: {"$nin": list(some)}} for name, some in (without or {}).items() if some]
        if field is None:
            return self._nearest(vector, limit, _all_of(barred))
        parts = (values[at : at + VALUES] for at in range(0, len(values), VALUES))
        found = [
            hit
            for part in parts
            for hit in zip(
                *self._nearest(vector, limit, _all_of([{field: {"$in": list(part)}}, *barred])),
                strict=True,
            )
        ]
        found = sorted(found, key=lambda hit: hit[1])[:limit]
        return [id for id, _ in found], [distance for _, distance in found]

    def upsert(
        self,
        ids: Sequence[str],
        embeddings: Any,
        documents: Sequence[str] | None = None,
        metadatas: Sequence[Any] | None = None,
    ) -> None:
        """Add records, or replace those of the same id."""
        for at, end in self._written(len(ids)):
            self.collection.upsert(
                ids=list(ids[at:end]),
                embeddings=embeddings[at:end],
                documents=None if documents is None else list(documents[at:end]),
                metadatas=None if metadatas is None else list(metadatas[at:end]),
            )

    def update(self, ids: Sequence[str], metadatas: Sequence[Any]) -> None:
        """Change some of the metadata of records, and nothing else."""
        for at, end in self._written(len(ids)):
            self.collection.update(ids=list(ids[at:end]), metadatas=list(metadatas[at:end]))

    def delete(self, ids: Sequence[str]) -> None:
        """Delete records."""
        for at, end in self._written(len(ids)):
            self.collection.delete(ids=list(ids[at:end]))

    def _nearest(
        self, vector: Sequence[float], limit: int, where: Any
    ) -> tuple[list[str], list[float]]:
        found: QueryResult = self.collection.query(
            query_embeddings=list(vector), n_results=limit, where=where, include=["distances"]
        )
        return found["ids"][0], cast("list[list[float]]", found["distances"])[0]

    def _page(self, size: int) -> int:
        if self._known is None:
            most = self._most()
            self._known = most if most > 0 else READ  # a server need not say
        return max(2, min(size, self._known))

    def _pages(self, length: int, size: int) -> Iterator[tuple[int, int]]:
        for at in range(0, length, self._page(size)):
            yield at, at + self._page(size)

    def _written(self, length: int) -> Iterator[tuple[int, int]]:
        for page in self._pages(length, WRITTEN):
            if self._may_write is not None:
                self._may_write()
            yield page

    def _all(self, include: Include) -> Iterator[GetResult]:
        """Pages with every record, in the order in which they were added.

        If another process deletes some meanwhile, the rest move up. So each page begins with the
        last record of the page before; if it does not, an earlier page is read.
        """
        seen: set[str] = set()
        page, at = self._page(READ), 0
        while True:
            found = self.collection.get(limit=page, offset=at, include=include)
            ids = found["ids"]
            if at and (not ids or ids[0] not in seen):
                at = max(0, at - page + 1)
                continue
            seen.update(ids)
            yield found
            if len(ids) < page:
                return
            at += page - 1


def _all_of(filters: Sequence[Any]) -> Any:
    """A filter for what passes all of some filters; None if there are none."""
    if len(filters) < 2:
        return filters[0] if filters else None
    return {"$and": list(filters)}


def _joined(parts: Iterable[GetResult], include: Include) -> GetResult:
    """The pages as one; a record that is in two of them appears once."""
    columns = cast("Iterable[dict[str, Any]]", parts)
    rows = {id: (part, place) for part in columns for place, id in enumerate(part["ids"])}
    whole: dict[str, Any] = {"ids": list(rows), "uris": None, "data": None, "included": include}
    for name in ("documents", "metadatas", "embeddings"):
        taken = [part[name][place] for part, place in rows.values()] if name in include else None
        whole[name] = taken
    return cast("GetResult", whole)

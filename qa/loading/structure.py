"""The nesting of a text's blocks, given in reading order.

Containers (lists, items, tables, notes) are opened and closed; other blocks are added in between. A
container begins with the first block in it, so that an empty one leaves no trace. Some are opened
and closed implicitly: a format that only marks items calls `enter_item`, and other blocks end their
list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.records import Block, BlockKind

_NUMBER = re.compile(r"\(?((?:\d{1,3}\.){0,8})(\d{1,6})[.)]?")
_NOWHERE = -1


@dataclass(slots=True)
class _Part:
    """A block that may still grow; `place` is its position among the others, once it has one."""

    kind: BlockKind
    marker: str = ""
    level: int = 0
    implied: bool = False
    start: int = 0
    end: int = 0
    place: int = _NOWHERE
    parent: int = _NOWHERE
    lists: int = 0  # the number of containers around it, including itself
    last: _Part | None = None  # of a list, its last item


class Structure:
    """The blocks of a text, as they are found."""

    def __init__(self) -> None:
        self._parts: list[_Part] = []
        self._open: list[_Part] = []
        self._end = 0
        # By the place of what holds it: the last item of a numbered list that may go on.
        self._numbered: dict[int, _Part] = {}

    def open(self, kind: BlockKind, marker: str = "") -> None:
        """Begin a container; an item outside a list opens one, as does a list in a list."""
        if kind == "item":
            if self._top("item") and self._open[-1].implied:
                self._pop()
            if not self._top("list"):
                self._push(_Part("list", implied=True))
        else:
            self._settle()
        self._push(_Part(kind, marker))

    def close(self) -> None:
        """End the container that was opened last."""
        while self._pop().implied:
            pass

    def enter_item(self, marker: str, depth: int) -> None:
        """Begin an item at this depth of lists; `leave_items` or another container ends it."""
        while self._open and self._open[-1].implied:
            top = self._open[-1]
            around = self._open[-2] if top.kind == "item" else top
            if around.level < depth:
                break
            if top.kind == "list" and top.level == depth and _is_next(top.marker, marker):
                break
            self._pop()
        if not (self._top("list") and self._open[-1].implied):
            self._push(_Part("list", level=depth, implied=True))
        self._open[-1].marker = marker
        self._push(_Part("item", marker, implied=True))

    def leave_items(self) -> None:
        """End the items that `enter_item` began, and their lists."""
        while self._open and self._open[-1].implied:
            self._pop()

    def put(
        self,
        kind: BlockKind,
        start: int,
        end: int,
        level: int = 0,
        at: int = -1,
        marker: str = "",
    ) -> None:
        """Add a block without others in it, inside the open containers.

        `at` is where `markers` were written before it, if they were; otherwise the items have none.
        The first words of an item belong to it and are not a block.
        """
        self._settle()
        if kind == "heading":
            self._numbered.clear()
        bare = kind == "paragraph" and self._top("item") and self._open[-1].place < 0
        self._begin(at, start)
        if not bare:
            parent = self._open[-1].place if self._open else _NOWHERE
            self._parts.append(_Part(kind, marker, level, False, start, end, 0, parent))
        self._end = end

    def graft(self, blocks: Sequence[Block], offset: int, deeper: int = 0) -> None:
        """Add the blocks of another text, which begins at `offset`, its headings so much deeper."""
        if not blocks:
            return
        self._settle()
        self._numbered.clear()
        self._begin(-1, offset + blocks[0].start)
        first = len(self._parts)
        around = self._open[-1].place if self._open else _NOWHERE
        for place, block in enumerate(blocks, first):
            level = block.level + deeper * (block.kind == "heading")
            parent = first + block.parent if block.parent >= 0 else around
            start, end = offset + block.start, offset + block.end
            part = _Part(block.kind, block.marker, level, False, start, end, place, parent)
            self._parts.append(part)
        self._end = max(self._end, *(offset + block.end for block in blocks))

    @property
    def markers(self) -> list[str]:
        """The markers before the next words: those of open items without any words yet."""
        return [part.marker for part in self._open[self._first_new() :] if part.kind == "item"]

    @property
    def depth(self) -> int:
        """The number of lists around the outermost item without words, else around all."""
        new = (part for part in self._open[self._first_new() :] if part.kind == "item")
        if item := next(new, None):
            return item.lists - 1
        return self._open[-1].lists if self._open else 0

    def blocks(self) -> tuple[Block, ...]:
        """All blocks, in the order of the text, each container before its content."""
        while self._open:
            self._pop()
        depths: list[int] = []  # the number of lists around each part, including itself
        found = []
        for part in self._parts:
            depth = depths[part.parent] if part.parent >= 0 else 0
            depths.append(depth + (part.kind == "list"))
            is_list = part.kind == "list"
            level = depth - 1 if part.kind == "item" else 0 if is_list else part.level
            marker = "" if is_list else part.marker
            found.append(Block(part.kind, part.start, part.end, level, marker, part.parent))
        return tuple(found)

    def _push(self, part: _Part) -> None:
        around = self._open[-1].lists if self._open else 0
        part.lists = around + (part.kind == "list")
        self._open.append(part)

    def _pop(self) -> _Part:
        part = self._open.pop()
        part.end = self._end
        return part

    def _first_new(self) -> int:
        """The index of the first open container that is empty so far."""
        index = len(self._open)
        while index and self._open[index - 1].place < 0:
            index -= 1
        return index

    def _top(self, kind: BlockKind) -> bool:
        return bool(self._open) and self._open[-1].kind == kind

    def _settle(self) -> None:
        """Put the next block into the last item instead of its list."""
        if not self._top("list"):
            return
        item = self._open[-1].last or _Part("item")
        item.implied = True
        self._push(item)

    def _begin(self, at: int, start: int) -> None:
        """Give the open containers that are still empty their place."""
        first = self._first_new()
        new = range(first, len(self._open))
        marked = max((index for index in new if self._open[index].kind == "item"), default=-1)
        for index in new:
            part = self._open[index]
            if part.kind == "list" and self._goes_on(index):
                continue
            part.start = at if at >= 0 and index <= marked else start
            part.parent = self._open[index - 1].place if index else _NOWHERE
            part.place = len(self._parts)
            self._parts.append(part)
            if part.kind == "item":
                self._begin_item(part, self._open[index - 1], written=at >= 0)
                at += len(part.marker) + bool(part.marker)

    def _begin_item(self, item: _Part, around: _Part, *, written: bool) -> None:
        around.last = item
        if not written:
            item.marker = ""
        if _NUMBER.fullmatch(item.marker):
            self._numbered[around.parent] = item

    def _goes_on(self, index: int) -> bool:
        """Whether a new list continues the numbers of an earlier one, which is then opened again.

        The blocks between the two belong to the last item of the first.
        """
        holder = self._open[index - 1].place if index else _NOWHERE
        item = self._numbered.get(holder)
        if item is None or not _counts_on(item.marker, self._open[index + 1].marker):
            return False
        for part in self._parts[item.place + 1 :]:
            if part.parent == holder:
                part.parent = item.place
        item.end = max(item.end, self._end)
        earlier = self._parts[item.parent]
        earlier.implied = self._open[index].implied
        self._open[index] = earlier
        return True


def _counts_on(marker: str, following: str) -> bool:
    last, number = _NUMBER.fullmatch(marker), _NUMBER.fullmatch(following)
    return bool(last and number and last[1] == number[1] and int(number[2]) == int(last[2]) + 1)


def _is_next(marker: str, following: str) -> bool:
    """Whether two items of the same depth may belong to one list."""
    if _NUMBER.fullmatch(marker) or _NUMBER.fullmatch(following):
        return _counts_on(marker, following)
    return (marker.strip("().").isalpha()) == (following.strip("().").isalpha())

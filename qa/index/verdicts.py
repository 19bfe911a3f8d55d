"""What readers thought of answers: one line of JSON each, in a file beside the index.

The opinion and what the answer cited are always kept, questions, answers and comments only if a
setting says so. An answer quotes the documents, so what is removed from the index is removed from
here, too: a verdict keeps the reader's opinion, the question and the names of the sources, but not
the answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from qa.errors import IndexUnavailableError
from qa.index.kept_lines import KeptLines, as_line, audit_files, audit_lines
from qa.places import beside
from qa.records import MARKER, now
from qa.text.sentences import sentences

FILE = "feedback.jsonl"
# Questions for `qa eval` that the owner chose from these.
SET = "questions.jsonl"
# More than people would ever write; it keeps a program from filling the disk.
LARGEST_FILE = 50_000_000
WHAT = "what readers said about answers"
# A run of this many letters and digits is not written by chance. Of a removed text, one run in each
# step is searched for.
_RUN = 24
_STEP = 12


@dataclass(frozen=True, slots=True)
class CitedRange:
    """What an answer cited: a range of a document's text."""

    source: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """One reader's opinion of one answer.

    `sources` are those that the answer cites, `ranges` what it cites of them. Where the texts of
    opinions are not kept, `conversation`, `question`, `answer` and `comment` are "".
    """

    conversation: str
    question: str
    answer: str
    verdict: Literal["up", "down"]
    comment: str = ""
    sources: tuple[str, ...] = ()
    ranges: tuple[CitedRange, ...] = ()


class Verdicts:
    """The verdicts in a folder; safe to share between threads and processes.

    `earlier` are files of older releases: nothing is added to them, but what is removed from the
    index is removed from these, too, and from the audit of the `index`, which may have questions.
    """

    def __init__(self, folder: Path, *earlier: Path, index: str | None = None) -> None:
        self.file = folder / FILE
        self.set_file = folder / SET
        self._own = KeptLines(self.file, WHAT)
        self._set = KeptLines(self.set_file, "questions for qa eval")
        self._earlier = earlier
        self._index = index

    @classmethod
    def of(cls, index: str) -> Verdicts:
        """The verdicts on an index; a server's are in the user's data folder."""
        folder = beside(index, "feedback")
        if "://" in index:
            return cls(folder, index=index)
        # Earlier releases had one file for all the indexes of a folder.
        shared = Path(index).expanduser().absolute().parent / "feedback" / FILE
        return cls(folder, shared, index=index)

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that are cleaned of what is removed from the index."""
        audit = () if self._index is None else audit_files(self._index)
        return (self.file, self.set_file, *self._earlier, *audit)

    def keep(self, verdict: Verdict, *, current: Callable[[], bool] = lambda: True) -> None:
        """Store a verdict; without answer and ranges if the documents are no longer `current`.

        Raises:
            IndexUnavailableError: the file is full or cannot be written.
        """
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self._own.lock:
                if self._own.size > LARGEST_FILE:
                    raise IndexUnavailableError(f"{self.file} is full; move it away.")
                # Within the lock, so that nothing is removed in between.
                line = asdict(verdict)
                if not current():
                    line.update(answer="", ranges=())
                self._own.append({"time": now(), **line})
        except OSError as error:
            raise self._own.refused(error) from error

    def expect(self, id: str, question: str, *, answer: str = "", answerable: bool = True) -> bool:
        """Add a question to the set for `qa eval`; False if the set has one with this id.

        `answer` is the right one, if that is known. Without `answerable`, the documents do not
        have it, and it is to be refused.

        Raises:
            IndexUnavailableError: the file is full or cannot be written.
        """
        line = {"id": id, "question": question, "answerable": answerable}
        if answer and answerable:
            line["answer"] = answer
        try:
            self.set_file.parent.mkdir(parents=True, exist_ok=True)
            with self._set.lock:
                if self._set.size > LARGEST_FILE:
                    raise IndexUnavailableError(f"{self.set_file} is full; move it away.")
                if id in self._chosen():
                    return False
                self._set.append(line)
        except OSError as error:
            raise self._set.refused(error) from error
        return True

    def chosen(self) -> frozenset[str]:
        """The ids of the questions in the set for `qa eval`.

        Raises:
            IndexUnavailableError: the file cannot be read.
        """
        try:
            return self._chosen()
        except OSError as error:
            raise self._set.refused(error) from error

    def _chosen(self) -> frozenset[str]:
        if not self.set_file.is_file():
            return frozenset()
        found = set()
        with self.set_file.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    found.add(str(json.loads(line)["id"]))
                except (ValueError, TypeError, KeyError):  # its owner may add lines, too
                    continue
        return frozenset(found)

    def any(self) -> bool:
        """Whether there are verdicts."""
        return any(lines.size for lines in (self._set, *self._all()))

    def expire(self, before: datetime) -> int:
        """Remove the verdicts from before a time; the number of them.

        Raises:
            IndexUnavailableError: the file cannot be changed.
        """
        return self._own.expire(before)

    def erase(
        self, sources: Collection[str], texts: Iterable[str], renamed: Mapping[str, str]
    ) -> int:
        """Remove what comes from removed sources or repeats `texts`; the number of changed lines.

        `renamed` maps the old names of sources to the new ones.

        Raises:
            IndexUnavailableError: a file cannot be changed.
        """
        if not self.any():
            return 0
        gone = _Removed(frozenset(sources), tuple(map(_plain, texts)))

        def cleaned(line: str) -> str:
            return _without(line, gone, renamed)

        def without_empty(line: str) -> str:
            left = cleaned(line)
            return left if left == f"{line}\n" or _asks(left) else ""

        changed = sum(lines.change(cleaned) for lines in self._all())
        return changed + self._set.change(without_empty)

    def _all(self) -> Iterator[KeptLines]:
        yield self._own
        yield from (KeptLines(file, WHAT) for file in self._earlier)
        if self._index is not None:
            yield from (audit_lines(file) for file in audit_files(self._index))


class _Removed:
    """What was removed from the index."""

    def __init__(self, sources: frozenset[str], texts: Collection[str]) -> None:
        self.sources = sources
        self._texts = texts
        self._runs = {run for text in texts for run in _steps(text)}
        self._sizes = {len(run) for run in self._runs}

    def says(self, text: str) -> bool:
        """Whether a text repeats a run of it."""
        plain = _plain(text)
        return any(
            plain[at : at + size] in self._runs
            for size in self._sizes
            for at in range(len(plain) - size + 1)
        )

    def is_quoted(self, answer: str) -> bool:
        """Whether a sentence of an answer is from it, even one that is too short for a run."""
        said = (_plain(MARKER.sub("", answer[start:end])) for start, end in sentences(answer))
        return any(
            sentence in text for sentence in said if len(sentence) >= _STEP for text in self._texts
        )


def _without(line: str, removed: _Removed, renamed: Mapping[str, str]) -> str:
    try:
        verdict: dict[str, Any] = json.loads(line)
        cited = [renamed.get(source, source) for source in verdict.get("sources", ())]
        ranges = [
            {**one, "source": source}
            for one in verdict.get("ranges", ())
            if (source := renamed.get(one["source"], one["source"])) not in removed.sources
        ]
        texts = {name: str(verdict.get(name, "")) for name in ("question", "answer", "comment")}
    except (ValueError, TypeError, KeyError, AttributeError):  # half a line, or something else
        return "" if removed.says(line) else f"{line}\n"
    gone = {name for name, text in texts.items() if text and removed.says(text)}
    # Earlier releases did not store the sources.
    of_it = removed.sources.intersection(cited) if cited else removed.is_quoted(texts["answer"])
    if texts["answer"] and of_it:
        gone.add("answer")
    present = {"sources": cited, "ranges": ranges}
    renewed = {name: value for name, value in present.items() if name in verdict}
    if not gone and all(list(verdict[name]) == value for name, value in renewed.items()):
        return f"{line}\n"
    return as_line({**verdict, **renewed, **dict.fromkeys(gone, "")})


def _asks(line: str) -> bool:
    """Whether a line of the set still has its question."""
    return bool(line and json.loads(line).get("question"))


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _steps(plain: str) -> Iterator[str]:
    if len(plain) >= _STEP:
        for at in range(0, max(1, len(plain) - _RUN + 1), _STEP):
            yield plain[at : at + _RUN]

"""Questions with what is expected of their answers, read from a file or from a folder.

A file holds a JSON object a line: a question, its answer or answers, and the source that says
so; or that it must be refused. A folder brings its own documents too: `corpus.jsonl`
(id, title, text), `queries.jsonl` (id, question, answers, answerable, history) and `qrels.tsv`
(query-id, corpus-id, score). Those of BEIR are read as they come: `_id` for `id`, `text` for
`question`, and the judgements in `qrels/test.tsv`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from qa.errors import EvaluationError
from qa.records import Document, Turn

CORPUS, QUERIES, RELEVANCE = "corpus.jsonl", "queries.jsonl", "qrels.tsv"
_RELEVANCE_OF_BEIR = Path("qrels", "test.tsv")
_EXAMPLE = (
    '{"question": "Who approves leave?", "answer": "Ada King", "source": "handbook/leave.md"}'
)

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Expected:
    """A question, and what is expected of its answer.

    `answers` are wordings of the right answer, any of which will do; `sources` the documents
    that hold it, with a grade of how much they do (1 where it is a matter of yes or no). Without
    `answerable`, the documents do not say, and the question has to be refused. `history` holds
    the turns before it, oldest first.
    """

    question: str
    answers: Sequence[str] = ()
    sources: Mapping[str, int] = field(default_factory=dict)
    answerable: bool = True
    history: Sequence[Turn] = ()
    id: str = ""


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """The questions of a set; `problems` are the lines that could not be used, and why.

    `corpus` is the file of its own documents, None where those of an index are asked. `unjudged`
    is how many questions were left out because nothing is known of their answers.
    """

    name: str
    questions: Sequence[Expected]
    corpus: Path | None = None
    problems: Sequence[str] = ()
    unjudged: int = 0

    def documents(self) -> Iterator[Document]:
        """Its own documents; one without text is its title, one without either is left out.

        Raises:
            EvaluationError: a line is not a document.
        """
        if self.corpus is None:
            return
        seen: set[str] = set()
        for place, row in _lines(self.corpus):
            line = _parsed(_CorpusLine, place, row)
            if line.id in seen:
                raise EvaluationError(f"{place}: there is a document {line.id!r} above already.")
            seen.add(line.id)
            if text := line.text if line.text.strip() else line.title.strip():
                source = f"{self.name}/{line.id}"
                yield Document(text=text, source=source, title=line.title, id=source)


def read_set(path: Path) -> EvaluationSet:
    """Read a set; a line that cannot be used is one of its `problems`, the others are kept.

    Raises:
        EvaluationError: there is no such set, a part of it is missing, or no line can be used.
    """
    found = _read_folder(path) if path.is_dir() else _read_file(path)
    if not found.questions:
        first = f" {found.problems[0]}" if found.problems else f" A line of it reads: {_EXAMPLE}"
        raise EvaluationError(f"{path} holds no question that can be used.{first}")
    return found


def named(questions: Sequence[Expected]) -> list[Expected]:
    """The questions, each with an id of its own."""
    found: dict[str, Expected] = {}
    for one in questions:
        name = _free(one.id or one.question, found)
        found[name] = replace(one, id=name)
    return list(found.values())


def every(items: Sequence[Item], limit: int | None) -> Sequence[Item]:
    """At most `limit` of the items, evenly spread; the same ones each time."""
    if limit is None or limit >= len(items):
        return items
    return [items[place * len(items) // limit] for place in range(limit)]


def _texts(value: Any) -> Any:
    """One text or several, none for null; a number is its digits."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    plain = [str(one) if type(one) in (int, float) else one for one in values]
    return [one for one in plain if not isinstance(one, str) or one.strip()]


Texts = Annotated[list[str], BeforeValidator(_texts)]
_ID = AliasChoices("id", "_id")
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Line(BaseModel):
    # What else a line says (a split, a collection) is no business of ours.
    model_config = ConfigDict(extra="ignore")


class _Said(_Line):
    """A line of a history, as chat models take it or as a turn of ours."""

    role: str | None = None
    text: str = Field("", validation_alias=AliasChoices("text", "content"))
    question: str | None = None
    answer: str | None = None


class _Question(_Line):
    question: Text = Field(validation_alias=AliasChoices("question", "text"))
    answers: Texts = Field([], validation_alias=AliasChoices("answers", "answer"))
    sources: Texts = Field([], validation_alias=AliasChoices("source", "sources"))
    answerable: bool | None = None
    history: list[_Said] | None = None
    id: Annotated[str | None, Field(coerce_numbers_to_str=True)] = Field(None, validation_alias=_ID)


class _CorpusLine(_Line):
    id: Annotated[str, Field(min_length=1, coerce_numbers_to_str=True)] = Field(
        validation_alias=_ID
    )
    title: str = ""
    text: str = ""


Parsed = TypeVar("Parsed", bound=_Line)


def _read_file(path: Path) -> EvaluationSet:
    questions: dict[str, Expected] = {}
    problems: list[str] = []
    for place, row in _lines(path):
        try:
            line = _parsed(_Question, place, row)
            if line.answerable is None and not line.answers and not line.sources:
                raise EvaluationError(
                    f'{place}: neither "answer" nor "source" is given. Where the documents do not '
                    'say, add "answerable": false.'
                )
            _keep(questions, _expected(line, dict.fromkeys(line.sources, 1)), place)
        except EvaluationError as error:
            problems.append(str(error))
    return EvaluationSet(path.name, list(questions.values()), problems=problems)


def _read_folder(path: Path) -> EvaluationSet:
    of_beir = path / _RELEVANCE_OF_BEIR
    relevance = of_beir if of_beir.is_file() else path / RELEVANCE
    for file in (path / CORPUS, path / QUERIES, relevance):
        if not file.is_file():
            raise EvaluationError(
                f"{file} is missing. A folder with a set holds {CORPUS}, {QUERIES} and "
                f"{RELEVANCE}; questions about documents of your own are one JSONL file."
            )
    name = path.resolve().name
    grades = _grades(relevance, name)
    questions: dict[str, Expected] = {}
    problems: list[str] = []
    unjudged = 0
    for place, row in _lines(path / QUERIES):
        try:
            line = _parsed(_Question, place, row)
            sources = grades.get(line.id or "", {})
            if line.answerable is None and not line.answers and not sources:
                unjudged += 1  # a collection may list the questions of all its parts
                continue
            _keep(questions, _expected(line, sources), place)
        except EvaluationError as error:
            problems.append(str(error))
    return EvaluationSet(name, list(questions.values()), path / CORPUS, problems, unjudged)


def _grades(path: Path, name: str) -> Mapping[str, Mapping[str, int]]:
    """Question id -> source -> grade; what is graded 0 or below is of no use."""
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for place, line in _lines(path):
        try:
            question, document, grade = line.decode("utf-8-sig").strip("\r\n").split("\t")
            if question != "query-id" and (value := _whole(grade)) > 0:
                grades[question][f"{name}/{document}"] = value
        except ValueError as error:
            raise EvaluationError(
                f"{place}: a line is query-id, corpus-id and score, with tabs between them; the "
                "score is a whole number."
            ) from error
    return grades


def _whole(grade: str) -> int:
    value = float(grade)
    if not value.is_integer():
        raise ValueError(grade)
    return int(value)


def _expected(line: _Question, sources: Mapping[str, int]) -> Expected:
    answerable = line.answerable is not False
    return Expected(
        question=line.question,
        answers=tuple(line.answers) if answerable else (),
        sources=sources if answerable else {},
        answerable=answerable,
        history=tuple(_turns(line.history or ())),
        id=line.id or line.question,
    )


def _turns(lines: Sequence[_Said]) -> Iterator[Turn]:
    asked: str | None = None
    for line in lines:
        if line.role is None:
            yield Turn(line.question or "", line.answer or "")
        elif line.role == "user":
            if asked is not None:
                yield Turn(asked)
            asked = line.text
        elif asked is not None:
            yield Turn(asked, line.text)
            asked = None
    if asked is not None:
        yield Turn(asked)


def _keep(questions: dict[str, Expected], one: Expected, place: str) -> None:
    # The same words may be asked in two conversations; a name can be given once.
    if one.id in questions and one.id != one.question:
        raise EvaluationError(f"{place}: there is a question with the id {one.id!r} above already.")
    name = _free(one.id, questions)
    questions[name] = replace(one, id=name)


def _free(name: str, taken: Container[str]) -> str:
    """The name, with a number behind it if there is one like it."""
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free


def _parsed(kind: type[Parsed], place: str, row: bytes) -> Parsed:
    try:
        return kind.model_validate(json.loads(row))
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(map(str, problem["loc"]))
        what = f"{name}: {problem['msg']}" if name else "a line is one JSON object"
        raise EvaluationError(f"{place}: {what}. A line reads like {_EXAMPLE}") from error
    except (ValueError, RecursionError) as error:
        raise EvaluationError(f"{place}: not JSON ({error}).") from error


def _lines(path: Path) -> Iterator[tuple[str, bytes]]:
    """The lines that hold something, each with where it stands."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield f"{path}, line {number}", line
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror}.") from error

"""Questions with their expected answers, read from a file or a folder.

A file has one JSON object a line: a question with its answer or answers and their source, or with
the facts that an answer must have, or a question that must be refused. A folder has its own
documents, too: `corpus.jsonl` (id, title, text), `queries.jsonl` (id, question, answers,
answerable, history) and `qrels.tsv` (query-id, corpus-id, score). BEIR's folders can be read as
they are: with `_id` for `id`, `text` for `question`, and the judgements in `qrels/test.tsv`.
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
    """A question with its expected answer.

    `answers` are wordings of the right answer, any of which counts; `sources`, the documents with
    the answer, each with a grade (1 if there is only right and wrong). Without `answerable`, the
    documents have no answer, and the question must be refused. `history` has the turns before it,
    oldest first.

    `nuggets` are the facts for an answer, each with wordings any of which counts; the first `vital`
    of them make it complete, the others are welcome. `ideal_words` is the length of a good answer,
    `direct` the word that it should begin with ("yes", "no"), and `kind` the kind of question, for
    which there are separate figures.
    """

    question: str
    answers: Sequence[str] = ()
    sources: Mapping[str, int] = field(default_factory=dict)
    answerable: bool = True
    history: Sequence[Turn] = ()
    id: str = ""
    nuggets: Sequence[Sequence[str]] = ()
    vital: int | None = None
    direct: str | None = None
    ideal_words: int | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """The questions of a set; `problems` are the lines that could not be used, and why.

    `corpus` is the file of its own documents, None for questions on the documents of an index.
    `unjudged` is the number of questions that were left out because nothing is known about their
    answers.
    """

    name: str
    questions: Sequence[Expected]
    corpus: Path | None = None
    problems: Sequence[str] = ()
    unjudged: int = 0

    def documents(self) -> Iterator[Document]:
        """Its own documents; a title can stand in for a text, one without either is left out.

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
    """Read a set; lines that cannot be used become its `problems`, the others are kept.

    Raises:
        EvaluationError: there is no such set, a part of it is missing, or no line is usable.
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
    """One text or several, or none for null; a number becomes its digits."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    plain = [str(one) if type(one) in (int, float) else one for one in values]
    return [one for one in plain if not isinstance(one, str) or one.strip()]


def _nuggets(value: Any) -> Any:
    """A list of facts; a fact that is a single text has only this wording."""
    return [_texts(one) for one in value] if isinstance(value, list) else value


Texts = Annotated[list[str], BeforeValidator(_texts)]
_ID = AliasChoices("id", "_id")
Nugget = Annotated[list[str], Field(min_length=1)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Line(BaseModel):
    # Other fields of a line (a split, a collection) do not concern us.
    model_config = ConfigDict(extra="ignore")


class _Said(_Line):
    """A line of a history, in the format of chat models or as one of our turns."""

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
    nuggets: Annotated[list[Nugget], BeforeValidator(_nuggets)] = []
    vital: int | None = None
    direct: Text | None = None
    ideal_words: int | None = Field(None, ge=1)
    kind: str = ""


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
            if line.answerable is None and not (line.answers or line.sources or line.nuggets):
                raise EvaluationError(
                    f'{place}: neither "answer" nor "source" is given. Where the documents do not '
                    'say, add "answerable": false.'
                )
            _check_nuggets(line, place)
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
                unjudged += 1  # a collection may contain the questions of all its parts
                continue
            _keep(questions, _expected(line, sources), place)
        except EvaluationError as error:
            problems.append(str(error))
    return EvaluationSet(name, list(questions.values()), path / CORPUS, problems, unjudged)


def _grades(path: Path, name: str) -> Mapping[str, Mapping[str, int]]:
    """Question id -> source -> grade; grades of 0 or below are ignored."""
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
        nuggets=tuple(tuple(nugget) for nugget in line.nuggets) if answerable else (),
        vital=line.vital if answerable else None,
        direct=line.direct if answerable else None,
        ideal_words=line.ideal_words,
        kind=line.kind,
    )


def _check_nuggets(line: _Question, place: str) -> None:
    vital, most = line.vital, len(line.nuggets)
    if line.answerable is not False and vital is not None and not 1 <= vital <= most:
        raise EvaluationError(
            f'{place}: "vital" is {vital}, but there are {most} nuggets. It says how many of them, '
            "from the first on, an answer has to say: at least one."
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
    # The same words may be asked in two conversations, but an id must be unique.
    if one.id in questions and one.id != one.question:
        raise EvaluationError(f"{place}: there is a question with the id {one.id!r} above already.")
    name = _free(one.id, questions)
    questions[name] = replace(one, id=name)


def _free(name: str, taken: Container[str]) -> str:
    """The name, followed by a number if it is taken."""
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
    """The lines that are not blank, each with its place."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield f"{path}, line {number}", line
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror}.") from error

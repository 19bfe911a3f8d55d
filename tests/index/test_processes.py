"""Several real processes on one index."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import qa
from tests.cli.forked import Command
from tests.whole import WHOLE

SYNC = """
import sys, qa
assistant = qa.Assistant(index=sys.argv[1])
print("begins", flush=True)
print(assistant.sync([sys.argv[2]]).to_dict())
"""
# How often a sync is killed.
MOMENTS = 20 if WHOLE else 6
# Adds and takes away a document, again and again, and says after each what the index now holds.
CHURN = """
import sys, qa
assistant = qa.Assistant(index=sys.argv[1])
for number in range(int(sys.argv[2])):
    text = f"The codeword of round {number} is quartz{number}."
    assistant.add([qa.Document(source=f"round/{number}", title="Codewords", text=text)])
    if number >= 2:
        assistant.forget(f"round/{number - 2}")
    print(number, flush=True)
"""
LINES = 25


def started(code: str, *arguments: object) -> Command:
    return Command(*arguments, code=code)


def begun(index: Path, folder: Path) -> Command:
    """A sync that begins now."""
    process = started(SYNC, index, folder)
    assert process.stdout.readline() == "begins\n"
    return process


def text_of(name: str, version: int) -> str:
    lines = (
        f"In version {version} of paper {name} the codeword of line {line} is "
        f"quartz{version}x{name}x{line}."
        for line in range(LINES)
    )
    return "\n".join(lines)


def write(folder: Path, names: list[str], version: int) -> dict[str, str]:
    """Make the folder hold these papers in this version; source -> text."""
    for file in folder.iterdir():
        file.unlink()
    for name in names:
        (folder / f"{name}.txt").write_text(text_of(name, version), encoding="utf-8")
    return {f"papers/{name}.txt": text_of(name, version) for name in names}


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    return folder


def held(index: Path) -> dict[str, str]:
    assistant = qa.Assistant(index=index)
    try:
        sources = [source.source for source in assistant.status().sources]
        return {source: assistant.document(source).text for source in sources}
    finally:
        assistant.close()


def test_killed_at_any_moment_every_document_is_old_or_new(papers: Path, tmp_path: Path) -> None:
    index, dice = tmp_path / "index", random.Random(7)
    names = [f"p{number}" for number in range(10)]
    before = write(papers, names, 0)
    first = begun(index, papers)
    began = time.monotonic()
    _, problem = first.communicate(timeout=120)
    assert first.returncode == 0, problem
    seconds = time.monotonic() - began
    killed = 0
    for version in range(1, MOMENTS + 1):
        wanted = write(papers, dice.sample([*names, "extra", "more"], 9), version)
        process = begun(index, papers)
        time.sleep(dice.uniform(0, seconds))
        killed += process.poll() is None
        process.kill()
        process.communicate()
        now = held(index)
        for source in before.keys() | wanted.keys() | now.keys():
            assert now.get(source) in (before.get(source), wanted.get(source)), (version, source)
        before = now
    assert killed >= MOMENTS // 3
    assistant = qa.Assistant(index=index)
    assistant.sync([papers])
    assert held(index) == wanted
    assert assistant.sync([papers]).passages == 0
    for source in wanted:
        hits = assistant.search(f"codeword {wanted[source].split()[-1].rstrip('.')}", limit=20)
        assert {hit.passage.text for hit in hits} <= {
            part for text in wanted.values() for part in _parts(text, hits)
        }
    assistant.close()


def _parts(text: str, hits: list[qa.Hit]) -> Iterator[str]:
    for hit in hits:
        if text[hit.passage.start : hit.passage.end] == hit.passage.text:
            yield hit.passage.text


def test_of_two_syncs_at_once_the_second_waits(papers: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    other = tmp_path / "letters"
    other.mkdir()
    wanted = write(papers, ["a", "b", "c"], 1)
    (other / "letter.txt").write_text("The letter is about walruses.", encoding="utf-8")
    both = [started(SYNC, index, papers), started(SYNC, index, other)]
    for process in both:
        _, problem = process.communicate(timeout=120)
        assert process.returncode == 0, problem
    now = held(index)
    assert now.pop("letters/letter.txt") == "The letter is about walruses."
    assert now == wanted


def test_a_sync_that_may_not_wait_says_what_is_writing(tmp_path: Path) -> None:
    index = tmp_path / "index"
    holder = started(
        "import sys, time, qa\n"
        "with qa.Assistant(index=sys.argv[1]).index.writing(5):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n",
        index,
    )
    try:
        assert holder.stdout.readline() == "held\n"
        assistant = qa.Assistant(index=index, lock_timeout=0.2)
        with pytest.raises(qa.IndexLockedError, match="writing to the index"):
            assistant.add([qa.Document(source="x", text="Some text.")])
    finally:
        holder.kill()
        holder.communicate()
    assert assistant.add([qa.Document(source="x", text="Some text.")]).added == ("x",)


def test_an_open_assistant_answers_from_what_another_process_synced(tmp_path: Path) -> None:
    index, rounds = tmp_path / "index", 8
    assistant = qa.Assistant(index=index)
    assistant.add([qa.Document(source="base", text="Walruses sleep on ice.")])
    assert assistant.search("walruses")
    problems: list[BaseException] = []
    over = threading.Event()

    def keep_asking() -> None:
        try:
            while not over.is_set():
                assert assistant.ask("What is the codeword of round 1?").text
                for hit in assistant.search("codeword", limit=20):
                    assert hit.passage.text
        except BaseException as problem:
            problems.append(problem)

    readers = [threading.Thread(target=keep_asking) for _ in range(3)]
    writer = started(CHURN, index, rounds)
    for reader in readers:
        reader.start()
    for line in writer.stdout:
        number = int(line)
        sources = {
            hit.passage.source for hit in assistant.search("codeword of the round", limit=30)
        }
        gone = {f"round/{old}" for old in range(number - 1)}
        assert not sources & gone, (number, sources)
        assert f"round/{number}" in sources
        exact = assistant.search(f"quartz{number}")[0].passage
        assert f"quartz{number}" in exact.text
    over.set()
    for reader in readers:
        reader.join(60)
    _, problem = writer.communicate(timeout=60)
    assert writer.returncode == 0, problem
    assert problems == []
    assistant.close()

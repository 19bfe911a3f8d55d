"""The names of dropped files in a folder: safe everywhere, and no other file is replaced."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from qa import open_regular

if TYPE_CHECKING:
    from ui.incoming import Arrived

# Characters that some file systems do not allow, or that hide what follows.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069"
                     r'<>:"/\\|?*]')  # fmt: skip
_LONGEST_NAME = 60
_LONGEST_SUFFIX = 10
_PIECE = 65_536


def safe_name(name: str) -> str:
    """A file's name that every file system takes, that is not hidden and leads nowhere else."""
    cleaned = _UNSAFE.sub("_", name).lstrip(".~ ").rstrip(". ")
    stem, suffix = Path(cleaned).stem, Path(cleaned).suffix
    if not stem:
        return "file"
    if len(suffix) > _LONGEST_SUFFIX:
        stem, suffix = cleaned, ""
    return stem[:_LONGEST_NAME].strip() + suffix


def place_for(file: Arrived, folder: Path) -> tuple[Path, bool]:
    """Where a file goes in a folder, and whether the same file is there already."""
    name = safe_name(file.name)
    place = folder / name
    number = 1
    while os.path.lexists(place):
        if _same(file, place):
            return place, True
        number += 1
        place = folder / f"{Path(name).stem} ({number}){Path(name).suffix}"
    return place, False


def _same(file: Arrived, place: Path) -> bool:
    try:
        with file.open() as one, open_regular(place) as other:
            if os.fstat(one.fileno()).st_size != os.fstat(other.fileno()).st_size:
                return False
            while piece := one.read(_PIECE):
                if piece != other.read(_PIECE):
                    return False
            return True
    except OSError:
        return False  # a folder, a link, or not to be read: whatever it is, it is another

"""Where things are: the index, the samples, the packaged embedder, the cache, other programs."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

PACKAGED_EMBEDDER = "package:all-MiniLM-L6-v2"
_NO_NAME = re.compile(r"[^a-z0-9.]+")
_LONGEST_NAME = 60

BESIDE = ("audit", "feedback", "keys", "users")
"""What is kept of an index outside it; see `beside`."""


def cache_folder() -> Path:
    """The folder for the fast copies of encoders; `QA_CACHE` moves it."""
    chosen = os.environ.get("QA_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("footnote-qa")


def default_index() -> str:
    """`index/` of the project in a checkout, the user's data folder elsewhere."""
    project = Path(__file__).resolve().parents[2]
    if (project / "pyproject.toml").is_file() and (project / "index").is_dir():
        return str(project / "index")
    import platformdirs

    return str(platformdirs.user_data_path("footnote-qa") / "index")


def sample_folder() -> Path:
    """The sample documents: `seeds/` of the project, or the copy inside the package."""
    here = Path(__file__).resolve().parents[1]
    packaged = here / "seeds"
    return packaged if packaged.is_dir() else here.parent / "seeds"


def installed(names: Iterable[str], elsewhere: Iterable[str]) -> str | None:
    """Where a program is: by one of its names on the search path, or else at one of some places."""
    found = next(filter(None, map(shutil.which, names)), None)
    return found or next((place for place in elsewhere if Path(place).exists()), None)


CLUSTER = r"auto|[A-Za-z0-9._-]+:[0-9]{1,5}|\[[0-9A-Fa-f:.]+\]:[0-9]{1,5}"
"""What the address of a Ray cluster looks like: host and port, or "auto" for that of this
machine."""


def is_web(place: str) -> bool:
    """Whether a place is an address of the web, and not a folder or a file."""
    return place.lower().startswith(("http://", "https://"))


def is_storage(place: str) -> bool:
    """Whether a place is an address of a storage: S3, SFTP or WebDAV."""
    return place.lower().startswith(("s3://", "sftp://", "webdav://", "webdavs://"))


def is_remote(place: str) -> bool:
    """Whether a place is an address, of the web or of a storage, and not a folder or a file."""
    return is_web(place) or is_storage(place)


def folders_above(source: str) -> list[str]:
    """The folders that a source is in, outermost first; of an address, that is the server."""
    parts = source.split("/")
    first = 3 if is_remote(source) else 1
    above = ("/".join(parts[:number]) for number in range(first, len(parts)))
    return [folder for folder in above if folder]


def beside(index: str, kind: str) -> Path:
    """The folder for what is kept of an index outside it, such as "feedback".

    It is `KIND/NAME` beside an index folder `NAME`; a server's is in the user's data folder.
    """
    if "://" in index:
        import platformdirs

        return platformdirs.user_data_path("footnote-qa") / kind / _folder_name(index)
    folder = Path(index).expanduser().resolve()
    return folder.parent / kind / folder.name


def _folder_name(url: str) -> str:
    """A folder name for a server, which holds one index."""
    url = url.rstrip("/").casefold()
    digest = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()
    return f"{_NO_NAME.sub('_', url)[:_LONGEST_NAME]}-{digest[:8]}"

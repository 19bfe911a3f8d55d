"""The folder of an index: its current generation, the state of its files, and its errors.

Every message names the file or folder and a step that fits the problem: nobody is told to delete
anything because of a full disk, a missing permission, or a folder that is no index at all.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from qa.errors import IndexUnavailableError, message_of
from qa.index.keywords import FILE as KEYWORDS
from qa.index.stores.erasing import DATABASE
from qa.index.stores.generation import flush, is_of_vectors, problems
from qa.index.stores.manifest import FILE as MANIFEST
from qa.index.stores.manifest import Manifest, parse
from qa.index.stores.pieces import DamagedPieceError
from qa.index.stores.troubles import is_crowded, is_generation, is_used_up, strangers, told

logger = logging.getLogger(__name__)


class IndexFolder:
    """The manifests of an index in a folder, and their files as they are now."""

    def __init__(self, folder: Path, location: str) -> None:
        self.folder = folder
        self.location = location
        self._current = folder / "CURRENT"
        self._suspect: int | None = None  # the generation that was found damaged

    def generation(self, number: int) -> Path:
        """Where a generation is kept."""
        return self.folder / "generations" / str(number)

    def numbers(self) -> list[int]:
        """The generations that are there, published or not."""
        folders = self.folder / "generations"
        if not folders.is_dir():
            return []
        names = [path.name for path in folders.iterdir() if is_generation(path)]
        return sorted(int(name) for name in names if name.isdecimal())

    def current(self) -> Manifest:
        """The manifest of the generation that is answered from; of 0, where there is none yet.

        Raises:
            IndexUnavailableError: CURRENT is damaged or cannot be read, or this is no index.
        """
        try:
            found = parse(self._current.read_bytes())
        except FileNotFoundError as error:
            if not self.numbers():
                return Manifest(0)
            raise self.damaged(self._current, "is missing") from error
        except NotADirectoryError as error:
            raise self._reaching_no_folder(error) from error
        except OSError as error:
            raise self._unusable(error) from error
        except ValueError as error:
            if not self.numbers():
                raise self._no_index(f"{self._current} is something else") from error
            raise self.damaged(self._current, f"cannot be read: {message_of(error)}") from error
        # Without a manifest, nothing else would show damage.
        if not found.files and found.generation and not self.generation(found.generation).exists():
            problem = f"names generation {found.generation}, which is not there"
            raise self.damaged(self._current, problem)
        return found

    def point_to(self, manifest: Manifest) -> None:
        """Answer from this generation from now on.

        Raises:
            OSError: the disk failed; the current generation, old or new, is complete.
        """
        new = self._current.with_suffix(".new")
        new.write_text(manifest.to_text(), encoding="ascii")
        flush([new])
        new.replace(self._current)
        flush([self.folder])

    def mend_current(self) -> None:
        """Write CURRENT where it is damaged, or where the index begins.

        From then on a generation without a CURRENT is known to have lost it.
        """
        try:
            self.current()
        except IndexUnavailableError:
            newest = self._newest()
            if newest is not None:
                self.point_to(newest)
        else:
            if not self._current.exists():
                self.point_to(Manifest(0))

    def is_sound(self, number: int, *, vectors: bool) -> bool:
        """Raise an error if a file is damaged; False if only the keyword index is, a cache.

        Raises:
            IndexUnavailableError: a file is damaged or missing, or cannot be read.
        """
        folder, manifest = self.generation(number), self._manifest(number)
        closely = number == self._suspect or self.is_unfinished()
        has_keywords = True
        with self.disk():
            for name, problem in problems(folder, manifest, closely=closely, vectors=vectors):
                if name != KEYWORDS:
                    raise self.damaged(folder / name, problem)
                logger.info("The keyword index is made again: %s %s", folder / name, problem)
                has_keywords = False
            if not (folder / DATABASE).is_file():
                raise self.damaged(folder / DATABASE, "is missing")
        return has_keywords

    def examine(self, *, closely: bool = True) -> dict[str, str]:
        """Check the files of the current generation, and return the damaged ones with the problem.

        Unless they are digested `closely`, their sizes and times decide. Damage that is found is
        reported to everyone who opens it from then on, even if only the digest shows it.
        """
        try:
            number = self.current().generation
            closely = closely or number == self._suspect
            with self.disk():
                damage = self._damage(number, closely=closely)
        except IndexUnavailableError:  # reported when the index is opened
            return {}
        if closely:
            self._suspect = None
        self.suspect(number, damage)
        return damage

    def suspect(self, number: int, names: Iterable[str]) -> None:
        """Let everyone who opens a generation look closely at these files of it."""
        for name in names:
            self._suspect = number
            with contextlib.suppress(OSError):  # a read-only place, or it is missing
                os.utime(self.generation(number) / name)

    def refuse_strangers(self) -> None:
        """Refuse a folder in which somebody keeps other things.

        Raises:
            IndexUnavailableError: it is a file, or a folder with other things in it.
        """
        if not self.numbers():
            self.current()  # raises if CURRENT is something else
        with self.disk():
            found = [] if self._current.exists() else strangers(self.folder)
            if found:
                named = ", ".join(found[:3]) + (" …" if len(found) > 3 else "")
                raise self._no_index(f"it is a folder with other things in it ({named})")

    @contextlib.contextmanager
    def disk(self) -> Iterator[None]:
        """Turn an error of the disk, or damage met while writing, into `IndexUnavailableError`."""
        try:
            yield
        except DamagedPieceError as error:
            number = self.current().generation  # what every draft begins as a copy of
            self.suspect(number, [error.file.relative_to(self.generation(number)).as_posix()])
            raise self.damaged(error.file, "is not as it was written") from error
        except OSError as error:
            raise self.unavailable(error) from error

    def unavailable(self, error: BaseException) -> IndexUnavailableError:
        """The message for an error: the disk's reason, or the file that is damaged."""
        # The number of a system's error is exact; of the rest, words are all that there is.
        crowded = not isinstance(error, OSError) and is_used_up(self.folder)
        said = told(error, self.location, message_of(error), crowded=crowded)
        if said is not None:
            return IndexUnavailableError(said)
        try:
            number = self.current().generation
            damage = self._damage(number, closely=True)
            self.suspect(number, damage)
            for name, problem in damage.items():
                if name != KEYWORDS:
                    return self.damaged(self.generation(number) / name, problem)
        except IndexUnavailableError as damage:
            return damage
        except OSError as failed:
            error = failed
        return self._unusable(error)

    def gone(self, number: int) -> IndexUnavailableError:
        """The message for a generation that is missing."""
        return self.damaged(self.generation(number), "is missing")

    def damaged(self, file: Path, problem: str) -> IndexUnavailableError:
        """The message for a damaged file, and how to repair it."""
        parts = file.relative_to(self.folder).parts  # generations, a number, and the rest
        if file == self._current and self._newest() is not None:
            mending = "Run: qa sync"
        elif is_of_vectors("/".join(parts[2:])):
            mending = "To make the vectors anew from the texts in the index, run: qa sync"
        elif file.name == KEYWORDS:
            mending = "To make the index of words anew, run: qa sync"
        elif file.name.startswith(f"{DATABASE}-"):
            mending = "Stop whatever has the database open, delete that one file, and run: qa sync"
        else:
            mending = "To read the documents again, run: qa sync --rebuild FOLDER"
        return IndexUnavailableError(
            f"The index {self.location} is damaged: {file} {problem}. {mending}"
        )

    def _manifest(self, number: int) -> Manifest:
        current = self.current()
        if current.generation == number:
            return current
        try:
            return parse((self.generation(number) / MANIFEST).read_bytes())
        except (OSError, ValueError) as error:
            raise self.gone(number) from error

    def _newest(self) -> Manifest | None:
        """The newest complete generation, going by the manifests beside the files."""
        for number in reversed(self.numbers()):
            with contextlib.suppress(OSError, ValueError):
                manifest = parse((self.generation(number) / MANIFEST).read_bytes())
                if manifest.generation == number:
                    return manifest
        return None

    def _damage(self, number: int, *, closely: bool) -> dict[str, str]:
        if not number:
            return {}
        return dict(problems(self.generation(number), self._manifest(number), closely=closely))

    def is_unfinished(self) -> bool:
        """Whether a writer was killed or is at work."""
        drafts = any((self.folder / "generations").glob("*.draft"))
        return drafts or self._current.with_suffix(".new").exists()

    def _reaching_no_folder(self, error: OSError) -> IndexUnavailableError:
        return self._no_index("it is a file") if self.folder.is_file() else self._unusable(error)

    def _no_index(self, what: str) -> IndexUnavailableError:
        return IndexUnavailableError(
            f"{self.location} is no index: {what}. It is left as it is. Give the folder of an "
            "index, an empty folder or a new name with --index (or QA_INDEX)."
        )

    def _unusable(self, error: BaseException) -> IndexUnavailableError:
        said = message_of(error)
        return IndexUnavailableError(
            told(error, self.location, said, crowded=is_crowded(self.folder))
            or f"The index {self.location} cannot be used: {said}. To see what is wrong, run: "
            "qa doctor. To read the documents again: qa sync --rebuild FOLDER"
        )

"""`qa backup` and `qa restore`: one archive of what a server keeps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qa.cli.options import Index, Json, open_terminal

if TYPE_CHECKING:
    from qa.records import Backup

BACKUP_EXAMPLES = """Examples:

  qa backup /var/backups/footnote.tar.gz

  qa backup "footnote-$(date +%F).tar.gz" --index /srv/footnote/index

It may be made while a server answers and while somebody syncs. The documents themselves are not in it, nor an index on a Chroma server."""  # noqa: E501  (one paragraph)

Archive = Annotated[Path, typer.Argument(metavar="FILE", help="The archive (tar, gzip).")]
KeptUploads = Annotated[
    Path | None,
    typer.Option(
        "--keep-uploads",
        metavar="FOLDER",
        help="Where files of readers are kept for everyone (or QA_KEEP_UPLOADS).",
    ),
]


def backup(
    file: Archive,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    keep_uploads: KeptUploads = None,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Save the index, kept uploads, feedback, users and keys in one archive."""
    from qa.backups import backup as save
    from qa.cli.output.progress import shown

    terminal = open_terminal()
    with shown(terminal) as progress:
        made = save(file, index, force=force, progress=progress, keep_uploads=keep_uploads)
    if as_json:
        terminal.json(made.to_dict())
        return
    terminal.say(f"Saved in {made.file}: {_told(made)}")
    if "index" not in made.files:
        terminal.note(
            "Warning: the index is on a Chroma server and not in the archive. Back up the folder "
            "of that server, too, while it is stopped.",
            style="yellow",
        )


def restore(
    file: Archive,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there already.")] = False,
    keep_uploads: KeptUploads = None,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Put what `qa backup` saved back to its place, after all of it has been checked."""
    from qa.backups import restore as unpack
    from qa.cli.output.progress import shown

    terminal = open_terminal()
    with shown(terminal) as progress:
        made = unpack(file, index, force=force, progress=progress, keep_uploads=keep_uploads)
    if as_json:
        terminal.json(made.to_dict())
        return
    terminal.say(f"Restored, as of {made.made}: {_told(made)}")


def _told(made: Backup) -> str:
    from qa.cli.output.terminal import count

    parts = ", ".join(f"{name} ({count(number, 'file')})" for name, number in made.files.items())
    return f"{parts}; {made.size / 1e6:,.1f} MB unpacked"

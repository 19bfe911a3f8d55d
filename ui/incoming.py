"""Incoming files: bytes in a private folder, identified by ids that nobody can guess.

A visitor never gives a path. An id can be used once, by the conversation that received it, and by
whoever began that; a file that is not used in time is deleted. The space for each conversation, for
each address and for all together is limited from the first byte on, and no visitor's file is
deleted to make room for another's.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from collections import Counter
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from qa import QAError, open_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from qa import Settings

MEGABYTE = 1_000_000
# Seconds; a page uses its files as soon as they have arrived.
UNTAKEN_SECONDS = 15 * 60.0
# Files that may arrive from one address at the same time; a page sends one after the other.
ARRIVING_AT_ONCE = 8

CONVERSATION = re.compile(r"[0-9a-f]{32}", re.A)
FILE_ID = re.compile(r"[0-9a-f]{32}", re.A)


class UploadRefusedError(QAError):
    """A file cannot be added; `status` is the HTTP status for it."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class ConversationKey(NamedTuple):
    """What a conversation is known by: its id alone, which may be in logs, opens nothing.

    `viewer` is the name of whoever began it, "" where nobody signs in. Under the id of another's
    conversation, each has one of their own.
    """

    id: str
    viewer: str = ""


@dataclass(slots=True, eq=False)
class Share:
    """The space that one file takes from its conversation, its address and the total."""

    conversation: ConversationKey
    client: str
    bytes: int = 0

    @property
    def accounts(self) -> tuple[tuple[str, Hashable], ...]:
        """Where it counts: for its conversation, its address and the total."""
        return ("conversation", self.conversation), ("client", self.client), ("all", "")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that has arrived: the name that its visitor gave it, and its path."""

    name: str
    path: Path
    share: Share
    since: float

    def open(self) -> BinaryIO:
        """It, for reading.

        Raises:
            OSError: it does not exist any more, or is not a file.
        """
        return open_regular(self.path)


class Quotas:
    """The space in use, by conversation and address; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = RLock()
        self._shares: set[Share] = set()
        self._bytes: Counter[tuple[str, Hashable]] = Counter()

    def begin(self, conversation: ConversationKey, client: str) -> Share:
        """The share for one more file.

        Raises:
            UploadRefusedError: there are too many files, or conversations with files.
        """
        settings = self._settings
        with self._lock:
            of_all = {share.conversation for share in self._shares}
            own = {share.conversation for share in self._shares if share.client == client}
            files = sum(share.conversation == conversation for share in self._shares)
            if files >= settings.upload_files:
                raise UploadRefusedError(
                    429, f"{settings.upload_files} files can be added to a conversation."
                )
            if conversation not in own and len(own) >= settings.upload_client_conversations:
                raise UploadRefusedError(
                    429, "Too many conversations from this address have files. Close some first."
                )
            if conversation not in of_all and len(of_all) >= settings.upload_conversations:
                raise UploadRefusedError(
                    507, "Too many conversations have files right now. Try again later."
                )
            share = Share(conversation, client)
            self._shares.add(share)
            return share

    def grow(self, share: Share, bytes: int) -> None:
        """Count `bytes` more of a file.

        Raises:
            UploadRefusedError: one of its limits is reached.
        """
        settings = self._settings
        limits = (
            (413, settings.upload_megabytes,
             "The files of a conversation can be {limit:g} MB together."),
            (429, settings.upload_client_megabytes,
             "Files from this address can be {limit:g} MB together. Close a conversation first."),
            (507, settings.upload_total_megabytes,
             "There is no room for more files right now. Try again later."),
        )  # fmt: skip
        with self._lock:
            for account, (status, limit, reason) in zip(share.accounts, limits, strict=True):
                if self._bytes[account] + bytes > limit * MEGABYTE:
                    raise UploadRefusedError(status, reason.format(limit=limit))
            for account in share.accounts:
                self._bytes[account] += bytes
            share.bytes += bytes

    def end(self, share: Share) -> None:
        """Release the share of a file."""
        with self._lock:
            if share not in self._shares:
                return
            self._shares.remove(share)
            for account in share.accounts:
                self._bytes[account] -= share.bytes
            self._bytes += Counter()  # without empty entries


class Incoming:
    """The files that have arrived and are not used yet; safe to share between threads."""

    def __init__(self, folder: Path, settings: Settings, quotas: Quotas) -> None:
        folder.mkdir(mode=0o700)
        self._folder = folder
        self._settings = settings
        self._quotas = quotas
        self._lock = RLock()
        self._waiting: dict[str, Arrived] = {}
        self._arriving: Counter[str] = Counter()

    def begin(self, conversation: str, client: str, name: str, viewer: str = "") -> Arriving:
        """Begin to receive a file for a conversation of a viewer's, from an address.

        Raises:
            UploadRefusedError: the conversation has no valid id, or a limit is reached.
        """
        if not self._settings.uploads:
            raise UploadRefusedError(403, "Files cannot be added here.")
        if not CONVERSATION.fullmatch(conversation):
            raise UploadRefusedError(
                400, "This conversation has no valid id. Reload the page, and try again."
            )
        client = counted_address(client)
        with self._lock:
            if self._arriving[client] >= ARRIVING_AT_ONCE:
                raise UploadRefusedError(
                    429, "Other files are arriving from this address. Try again in a moment."
                )
            share = self._quotas.begin(ConversationKey(conversation, viewer), client)
            self._arriving[client] += 1
        try:
            return Arriving(self, self._folder / secrets.token_hex(16), name, share)
        except OSError as error:
            self._ended(share)
            self._quotas.end(share)
            raise UploadRefusedError(507, _unwritable(error)) from error

    def take(self, conversation: str, ids: Sequence[str], viewer: str = "") -> list[Arrived]:
        """The files with these ids; from now on they belong to the caller, and the ids are invalid.

        Raises:
            QAError: an id is not of this conversation of this viewer, or its file was used or
            deleted; then no file is taken.
        """
        key = ConversationKey(conversation, viewer)
        with self._lock:
            known = [
                self._waiting[id]
                for id in dict.fromkeys(ids)
                if FILE_ID.fullmatch(id)
                and id in self._waiting
                and self._waiting[id].share.conversation == key
            ]
            if not known or len(known) != len(ids):
                raise QAError("A file is no longer here. Add it again.")
            for one in known:
                del self._waiting[one.path.name]
            return known

    def remove(self, files: Sequence[Arrived]) -> None:
        """Delete files that were taken, except those that were moved away."""
        for file in files:
            try:
                file.path.unlink()
            except FileNotFoundError:
                continue
            except OSError:
                pass  # it is deleted with the folder; until then nobody can use it
            self._quotas.end(file.share)

    def forget(self, conversation: str, viewer: str = "") -> None:
        """Delete the waiting files of a conversation of a viewer's."""
        key = ConversationKey(conversation, viewer)
        self._remove_where(lambda one: one.share.conversation == key)

    def forget_untaken(self) -> None:
        """Delete files that were not used in time."""
        latest = time.monotonic() - UNTAKEN_SECONDS
        self._remove_where(lambda one: one.since < latest)

    def _remove_where(self, unwanted: Callable[[Arrived], bool]) -> None:
        with self._lock:
            gone = [id for id, one in self._waiting.items() if unwanted(one)]
            self.remove([self._waiting.pop(id) for id in gone])

    def _ended(self, share: Share) -> None:
        with self._lock:
            self._arriving[share.client] -= 1
            self._arriving += Counter()

    def _keep(self, arrived: Arrived) -> str:
        with self._lock:
            self._waiting[arrived.path.name] = arrived
        return arrived.path.name


class Arriving:
    """A file while it arrives: `write` until it is complete, then `done`; a `with` cleans up."""

    def __init__(self, incoming: Incoming, path: Path, name: str, share: Share) -> None:
        self._incoming = incoming
        self._path = path
        self.name = name
        self._share = share
        self._limit = incoming._settings.max_file_megabytes
        # "x" opens nothing that exists, not even through a link.
        self._file = open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))  # noqa: SIM115
        self._whole = False

    def __enter__(self) -> Arriving:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._incoming._ended(self._share)
        if not self._whole:
            with contextlib.suppress(OSError):
                self._path.unlink()
            self._incoming._quotas.end(self._share)

    @property
    def size(self) -> int:
        """The number of bytes that have arrived."""
        return self._share.bytes

    def announce(self, bytes: int) -> None:
        """Refuse a file before it arrives if it would be refused afterwards.

        Raises:
            UploadRefusedError: the file is too large.
        """
        if bytes > self._limit * MEGABYTE:
            raise UploadRefusedError(
                413,
                f"It is larger than {self._limit:g} MB. Split it, or add its text alone.",
            )

    def write(self, piece: bytes) -> None:
        """Append to the file.

        Raises:
            UploadRefusedError: a limit is reached, or the disk is full.
        """
        self.announce(self._share.bytes + len(piece))
        self._incoming._quotas.grow(self._share, len(piece))
        try:
            self._file.write(piece)
        except OSError as error:
            raise UploadRefusedError(507, _unwritable(error)) from error

    def done(self) -> str:
        """The file is complete; the id to take it by.

        Raises:
            UploadRefusedError: the disk is full.
        """
        try:
            self._file.close()
        except OSError as error:
            raise UploadRefusedError(507, _unwritable(error)) from error
        self._whole = True
        arrived = Arrived(self.name, self._path, self._share, time.monotonic())
        return self._incoming._keep(arrived)


def counted_address(address: str) -> str:
    """A visitor, for the limits: an address, or for IPv6, the network of one subscriber."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))
    return str(ip)


def _unwritable(error: OSError) -> str:
    return f"The file cannot be stored: {error.strerror or error}. Try again later."

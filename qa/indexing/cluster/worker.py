"""What runs on a machine of the cluster: a file's bytes -> what the index stores of its document.

A worker has one processor and does one file at a time, so that whatever ends it lies in that file
or in the machine. It parses in a process of its own, as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from io import BytesIO
from typing import Any

from qa.errors import QAError
from qa.index import Prepared
from qa.indexing.adding import check_storable, with_blocks
from qa.indexing.mirrored import READING
from qa.indexing.preparing.storing import Incoming, Preparing
from qa.limits import Limits
from qa.loading import CURRENT
from qa.loading.office import through_libreoffice
from qa.loading.pdf import recognition
from qa.loading.workers import pool as parsers
from qa.models import open_embedder

PACKAGE = "footnote-qa"


@dataclass(frozen=True, slots=True)
class Order:
    """A file as the cluster gets it: no more of it than its document is made from.

    `id` is that of the document. If the index has it as `held` (`Entry.indexed`), its passages are
    not made again.
    """

    source: str
    suffix: str
    id: str
    held: str
    data: bytes


class Worker:
    """Reads and embeds one file after another."""

    def __init__(self, embedder: str, fast: bool, passage_tokens: int, limits: Limits) -> None:
        self._preparing = Preparing(open_embedder(embedder, fast=fast), passage_tokens)
        self._limits = limits

    def made_of(self) -> Mapping[str, str]:
        """See `made_of`."""
        return made_of(self._preparing)

    def prepare(self, order: Order) -> Prepared | QAError:
        """A document, ready to be stored, or why there is none.

        Its record says nothing of the file, which this machine does not know.
        """
        place = (lambda: BytesIO(order.data)), order.source, order.suffix
        try:
            with parsers.loading([place], self._limits, processes=1) as documents:
                document = next(documents).result()
            check_storable(document)
            incoming = Incoming(replace(with_blocks(document), id=order.id))
            (ready,) = self._preparing.prepared([incoming], lambda one: one.indexed == order.held)
        except QAError as error:
            return error
        return ready


def made_of(preparing: Preparing) -> Mapping[str, str]:
    """All that must be the same on two machines that prepare documents of one index, by name."""
    tesseract = recognition.program()
    loaders = (one.rpartition(" ") for one in sorted(CURRENT))
    return {
        PACKAGE: version(PACKAGE),
        "the embedder": preparing.fingerprint,
        "the splitter": preparing.splitter,
        "the way of reading": READING,
        **{f"the loader {name}": number for name, _, number in loaders},
        "Tesseract": ", ".join(recognition.languages(tesseract)) if tesseract else "none",
        "LibreOffice": "there" if through_libreoffice.program() else "none",
    }


def seat() -> type[Any]:
    """The class of Ray's actors: a worker once it is started.

    It is made here to travel whole, and not as the name of something that another version of this
    package does not have.
    """

    class Seat:
        """A processor of the cluster."""

        worker: Any

        def version(self) -> Any:
            """The name of the machine, and the version of this package there, or nothing."""
            from importlib.metadata import PackageNotFoundError, version
            from socket import gethostname

            try:
                return gethostname(), version(PACKAGE)
            except PackageNotFoundError:
                return gethostname(), ""

        def start(self, *how: Any) -> Any:
            """What its worker is made of, which can work from now on."""
            from qa.indexing.cluster.worker import Worker

            self.worker = Worker(*how)
            return self.worker.made_of()

        def prepare(self, order: Any) -> Any:
            """See `Worker.prepare`."""
            return self.worker.prepare(order)

    return Seat

"""What every reader does: from hits to the spans in them that answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from qa.records import Hit, Span


class Reader(ABC):
    """Finds the stretches of the hits that answer a question."""

    name: str

    @abstractmethod
    def read(self, question: str, hits: Sequence[Hit], rarity: Mapping[str, float]) -> list[Span]:
        """The spans that answer, best first; their scores say how sure the reader is of each, 0..1.

        Each span also says how well the hit that holds it answers (`Span.answer`), by which hits
        are compared with each other. `rarity` weighs the question's stems: the fewer passages hold
        one, the more it tells (see `KeywordIndex.rarity`).
        """

"""The base of all models of JSON, and the fields that several of them have."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict

Rounded = Annotated[float, AfterValidator(lambda value: round(value, 4))]


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


# In JSON, 3.0 is a whole number, too. Bounds stand before it, or the schema would not show them.
Whole = BeforeValidator(_whole)
Offset = Annotated[int, Field(ge=0), Whole]
Number = Annotated[int, Field(ge=1), Whole]
Seconds = Annotated[float, AfterValidator(lambda value: round(value, 3))]
Share = Annotated[float, Field(ge=0, le=1)]
# JSON has no tuples, so a list is one, even where everything else has to fit exactly.
Rows = Annotated[
    tuple[Annotated[int, Strict(), Whole], Annotated[int, Strict(), Whole]], Strict(False)
]


class Schema(BaseModel):
    """The base of all models: they are read from records or JSON, and are immutable."""

    model_config = ConfigDict(from_attributes=True, frozen=True, extra="ignore")

    @classmethod
    def shown(cls, record: object) -> dict[str, Any]:
        """A record as JSON: dictionaries, lists, texts and numbers."""
        return cls.model_validate(record).model_dump(mode="json", by_alias=True)

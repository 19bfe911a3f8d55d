"""YAML, its values as they are written: for people, who see "NO" and no truth."""

from __future__ import annotations

from functools import cache
from typing import Any

from qa.loading.tables.grid import typed


def read_yaml(text: str) -> Any:
    """The value in a file, or the list of those of its documents."""
    import yaml

    documents = list(yaml.load_all(text, Loader=_loader()))
    return documents[0] if len(documents) == 1 else documents


@cache
def _loader() -> Any:
    """A loader that keeps values as they are written: "NO" is no truth, and 8:30 no number."""
    import yaml

    fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(fast):  # type: ignore[misc, valid-type]
        """Knows what is empty, and what is put in from elsewhere in the file."""

    Loader.yaml_implicit_resolvers = {
        sign: kept
        for sign, resolvers in fast.yaml_implicit_resolvers.items()
        if (kept := [one for one in resolvers if one[0].endswith((":null", ":merge"))])
    }

    def scalar(loader: Any, node: Any) -> str:
        text = str(loader.construct_scalar(node))
        return text if node.style else typed(text)

    def other(loader: Any, node: Any) -> Any:
        """A value with a tag that is for some program."""
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return scalar(loader, node)

    for kind in ("str", "int", "float", "bool", "timestamp"):
        Loader.add_constructor(f"tag:yaml.org,2002:{kind}", scalar)
    Loader.add_constructor(None, other)
    return Loader

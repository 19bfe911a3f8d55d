"""Missing packages, reported with the command that installs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from qa.errors import ModelUnavailableError


@contextmanager
def needed_for(purpose: str, package: str, install: str) -> Iterator[None]:
    """Turn a failure to import `package` into advice: what needs it, and what to install.

    Raises:
        ModelUnavailableError: something could not be imported in the block.
    """
    try:
        yield
    except ImportError as error:
        raise ModelUnavailableError(
            f"{purpose} needs the package {package}. Run: pip install {install}"
        ) from error


def extra(name: str) -> str:
    """What to install for one of our extras, quoted for a shell."""
    return f'"footnote-qa[{name}]"'


def need(purpose: str, module: str, package: str, install: str) -> None:
    """Make sure that `module` can be imported.

    Raises:
        ModelUnavailableError: its `package` is missing.
    """
    with needed_for(purpose, package, install):
        import_module(module)

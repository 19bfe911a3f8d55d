"""reStructuredText: what docutils makes of it, as HTML."""

from __future__ import annotations

import re
from typing import Any

from qa.errors import EmptyFileError
from qa.limits import Limits
from qa.loading.blocks import Blocks
from qa.loading.html import render_fragment
from qa.loading.plain import decode_or_raise
from qa.records import Document
from qa.text.cleaning import clean, one_line

_DIRECTIVE = re.compile(r"^[ \t]{0,60}\.\. ([\w:+.-]{1,60})::", re.MULTILINE)
_INCLUDED = re.compile(r"^[ \t]{0,60}\.\. (?:literal)?include::[ \t]([^\n]{1,300})", re.MULTILINE)
_ROLE = re.compile(r":([\w:+.-]{1,60}):`|`:([\w:+.-]{1,60}):")
_TARGET = re.compile(r"\s{0,9}<[^<>]{1,500}>$")
# What they hold is for the programs that build the pages.
_SILENT = frozenset(("toctree", "index", "include", "literalinclude", "raw", "highlight", "meta"))
_STRUCK = frozenset(("strike", "strikethrough", "del", "deleted", "line-through", "s"))
_SETTINGS: dict[str, object] = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "report_level": 5,
    "halt_level": 5,
    "embed_stylesheet": False,
    "stylesheet_path": None,
    "syntax_highlight": "none",
    "math_output": "LaTeX",
    "footnote_references": "superscript",
    "sectsubtitle_xform": False,
    "doctitle_xform": False,
    "initial_header_level": 1,
    "output_encoding": "unicode",
}


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """Headings, paragraphs, lists, tables, code and notes; other files are not read into it.

    Roles and directives that docutils does not know, such as Sphinx's, give the words in them.

    Raises:
        EmptyFileError: there is no text in it.
    """
    from docutils.core import publish_parts

    text = clean(decode_or_raise(data, source))
    limits.check(source, "max_characters", len(text), "has {} characters")
    _make_known(text)
    parts = publish_parts(text, writer="html5", settings_overrides=_SETTINGS)
    blocks = Blocks()
    for name in _INCLUDED.findall(text):
        blocks.warn(f"Not read: {name.strip()}, which it includes")
    render_fragment(parts["html_body"], blocks)
    if blocks.empty:
        raise EmptyFileError(f"{source} holds no text, only marks. Leave it out, or write into it.")
    top = min((heading.level for heading in blocks.headings), default=1)
    titles = [heading.text for heading in blocks.headings if heading.level == top]
    return blocks.document(source, titles[:1])


def _make_known(text: str) -> None:
    """Teach docutils the names in `text` that it does not know."""
    from docutils import nodes
    from docutils.parsers.rst import Directive, directives, languages, roles

    class Container(Directive):
        """A part with a name, and perhaps a heading."""

        optional_arguments = 1
        final_argument_whitespace = True
        has_content = True
        option_spec = _AnyOption()

        def run(self) -> list[nodes.Node]:
            around = nodes.container(classes=["note"])
            for argument in self.arguments:
                around += nodes.paragraph(argument, one_line(argument))
            self.state.nested_parse(self.content, self.content_offset, around)
            return [around] if around.children else []

    class Silent(Container):
        """A part that is not for readers."""

        def run(self) -> list[nodes.Node]:
            return []

    english = languages.get_language("en")
    for name in set(_DIRECTIVE.findall(text)):
        lowered = name.lower()
        if lowered in _SILENT:
            directives.register_directive(lowered, Silent)
        elif lowered not in english.directives:
            directives.register_directive(lowered, Container)
    for before, after in set(_ROLE.findall(text)):
        name = (before or after).lower()
        if name in _STRUCK:
            roles.register_local_role(name, _nothing)
        elif name not in english.roles:
            roles.register_local_role(name, _words)


def _words(_name: str, rawtext: str, text: str, *_: Any, **__: Any) -> tuple[list[Any], list[Any]]:
    """A role's words; of "title <target>", the title."""
    from docutils import nodes

    return [nodes.inline(rawtext, _TARGET.sub("", text) or text)], []


def _nothing(*_: Any, **__: Any) -> tuple[list[Any], list[Any]]:
    """What a role for struck-through words gives."""
    return [], []


class _AnyOption(dict[str, Any]):
    """Knows every option of a directive, as text."""

    def __missing__(self, key: str) -> Any:
        return str

    def __bool__(self) -> bool:
        return True

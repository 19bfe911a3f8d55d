"""The marks within a line of AsciiDoc, as HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape, unescape

_SIGNS: Mapping[str, str] = {
    **{"nbsp": " ", "zwsp": "", "apos": "'", "quot": '"', "lt": "<", "gt": ">", "amp": "&"},
    **{"plus": "+", "asterisk": "*", "tilde": "~", "backtick": "`", "caret": "^", "vbar": "|"},
    **{"deg": "°", "empty": "", "sp": " ", "blank": "", "cpp": "C++", "pp": "++"},
}
_REFERENCE = re.compile(r"\{([\w-]{1,60})\}")
# In the text after it is escaped for HTML.
_MACROS = re.compile(
    r"&lt;&lt;(?P<to>[^,\[\]\n&]{1,200})(?:,[ \t]{0,9}(?P<shown>[^\n&]{1,300}))?&gt;&gt;"
    r"|(?P<link>(?:link:|mailto:)?(?:https?|ftp|irc)://[^\s\[\]<>]{1,1000}|(?:link|mailto):[^\s\[\]]{1,500})"
    r"\[(?P<label>[^\[\]\n]{0,500})\]"
    r"|xref:(?P<cross>[^\s\[\]]{1,300})\[(?P<crossed>[^\[\]\n]{0,300})\]"
    r"|menu:(?P<menu>[^\[\]\n]{1,100})\[(?P<chosen>[^\[\]\n]{0,200})\]"
    r"|(?:kbd|btn):\[(?P<key>[^\[\]\n]{1,100})\]"
    r"|footnote:[\w-]{0,60}\[(?P<note>[^\[\]\n]{0,1000})\]"
    r"|(?:image|icon|anchor|indexterm2?):{0,2}[^\s\[\]]{0,300}\[(?P<dropped>[^\[\]\n]{0,300})\]"
    r"|\[\[[^\[\]\n]{1,200}\]\]|\(\(\([^()\n]{1,200}\)\)\)"
)
_STRUCK = re.compile(r"\[\.?(?:line-through|strike)\]#{1,2}([^#\n]{1,500})#{1,2}")
_SPAN = re.compile(r"(?:\[[^\[\]\n]{0,100}\])?(?<![\w#&])#{1,2}([^#\n]{1,500})#{1,2}(?!\w)")
_CODE = re.compile(r"(`{1,2})\+?([^`\n]{1,500}?)\+?\1(?!`)")
_BOLD = re.compile(
    r"\*\*([^*\n]{1,500})\*\*|(?<![\w*])\*([^\s*](?:[^*\n]{0,500}[^\s*])?)\*(?![\w*])"
)
_EMPHASIS = re.compile(r"__([^_\n]{1,500})__|(?<![\w_])_([^\s_](?:[^_\n]{0,500}[^\s_])?)_(?![\w_])")
_RAISED = re.compile(r"\^([^\s^]{1,60})\^")
_LOWERED = re.compile(r"~([^\s~]{1,60})~")
_PASSED = re.compile(r"\+{1,3}([^+\n]{1,500})\+{1,3}")
_BREAK = re.compile(r"[ \t]\+(?=\n|\Z)")
_TAG = re.compile(r"<[^<>]{0,2000}>")


def html_of(text: str, attributes: Mapping[str, str]) -> str:
    """The text with its marks as tags; `attributes` are the values of `{names}`."""
    said = _REFERENCE.sub(lambda found: _value(found, attributes), text)
    said = escape(said, quote=False)
    said = _MACROS.sub(_macro, said)
    said = _STRUCK.sub(r"<s>\1</s>", said)
    said = _CODE.sub(r"<code>\2</code>", said)
    said = _SPAN.sub(r"\1", said)
    said = _BOLD.sub(lambda found: f"<b>{found[1] or found[2]}</b>", said)
    said = _EMPHASIS.sub(lambda found: found[1] or found[2], said)
    said = _RAISED.sub(r"<sup>\1</sup>", said)
    said = _LOWERED.sub(r"\1", said)
    said = _PASSED.sub(r"\1", said)
    return _BREAK.sub("<br>", said)


def plain(text: str, attributes: Mapping[str, str]) -> str:
    """The words of the text alone."""
    return unescape(_TAG.sub("", html_of(text, attributes)))


def _value(found: re.Match[str], attributes: Mapping[str, str]) -> str:
    name = found[1].lower()
    return attributes.get(name, _SIGNS.get(name, found[0]))


def _macro(found: re.Match[str]) -> str:
    if found["to"] is not None:
        return found["shown"] or found["to"].rpartition("#")[2].replace("_", " ").strip()
    if found["link"] is not None:
        target = found["link"].removeprefix("link:")
        label = found["label"].partition(",window=")[0].removesuffix("^") or target
        return f'<a href="{target.replace(chr(34), "%22")}">{label}</a>'
    if found["cross"] is not None:
        return found["crossed"] or found["cross"].rpartition("#")[2]
    if found["menu"] is not None:
        return " › ".join(filter(None, (found["menu"], found["chosen"].replace("&gt;", "›"))))
    if found["key"] is not None:
        return found["key"]
    return f" ({found['note']})" if found["note"] else ""

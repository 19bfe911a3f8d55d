"""The parts of a web page that are not its text: navigation, banners, forms, hidden parts."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

Element = Any
"""An `lxml.etree` element; lxml has no types."""

SILENT = frozenset(
    (
        *("script", "style", "noscript", "template", "head", "iframe", "object", "embed", "applet"),
        *("svg", "canvas", "audio", "video", "map", "area", "datalist", "select", "option"),
        *("optgroup", "textarea", "input", "progress", "meter", "dialog", "frame", "frameset"),
        *("annotation", "annotation-xml", "rt", "rp"),
    )
)
"""Elements whose content is never readable text."""

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_PAGE = frozenset(("html", "body"))
_CONTENT = frozenset(("html", "body", "main", "article"))
_JUDGED = frozenset(("header", "aside", "form"))
_DROPPED_ROLES = frozenset(
    (
        *("navigation", "banner", "contentinfo", "search", "complementary", "dialog"),
        *("alertdialog", "menu", "menubar", "toolbar", "tablist"),
    )
)
_NOTHING = r"(?:0++(?:\.0*+)?|\.0++)(?:px|r?em|pt|%)?(?:\s*+!important)?+\s*+(?:;|$)"
_HIDDEN_STYLE = re.compile(
    r"(?:^|;)\s*+(?:display\s*+:\s*+none|visibility\s*+:\s*+(?:hidden|collapse)"
    rf"|(?:font-size|opacity)\s*+:\s*+{_NOTHING}|font-size\s*+:\s*+1px"
    r"|(?:left|top|text-indent)\s*+:\s*+-\d{4}|text-decoration(?:-line)?\s*+:[^;]*line-through)"
)
_WHITE = re.compile(
    r"(?:^|;)\s*+color\s*+:\s*+(?:white|#fff(?![0-9a-f])|#(?:f[c-f]){3}|transparent"
    r"|rgba?\((?:\s*+25[0-5](?:\s*+[,/)]|\s++)){3}|rgba\((?:[^),]{0,20},){3}\s*+0\s*+\))"
)
# Boxes of no size, and others that are cut away.
_NO_BOX = re.compile(rf"(?:^|;)\s*+(?:max-)?+(?:height|width)\s*+:\s*+{_NOTHING}")
_CUT_OFF = re.compile(
    r"(?:^|;)\s*+(?:clip\s*+:\s*+rect\(\s*+[01](?:px)?+[\s,)]|clip-path\s*+:\s*+inset\((?:50|100)%"
    r"|transform\s*+:[^;]*scale\(\s*+0\s*+\))"
)
_OVERFLOW = re.compile(r"overflow\s*+:\s*+hidden")
_SHOWS = re.compile(r"(?:^|;)\s*+(?:display\s*+:\s*+(?!none)\w|visibility\s*+:\s*+visible)")
_COLOUR = re.compile(r"(?:^|;)\s*+color\s*+:\s*+([^;!]{1,50})")
_GROUND = re.compile(r"background(?:-color)?+\s*+:\s*+([^;!]{1,200})")
_WHITES = frozenset(("white", "#fff", "#ffffff", "transparent", "none", "inherit", "initial"))
_STRUCK = frozenset(("s", "strike", "del"))
_CALLOUT = re.compile(r"note|tip|warn|caution|danger|info|important|callout|admonition|alert")
# Matched against each word of `class` and `id`.
_DROPPED_NAME = re.compile(
    r"(?:.*[-_])?(?:cookies?|gdpr|consent)(?:[-_]*(?:banner|bar|consent|notice|popup|pop-up|modal"
    r"|overlay|dialog|message|container|wrapper|law|info|hinweis|preferences|settings).*)?"
    r"|breadcrumbs?(?:[-_].*)?"
    r"|(?:(?:site|page|main|global|top|left|right|primary|secondary|mobile)[-_]?)?"
    r"(?:nav|navbar|navigation|menu|sidebar|sidenav|footer)(?:[-_](?:wrapper|container|inner))?"
    r"|skip(?:[-_]?(?:link|links|nav|navigation|to[-_].*|tocontent.*))|mw-jump-link"
    r"|(?:social|share|sharing)(?:[-_]*(?:links?|buttons?|icons?|bar|media|share|sharing|this|tools?).*)?"
    r"|newsletter(?:[-_].*)?|subscribe(?:[-_].*)?|(?:email[-_])?sign-?up(?:[-_].*)?"
    r"|related[-_]?(?:posts?|articles?|links?|stories|content)(?:[-_].*)?|recommended(?:[-_].*)?"
    r"|pagination(?:[-_].*)?|pager|(?:post|page)[-_]nav(?:igation)?|prev[-_]?next"
    r"|ad|ads|advert.*|banner[-_]?ads?|sponsor(?:ed)?(?:[-_].*)?|promo"
    r"|mw-editsection.*|editsection|edit-(?:link|page|this-page)|theme-edit-this-page"
    r"|noprint|print-hidden|d-print-none|no-print|navbox(?:-styles)?|catlinks|printfooter"
    r"|table-of-contents|toc|toctree-wrapper|toc-wrapper|sphinxsidebar(?:wrapper)?"
    r"|headerlink|header-anchor|hash-link|anchorjs-link|permalink|linenos|lineno|gutter"
    r"|mw-portlet.*|vector-(?:dropdown|menu|page-toolbar|column-end|pinnable).*|mw-indicators"
    r"|mw-cite-backlink|sitesub|contentsub|mw-empty-elt"
    r"|copy-?(?:button|btn)|login(?:[-_](?:form|box|link))?|search-?(?:form|box|bar)"
)
_LONGEST_NAME = 60
_LONGEST_STYLE = 1000
_LARGEST_SHARE = 0.4
_MOST_MEASURED = 20
_MAIN = (
    "descendant-or-self::*[self::main or @role='main' and "
    "(self::article or self::div or self::section or self::td)]"
)
_LINK_TEXTS = frozenset(
    (
        *("edit", "[edit]", "edit this page", "edit on github", "edit source", "view source"),
        *("improve this page", "permalink", "¶", "#", "§", "🔗", "back to top", "skip to content"),
        *("skip to main content", "print", "print this page", "bearbeiten", "modifier"),
    )
)


class Boilerplate:
    """Decides for each element of a page whether a reader would miss it."""

    def __init__(self, root: Element) -> None:
        self.characters = _text_size(root)
        self._root = root
        self._scope = root
        self._measured = 0
        self._sizes: dict[Element, int] = {}

    def main(self, root: Element) -> Element:
        """The element with the content of the page: its main part, or all of it."""
        candidates = root.xpath(_MAIN)
        if not candidates:
            articles = list(root.iter("article"))
            candidates = articles if len(articles) == 1 else []
        shown = [one for one in candidates if not _is_inside(one, SILENT)]
        self._measured += len(shown)
        sizes = [self._size(one) for one in shown]
        largest = max(sizes, default=0)
        enough = shown and largest >= min(250, 0.3 * self.characters)
        self._scope = shown[sizes.index(largest)] if enough else root
        return self._scope

    def drops(self, element: Element) -> bool:
        """Whether the element is left out, with everything in it."""
        tag = element.tag
        if tag in SILENT:
            return True
        rule = _RULES.get(tag)
        if rule is None and tag not in _JUDGED and tag not in _STRUCK and not element.keys():
            return False  # most elements have nothing to distinguish them from text
        if is_hidden(element) or (rule is not None and rule(element)):
            return True
        if tag in _CONTENT or element is self._scope:
            return False
        return _is_marked(element) and self._is_minor(element)

    def _is_minor(self, element: Element) -> bool:
        """Otherwise, a page whose body is one big form or "menu" would lose all its text."""
        if element.tag in ("header", "aside"):
            return True
        most = _LARGEST_SHARE * self.characters
        if len(element.xpath("string()", smart_strings=False)) <= most:  # faster to see
            return True
        minor = self._size(element) <= most
        self._measured += not minor
        return minor

    def _size(self, element: Element) -> int:
        """The number of characters of text in an element."""
        if self._measured <= _MOST_MEASURED:
            return _text_size(element)
        # Large ones are nested in each other: measuring each would take too long.
        self._sizes = self._sizes or _text_sizes(self._root)
        return self._sizes.get(element, 0)


def is_hidden(element: Element) -> bool:
    """Whether a browser would not show the element, or strike it through."""
    if element.get("hidden") is not None and element.get("hidden") != "until-found":
        return True
    if element.get("aria-hidden") == "true":
        return True
    if element.tag in _STRUCK:
        return True
    style = element.get("style")
    if element.tag == "font" and (colour := element.get("color")):
        style = f"color:{colour};{style or ''}"
    if not style:
        return False
    hidden, white = (_seen_by if len(style) <= _LONGEST_STYLE else _seen_by.__wrapped__)(style)
    return hidden or (white and not _has_ground(element))


@lru_cache(maxsize=1000)  # pages say the same style again and again
def _seen_by(style: str) -> tuple[bool, bool]:
    """Whether a style hides its text, and whether it makes it white."""
    style = style.lower()
    return hides(style), _WHITE.search(style) is not None


def hides(style: str) -> bool:
    """Whether the declarations of a style hide a text, or strike it through."""
    style = style.lower()
    if _HIDDEN_STYLE.search(style) or _CUT_OFF.search(style):
        return True
    colour, ground = _COLOUR.search(style), _GROUND.search(style)
    if colour and ground and colour[1].strip() == ground[1].strip():
        return True
    return _OVERFLOW.search(style) is not None and _NO_BOX.search(style) is not None


def shows(style: str) -> bool:
    """Whether the declarations of a style make something visible."""
    return _SHOWS.search(style.lower()) is not None


def _has_ground(element: Element) -> bool:
    """Whether an element around it may have a background other than white."""
    for around in (element, *element.iterancestors()):
        if around.tag in _PAGE:
            return around.get("bgcolor") is not None or "background" in (around.get("style") or "")
        if around.get("bgcolor") or around.get("class") or around.get("id"):
            return True
        ground = _GROUND.search((around.get("style") or "").lower())
        if ground and ground[1].strip() not in _WHITES:
            return True
    return False


def _is_marked(element: Element) -> bool:
    tag = element.tag
    role = (element.get("role") or "").lower()
    if tag == "header":
        return not _holds(element, ("h1", "h2")) and not _is_inside(element, _CONTENT - {"body"})
    if tag == "aside":
        return not any(_CALLOUT.search(name) for name in _names(element))
    if role in _DROPPED_ROLES:
        return not _holds(element, ("h1", "main"))
    if tag == "form" or any(map(_is_dropped, _names(element))):
        return not _holds(element, ("h1", "main", "article"))
    return False


def _is_tool_link(element: Element) -> bool:
    if any(map(_is_dropped, _names(element))):
        return True
    if len(element) > 3:
        return False
    return "".join(element.itertext()).strip().lower() in _LINK_TEXTS


def _names(element: Element) -> list[str]:
    """The words of its class and id, except for very long generated ones."""
    named, one = element.get("class"), element.get("id")
    if not (named or one):
        return []
    names = f"{named or ''} {one or ''}".lower().split()
    return [name for name in names if len(name) <= _LONGEST_NAME]


@lru_cache(maxsize=4000)
def _is_dropped(name: str) -> bool:
    return _DROPPED_NAME.fullmatch(name) is not None


# Pages with collapsible answers have the question in a button in a heading; quotations name their
# author in a footer.
_RULES: dict[str, Callable[[Element], bool]] = {
    "a": _is_tool_link,
    "nav": lambda _: True,
    "button": lambda button: button.getparent().tag not in _HEADINGS,
    "footer": lambda footer: footer.getparent().tag != "blockquote",
    "ul": lambda entries: entries.getparent().tag == "header",
    "ol": lambda entries: entries.getparent().tag == "header",
}


def _holds(element: Element, tags: tuple[str, ...]) -> bool:
    return next(element.iter(*tags), None) is not None


def _is_inside(element: Element, tags: frozenset[str]) -> bool:
    parent = element.getparent()
    while parent is not None:
        if parent.tag in tags - {"html"}:
            return True
        parent = parent.getparent()
    return False


def _text_size(root: Element) -> int:
    """The number of characters of text in an element."""
    size = _length_of_all(root)
    outer: Element = None
    for element in root.iter(*SILENT):
        if element is root:
            return 0
        if outer is None or outer not in element.iterancestors():
            outer = element
            size -= _length_of_all(element)
    return size


def _length_of_all(root: Element) -> int:
    texts = root.xpath("descendant::text()", smart_strings=False)
    return sum([len(text.strip()) for text in texts])


def _text_sizes(root: Element) -> dict[Element, int]:
    """The same for each element, in one pass."""
    from lxml.etree import iterwalk  # type: ignore[import-untyped]

    sizes: dict[Element, int] = {}
    before: list[int] = []
    size = 0
    walk = iterwalk(root, events=("start", "end"))
    for event, element in walk:
        if event == "start":
            before.append(size)
            if element.tag in SILENT:
                walk.skip_subtree()
            elif element.text:
                size += len(element.text.strip())
        else:
            sizes[element] = size - before.pop()
            if element.tail:
                size += len(element.tail.strip())
    return sizes

"""The parts of a web page that are not its text: navigation, banners, forms, hidden parts."""

from __future__ import annotations

import re
from collections.abc import Callable
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
    r"(?:^|;)\s*+(?:display\s*+:\s*+none|visibility\s*+:\s*+hidden"
    rf"|(?:font-size|opacity)\s*+:\s*+{_NOTHING}|font-size\s*+:\s*+1px"
    r"|(?:left|top|text-indent)\s*+:\s*+-\d{4}|text-decoration(?:-line)?\s*+:[^;]*line-through)"
)
_WHITE = re.compile(
    r"(?:^|;)\s*+color\s*+:\s*+(?:white|#fff(?:fff)?|rgba?\(\s*255\s*,\s*255\s*,\s*255\s*[,)]"
    r"|transparent|rgba\([^)]*,\s*0\s*\))"
)
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
_LARGEST_SHARE = 0.4
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
        self._sizes = _text_sizes(root)
        self.characters = self._sizes[root]
        self._scope = root

    def main(self, root: Element) -> Element:
        """The element with the content of the page: its main part, or all of it."""
        candidates = [
            element
            for element in root.iter("main", "article", "div", "section", "td")
            if element.tag == "main" or element.get("role") == "main"
        ]
        if not candidates:
            articles = list(root.iter("article"))
            candidates = articles if len(articles) == 1 else []
        candidates = [element for element in candidates if element in self._sizes]
        best = max(candidates, key=self._sizes.__getitem__, default=root)
        substantial = min(250, 0.3 * self.characters)
        self._scope = best if self._sizes[best] >= substantial else root
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
        return self._is_minor(element) and _is_marked(element)

    def _is_minor(self, element: Element) -> bool:
        """Otherwise, a page whose body is one big form or "menu" would lose all its text."""
        return bool(self._sizes.get(element, 0) <= _LARGEST_SHARE * self.characters) or (
            element.tag in ("header", "aside")
        )


def is_hidden(element: Element) -> bool:
    """Whether a browser would not show the element, or strike it through."""
    if element.get("hidden") is not None and element.get("hidden") != "until-found":
        return True
    if element.get("aria-hidden") == "true":
        return True
    if element.tag in _STRUCK:
        return True
    style = (element.get("style") or "").lower()
    if not style:
        return False
    return _HIDDEN_STYLE.search(style) is not None or (
        _WHITE.search(style) is not None and not _has_ground(element)
    )


def _has_ground(element: Element) -> bool:
    """Whether an element around it may have a background other than white."""
    for around in (element, *element.iterancestors()):
        if around.tag in _PAGE:
            return around.get("bgcolor") is not None or "background" in (around.get("style") or "")
        if around.get("bgcolor") or around.get("class") or around.get("id"):
            return True
        if "background" in (around.get("style") or ""):
            return True
    return False


def _is_marked(element: Element) -> bool:
    tag = element.tag
    role = (element.get("role") or "").lower()
    names = _names(element)
    if tag == "header":
        return not _holds(element, ("h1", "h2")) and not _is_inside(element, _CONTENT - {"body"})
    if tag == "aside":
        return not any(_CALLOUT.search(name) for name in names)
    if role in _DROPPED_ROLES:
        return not _holds(element, ("h1", "main"))
    if tag == "form" or any(_DROPPED_NAME.fullmatch(name) for name in names):
        return not _holds(element, ("h1", "main", "article"))
    return False


def _is_tool_link(element: Element) -> bool:
    if any(_DROPPED_NAME.fullmatch(name) for name in _names(element)):
        return True
    if len(element) > 3:
        return False
    return "".join(element.itertext()).strip().lower() in _LINK_TEXTS


def _names(element: Element) -> list[str]:
    """The words of its class and id, except for very long generated ones."""
    names = f"{element.get('class') or ''} {element.get('id') or ''}".lower().split()
    return [name for name in names if len(name) <= _LONGEST_NAME]


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


def _text_sizes(root: Element) -> dict[Element, int]:
    """The number of characters of text in each element, in one pass from the leaves up."""
    from lxml.etree import iterwalk  # type: ignore[import-untyped]

    sizes: dict[Element, int] = {}
    walk = iterwalk(root, events=("start", "end"))
    for event, element in walk:
        if element.tag in SILENT:
            sizes[element] = 0
            if event == "start":
                walk.skip_subtree()
        elif event == "end":
            inside = sum(sizes[child] + _length(child.tail) for child in element)
            sizes[element] = _length(element.text) + inside
    return sizes


def _length(text: str | None) -> int:
    return len(text.strip()) if text else 0

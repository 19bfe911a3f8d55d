"""The page to sign in at: a form, or the way to one elsewhere. It needs no script."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlencode

from ui.brand.brand import PLAIN, Brand, brand_of
from ui.page.looks import STATIC, icon
from ui.page.render import contact_line
from ui.page.texts import choose

if TYPE_CHECKING:
    from starlette.requests import Request

    from ui.page.texts import Texts

# The form alone; nobody may show it in a frame, where it cannot be told from another one.
FORM_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
LONGEST_WAY = 4000
_LANGUAGE = re.compile(r"([a-z]{2})/")
_ICON = "data:image/svg+xml," + quote((STATIC / "chat" / "icon.svg").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Way:
    """Where somebody was going when they had to sign in: a path below the page's folder."""

    path: str
    query: str
    texts: Texts
    brand: Brand = PLAIN

    @classmethod
    def of(cls, following: str, request: Request) -> Way:
        """The way in the parameter `next`, in the language of the page that it leads to."""
        path, _, query = following[:LONGEST_WAY].partition("?")
        found = _LANGUAGE.match(path)
        asked = parse_qs(query).get("lang", [""])[0]
        liked = request.headers.get("accept-language", "")
        brand = brand_of(request)
        language = found[1] if found and found[1] in brand.languages else asked
        texts = choose(language, liked, brand.languages)
        return cls(path, query, texts.named(brand.name), brand)

    @property
    def address(self) -> str:
        """The address, which cannot lead to another host: it begins with a dot."""
        query = f"?{quote(self.query, safe='=&%+/:;,@!*()~')}" if self.query else ""
        return f"./{quote(self.path, safe='/')}{query}"

    @property
    def following(self) -> str:
        """The way as a parameter."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def to_sign_in(self, *, again: bool = False) -> str:
        """The address of the page to sign in at. With `again`, somebody just has: it leads on."""
        query = {"next": self.following, **({"again": "1"} if again else {})}
        return f"sign-in?{urlencode(query)}"

    @property
    def embedded(self) -> bool:
        """Whether it leads to the page as it is shown in a frame."""
        return "embedded" in parse_qs(self.query)

    @property
    def theme(self) -> str:
        """The light that was asked for: "light", "dark", or "" for the reader's own."""
        asked = parse_qs(self.query).get("theme", [""])[0]
        return asked if asked in ("light", "dark") else ""


def form(way: Way, *, name: str = "", problem: str = "") -> str:
    """The form, with what went wrong."""
    texts = way.texts
    said = f'<p class="problem" role="alert" id="problem">{escape(problem)}</p>' if problem else ""
    wrong = ' aria-describedby="problem" aria-invalid="true"' if problem else ""
    at_name, at_password = ("", " autofocus") if name else (" autofocus", "")
    return _page(
        way,
        f"""<form method="post" action="sign-in">
{said}<input type="hidden" name="next" value="{escape(way.following)}">
<label for="name">{escape(texts.sign_in_name)}</label>
<input id="name" name="name" value="{escape(name)}" required maxlength="100" autocomplete="username"
 autocapitalize="none" spellcheck="false"{wrong}{at_name}>
<label for="password">{escape(texts.sign_in_password)}</label>
<input id="password" name="password" type="password" required maxlength="1000"
 autocomplete="current-password"{wrong}{at_password}>
<button>{escape(texts.sign_in)}</button>
</form>""",
    )


def elsewhere(way: Way, *, problem: str = "") -> str:
    """The way to another site that signs people in, with what went wrong there."""
    said = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    words, query = escape(way.texts.sign_in), urlencode({"next": way.following})
    return _page(way, f'{said}<a class="button" href="sign-in-begin?{escape(query)}">{words}</a>')


def in_frame(way: Way, origins: tuple[str, ...], *, refused: bool) -> str:
    """What a frame shows: the way to the form in another window, which then sends it the code.

    If the frame's cookies were `refused`, the chat works in a window of its own.
    """
    texts = way.texts
    target, words = ('"signed-in" target="_blank" rel="opener"', texts.sign_in)
    if refused:
        target, words = ('"./" target="_blank"', texts.sign_in_window)
    why = texts.sign_in_refused if refused else texts.sign_in_frame
    return _page(
        way,
        f"""<p>{escape(why)}</p>
<a class="button" href={target}>{escape(words)}</a>
<form method="post" action="sign-in-frame" id="frame">
<input type="hidden" name="next" value="{escape(way.following)}">
<input type="hidden" name="code" value="">
<button class="quiet">{escape(texts.sign_in_on)}</button>
</form>""",
        head=f'<meta name="footnote-origins" content="{escape(" ".join(origins))}">'
        '<script type="module" src="static/sign-in/frame.js"></script>',
    )


def done(way: Way, code: str) -> str:
    """What the other window shows when it is done; its script tells the frame, and closes it."""
    texts = way.texts
    return _page(
        way,
        f'<p>{escape(texts.sign_in_done)}</p><p><a href="./">{escape(texts.sign_in_here)}</a></p>',
        head=f'<meta name="footnote-code" content="{escape(code)}">'
        '<script type="module" src="static/sign-in/done.js"></script>',
    )


def closed(way: Way, why: str, words: str, *, title: str = "", up: str = "") -> str:
    """Why a page is not shown, and `words` that lead to the chat, which is `up` from there."""
    return _page(
        way, f'<p>{escape(why)}</p><p><a href="{up or "./"}">{escape(words)}</a></p>',
        title=title, up=up,
    )  # fmt: skip


def _page(way: Way, body: str, head: str = "", *, title: str = "", up: str = "") -> str:
    texts = way.texts
    brand = way.brand
    sign = icon(brand, up) if brand.logo else f'<link rel="icon" href="{escape(_ICON)}">'
    drawn = f'<link rel="stylesheet" href="{up}brand/pages.css">\n' if brand.is_drawn else ""
    ask = f"{line}\n" if (line := contact_line(brand.contact, texts)) else ""
    title = f"{title or texts.sign_in} · {texts.title}"
    return f"""<!doctype html>
<html lang="{texts.language}" class="{way.theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
{sign}
<link rel="stylesheet" href="{up}static/fonts/fonts.css">
<link rel="stylesheet" href="{up}static/sign-in/sign-in.css">
{drawn}{head}</head>
<body>
<main>
<h1>{escape(texts.title)}</h1>
{body}
{ask}</main>
</body>
</html>
"""

"""A company's look from settings: what is refused, and what the pages get."""

from __future__ import annotations

import contextlib
import io
import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

import qa
from ui.brand.brand import DARK_GROUNDS, LIGHT_GROUNDS, PLAIN, Brand, Colours, Contact
from ui.brand.contrast import BLACK, ENOUGH, WHITE, contrast, least, readable
from ui.brand.logo import LARGEST, Logo
from ui.brand.sheets import PLAIN_BRAND, embedded, for_chat, for_pages
from ui.page import render
from ui.page.app import greeting
from ui.page.conversations import Exchange
from ui.page.looks import STATIC, look
from ui.page.texts import ENGLISH, TEXTS, Texts
from ui.server import build_server, serve
from ui.uploads import Attachments

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 32">'
    "<script>alert(1)</script><rect width='48' height='32' fill='#0b5c6b'/></svg>"
)
CONTACT = Contact('Ada <b>"O"</b>', "mailto:ada@corp.example")


def brand(**settings: Any) -> Brand:
    return Brand.of(qa.Settings.load(**settings))


def picture(kind: str, size: tuple[int, int] = (30, 20)) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", size, "#0b5c6b").save(held, kind)
    return held.getvalue()


# The figures of the WCAG's own examples.
@pytest.mark.parametrize(("one", "other", "measured"), [
    (BLACK, WHITE, 21.0), (WHITE, WHITE, 1.0), ("#777777", WHITE, 4.48), ("#767676", WHITE, 4.54),
    ("#0000ff", WHITE, 8.59), ("#ff0000", WHITE, 4.0),
])  # fmt: skip
def test_contrast_is_what_wcag_says(one: str, other: str, measured: float) -> None:
    assert round(contrast(one, other), 2) == measured
    assert contrast(one, other) == contrast(other, one)


def test_the_grounds_are_those_of_the_style_sheets() -> None:
    for name in ("chat/page.css", "admin/admin.css", "sign-in/sign-in.css"):
        told = re.findall(
            r"--paper: (#\w+); --surface: (#\w+)", (STATIC / name).read_text(encoding="utf-8")
        )
        assert {tuple(one) for one in told} == {LIGHT_GROUNDS, DARK_GROUNDS}, name


def test_whatever_accent_is_taken_can_be_read_everywhere() -> None:
    shades = ("00", "80", "ff")
    taken = 0
    for channels in itertools.product(shades, repeat=3):
        colour = f"#{''.join(channels)}"
        try:
            made = brand(brand_accent=colour)
        except qa.SettingsError:
            assert least(colour, LIGHT_GROUNDS) < ENOUGH
            near = readable(colour, LIGHT_GROUNDS, BLACK)
            made = brand(brand_accent=near)
        else:
            taken += 1
        assert made.light is not None
        assert made.dark is not None
        for shade, grounds in ((made.light, LIGHT_GROUNDS), (made.dark, DARK_GROUNDS)):
            assert least(shade.accent, grounds) >= ENOUGH
            assert contrast(shade.ink, shade.accent) >= ENOUGH
    assert taken == 7


def test_an_accent_that_cannot_be_read_is_refused_with_one_that_can() -> None:
    with pytest.raises(qa.SettingsError) as refused:
        brand(brand_accent="#ff8800")
    told = str(refused.value)
    found = re.search(r'contrast is ([\d.]+).*"(#\w{6})" would do', told)
    assert found is not None, told
    assert 'brand_accent = "#ff8800": on #f3f0e8' in told
    assert float(found[1]) == round(contrast("#ff8800", "#f3f0e8"), 2)
    assert told in (Path(__file__).parents[3] / "docs" / "branding.md").read_text("utf-8")
    assert brand(brand_accent=found[2]).light == Colours(found[2], WHITE)
    with pytest.raises(qa.SettingsError, match=r"brand_accent_dark.*or anything lighter"):
        brand(brand_accent="#0b5c6b", brand_accent_dark="#0b5c6b")


def test_a_colour_that_cannot_be_read_stops_the_start() -> None:
    with (
        qa.Assistant(brand_accent="#ffcc00") as assistant,
        pytest.raises(qa.SettingsError, match="brand_accent"),
    ):
        serve(assistant)


def test_a_shade_for_dark_ground_is_made_unless_it_is_named() -> None:
    made = brand(brand_accent="#0B5C6B")
    assert made.light == Colours("#0b5c6b", WHITE)
    assert made.dark == Colours(readable("#0b5c6b", DARK_GROUNDS, WHITE), DARK_GROUNDS[0])
    named = brand(brand_accent="#0b5c6b", brand_accent_dark="#9fd8e2")
    assert named.dark == Colours("#9fd8e2", DARK_GROUNDS[0])
    assert brand(brand_accent_dark="#9fd8e2").light is None


@pytest.mark.parametrize("colour", ["red", "#fff", "#12345g", "0b5c6b", "#0b5c6b;}"])
def test_a_colour_is_six_digits(colour: str) -> None:
    with pytest.raises(qa.SettingsError, match="brand_accent"):
        brand(brand_accent=colour)


@pytest.mark.parametrize(("content", "kind", "ratio"), [
    (SVG.encode(), "image/svg+xml", 1.5),
    (SVG.replace('viewBox="0 0 48 32"', 'width="20px" height="40"').encode(), "image/svg+xml", 0.5),
    (SVG.replace(' viewBox="0 0 48 32"', "").encode(), "image/svg+xml", 1.0),
    (picture("PNG"), "image/png", 1.5),
    (picture("WEBP"), "image/webp", 1.5),
    (picture("PNG", (900, 3)), "image/png", 6.0),
])  # fmt: skip
def test_a_logo_is_known_by_its_content(
    tmp_path: Path, content: bytes, kind: str, ratio: float
) -> None:
    (tmp_path / "logo").write_bytes(content)
    (tmp_path / "link").symlink_to("logo")  # as mounted configuration is
    assert Logo.read(tmp_path / "link") == Logo(content, kind, ratio)


@pytest.mark.parametrize(("content", "why"), [
    (b"", "is no SVG, PNG or WebP"),
    (b"<html><script>alert(1)</script></html>", "is no SVG"),
    (SVG.replace(' xmlns="http://www.w3.org/2000/svg"', "").encode(), "is no SVG"),
    (SVG[:60].encode(), "is no SVG"),
    (picture("JPEG"), "is no SVG, PNG or WebP"),
    (picture("PNG")[:50], "is no SVG, PNG or WebP"),
    (SVG.encode() + b" " * LARGEST, "more than 256 kB"),
    (None, "cannot be read"),
])  # fmt: skip
def test_a_logo_that_is_none_is_refused(tmp_path: Path, content: bytes | None, why: str) -> None:
    file = tmp_path / "logo.svg"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(qa.SettingsError, match=why) as refused:
        brand(brand_logo=file)
    assert str(file) in str(refused.value)


@pytest.mark.parametrize(("address", "link"), [
    ("hr@corp.example", "mailto:hr@corp.example"),
    ("https://help.corp.example/?a=1&b=2", "https://help.corp.example/?a=1&b=2"),
])  # fmt: skip
def test_a_contact_has_a_link(address: str, link: str) -> None:
    assert brand(contact_name="HR", contact_address=address).contact == Contact("HR", link)


@pytest.mark.parametrize("address", [
    "http://help.corp.example", "javascript:alert(1)", "hr@corp.example?bcc=x@y.example", "hr",
    "https://a.example/<b>", "hr@corp.example,x@y.example", "data:text/html,x@y", "mailto:a@b.c",
])  # fmt: skip
def test_an_address_that_leads_elsewhere_is_refused(address: str) -> None:
    with pytest.raises(qa.SettingsError, match="contact_address"):
        brand(contact_name="HR", contact_address=address)


@pytest.mark.parametrize("settings", [
    {"contact_name": "HR"}, {"contact_address": "hr@corp.example"},
    {"brand_name": "a\nb"}, {"brand_name": "  "}, {"brand_name": "\u202eevil"},
    {"contact_name": "a\tb", "contact_address": "hr@corp.example"},
])  # fmt: skip
def test_names_are_words_and_go_with_an_address(settings: dict[str, str]) -> None:
    with pytest.raises(qa.SettingsError, match="|".join(settings)):
        brand(**settings)


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS.keys())
def test_the_contact_is_below_what_is_not_surely_answered(texts: Texts) -> None:
    def said(**fields: Any) -> str:
        return render.message(Exchange(question="?", **fields), 0, texts, CONTACT)

    line = render.contact_line(CONTACT, texts)
    assert "{contact}" not in line
    assert "<b>" not in line
    for reason in ("not said", "nothing close", "nothing more", "no documents", "about"):
        assert line in said(reason=reason), reason
    for reason in ("empty", "greeting", "too long", "changed"):
        assert line not in said(reason=reason), reason
    assert line in said(text="Ten.", found=True, outcome="unsure")
    assert line not in said(text="Ten.", found=True, outcome="answered")
    assert "contact" not in render.message(Exchange(question="?", reason="not said"), 0, texts)


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS.keys())
def test_a_name_is_what_the_page_calls_itself(texts: Texts) -> None:
    named = texts.named("Ask {Ada}")
    assert named.title == "Ask {Ada}"
    assert "Ask {Ada}" in named.refused_about
    assert named.refused_about.endswith(texts.refused_about)
    assert texts.named(None) is texts


@pytest.mark.parametrize("question", [
    "Who are you?", "Wer bist du?", "Qui êtes-vous ?", "¿Quién eres?",
])  # fmt: skip
def test_the_assistant_says_its_name(assistant: qa.Assistant, question: str) -> None:
    plain = assistant.ask(question)
    named = qa.Assistant(assistant.settings.index, brand_name="Ask {Ada}")
    told = named.ask(question)
    named.close()
    assert (plain.reason, told.reason) == ("about", "about")
    assert told.text.endswith(plain.text)
    assert "Ask {Ada}." in told.text


def test_the_welcome_is_plain_text_with_lists_and_links() -> None:
    text = "Hi <img src=x> **x**\n\n- a [page](https://a.example/?b=1)\n- [no](javascript:x)"
    said = greeting(ENGLISH, Brand(welcome=text))
    assert said.startswith(f"## {ENGLISH.welcome}\n\n<p>Hi ")
    assert "<img" not in said
    assert "<ul><li>" in said
    assert len(re.findall("<a ", said)) == 1
    assert greeting(ENGLISH, PLAIN) == f"## {ENGLISH.welcome}\n\n{ENGLISH.promise}"


# Gradio leaves an event loop open when its page is built; collecting garbage finds it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_pages_have_the_languages_of_the_settings(tmp_path: Path) -> None:
    with (
        qa.Assistant(tmp_path / "index", languages=("de", "en")) as assistant,
        contextlib.closing(Attachments(assistant)) as attachments,
        TestClient(
            build_server(assistant, attachments),
            base_url="http://127.0.0.1",
            client=("127.0.0.1", 9),
            follow_redirects=False,
        ) as client,
    ):
        french = {"accept-language": "fr"}
        for path, way in (
            ("/", "de/"), ("/?lang=fr", "de/?lang=fr"), ("/?lang=en", "en/?lang=en"),
            ("/fr", "de/"), ("/fr/?embedded=1", "../de/?embedded=1"), ("/de", "de/"),
        ):  # fmt: skip
            reply = client.get(path, headers=french)
            assert (reply.status_code, reply.headers["location"]) == (307, way), path
        assert client.get("/de/", headers=french).status_code == 200
        assert '<html lang="de"' in client.get("/admin?lang=fr", headers=french).text
        assert client.get("/fr/config").status_code == 404


def test_without_settings_nothing_is_added() -> None:
    script = (STATIC / "embed" / "embed.js").read_text(encoding="utf-8")
    assert brand() == PLAIN
    assert (for_chat(PLAIN), for_pages(PLAIN)) == ("", "")
    assert embedded(script, PLAIN) == script
    assert script.count(PLAIN_BRAND) == 1
    assert "brand" not in look(ENGLISH, PLAIN)["head"]
    assert not [name for name in ENGLISH.to_dict() if name.startswith("brand")]

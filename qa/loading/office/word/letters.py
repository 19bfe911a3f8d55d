"""How the letters of a Word document look: which are not seen, which are raised, in which font."""

from __future__ import annotations

from dataclasses import dataclass, replace

from qa.loading.office.word.styles import Element, W, attribute, built_on

_CROSSED = ("strike", "dstrike")


@dataclass(frozen=True, slots=True)
class Letters:
    """What matters here of a run's looks, with what its styles say."""

    hidden: bool = False
    struck: bool = False
    raised: bool = False
    font: str = ""


class LetterStyles:
    """The looks that the styles of a document give to letters."""

    def __init__(self, root: Element) -> None:
        self._elements: dict[str, Element] = {}
        for element in root.iterchildren(f"{W}style"):
            self._elements[attribute(element, "styleId")] = element

    def of_paragraph(self, paragraph: Element) -> Letters:
        """What the style of a paragraph says of its letters."""
        return self._style(attribute(paragraph.find(f"{W}pPr/{W}pStyle")), Letters())

    def of_run(self, properties: Element, around: Letters) -> Letters:
        """What holds for a run with these properties, in a paragraph with those letters."""
        named = attribute(properties.find(f"{W}rStyle"))
        return _with(self._style(named, around) if named else around, properties)

    def _style(self, name: str, around: Letters) -> Letters:
        for element in built_on(name, self._elements):
            properties = element.find(f"{W}rPr")
            around = around if properties is None else _with(around, properties)
        return around


def is_on(switch: Element | None) -> bool:
    """Whether a switch is there and not turned off."""
    return switch is not None and attribute(switch) not in ("0", "false", "off")


def _with(letters: Letters, properties: Element) -> Letters:
    """What `letters` become with these properties of a run or a style."""
    vanish, crossed = properties.find(f"{W}vanish"), _found(properties, _CROSSED)
    if vanish is not None:
        letters = replace(letters, hidden=is_on(vanish))
    if crossed:
        letters = replace(letters, struck=any(map(is_on, crossed)))
    aligned, position = properties.find(f"{W}vertAlign"), properties.find(f"{W}position")
    if aligned is not None:
        letters = replace(letters, raised=attribute(aligned) == "superscript")
    elif position is not None:
        letters = replace(letters, raised=attribute(position).lstrip("+0").isdecimal())
    fonts = properties.find(f"{W}rFonts")
    if fonts is not None and (font := attribute(fonts, "ascii") or attribute(fonts, "hAnsi")):
        letters = replace(letters, font=font)
    return letters


def _found(properties: Element, names: tuple[str, ...]) -> list[Element]:
    found = (properties.find(f"{W}{name}") for name in names)
    return [one for one in found if one is not None]

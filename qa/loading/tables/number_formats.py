"""Numbers as a spreadsheet shows them: by the format code of their cell."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache

from qa.text.dates import MONTHS

BUILT_IN = {
    **{0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%"},
    **{11: "0.00E+00", 12: "# ?/?", 13: "# ??/??", 14: "yyyy-mm-dd", 15: "d-mmm-yy"},
    **{16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm"},
    **{21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 37: "#,##0 ;(#,##0)", 38: "#,##0 ;(#,##0)"},
    **{39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;(#,##0.00)", 45: "mm:ss", 46: "[h]:mm:ss"},
    **{47: "mmss.0", 48: "##0.0E+0", 49: "@"},
}
"""The codes that are known by number alone; dates that follow the reader's country are in ISO."""

_LONGEST_CODE = 255
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|[_*].|\[\$(?P<currency>[^\]-]{0,40}+)[^\]]{0,40}+\]'
    r"|\[(?P<elapsed>[hms]{1,9})\]|\[(?P<condition>[<>=]{1,2}-?[\d.]{1,40})\]|\[[^\]]{0,60}+\]"
    r"|(?P<half>AM/PM|A/P)|(?P<general>General)|(?P<date>y+|m+|d+|h+|s+(?:\.0+)?)"
    r"|(?P<exponent>E[+-]0+)|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)"
    r"|(?P<text>@)|(?P<slash>/)|(?P<literal>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"([<>=]+)(-?\d+(?:\.\d+)?)")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LAST_DAY = 2_958_466  # the year 10000
_GENERAL_DIGITS = 11

Token = tuple[str, str]
"""The kind of a piece of a code, and what it says."""


class _Section:
    """A part of a code: what it says of the numbers that it is for."""

    def __init__(self, tokens: list[Token]) -> None:
        self.conditions = [said for kind, said in tokens if kind == "condition"]
        self.tokens = [token for token in tokens if token[0] != "condition"]
        kinds = {kind for kind, _ in tokens}
        self.dated = bool(kinds & {"date", "elapsed"})
        self.general = bool(kinds & {"general", "text"})
        self.plain = kinds <= {"general", "text"}
        self.digits = bool(kinds & {"digit", "point"})


@lru_cache(maxsize=8192)
def shown(number: float, code: str, *, from_1904: bool = False) -> str:
    """What a cell shows that holds `number` and has the format `code`."""
    section, negative = _section(number, code)
    if section.plain:
        return general(number)
    if section.dated:
        return _date(number, section.tokens, 1904 if from_1904 else 1900)
    if section.general:
        parts = (
            general(number) if kind in ("general", "text") else said
            for kind, said in section.tokens
        )
        return "".join(parts).strip()
    if not section.digits:
        said = (said for kind, said in section.tokens if kind in ("literal", "slash"))
        return "".join(said).strip()
    return _number(abs(number) if negative else number, section.tokens).strip()


def general(number: float) -> str:
    """A number as it is shown where no format is set."""
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return f"{number:.{_GENERAL_DIGITS}g}"


def _section(number: float, code: str) -> tuple[_Section, bool]:
    """The part of a code that is for a number, and whether it says by itself what is negative."""
    sections = _sections(code[:_LONGEST_CODE])
    if len(sections) == 1:
        return sections[0], False
    if any(section.conditions for section in sections):
        for section in sections:
            if all(_fits(number, said) for said in section.conditions):
                return section, False
        return sections[-1], False
    if number < 0:
        return sections[1], True
    return sections[2 if number == 0 and len(sections) > 2 else 0], False


@lru_cache(maxsize=512)
def _sections(code: str) -> list[_Section]:
    sections: list[list[Token]] = [[]]
    for found in _TOKEN.finditer(code or "General"):
        kind = found.lastgroup
        if kind is None:  # a colour, or a space as wide as some sign
            if found[0].startswith("_") and sections[-1]:
                sections[-1].append(("literal", " "))
        elif kind == "literal" and found[0] == ";":
            sections.append([])
        elif kind in ("quoted", "escaped", "currency"):
            sections[-1].append(("literal", found[kind]))
        else:
            sections[-1].append((kind, found[kind]))
    return [_Section(tokens) for tokens in sections]


def _fits(number: float, condition: str) -> bool:
    found = _CONDITION.fullmatch(condition)
    if found is None:
        return False
    than = float(found[2])
    checks = {
        **{"<": number < than, "<=": number <= than, ">": number > than, ">=": number >= than},
        **{"=": number == than, "<>": number != than},
    }
    return checks.get(found[1], False)


def _number(number: float, section: list[Token]) -> str:
    kinds = [kind for kind, _ in section]
    first = next(place for place, kind in enumerate(kinds) if kind in ("digit", "point"))
    last = max(place for place, kind in enumerate(kinds) if kind in ("digit", "point"))
    if "slash" in kinds[first:last]:  # a fraction; it is said as a decimal number
        return general(number)
    point = kinds.index("point") if "point" in kinds else last + 1
    decimals = sum(1 for kind in kinds[point:] if kind == "digit")
    needed = sum(1 for kind, said in section[point:] if kind == "digit" and said == "0")
    whole = [said for kind, said in section[:point] if kind == "digit"]
    behind = 0
    while last + 1 + behind < len(kinds) and kinds[last + 1 + behind] == "comma":
        behind += 1
    number *= 100.0 ** kinds.count("percent") / 1000.0**behind
    exponent = next((said for kind, said in section if kind == "exponent"), "")
    if exponent:
        body = f"{number:.{decimals}E}"
    else:
        body = _digits(number, decimals, needed, whole, grouped="comma" in kinds[first:last])
    inner = [place for place in range(first, point) if kinds[place] == "literal"]
    if inner and not exponent and decimals == 0 and number >= 0:
        return _filled(section, body)
    before = "".join(said for kind, said in section[:first] if kind in ("literal", "percent"))
    after = "".join(said for kind, said in section[last + 1 :] if kind in ("literal", "percent"))
    sign = "-" if body.startswith("-") else ""
    return f"{sign}{before}{body.removeprefix('-')}{after}"


def _digits(number: float, decimals: int, needed: int, whole: list[str], *, grouped: bool) -> str:
    if abs(number) >= 1e300:
        return general(number)
    text = f"{number:{',' if grouped else ''}.{decimals}f}"
    if decimals > needed:
        text = text[: len(text) - decimals + needed] + text[len(text) - decimals + needed :].rstrip(
            "0"
        )
        text = text.removesuffix(".")
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    left, point, right = text.partition(".")
    left = left.zfill(whole.count("0")) if "0" in whole else left.removeprefix("0")
    text = f"{left}{point}{right}" or "0"
    return f"{sign}{text}" if any(digit in "123456789" for digit in text) else text


def _filled(section: list[Token], digits: str) -> str:
    """The digits in their places among signs, as in a telephone number."""
    left = list(digits)
    pieces: list[str] = []
    places = sum(1 for kind, _ in section if kind == "digit")
    for kind, said in reversed(section):
        if kind == "digit":
            places -= 1
            taken = left if not places else left[-1:]
            pieces.append("".join(taken) if taken else ("0" if said == "0" else ""))
            left = [] if not places else left[:-1]
        elif kind in ("literal", "percent"):
            pieces.append(said)
    return "".join(reversed(pieces))


def _date(number: float, section: list[Token], epoch: int) -> str:
    days = number if epoch == 1904 or number >= 60 else number + 1  # 1900 had no 29 February
    if not 0 <= days < _LAST_DAY - 1500:
        return general(number)
    start = datetime(1904, 1, 1) if epoch == 1904 else datetime(1899, 12, 30)
    exact = any(kind == "date" and "." in said for kind, said in section)
    seconds = round(days * 86_400, 3 if exact else 0)
    moment = start + timedelta(seconds=seconds)
    half = any(kind == "half" for kind, _ in section)
    times = [said.lower() for kind, said in section if kind in ("date", "elapsed")]
    pieces = []
    place = -1
    for kind, said in section:
        if kind == "elapsed":
            place += 1
            unit = {"h": 3600, "m": 60, "s": 1}[said[0].lower()]
            pieces.append(str(int(round(number * 86_400, 3) // unit)).zfill(len(said)))
        elif kind == "date":
            place += 1
            around = (times[place - 1][0] if place else "", (times[place + 1 :] or [" "])[0][0])
            minutes = around[0] == "h" or around[1] == "s"
            pieces.append(_part(moment, said.lower(), minutes=minutes, half=half))
        elif kind == "half":
            pieces.append("AM" if moment.hour < 12 else "PM")
        elif kind in ("literal", "slash", "point", "comma"):
            pieces.append("" if said == "@" else said)
    return "".join(pieces).strip()


def _part(moment: datetime, said: str, *, minutes: bool, half: bool) -> str:
    """What a run of one letter stands for."""
    width = len(said)
    if said[0] == "y":
        return f"{moment.year % 100:02}" if width <= 2 else str(moment.year)
    if said[0] == "m" and not minutes:
        name = MONTHS[moment.month - 1]
        return {3: name[:3], 4: name, 5: name[0]}.get(width, str(moment.month).zfill(min(width, 2)))
    if said[0] == "d":
        name = _DAYS[moment.weekday()]
        return {3: name[:3], 4: name}.get(width, str(moment.day).zfill(min(width, 2)))
    if said[0] == "h":
        hour = (moment.hour % 12 or 12) if half else moment.hour
        return str(hour).zfill(min(width, 2))
    if said[0] == "m":
        return str(moment.minute).zfill(min(width, 2))
    whole, _, places = said.partition(".")
    seconds = str(moment.second).zfill(min(len(whole), 2))
    return (
        f"{seconds}.{moment.microsecond:06}"[: len(seconds) + 1 + len(places)]
        if places
        else seconds
    )

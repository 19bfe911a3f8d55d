"""Calendars (iCalendar): invitations and appointments, as they are sent with e-mails."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from qa.errors import DamagedFileError
from qa.limits import Limits
from qa.loading.blocks import Blocks
from qa.loading.plain import decode_or_raise
from qa.records import Document
from qa.text.cleaning import clean, one_line
from qa.text.dates import in_words

_LINE = re.compile(
    r"(?P<name>[\w-]{1,60})(?P<about>(?:;[^:\n\";]{0,300}(?:\"[^\"\n]{0,300}\")?)*):"
)
_NAMED = re.compile(r";CN=\"?([^\";:]{1,200})", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([\\;,nN])")
_MOMENT = re.compile(r"(\d{8})(?:T(\d{4}))?")
_SHOWN = {"VEVENT": "", "VTODO": "Task: ", "VJOURNAL": "Note: "}
_PEOPLE = {"ORGANIZER": "Organizer", "ATTENDEE": "Attendees"}
_MOST_PEOPLE = 50

Property = tuple[str, str, str]
"""Its name, what is said about it, and its value."""


def parse(data: bytes, source: str, limits: Limits) -> Document:
    """Each appointment a section: when, where, who, and what it is about.

    Raises:
        DamagedFileError: there is none.
    """
    text = clean(decode_or_raise(data, source))
    limits.check(source, "max_characters", len(text), "has {} characters")
    blocks = Blocks()
    for kind, properties in _entries(text):
        _write(blocks, _SHOWN[kind], properties)
    if blocks.empty:
        raise DamagedFileError(f"{source} holds no appointment. Export the calendar again.")
    return blocks.document(source, [blocks.headings[0].text] if len(blocks.headings) == 1 else [])


def _entries(text: str) -> Iterator[tuple[str, list[Property]]]:
    kind = ""
    properties: list[Property] = []
    inner = 0  # alarms, which are parts of an appointment
    for line in re.sub(r"\n[ \t]", "", text).split("\n"):
        found = _LINE.match(line)
        if found is None:
            continue
        name, value = found["name"].upper(), line[found.end() :].strip()
        if name == "BEGIN":
            inner += bool(kind)
            if value.upper() in _SHOWN and not kind:
                kind, properties = value.upper(), []
        elif name == "END" and kind:
            if not inner:
                yield kind, properties
                kind = ""
            inner = max(inner - 1, 0)
        elif kind and not inner:
            properties.append((name, found["about"], value))


def _write(blocks: Blocks, before: str, properties: Sequence[Property]) -> None:
    values: Mapping[str, str] = {name: value for name, _, value in reversed(properties)}

    def said(name: str) -> str:
        return _ESCAPED.sub(lambda f: "\n" if f[1] in "nN" else f[1], values.get(name, ""))

    blocks.heading(before + (one_line(said("SUMMARY")) or "Appointment"), 1)
    lines = [("When", _when(values)), ("Due", _moment(values.get("DUE", "")))]
    lines += [("Where", said("LOCATION")), ("Status", said("STATUS").capitalize())]
    for name, label in _PEOPLE.items():
        people = [_person(about, value) for one, about, value in properties if one == name]
        lines.append((label, ", ".join(people[:_MOST_PEOPLE])))
    blocks.add("\n".join(f"{label}: {one_line(text)}" for label, text in lines if text.strip()))
    for paragraph in said("DESCRIPTION").split("\n\n"):
        blocks.add(paragraph)


def _when(values: Mapping[str, str]) -> str:
    begin, end = (_moment(values.get(name, "")) for name in ("DTSTART", "DTEND"))
    day, _, time = end.rpartition(", ")
    if day and begin.startswith(f"{day}, "):
        end = time
    whole_day = "," not in begin  # its end is the day after
    again = one_line(values.get("RRULE", "")).replace(";", ", ").replace("=", " ").lower()
    both = f"{begin} to {end}" if begin and end and not whole_day else begin
    return f"{both} (repeated: {again})" if again and both else both


def _moment(said: str) -> str:
    """A date, and a time where there is one; in UTC where the calendar says so."""
    found = _MOMENT.match(said)
    if found is None:
        return ""
    try:
        day = datetime.strptime(found[1], "%Y%m%d")
    except ValueError:
        return ""
    date = in_words(day)
    zone = " UTC" if said.endswith("Z") else ""
    return f"{date}, {found[2][:2]}:{found[2][2:]}{zone}" if found[2] else date


def _person(about: str, value: str) -> str:
    address = re.sub(r"^mailto:", "", value, flags=re.IGNORECASE)
    named = _NAMED.search(about)
    return f"{named[1]} <{address}>" if named and named[1] != address else address

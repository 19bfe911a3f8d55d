"""Bytes to characters: byte order marks, UTF-8, UTF-16 without a mark, older encodings."""

from __future__ import annotations

import codecs
import re

_MARKS = (  # the longer ones first: the mark of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# https://encoding.spec.whatwg.org/#names-and-labels
_MEANT = {
    **dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "ascii", "us-ascii"), "cp1252"),
    **{"iso-8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030"},
    **{"shift_jis": "cp932", "x-sjis": "cp932", "euc-kr": "cp949", "ks_c_5601-1987": "cp949"},
    **{"tis-620": "cp874", "windows-874": "cp874", "x-mac-cyrillic": "mac_cyrillic"},
    **{"iso-8859-8-i": "iso-8859-8", "x-user-defined": "cp1252", "unicode": "utf-16-le"},
}
_SAMPLE = 65_536
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\x80-\x84\x86-\x9f]")
# Accents and typography of Western European text. A detector that knows every code page may take
# "naïve" in cp1252 for Czech.
_WESTERN = frozenset(
    "àáâãäåæçèéêëíîïñòóôõöøœùúûüÿßÀÁÂÄÅÆÇÈÉÊËÍÎÑÓÔÖØŒÙÚÜ"
    "€£§©®°·•–—…‘’‚“”„«»‹›¡¿ªº×½¼¾²³µ™±†‡\xa0\xad"
)
_ACCENTS_AT_MOST = 0.15
_POLISH_MISREAD = re.compile("[a-z]¿|[¹³][a-z]|[a-z]{3}¹")
_HIRAGANA = re.compile("[\u3041-\u309f]")
_HALF_WIDTH = re.compile("[\uff61-\uff9f]")


def decode(data: bytes) -> str | None:
    """The text in `data`, or None if it is not text in any encoding."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            text = data[len(mark) :].decode(encoding, errors="replace")
            return text if _is_text(text) else None
    text = _decode_utf16(data) or _decode_utf8(data) or _decode_older(data)
    return text if _is_text(text) else None


def decode_as(data: bytes, encoding: str) -> str | None:
    """The text in `data` if `encoding` is known and fits it, without an exception."""
    try:
        return data.decode(encoding)
    except (LookupError, ValueError):  # UnicodeError is a ValueError; "rot13" is a LookupError
        return None


def decode_declared(data: bytes, name: str) -> str | None:
    """The text in `data` in the encoding that a page or an e-mail says it has, if that fits.

    As browsers do, names stand for what most programs mean by them: Latin-1 is cp1252.
    """
    name = name.strip().lower()
    return decode_as(data, _MEANT.get(name, name))


def _is_text(text: str) -> bool:
    sample = text[:_SAMPLE]
    controls = sum(1 for _ in _CONTROLS.finditer(sample))
    return (controls + sample.count("\ufffd")) * 10 <= len(sample)


def _decode_utf16(data: bytes) -> str:
    """UTF-16 without a mark, which has a NUL in every other byte; "" if it is something else."""
    sample = data[:_SAMPLE]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    most, least = max(even, odd), min(even, odd)
    if len(data) % 2 or most < 2 or most * 50 < len(sample) or most < 10 * least:
        return ""
    if most * 4 < len(sample) and not _looks_like_noise(sample):
        return ""  # a few stray NULs in another encoding
    text = decode_as(data, "utf-16-le" if odd > even else "utf-16-be") or ""
    return text if _is_text(text) else ""


def _looks_like_noise(sample: bytes) -> bool:
    """Whether it is not UTF-8, or has many control characters, like UTF-16 in other scripts."""
    text = sample.decode("utf-8", errors="replace")
    return len(_CONTROLS.findall(text.replace("\0", ""))) * 10 > len(text) or "\ufffd" in text


def _decode_utf8(data: bytes) -> str:
    """UTF-8, possibly with a few broken characters or the last one cut off; "" if it is not."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3 and error.reason == "unexpected end of data":
            return data[: error.start].decode("utf-8")
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    foreign = sum(1 for character in text if character > "\x7f") - broken
    return text if broken * 10 <= foreign else ""


def _decode_older(data: bytes) -> str:
    sample = _telling_sample(data)
    encoding = "cp1252" if _looks_western(sample) else _guess(sample)
    return data.decode(encoding, errors="replace")


def _guess(sample: bytes) -> str:
    for encoding in ("euc_jp", "cp932"):
        if len(_HIRAGANA.findall(decode_as(sample, encoding) or "")) * 10 > len(sample):
            return encoding
    from charset_normalizer import from_bytes

    for match in from_bytes(sample):
        # Cyrillic letters read as Shift JIS become half-width kana, which are rare.
        text = str(match)
        if len(_HALF_WIDTH.findall(text)) * 4 < len(sample) and not _POLISH_MISREAD.search(text):
            return match.encoding
    return "cp1252"


def _telling_sample(data: bytes) -> bytes:
    """A sample of whole lines that begins just before the first non-ASCII byte."""
    found = re.search(rb"[\x80-\xff]", data)
    first = found.start() if found else 0
    start = data.rfind(b"\n", 0, max(0, first - 2000)) + 1
    if len(data) <= start + _SAMPLE:
        return data[start:]
    end = data.rfind(b"\n", start, start + _SAMPLE) + 1
    return data[start : end or start + _SAMPLE]


def _looks_western(sample: bytes) -> bool:
    text = sample.decode("cp1252", "replace")
    if _POLISH_MISREAD.search(text):
        return False
    foreign = [character for character in text if character > "\x7f"]
    known = sum(1 for character in foreign if character in _WESTERN)
    return len(foreign) <= _ACCENTS_AT_MOST * len(sample) + 2 and known * 10 >= 9 * len(foreign)

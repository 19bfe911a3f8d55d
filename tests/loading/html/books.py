"""E-books made by hand."""

from __future__ import annotations

from collections.abc import Mapping

from tests.loading.packing import archive

_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/content.opf"/></rootfiles></container>'
)


def book(chapters: Mapping[str, str], named: Mapping[str, str] | None = None) -> bytes:
    """A book with chapters, which the table of contents may name."""
    items = "".join(
        f'<item id="{place}" href="{name}" media-type="application/xhtml+xml"/>'
        for place, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="{place}"/>' for place in range(len(chapters)))
    points = "".join(
        f'<navPoint><navLabel><text>{label}</text></navLabel><content src="{name}"/></navPoint>'
        for name, label in (named or {}).items()
    )
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": _CONTAINER,
            "OEBPS/content.opf": '<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
            "<dc:title>The Harbour</dc:title><dc:creator>Ann Moor</dc:creator></metadata><manifest>"
            f'{items}<item id="toc" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
            '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
            f'</manifest><spine><itemref idref="nav"/>{spine}</spine></package>',
            "OEBPS/toc.ncx": f"<ncx><navMap>{points}</navMap></ncx>",
            "OEBPS/nav.xhtml": "<html><body><nav><a href='x'>Contents</a></nav></body></html>",
            **{f"OEBPS/{name}": text for name, text in chapters.items()},
        }
    )

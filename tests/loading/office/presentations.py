"""Presentations made by hand, of shapes in XML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.loading.packing import archive
from tests.loading.tables.workbooks import relations, types

_NAMESPACES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)


def paragraph(text: str, properties: str = "", run: str = "") -> str:
    """A paragraph of one run."""
    return f"<a:p><a:pPr {properties}</a:pPr><a:r>{run}<a:t>{text}</a:t></a:r></a:p>"


def shape(
    *paragraphs: str, kind: str = "", at: tuple[int, int] | None = None, hidden: str = "0"
) -> str:
    """A shape with paragraphs, or with texts as such; `kind` is what holds the place for."""
    held = f'<p:ph type="{kind}" idx="1"/>' if kind else ""
    place = (
        f'<a:xfrm><a:off x="{at[0]}" y="{at[1]}"/><a:ext cx="40" cy="40"/></a:xfrm>' if at else ""
    )
    inside = "".join(p if p.startswith("<") else paragraph(p, ">") for p in paragraphs)
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="1" name="s" hidden="{hidden}"/><p:nvPr>{held}</p:nvPr>'
        f"</p:nvSpPr><p:spPr>{place}</p:spPr><p:txBody>{inside}</p:txBody></p:sp>"
    )


def table(*rows: Sequence[str], first: str = "1") -> str:
    """A table; a cell that begins with ">" goes on from its left, one with "^" from above."""
    lines = ""
    for row in rows:
        cells = ""
        for cell in row:
            merged = {">": ' hMerge="1"', "^": ' vMerge="1"'}.get(cell[:1], "")
            text = "" if merged else paragraph(cell, ">")
            cells += f"<a:tc{merged}><a:txBody>{text}</a:txBody></a:tc>"
        lines += f"<a:tr>{cells}</a:tr>"
    return (
        f'<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tblPr firstRow="{first}"/>{lines}'
        "</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
    )


def presentation(
    *slides: str,
    show: Mapping[int, str] | None = None,
    notes: Mapping[int, str] | None = None,
    related: Sequence[tuple[str, str, str]] = (),
    parts: Mapping[str, str] | None = None,
) -> bytes:
    """A presentation of slides, each the XML of its shapes; those of `show` are hidden or not."""
    held = {
        "[Content_Types].xml": types(
            "/ppt/presentation.xml",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
        ),
        "_rels/.rels": relations(("r", "officeDocument", "ppt/presentation.xml")),
        **(parts or {}),
    }
    listed, known = "", []
    for number, shapes in enumerate(slides, 1):
        listed += f'<p:sldId id="{255 + number}" r:id="s{number}"/>'
        known.append((f"s{number}", "slide", f"slides/slide{number}.xml"))
        others = list(related)
        if text := (notes or {}).get(number):
            others.append(("n", "notesSlide", f"../notesSlides/notes{number}.xml"))
            held[f"ppt/notesSlides/notes{number}.xml"] = (
                f"<p:notes {_NAMESPACES}><p:cSld><p:spTree>{shape('7', kind='sldNum')}"
                f"{shape(*text.split('|'), kind='body')}</p:spTree></p:cSld></p:notes>"
            )
        shown = (show or {}).get(number, "1")
        held[f"ppt/slides/slide{number}.xml"] = (
            f'<p:sld {_NAMESPACES} show="{shown}"><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld>'
            "</p:sld>"
        )
        held[f"ppt/slides/_rels/slide{number}.xml.rels"] = relations(*others)
    held["ppt/presentation.xml"] = (
        f"<p:presentation {_NAMESPACES}><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>"
    )
    held["ppt/_rels/presentation.xml.rels"] = relations(*known)
    return archive(held)

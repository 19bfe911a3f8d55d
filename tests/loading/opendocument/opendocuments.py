"""OpenDocument files made by hand."""

from __future__ import annotations

from tests.loading.packing import archive

_KINDS = ("office", "style", "text", "table", "draw", "presentation", "fo", "svg")
_NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in _KINDS
)
_LINKS = 'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"'


def opendocument(kind: str, body: str, styles: str = "", title: str = "") -> bytes:
    """A file of this kind ("text", "spreadsheet", "presentation") with XML in it."""
    return archive(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f"<office:document-content {_NAMESPACES} {_LINKS}>"
            f"<office:automatic-styles>{styles}</office:automatic-styles>"
            f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
            "</office:document-content>",
            "meta.xml": f"<office:document-meta {_NAMESPACES} {_LINKS}><office:meta>"
            f"<dc:title>{title}</dc:title></office:meta></office:document-meta>",
        }
    )


def rows(*lines: str, repeated: int = 1, visible: str = "visible") -> str:
    """Rows whose cells are parted by "|"; one that begins with "=" is a number."""
    found = ""
    for line in lines:
        cells = ""
        for cell in line.split("|"):
            kind = 'office:value-type="float"' if cell.startswith("=") else ""
            inside = f"<text:p>{cell.lstrip('=')}</text:p>" if cell else ""
            cells += f"<table:table-cell {kind}>{inside}</table:table-cell>"
        found += (
            f'<table:table-row table:visibility="{visible}" '
            f'table:number-rows-repeated="{repeated}">{cells}</table:table-row>'
        )
    return found

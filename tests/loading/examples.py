"""A file of each format that no sample has, made by hand: to be damaged, and to be told apart."""

from __future__ import annotations

import gzip

from tests.loading.containers.messages import mail, outlook
from tests.loading.html.books import book
from tests.loading.office.presentations import presentation, shape, table
from tests.loading.opendocument.opendocuments import opendocument
from tests.loading.opendocument.opendocuments import rows as open_rows
from tests.loading.packing import archive
from tests.loading.tables.workbooks import old_workbook, rows, workbook


def examples() -> dict[str, bytes]:
    """The files by their names; each says "40 crowns" or has a row of it."""
    sheet = rows("Zone|Fee|Day", "North|=40@1|=45363@2", "South|=50@1|=45364@2")
    attached = {"note.txt": b"40 crowns", "fees.csv": b"Zone,Fee\nNorth,40 crowns\n"}
    formats = ['#,##0.00 "crowns"', "d mmmm yyyy"]
    return {
        "fees.xlsx": workbook({"Fees": sheet, "Staff": rows("Name", "Ann")}, formats=formats),
        "fees.xls": old_workbook("Fees", [["Zone", "Fee"], ["x", 1.0], ["North", 40.0]]),
        "safety.pptx": presentation(
            shape("Harbour safety", kind="title", at=(0, 0))
            + shape("Wear a vest", "A berth costs 40 crowns", kind="body", at=(0, 50))
            + table(["Zone", "Fee"], ["North", "40"]),
            notes={1: "Say hello."},
        ),
        "fees.eml": bytes(mail("It is 40 crowns.\n> What is it?", "<p>It is 40 crowns", attached)),
        "fees.mbox": b"From a@b Tue Mar 12 09:30:00 2024\n" + bytes(mail("It is 40 crowns.")),
        "fees.msg": outlook("Fees", "It is 40 crowns.", "<p>It", list(attached.items())),
        "rules.odt": opendocument(
            "text",
            '<text:h text:outline-level="1">Fees</text:h><text:p>It is 40 crowns.</text:p>'
            "<text:list><text:list-item><text:p>North</text:p></text:list-item></text:list>",
        ),
        "fees.ods": opendocument(
            "spreadsheet",
            f'<table:table table:name="Fees">{open_rows("Zone|Fee", "North|=40")}</table:table>',
        ),
        "deck.odp": opendocument(
            "presentation",
            "<draw:page><draw:frame><draw:text-box><text:p>It is 40 crowns.</text:p>"
            "</draw:text-box></draw:frame></draw:page>",
        ),
        "rules.rtf": rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\pard It is 40 cr\'f6wns.\par"
        rb"\trowd\cellx1\cellx2\intbl North\cell 40\cell\row\pard{\footnote x}y\par}",
        "harbour.epub": book({"a.xhtml": "<html><body><h1>Fees</h1><p>It is 40 crowns."}),
        "all.zip": archive({"a.md": "# Fees\n\nIt is 40 crowns.", "b.csv": "Zone,Fee\nNorth,40\n"}),
        "fees.md.gz": gzip.compress(b"It is 40 crowns."),
        "fees.json": b'{"fees": [{"zone": "North", "fee": 40}, {"zone": "South", "fee": 50}]}',
        "fees.yaml": b"fees:\n- {zone: North, fee: 40 crowns}\n- {zone: South, fee: 50}\n",
        "fees.xml": b"<fees><fee zone='North'>40 crowns</fee><fee zone='South'>50</fee></fees>",
        "fees.ipynb": b'{"cells": [{"cell_type": "markdown", "source": "# Fees"}, '
        b'{"cell_type": "code", "source": "f()", "outputs": [{"text": "40 crowns"}]}]}',
        "fees.csv": "Zone;Fee\nNorth;40 crowns\nSüd;50 crowns\n".encode("cp1252"),
        "fees.rst": b"Fees\n====\n\nIt is **40 crowns**.\n\n.. note:: x\n\n- North\n- South\n",
        "fees.adoc": b"= Fees\n\nIt is *40 crowns*.\n\n|===\n|Zone |Fee\n\n|North |40\n|===\n* x\n",
        "fees.tsv": b"Zone\tFee\nNorth\t40 crowns\n",
    }

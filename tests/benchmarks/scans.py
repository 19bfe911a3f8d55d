"""How well scans are read: word error rate and seconds a page, of ours and of RapidOCR.

`python -m tests.benchmarks.scans`. The pages are made by the tests' own program, in English and
German, straight, turned and with noise. RapidOCR is no dependency; it is in the table if it can
be imported, with the models in its wheel.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from qa.limits import DEFAULTS
from qa.loading.pdf.recognition import recognise
from tests.loading.pdf.scanned import TEXT, page, word_error_rate

GERMAN = (
    "Beschäftigte können für Dienstreisen bis zu 40 Euro täglich für Mahlzeiten abrechnen. Belege "
    "müssen innerhalb von 30 Tagen zusammen mit dem Formular F-17 eingereicht werden. Anträge über"
    " 1.250,50 Euro benötigen die Unterschrift der Abteilungsleitung. Kilometer werden mit 0,38 "
    "Euro vergütet; Parkgebühren und Mautkosten werden vollständig übernommen."
)
LAID: tuple[tuple[float, float], ...] = ((0, 0), (2, 0), (-3, 25), (90, 0), (180, 0))
Reader = Callable[[Image.Image], str]


def readers() -> Iterator[tuple[str, Reader]]:
    """The readers that are installed."""
    yield (
        "Tesseract, as ours",
        lambda image: " ".join(line.text for line in recognise(image, "page", DEFAULTS).lines),
    )
    try:
        rapid = importlib.import_module("rapidocr_onnxruntime").RapidOCR(intra_op_num_threads=1)
    except ImportError:
        return
    yield (
        "RapidOCR",
        lambda image: " ".join(
            line[1] for line in rapid(np.asarray(image.convert("RGB")))[0] or ()
        ),
    )


def main() -> None:
    """Print a row of Markdown for each reader and page."""
    print("| | language | turned | noise | word error rate | seconds |\n|---|---|---|---|---|---|")
    for name, read in readers():
        for language, text in (("English", TEXT), ("German", GERMAN)):
            for turned, noise in LAID:
                image = page(text, turned=turned, noise=noise)
                begun = time.perf_counter()
                rate = word_error_rate(text, read(image))
                seconds = time.perf_counter() - begun
                print(f"| {name} | {language} | {turned}° | {noise} | {rate:.3f} | {seconds:.1f} |")


if __name__ == "__main__":
    main()

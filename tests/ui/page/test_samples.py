"""Where the index holds only samples, the page says so."""

from __future__ import annotations

from pathlib import Path

import pytest

import qa
from tests.indexing.mirroring import write
from ui.page.app import Page
from ui.page.examples import Examples
from ui.page.texts import TEXTS
from ui.uploads import Attachments


def test_the_page_says_that_the_documents_are_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = write(tmp_path / "seeds" / "hours.txt", "The office opens at eight.").parent
    monkeypatch.setattr("qa.indexing.choosing.sample_folder", lambda: samples)
    monkeypatch.setattr("qa.settings.settings.default_index", lambda: str(tmp_path / "index"))
    own = write(tmp_path / "own" / "parking.txt", "Visitors park in the yard.").parent

    with qa.Assistant() as assistant:
        attachments = Attachments(assistant, None)
        for texts in TEXTS.values():
            page = Page(assistant, attachments, texts, Examples(assistant))
            assert texts.samples not in page.empty()[0]["placeholder"]
        assistant.sync()
        for texts in TEXTS.values():
            page = Page(assistant, attachments, texts, Examples(assistant))
            greeting = page.empty()[0]["placeholder"]
            assert texts.welcome in greeting
            assert texts.samples in greeting
        assistant.sync(own)
        for texts in TEXTS.values():
            page = Page(assistant, attachments, texts, Examples(assistant))
            assert texts.samples not in page.empty()[0]["placeholder"]
        attachments.close()

"""All texts of the page, by language, from the files in `languages`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

_FOLDER = Path(__file__).with_name("languages")


@dataclass(frozen=True, slots=True)
class Texts:
    """One language, with a field for each text, named after its place."""

    language: str
    title: str
    # the page
    ask: str
    question: str
    conversation: str
    welcome: str
    promise: str
    samples: str
    kept_questions: str
    kept_questions_named: str
    kept_who: str
    kept_votes: str
    kept_votes_unnamed: str
    kept_days: str
    kept_day: str
    kept_for_good: str
    send: str
    stop: str
    attach: str
    folder: str
    everything: str
    keep: str
    new: str
    history: str
    history_empty: str
    history_remove: str
    history_clear: str
    history_clear_sure: str
    more: str
    close: str
    # answers
    looking: str
    stopped: str
    closest: str
    unsure: str
    model_failed: str
    rest: str
    table: str
    suggestion: str
    sections: str
    related: str
    attached_answered: str
    attached_not_said: str
    attached_refused: str
    page: str
    slide: str
    sheet: str
    row: str
    rows: str
    scan: str
    scan_unsure: str
    footnote: str
    answered: str
    refused: str
    full: str
    failed: str
    failed_away: str
    # refusals, by `Answer.reason`
    refused_empty: str
    refused_greeting: str
    refused_about: str
    refused_too_long: str
    refused_no_documents: str
    refused_nothing_close: str
    refused_not_said: str
    refused_nothing_more: str
    refused_changed: str
    # actions for an answer
    copy: str
    copy_markdown: str
    copied: str
    copy_failed: str
    retry: str
    edit: str
    edit_question: str
    edit_send: str
    whole: str
    shorter: str
    cancel: str
    good: str
    bad: str
    comment: str
    comment_send: str
    thanks: str
    not_kept: str
    download_markdown: str
    download_html: str
    copy_all: str
    share: str
    # the state of the index
    state_one: str
    state_many: str
    state_none: str
    state_updated: str
    state_reading: str
    state_away: str
    # files of a conversation
    drop: str
    upload_sending: str
    upload_refused: str
    upload_too_large: str
    upload_folder: str
    upload_broken: str
    upload_reading: str
    upload_ready: str
    upload_remove: str
    upload_kept: str
    upload_skipped: str
    upload_nothing: str
    # the source panel
    panel_label: str
    panel_close: str
    panel_loading: str
    panel_failed: str
    panel_gone: str
    panel_retry: str
    panel_page: str
    panel_view: str
    panel_as_page: str
    panel_as_text: str
    panel_page_before: str
    panel_page_after: str
    panel_smaller: str
    panel_larger: str
    panel_page_alt: str
    panel_open_original: str
    panel_position: str
    panel_changed_moved: str
    panel_changed_lost: str
    panel_changed_several: str
    panel_quote: str
    panel_back: str
    panel_search: str
    panel_count: str
    panel_no_match: str
    panel_previous: str
    panel_next: str
    panel_resize: str
    # signing in
    sign_in: str
    sign_in_name: str
    sign_in_password: str
    sign_in_wrong: str
    sign_in_wait: str
    sign_in_busy: str
    sign_in_failed: str
    sign_in_away: str
    sign_in_cookies: str
    sign_in_frame: str
    sign_in_on: str
    sign_in_refused: str
    sign_in_window: str
    sign_in_done: str
    sign_in_here: str
    sign_out: str
    closed_admin: str
    closed_proxy: str
    closed_unnamed: str
    closed_again: str
    # a name of its own, and a contact
    brand_is: str
    brand_contact: str
    # the owner's page
    admin_title: str
    admin_views: str
    admin_documents: str
    admin_questions: str
    admin_findings: str
    admin_chat: str
    admin_alerts: str
    admin_no_alerts: str
    admin_alert_started: str
    admin_alert_index: str
    admin_alert_documents: str
    admin_alert_models: str
    admin_alert_disk: str
    admin_alert_sync: str
    admin_alert_chat_model: str
    admin_sync: str
    admin_syncs: str
    admin_sync_start: str
    admin_sync_never: str
    admin_running: str
    admin_stopped: str
    admin_watch_on: str
    admin_watch_off: str
    admin_ended: str
    admin_added: str
    admin_changed: str
    admin_removed: str
    admin_skipped: str
    admin_error: str
    admin_document: str
    admin_state: str
    admin_readers: str
    admin_passages: str
    admin_read: str
    admin_everybody: str
    admin_nobody: str
    admin_in_order: str
    admin_partly: str
    admin_unread: str
    admin_left_out: str
    admin_find: str
    admin_find_start: str
    admin_find_all: str
    admin_find_unread: str
    admin_find_left_out: str
    admin_find_partly: str
    admin_found: str
    admin_found_none: str
    admin_more: str
    admin_period: str
    admin_period_days: str
    admin_from_to: str
    admin_by_day: str
    admin_votes: str
    admin_day: str
    admin_total: str
    admin_answered: str
    admin_unsure: str
    admin_not_said: str
    admin_failed: str
    admin_up: str
    admin_down: str
    admin_table: str
    admin_share: str
    admin_used: str
    admin_cited: str
    admin_opened: str
    admin_seconds: str
    admin_stage: str
    admin_stage_retrieve: str
    admin_stage_read: str
    admin_stage_answer: str
    admin_half: str
    admin_most: str
    admin_topics: str
    admin_no_topics: str
    admin_topic: str
    admin_times: str
    admin_earlier: str
    admin_no_audit: str
    admin_no_questions: str
    admin_voted: str
    admin_no_voted: str
    admin_no_texts: str
    admin_wordless: str
    admin_passage: str
    admin_comment: str
    admin_right: str
    admin_to_set: str
    admin_to_set_refused: str
    admin_in_set: str
    admin_set_file: str
    admin_review_start: str
    admin_reviewed: str
    admin_no_findings: str
    admin_aside: str
    admin_set_aside: str
    admin_aside_note: str
    admin_bring_back: str
    admin_contradiction: str
    admin_replaced: str
    admin_duplicate_document: str
    admin_duplicate_passage: str
    admin_dead_link: str
    admin_newer: str
    admin_leads_to: str
    admin_meant: str

    def to_dict(self) -> dict[str, str]:
        """The texts for the scripts of the chat, which need none that only the server writes."""
        own = ("admin_", "brand_", "closed_", "kept_")
        return {name: text for name, text in asdict(self).items() if not name.startswith(own)}

    def named(self, name: str | None) -> Texts:
        """The texts of an assistant with a name of its own."""
        if name is None:
            return self
        about = f"{self.brand_is.format(name=name)} {self.refused_about}"
        return replace(self, title=name, refused_about=about)


TEXTS = {
    texts.language: texts
    for file in sorted(_FOLDER.glob("*.toml"))
    for texts in [Texts(**tomllib.loads(file.read_text(encoding="utf-8")))]
}
"""The languages, by their ISO 639-1 codes."""
ENGLISH = TEXTS["en"]

_WANTED = re.compile(r"([a-z]{1,8})(?:-[a-z0-9]+)*(?:\s*;\s*q=([0-9.]+))?", re.I)


def choose(wanted: str | None, accept_language: str, languages: Sequence[str]) -> Texts:
    """Of the `languages` the requested one, else the browser's favourite, else the first."""
    if wanted and (language := wanted.lower().partition("-")[0]) in languages:
        return TEXTS[language]
    liked: list[tuple[float, str]] = []
    for part in accept_language.split(","):
        if found := _WANTED.fullmatch(part.strip()):
            try:
                liked.append((float(found[2] or 1), found[1].lower()))
            except ValueError:
                continue
    liked.sort(key=lambda one: -one[0])
    known = (language for weight, language in liked if weight and language in languages)
    return TEXTS[next(known, languages[0])]


def refusal(reason: str | None, texts: Texts) -> str:
    """Why there is no answer, as a sentence; `reason` is that of `qa.Answer`."""
    name = f"refused_{(reason or 'not said').replace(' ', '_')}"
    known = {field.name for field in fields(texts)}
    return str(getattr(texts, name if name in known else "refused_not_said"))

"""Every string that the page says, by language."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, slots=True)
class Texts:
    """One language; a field per string, named for the place where it stands."""

    language: str
    title: str
    # the page
    ask: str
    question: str
    conversation: str
    welcome: str
    promise: str
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
    disagreement: str
    suggestion: str
    page: str
    footnote: str
    answered: str
    refused: str
    full: str
    failed: str
    failed_away: str
    # refusals, by `Answer.reason`
    refused_empty: str
    refused_greeting: str
    refused_too_long: str
    refused_no_documents: str
    refused_nothing_close: str
    refused_not_said: str
    refused_changed: str
    # what can be done with an answer
    copy: str
    copy_markdown: str
    copied: str
    copy_failed: str
    retry: str
    edit: str
    edit_question: str
    edit_send: str
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
    upload_reading: str
    upload_ready: str
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

    def to_dict(self) -> dict[str, str]:
        """What the page's scripts are given."""
        return asdict(self)


ENGLISH = Texts(
    language="en",
    title="Footnote",
    ask="Ask the documents",
    question="Question",
    conversation="Conversation",
    welcome="What would you like to know?",
    promise="Every statement comes with the passage it rests on.",
    send="Ask",
    stop="Stop",
    attach="Add files",
    folder="Folder",
    everything="All documents",
    keep="Keep for everyone",
    new="New",
    history="History",
    history_empty="Conversations are kept in this browser. There is none yet.",
    history_remove="Remove “{title}”",
    history_clear="Remove all",
    history_clear_sure="Remove all {number} for good?",
    more="Save",
    close="Close",
    looking="Looking in the documents …",
    stopped="Stopped before its sources were checked.",
    closest="The closest passages:",
    disagreement="Sources disagree",
    suggestion="You could ask:",
    page="p.",
    footnote="Footnote {number}: {title}",
    answered="Answer: {text} Footnotes: {number}.",
    refused="No answer: {text}",
    full="This conversation is full. Start a new one; this one stays in the history.",
    failed="The question was not answered. It is back in the box; ask it again.",
    failed_away="The server is away. The question is asked again as soon as it is back.",
    refused_empty="Ask a question, and the documents will be searched for the answer.",
    refused_greeting="Hello. Ask a question, and the documents will be searched for the answer.",
    refused_too_long="This question is too long. Shorten it, and ask again.",
    refused_no_documents="There are no documents yet. Add some with qa sync and a folder.",
    refused_nothing_close="The documents do not say. Nothing in them comes close to this question.",
    refused_not_said="The documents do not say.",
    refused_changed="The documents have changed since this was answered. Ask again.",
    copy="Copy",
    copy_markdown="Copy as Markdown",
    copied="Copied, with its footnotes.",
    copy_failed="This browser does not let the page copy.",
    retry="Ask again",
    edit="Edit",
    edit_question="Edit the question",
    edit_send="Ask again",
    cancel="Cancel",
    good="This helped",
    bad="This did not help",
    comment="What should be better? (optional)",
    comment_send="Send",
    thanks="Thank you.",
    not_kept="This could not be kept. Try again later.",
    download_markdown="Download as Markdown",
    download_html="Download as HTML",
    copy_all="Copy the conversation",
    share="Share …",
    state_one="1 document",
    state_many="{number} documents",
    state_none="No documents yet",
    state_updated="read {when}",
    state_reading="reading {source} ({done} of {total})",
    state_away="The server is away. Trying again …",
    drop="Drop the files here to ask about them",
    upload_reading="Reading {name} …",
    upload_ready="For this conversation:",
    upload_kept="Kept for everyone:",
    upload_skipped="{name} could not be read: {reason}",
    upload_nothing="Nothing in these files could be read.",
    panel_label="Source",
    panel_close="Close source",
    panel_loading="Opening the document …",
    panel_failed="The document could not be loaded. Check the connection and try again.",
    panel_gone="This document is no longer in the index.",
    panel_retry="Try again",
    panel_page="Page {page}",
    panel_open_original="Open original",
    panel_position="Quote at {percent} % of the document",
    panel_changed_moved="The document has changed since this answer. The quote now stands here.",
    panel_changed_lost=(
        "The document has changed since this answer. The quote is no longer in it word for word:"
    ),
    panel_changed_several=(
        "The document has changed since this answer. The quote now stands in several places, "
        "so none is marked:"
    ),
    panel_quote="Quoted passage",
    panel_back="Back to the quote",
    panel_search="Search in this document",
    panel_count="{number} of {total}",
    panel_no_match="Not found",
    panel_previous="Previous match",
    panel_next="Next match",
    panel_resize="Width of the source panel",
)

GERMAN = Texts(
    language="de",
    title="Footnote",
    ask="Die Dokumente fragen",
    question="Frage",
    conversation="Gespräch",
    welcome="Was möchten Sie wissen?",
    promise="Zu jeder Aussage gehört die Stelle, auf der sie beruht.",
    send="Fragen",
    stop="Anhalten",
    attach="Dateien hinzufügen",
    folder="Ordner",
    everything="Alle Dokumente",
    keep="Für alle behalten",
    new="Neu",
    history="Verlauf",
    history_empty="Gespräche bleiben in diesem Browser. Noch gibt es keines.",
    history_remove="„{title}“ entfernen",
    history_clear="Alle entfernen",
    history_clear_sure="Wirklich alle {number} entfernen?",
    more="Sichern",
    close="Schließen",
    looking="Die Dokumente werden durchsucht …",
    stopped="Angehalten, bevor die Quellen geprüft waren.",
    closest="Die nächstliegenden Stellen:",
    disagreement="Die Quellen widersprechen sich",
    suggestion="Sie könnten fragen:",
    page="S.",
    footnote="Fußnote {number}: {title}",
    answered="Antwort: {text} Fußnoten: {number}.",
    refused="Keine Antwort: {text}",
    full="Dieses Gespräch ist voll. Beginnen Sie ein neues; dieses bleibt im Verlauf.",
    failed="Die Frage wurde nicht beantwortet. Sie steht wieder im Feld; fragen Sie noch einmal.",
    failed_away=(
        "Der Server ist nicht erreichbar. Die Frage wird noch einmal gestellt, sobald er es ist."
    ),
    refused_empty="Stellen Sie eine Frage; die Antwort wird in den Dokumenten gesucht.",
    refused_greeting=(
        "Guten Tag. Stellen Sie eine Frage; die Antwort wird in den Dokumenten gesucht."
    ),
    refused_too_long="Diese Frage ist zu lang. Kürzen Sie sie und fragen Sie noch einmal.",
    refused_no_documents=(
        "Es gibt noch keine Dokumente. Der Befehl qa sync mit einem Ordner liest welche ein."
    ),
    refused_nothing_close="Die Dokumente sagen es nicht. Nichts darin kommt dieser Frage nahe.",
    refused_not_said="Die Dokumente sagen es nicht.",
    refused_changed=(
        "Die Dokumente haben sich seit dieser Antwort geändert. Fragen Sie noch einmal."
    ),
    copy="Kopieren",
    copy_markdown="Als Markdown kopieren",
    copied="Kopiert, mit den Fußnoten.",
    copy_failed="Dieser Browser lässt die Seite nicht kopieren.",
    retry="Noch einmal fragen",
    edit="Ändern",
    edit_question="Frage ändern",
    edit_send="Noch einmal fragen",
    cancel="Abbrechen",
    good="Das half",
    bad="Das half nicht",
    comment="Was sollte besser sein? (freiwillig)",
    comment_send="Senden",
    thanks="Danke.",
    not_kept="Das konnte nicht aufbewahrt werden. Versuchen Sie es später noch einmal.",
    download_markdown="Als Markdown herunterladen",
    download_html="Als HTML herunterladen",
    copy_all="Gespräch kopieren",
    share="Teilen …",
    state_one="1 Dokument",
    state_many="{number} Dokumente",
    state_none="Noch keine Dokumente",
    state_updated="gelesen {when}",
    state_reading="{source} wird gelesen ({done} von {total})",
    state_away="Der Server ist nicht erreichbar. Neuer Versuch …",
    drop="Dateien hier ablegen, um nach ihnen zu fragen",
    upload_reading="{name} wird gelesen …",
    upload_ready="Für dieses Gespräch:",
    upload_kept="Für alle behalten:",
    upload_skipped="{name} konnte nicht gelesen werden: {reason}",
    upload_nothing="In diesen Dateien konnte nichts gelesen werden.",
    panel_label="Quelle",
    panel_close="Quelle schließen",
    panel_loading="Dokument wird geöffnet …",
    panel_failed=(
        "Das Dokument konnte nicht geladen werden. Bitte Verbindung prüfen und noch einmal "
        "versuchen."
    ),
    panel_gone="Dieses Dokument ist nicht mehr im Index.",
    panel_retry="Noch einmal versuchen",
    panel_page="Seite {page}",
    panel_open_original="Original öffnen",
    panel_position="Zitat bei {percent} % des Dokuments",
    panel_changed_moved=(
        "Das Dokument wurde seit dieser Antwort geändert. Das Zitat steht jetzt hier."
    ),
    panel_changed_lost=(
        "Das Dokument wurde seit dieser Antwort geändert. Das Zitat steht nicht mehr wörtlich "
        "darin:"
    ),
    panel_changed_several=(
        "Das Dokument wurde seit dieser Antwort geändert. Das Zitat steht jetzt an mehreren "
        "Stellen, daher ist keine markiert:"
    ),
    panel_quote="Zitierte Stelle",
    panel_back="Zurück zum Zitat",
    panel_search="In diesem Dokument suchen",
    panel_count="{number} von {total}",
    panel_no_match="Nicht gefunden",
    panel_previous="Voriger Treffer",
    panel_next="Nächster Treffer",
    panel_resize="Breite der Quellenansicht",
)

TEXTS = {texts.language: texts for texts in (ENGLISH, GERMAN)}

_WANTED = re.compile(r"([a-z]{1,8})(?:-[a-z0-9]+)*(?:\s*;\s*q=([0-9.]+))?", re.I)


def choose(wanted: str | None, accept_language: str) -> Texts:
    """The language asked for, else the one that a browser likes best, else English."""
    if wanted and (texts := TEXTS.get(wanted.lower().partition("-")[0])):
        return texts
    liked: list[tuple[float, str]] = []
    for part in accept_language.split(","):
        if found := _WANTED.fullmatch(part.strip()):
            try:
                liked.append((float(found[2] or 1), found[1].lower()))
            except ValueError:
                continue
    liked.sort(key=lambda one: -one[0])
    known = (TEXTS[language] for weight, language in liked if weight and language in TEXTS)
    return next(known, ENGLISH)


def refusal(reason: str | None, texts: Texts) -> str:
    """Why there is no answer, as a sentence; `reason` is that of `qa.Answer`."""
    name = f"refused_{(reason or 'not said').replace(' ', '_')}"
    known = {field.name for field in fields(texts)}
    return str(getattr(texts, name if name in known else "refused_not_said"))

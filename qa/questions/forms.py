"""The form of answer that a question asks for: a fact, a list, steps, yes or no.

The beginning of the question tells most of it. These are rules of English, tried in order; a
question that none of them fits asks for a fact. A wrong guess costs little, because it only adds to
what the documents say themselves (`qa.answering.units.choosing`), and because it sets little more
than one of two lengths of answer.
"""

from __future__ import annotations

import re
from enum import Enum

from qa.questions.kinds import asks, asks_whether
from qa.questions.other_languages import rule_of, sides_in
from qa.text.asking import asked_in
from qa.text.terms import stems


class Form(Enum):
    """What an answer looks like."""

    FACT = "a fact"
    LIST = "a list"
    STEPS = "steps"
    WHETHER = "yes or no"
    REASON = "a reason"
    DEFINITION = "what something is"
    COMPARISON = "both sides"
    OVERVIEW = "what there is to say of a topic"
    OPEN = "whatever is there: nothing in it asks"


LONG = frozenset((Form.LIST, Form.STEPS, Form.COMPARISON, Form.OVERVIEW))
"""Forms that take more than a few sentences."""


_ME = r"(?:i|we|you|one|someone|somebody|people|employees|staff|managers)"
_FORMS: tuple[tuple[Form, re.Pattern[str]], ...] = tuple(
    (form, re.compile("|".join(patterns), re.IGNORECASE))
    for form, *patterns in (
        (
            Form.COMPARISON,
            r"\b(?:differences?|differs?|compared?|comparison|versus|vs)\b",
            r"\bwhich (?:one )?is better\b",
            r"\bthe same (?:thing )?as\b",
            r"^should .* or (?:in |with |to |for )?\w+\W*$",
        ),
        (
            Form.OVERVIEW,
            r"\b(?:overview|summar\w+|sum up|basics|nutshell|short version|tell me about)\b",
            r"\bwhat (?:do|does) .{1,60}\bsay\b",
            r"\bwhat should \w+ know\b",
        ),
        (
            Form.STEPS,
            rf"\bhow (?:do|can|should|could|would|must) {_ME}\b",
            r"\bhow (?:to|does one)\b",
            r"\b(?:steps?|process|procedure|instructions|checklist)\b",
            rf"\bwhat (?:do|should|must|can) {_ME} (?:have to )?do\b",
            r"\b(?:now what|what now)\b",
            r"\bhow\W*$",
            r"\band how\b",
        ),
        (Form.REASON, r"\bwhy\b", r"\bhow come\b", r"\breasons?\b"),
        (
            Form.LIST,
            r"\b(?:what|which) (?:\w+ ){0,2}?(?:kinds?|types?|sorts?)\b",
            r"^\W*(?:kinds?|types?|sorts?|examples?|places|list)\b",
            r"\b(?:examples? of|who all|requirements|in which cases|which situations)\b",
            rf"\bwhat (?:else )?(?:do|does|should|must|can) {_ME} (?:need|bring|hand|include)\b",
            r"\b(?:what|which) (?!(?:does|was|has|is|happens)\b)"
            r"(?:\w+[- ]){0,2}?\w{2,}(?<![sui])s\b(?! (?:is|was|the)\b)",
            r"\bwhat (?:are|were)\b",
            r"\bwhat comes\b",
        ),
        (
            Form.DEFINITION,
            r"\bwhat(?:['’]?s| is| are| was) (?:an? |the )?(?:[\w&/-]+ ?){1,4}\W*$",
            r"\b(?:define|definition|explain|meaning)\b",
            r"\bwhat (?:do|does) .{1,80}\bmean\b",
            r"\bsupposed to cover\b",
        ),
    )
)
# It asks for a number or a date, whatever else the question says.
_QUANTITY = re.compile(
    r"\bhow (?:many|much|long|often|soon|far|fast|old|big)\b"
    r"|^\W*(?:max|min|number|price|cost|deadline|phone|email|address|days|hours)\w*\b"
    r"|\b(?:number|price|cost|deadline|code|address)\W*$",
    re.IGNORECASE,
)


_SIDES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bbetween (?P<one>.{2,60}?) and (?P<other>.{2,60}?)\W*$",
        r"^\W*(?:.{0,40}?, )?(?:is |are )?(?P<one>[^,?]{2,60}?),?"
        r" (?:versus|vs\.?|compared (?:to|with)) (?P<other>.{2,60}?)\W*$",
        r"^\W*(?:is|are) (?P<one>.{2,60}?) the same (?:thing )?as (?P<other>.{2,60}?)\W*$",
        r"\b(?:in|use|take|choose|need) (?P<one>[^,?]{2,60}?) or (?P<other>.{2,60}?)\W*$",
        r"^\W*(?:.{0,40}?, )?(?P<one>[^,?]{2,60}?) (?:or|vs) (?P<other>[^,?]{2,60}?)(?:\W*$| - )",
    )
)


def sides(question: str) -> tuple[str, str] | None:
    """The two things that a question compares; None if they cannot be told apart."""
    for pattern in sides_in(question) or _SIDES:
        if found := pattern.search(question):
            return found["one"], found["other"]
    return None


def form_of(question: str) -> Form:
    """The form of answer that a question asks for."""
    if asked_in(question):
        rule = rule_of("forms", question)
        return Form[rule] if rule else Form.FACT
    return _form_in_english(question)


def _form_in_english(question: str) -> Form:
    if _QUANTITY.search(question):
        return Form.FACT
    for form, pattern in _FORMS[:2]:
        if pattern.search(question):
            return form
    if asks_whether(question) and not re.search(r"\bhow\W*$", question):
        return Form.WHETHER
    for form, pattern in _FORMS[2:]:
        if pattern.search(question):
            return form
    if asks(question) or not stems(question):
        return Form.FACT
    return Form.OPEN

"""Headings and introductions of lists -> the questions that employees would type.

The same wish in many forms: a full question, a few words, everyday words instead of a heading's
formal ones, in lower case, with an occasional typing mistake.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

# In both directions: everyday words, and those of documents.
_SAME = (
    ("request", "ask for"), ("submit", "hand in"), ("submitting", "handing in"),
    ("purchase", "buy"), ("purchasing", "buying"), ("obtain", "get"), ("obtaining", "getting"),
    ("create", "make"), ("creating", "making"), ("set up", "install"), ("configure", "set up"),
    ("configuring", "setting up"), ("remove", "get rid of"), ("delete", "remove"),
    ("removing", "getting rid of"), ("select", "choose"), ("selecting", "choosing"),
    ("begin", "start"), ("contact", "get in touch with"), ("ensure", "make sure of"),
    ("conduct", "run"), ("conducting", "running"), ("modify", "change"), ("update", "change"),
    ("updating", "changing"), ("view", "see"), ("locate", "find"), ("employee", "worker"),
    ("employees", "staff"), ("requirements", "rules"), ("guidelines", "rules"),
    ("requirements", "things needed"), ("benefits", "advantages"), ("benefits", "upsides"),
    ("drawbacks", "downsides"), ("resources", "links"), ("issues", "problems"),
    ("issue", "problem"), ("error", "problem"), ("errors", "mistakes"), ("assist", "help"),
    ("fix", "repair"), ("resolve", "fix"), ("resolving", "fixing"), ("vendor", "supplier"),
    ("vendors", "suppliers"), ("meeting", "call"), ("laptop", "computer"), ("photo", "picture"),
    ("images", "pictures"), ("permission", "approval"), ("access", "login"),
    ("documentation", "docs"), ("application", "app"), ("applications", "apps"),
    ("repository", "repo"), ("repositories", "repos"), ("organisation", "org"),
    ("organization", "org"), ("participants", "people taking part"), ("recruit", "find"),
    ("recruiting", "finding"), ("review", "check"), ("reviewing", "checking"),
    ("deploy", "release"), ("deploying", "releasing"), ("test", "try out"),
    ("write", "draft"), ("avoid", "stay away from"), ("important", "worth it"),
    ("guide", "how-to"), ("principles", "ideas"), ("process", "steps"), ("overview", "summary"),
    ("measure", "track"), ("improve", "make better"), ("improving", "making better"),
    ("team", "group"), ("evaluate", "judge"), ("evaluating", "judging"), ("budget", "money"),
    ("cost", "price"), ("costs", "prices"), ("hire", "take on"), ("incident", "outage"),
    ("alert", "alarm"), ("monitor", "watch"), ("monitoring", "watching"), ("users", "people"),
)  # fmt: skip

_HOW = (
    "how do I {0}", "how to {0}", "how can I {0}", "steps to {0}", "I want to {0}, how",
    "what do I do to {0}", "where do I {0}", "whats the process to {0}", "need to {0}",
    "how do we {0}", "what steps are there to {0}", "can you tell me how to {0}",
)  # fmt: skip
_LISTED = (
    "what are the {0}", "which {0} are there", "list of {0}", "what {0} do we have",
    "{0} checklist", "tell me all the {0}", "what kinds of {0} are there",
)  # fmt: skip
_NAMED = (
    "what is {0}", "tell me about {0}", "{0}", "rules for {0}", "what should I know about {0}",
    "explain {0}", "what does it say about {0}", "overview of {0}", "what do people mean by {0}",
    "{0} basics", "how does {0} work", "give me the basics of {0}", "sum up {0}",
)  # fmt: skip
_PLURAL = ("what are {0}", "what about {0}", "tell me about {0}", "{0}", "explain {0}")
_LEADS = (
    (re.compile(r"^to (.+?),? *(?:you|please|follow|do|use|take|complete)\b", re.I), _HOW),
    (re.compile(r"^(?:here are |these are |below are )?(?:the )?steps (?:to|for) (.+)$", re.I),
     _HOW),
    (re.compile(r"^there are (?:\w+ )?(.{4,60})$", re.I), _LISTED),
    (re.compile(r"^(?:some |the |common |other )?(.{4,50}?) (?:are|include|includes)\b.*$", re.I),
     _LISTED),
    (re.compile(r"^(?:here are|these are) (?:some |the |a few )?(.{4,60})$", re.I), _LISTED),
    (re.compile(r"^(?:you|we|users|teams|it|this|they) "
                r"(can|should|must|may|need to|could|will) (.{4,60})$", re.I),
     ("what {0} I {1}", "what {0} you {1}", "things you {0} {1}")),
    (re.compile(r"^(.{4,50}?) (can|should|must|may|could) (.{4,50})$", re.I),
     ("what {1} {0} {2}", "which things {1} {0} {2}")),
)  # fmt: skip
_DIGITS = re.compile(r"^(?:step )?\d+[.):]?\d*\s+|^[-–:]+\s*", re.IGNORECASE)
_ATTRIBUTES = re.compile(r"\{[^{}]*\}")
_FILLERS = re.compile(r"\b(?:the following|following|below|as follows|please)\b ?", re.IGNORECASE)
_MISTYPED = 0.1
_LOWER, _NO_MARK, _SAID_OTHERWISE = 0.55, 0.6, 0.35


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The verbs among the words of all pages, with their forms."""

    words: Counter[str]
    verbs: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Vocabulary:
        """Learnt from texts: a verb is a word that often follows "to"."""
        words: Counter[str] = Counter()
        after_to: Counter[str] = Counter()
        for text in texts:
            said = re.findall(r"[a-z]+", text.lower())
            words.update(said)
            after_to.update(b for a, b in pairwise(said) if a == "to")
        verbs = (w for w, n in after_to.items() if n >= 4 and n > 0.15 * words[w])
        return cls(words, frozenset(verbs))

    def base(self, word: str) -> str | None:
        """The verb of a word in -ing, if it has one."""
        if not word.endswith("ing") or len(word) < 6:
            return None
        stem = word[:-3]
        forms = [stem, stem + "e"] + ([stem[:-1]] if stem[-1] == stem[-2] else [])
        known = [form for form in forms if form in self.verbs]
        return max(known, key=lambda form: self.words[form], default=None)


def of_heading(
    heading: str, about: str, listed: bool, vocabulary: Vocabulary, drawn: random.Random
) -> str:
    """A question that the text below a heading answers.

    `about` is the topic of the page or section, for a heading that says little by itself, else
    empty; `listed` says whether a list or steps are below it.
    """
    said = _DIGITS.sub("", _ATTRIBUTES.sub("", heading).strip()).strip(" :.")
    forms = [said] if said.endswith("?") else _forms(said, listed, vocabulary, drawn)
    asked = drawn.choice(forms)
    if about and (drawn.random() < 0.8 or len(said.split()) < 3):
        joint = drawn.choice((" for ", " - ", " in ", ", ", " with ", " of "))
        asked = f"{asked.rstrip('?')}{joint}{about}"
    return as_typed(asked, drawn)


def of_lead(lead: str, heading: str, drawn: random.Random) -> str | None:
    """A question that a list answers, made from its introduction; None if there is none."""
    plain = _FILLERS.sub("", " ".join(lead.split())).strip(" :.")
    for pattern, forms in _LEADS:
        found = pattern.match(plain)
        if found is not None and len(plain.split()) <= 16:
            asked = drawn.choice(forms).format(*(_lower(part) for part in found.groups()))
            if heading and drawn.random() < 0.5:
                asked = f"{asked} ({_lower(heading)})"
            return as_typed(asked, drawn)
    return None


def of_words(text: str, vocabulary: Vocabulary, drawn: random.Random) -> str | None:
    """Two to four rare words of a text, like a search query; None if it has too few."""
    said = re.findall(r"[a-z][a-z-]{3,}", text.lower())
    rare = sorted(set(said), key=lambda word: (vocabulary.words[word], word))[:8]
    if len(rare) < 5:
        return None
    chosen = frozenset(drawn.sample(rare, drawn.choice((2, 2, 3, 4))))
    return as_typed(" ".join(word for word in dict.fromkeys(said) if word in chosen), drawn)


def as_typed(question: str, drawn: random.Random) -> str:
    """The question as typed in a hurry: sometimes in other words, or with a mistake."""
    asked = " ".join(question.split())
    if drawn.random() < _SAID_OTHERWISE:
        asked = said_otherwise(asked, drawn)
    if drawn.random() < _LOWER:
        asked = asked.lower()
    if drawn.random() < _NO_MARK:
        asked = asked.rstrip("?")
    elif re.match(r"(?i)(?:how|what|who|why|when|where|which|can|do|is|are)\b", asked):
        asked = asked.rstrip("?") + "?"
    for full, short in (("what is", "what's"), ("what is", "whats"), ("do not", "dont")):
        if full in asked and drawn.random() < 0.25:
            asked = asked.replace(full, short, 1)
    return mistyped(asked, drawn) if drawn.random() < _MISTYPED else asked


def said_otherwise(question: str, drawn: random.Random) -> str:
    """The question with one of its words or phrases replaced, if possible."""
    ways = [
        (one, other)
        for pair in _SAME
        for one, other in (pair, pair[::-1])
        if re.search(rf"\b{one}\b", question, re.IGNORECASE)
    ]
    if not ways:
        return question
    one, other = drawn.choice(ways)
    return re.sub(rf"\b{one}\b", other, question, count=1, flags=re.IGNORECASE)


def mistyped(question: str, drawn: random.Random) -> str:
    """The question with two letters swapped, or one left out or doubled, in a longer word."""
    places = [m.span() for m in re.finditer(r"[A-Za-z]{5,}", question)]
    if not places:
        return question
    start, end = drawn.choice(places)
    at = drawn.randrange(start + 1, end - 1)
    changed = drawn.choice((
        question[at + 1] + question[at], question[at + 1], question[at] * 2 + question[at + 1],
    ))  # fmt: skip
    return question[:at] + changed + question[at + 2 :]


def _forms(said: str, listed: bool, vocabulary: Vocabulary, drawn: random.Random) -> Sequence[str]:
    first, _, rest = said.partition(" ")
    base = vocabulary.base(first.lower())
    if re.match(r"(?i)how (?:to|we|you|do|does|is|are|can)\b|(?:why|what|when|who|where|which) ",
                said):  # fmt: skip
        plain = re.sub(r"(?i)^how to ", "", said)
        return [said] if plain == said else [said, *(form.format(plain) for form in _HOW)]
    if base is not None and rest:
        done = f"{base} {rest}"
        return [*(form.format(done) for form in _HOW), said, f"{said} steps", f"tips for {said}"]
    if rest and first.lower() in vocabulary.verbs and first[0].isupper():
        done = f"{first.lower()} {rest}"
        return [*(form.format(done) for form in _HOW), said, f"why {done}"]
    named = _lower(said)
    if listed and drawn.random() < 0.6:
        return [form.format(named) for form in _LISTED]
    plural = re.search(r"[a-rt-z]s$", said.split()[-1]) is not None
    return [form.format(named) for form in (_PLURAL if plural else _NAMED)]


def _lower(text: str) -> str:
    """The text without a capital at the beginning, unless it is a name or an abbreviation."""
    return text if len(text) < 2 or text[1].isupper() else text[0].lower() + text[1:]

from __future__ import annotations

from pathlib import Path

import pytest

from qa.checking import Evidence, packaged
from qa.checking.entailment import Entailment, Verdict
from qa.records import Hit, Passage

ARTICLE = (
    Path(__file__).resolve().parents[2] / ".." / "shared" / "seeds" / "north-korean-negotiator.txt"
)

DOCUMENTS = [
    (
        "Travel policy",
        "Daily allowance",
        "Employees receive a daily allowance of 45 euros for trips within the country and 60 euros "
        "abroad. Breakfast included in the hotel price reduces the allowance by 20 percent. "
        "Receipts are not required for amounts below 25 euros.",
    ),
    (
        "Travel policy",
        "Flights",
        "Flights must be booked at least 14 days in advance through the travel portal. Business "
        "class may only be booked for flights longer than six hours, and only with written "
        "approval from a director. Unused tickets must be reported to the travel desk within two "
        "working days.",
    ),
    (
        "VPN",
        "Connecting from home",
        "Install the Aruba client from the software centre. Enter vpn.example.com as the server "
        "and sign in with your staff account. If error E-4012 appears, the certificate has "
        "expired; open a ticket with the service desk and do not try to reinstall the client. "
        "The session ends after 12 hours without activity.",
    ),
    (
        "Leave",
        "Parental leave",
        "Each parent may take up to 26 weeks of parental leave until the child is eight years old. "
        "The request has to reach Human Resources two months before the leave begins. During "
        "parental leave 70% of the salary is paid for the first nine weeks.",
    ),
    (
        "X200 product sheet",
        "",
        "The X200 pump moves up to 1,200 litres per hour at a pressure of 3.5 bar. It weighs 18 kg "
        "and runs on 230 V. The warranty is 24 months; the filter has to be changed every 500 "
        "hours of operation. The X100 moves 800 litres per hour.",
    ),
]


def hits_of(*documents: tuple[str, str, str], start: int = 0) -> list[Hit]:
    """One hit for each (title, heading, text), as if `start` characters stood before it."""
    return [
        Hit(
            Passage(
                id=f"passage-{number}",
                document_id=f"document-{number}",
                source=f"{number}.md",
                title=title,
                heading=heading,
                start=start,
                end=start + len(text),
                text=text,
            ),
            score=1 - number / 100,
        )
        for number, (title, heading, text) in enumerate(documents)
    ]


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return Evidence("", hits_of(*DOCUMENTS), packaged())


@pytest.fixture(scope="module")
def article() -> Evidence:
    if not ARTICLE.is_file():
        pytest.skip("the article of ../shared/seeds is not beside this checkout")
    text = ARTICLE.read_text(encoding="utf-8")
    paragraphs = text.split("\n\n")
    groups = ["\n\n".join(paragraphs[at : at + 4]) for at in range(0, len(paragraphs), 4)]
    return Evidence("", hits_of(*(("", "", group) for group in groups)), packaged())


@pytest.mark.parametrize(
    "claim",
    [
        "The daily allowance is 45 euros for trips within the country.",
        "Employees get €45 per day for trips within the country and €60 abroad.",
        "You receive a daily allowance of 60 euros when travelling abroad.",
        "If breakfast is included in the hotel price, the allowance is reduced by 20%.",
        "You don't need receipts for amounts under 25 euros.",
        "No receipts are required below 25 euros.",
        "Book your flight at least 14 days in advance via the travel portal.",
        "Business class is only allowed for flights longer than six hours with written approval "
        "from a director.",
        "Business class requires the written approval of a director and a flight of more than "
        "6 hours.",
        "Unused tickets must be reported within two working days.",
        "Report unused tickets to the travel desk within 2 working days.",
        "To connect, install the Aruba client from the software centre and enter vpn.example.com "
        "as the server.",
        "Sign in with your staff account.",
        "Error E-4012 means that the certificate has expired.",
        "E-4012 indicates an expired certificate; open a ticket with the service desk.",
        "You should not try to reinstall the client.",
        "Sessions end after 12 hours of inactivity.",
        "Parental leave is up to 26 weeks per parent until the child is eight.",
        "Parents can take 26 weeks of parental leave until their child turns 8.",
        "The request must reach Human Resources two months before the start of the leave.",
        "70 percent of the salary is paid during the first nine weeks of parental leave.",
        "The X200 moves up to 1200 litres per hour.",
        "The pump has a warranty of 24 months.",
        "The filter needs to be changed after every 500 hours of operation.",
    ],
)
def test_a_paraphrase_is_supported(evidence: Evidence, claim: str) -> None:
    assert evidence.support(claim) is not None


@pytest.mark.parametrize(
    "claim",
    [
        # numbers that are not in the passages
        "The daily allowance is 50 euros.",
        "Flights must be booked at least 7 days in advance.",
        "Business class is allowed for flights longer than four hours.",
        "The session ends after 24 hours without activity.",
        "Parental leave is up to 52 weeks.",
        "Parental leave can be taken until the child is twelve years old.",
        "80% of the salary is paid for the first nine weeks of parental leave.",
        "The warranty is 18 months.",
        # numbers that are in them, of something else
        "The daily allowance is 60 euros for domestic trips.",
        "The X200 moves 800 litres per hour.",
        "The X100 moves up to 1,200 litres per hour.",
        "The pump weighs 24 kg.",
        "The filter has to be changed every 24 months.",
        # the number is right, but not what it counts
        "The daily allowance is 45 dollars for trips within the country.",
        "Flights must be booked at least 14 weeks in advance.",
        # names and codes
        "Install the Cisco client from the software centre.",
        "Error E-4013 means that the certificate has expired.",
        "The X300 weighs 18 kg.",
        "Contact Maria Lopez in Human Resources to request leave.",
        "Enter vpn.evil.example as the server and sign in with your staff account.",
        # the passages say the opposite, or less
        "Receipts are required for amounts below 25 euros.",
        "Receipts are always required.",
        "If error E-4012 appears, reinstall the client.",
        "Business class may be booked for all flights.",
        "The full salary is paid during the first nine weeks.",
        # nothing of this kind is said
        "Employees receive a company car.",
        "Error E-4012 means that your password is wrong.",
        "Employees may keep the frequent flyer miles they collect.",
        "The pump costs 1,200 euros.",
    ],
)
def test_an_invention_is_not_supported(evidence: Evidence, claim: str) -> None:
    assert evidence.support(claim) is None


@pytest.mark.shared
@pytest.mark.parametrize(
    "claim",
    [
        "Trump suggested Bangkok and Hanoi as possible locations for a second summit.",
        "Bangkok and Hanoi are being considered as possible venues for the second summit.",
        "The second summit might be held in Bangkok or Hanoi.",
        "North Korea has not yet agreed to either location.",
        "The place and time of the second summit are yet to be determined.",
        "Pyongyang's lead negotiator is Kim Yong Chol, a former spymaster.",
        "Kim Yong Chol is Pompeo's counterpart in the talks with the U.S.",
        "He last came to the US in June, when he visited New York and met with Pompeo.",
        "Kim Yong Chol brought a letter from Kim Jong Un to President Trump in the Oval Office.",
        "Harry J. Kazianis directs defense studies at the Center for the National Interest, a "
        "think tank based in Washington.",
        "The first summit between Trump and Kim Jong Un took place in Singapore in June.",
        "North Korea wants some sort of relief from sanctions in exchange for big concessions on "
        "its nuclear or missile programs.",
        "Parts of the Punggye-ri nuclear test site were destroyed.",
        "It did not carry out any nuclear or missile tests in 2018.",
        "Kim Jong Un has travelled to China four times in less than a year.",
        "It is not clear whether he will visit the White House.",
        "Neither leader has publicly addressed a second meeting.",
    ],
)
def test_a_paraphrase_of_the_article_is_supported(article: Evidence, claim: str) -> None:
    assert article.support(claim) is not None


@pytest.mark.shared
@pytest.mark.parametrize(
    "claim",
    [
        "The trip cost 3 million dollars.",
        "The trip cost a lot of money.",
        "The capital of France is Paris.",
        "North Korea won the World Cup in 2018.",
        "Kim Yong Chol is married with two children.",
        "The second summit might be held in Bangkok or Tokyo.",
        "The second summit could be held in the US Capitol Building, Washington, D.C.",
        "The first summit took place in Singapore, specifically in June 2018.",
        "The first summit might be held in Bangkok or Hanoi.",
        "The North Koreans have agreed to Bangkok as the location of the second summit.",
        "Kim Yong Chol last came to the United States in July.",
        "Kim Yong Chol visited New York in June and brought expensive gifts for everyone.",
        "They met for three hours in the White House.",
        "Trump and Kim publicly addressed the possibility of a second meeting.",
        "North Korea carried out missile tests in 2018.",
        "Harry Kazianis is a professor of physics at Harvard.",
        "Steve Biegun is North Korea's lead negotiator in nuclear talks.",
        "Kim Jong Un's third trip to China took place last week.",
        "Macron met Kim in Singapore in June.",
        "Kim Jong Un last came to the United States in June.",
        "Kim Yong Chol is expected to meet with Trump in Washington on Friday.",
        "The site was partly destroyed by the North Koreans during the second meeting between "
        "Trump and Kim Jong Un.",
        "Donald Trump is the 45th president of the United States.",
        "The meeting between the two leaders was a great success.",
        "North Korea demanded that the US agree to a specific denuclearization measure, including "
        "the removal of US nuclear weapons and missile programs.",
    ],
)
def test_an_invention_about_the_article_is_not_supported(article: Evidence, claim: str) -> None:
    assert article.support(claim) is None


class Doubtful(Entailment):
    """The packaged model, and what it was asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str]] = []

    def judge(self, passage: str, statement: str) -> Verdict:
        self.asked.append((passage, statement))
        return super().judge(passage, statement)


def test_the_model_reads_the_quote_in_its_context_and_may_doubt_the_claim() -> None:
    text = "The river flows north through Aldby before it turns east to the sea. It is shallow."
    hits = hits_of(("Rivers", "The Ald", text))
    turned = "The river flows south through Aldby before it turns west to the sea."
    model = Doubtful()

    assert Evidence("", hits).support(turned) is not None
    assert Evidence("", hits, model).support(turned) is None
    assert model.asked == [(f"Rivers > The Ald\n{text}", turned)]
    assert Evidence("", hits, model).support(text.split(". ")[0]) is not None


def test_the_model_is_not_asked_about_denials_or_about_claims_that_the_rules_refuse() -> None:
    hits = hits_of(("", "", "Dogs are not allowed in the office."))
    model = Doubtful()

    assert Evidence("", hits, model).support("Dogs are not allowed in the office.") is not None
    assert Evidence("", hits, model).support("The office closes at 5 pm.") is None
    assert model.asked == []


def test_the_quote_is_the_one_sentence_that_supports_the_claim() -> None:
    text = DOCUMENTS[0][2]
    support = Evidence("", hits_of(DOCUMENTS[0], start=1000)).support(
        "Breakfast in the hotel price reduces the allowance by 20 percent."
    )

    assert support is not None
    (span,) = support.spans
    assert span.text == (
        "Breakfast included in the hotel price reduces the allowance by 20 percent."
    )
    assert span.start == 1000 + text.index("Breakfast")
    assert support.score > 0.9


def test_a_claim_that_needs_the_next_sentence_quotes_both() -> None:
    text = "Kim Yong Chol last came to the city in June. He visited the harbour and met the mayor."
    support = Evidence("", hits_of(("", "", text))).support(
        "In June, Kim Yong Chol visited the harbour and met the mayor."
    )

    assert support is not None
    assert [span.text for span in support.spans] == [text]


def test_a_claim_of_two_statements_quotes_both_passages(evidence: Evidence) -> None:
    support = evidence.support(
        "Unused tickets must be reported to the travel desk within two working days, and sessions "
        "end after 12 hours without activity."
    )

    assert support is not None
    assert {span.hit.passage.title for span in support.spans} == {"Travel policy", "VPN"}


def test_words_from_different_places_do_not_make_a_statement(evidence: Evidence) -> None:
    assert (
        evidence.support("Employees receive a ticket for the travel desk and the salary of a pump.")
        is None
    )


def test_the_passage_that_is_cited_is_preferred() -> None:
    text = "The office opens at nine."
    evidence = Evidence("", hits_of(("A", "", text), ("B", "", text)))
    support = evidence.support("The office opens at nine.", cited=[1])

    assert support is not None
    assert support.spans[0].hit.passage.title == "B"


def test_a_wrong_citation_is_corrected(evidence: Evidence) -> None:
    support = evidence.support("The warranty is 24 months.", cited=[0, 17, -3])

    assert support is not None
    assert support.spans[0].hit.passage.title == "X200 product sheet"


def test_a_phrase_counts_only_as_an_answer_to_the_question() -> None:
    claim = "North Korea."
    text = "North Korea refrained from tests in 2018. The lead negotiator is Kim Yong Chol."
    hits = hits_of(("", "", text))

    assert Evidence("Who won the 2018 World Cup?", hits).support(claim) is None
    assert Evidence("Who is the lead negotiator?", hits).support("Kim Yong Chol.") is not None
    assert Evidence("Who is Kim Yong Chol?", hits).support("Kim Yong Chol.") is None


def test_a_sentence_that_repeats_the_question_answers_nothing() -> None:
    hits = hits_of(("", "", "The young of the beetle live in another area than their parents."))
    claim = "The young of the beetle live in another area."
    assert (
        Evidence("In what area, if another, do the young of the beetle live?", hits).support(claim)
        is None
    )
    assert Evidence("Do the young of the beetle live in another area?", hits).support(claim)


@pytest.mark.parametrize(
    ("claim", "passage", "borne"),
    [
        ("The timeout is two seconds.", "The timeout is 30 seconds.", False),
        ("The timeout is thirty seconds.", "The timeout is 30 seconds.", True),
        ("The leave is five days.", "The leave is twenty-five days.", False),
        ("The leave is 25 days.", "The leave is twenty-five days.", True),
        ("The fee is 2 euros.", "The fee is two hundred euros.", False),
        ("The fee is 200 euros.", "The fee is two hundred euros.", True),
        ("The fee is 3 euros.", "The fee is 3 million euros.", False),
        ("The fee is 30.00 euros.", "The fee is 30 euros.", True),
        ("The fee is more than 20 euros.", "The fee is less than 20 euros.", False),
    ],
)
def test_a_number_is_compared_by_its_value(claim: str, passage: str, borne: bool) -> None:
    assert (Evidence("", hits_of(("", "", passage))).support(claim) is not None) is borne


def test_a_yes_may_repeat_the_question() -> None:
    hits = hits_of(("", "", "The office is closed when it snows. Guests may park in the yard."))
    asked = Evidence("Is the office closed when it snows?", hits)
    assert asked.support("Yes, the office is closed when it snows.") is not None
    asked = Evidence("And can guests, who pay, park in the yard?", hits)
    assert asked.support("Guests may park in the yard.") is not None


def test_one_of_two_that_were_asked_about_is_an_answer() -> None:
    hits = hits_of(("", "", "Of the two pumps, the X200 is the faster one; the X100 is cheaper."))
    asked = Evidence("Which pump is faster, the X100 or the X200?", hits)
    assert asked.support("The X200 is the faster pump.") is not None


def test_initials_and_full_names_are_the_same() -> None:
    evidence = Evidence("", hits_of(("", "", "The envoy flew to the United States on Friday.")))

    assert evidence.support("The envoy flew to the US on Friday.") is not None
    assert evidence.support("The envoy flew to the UK on Friday.") is None


def test_titles_and_headings_count_for_the_text_below_them(evidence: Evidence) -> None:
    assert evidence.support("VPN sessions end after 12 hours without activity.") is not None


@pytest.mark.parametrize(
    ("text", "supported", "invented"),
    [
        (
            "Der Ausschuss hat am 3. Mai beschlossen, die Gebühr auf 20 Euro zu senken.",
            "Am 3. Mai hat der Ausschuss eine Senkung der Gebühr auf 20 Euro beschlossen.",
            "Am 3. Mai hat der Ausschuss eine Erhöhung der Gebühr auf 30 Euro beschlossen.",
        ),
        (
            "Le comité a décidé le 3 mai de réduire les frais à 20 euros.",
            "Le 3 mai, le comité a décidé de réduire les frais à 20 euros.",
            "Le 3 mai, le comité a décidé de supprimer les frais à Paris.",
        ),
        (
            "第二次会谈可能在曼谷或河内举行。",
            "会谈可能在曼谷或河内举行。",
            "会谈将于三月在东京结束。",
        ),
    ],
)
def test_claims_in_other_languages_are_checked(text: str, supported: str, invented: str) -> None:
    evidence = Evidence("", hits_of(("", "", text)))

    assert evidence.support(supported) is not None
    assert evidence.support(invented) is None


CODES = (
    "E-4012 | certificate expired | 14 days\nE-4013 | password wrong | 30 days\n"
    "E-4014: no route, wait 45 minutes.\nE-4015: no lease, wait 60 minutes; call the desk."
)
FEES = "The fee is 20 euros. Claims take days to be paid. The deposit of $50 comes back in 30 days."


@pytest.mark.parametrize(
    ("text", "supported", "invented"),
    [
        (CODES, "E-4012 means the certificate expired.", "E-4012 means the password is wrong."),
        (CODES, "E-4013 means the password is wrong.", "E-4013 means the certificate expired."),
        (CODES, "E-4014: no route, wait 45 minutes.", "E-4014: no route, wait 60 minutes."),
        (FEES, "The fee is 20 euros.", "The fee is 20 days."),
        (FEES, "The deposit is 50 dollars.", "The deposit is 50 euros."),
        (FEES, "The deposit comes back in 30 days.", "The deposit comes back in 50 days."),
    ],
)
def test_what_belongs_to_a_code_or_a_number_is_checked_with_it(
    text: str, supported: str, invented: str
) -> None:
    evidence = Evidence("", hits_of(("", "", text)))

    assert evidence.support(supported) is not None
    assert evidence.support(invented) is None


@pytest.mark.parametrize(
    "text",
    [
        "Dogs are not allowed in the office.",
        "Dogs are allowed in no office.",
        "Dogs are allowed nowhere, office or not.",
        "Dogs are no longer allowed in the office.",
        "Dogs are allowed in the garden, but not in the office.",
        "Dogs are allowed in the garden but not in the office.",
        "In no office are dogs allowed.",
    ],
)
def test_a_denial_after_the_subject_does_not_support_a_yes(text: str) -> None:
    evidence = Evidence("", hits_of(("", "", text)))

    assert evidence.support("Dogs are allowed in the office.") is None


def test_a_denial_in_another_part_of_the_sentence_does_no_harm() -> None:
    text = "Dogs are allowed in the garden, but not in the office. Delivery is made at no cost."
    evidence = Evidence("", hits_of(("", "", text)))

    assert evidence.support("Dogs are allowed in the garden.") is not None
    assert evidence.support("Dogs are not allowed in the office.") is not None


@pytest.mark.parametrize(
    "claim", ["", "Sure!", "Here is the answer:", "…", "According to the text,"]
)
def test_an_empty_statement_has_no_support(evidence: Evidence, claim: str) -> None:
    assert not evidence.says_something(claim)
    assert evidence.support(claim) is None


def test_without_hits_nothing_is_supported() -> None:
    assert Evidence("Why?", []).support("The warranty is 24 months.") is None

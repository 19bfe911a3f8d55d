from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import qa
from qa.access import OWNER
from qa.doctor import languages
from qa.text.language import language

TEXTS = {
    "en": "Everybody has twenty-eight days of annual leave, and asks the head of division for it.",
    "de": "Alle haben Anspruch auf achtundzwanzig Tage Urlaub im Jahr und fragen die Leitung.",
    "fr": "Tout le monde a droit à vingt-huit jours de congé par an et les demande à sa direction.",
    "ru": "Каждый сотрудник имеет право на двадцать восемь дней ежегодного отпуска.",
    "ar": "يحق لكل موظف ثمانية وعشرون يوما من الإجازة السنوية ويطلبها من رئيس القسم.",
    "hi": "प्रत्येक कर्मचारी को वर्ष में अट्ठाईस दिन की छुट्टी मिलती है और वह विभाग प्रमुख से माँगता है।",
    "zh": "每位员工每年享有二十八天年假，须向部门主管申请。会议在曼谷举行，双方同意了协议。",
    "ja": "すべての従業員は年に二十八日の休暇を取ることができ、部長に申請します。",
    "th": "พนักงานทุกคนมีวันหยุดพักผ่อนประจำปียี่สิบแปดวันและต้องขอจากหัวหน้าแผนก",
}


@pytest.mark.parametrize("code", TEXTS)
def test_a_sentence_is_enough_to_tell_its_language(code: str) -> None:
    assert language(TEXTS[code]) == code


@pytest.mark.parametrize("text", ["", "12 | 14 | 16\n" * 50, "E-4012", "Ada King", "Leave policy"])
def test_numbers_and_names_have_no_language(text: str) -> None:
    assert language(text) is None


def test_the_languages_of_documents_are_counted(tmp_path: Path) -> None:
    assistant = qa.Assistant(index=tmp_path)
    texts = {"a": TEXTS["en"], "b": TEXTS["de"], "c": TEXTS["en"], "d": "4711"}
    assistant.add(qa.Document(text=text, source=source) for source, text in texts.items())
    with assistant.index.reading(OWNER) as snapshot:
        assert languages(snapshot) == Counter({"en": 2, "de": 1})
    assistant.close()

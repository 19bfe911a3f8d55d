"""Numbers as Excel shows them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.loading.tables.number_formats import BUILT_IN, shown


@pytest.mark.parametrize(
    ("number", "code", "expected"),
    [
        (1234.5, "General", "1234.5"),
        (0.1 + 0.2, "General", "0.3"),
        (12345678901234.0, "General", "12345678901234"),
        (1e-7, "General", "1e-07"),
        (1234.5, "0", "1234"),
        (1234.567, "#,##0.00", "1,234.57"),
        (1234.5, "#,##0.0#", "1,234.5"),
        (0.5, "#.00", ".50"),
        (7, "000", "007"),
        (0.125, "0%", "12%"),
        (0.125, "0.0 %", "12.5 %"),
        (1_500_000, '0.0,," M"', "1.5 M"),
        (-81, "#,##0\\ ;\\(#,##0\\)", "(81)"),
        (0, '_(* #,##0_);_(* \\(#,##0\\);_(* "—"_);_(@_)', "—"),
        (-1164, '_(* #,##0_);_(* \\(#,##0\\);_(* "—"_);_(@_)', "(1,164)"),
        (-5, "0.0", "-5.0"),
        (-0.001, "0.0", "0.0"),
        (-5, "[Red]-0.0", "--5.0"),
        (1234.5, "[$$-409]#,##0.00", "$1,234.50"),
        (1234.5, "#,##0.00 [$€-407]", "1,234.50 €"),
        (12, '0 "kg"', "12 kg"),
        (12, 'General" kg"', "12 kg"),
        (5, '[<10]"few";[>=10]"many"', "few"),
        (50, '[<10]"few";[>=10]"many"', "many"),
        (5551234, "000-0000", "555-1234"),
        (3012345678, "(000) 000-0000", "(301) 234-5678"),
        (1234567, "0.00E+00", "1.23E+06"),
        (0.25, "# ?/?", "0.25"),
        (45363, "yyyy-mm-dd", "2024-03-12"),
        (45363, "d/m/yy", "12/3/24"),
        (45363, "[$-407]d. mmmm yyyy;@", "12. March 2024"),
        (45363, "ddd, mmm d", "Tue, Mar 12"),
        (45363.75, "yyyy-mm-dd hh:mm", "2024-03-12 18:00"),
        (45363.75, "h:mm AM/PM", "6:00 PM"),
        (0.5, "h:mm:ss", "12:00:00"),
        (1.5, "[h]:mm", "36:00"),
        (0.000011574, "mm:ss.0", "00:01.0"),
        (59, "yyyy-mm-dd", "1900-02-28"),
        (1, "yyyy-mm-dd", "1900-01-01"),
        (1e12, "yyyy-mm-dd", "1000000000000"),
        (12, '"closed"', "closed"),
        (3, "@", "3"),
    ],
)
def test_a_number_is_shown_by_its_format(number: float, code: str, expected: str) -> None:
    assert shown(float(number), code) == expected


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.one_of(
        st.text(max_size=30),
        st.lists(st.sampled_from([*'0#?,.%;"\\_*[]@/ydmhsE+-$<>=', "General", "AM/PM"])).map(
            "".join
        ),
        st.sampled_from(sorted(BUILT_IN.values())),
    ),
)
def test_any_format_shows_any_number(number: float, code: str) -> None:
    assert isinstance(shown(number, code), str)

"""The session's format comes from the browser's language; what it writes, the reader reads back."""

import datetime as dt
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.date_reader import read_date
from contract.number_block import read_block
from contract.number_format import NumberFormat, format_date, format_number
from contract.number_reader import read_number

# fmt: off
LANGUAGES = [
    "en", "en-US", "en-GB", "en-IN", "en-ZA", "en-CA", "en-AU", "de", "de-DE", "de-AT", "de-CH", "fr", "fr-FR", "fr-CH", "fr-CA",
    "it", "it-CH", "es", "es-ES", "es-MX", "pt-BR", "pt-PT", "nl", "nl-BE", "da", "sv", "nb", "fi", "is", "pl", "cs", "sk", "sl", "hr", "hu", "ro",
    "bg", "el", "ru", "uk", "tr", "he", "ar", "ar-EG", "fa", "hi", "bn", "gu", "ja", "zh-CN", "zh-Hant-TW", "ko", "vi", "th", "id", "et", "lv", "lt",
    "ca", "ff-Adlm", "bgn", "nqo",
]
# fmt: on


def fmt(languages):
    return NumberFormat.from_languages(languages)


# Source of the figures: Unicode CLDR charts, numbers and short dates by locale.
@pytest.mark.parametrize(
    ("language", "number", "date"),
    [
        ("en-US", "1,234,567.5", "12/31/2026"),
        ("en-GB", "1,234,567.5", "31/12/2026"),
        ("en-IN", "12,34,567.5", "31/12/2026"),
        ("de-DE", "1.234.567,5", "31.12.2026"),
        ("fr-FR", "1\u202f234\u202f567,5", "31/12/2026"),
        ("sv-SE", "1\u00a0234\u00a0567,5", "2026-12-31"),
        ("ja", "1,234,567.5", "2026/12/31"),
    ],
)
def test_numbers_and_dates_are_written_as_in_the_language(language, number, date):
    assert format_number(1234567.5, fmt(language)) == number
    assert format_date("2026-12-31", fmt(language)) == date


def test_swiss_numbers_have_apostrophes_and_a_point():
    assert format_number(1234567.5, fmt("de-CH")).replace("’", "'") == "1'234'567.5"


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        ("de-CH,de;q=0.9,en;q=0.8", "de-CH"),
        ("en;q=0.3, fr-FR;q=0.9, *;q=0.1", "fr-FR"),
        ("de-DE-u-nu-latn", "de-DE"),
        ("de_AT", "de-AT"),
        ("de-QQ", "de"),
        ("tlh-Piqd, pl;q=0.5", "pl"),
        ("fr;q=0, it", "it"),
        ("xx", "en"),
        ("../../etc/passwd", "en"),
        ("", "en"),
        (None, "en"),
        ("de;q=x", "de"),
        ("," * 100_000, "en"),
    ],
)
def test_the_first_language_that_is_known_decides(languages, expected):
    assert fmt(languages).language == expected


def test_plain_english_does_not_say_whether_the_day_or_the_month_comes_first():
    assert fmt("en").date_order == ""
    assert format_date("2026-12-31", fmt("en")) == "2026-12-31"


def test_a_decimal_mark_that_is_the_thousands_separator_too_is_refused():
    with pytest.raises(ValueError, match="both"):
        NumberFormat(decimal=",", group=",")


@pytest.mark.parametrize(
    ("value", "precision", "expected"),
    [
        (1234.5, 2, "1,234.50"),
        (1234, 2, "1,234.00"),
        (0.125, 0, "0"),
        (-0.001, 2, "0.00"),
        (-0.0, None, "0"),
        (5.0, None, "5"),
        (1e-7, None, "1E-7"),
        (1.5e300, 2, "1.5E300"),
        (123, 0, "123"),
        (None, 2, ""),
        (math.nan, None, ""),
        (math.inf, 2, ""),
        (-1234567, None, "-1,234,567"),
        (10**399, None, "1" + ",000" * 133),
    ],
)
def test_precision_is_the_decimals_shown(value, precision, expected):
    assert format_number(value, fmt("en-US"), precision) == expected


def test_lakhs_are_grouped_by_two_after_the_first_three():
    written = [format_number(10**n, fmt("en-IN")) for n in range(2, 8)]
    assert written == ["100", "1,000", "10,000", "1,00,000", "10,00,000", "1,00,00,000"]


def test_a_text_box_shows_no_thousands_separators():
    assert format_number(1234567.5, fmt("de-DE"), grouping=False) == "1234567,5"


@pytest.mark.parametrize("language", LANGUAGES)
@settings(deadline=None)
@given(
    value=st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**40), 10**40)),
    grouping=st.booleans(),
)
def test_a_number_written_in_a_language_reads_back_as_the_same_number(language, value, grouping):
    reading = read_number(format_number(value, fmt(language), grouping=grouping), fmt(language))
    assert (reading.value, type(reading.value) is bool) == (value, False)


@pytest.mark.parametrize("language", LANGUAGES)
@settings(deadline=None)
@given(values=st.lists(st.floats(-1e9, 1e9).map(lambda x: round(x, 3)), min_size=1, max_size=8))
def test_a_column_written_in_a_language_reads_back_even_in_an_american_session_once_one_cell_decides(language, values):
    decided = [12345.5, *values]
    cells = [[format_number(v, fmt(language))] for v in decided]
    found = [row[0].value for row in read_block(cells, fmt("en-US"))]
    assert found == decided


@pytest.mark.parametrize("language", LANGUAGES)
@settings(deadline=None)
@given(day=st.dates(min_value=dt.date(1800, 1, 1), max_value=dt.date(2299, 12, 31)))
def test_a_date_written_in_a_language_reads_back_as_the_same_day(language, day):
    assert read_date(format_date(day, fmt(language)), fmt(language)).value == day.isoformat()


def test_files_have_semicolons_where_the_comma_is_the_decimal_mark():
    assert [fmt(t).cell_separator for t in ("de-DE", "en-GB", "de-CH")] == [";", ",", ","]

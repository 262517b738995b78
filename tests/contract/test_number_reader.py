"""One text read as a number: it means what the person wrote, says how it was read, or is refused with words."""

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contract.number_format import NumberFormat
from contract.number_reader import read_number
from contract.problems import Problem
from contract.reading import Reading

EN, DE, FR, CH, IN = (NumberFormat.from_languages(t) for t in ("en-US", "de-DE", "fr-FR", "de-CH", "en-IN"))
SPACES = {"space": " ", "no-break": "\u00a0", "narrow no-break": "\u202f", "thin": "\u2009", "figure": "\u2007"}


def value(text, number_format=EN, **more):
    found = read_number(text, number_format, **more)
    assert isinstance(found, Reading), str(found)
    return found.value


def refused(text, number_format=EN, **more):
    found = read_number(text, number_format, **more)
    assert isinstance(found, Problem), found
    return str(found)


# The table of the issue: each of these was read as another number, or not at all.
@pytest.mark.parametrize("session", [EN, DE, FR, CH, IN], ids=lambda f: f.language)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2,5", 2.5),
        ("123,45", 123.45),
        ("1.234,5", 1234.5),
        *((f"1{space}234,5", 1234.5) for space in SPACES.values()),
        ("12,5", 12.5),
        ("1,234.5", 1234.5),
        ("12.5", 12.5),
        ("1'234.5", 1234.5),
        ("1’234’567", 1234567),
        ("1 234 567", 1234567),
        ("1_234_567", 1234567),
        ("1,234,567", 1234567),
        ("1.234.567", 1234567),
        ("1.234.567,89", 1234567.89),
        ("12,34,567", 1234567),
        ("1,23,456.5", 123456.5),
        ("0,125", 0.125),
        ("0.125", 0.125),
        ("-0,125", -0.125),
        ("1234,567", 1234.567),
        ("1,2345", 1.2345),
        (",5", 0.5),
        (".5", 0.5),
        ("5.", 5),
        ("007", 7),
        ("1e-4", 1e-4),
        ("1,5E3", 1500),
        ("1.234e5", 123400),
        ("1,234e5", 123400),
        ("'123", 123),
        ("’12,5", 12.5),
        ("(12,50)", -12.5),
        ("(1.234,5)", -1234.5),
        ("12,5-", -12.5),
        ("\u22125", -5),
        ("\u20135", -5),
        ("\uff0d5", -5),
        ("- 5", -5),
        ("+5", 5),
        ("１２３．５", 123.5),
        ("١٢٣٫٥", 123.5),
        ("۱٬۲۳۴٫۵", 1234.5),
        ("१२", 12),
        ("\u200e-5\u200f", -5),
        ("\ufeff12,5", 12.5),
        ("  12,5\r\n", 12.5),
        ("€ 12,50", 12.5),
        ("12,50 €", 12.5),
        ("$-5", -5),
        ("-$5", -5),
        ("($5)", -5),
        ("$(5)", -5),
        ("CHF 1'250.50", 1250.5),
        ("Fr. 5", 5),
        ("Fr.5", 5),
        ("Rs.500", 500),
        ("US$ 5", 5),
        ("5 eur", 5),
        ("12345678901234567890", 12345678901234567890),
    ],
)
def test_a_text_with_one_meaning_is_read_so_in_every_session(session, text, expected):
    found = read_number(text, session)
    assert isinstance(found, Reading), str(found)
    assert found.value == expected
    assert not found.ambiguous


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [("1,234", 1234, 1.234), ("1.234", 1.234, 1234), ("-999.000", -999.0, -999000), ("(1,234)", -1234, -1.234)],
)
def test_a_lone_separator_before_three_digits_is_read_by_the_session_and_says_so(text, point, comma):
    english, german = read_number(text, EN), read_number(text, DE)
    assert (english.value, english.others) == (point, (comma,))
    assert (german.value, german.others) == (comma, (point,))
    assert english.ambiguous
    assert german.ambiguous


def test_the_note_shows_both_readings_in_the_session_s_own_writing():
    assert read_number("1,234", EN).note == "1,234 read as 1234, not 1.234"
    assert read_number("1,234", DE).note == "1,234 read as 1,234, not 1234"


def test_a_text_in_the_session_s_own_writing_has_no_note():
    assert {read_number(t, EN).note for t in ("5", "-12.5", "1,234.5", "1e-4", "$5", "'5")} == {""}
    assert {read_number(t, DE).note for t in ("5", "12,5", "1.234,5", "1.234.567")} == {""}


def test_a_text_in_another_writing_shows_what_it_was_read_as():
    assert read_number("12,5", EN).note == "12,5 read as 12.5"
    assert read_number("1\u202f234,5", EN).note == "1 234,5 read as 1234.5"
    assert read_number("(5)", EN).note == "(5) read as -5"
    assert read_number("=1000*1.02", EN).note == "=1000*1.02 read as 1020"


def test_whole_digits_are_an_int_and_anything_else_a_float():
    kinds = {t: type(value(t)) for t in ("5", "1,234,567", "5.0", "1e3", "=2*3", "=1/2")}
    assert kinds == {"5": int, "1,234,567": int, "5.0": float, "1e3": float, "=2*3": int, "=1/2": float}


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("12 %", "%", 12),
        ("12%", "% a year", 12),
        ("12,5 %", "%", 12.5),
        ("50 bp", "%", 0.5),
        ("50bps", "%", 0.5),
        ("5 ‰", "%", 0.5),
        ("12 ٪", "%", 12),
        ("-0.5%", "%", -0.5),
        ("(50 bp)", "%", -0.5),
        ("50 bp", "bp", 50),
        ("0.5 %", "bp", 50),
        ("1 %", "per mille", 10),
        ("12 %", "", 0.12),
        ("12 %", "probability", 0.12),
        ("0.1 %", "", 0.001),
        ("12", "%", 12),
        ("5 years", "years", 5),
        ("5 person-years", "person-years", 5),
        ("5 m EUR", "M EUR", 5),
        ("€5", "EUR", 5),
        ("5 EUR", "EUR a policy", 5),
        ("$5", "USD", 5),
        ("¥5", "currency a year", 5),
    ],
)
def test_a_mark_beside_the_number_is_converted_to_the_field_s_unit(text, unit, expected):
    assert value(text, unit=unit) == expected


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("12 %", "years"),
        ("12 %", "EUR"),
        ("50 bp", "policies"),
        ("$5", "EUR"),
        ("€5", "M EUR"),
        ("€5", "years"),
        ("$5", "%"),
    ],
)
def test_a_mark_that_does_not_fit_the_unit_is_refused_since_dropping_it_would_change_the_figure(text, unit):
    assert f"does not fit the unit {unit}. Give the number alone" in refused(text, unit=unit)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1000*1.02", 1020),
        ("1/3", 1 / 3),
        ("=2^10", 1024),
        ("2**10", 1024),
        ("=(1+2)*3", 9),
        ("= 7 - 2 - 1", 4),
        ("=8/4/2", 1),
        ("=-(2^2)", -4),
        ("=(-2)^2", 4),
        ("=2^-1", 0.5),
        ("=2^0.5", math.sqrt(2)),
        ("=0.1+0.2", 0.3),
        ("=1/3*3", 1),
        ("=1,5*2", 3),
        ("=1 000,5 + 1", 1001.5),
        ("=1'000*2", 2000),
        ("3×4", 12),
        ("6÷4", 1.5),
        ("=5", 5),
        ("=-5", -5),
        ("=5-10", -5),
        ("=1/2/4", 0.125),
        ("=1e3*2", 2000),
        ("=(1234)", 1234),
        ("1.02^10*1000", 1218.994419994757),
    ],
)
def test_simple_arithmetic_is_worked_out(text, expected):
    assert value(text) == pytest.approx(expected, rel=1e-15, abs=0)


def test_a_number_within_a_calculation_that_may_be_either_makes_the_whole_ambiguous():
    found = read_number("=1.000*2", DE)
    assert (found.value, found.others) == (2000, (2,))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("=9^9^9", "two powers in a row"),
        ("9**9**9", "two powers in a row"),
        ("=9^(9^9)", "a power beyond 1,000"),
        ("=(9^999)^999", "too large or too small"),
        ("=-2^2", "minus sign"),
        ("=3*-2^2", "minus sign"),
        ("=1/0", "has no value"),
        ("=0^-1", "has no value"),
        ("=0^(-1)", "has no value"),
        ("=0/0", "has no value"),
        ("=0^0", "has no value"),
        ("=(-8)^0.5", "has no value"),
        ("=1e300*1e300", "too large"),
        ("=1e-300*1e-100", "too"),
        ("=SUM(A1:A3)", "is not arithmetic"),
        ("=A1", "is not arithmetic"),
        ("=__import__('os')", "is not arithmetic"),
        ("=cmd|' /C calc'!A0", "is not arithmetic"),
        ("=", "is not arithmetic"),
        ("=()", "is not arithmetic"),
        ("=2(3)", "is not arithmetic"),
        ("=1+", "is not arithmetic"),
        ("=(1", "not closed"),
        ("=" + "(" * 90 + "1" + ")" * 90, "brackets within brackets"),
        ("=1,5+1.5", "one decimal mark"),
        ("=12%+3", "is not arithmetic"),
        ("=1//2", "is not arithmetic"),
    ],
)
def test_what_is_not_simple_arithmetic_is_refused(text, words):
    assert words in refused(text)


def test_calculations_are_refused_where_only_values_belong():
    assert refused("=1+1", arithmetic=False) == "the number: '=1+1' is a formula. Give its value."
    assert refused("1/3", arithmetic=False) == "the number: '1/3' is a calculation. Give its value."


@pytest.mark.parametrize("text", ["1/2/2026", "2026-01-02", "01.02.2026", "03/04"])
def test_a_date_is_not_worked_out_as_a_division_or_difference(text):
    assert "looks like a date" in refused(text)


def test_an_interval_is_not_worked_out_as_a_difference():
    assert refused("5-10") == "the number: '5-10' looks like two numbers. Give one number, or =5-10 to calculate."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing is written"),
        ("  \u00a0", "nothing is written"),
        ("'", "nothing is written"),
        ("1,2,3", "separators where none belongs"),
        ("12,34.5.6", "separators where none belongs"),
        ("1,234.567,8", "separators where none belongs"),
        ("1.234,567.8", "separators where none belongs"),
        ("1 234,567.8", "separators where none belongs"),
        ("1 2", "separators where none belongs"),
        ("12 34", "separators where none belongs"),
        ("1  234", "separators where none belongs"),
        ("0,125,000", "separators where none belongs"),
        ("0 125", "separators where none belongs"),
        ("12.34.567", "looks like a date"),
        ("1,234,", "separators where none belongs"),
        ("1,,234", "separators where none belongs"),
        ("1_00", "separators where none belongs"),
        ("1.2.3.4", "separators where none belongs"),
        (".", "is not a number"),
        ("-", "dash alone"),
        ("NaN", "is not a number. Give a finite number"),
        ("inf", "is not a number. Give a finite number"),
        ("-Infinity", "is not a number. Give a finite number"),
        ("∞", "is not a number. Give a finite number"),
        ("null", "is not a number"),
        ("true", "is not a number"),
        ("#N/A", "a spreadsheet's error"),
        ("#DIV/0!", "a spreadsheet's error"),
        ("#REF!", "a spreadsheet's error"),
        ("abc", "is not a number"),
        ("0x10", "is not a number"),
        ("12:30", "is not a number"),
        ("10²", "not understood"),
        ("½", "is not a number"),
        ("1½", "not understood"),
        ("5 k", "not understood"),
        ("1.5m", "not understood"),
        ("1e", "not understood"),
        ("$5 EUR", "text on both sides"),
        ("(-5)", "more than one sign"),
        ("--5", "more than one sign"),
        ("-5-", "more than one sign"),
        ("(5", "without its other half"),
        ("5)", "without its other half"),
        ("((5))", "more than one sign"),
        ("5 -", "is not arithmetic"),
        ("1\n234", "control character U+000A"),
        ("1\t234", "control character U+0009"),
        ("1\x002", "control character U+0000"),
        ("\u202e123", "control character U+202E"),
        ("1\ud8002", "control character U+D800"),
        ("1e400", "too large"),
        ("1e" + "9" * 100, "too large"),
        ("1e-400", "too close to 0"),
        ("9" * 201, "has 201 characters"),
        ("12.–", "price without cents"),
        ("1'250.-", "Give 1'250 or -1'250"),
    ],
)
def test_what_cannot_be_read_is_refused_with_words(text, words):
    assert words in refused(text)


def test_zero_with_an_exponent_is_zero_and_not_too_small():
    assert value("0e-999") == 0


def test_a_problem_names_its_place_and_shows_the_session_s_writing():
    found = refused("abc", DE, where="inputs.age")
    assert found == "inputs.age: 'abc' is not a number. Give a number such as 1234,5."


ALPHABET = "0123456789.,''’ _-+*/^()=eE%€$\u00a0\u202f\u2212\u202e\x00٫٬x"


@settings(deadline=None)
@given(st.one_of(st.text(max_size=300), st.text(ALPHABET, max_size=60), st.text("0123456789.,", max_size=12)))
@example("(" * 200)
@example("1" + " 1" * 99)
@example("1,111" * 40)
@example("=" + "1-" * 99)
@example("=" + "-" * 199)
@example("=9^999*9^999*9^999")
@example("e" * 199)
@example("\u200f" * 500)
@example("9" * 10_000_000)
def test_any_text_gives_a_finite_number_or_a_problem(text):
    for session in (EN, DE):
        for unit in ("", "%", "EUR"):
            found = read_number(text, session, unit=unit)
            assert isinstance(found, Problem) or math.isfinite(found.value)


def test_a_letter_of_magnitude_is_never_taken_for_a_currency():
    zambian = NumberFormat.from_languages("en-ZM")
    assert "not understood" in refused("5K", zambian)
    assert value("5 ZMW", zambian) == 5


@settings(deadline=None)
@given(st.text("0123456789.,", min_size=1, max_size=12))
def test_a_text_without_a_flag_is_the_same_number_in_every_session(text):
    english, german = read_number(text, EN), read_number(text, DE)
    assert isinstance(english, Problem) == isinstance(german, Problem)
    if isinstance(english, Reading) and not english.ambiguous:
        assert english.value == german.value

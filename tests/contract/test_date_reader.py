"""Dates are read in ISO form and in the session's order; what may be two days is never guessed without a word."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.date_reader import read_date, read_dates
from contract.number_format import NumberFormat
from contract.problems import Problem
from contract.reading import Reading

US, GB, DE, SV, EN, FR, CA = (
    NumberFormat.from_languages(t) for t in ("en-US", "en-GB", "de-DE", "sv-SE", "en", "fr-FR", "ca")
)


def day(text, session=GB):
    found = read_date(text, session)
    assert isinstance(found, Reading), str(found)
    return found.value


def refused(text, session=GB):
    found = read_date(text, session)
    assert isinstance(found, Problem), found
    return str(found)


def column(*cells, session=GB, **more):
    return [line[0] for line in read_dates([[c] for c in cells], session, **more)]


@pytest.mark.parametrize("session", [US, GB, DE, SV, EN], ids=lambda f: f.language)
@pytest.mark.parametrize(
    "text",
    [
        "2026-02-01",
        "'2026-02-01",
        " 2026-02-01\n",
        "２０２６-02-01",
        "2026\u201002\u201001",
        "2026-02-01T00:00:00",
        "2026-02-01 00:00",
        "2026/02/01",
        "2026.2.1",
        "2026. 2. 1.",
        "2026-2-1",
        "2026年2月1日",
        "2026년 2월 1일",
        "1 Feb 2026",
        "1-FEB-2026",
        "Feb 1, 2026",
        "February 1st, 2026",
        "1st of February 2026",
        "2026 Feb 1",
    ],
)
def test_a_date_with_one_meaning_is_the_same_day_in_every_session(session, text):
    assert read_date(text, session) == Reading("2026-02-01")


@pytest.mark.parametrize(
    ("session", "text"),
    [
        (DE, "1. Februar 2026"),
        (DE, "1. Feb. 2026"),
        (FR, "1er février 2026"),
        (FR, "1er fe\u0301vrier 2026"),
        (FR, "1 févr. 2026"),
        (CA, "1 de febrer de 2026"),
        (SV, "1 februari 2026"),
        (NumberFormat.from_languages("es"), "1 de febrero de 2026"),
        (NumberFormat.from_languages("ru"), "1 февраля 2026 г."),
        (NumberFormat.from_languages("pl"), "1 lutego 2026"),
    ],
    ids=str,
)
def test_names_of_months_are_read_in_the_session_s_language(session, text):
    assert day(text, session) == "2026-02-01"


def test_a_date_is_read_in_the_session_s_order_and_shows_the_other_reading():
    british, american = read_date("01/02/2026", GB), read_date("01/02/2026", US)
    assert (british.value, british.others) == ("2026-02-01", ("2026-01-02",))
    assert (american.value, american.others) == ("2026-01-02", ("2026-02-01",))
    assert british.note == "01/02/2026 read as 2026-02-01, not 2026-01-02"


@pytest.mark.parametrize("session", [EN, SV, NumberFormat.from_languages("en-CA")], ids=lambda f: f.language)
def test_where_the_order_of_day_and_month_is_not_known_both_readings_are_named(session):
    assert refused("01/02/2026", session) == (
        "the date: '01/02/2026' may be 2026-02-01 (day first) or 2026-01-02 (month first). Give it as YYYY-MM-DD."
    )


def test_a_date_that_is_one_day_in_any_order_is_read_even_where_the_order_is_not_known():
    assert day("05/05/2026", EN) == "2026-05-05"
    assert read_date("13/02/2026", EN).note == "13/02/2026 read as 2026-02-13"


def test_points_are_never_month_first():
    assert "may be 2026-02-01 (day first) or 2026-01-02 (month first)" in refused("01.02.2026", US)
    assert day("13.02.2026", US) == "2026-02-13"


def test_a_day_that_only_another_order_has_is_refused_with_that_reading():
    assert refused("03/13/2026", GB) == (
        "the date: '03/13/2026' is not a day of the calendar day first, but 2026-03-13 (month first). "
        "Give it as YYYY-MM-DD."
    )
    assert "2026-02-13 (day first)" in refused("13/02/2026", US)


@pytest.mark.parametrize(
    ("text", "expected", "other"),
    [
        ("13/02/26", "2026-02-13", "1926-02-13"),
        ("13/02/29", "2029-02-13", "1929-02-13"),
        ("13.2.45", "1945-02-13", "2045-02-13"),
    ],
)
def test_a_two_digit_year_is_read_as_spreadsheets_read_it_with_the_century_stated(text, expected, other):
    found = read_date(text, GB)
    assert found.value == expected
    assert other in found.others
    assert f"read as {expected}, not " in found.note


def test_two_digits_are_the_year_where_the_session_begins_with_it():
    assert day("26-01-02", SV) == "2026-01-02"
    assert "2002-01-26 (day first) or 2026-01-02 (year first)" in refused("26-01-02", EN)


def test_a_two_digit_year_after_the_name_of_a_month_is_the_last_part():
    assert [day("1-Feb-26", s) for s in (GB, US, EN)] == ["2026-02-01"] * 3
    assert "2026-02-01 (day first) or 2001-02-26 (year first)" in refused("1-Feb-26", SV)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("20200103", "has no marks between year, month and day. Give it as 2020-01-03."),
        ("2023-W35-4", "is a week. Give a day, such as 2023-08-31."),
        ("2023W35", "is a week. Give a day, such as 2023-08-28."),
        ("2023-W99", "is a week. Give a date such as 2026-12-31."),
        ("2023-241", "counts the days of a year"),
        ("45292", "a spreadsheet's count of days for 2024-01-01. Format the cell as a date"),
        ("45292.5", "a spreadsheet's count of days"),
        ("99999", "a spreadsheet's count of days"),
        ("2026-02-01 12:30", "has a time of day"),
        ("2026-02-01T12:30:00Z", "has a time of day"),
        ("1.2.2026 9:00", "has a time of day"),
        ("31/02/2026", "is not a day of the calendar"),
        ("2026-02-30", "is not a day of the calendar"),
        ("2026-13-01", "is not a day of the calendar"),
        ("30 February 2026", "is not a day of the calendar"),
        ("0000-01-01", "is not a day of the calendar"),
        ("1404/10/12", "has a year outside 1800 to 2299"),
        ("12/10/2569", "has a year outside 1800 to 2299"),
        ("Feb 2026", "is not a date"),
        ("1/2/3", "is not a date"),
        ("1/2/2026/3", "is not a date"),
        ("1/2-2026", "is not a date"),
        ("5 Foo 2026", "is not a date"),
        ("1 2 Feb 2026", "is not a date"),
        ("2026", "is not a date"),
        ("today", "is not a date"),
        ("", "nothing is written"),
        ("9" * 300, "has 300 characters"),
        ("2026-02-\x0001", "control character U+0000"),
    ],
)
def test_what_is_not_a_date_is_refused_with_words(text, words):
    assert words in refused(text)


def test_a_block_is_read_in_the_one_order_that_suits_all_of_its_cells():
    found = column("01/02/2026", "03/13/2026", "2026-01-01", "", None)
    assert [cell and cell.value for cell in found] == ["2026-01-02", "2026-03-13", "2026-01-01", None, None]
    assert found[0].note == ("01/02/2026 read as 2026-01-02, because '03/13/2026' in row 2, column 1 is not day first")
    assert not found[0].ambiguous


def test_a_block_that_nothing_decides_is_read_in_the_session_s_order():
    assert [c.value for c in column("01/02/2026", "03/04/2026", session=US)] == ["2026-01-02", "2026-03-04"]
    assert all(isinstance(c, Problem) for c in column("01/02/2026", "03/04/2026", session=EN))


def test_a_block_decides_where_the_session_does_not():
    assert [c.value for c in column("01/02/2026", "13/02/2026", session=EN)] == ["2026-02-01", "2026-02-13"]


def test_a_block_with_two_orders_is_refused_by_cell_with_both_named():
    found = column("03/13/2026", "13/02/2026", "01/02/2026", "2026-01-01")
    assert str(found[2]) == (
        "row 3, column 1: '01/02/2026' is in a block that has no one order of day and month: '03/13/2026' in row 1, "
        "column 1 is not day first, '13/02/2026' in row 2, column 1 is not month first. Give all dates in one order, "
        "or as YYYY-MM-DD."
    )
    assert [isinstance(c, Problem) for c in found] == [True, True, True, False]


def test_a_block_with_the_year_first_in_two_digits_is_decided_by_a_year_that_is_no_day():
    assert [c.value for c in column("99-12-31", "98-01-02")] == ["1999-12-31", "1998-01-02"]


def test_a_block_that_mixes_years_first_and_last_is_refused():
    first, second = column("99-12-31", "01/02/2026")
    assert "'99-12-31' in row 1, column 1 is not day first" in first.message
    assert "'01/02/2026' in row 2, column 1 is not year first" in second.message


def test_dates_of_a_spreadsheet_file_are_taken_as_they_are():
    cells = [dt.date(2026, 2, 1), *(dt.datetime.fromisoformat(f"2026-02-01 {h}:00") for h in ("00", "12"))]
    first, second, third = column(*cells)
    assert (first.value, second.value) == ("2026-02-01", "2026-02-01")
    assert "has a time of day" in third.message


def test_a_cell_that_is_not_a_date_is_refused_alone():
    good, bad = column("13/02/2026", "x", place=lambda r, c: f"line {r + 2}")
    assert good.value == "2026-02-13"
    assert str(bad) == "line 3: 'x' is not a date. Give a date such as 2026-12-31."


@settings(deadline=None)
@given(st.one_of(st.text(max_size=250), st.text("0123456789./- Wfebmar,'年月日", max_size=24)))
def test_any_text_gives_a_day_of_the_calendar_or_a_problem(text):
    for session in (GB, US, SV, EN):
        found = read_date(text, session)
        assert isinstance(found, Problem) or dt.date.fromisoformat(found.value).isoformat() == found.value
        read_dates([[text, "01/02/2026"], ["13.2.26"]], session)


@settings(deadline=None)
@given(
    days=st.lists(st.dates(dt.date(1800, 1, 1), dt.date(2299, 12, 31)), min_size=1, max_size=10),
    written=st.sampled_from(["{0.day}/{0.month}/{0.year}", "{0.month}/{0.day}/{0.year}", "{0.year}/{0.month}/{0.day}"]),
    session=st.sampled_from([GB, US, SV, EN]),
)
def test_a_block_with_one_deciding_date_means_the_same_in_every_session(days, written, session):
    days = [*days, dt.date(2026, 12, 31)]
    found = column(*(written.format(d) for d in days), session=session)
    assert [cell.value for cell in found] == [d.isoformat() for d in days]

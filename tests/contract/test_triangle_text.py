"""Triangles that are pasted and loaded, wide and long, and written so that they are read back equal."""

import datetime as dt
import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.clipboard import read_triangle
from contract.inputs import validate
from contract.manifest import parse
from contract.number_format import NumberFormat
from contract.triangle_csv import triangle_csv

COMMA = NumberFormat(language="de", decimal=",", group=".", date_order="dmy")
MANIFEST = parse(
    {
        "name": "m",
        "inputs": {
            "claims": {
                "type": "triangle",
                "measures": {
                    "paid": {"label": "Paid", "unit": "currency"},
                    "incurred": {"label": "Incurred", "required": False},
                    "premium": {"label": "Earned premium", "per": "origin", "required": False},
                },
            }
        },
    }
)
CLAIMS = MANIFEST.inputs["claims"]

PAID = [[100.0, 150.0, 160.0], [110.0, 170.0, None], [120.0, None, None]]


def read(text, number_format=None, **more):
    return read_triangle(CLAIMS, text, number_format or NumberFormat(), **more)


def value(text, number_format=None, **more):
    found = read(text, number_format, **more)
    assert found.problems == []
    return found.value


def complaints(text, **more):
    return [f"{p.where}: {p.message}" for p in read(text, **more).problems]


# Wide.


@pytest.mark.parametrize(
    "text",
    [
        "\t12\t24\t36\n2019\t100\t150\t160\n2020\t110\t170\n2021\t120",
        "origin\t12\t24\t36\n2019\t100\t150\t160\n2020\t110\t170\t\n2021\t120\t\t",
        "Accident year,12 months,24 months,36 months\n2019,100,150,160\n2020,110,170,\n2021,120,,\n",
        "AY;12;24;36\n2019;100;150;160\n2020;110;170;\n2021;120;;\n",
        "12\t24\t36\n2019\t100\t150\t160\n2020\t110\t170\n2021\t120",
    ],
)
def test_a_wide_text_has_heads_above_and_labels_beside_the_amounts(text):
    found = value(text)
    assert found["origins"] == ["2019", "2020", "2021"]
    assert found["developments"] == [12, 24, 36]
    assert found["measures"] == {"paid": PAID}
    assert found["grain"] == {"origin": "year", "development": "year"}


@pytest.mark.parametrize("head", ["1", "d1", "Dev 1", "Development year 1", "Year 1", "dev_1"])
def test_developments_may_be_numbered_in_many_ways(head):
    heads = "\t".join(head.replace("1", str(n)) for n in (1, 2, 3))
    assert value(f"Origin\t{heads}\n2019\t100\t150\t160\n2020\t110\t170\n2021\t120")["developments"] == [1, 2, 3]


def test_a_block_without_heads_is_numbered_from_one_and_labels_are_seen():
    assert value("2019\t100\t150\t160\n2020\t110\t170\n2021\t120")["origins"] == ["2019", "2020", "2021"]
    bare = value("1000\t1500\t1607\n1100\t1700\n1200")
    assert (bare["origins"], bare["developments"]) == (["1", "2", "3"], [1, 2, 3])
    assert bare["measures"]["paid"][0] == [1000.0, 1500.0, 1607.0]


def test_the_first_row_of_amounts_is_not_taken_for_heads():
    found = value("2019;100,5;150;160\n2020;110;170\n2021;120", COMMA)
    assert found["measures"]["paid"][0] == [100.5, 150.0, 160.0]


def test_labels_and_quarters_stay_as_they_are_written():
    found = value("\t3\t6\nQ1 2019\t1\t2\nQ2 2019\t1")
    assert found["origins"] == ["Q1 2019", "Q2 2019"]
    assert found["grain"] == {"origin": "quarter", "development": "quarter"}
    mixed = value("\t3\t6\t9\t12\t15\n2019\t1\t2\t3\t4\t5\n2020\t1")
    assert mixed["grain"] == {"origin": "year", "development": "quarter"}
    assert value("\t1\t2\nMotor A\t1\t2\nMotor B\t1")["origins"] == ["Motor A", "Motor B"]


def test_premiums_stand_in_a_column_and_measures_are_named_in_one():
    found = value("Origin,Earned premium,1,2\n2019,1000,1,2\n2020,1100,3,")
    assert found["measures"] == {"paid": [[1.0, 2.0], [3.0, None]], "premium": [[1000.0], [1100.0]]}
    both = value("measure,origin,1,2\npaid,2019,1,2\npaid,2020,3,\nIncurred,2019,4,4\nIncurred,2020,5,")
    assert both["measures"] == {"paid": [[1.0, 2.0], [3.0, None]], "incurred": [[4.0, 4.0], [5.0, None]]}


def test_amounts_without_a_measure_are_those_that_are_asked_for():
    found = read("\t1\t2\n2019\t1\t2\n2020\t3", measure="incurred")
    assert found.value["measures"] == {"incurred": [[1.0, 2.0], [3.0, None]]}


def test_one_decimal_comma_decides_for_the_whole_block():
    found = value("\t1\t2\n2019\t1.234\t2.500,5\n2020\t3.000")
    assert found["measures"]["paid"] == [[1234.0, 2500.5], [3000.0, None]]
    assert read("\t1\t2\n2019\t1.234\t2.500,5\n2020\t3.000").notes[0].startswith("1.234 read as 1234, because")


def test_every_line_that_does_not_fit_is_named():
    assert complaints("origin,12,24,Total\n2019,abc,5,9\n2020,6,7,13\n2020,3,,\n") == [
        "line 1: the triangle has no column 'Total'",
        "line 2, column '12': 'abc' is not a number",
        "line 4: 2020 repeats line 3",
    ]
    assert complaints("\t24\t12\n2019\t1\t2") == ["line 1: the development 12 comes after 24"]
    assert complaints("\t1\t2\t3\n2019\t1\t\t3\n2020\t1\t2") == [
        "line 2, column '2': the cell is empty between filled ones",
    ]
    assert complaints("\t1\t2\n2019\t1\n2020\t1\t2") == [
        "line 3, column '2': the row reaches further than the one above"
    ]
    assert complaints("\t1\t2\n2019\t1\t2\t9\n2020\t1") == ["line 2: '9' is in a column without a head"]
    assert complaints("\t1\t2\n2019\t1\t2\n2020") == ["line 3: the row holds no amount"]
    assert complaints("origin\tpaid\t1\n2019\t1\t2") == ["line 1: Paid develops and has one column"]


def test_a_text_that_cannot_be_split_is_a_problem():
    assert complaints('a,"b\n1,2') == ["the text: from line 1 on, a quotation mark is opened and not closed"]
    assert complaints(b"\x00\x01\x02 binary")[0].startswith("the file: ")
    assert read("").value is None


# Long.


def test_a_long_text_has_a_row_for_each_amount_in_any_order():
    found = read(
        "Development;Origin;Amount\n24;2019;150\n12;2020;110\n12;2019;100\n36;2019;160\n24;2020;170\n12;2021;120"
    )
    assert found.problems == []
    assert found.layout == "long"
    assert found.value["origins"] == ["2019", "2020", "2021"]
    assert found.value["developments"] == [12, 24, 36]
    assert found.value["measures"] == {"paid": PAID}


def test_a_long_text_may_have_a_column_for_each_measure_or_name_it():
    columns = value("origin,age,paid,incurred,premium\n2019,12,1,4,100\n2019,24,2,4,100\n2020,12,3,5,120")
    named = value(
        "origin,age,measure,amount\n2019,12,paid,1\n2019,24,paid,2\n2020,12,paid,3\n2019,12,incurred,4\n"
        "2019,24,incurred,4\n2020,12,incurred,5\n2019,12,premium,100\n2020,12,premium,120"
    )
    assert columns["measures"] == {
        "paid": [[1.0, 2.0], [3.0, None]],
        "incurred": [[4.0, 4.0], [5.0, None]],
        "premium": [[100.0], [120.0]],
    }
    assert named == columns


def test_valuation_dates_are_counted_from_the_start_of_the_origin():
    found = value("origin,valuation date,paid\n2019,2019-12-31,1\n2019,2020-12-31,2\n2020,2020-12-31,3")
    assert (found["developments"], found["grain"]["development"]) == ([12, 24], "year")
    quarters = value("origin,valuation,paid\n2019Q1,2019-03-31,1\n2019Q1,2019Q2,2\n2019Q2,2019-06-30,3")
    assert quarters["developments"] == [3, 6]
    assert quarters["grain"] == {"origin": "quarter", "development": "quarter"}
    years = value("accident year,calendar year,paid\n2019,2019,1\n2019,2020,2\n2020,2020,3")
    assert years["developments"] == [12, 24]
    german = value("Origin;Valuation date;Paid\n2019;31.12.2019;1\n2019;31.12.2020;2\n2020;31.12.2020;3", COMMA)
    assert german["developments"] == [12, 24]


PAYMENTS = (
    "loss date,payment date,amount\n2019-03-01,2019-06-30,5\n2019-09-11,2021-02-01,7.1\n2019-09-11,2021-03-01,0.2\n"
    "2020-01-03,2020-02-02,8\n2021-05-05,2021-06-01,4\n"
)


def test_payments_by_date_are_added_up_by_year_and_periods_without_one_hold_nothing():
    found = read(PAYMENTS, cumulative=False)
    assert found.problems == []
    assert found.value["origins"] == ["2019", "2020", "2021"]
    assert found.value["measures"]["paid"] == [[5.0, 0.0, 7.3], [8.0, 0.0, None], [4.0, None, None]]
    assert found.value["cumulative"] is False
    assert found.notes == [
        "1 amounts were added to another one of the same origin and development",
        "2 periods without a payment hold 0",
    ]


def test_payments_by_date_are_added_up_by_the_periods_that_are_asked_for():
    grain = {"origin": "half-year", "development": "half-year"}
    found = read(PAYMENTS, cumulative=False, grain=grain)
    assert found.problems == []
    assert found.value["origins"] == ["2019H1", "2019H2", "2020H1", "2021H1"]
    assert found.value["developments"] == [6, 12, 18, 24, 30]
    assert found.value["measures"]["paid"][1] == [0.0, 0.0, 0.0, 7.3, None]


def test_every_row_that_does_not_fit_is_named():
    assert complaints("origin,valuation,paid\nMotor,2019-12-31,1") == [
        "line 2: 'Motor' is no period of the calendar, so that no age can be counted from it"
    ]
    assert complaints("origin,valuation,paid\n2019,2018-12-31,2\n2020,,3\n2020,soon,3") == [
        "line 2: the valuation is before the origin 2019",
        "line 3: the valuation date is empty",
        "line 4: 'soon' is not a date",
    ]
    assert complaints("origin,development\n2019,12") == ["line 1: the column 'amount' is missing"]
    assert complaints("development,amount\n12,5") == ["line 1: the column 'origin' is missing"]
    assert complaints("origin,development,amount,LoB\n2019,12,5,motor") == ["line 1: the triangle has no column 'LoB'"]
    assert complaints("origin,development,amount\n2019,x,5\n,12,6\n2019,12,7\n2019,12,8\n2019,24,9") == [
        "line 2: 'x' is not a development",
        "line 3: the origin is empty",
        "line 5, column 'amount': line 4 has another amount for the same origin and development",
    ]
    assert complaints("origin,development,measure,amount\n2019,12,ceded,5\n2019,12,paid,5") == [
        "line 2: 'ceded' is not a measure"
    ]
    assert complaints("origin,age,paid,premium\n2019,12,1,5\n2019,24,2,6") == [
        "line 3, column 'premium': line 2 has another amount for the same origin"
    ]


# Workbooks.


def workbook(*rows):
    book, content = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


def test_a_workbook_holds_numbers_and_dates():
    wide = value(workbook([None, 12, 24, 36], [2019, 100, 150, 160], [2020, 110, 170], [2021, 120]))
    assert wide["origins"] == ["2019", "2020", "2021"]
    assert wide["measures"] == {"paid": PAID}
    long = value(
        workbook(
            ["Origin", "Valuation date", "Paid"],
            [2019, dt.datetime.combine(dt.date(2019, 12, 31), dt.time()), 100.25],
            [2019, dt.date(2020, 12, 31), 150],
            [2020, dt.datetime.combine(dt.date(2020, 12, 31), dt.time()), 110],
        )
    )
    assert long["measures"] == {"paid": [[100.25, 150.0], [110.0, None]]}


def test_a_cell_of_a_workbook_that_is_a_date_or_percent_is_named():
    found = complaints(workbook([None, 1, 2], [2019, dt.date(2020, 1, 1), 2], [2020, 3]))
    assert found[0].startswith("line 2, column '1': 2020-01-01 is a date")


# Written and read again.


@st.composite
def triangles(draw):
    m, n = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    step, first = draw(st.sampled_from([(1, 1), (12, 12), (12, 6)]))
    reach = sorted((draw(st.integers(1, n)) for _ in range(m)), reverse=True)
    reach[0] = n
    amounts = st.floats(-1e12, 1e12, allow_nan=False).map(lambda v: float(f"{v:.10g}"))

    def matrix():
        return [[draw(amounts) for _ in range(k)] + [None] * (n - k) for k in reach]

    measures = {"paid": matrix()}
    if draw(st.booleans()):
        measures["incurred"] = matrix()
    if draw(st.booleans()):
        measures["premium"] = [[draw(amounts)] for _ in range(m)]
    return {
        "origins": [str(2000 + i) for i in range(m)],
        "developments": [first + step * j for j in range(n)],
        "measures": measures,
        "grain": {"origin": "year", "development": "year"},
        "cumulative": True,
    }


@given(triangles(), st.sampled_from(["wide", "long"]), st.sampled_from([None, COMMA]))
def test_what_is_written_is_read_back_equal(triangle, layout, spreadsheet):
    content = triangle_csv(CLAIMS, triangle, layout, spreadsheet)
    found = read(content, spreadsheet)
    assert found.problems == []
    assert found.layout == layout
    assert found.value == triangle


CELLS = st.sampled_from(
    ["origin", "development", "valuation date", "amount", "measure", "premium", "paid", "12", "24", "1", "2", "d1", ""]
    + ["2019", "2020", "2019Q1", "2019-12-31", "31.12.2019", "1,5", "1.5", "x", "-", "=1+1", "99999", "Total"]
)


@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=5), st.sampled_from("\t,;"), st.booleans()
)
def test_whatever_is_pasted_is_a_triangle_or_has_its_problems_named(rows, mark, cumulative):
    found = read("\n".join(mark.join(row) for row in rows), cumulative=cumulative)
    if found.value is not None and not found.problems:
        assert validate(MANIFEST, {"claims": found.value})["claims"]["origins"] == found.value["origins"]
    for problem in found.problems:
        assert problem.where
        assert problem.message
        assert problem.hint

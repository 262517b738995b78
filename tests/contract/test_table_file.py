"""Files of tables: every encoding and line end that Excel writes, and words for whatever cannot be read."""

import datetime as dt
import io
import zipfile

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract import table_file
from contract.clipboard import parse_rows
from contract.csv_export import write_csv
from contract.errors import UnreadableError
from contract.field_parser import parse_field
from contract.number_format import NumberFormat
from contract.result import Column
from contract.table_file import decode, read_file, read_text

ENGLISH, GERMAN, SWISS, FRENCH = (NumberFormat.from_languages(tag) for tag in ("en-US", "de-DE", "de-CH", "fr-FR"))
FORMATS = pytest.mark.parametrize("number_format", [ENGLISH, GERMAN, SWISS, FRENCH], ids=lambda f: f.language)


def table(**columns):
    problems = []
    built = parse_field("t", {"type": "table", "label": "T", "columns": columns}, "inputs.t", problems, [])
    assert not problems
    return built


CLAIMS = table(
    year={"type": "integer", "label": "Year", "min": 1900, "max": 2100},
    paid={"type": "number", "label": "Paid", "unit": "EUR"},
    share={"type": "number", "label": "Share", "unit": "%", "required": False},
    line={"type": "text", "label": "Line", "required": False},
    on={"type": "date", "label": "On", "required": False},
)
TEXT = "year;paid;line\n2020;1.234,5;Öl\n2021;12,5;Gas\n"
EXPECTED = [(2020, 1234.5, "Öl"), (2021, 12.5, "Gas")]


def rows(source, number_format=GERMAN):
    found = parse_rows(CLAIMS, source, number_format)
    assert found.problems == []
    return [(row["year"], row["paid"], row["line"]) for row in found.rows]


def messages(source, number_format=GERMAN):
    return [str(problem) for problem in parse_rows(CLAIMS, source, number_format).problems]


def workbook(*lines, **styles):
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    for place, style in styles.items():
        book.active[place].number_format = style
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
        (b"\xff\xfe\x00\x00", "utf-32-le"),
        (b"", "cp1252"),
    ],
)
def test_every_encoding_and_line_end_of_a_spreadsheet_is_read(mark, encoding, ending):
    assert rows(mark + TEXT.replace("\n", ending).encode(encoding)) == EXPECTED


@pytest.mark.parametrize("separator", ["\t", ";"])
def test_tabs_and_semicolons_are_told_apart_by_the_first_line(separator):
    assert rows(TEXT.replace(";", separator)) == EXPECTED


def test_a_declared_separator_is_not_a_row():
    assert rows("sep=|\n" + TEXT.replace(";", "|")) == EXPECTED


def test_decimal_commas_without_a_head_are_not_taken_for_separators():
    pairs = table(a={"type": "number"}, b={"type": "number"})
    found = parse_rows(pairs, "1,5;2,5\n3,25;4,75\n", GERMAN)
    assert [(r["a"], r["b"]) for r in found.rows] == [(1.5, 2.5), (3.25, 4.75)]


@FORMATS
def test_a_comma_between_the_cells_leaves_a_point_for_decimals_in_every_language(number_format):
    assert rows("year,paid,line\n2020,1.234,a\n", number_format) == [(2020, 1.234, "a")]


@FORMATS
def test_a_lone_comma_between_semicolons_is_a_decimal_comma_in_every_language(number_format):
    assert rows("year;paid;line\n2020;1,234;a\n", number_format) == [(2020, 1.234, "a")]


@FORMATS
def test_a_lone_point_between_semicolons_is_what_the_language_says(number_format):
    expected = 1.234 if number_format.decimal == "." else 1234
    found = parse_rows(CLAIMS, "year;paid\n2020;1.234\n", number_format)
    assert found.rows[0]["paid"] == expected


def test_one_cell_decides_for_the_others_and_the_reading_is_told():
    found = parse_rows(CLAIMS, "year\tpaid\n2020\t1.234\n2021\t12,5\n", ENGLISH)
    assert [row["paid"] for row in found.rows] == [1234, 12.5]
    assert any("1.234 read as 1234, because '12,5' in line 3, column 'Paid'" in note for note in found.notes)


def test_a_block_with_both_decimal_marks_is_refused_in_each_of_its_cells():
    assert [m.partition(":")[0] for m in messages("year\tpaid\n2020\t1.5\n2021\t12,5\n")] == [
        "line 2, column 'Paid'",
        "line 3, column 'Paid'",
    ]


numbers = st.floats(-1e12, 1e12, allow_nan=False).map(lambda v: v + 0.0)


@FORMATS
@pytest.mark.parametrize("excel", [False, True])
@given(st.lists(st.tuples(numbers, st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=9))))
@example([(1.234, "'=a"), (1234.0, "=1+1"), (-1.5e-7, 'a"b;c,d')])
def test_what_is_exported_is_read_back_equal(number_format, excel, cells):
    columns = [Column("year", "Year"), Column("paid", "Paid", "EUR"), Column("line", "Line")]
    held = {
        "year": [2020] * len(cells),
        "paid": [paid for paid, _ in cells],
        "line": [text for _, text in cells],
    }
    content = b"".join(write_csv(columns, [held], excel=excel, number_format=number_format))
    assert rows(content, number_format) == [(2020, paid, text if text.strip() else None) for paid, text in cells]


def test_a_workbook_is_read_as_it_holds_its_numbers_and_dates():
    content = workbook(["Year", "Paid (EUR)", "On"], [2020, 1234.5, dt.date(2020, 5, 1)], [2021, "12,5", None])
    found = parse_rows(CLAIMS, content, GERMAN)
    assert found.problems == []
    assert [(r["year"], r["paid"], r["on"]) for r in found.rows] == [(2020, 1234.5, "2020-05-01"), (2021, 12.5, None)]


def test_a_percent_format_of_a_workbook_counts():
    content = workbook(["year", "paid", "share"], [2020, 5, 0.125], C2="0.0%")
    assert parse_rows(CLAIMS, content, GERMAN).rows[0]["share"] == 12.5
    assert "5 % does not fit the unit EUR" in messages(workbook(["year", "paid"], [2020, 0.05], B2="0%"))[0]


def test_a_date_in_a_column_of_numbers_is_refused():
    assert "is a date" in messages(workbook(["year", "paid"], [2020, dt.date(2024, 1, 2)]))[0]


def test_the_sheet_that_was_read_is_named_where_there_are_several():
    book = openpyxl.Workbook()
    book.active.append(["year", "paid"])
    book.active.append([2020, 5])
    book.create_sheet("Other").append(["x"])
    out = io.BytesIO()
    book.save(out)
    found = parse_rows(CLAIMS, out.getvalue(), GERMAN)
    assert found.notes == ["Sheet 'Sheet' was read, 1 more were not."]


def zipped(**parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7\x00\x01\x02", "not a text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "old .xls form or with a password"),
        (zipped(mimetype="opendocument"), "another program"),
        (zipped(xl__workbook_xml="<a>"), "cannot be read"),
        (workbook(["year"])[:600], "damaged"),
        (workbook(), "no cells"),
        (b'year,paid\n2020,"5\n2021,6\n', "a quotation mark is opened and not closed"),
        (b'year,paid\n2020,"5"x\n', "something follows a closing quotation mark"),
        (b'year,paid\n2020,"' + b"9" * 200_000, "quotation mark is not closed"),
        (b"year,paid\n" + b"2020,1\n" * 100_002, "more than 100,000 rows"),
        (b"\xff\xfeabc", "not a text in UTF-16"),
        (b"year,paid\n2020,\x81\n", "not a text in UTF-8 or Windows-1252"),
    ],
)
def test_what_cannot_be_read_is_refused_with_words(content, words):
    (problem,) = parse_rows(CLAIMS, content, GERMAN).problems
    assert words in str(problem)
    assert problem.hint


def test_an_unbalanced_quote_in_a_large_paste_names_its_line():
    text = "year,paid\n" + "2020,1\n" * 50_000 + '2020,"1\n' + "2020,1\n" * 49_000
    (problem,) = parse_rows(CLAIMS, text, GERMAN).problems
    assert "from line 50002 on" in problem.message


def test_a_workbook_that_unpacks_to_much_more_than_it_weighs_is_refused(monkeypatch):
    monkeypatch.setattr(table_file, "MAX_UNPACKED", 100_000)
    content = zipped(xl__workbook_xml="0" * 200_000)
    assert len(content) < 1_000
    with pytest.raises(UnreadableError, match="unpacks to more than"):
        read_file(content)


def test_a_file_that_is_too_large_is_refused_before_it_is_read():
    with pytest.raises(UnreadableError, match="more than 50 MB"):
        read_file(b"a" * 50_000_001)


@given(st.binary(max_size=300))
@example(b"PK\x03\x04")
@example(b"\xff\xfe\x00")
@example(b"sep=\n")
@example(b'sep="')
@example(b"\x00")
def test_whatever_a_file_holds_it_gives_rows_or_problems(content):
    found = parse_rows(CLAIMS, content, GERMAN)
    assert len(found.rows) == len(found.numbers)
    assert all(problem.hint for problem in found.problems)


@given(st.text(max_size=300))
def test_whatever_is_pasted_gives_rows_or_problems(text):
    found = parse_rows(CLAIMS, text, GERMAN)
    assert len(found.rows) == len(found.numbers)


def test_a_text_with_a_byte_order_mark_of_its_own_is_read_without_it():
    assert read_text("\ufeffa,b\n1,2").records[0] == (1, ["a", "b"])
    assert decode(b"\xef\xbb\xbfa") == "a"

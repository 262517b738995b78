"""The language of the history's search: read, written and refused."""

import datetime as dt
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.errors import SearchQueryError
from contract.number_format import NumberFormat, format_number
from contract.query_reader import CANONICAL, read_query
from contract.query_text import write_query
from contract.run_query import (
    FIELDS,
    OPERATORS,
    ORDERING,
    And,
    Comparison,
    Field,
    Kind,
    Not,
    Or,
    Span,
    Value,
    Words,
    comparisons,
    mentions,
    required_app,
    resolve,
    top_parts,
    without_part,
)

GERMAN, SWISS, INDIAN = (NumberFormat.from_languages(tag) for tag in ("de-DE", "de-CH", "en-IN"))
FORMATS = (CANONICAL, GERMAN, SWISS, INDIAN, NumberFormat.from_languages("fr-FR"), NumberFormat.from_languages("sv-SE"))
ISSUE = (
    "app:chain_ladder status:success params.age > 60 and (summary.scr < 2e6 or tag:q3) user:me "
    'date:2026-11-01..2026-11-20 "free text"'
)


def number(value):
    return Value(format_number(value, CANONICAL, grouping=False), number=value)


def day(text):
    return Value(text, day=text)


def field(text):
    name, _, key = text.partition(".")
    return Field(name, (key,) if key else ())


def compare(name, operator, *values):
    return Comparison(field(name), operator, values)


def test_the_example_of_the_guide_is_read_as_it_looks():
    assert read_query(ISSUE).query == And(
        (
            compare("app", "=", Value("chain_ladder")),
            compare("status", "=", Value("SUCCESS")),
            compare("params.age", ">", number(60)),
            Or((compare("summary.scr", "<", number(2e6)), compare("tag", "=", Value("q3")))),
            compare("user", "=", Value("me")),
            compare("date", "=", Span(day("2026-11-01"), day("2026-11-20"))),
            Words("free text"),
        )
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", None),
        ("   ", None),
        ("a b", And((Words("a"), Words("b")))),
        ("a and b or c", Or((And((Words("a"), Words("b"))), Words("c")))),
        ("a (b or c)", And((Words("a"), Or((Words("b"), Words("c")))))),
        ("not a b", And((Not(Words("a")), Words("b")))),
        ("NOT (a OR b)", Not(Or((Words("a"), Words("b"))))),
        ("android notes order", And((Words("android"), Words("notes"), Words("order")))),
        ("100% wrong_value ELT-7 a.b", And((Words("100%"), Words("wrong_value"), Words("ELT-7"), Words("a.b")))),
        ("starred", compare("starred", "=", Value("me"))),
        ('"starred"', Words("starred")),
        ("starred:ada", compare("starred", "=", Value("ada"))),
        ("not baseline", Not(compare("baseline", "=", Value("yes")))),
        ('params."Age at entry" >= 60', compare("params.Age at entry", ">=", number(60))),
        ('inputs.law = "60"', compare("params.law", "=", Value("60"))),
        ("params.law:Gompertz", compare("params.law", "=", Value("Gompertz"))),
        ("params.rate in (1, 2,3; 4)", compare("params.rate", "in", number(1), number(2), number(3), number(4))),
        ("status in (failed, timed_out)", compare("status", "in", Value("FAILED"), Value("TIMED_OUT"))),
        ("params.age:40..", compare("params.age", "=", Span(number(40), None))),
        ("params.start >= 2026-01-31", compare("params.start", ">=", day("2026-01-31"))),
        ("date:2026-02", compare("date", "=", Span(day("2026-02-01"), day("2026-02-28")))),
        ("date > 2026", compare("date", ">", day("2026-12-31"))),
        ("date >= 2026", compare("date", ">=", day("2026-01-01"))),
        ("date:-7d..today", compare("date", "=", Span(Value("-7d"), Value("today")))),
        ("seconds > 1.5", compare("seconds", ">", number(1.5))),
        ("note~checked", compare("note", "~", Value("checked"))),
        ("user:and", compare("user", "=", Value("and"))),
        ("model:x by:ada", And((compare("app", "=", Value("x")), compare("user", "=", Value("ada"))))),
        (
            "params.a ≥ 2 params.b != 3",
            And((compare("params.a", ">=", number(2)), compare("params.b", "!=", number(3)))),
        ),
    ],
)
def test_a_search_is_read(text, read):
    assert read_query(text).query == read


def test_numbers_and_dates_are_read_in_the_sessions_format():
    assert read_query("params.rate > 1,5", GERMAN).query == compare("params.rate", ">", number(1.5))
    assert read_query("params.rate in (1,5; 2,5, 3)", GERMAN).query == compare(
        "params.rate", "in", number(1.5), number(2.5), number(3)
    )
    assert read_query("tag in (q3,q4)", GERMAN).query == compare("tag", "in", Value("q3"), Value("q4"))
    assert read_query("date:3.11.2026", GERMAN).query == compare("date", "=", day("2026-11-03"))
    assert read_query('summary.a > "1 000 000"').query == compare("summary.a", ">", number(1_000_000))


def test_a_number_that_could_be_another_says_how_it_was_read():
    assert read_query("params.n > 1,234").notes == ("1,234 read as 1234, not 1.234",)
    assert read_query("params.n > 1234").notes == ()


def test_the_same_search_is_written_for_links_and_for_the_session():
    query = read_query("params.rate in (1,5; 2,5) date:3.11.2026", GERMAN).query
    assert write_query(query) == "params.rate in (1.5, 2.5) date:2026-11-03"
    assert write_query(query, GERMAN) == "params.rate in (1,5; 2,5) date:03.11.2026"


@pytest.mark.parametrize(
    ("text", "columns", "found"),
    [
        ("agee:3", [1], "there is no field"),
        ("params.x < abc", [12], "neither a number nor a date"),
        ("status:good", [8], "is not a status"),
        ("a (b or c", [3], "not closed"),
        ("a b) c", [4], "closes nothing"),
        ('a "b c', [3], "quotation mark is not closed"),
        ("> 3", [1], "a condition"),
        ("a or", [5], "ends where"),
        ("params.age >", [13], "ends where"),
        ('params."a b" 5', [14], "a comparison"),
        ("params. > 5", [1], "needs the name"),
        ("status > success", [1], "cannot be compared"),
        ("tag:a..b params.x:a..b", [19, 22], "neither a number nor a date"),
        ("params.x:5..2", [10], "ends before it begins"),
        ("params.x:5..2026-01-01", [10], "one end is a number"),
        ("params.x > 1..2", [12], "a range cannot"),
        ("date:soon", [6], ""),
        ("statsu:1 params.y>z user.name:a", [1, 19, 21], ""),
        ("(" * 100 + "a" + ")" * 100, [1], "brackets"),
        ("a" * 5_000, [4_001], "longer"),
        ("a " * 101, [1], "conditions"),
    ],
)
def test_what_cannot_be_read_names_every_column_and_what_to_do(text, columns, found):
    with pytest.raises(SearchQueryError) as caught:
        read_query(text)
    assert [fault.column for fault in caught.value.faults] == columns
    assert found in caught.value.problems[0].message
    for fault, problem in zip(caught.value.faults, caught.value.problems, strict=True):
        assert problem.where == f"query, column {fault.column}"
        assert problem.hint.endswith((".", "?"))
        marked = caught.value.pointed(fault).splitlines()[1]
        assert len(marked) - len(marked.lstrip()) == fault.column - 1


def test_a_misspelt_field_says_the_likely_one():
    with pytest.raises(SearchQueryError, match="Did you mean status"):
        read_query("statsu:success")


def test_a_range_in_a_list_has_decimal_commas_where_the_format_has():
    found = read_query("seconds in (0,5..1,25; 3)", GERMAN).query
    assert [(span.low.number, span.high.number) for span in found.values[:1]] == [(0.5, 1.25)]
    assert found.values[1].number == 3


NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12)
SPACED = NAMES.map(lambda text: " ".join(text.split())).filter(bool)
NUMBERS = st.one_of(st.integers(-(10**15), 10**15), st.floats(allow_nan=False, allow_infinity=False))
DAYS = st.dates(dt.date(1800, 1, 1), dt.date(2299, 12, 31)).map(lambda found: found.isoformat())


@st.composite
def spans(draw, ends, key):
    low, high = sorted([draw(ends), draw(ends)], key=key)
    which = draw(st.sampled_from(["both", "low", "high"]))
    return Span(low if which != "high" else None, high if which != "low" else None)


number_values = NUMBERS.map(number)
day_values = DAYS.map(day)
number_spans, day_spans = spans(number_values, lambda v: v.number), spans(day_values, lambda v: v.day)


@st.composite
def comparison(draw):
    name = draw(st.sampled_from(sorted(FIELDS)))
    kind = FIELDS[name]
    target = Field(name, (draw(NAMES.filter(str.strip)),) if kind is Kind.ANY else ())
    operator = draw(st.sampled_from(OPERATORS[kind]))
    ranged = operator in {"=", "!=", "in"}
    match kind:
        case Kind.STATUS:
            values = st.sampled_from(["SUCCESS", "TIMED_OUT"]).map(Value)
        case Kind.FLAG:
            values = st.just(Value("yes")) if name == "baseline" else NAMES.filter(str.strip).map(_user)
        case Kind.DATE:
            values = st.one_of(day_values, st.sampled_from(["today", "yesterday", "-30d"]).map(Value))
            values = st.one_of(values, day_spans) if ranged else values
        case Kind.NUMBER:
            values = st.one_of(number_values, number_spans) if ranged else number_values
        case Kind.ANY if operator in ORDERING:
            values = st.one_of(number_values, day_values)
        case Kind.ANY if operator == "~":
            values = NAMES.map(Value)
        case Kind.ANY:
            values = st.one_of(NAMES.map(Value), number_values, day_values, number_spans, day_spans)
        case _:
            values = NAMES.filter(str.strip).map(_user)
    count = draw(st.integers(1, 4)) if operator == "in" else 1
    return Comparison(target, operator, tuple(draw(values) for _ in range(count)))


def _user(text):
    return Value(text.lower() if text.lower() == "me" else text)


def grown(parts):
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        several.filter(lambda found: not any(isinstance(p, And) for p in found)).map(And),
        several.filter(lambda found: not any(isinstance(p, Or) for p in found)).map(Or),
        parts.map(Not),
    )


queries = st.recursive(st.one_of(comparison(), SPACED.map(Words)), grown, max_leaves=8)


@settings(max_examples=300, deadline=None)
@given(queries, st.sampled_from(FORMATS))
def test_what_is_written_reads_back_as_the_same_search_in_every_format(query, number_format):
    assert read_query(write_query(query, number_format), number_format).query == query


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from([*'()":<>=!~,; .', "..", "params.a", "in", "not", "and", "or", "5", "date", "é"]),
            max_size=25,
        ).map("".join),
    ),
    st.sampled_from(FORMATS),
)
def test_any_text_is_read_or_refused_with_its_own_error(text, number_format):
    try:
        query = read_query(text, number_format).query
    except SearchQueryError as error:
        assert error.faults
        for fault in error.faults:
            assert 1 <= fault.column <= len(text) + 1
            assert error.pointed(fault)
        return
    assert read_query(write_query(query, number_format), number_format).query == query


def test_me_and_days_are_those_of_the_search_and_not_of_its_text():
    query = read_query("user:me starred date:-7d..today date > yesterday").query
    found = resolve(query, me="ada", today=dt.date(2026, 3, 2))
    assert write_query(found) == "user:ada starred:ada date:2026-02-23..2026-03-02 date > 2026-03-01"


def test_a_search_is_taken_apart_by_its_conditions():
    query = read_query("app:mortality params.age > 60 (tag:a or tag:b)").query
    assert [write_query(part) for part in top_parts(query)] == ["app:mortality", "params.age > 60", "tag:a or tag:b"]
    assert write_query(without_part(query, 1)) == "app:mortality (tag:a or tag:b)"
    assert without_part(read_query("tag:a").query, 0) is None
    assert required_app(query) == "mortality"
    assert required_app(read_query("app:a or app:b").query) is None
    assert mentions(query, "tag")
    assert not mentions(query, "user")


def test_every_search_in_the_guide_can_be_read_and_every_field_is_in_it():
    guide = (Path(__file__).resolve().parents[2] / "docs" / "11-workbench.md").read_text()
    examples = re.findall(r"```query\n(.*?)\n```", guide, re.DOTALL)
    rows = [row.split("|")[1] for row in guide.splitlines() if row.startswith("| `")]
    examples += [example for row in rows for example in re.findall(r"`([^`]+)`", row)]
    assert len(examples) > 20
    used = {one.field.name for example in examples for one in comparisons(read_query(example).query)}
    assert used == set(FIELDS)

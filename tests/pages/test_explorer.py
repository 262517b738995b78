"""The page Explorer: tables, a query with its rows, chart and file, and saved queries."""

from urllib.parse import parse_qs, urlsplit

import pytest

import charting
from contract.explorer import ExplorerColumn, QueryResult
from engine.explorer.saved import list_queries, save_query
from tests.actors import ADA, BOB
from ui.explorer.rows import csv_address, summary, to_chart, to_dataframe

CODE = "def run(inputs):\n    return {}\n"


@pytest.fixture
def page(visit, add_model):
    add_model(CODE)
    return visit("explorer")


def button(page, label):
    return next(b for b in page.button if b.label == label)


def run_query(page, sql):
    """Run a query and wait for its end, however long that takes here."""
    page.text_area(key="explorer-sql").set_value(sql)
    button(page, "Run query").click().run()
    while any(b.label == "Cancel" for b in page.button):
        page.run()
    assert not page.exception, page.exception


def test_the_page_lists_tables_with_their_columns_and_writes_a_query_for_one(page):
    assert "inputs" in page.dataframe[-1].value["Column"].tolist()  # of runs, the first one
    page.selectbox(key="explorer-table").set_value("apps").run()
    assert "slug" in page.dataframe[-1].value["Column"].tolist()
    button(page, "Query this table").click().run()
    assert page.text_area(key="explorer-sql").value == "select *\nfrom apps\nlimit 100"


def test_a_query_shows_its_rows_and_offers_all_of_them_as_csv(page):
    run_query(page, "select slug, 2 as n from apps")
    assert page.dataframe[0].value.to_dict("records") == [{"slug": "probe", "n": 2}]
    assert any(caption.value.startswith("1 row · ") for caption in page.caption)
    link = page.get("link_button")[0]
    address = urlsplit(link.proto.url)
    assert address.path == "/api/explorer/csv"
    assert parse_qs(address.query) == {"sql": ["select slug, 2 as n from apps"]}


def test_more_rows_than_are_shown_are_said(page):
    run_query(page, "select g from generate_series(1, 5000) g")
    assert len(page.dataframe[0].value) == 1_000
    assert any(caption.value.startswith("1,000 of 1,000+ rows shown") for caption in page.caption)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("delete from public.runs", "one statement that reads"),
        ("select * from public.secrets", "ermission denied"),
        ("select 1 from", "yntax error"),
    ],
)
def test_a_query_that_may_not_be_run_is_refused_with_words_in_place_of_rows(page, sql, words):
    run_query(page, sql)
    assert words in page.error[0].value.replace("\\", "")
    assert len(page.dataframe) == 1


def test_a_chart_of_chosen_columns_is_drawn(page):
    run_query(page, "select g as year, g * g as value, 'x' as label from generate_series(1, 9) g")
    page.segmented_control(key="explorer-view").set_value("Chart").run()
    page.selectbox(key="explorer-x").set_value("year").run()
    page.multiselect(key="explorer-y").set_value(["value"]).run()
    page.selectbox(key="explorer-kind").set_value("Bar").run()
    assert not page.exception, page.exception
    run_query(page, "select 'only text' as label")
    assert "column of numbers" in page.info[0].value


def test_a_query_is_saved_found_by_its_address_and_deleted(page, visit, context):
    page.text_area(key="explorer-sql").set_value("select 42 as answer").run()
    page.text_input(key="query-name").set_value("The answer").run()
    button(page, "Save query").click().run()
    [saved] = list_queries(context, actor=ADA)
    assert (saved.name, saved.sql, saved.created_by) == ("The answer", "select 42 as answer", "ada")
    other = visit("explorer", query=str(saved.id))
    assert other.text_area(key="explorer-sql").value == "select 42 as answer"
    run_query(other, "select 42 as answer")
    assert other.get("link_button")[0].proto.url == f"/api/explorer/saved/{saved.id}/csv"
    button(other, "Delete saved query").click().run()
    assert list_queries(context, actor=ADA) == []


def test_saving_under_another_persons_name_is_refused(page, context):
    save_query(context, "Taken", "select 1", actor=BOB)
    page.text_area(key="explorer-sql").set_value("select 2").run()
    page.text_input(key="query-name").set_value("Taken").run()
    button(page, "Save query").click().run()
    assert "another person's" in page.error[0].value.replace("\\", "")
    assert [q.sql for q in list_queries(context, actor=ADA)] == ["select 1"]


def test_a_link_to_a_query_that_was_deleted_says_so(visit):
    page = visit("explorer", query="00000000-0000-0000-0000-000000000000")
    assert "not saved any more" in page.error[0].value


def test_a_charts_gaps_are_values_that_are_no_numbers_and_its_times_are_iso():
    columns = (ExplorerColumn("at", "timestamp with time zone"), ExplorerColumn("v", "double precision"))
    rows = [["2026-01-02 03:04:05.5+00", 1], ["2026-01-03 00:00:00+00", "NaN"], [None, 3]]
    frame = to_dataframe(QueryResult(columns, rows, False, 0, 0.1))
    chart = to_chart(frame, "line", "at", ["v"], x_type=columns[0].type)
    assert chart.data["x"] == ["2026-01-02T03:04:05.500000+00:00", "2026-01-03T00:00:00+00:00"]
    assert chart.data["series"] == [{"name": "v", "y": [1.0, None]}]
    assert charting.figure(chart).data[0].y[0] == 1


def test_columns_of_one_name_and_numbers_that_are_none_are_shown():
    columns = tuple(ExplorerColumn(n, t) for n, t in [("a", "numeric"), ("a", "double precision"), ("b", "jsonb")])
    frame = to_dataframe(QueryResult(columns, [[1, "Infinity", '{"k": 1}'], [None, 2.5, None]], False, 2, 0.1))
    assert list(frame.columns) == ["a", "a (2)", "b"]
    assert frame["a (2)"].tolist() == [float("inf"), 2.5]
    assert summary(QueryResult(columns, [[1, 2, "x"]], False, 2, 0.126)) == (
        "1 row · 0.13 s · 2 long texts cut, each ends in …"
    )
    assert csv_address("select 1" + " " * 20_000, None) is None

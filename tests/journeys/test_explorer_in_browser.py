"""The explorer in a real browser: a table's query, a slow one cancelled, a chart, a file, and what is refused."""

import csv
import io

import pytest

from tests.journeys.test_main_job import CHROMIUM, READY, Server, model

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(300),
]
CODE = "def run(inputs):\n    return {'summary': {'n': inputs['n']}}\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("server")
    model(home / "functions", "quotes", CODE, {"n": {"type": "number"}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TONTINE_EXPLORER_SECONDS", "600")  # a query that is to be cancelled runs until it is
        running = Server(home).start()
    yield running
    running.stop()


def write(page, sql):
    box = page.get_by_label("Query", exact=True)
    box.fill(sql)
    page.get_by_role("button", name="Run query").click()


def test_from_a_table_to_its_rows_a_chart_and_a_file(page, server):
    page.goto("/explorer")
    page.get_by_text("One row a run").wait_for()
    write(page, "select g as year, g * g as value from generate_series(1, 1200) g")
    page.get_by_text("1,000 of 1,000+ rows shown").wait_for()
    page.get_by_test_id("stDataFrame").first.wait_for()
    page.get_by_test_id("stButtonGroup").get_by_text("Chart", exact=True).click()
    page.locator(".js-plotly-plot").wait_for()
    page.wait_for_selector(READY)
    address = page.get_by_role("link", name="CSV").get_attribute("href")
    rows = list(csv.reader(io.StringIO(page.request.get(address).body().decode("utf-8-sig"))))
    assert (rows[0], rows[-1], len(rows)) == (["year", "value"], ["1200", "1440000"], 1_201)


def test_a_query_that_runs_is_cancelled_and_one_that_writes_is_refused(page, server):
    page.goto("/explorer")
    write(page, "select pg_sleep(500)")
    page.get_by_text("The query runs").wait_for()
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_text("It was cancelled. Run it again.").wait_for()
    write(page, "delete from public.users returning id")
    page.get_by_text("The explorer runs one statement that reads").wait_for()
    assert [app["slug"] for app in server.get("/api/apps")] == ["quotes"]

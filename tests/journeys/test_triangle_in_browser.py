"""A triangle in a real browser: pasted, loaded, turned over, edited, run and opened again by its link."""

import io
import json
import shutil
import signal
from urllib.parse import parse_qs, quote, urlsplit

import openpyxl
import pytest

from tests.journeys.grid import choose_cell
from tests.journeys.test_form_in_browser import wait_for
from tests.journeys.test_main_job import ROOT, Server, pytestmark, run_id, settled

__all__ = ["pytestmark"]
CELL = "[class*=st-key-chain_ladder][class*=triangle-cell]"
WIDE = "\t12\t24\t36\n2019\t1.000,5\t1.500\t1.600\n2020\t1.100\t1.700\n2021\t1.200\n"
LONG = (
    "accident year,valuation date,amount\n2019,2019-12-31,1000\n2019,2020-12-31,500\n2019,2021-12-31,100\n"
    "2020,2020-12-31,1100\n2020,2021-12-31,600\n2021,2021-12-31,1200\n"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("server")
    shutil.copytree(ROOT / "functions" / "chain_ladder", home / "functions" / "chain_ladder")
    running = Server(home).start()
    yield running
    running.stop(signal.SIGTERM)


@pytest.fixture
def page(chromium, server):
    context = chromium.new_context(
        viewport={"width": 1400, "height": 1800}, base_url=server.url, accept_downloads=True, locale="de-DE"
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    opened.set_default_timeout(120_000)
    yield opened
    context.close()


def open_form(page, query=""):
    page.goto(f"/model?app=chain_ladder{query}")
    page.locator(CELL).wait_for()
    settled(page)


def held(page):
    """Return the triangle in the address, None where it is the default."""
    found = parse_qs(urlsplit(page.url).query).get("triangle")
    return json.loads(found[0]) if found else None


def in_address(page, text):
    page.wait_for_function("text => decodeURIComponent(location.search).includes(text)", arg=text)


def open_box(page):
    page.locator(CELL).get_by_role("button", name="Paste or upload").click()
    box = page.get_by_label("Cells copied from a spreadsheet, or CSV")
    box.wait_for()
    return box


def replace(page):
    button = page.get_by_role("button", name="Replace the triangle")
    wait_for(button.is_enabled)
    settled(page)
    button.click()


def upload(page, name, kind, content):
    picker = page.locator("[data-testid=stFileUploaderDropzoneInput]").last
    picker.set_input_files({"name": name, "mimeType": kind, "buffer": content})


def segment(page, name, part="form"):
    """Return a button of a switch: of the triangle's own form or view, or of the paste box's."""
    return page.locator(f"[class*=triangle-{part}]").get_by_text(name, exact=True)


def test_a_wide_triangle_is_pasted_run_and_opened_again_by_its_link(page):
    open_form(page)
    box = open_box(page)
    page.evaluate("text => navigator.clipboard.writeText(text)", WIDE)
    box.focus()
    page.keyboard.press("Control+V")
    wait_for(lambda: "2021" in box.input_value())
    page.keyboard.press("Control+Enter")
    page.get_by_text("3 origins by 3 developments, ages in months, by year, cumulative. Every cell fits.").wait_for()
    replace(page)
    in_address(page, "1000.5")
    assert held(page)["measures"]["amount"][0] == [1000.5, 1500, 1600]
    page.get_by_text("3 origins by 3 developments, ages in months, by year, cumulative", exact=True).wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Run").first.click()
    run_id(page)
    page.get_by_text("Total IBNR").first.wait_for()
    page.get_by_text("The form has changed since this run.").wait_for(state="hidden")
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    page.locator(CELL).wait_for()
    page.get_by_text("3 origins by 3 developments, ages in months, by year, cumulative", exact=True).wait_for()
    assert held(page)["origins"] == ["2019", "2020", "2021"]
    page.goto(f"/run?id={run_id_of(link)}")
    page.get_by_text("Run-off triangle: 3 by 3, cumulative instead of 10 by 10, cumulative").first.wait_for()


def run_id_of(link):
    return parse_qs(urlsplit(link).query)["run"][0]


def test_a_long_file_of_increments_is_loaded_and_turned_over(page):
    open_form(page)
    open_box(page)
    segment(page, "Incremental", "paste-form").click()
    upload(page, "claims.csv", "text/csv", LONG.encode())
    page.get_by_text("3 origins by 3 developments, ages in months, by year, incremental. Every cell fits.").wait_for()
    replace(page)
    in_address(page, '"cumulative":false')
    assert held(page)["measures"]["amount"] == [[1000, 500, 100], [1100, 600, None], [1200, None, None]]
    page.keyboard.press("Escape")
    segment(page, "Cumulative").click()
    in_address(page, '"cumulative":true')
    assert held(page)["measures"]["amount"] == [[1000, 1500, 1600], [1100, 1700, None], [1200, None, None]]
    segment(page, "Heat map", "view").click()
    page.get_by_role("img", name="Heat map of Amount, cumulative").or_(
        page.locator("[aria-label*='Heat map']")
    ).first.wait_for()


def test_a_workbook_is_loaded_and_comes_out_as_it_came(page):
    book, content = openpyxl.Workbook(), io.BytesIO()
    for row in ([None, 12, 24, 36], [2019, 100.25, 150, 160], [2020, 110, 170], [2021, 120]):
        book.active.append(row)
    book.save(content)
    open_form(page)
    open_box(page)
    upload(page, "claims.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", content.getvalue())
    replace(page)
    in_address(page, "100.25")
    page.keyboard.press("Escape")
    with page.expect_download() as download:
        page.locator(CELL).get_by_role("button", name="CSV", exact=True).click()
    text = download.value.path().read_text()
    assert text.split() == ["origin,12,24,36", "2019,100.25,150,160", "2020,110,170,", "2021,120,,"]


def test_a_cell_and_a_block_are_pasted_into_the_grid(page):
    open_form(page)
    choose_cell(page, page.locator(CELL), 0, 2)  # after the origin and the premium
    page.evaluate("text => navigator.clipboard.writeText(text)", "358.000,5\t1.200.000\n352.000\t1.250.000")
    page.keyboard.press("Control+V")
    in_address(page, "358000.5")
    amounts = held(page)["measures"]["amount"]
    assert [line[:2] for line in amounts[:2]] == [[358000.5, 1200000], [352000, 1250000]]
    assert amounts[2][:2] == [290507, 1292306]
    choose_cell(page, page.locator(CELL), 1, 3)
    page.evaluate("text => navigator.clipboard.writeText(text)", "viel")
    page.keyboard.press("Control+V")
    page.get_by_text("2, development 2, Amount", exact=False).wait_for()
    assert held(page)["measures"]["amount"][1][1] == 1250000


def test_a_link_of_an_earlier_version_opens_and_runs(page):
    rows = [{"origin": "2019", "d1": 100, "d2": 50, "d3": 10}, {"origin": "2020", "d1": 110, "d2": 60}, {"d1": 120}]
    open_form(page, f"&amounts=incremental&triangle={quote(json.dumps(rows))}")
    page.get_by_text("3 origins by 3 developments, by year, incremental", exact=True).wait_for()
    page.wait_for_function("!location.search.includes('amounts')")
    page.get_by_role("button", name="Run").first.click()
    run_id(page)
    page.get_by_text("Total IBNR").first.wait_for()
    assert held(page)["measures"]["amount"] == [[100, 50, 10], [110, 60, None], [120, None, None]]

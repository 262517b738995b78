"""Files of an analysis in a real browser: saved from the Export menu, and a workbook loaded again."""

import shutil

import openpyxl
import pytest

from tests.engine.report import reading
from tests.journeys.test_main_job import CHROMIUM, ROOT, Server, settled

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(400),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("server")
    shutil.copytree(ROOT / "functions" / "life_pricing", home / "functions" / "life_pricing")
    running = Server(home).start()
    yield running
    running.stop()


def save(page, name):
    """Save a file of the open Export menu."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name, exact=True).click()
    return waiting.value.path()


def test_a_sensitivity_is_printed_and_a_workbook_goes_there_and_back(page, tmp_path):
    page.goto("/sweep?app=life_pricing")
    page.get_by_text("11 runs").wait_for()
    page.get_by_label("Points", exact=True).fill("2")
    page.get_by_label("Points", exact=True).press("Enter")
    page.get_by_text("2 runs").wait_for()
    page.get_by_role("button", name="Start", exact=False).click()
    page.wait_for_url("**/sweep?id=*")
    page.get_by_text("2 runs in", exact=False).wait_for()
    page.get_by_role("button", name="Export").click()
    text = reading.whole_text(reading.open_pdf(save(page, "PDF").read_bytes()))
    assert "Life pricing" in text
    assert "2 of 2" in text
    book = tmp_path / "runs.xlsx"
    shutil.copy(save(page, "Excel workbook"), book)
    opened = openpyxl.load_workbook(book)
    sheet = opened["Inputs"]
    column = next(cell.column for cell in sheet[1] if cell.value == "age")
    for row, age in ((2, 33), (3, 44)):
        sheet.cell(row, column).value = age
    opened.save(book)
    page.goto("/sweep?app=life_pricing")
    page.get_by_text("Table of scenarios").click()
    page.locator("input[type=file]").set_input_files(book)
    page.get_by_text("2 runs").wait_for()
    page.get_by_role("button", name="Start", exact=False).click()
    page.wait_for_url("**/sweep?id=*")
    page.get_by_text("2 runs in", exact=False).wait_for()
    page.goto("/model?app=life_pricing")
    settled(page)
    page.get_by_role("button", name="Excel", exact=True).click()
    page.locator("input[type=file]").first.set_input_files(book)
    page.get_by_role("button", name="Fill the form").click()
    page.wait_for_url("**age=33*")

"""Addresses, the number format and the JSON view on a real server: what was there comes back, what was typed counts."""

import csv
from pathlib import Path

import pytest

from tests.journeys.test_main_job import Server, model, page, pytestmark, run_id, settled

__all__ = ["page", "pytestmark"]
DOUBLES = """
def run(inputs):
    return {"summary": {"Double": inputs["q"] * 2}, "table": [{"a": 1234.5, "b": "x"}]}
"""
INPUTS = {
    "q": {"type": "number", "label": "Quota", "min": 0, "max": 50, "step": 0.5, "default": 5},
    "status": {"type": "text", "label": "Status", "default": ""},
    "rows": {
        "type": "table",
        "label": "Rows",
        "columns": {
            "a": {"type": "number", "label": "A", "step": 0.5},
            "b": {"type": "text", "label": "B", "required": False},
        },
        "default": [{"a": 1}, {"a": 2, "b": "x"}],
    },
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("server")
    model(home / "functions", "doubles", DOUBLES, INPUTS)
    running = Server(home).start()
    yield running
    running.stop()


def box(page):
    return page.locator("[class*=st-key-][class*=-q-box]:not([data-retained]) input")


def holds(page, name, text):
    page.wait_for_function(
        "([name, text]) => new URLSearchParams(location.search).get(name) === text", arg=[name, text], timeout=120_000
    )


def shows(page, text):
    page.wait_for_function(
        "text => document.querySelector('[class*=st-key-][class*=-q-box]:not([data-retained]) input')?.value === text",
        arg=text,
        timeout=120_000,
    )


def opened(page, query=""):
    page.goto(f"/model?app=doubles{query}")
    box(page).wait_for(timeout=120_000)
    holds(page, "status", page.evaluate("new URLSearchParams(location.search).get('status') || ''"))


def test_an_address_comes_back_as_it_was_by_back_forward_and_reload(page):
    opened(page)
    box(page).fill("7.5")
    box(page).press("Enter")
    holds(page, "q", "7.5")
    page.get_by_role("link", name="History").first.click()
    page.get_by_role("heading", name="History").wait_for()
    page.go_back()
    is_as_left(page)
    page.go_forward()
    page.get_by_role("heading", name="History").wait_for()
    page.go_back()
    is_as_left(page)
    page.reload()
    is_as_left(page)


def is_as_left(page):
    page.get_by_role("heading", name="Doubles").wait_for()
    shows(page, "7.5")
    holds(page, "app", "doubles")
    holds(page, "q", "7.5")


def test_an_input_named_as_a_filter_of_another_page_keeps_its_value(page):
    page.goto("/")
    page.get_by_placeholder("Search by name").fill("doubles")
    holds(page, "q", "doubles")
    opened(page, "&q=8.5&status=open")
    page.get_by_role("link", name="Catalogue").first.click()
    page.get_by_placeholder("Search by name").wait_for()
    page.go_back()
    shows(page, "8.5")
    holds(page, "status", "open")


def test_a_model_page_without_a_model_opens_the_catalogue(page):
    page.goto("/model")
    page.get_by_role("heading", name="Models").wait_for()


def test_the_form_has_not_changed_since_the_run_it_has_just_made(page):
    opened(page)
    page.locator(".st-key-run button").click()
    run_id(page)
    page.get_by_text("Success").first.wait_for()
    settled(page)
    assert page.get_by_text("The form has changed since this run").count() == 0
    box(page).fill("6")
    box(page).press("Enter")
    page.get_by_text("The form has changed since this run").wait_for()


@pytest.mark.parametrize("leaves", [False, True], ids=["at once", "after the text was read"])
def test_a_json_text_is_applied_by_run(page, server, leaves):
    opened(page)
    page.get_by_text("JSON", exact=True).first.click()
    page.get_by_text("Edit or paste").click()
    page.locator("textarea").first.fill('{"q": 9.5}')
    if leaves:
        page.locator("textarea").first.press("Tab")
        page.get_by_text("Run applies it").wait_for()
        settled(page)
    page.locator(".st-key-run button").click()
    assert server.get(f"/api/runs/{run_id(page)}")["inputs"]["q"] == 9.5
    holds(page, "q", "9.5")
    assert page.get_by_text("The form has changed since this run").count() == 0


def test_the_number_format_that_is_chosen_outlives_a_reload_and_holds_for_exports(page):
    opened(page, "&q=7.5")
    shows(page, "7.5")
    page.locator(".st-key-number-format-menu button").first.click()
    page.get_by_text("de-DE:").click()
    shows(page, "7,5")
    page.keyboard.press("Escape")
    page.wait_for_function("document.cookie.includes('tontine_number_format=de-DE')")
    page.reload()
    shows(page, "7,5")
    page.locator(".st-key-run button").click()
    run_id(page)
    page.get_by_text("Success").first.wait_for()
    with page.expect_download() as got:
        page.get_by_role("link", name="CSV for Excel").last.click()
    text = Path(got.value.path()).read_text(encoding="utf-8-sig")
    assert list(csv.reader(text.splitlines(), delimiter=";"))[1] == ["1234,5", "x"]

"""Numbers as people write them, typed and pasted in a real browser: none changes its value without a word."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.journeys.grid import cell, choose_cell
from tests.journeys.test_form_in_browser import browser, free_port, pytestmark, server, wait_for

__all__ = ["browser", "pytestmark"]
PREFIX = ".st-key-everything-"


@pytest.fixture(scope="module")
def port():
    number = free_port()
    with server(number):
        yield number


@pytest.fixture
def opened(browser, port):
    """Open the form as a browser of a language: `opened("de-DE")`."""
    contexts = []

    def go(language, query=""):
        context = browser.new_context(viewport={"width": 1100, "height": 2600}, locale=language)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        contexts.append(context)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/?app=everything{query}")
        box(page, "age").wait_for(timeout=120_000)
        page.wait_for_function("location.search.includes('rate=')")
        return page

    yield go
    for context in contexts:
        context.close()


def box(page, name):
    return page.locator(f"[class*=st-key-everything-{name}-box]:not([data-retained]) input")


def in_address(page, name):
    return parse_qs(urlsplit(page.url).query).get(name, [None])[0]


def follows(page, name, text):
    page.wait_for_function(
        "([name, text]) => new URLSearchParams(location.search).get(name) === text", arg=[name, text], timeout=120_000
    )


def settled(page):
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def words(page, name):
    return page.locator(f"{PREFIX}{name}-cell").inner_text()


def claims_cell(page):
    return page.locator(f"{PREFIX}claims-cell")


def paste(page, text):
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+V")


def claims(page):
    return json.loads(in_address(page, "claims") or "[]")


LANGUAGES = ["de-DE", "en-US"]
PAID = 1  # column of the grid


def type_in(page, name, text):
    box(page, name).fill(text)
    box(page, name).press("Enter")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_figure_in_a_box_is_what_was_written_whatever_the_language(opened, language):
    page = opened(language)
    written = {"2,5": "2.5", "1234.5": "1234.5", "1.234,5": "1234.5", "1 234,5": "1234.5", "1\u202f234,5": "1234.5"}
    written |= {
        "=1000*1.02": "1020",
        "1/4": "0.25",
        "(3,5)": "-3.5",
        "−3,5": "-3.5",
        "50 bp": "0.5",
        "12 %": "12",
        "'7": "7",
    }
    for text, expected in written.items():
        type_in(page, "loading", text)
        follows(page, "loading", expected)
        shown = expected.replace(".", ",") if language == "de-DE" else expected
        wait_for(lambda shown=shown: box(page, "loading").input_value() == shown)


@pytest.mark.parametrize(("language", "expected", "other"), [("de-DE", "1.234", "1234"), ("en-US", "1234", "1,234")])
def test_an_open_figure_is_read_by_the_language_and_the_reading_is_shown(opened, language, expected, other):
    page = opened(language)
    type_in(page, "loading", "1,234")
    follows(page, "loading", expected)
    wait_for(lambda: "1,234 read as" in words(page, "loading"))
    assert other in words(page, "loading") or other.replace(",", ".") in words(page, "loading")


def test_leaving_the_box_takes_the_figure_and_the_slider_follows(opened):
    page = opened("de-DE")
    box(page, "loading").fill("2,5")
    box(page, "loading").press("Tab")
    follows(page, "loading", "2.5")
    slider = page.locator("[class*=st-key-everything-loading-slider]:not([data-retained]) input[type=range]")
    wait_for(lambda: slider.input_value() == "2.5")
    slider.focus()
    slider.press("ArrowRight")
    follows(page, "loading", "3")
    wait_for(lambda: box(page, "loading").input_value() == "3")


def test_a_text_that_is_no_number_stays_in_the_box_beside_the_value_that_holds(opened):
    page = opened("de-DE")
    type_in(page, "loading", "2,5")
    follows(page, "loading", "2.5")
    type_in(page, "loading", "2,5,7")
    wait_for(lambda: "The value is still 2,5" in words(page, "loading"))
    assert box(page, "loading").input_value() == "2,5,7"
    assert in_address(page, "loading") == "2.5"
    page.get_by_role("button", name="Keep the old value").click()
    wait_for(lambda: box(page, "loading").input_value() == "2,5")
    wait_for(lambda: "still" not in words(page, "loading"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("123,45", 123.45),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1 234,5", 1234.5),
        ("1\u00a0234,5", 1234.5),
        ("1\u2009234,5", 1234.5),
        ("12,5", 12.5),
        ("(1.234,5)", -1234.5),
    ],
)
def test_a_cell_pasted_into_the_grid_is_what_the_spreadsheet_showed(opened, language, text, expected):
    page = opened(language)
    choose_cell(page, claims_cell(page), 0, PAID)
    paste(page, text)
    page.wait_for_function("location.search.includes('claims=')", timeout=120_000)
    assert claims(page)[0]["paid"] == expected
    assert claims(page)[1]["paid"] == 900
    shown = f"{expected:,}" if language == "en-US" else f"{expected:,}".translate({44: ".", 46: ","})
    if text != shown:  # else the grid stays, and its table for screen readers follows only when it is drawn anew
        wait_for(lambda: cell(claims_cell(page), 0, PAID).inner_text() == shown)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_cell_of_a_pasted_block_decides_for_its_neighbours(opened, language):
    page = opened(language)
    choose_cell(page, claims_cell(page), 0, PAID)
    paste(page, "12,5\n1.234\n")
    page.wait_for_function("location.search.includes('claims=')", timeout=120_000)
    assert [row["paid"] for row in claims(page)] == [12.5, 1234]
    if language == "en-US":
        wait_for(lambda: "because" in words(page, "claims"))


def test_a_block_that_contradicts_itself_is_refused_by_cell_and_the_old_values_stay(opened):
    page = opened("de-DE")
    choose_cell(page, claims_cell(page), 0, PAID)
    paste(page, "12,5\n7.25\n")
    wait_for(lambda: "Row 2, Paid" in words(page, "claims"))
    assert "The value is still 1.200,5" in words(page, "claims")
    assert "The value is still 900" in words(page, "claims")
    wait_for(lambda: cell(claims_cell(page), 0, PAID).inner_text() == "1.200,5")
    assert cell(claims_cell(page), 1, PAID).inner_text() == "900"
    choose_cell(page, claims_cell(page), 0, PAID)
    paste(page, "12,5")
    page.wait_for_function("location.search.includes('12.5')", timeout=120_000)
    wait_for(lambda: "Row 1, Paid" not in words(page, "claims"))
    assert "Row 2, Paid" in words(page, "claims")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_figure_typed_into_the_grid_is_what_was_written(opened, language):
    page = opened(language)
    settled(page)
    choose_cell(page, claims_cell(page), 1, PAID)
    page.keyboard.press("Enter")
    editor = page.locator("textarea.gdg-input")
    editor.wait_for()
    # The editor takes its first keys only once it has the focus, which it gets after it is shown.
    page.wait_for_function("document.activeElement?.matches('textarea.gdg-input')")
    page.keyboard.press("Control+A")
    page.keyboard.type("12,5", delay=80)  # as a person types: the editor takes a key over in a turn of its own
    wait_for(lambda: editor.input_value() == "12,5")
    page.wait_for_timeout(200)
    page.keyboard.press("Enter")
    page.wait_for_function("location.search.includes('12.5')", timeout=120_000)
    assert claims(page)[1]["paid"] == 12.5


def test_an_empty_cell_shows_nothing(opened):
    page = opened("en-US")
    on = 3
    wait_for(lambda: cell(claims_cell(page), 0, on).inner_text() == "2020-05-01")
    assert cell(claims_cell(page), 1, on).inner_text().strip() == ""


@pytest.mark.parametrize(
    ("language", "text", "expected"), [("de-DE", "31.12.1990", "1990-12-31"), ("en-US", "12/31/1990", "1990-12-31")]
)
def test_a_date_is_read_in_the_order_of_the_language(opened, language, text, expected):
    page = opened(language)
    type_in(page, "born", text)
    follows(page, "born", expected)
    wait_for(lambda: box(page, "born").input_value() == expected)
    type_in(page, "born", "13/14/1990")
    wait_for(lambda: f"The value is still {expected}" in words(page, "born"))


def test_a_file_with_old_mac_line_ends_leaves_the_page_and_the_form_as_they_are(opened):
    page = opened("de-DE", "&age=61")
    page.get_by_role("button", name="Paste or upload").click()
    picker = page.locator("[data-testid=stFileUploaderDropzoneInput]")
    wait_for(lambda: picker.count() == 2)
    picker.last.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b'year,paid\r2019,"5\r'})
    wait_for(lambda: "quotation mark" in page.locator("body").inner_text())
    picker.last.set_input_files({"name": "b.csv", "mimeType": "text/csv", "buffer": b"year;paid\r2019;1.234,5\r"})
    replace = page.get_by_role("button", name="Replace the rows")
    wait_for(replace.is_enabled)
    replace.click()
    page.wait_for_function("location.search.includes('1234.5')", timeout=120_000)
    assert in_address(page, "age") == "61"

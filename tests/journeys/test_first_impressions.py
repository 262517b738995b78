"""What is seen first, in a real browser: the catalogue's cards and the result that a model opens with."""

import re

import pytest

from tests.journeys.test_main_job import CHROMIUM, ROOT, Server, model, settled

CURVE = """
def run(inputs):
    x = list(range(20))
    return {"summary": {"Total": inputs["n"] * 1000}, "series": {"Value": {"x": x, "y": [inputs["n"] * v for v in x]}}}
"""
LATE = "import time\ndef run(inputs):\n    time.sleep(20)\n    return {'summary': {'Answer': 4242}}"
N = {"n": {"type": "number", "label": "Premium", "min": 0, "max": 50, "default": 7, "unit": "currency"}}
OUTPUTS = {"summary": {"Total": {"unit": "currency", "format": ",.0f"}}}

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    import shutil

    home = tmp_path_factory.mktemp("first")
    shutil.copytree(ROOT / "functions" / "chain_ladder", home / "functions" / "chain_ladder")
    model(home / "functions", "curve", CURVE, N, outputs=OUTPUTS)
    model(home / "functions", "late", LATE, N)
    running = Server(home).start()
    yield running
    running.stop()


@pytest.fixture
def page(chromium, server):
    context = chromium.new_context(
        viewport={"width": 1400, "height": 1000}, base_url=server.url, timezone_id="Pacific/Auckland"
    )
    opened = context.new_page()
    opened.set_default_timeout(120_000)
    yield opened
    context.close()


def card(page, slug):
    return page.locator(f".st-key-card-{slug}")


def test_a_model_that_is_opened_before_its_starting_result_is_there_shows_it_when_it_comes(page):
    page.goto("/model?app=late")
    page.get_by_text("4242").first.wait_for()
    page.get_by_text("Result for the model's starting inputs").wait_for()
    assert not page.get_by_text("is being computed").count()


def test_a_card_shows_its_picture_and_leads_to_its_model_wherever_it_is_pressed(page):
    page.goto("/")
    settled(page)
    picture = card(page, "curve").locator(".tontine-picture img")
    for _ in range(80):  # the run that it is of is queued behind the reference cases
        if picture.count():
            break
        page.wait_for_timeout(1500)
        page.reload()
        settled(page)
    picture.wait_for()
    assert picture.evaluate("e => e.complete && e.naturalWidth > 0")
    where = picture.bounding_box()
    middle = (where["x"] + where["width"] / 2, where["y"] + where["height"] / 2)
    with page.context.expect_page() as opened:
        page.mouse.click(*middle, button="middle")
    assert "app=curve" in opened.value.url
    opened.value.close()
    page.mouse.click(*middle)
    page.wait_for_url(re.compile("app=curve"))
    page.get_by_text("Result for the model's starting inputs").wait_for()
    page.locator(".js-plotly-plot").first.wait_for()


def test_a_star_is_pressed_without_leaving_the_page_and_outlives_a_reload(page):
    page.goto("/")
    settled(page)
    star = card(page, "curve").get_by_role("button", name="Add Curve to favourites")
    star.first.click()
    page.locator(".st-key-starred-curve").wait_for()
    assert "app=" not in page.url
    page.reload()
    page.locator(".st-key-starred-curve").wait_for()
    assert page.locator("[class*='st-key-card-']").first.get_attribute("class").count("card-curve") == 1


def test_a_table_of_many_columns_has_the_width_and_its_result_stands_below(page):
    page.goto("/model?app=chain_ladder")
    settled(page)
    grid = page.locator("[data-testid=stDataFrame]").first
    grid.wait_for()
    assert grid.bounding_box()["width"] > 1000
    assert page.get_by_role("tab", name="Result").bounding_box()["y"] > grid.bounding_box()["y"]


def test_the_currency_is_chosen_once_for_all_pages_and_outlives_a_reload(page):
    page.goto("/model?app=curve")
    settled(page)
    page.locator(".st-key-currency-menu button").first.click()
    box = page.get_by_role("combobox", name=re.compile("Currency of amounts"))
    box.fill("CHF")
    box.press("Enter")
    page.get_by_text("Premium (CHF)").first.wait_for()
    page.wait_for_function("document.cookie.includes('tontine_currency=CHF')")
    page.reload()
    page.get_by_text("Premium (CHF)").first.wait_for()


def test_times_are_in_the_browsers_zone(page, server):
    page.goto("/model?app=curve&n=9")
    settled(page)
    page.locator(".st-key-run button").first.click()
    page.wait_for_function("new URLSearchParams(location.search).get('run')")
    run_id = page.evaluate("new URLSearchParams(location.search).get('run')")
    page.goto(f"/run?id={run_id}")
    page.get_by_text(re.compile(r"\d\d:\d\d:\d\d NZ[SD]T")).first.wait_for()
    page.get_by_text(re.compile("Premium 9 .*starting value 7")).wait_for()

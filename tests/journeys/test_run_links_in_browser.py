"""A run is made, edited and run again, and the graph of where it comes from is walked back and forth."""

import re

import pytest

from tests.journeys.test_main_job import CHROMIUM, READY

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(240),
]


def run_of(page, key):
    return page.evaluate(f"new URLSearchParams(location.search).get('{key}')")


def boxes(page):
    return page.locator(".tontine-links li")


def wait_for_current(page, run_id):
    """Wait until the graph is drawn around a run."""
    page.locator(f".tontine-links a[aria-current][href$='{run_id}']").wait_for()


def test_a_run_is_edited_and_the_graph_is_walked_back_and_forth(page):
    page.goto("/model?app=mortality&age=50")
    page.wait_for_selector(READY)
    page.locator(".st-key-run button").click()
    page.wait_for_url(re.compile("[?&]run="))
    first = run_of(page, "run")
    page.goto(f"/run?id={first}")
    page.wait_for_selector(READY)
    page.get_by_text("Where it comes from").click()
    page.get_by_text("It was not made from another run").wait_for()

    page.get_by_role("link", name="Edit and run again").click()
    page.wait_for_url(re.compile(f"from={first}"))
    age = page.get_by_role("slider", name=re.compile("^Age"))
    age.focus()
    age.press("ArrowRight")
    page.wait_for_function("new URLSearchParams(location.search).get('age') === '51'")
    page.locator(".st-key-run button").click()
    page.wait_for_url(re.compile("[?&]run="))
    second = run_of(page, "run")
    assert second != first
    # Under the result on the model's page: the line, and the graph.
    page.get_by_role("link", name=f"Edited from run {first[-8:]}").wait_for()
    page.get_by_text("Age 50 years → 51 years").first.wait_for()
    page.get_by_text("Where it comes from").click()
    wait_for_current(page, second)
    assert boxes(page).count() == 2
    assert [boxes(page).nth(i).locator("b").inner_text() for i in (0, 1)] == [
        f"Run {first[-8:]}",
        f"Run {second[-8:]}",
    ]
    left, right = (boxes(page).nth(i).bounding_box() for i in (0, 1))
    assert left["x"] + left["width"] < right["x"]
    assert page.locator(".tontine-links path").count() == 1

    boxes(page).nth(0).get_by_role("link").click()
    page.wait_for_url(re.compile(f"/run.id={first}$"))
    wait_for_current(page, first)  # what was open stays open in the session
    # By keyboard, and with the words that a screen reader reads.
    link = boxes(page).nth(1).get_by_role("link", name=re.compile(f"Edited from run {first[-8:]}"))
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/run.id={second}$"))
    wait_for_current(page, second)
    page.go_back()
    page.wait_for_url(re.compile(f"/run.id={first}$"))
    wait_for_current(page, first)

    page.set_viewport_size({"width": 390, "height": 800})
    upper, lower = (boxes(page).nth(i).bounding_box() for i in (0, 1))
    assert upper["y"] + upper["height"] <= lower["y"]
    assert lower["x"] + lower["width"] <= 390
    assert boxes(page).nth(1).get_by_text(f"Edited from run {first[-8:]}").is_visible()

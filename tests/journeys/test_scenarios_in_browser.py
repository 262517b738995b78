"""Scenarios in a real browser: saved, kept over a reload, opened by link, swept and compared, on a shipped model."""

import re

import pytest

from tests.journeys.test_main_job import CHROMIUM, settled

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(400),
]


@pytest.fixture
def page(chromium, server):
    context = chromium.new_context(viewport={"width": 1400, "height": 1000}, base_url=server.url)
    opened = context.new_page()
    opened.set_default_timeout(120_000)
    yield opened
    context.close()


def save(page, age, name):
    page.goto(f"/model?app=mortality&age={age}")
    settled(page)
    page.get_by_role("button", name="Save as scenario").click()
    page.get_by_label("Name", exact=True).fill(name)
    # Ctrl+Enter and Enter submit a form as the button does.
    page.get_by_label("Name", exact=True).press("Enter")
    page.get_by_text(f"Saved {name}").wait_for()
    page.keyboard.press("Escape")


def test_scenarios_are_saved_reloaded_opened_by_link_swept_and_compared(page, server):
    save(page, 45, "Middle age")
    page.get_by_role("combobox", name="Preset").and_(page.locator("[value*='Yours: Middle age']")).wait_for()
    save(page, 62, "Retirement")
    page.reload()
    settled(page)
    app = page.request.get("/api/apps").json()[0]["id"]
    found = {s["name"]: s for s in page.request.get(f"/api/apps/{app}/scenarios").json()}
    assert list(found) == ["Middle age", "Retirement"]
    opened = page.request.get(f"/api/scenarios/{found['Middle age']['scenario_id']}").json()
    assert opened["values"]["age"] == 45

    page.goto(found["Retirement"]["url"])
    settled(page)
    page.wait_for_url(re.compile("age=62"))
    assert "saved=" in page.url

    page.goto("/sweep?app=mortality")
    page.get_by_text("Saved scenarios").click()
    for name in ("Middle age", "Retirement"):
        page.get_by_role("combobox", name="Scenarios").fill(name)
        page.get_by_role("option", name=f"Yours: {name}").click()
        page.get_by_role("button", name=re.compile(f"Yours: {name}")).or_(
            page.get_by_text(f"Yours: {name}")
        ).first.wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("2 runs", exact=False).first.wait_for()
    page.get_by_role("button", name="Start", exact=False).click()
    page.wait_for_url("**/sweep?id=*")
    page.get_by_text("2 runs in", exact=False).wait_for()
    page.get_by_role("link", name="Compare the scenarios").click()
    page.wait_for_url("**/compare?runs=*")
    page.get_by_role("link", name="Middle age (baseline)").wait_for()
    page.get_by_role("link", name="Retirement").wait_for()

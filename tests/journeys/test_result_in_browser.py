"""A result in a real browser: painted in place, live without an empty moment, honest when the server is away."""

import json
import re
from pathlib import Path

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.journeys.test_main_job import CHROMIUM, ROOT, SLOW, Server, model, run_id, settled

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(900),
]
DARK, LIGHT = "#10151C", "#FFFFFF"
N = {"n": {"type": "integer", "label": "N", "min": 0, "max": 100, "default": 10}}
QUICK = """
def run(inputs):
    n = inputs["n"]
    return {
        "summary": {"Square": n * n},
        "series": [{"name": "Line", "x": list(range(50)), "y": [n * i for i in range(50)]}],
        "charts": [{"kind": "bar", "title": "Bars", "data": {"x": [1, 2], "y": [n, 2 * n]}}],
        "table": [{"n": n}],
    }
"""
UNEVEN = """
import time
def run(inputs):
    time.sleep(4 if inputs["n"] == 30 else 0)
    return {"summary": {"Square": inputs["n"] ** 2}, "series": [{"x": i, "y": inputs["n"] * i} for i in range(9)]}
"""
LONG = """
def run(inputs):
    return {"series": [{"name": "Path", "x": list(range(60_000)), "y": [i % 977 for i in range(60_000)]}]}
"""
TABLE = """
def run(inputs):
    n = list(range(150_000))
    return {"table": {"policy": [f"Policy {i}" for i in n], "loss": [(i * 7919) % 150_000 / 10 for i in n]}}
"""
AXIS = "document.querySelector('.js-plotly-plot')._fullLayout.xaxis.range"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    import shutil

    home = tmp_path_factory.mktemp("server")
    for slug in ("mortality",):
        shutil.copytree(ROOT / "functions" / slug, home / "functions" / slug)
    seconds = {"seconds": {"type": "number", "label": "Seconds", "min": 1, "max": 60, "default": 6}}
    model(home / "functions", "slow", SLOW, seconds)
    model(home / "functions", "quick", QUICK, N, live=True)
    model(home / "functions", "uneven", UNEVEN, N, live=True)
    model(home / "functions", "long", LONG, N)
    model(home / "functions", "table", TABLE, N)
    running = Server(home).start()
    yield running
    running.stop()


@pytest.fixture
def page(chromium, server):
    context = chromium.new_context(
        viewport={"width": 1400, "height": 1000}, base_url=server.url, color_scheme="light", accept_downloads=True
    )
    opened = context.new_page()
    opened.set_default_timeout(120_000)
    opened.faults = []
    opened.on("pageerror", lambda error: opened.faults.append(str(error)))
    yield opened
    assert opened.faults == []
    context.close()


def open_model(page, slug, query=""):
    page.goto(f"/model?app={slug}{query}")
    settled(page)


def press(page):
    page.locator(".st-key-run button").click()
    run_id(page)


def drawn(page, key="series"):
    return page.locator(f'.tontine-chart[data-key="{key}"]')


def wait_drawn(page, count, key="series"):
    page.wait_for_function(
        "([key, count]) => Number(document.querySelector(`.tontine-chart[data-key=${key}]`)?.dataset.drawn ?? 0) >= count",
        arg=[key, count],
    )


def set_number(page, slug, key, value):
    box = page.locator(f"[class*='st-key-{slug}-'][class*='-{key}']:not([data-retained]) input:not([type=range])").first
    box.fill(str(value))
    box.press("Enter")


def zoom(page):
    """Drag over the middle of the first chart, as a reader zooms in."""
    box = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.4, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, y, steps=4)
    page.mouse.move(box["x"] + box["width"] * 0.6, y, steps=4)
    page.mouse.up()


def test_zoom_and_legend_choices_stay_when_the_next_result_is_painted_over(page):
    open_model(page, "mortality")
    press(page)
    wait_drawn(page, 1)
    page.evaluate("document.querySelector('.js-plotly-plot').mark = 'the same node'")
    full = page.evaluate(AXIS)
    zoom(page)
    page.wait_for_function(f"{AXIS}[0] > {full[0] + 1}")
    near = page.evaluate(AXIS)
    page.locator(".js-plotly-plot .legendtoggle").first.click()
    page.wait_for_function("document.querySelector('.js-plotly-plot')._fullData[0].visible === 'legendonly'")
    before = int(drawn(page).get_attribute("data-drawn"))
    first = run_id(page)
    page.locator(".stSlider [role=slider], .stSlider input[type=range]").nth(1).press("ArrowRight")
    settled(page)
    press(page)
    page.wait_for_function(f"new URLSearchParams(location.search).get('run') !== '{first}'")
    wait_drawn(page, before + 1)
    assert page.evaluate("document.querySelector('.js-plotly-plot').mark") == "the same node"
    assert page.evaluate(AXIS) == pytest.approx(near)
    assert page.evaluate("document.querySelector('.js-plotly-plot')._fullData[0].visible") == "legendonly"


def test_a_chart_takes_the_theme_of_the_page_and_follows_a_switch(page):
    open_model(page, "quick")
    press(page)
    wait_drawn(page, 1)
    ground = "document.querySelector('.js-plotly-plot')._fullLayout.paper_bgcolor.toUpperCase()"
    text = "document.querySelector('.js-plotly-plot')._fullLayout.font.color.toUpperCase()"
    assert page.evaluate(ground) == LIGHT
    light = page.evaluate(text)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{ground} === '{DARK}'")
    assert page.evaluate(text) != light
    assert drawn(page).get_attribute("role") == "figure"
    assert drawn(page, "chart-0").get_attribute("aria-label") == "Bars"


def test_plotly_comes_from_the_server_once_and_is_kept(page, server):
    fetched = []
    page.on("request", lambda r: fetched.append(r.url) if "plotly" in r.url.lower() else None)
    open_model(page, "quick")
    press(page)
    wait_drawn(page, 1)
    page.goto("/history")
    settled(page)
    open_model(page, "quick")
    press(page)
    wait_drawn(page, 1)
    assert fetched
    assert all(url.startswith(f"{server.url}/assets/") for url in fetched)
    answer = page.request.get(fetched[0])
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"


def test_a_press_sends_the_result_and_leaves_the_form_alone(page):
    frames = []

    def keep(frame):
        frames.append(frame)

    page.on("websocket", lambda socket: socket.on("framereceived", keep))
    open_model(page, "mortality")
    wait_drawn(page, 1)
    settled(page)
    count = len(frames)
    press(page)
    page.get_by_text("reused from run").wait_for()
    settled(page)
    script_runs = []
    for frame in frames[count:]:
        message = ForwardMsg()
        message.ParseFromString(frame)
        if message.WhichOneof("type") == "new_session":
            script_runs.append([])
        if script_runs:
            script_runs[-1].append(message)
    assert script_runs
    for sent in script_runs:
        elements = [m.delta.new_element.WhichOneof("type") for m in sent if m.WhichOneof("type") == "delta"]
        assert not {"slider", "number_input", "text_input", "selectbox", "radio"} & set(elements)
        assert len(sent) <= 60


def test_dragging_a_slider_live_repaints_without_an_empty_moment_and_ends_at_the_newest_value(page):
    open_model(page, "quick")
    page.get_by_text("Live", exact=True).click()
    wait_drawn(page, 1)
    page.evaluate(
        """() => {
          window.empty = []; window.frames_seen = 0
          const parts = { chart: '.js-plotly-plot .scatterlayer .trace', figure: '.tontine-value', table: '[data-testid=stDataFrame]' }
          const look = () => {
            window.frames_seen += 1
            for (const [name, selector] of Object.entries(parts)) if (!document.querySelector(selector)) window.empty.push(name)
            window.looking = requestAnimationFrame(look)
          }
          look()
        }"""
    )
    slider = page.locator(".stSlider input[type=range]").first
    for _ in range(25):
        slider.press("ArrowRight")
    page.wait_for_function("document.querySelector('.tontine-value').textContent === '1225'")
    page.wait_for_function("document.querySelector('.js-plotly-plot').data[0].y[1] === 35")
    assert page.evaluate("window.frames_seen") > 10
    assert page.evaluate("window.empty") == []


def test_the_result_before_stays_in_sight_dimmed_until_the_next_one_is_there(page):
    open_model(page, "uneven")
    press(page)
    wait_drawn(page, 1)
    set_number(page, "uneven", "n", 30)
    settled(page)
    # What is seen on the way is kept by the page itself: a look from outside could come too late.
    page.evaluate(
        """() => {
          window.seen = []
          const look = () => {
            const value = document.querySelector('.tontine-value')
            const cancel = [...document.querySelectorAll('button')].some((button) => button.innerText.includes('Cancel'))
            const now = JSON.stringify([value?.textContent ?? null, Boolean(value?.closest('[data-tontine-stale]')), cancel])
            if (window.seen.at(-1) !== now) window.seen.push(now)
          }
          new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true })
          look()
        }"""
    )
    press(page)
    page.wait_for_function("document.querySelector('.tontine-value').textContent === '900'")
    page.wait_for_function("!document.querySelector('[data-tontine-stale]')")
    page.get_by_role("button", name="Cancel").wait_for(state="detached")
    seen = [tuple(json.loads(one)) for one in page.evaluate("window.seen")]
    assert {value for value, _, _ in seen} == {"100", "900"}, "no moment without a result"
    assert ("100", True, True) in seen, seen


def test_a_run_is_watched_without_a_script_that_waits(page):
    open_model(page, "slow", "&seconds=8")
    press(page)
    page.get_by_text(re.compile(r"step \d+")).first.wait_for()
    # Whatever is drawn in between takes a moment only: there is nothing for Streamlit's Stop to stop.
    page.wait_for_function(
        """() => {
          const state = document.querySelector('[data-testid=stApp]').dataset.testScriptState
          window.idle = (window.idle ?? 0) + (state === 'notRunning' ? 1 : 0)
          return window.idle > 5
        }"""
    )
    assert page.get_by_role("button", name="Stop").count() == 0
    page.get_by_text("Done").first.wait_for()


def test_a_live_view_that_hears_nothing_says_so_and_recovers(page):
    away = {"now": True}

    def handle(socket):
        if away["now"]:
            socket.close()
        else:
            socket.connect_to_server()

    page.route_web_socket(re.compile(r"/api/ws/runs/"), handle)
    open_model(page, "slow", "&seconds=14")
    press(page)
    page.get_by_text("No word from the server since").first.wait_for()
    away["now"] = False
    page.get_by_text(re.compile(r"step \d+")).first.wait_for()
    page.get_by_text("Done").first.wait_for()


def test_zooming_into_a_long_series_brings_all_points_of_the_range_and_says_so(page):
    open_model(page, "long")
    press(page)
    wait_drawn(page, 1)
    page.get_by_text("of 60,000 points: zoom in to see more").wait_for()
    zoom(page)
    page.get_by_text("In the range shown:").wait_for()
    low, high = page.evaluate(AXIS)
    assert 0 < low < high < 60_000
    zoom(page)
    page.get_by_text("In the range shown: all").wait_for()
    low, high = page.evaluate(AXIS)
    shown = page.evaluate("document.querySelector('.js-plotly-plot').data[0].x")
    assert {x for x in range(60_000) if low <= x <= high} <= set(shown)


def test_a_chart_is_saved_as_an_image_named_after_it(page):
    open_model(page, "quick")
    press(page)
    wait_drawn(page, 1, "chart-0")
    drawn(page, "chart-0").hover()
    for form, begin in (("png", b"\x89PNG"), ("svg", b"<svg")):
        with page.expect_download() as saved:
            drawn(page, "chart-0").locator(f".modebar-btn[data-title='Download as {form.upper()}']").click()
        assert re.fullmatch(rf"quick-bars-\w{{8}}\.{form}", saved.value.suggested_filename)
        assert Path(saved.value.path()).read_bytes().startswith(begin)


def test_a_long_title_is_wrapped_and_not_cut(chromium, server):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, base_url=server.url)
    page = context.new_page()
    open_model(page, "mortality")
    press(page)
    wait_drawn(page, 1, "chart-1")
    for title in page.locator(".js-plotly-plot .gtitle").all():
        right = title.evaluate(
            "(e) => e.getBoundingClientRect().right - e.closest('.tontine-chart').getBoundingClientRect().right"
        )
        assert right <= 0
    context.close()


def test_the_menu_offers_the_theme_and_nothing_that_breaks_a_page(page):
    open_model(page, "quick")
    page.get_by_test_id("stMainMenu").get_by_role("button").click()
    popover = page.get_by_test_id("stMainMenuPopover")
    popover.wait_for()
    said = popover.inner_text()
    assert "About" in said
    for word in ("Rerun", "Clear cache", "Deploy", "Record"):
        assert word not in said
    popover.get_by_role("button", name=re.compile("Dark", re.IGNORECASE)).or_(
        popover.get_by_role("radio", name=re.compile("Dark", re.IGNORECASE))
    ).or_(popover.get_by_text("Dark")).first.wait_for()


def test_a_large_table_is_searched_and_sorted_whole_and_its_csv_has_what_was_found(page):
    open_model(page, "table")
    press(page)
    page.get_by_text("Rows 1 to 1,000.").wait_for()
    page.get_by_role("textbox", name="Search all rows").fill("policy 1234")
    page.get_by_role("textbox", name="Search all rows").press("Enter")
    page.get_by_text("Rows 1 to 111 of the 111 found.").wait_for()
    page.get_by_role("combobox", name="Sort all rows by").click()
    page.get_by_role("option", name="loss").click()
    page.get_by_text("Largest first").click()
    link = page.locator("a[href*='sort=-loss']").filter(visible=True).first
    link.wait_for()
    with page.expect_download() as got:
        link.click()
    header, *rows = got.value.path().read_text().splitlines()
    losses = [float(row.split(",")[1]) for row in rows]
    assert header == "policy,loss"
    assert len(rows) == 111
    assert losses == sorted(losses, reverse=True)

"""Texts of models, authors and links make no request of a reader's browser, wherever they are drawn.

Every place that draws such a text gets one with an image, raw HTML and a diagram that names an image, each with the
name of its place in the address, so that a failure says which place it was.
"""

import json
import re
from urllib.parse import quote

import pytest

from tests.journeys.test_main_job import CHROMIUM, Server, run_id, settled

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(900),
]
OUTSIDE = "evil.example"


def hostile(place):
    """Return a text that would fetch an image from outside, by each way that Markdown and HTML have."""
    at = f"http://{OUTSIDE}/{place}"
    return f"{place} ![i]({at}-image.png) !![i]({at}-twice.png) <img src='{at}-html.png'> <a href='{at}'>x</a>"


def hostile_block(place):
    """Return Markdown of several lines, with a reference and a diagram."""
    at = f"http://{OUTSIDE}/{place}"
    return (
        f"# Title\n\n{hostile(place)}\n\n![r][ref]\n\n[ref]: {at}-reference.png\n\n"
        f'```mermaid\nflowchart TD\n  A@{{ img: "{at}-diagram.png", label: "x" }}\n```\n\n'
        f'~~~ &#109;ermaid\nflowchart TD\n  B@{{ img: "{at}-entity.png", label: "x" }}\n~~~\n\n'
        f"<video src='{at}.mp4'></video> <iframe src='{at}.htm'></iframe>"
    )


RUN = """
import json, time
TEXTS = json.loads(TEXTS_HERE)
def run(inputs):
    if inputs["mode"] == "fail":
        raise ValueError(TEXTS["reason"])
    if inputs["mode"] == "slow":
        yield {"message": TEXTS["message"], "progress": 0.5, "notes": TEXTS["partial"]}
        time.sleep(3)
    print(TEXTS["log"])
    yield {
        "summary": {TEXTS["label"]: {"value": TEXTS["value"], "unit": TEXTS["unit"], "help": TEXTS["help"], "delta": TEXTS["delta"]}},
        "series": [{"name": TEXTS["series"], "x": [1, 2], "y": [1, 2]}, {"name": "b", "x": [1, 2], "y": [1, 2]}],
        "columns": [TEXTS["column"]],
        "tables": {TEXTS["table"]: [{"a": TEXTS["cell"]}], "other": [{"a": 1}]},
        "charts": [
            {"kind": "bar", "title": TEXTS["chart"], "x_label": TEXTS["axis"], "data": {"x": [TEXTS["bar"]], "y": [1]}},
            {"kind": "bar", "title": TEXTS["broken"], "data": {"x": [1], "y": [TEXTS["wrong"]]}},
            {"data": [{"type": "scatter", "x": [1], "y": [1], "text": [TEXTS["point"]], "mode": "markers+text"}],
              "layout": {"title": {"text": TEXTS["figure"]}, "images": [{"source": TEXTS["source"], "x": 0, "y": 1, "sizex": 1, "sizey": 1}]}},
        ],
        "notes": TEXTS["notes"],
        "warnings": [TEXTS["warning"]],
        "more": {"key": TEXTS["extra"]},
    }
"""
PLACES = [
    "reason",
    "message",
    "log",
    "label",
    "value",
    "unit",
    "help",
    "delta",
    "series",
    "column",
    "table",
    "cell",
    "chart",
    "axis",
    "bar",
    "broken",
    "wrong",
    "point",
    "figure",
    "warning",
    "extra",
]


def write_model(folder):
    texts = {place: hostile(place) for place in PLACES}
    texts |= {place: hostile_block(place) for place in ("notes", "partial")}
    texts["source"] = f"http://{OUTSIDE}/source.png"
    code = RUN.replace("TEXTS_HERE", repr(json.dumps(texts)))
    manifest = {
        "name": hostile("name"),
        "description": hostile_block("description"),
        "category": hostile("category"),
        "tags": [hostile("tag")],
        "authors": [hostile("author")],
        "license": hostile("licence"),
        "version": hostile("version"),
        "references": [
            {
                "title": hostile("reference"),
                "url": f"https://x.example) ![a](http://{OUTSIDE}/url.png",
                "note": hostile("note"),
            }
        ],
        "inputs": {
            "mode": {
                "type": "select",
                "label": hostile("select"),
                "options": [{"value": v, "label": hostile(f"option-{v}")} for v in ("done", "slow", "fail")],
                "group": hostile("group"),
                "help": hostile("input-help"),
            },
            "n": {
                "type": "number",
                "label": hostile("number"),
                "unit": hostile("input-unit"),
                "valid": [0, 1],
                "default": 5,
            },
            "t": {
                "type": "text",
                "label": "T",
                "default": "",
                "placeholder": hostile("placeholder"),
                "examples": [hostile("example")],
            },
            "rows": {
                "type": "table",
                "label": hostile("grid"),
                "columns": {"a": {"type": "text", "label": hostile("grid-column"), "help": hostile("column-help")}},
                "default": [{"a": hostile("grid-cell")}],
            },
        },
    }
    folder.mkdir(parents=True)
    (folder / "function.py").write_text(code)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "README.md").write_text(hostile_block("readme"))
    case = {"name": hostile("case"), "inputs": {"mode": "done", "n": 5}, "source": hostile("case-source")}
    (folder / "cases.json").write_text(json.dumps([case]))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("server")
    write_model(home / "functions" / "hostile")
    running = Server(home).start()
    yield running
    running.stop()


@pytest.fixture
def page(chromium, server):
    context = chromium.new_context(viewport={"width": 1400, "height": 3000}, base_url=server.url)
    asked = []

    def refuse(route):
        asked.append(route.request.url)
        route.abort()

    context.route(re.compile("^https?://" + re.escape(OUTSIDE) + "/"), refuse)
    opened = context.new_page()
    opened.set_default_timeout(120_000)
    yield opened
    settled(opened)
    opened.wait_for_load_state("networkidle")
    assert asked == []
    context.close()


def start(page, mode):
    page.goto(f"/model?app=hostile&mode={mode}")
    settled(page)
    page.locator(".st-key-run button").click()


def test_the_browser_would_ask_for_an_image_that_is_drawn(chromium, server):
    context = chromium.new_context(base_url=server.url)
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.set_content(f"<p>{hostile('proof')}</p>")
    assert any(OUTSIDE in url for url in asked)
    context.close()


def test_the_catalogue_asks_for_nothing(page):
    page.goto("/")
    settled(page)
    page.get_by_text("description !").or_(page.get_by_text("description")).first.wait_for()


def test_a_form_and_what_is_told_about_its_model_ask_for_nothing(page):
    page.goto("/model?app=hostile&n=" + quote(hostile("link")))
    settled(page)
    page.get_by_text("link ").first.wait_for()
    page.get_by_text("About this model").click()
    page.get_by_text("readme ").first.wait_for()
    page.get_by_text("author ").first.wait_for()
    page.get_by_text("reference ").first.wait_for()


def test_a_result_asks_for_nothing(page):
    start(page, "done")
    page.wait_for_selector(".tontine-value")
    page.wait_for_selector("[data-key=chart-2][data-drawn]")
    page.get_by_text("broken ").first.wait_for()
    page.locator(".tontine-help").first.hover()
    page.get_by_text("warning ").first.wait_for()
    page.get_by_text("notes ").first.wait_for()
    page.get_by_text("Log", exact=True).click()
    page.get_by_text("More", exact=True).click()
    page.get_by_text("Inputs and provenance").click()
    page.get_by_text("Provenance", exact=True).wait_for()
    page.goto(f"/run?id={run_id(page)}")
    page.wait_for_selector("[data-key=chart-2][data-drawn]")


def test_a_run_that_goes_on_asks_for_nothing(page):
    start(page, "slow")
    page.locator(".tontine-progress").get_by_text("message ").wait_for()
    page.get_by_text("partial ").first.wait_for()
    page.wait_for_selector(".tontine-value")


def test_a_failed_run_and_the_history_ask_for_nothing(page):
    start(page, "fail")
    page.get_by_text("reason ").first.wait_for()
    page.goto("/history")
    settled(page)
    page.get_by_test_id("stDataFrame").first.wait_for()


@pytest.mark.parametrize("path", ["/run?id=", "/model?app=", "/model?app=hostile&from=", "/model?app=hostile&run="])
def test_a_link_that_names_what_is_not_there_asks_for_nothing(page, path):
    page.goto(path + quote(hostile("link")))
    settled(page)
    page.get_by_test_id("stAlert").first.wait_for()

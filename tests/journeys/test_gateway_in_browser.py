"""Text, image, explanation and draft from an AI gateway, in a real browser on a real server and a gateway on this machine."""

import json
import shutil

import pytest

from contract.access import GrantKind
from contract.gateway import KEY_SECRET
from engine.models.grants import grant
from storage.database import Database
from tests.actors import ADMIN
from tests.engine.gateway.test_draft import ANSWER
from tests.engine.hosts import confined
from tests.gateway_server import KEY, GatewayServer
from tests.journeys.test_main_job import CHROMIUM, READY, ROOT, Server

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(300),
    confined,
]


@pytest.fixture(scope="module")
def gateway():
    made = GatewayServer()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, gateway):
    home = tmp_path_factory.mktemp("server")
    for slug in ("ai_text", "ai_image", "ai_video", "mortality"):
        shutil.copytree(ROOT / "functions" / slug, home / "functions" / slug)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TONTINE_GATEWAY_URL", gateway.url)
        patch.setenv("TONTINE_GATEWAY_MODEL", "demo/small")
        patch.setenv(f"TONTINE_SECRET_{KEY_SECRET}", KEY)
        running = Server(home).start()
    database = Database((home / "data" / "postgres" / "url").read_text().strip(), pool=1)
    for slug in ("ai_text", "ai_image", "ai_video"):
        grant(database, slug, GrantKind.PRIVATE_HOST, gateway.host, actor=ADMIN, gateway_url=gateway.url)
        grant(database, slug, GrantKind.SECRET, KEY_SECRET, actor=ADMIN, gateway_url=gateway.url)
    database.close()
    yield running
    gateway.release.set()
    running.stop()


@pytest.fixture(autouse=True)
def well(gateway):
    gateway.mode, gateway.answer = "well", None
    gateway.release.clear()


def run_model(page, slug, model, **more):
    query = "&".join(f"{k}={v}" for k, v in {"model": model, "prompt": "A+calm+sea", **more}.items())
    page.goto(f"/model?app={slug}&{query}")
    page.wait_for_selector(READY)
    page.get_by_role("button", name="Run", exact=False).first.click()


def test_a_text_appears_while_it_is_still_being_written(page, gateway):
    gateway.mode = "waits half way"
    run_model(page, "ai_text", "demo/small")
    page.get_by_text("The reserve is").first.wait_for()
    assert not page.get_by_text("as of 2025").count()
    gateway.release.set()
    page.get_by_text("as of 2025.").first.wait_for()


def test_an_image_and_a_video_are_shown_with_their_words_and_can_be_saved(page):
    run_model(page, "ai_image", "demo/painter")
    image = page.get_by_role("img", name="Image made by a model from the words: A calm sea")
    image.wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.tontine-media img')].some(i => i.complete && i.naturalWidth === 8)"
    )
    with page.expect_download() as saved:
        page.locator(".tontine-media").get_by_role("link", name="Download").click()
    assert saved.value.suggested_filename == "images-1.png"
    run_model(page, "ai_video", "demo/director")
    page.locator(".tontine-media video").wait_for()


def test_a_run_is_explained_and_its_made_up_number_is_marked(page, gateway):
    gateway.answer = "The curve was shifted by 777 %."
    sent = len(gateway.asked("/chat/completions"))
    page.goto("/model?app=mortality")
    page.get_by_text("Success").first.wait_for()
    page.get_by_text("Explain this run").click()
    page.get_by_role("button", name="What is sent to the AI gateway").click()
    page.get_by_text("Mortality Simulator", exact=False).first.wait_for()
    page.keyboard.press("Escape")
    assert not gateway.asked("/chat/completions")[sent:]
    page.get_by_role("button", name="Explain", exact=True).click()
    page.get_by_text("The curve was shifted by").first.wait_for()
    page.get_by_text("Marked numbers do not occur in the run: 777 %").first.wait_for()
    page.get_by_text("Written by a machine").first.wait_for()
    assert len(gateway.asked("/chat/completions")[sent:]) == 1


def test_a_draft_becomes_a_registration_that_is_not_published(page, gateway, server):
    gateway.answer = json.dumps(ANSWER)
    page.goto("/register")
    page.get_by_role("radio", name="Draft by words").click()
    page.get_by_label("Description").fill("A model that doubles a number.")
    page.get_by_role("button", name="Draft", exact=False).last.click()
    page.get_by_text("+def run(inputs):").first.wait_for()
    page.get_by_role("button", name="Accept and check").click()
    page.get_by_role("button", name="Publish").wait_for()
    assert not [a for a in server.get("/api/apps") if a["slug"] == "double"]


def test_the_provider_s_model_is_chosen_from_the_gateway_s_own_list(page):
    page.goto("/model?app=ai_text")
    page.wait_for_selector(READY)
    page.get_by_role("button", name="Models of the gateway").click()
    page.get_by_role("button", name="Read the list").click()
    page.get_by_text("4 models, read").wait_for()
    page.get_by_role("combobox", name="Model", exact=True).click()
    page.get_by_role("option", name="demo/large").click()
    page.wait_for_function("() => [...document.querySelectorAll('input')].some(i => i.value === 'demo/large')")

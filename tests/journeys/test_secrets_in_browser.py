"""A secret is set on the page and used by a model's next run, in a real browser on a real server."""

import pytest

from contract.access import GrantKind
from engine.models.grants import grant
from storage.database import Database
from storage.encryption import new_key
from tests.actors import ADMIN
from tests.journeys.test_main_job import CHROMIUM, READY, Server, model

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.timeout(300),
]
VALUE = "sesame-open-1234"
KNOWS = "import os\ndef run(inputs):\n    return {'summary': {'Length': len(os.environ['API_KEY'])}}\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("server")
    model(home / "functions", "quotes", KNOWS, {"n": {"type": "number"}}, secrets=["API_KEY"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TONTINE_SECRETS_KEY", new_key())
        running = Server(home).start()
    database = Database((home / "data" / "postgres" / "url").read_text().strip(), pool=1)
    grant(database, "quotes", GrantKind.SECRET, "API_KEY", actor=ADMIN)
    database.close()
    yield running
    running.stop()


def test_a_value_that_was_set_on_the_page_is_used_by_the_next_run_and_shown_nowhere(chromium, server):
    context = chromium.new_context(viewport={"width": 1400, "height": 1000}, base_url=server.url)
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto("/secrets")
    page.get_by_role("combobox", name="Secret", exact=True).fill("API_KEY")
    page.keyboard.press("Enter")
    page.get_by_label("Value", exact=True).fill(VALUE)
    page.get_by_role("button", name="Set value").click()
    page.get_by_text("is set. Runs that begin from now on").wait_for()
    page.wait_for_selector(READY)
    assert page.get_by_label("Value", exact=True).input_value() == ""
    assert VALUE not in page.content()
    [stored] = server.get("/api/secrets")
    assert (stored["name"], stored["set_by"], stored["granted_to"]) == ("API_KEY", "analyst", ["quotes"])

    page.goto("/model?app=quotes")
    page.get_by_role("button", name="Run", exact=False).first.click()
    page.locator(".tontine-value").get_by_text(str(len(VALUE)), exact=True).first.wait_for()
    assert VALUE not in (server.home / "log").read_text()
    context.close()

"""What a model may reach and know, as its page says it."""

from contract.access import GrantKind
from engine.models.grants import grant, revoke
from tests.actors import ADMIN

LOOKS = "def run(inputs):\n    return {'notes': 'x'}\n"


def captions(app):
    return " ".join(item.value for item in app.caption)


def test_the_model_page_shows_what_is_granted_and_what_is_not_as_it_stands(visit, add_model, context):
    slug = add_model(LOOKS, network=["www.example.com", "data.example.com"], secrets=["API_KEY"])
    said = captions(visit("model", app=slug))
    assert "asks for (not granted): `www.example.com`, `data.example.com`" in said
    assert "asks for the secret (not granted): `API_KEY`" in said
    assert "may" not in said
    grant(context.database, slug, GrantKind.HOST, "www.example.com", actor=ADMIN)
    grant(context.database, slug, GrantKind.SECRET, "API_KEY", actor=ADMIN)
    said = captions(visit("model", app=slug))
    assert "may reach: `www.example.com`" in said
    assert "may know: `API_KEY`" in said
    assert "asks for (not granted): `data.example.com`" in said
    revoke(context.database, slug, GrantKind.HOST, "www.example.com", actor=ADMIN)
    assert "may reach" not in captions(visit("model", app=slug))


def test_a_model_that_asks_for_nothing_says_nothing_of_it(visit, add_model):
    said = captions(visit("model", app=add_model(LOOKS)))
    assert "reach" not in said
    assert "granted" not in said


def test_pressing_run_without_the_secret_says_who_grants_it_and_stores_no_run(visit, add_model):
    app = visit("model", app=add_model(LOOKS, secrets=["API_KEY"]))
    app.button(key="run").click().run()
    assert not app.exception
    said = [e.value.replace("\\", "") for e in app.error]
    assert any("python -m engine.commands.grants grant probe --secret API_KEY" in text for text in said)
    assert "run" not in app.query_params

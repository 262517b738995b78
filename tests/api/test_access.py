"""What a model may reach and know, over HTTP."""

from contract.access import GrantKind
from engine.models.grants import grant
from tests.actors import ADMIN

LOOKS = "def run(inputs):\n    return {'notes': 'x'}\n"


def test_an_app_says_what_it_asks_for_and_what_of_it_is_granted(client, context, add_model):
    slug = add_model(LOOKS, network=["www.example.com", "data.example.com"], secrets=["API_KEY"])
    app_id = client.get("/apps").json()[0]["id"]
    grant(context.database, slug, GrantKind.HOST, "www.example.com", actor=ADMIN)
    app = client.get(f"/apps/{app_id}").json()
    assert app["network"] == {"granted": ["www.example.com"], "not_granted": ["data.example.com"]}
    assert app["secrets"] == {"granted": [], "not_granted": ["API_KEY"]}


def test_a_run_whose_secret_is_not_granted_is_403_with_who_must_do_what(client, context, add_model):
    slug = add_model(LOOKS, secrets=["API_KEY"])
    app_id = client.get("/apps").json()[0]["id"]
    answer = client.post(f"/apps/{app_id}/run", json={"inputs": {}})
    assert (answer.status_code, answer.json()["error"]) == (403, "not granted")
    assert f"python -m engine.commands.grants grant {slug} --secret API_KEY" in answer.json()["problems"][0]["remedy"]
    assert client.get("/runs").json() == []
    grant(context.database, slug, GrantKind.SECRET, "API_KEY", actor=ADMIN)
    assert client.post(f"/apps/{app_id}/run", json={"inputs": {}}).status_code == 200

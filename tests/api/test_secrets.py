"""Secrets over HTTP: set and deleted, and no answer holds a value."""

import pytest

from contract.access import GrantKind
from engine.models.grants import grant
from storage.encryption import Cipher, new_key
from tests.actors import ADMIN

VALUE = "sesame-open-1234"
CODE = "def run(inputs):\n    return {}\n"


@pytest.fixture(autouse=True)
def with_key(context):
    object.__setattr__(context, "cipher", Cipher([new_key()]))


def test_a_secret_is_set_listed_replaced_and_deleted(client, add_model, context):
    add_model(CODE, secrets=["API_KEY"])
    grant(context.database, "probe", GrantKind.SECRET, "API_KEY", actor=ADMIN)
    put = client.put("/secrets/API_KEY", json={"value": VALUE})
    assert put.status_code == 200
    assert put.json()["set_by"] == "ada"
    [listed] = client.get("/secrets").json()
    assert listed == {**put.json(), "granted_to": ["probe"], "asked_by": []}
    again = client.put("/secrets/API_KEY", json={"value": VALUE + "-5"})
    assert again.json()["set_at"] > put.json()["set_at"]
    assert client.delete("/secrets/API_KEY").status_code == 204
    assert client.delete("/secrets/API_KEY").status_code == 404
    [listed] = client.get("/secrets").json()
    assert (listed["name"], listed["set_by"], listed["set_at"]) == ("API_KEY", None, None)


@pytest.mark.parametrize(
    "body",
    [
        {"value": [VALUE]},
        {"value": VALUE, "more": VALUE},
        {"wrong": VALUE},
        [VALUE],
        VALUE,
        {"value": VALUE + "\x00"},
        {"value": VALUE + "x" * 30_000},
    ],
)
def test_no_answer_repeats_a_value_that_was_refused(client, body):
    refused = client.put("/secrets/API_KEY", json=body)
    assert refused.status_code == 422
    assert refused.json()["problems"]
    assert VALUE not in refused.text
    assert client.get("/secrets").json() == []


def test_what_is_not_json_is_refused_without_being_repeated(client):
    refused = client.put("/secrets/API_KEY", content=VALUE, headers={"Content-Type": "application/json"})
    assert refused.status_code == 422
    assert VALUE not in refused.text


def test_a_name_and_a_value_that_cannot_be_used_are_both_named(client):
    refused = client.put("/secrets/1%20KEY", json={"value": "short"})
    assert refused.status_code == 422
    assert [p["where"] for p in refused.json()["problems"]] == ["name", "value"]
    assert "short" not in refused.text


def test_without_a_key_it_says_what_to_set(client, context):
    object.__setattr__(context, "cipher", Cipher())
    refused = client.put("/secrets/API_KEY", json={"value": VALUE})
    assert refused.status_code == 422
    assert "TONTINE_SECRETS_KEY" in refused.json()["problems"][0]["found"]

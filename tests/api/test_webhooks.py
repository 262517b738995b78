"""Webhooks over HTTP."""

import uuid

from tests.api.test_api import app_id

__all__ = ["app_id"]

URL = "https://1.1.1.1/hook"  # a public address, which needs no name to be looked up


def test_a_webhook_is_created_with_its_secret_listed_without_it_and_deleted(client, app_id):
    made = client.post("/webhooks", json={"url": URL, "app_id": app_id})
    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    (listed,) = client.get("/webhooks").json()
    assert listed == {key: value for key, value in made.json().items() if key != "secret"}
    assert client.delete(f"/webhooks/{listed['id']}").status_code == 204
    assert client.get("/webhooks").json() == []


def test_an_address_on_this_machine_is_422_with_what_an_operator_sets(client):
    answer = client.post("/webhooks", json={"url": "http://localhost/x"})
    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert problem["where"] == "url"
    assert "TONTINE_WEBHOOK_PRIVATE_HOSTS" in problem["remedy"]


def test_a_test_message_is_queued_and_listed_and_may_be_sent_again(client):
    webhook = client.post("/webhooks", json={"url": URL}).json()["id"]
    queued = client.post(f"/webhooks/{webhook}/test")
    assert queued.status_code == 202
    answer = client.get(f"/webhooks/{webhook}/deliveries")
    (listed,) = answer.json()
    assert answer.headers["x-total-count"] == "1"
    assert (listed["id"], listed["event"], listed["status"]) == (
        queued.json()["delivery_id"],
        "webhook.test",
        "waiting",
    )
    assert client.post(f"/webhooks/{webhook}/deliveries/{listed['id']}/retry").status_code == 202
    assert client.post(f"/webhooks/{webhook}/deliveries/{uuid.uuid4()}/retry").status_code == 404


def test_a_webhook_or_model_that_is_not_there_is_404(client):
    unknown = uuid.uuid4()
    assert client.post("/webhooks", json={"url": URL, "app_id": 999}).status_code == 404
    assert client.delete(f"/webhooks/{unknown}").status_code == 404
    assert client.get(f"/webhooks/{unknown}/deliveries").status_code == 404
    assert client.post(f"/webhooks/{unknown}/test").status_code == 404

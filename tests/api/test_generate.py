"""Generation over HTTP: an answer in one request, and what is answered where the gateway gives none."""

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from tests.engine.hosts import confined
from tests.gateway_installation import Installation, gateway, installation, working
from tests.media_files import MP4, picture

__all__ = ["gateway", "installation", "working"]
pytestmark = [pytest.mark.processes, confined]


@pytest.fixture
def ask(working):
    with TestClient(create_app(), base_url="http://testserver") as client:
        working.http = client

        def go(kind, prompt="A reserve", path="", headers=None, **body):
            model = {"text": "demo/small", "image": "demo/painter", "video": "demo/director"}[kind]
            body = {"prompt": prompt, "model": model, **body}
            return client.post(f"/generate/{kind}{path}", json=body, headers=headers)

        yield go


def test_a_text_is_answered_with_its_usage_and_its_run(ask, working):
    answer = ask("text", temperature=0.1)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["text"] == "The reserve is **1250** as of 2025."
    assert body["usage"] == {"model": "demo/small", "input_tokens": 21, "output_tokens": 7, "cost": 0.0125}
    assert working.http.get(f"/runs/{body['run_id']}").json()["status"] == "SUCCESS"


def test_json_is_answered_as_json(ask, working):
    working.gateway.answer = '{"a": [1, 2]}'
    assert ask("text", format="json").json()["answer"] == {"a": [1, 2]}


def test_images_and_videos_are_answered_by_the_addresses_of_their_files(ask, working):
    found = ask("image", number=2).json()["media"]
    assert [m["type"] for m in found] == ["image/png"] * 2
    assert working.http.get(found[1]["url"].removeprefix("/api")).content == picture()
    (film,) = ask("video").json()["media"]
    assert working.http.get(film["url"].removeprefix("/api")).content == MP4


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("fails", "server_error"),
        ("hangs up", "broken_stream"),
        ("busy without an end", "rate_limit"),
        ("wrong key", "wrong_key"),
        ("no credit", "no_credit"),
        ("page", "bad_answer"),
    ],
)
@pytest.mark.parametrize("kind", ["text", "image", "video"])
def test_a_gateway_that_gives_no_answer_is_502_with_the_reason(ask, working, kind, mode, reason):
    working.gateway.mode = mode
    answer = ask(kind)
    assert answer.status_code == 502, answer.text
    body = answer.json()
    assert (body["error"], body["reason"]) == ("the AI gateway gave no answer", reason)
    assert "AI gateway" in body["problems"][0]["found"]
    assert body["run_id"]


def test_what_had_come_of_a_text_is_in_the_502(ask, working):
    working.gateway.mode = "breaks off"
    body = ask("text").json()
    assert body["reason"] == "broken_stream"
    assert body["partial"].startswith("The reserve is ")


def test_a_gateway_that_is_not_there_is_502(ask, working):
    working.gateway.stop()
    assert (ask("text").status_code, ask("text").json()["reason"]) == (502, "connection")


@pytest.mark.parametrize(("mode", "words"), [("refuses", "refused the content"), ("too long", "maximum context")])
def test_what_lies_with_the_request_is_422(ask, working, mode, words):
    working.gateway.mode = mode
    answer = ask("text")
    assert answer.status_code == 422
    assert words in answer.json()["problems"][0]["found"]


def test_a_model_that_is_not_there_and_inputs_that_do_not_fit_are_422_by_their_place(ask):
    assert ask("text", model="demo/none").json()["problems"][0]["where"] == "inputs.model"
    answer = ask("text", temperature=9, nonsense=1)
    assert answer.status_code == 422
    assert {p["where"] for p in answer.json()["problems"]} == {"inputs.temperature", "inputs.nonsense"}


def test_who_does_not_wait_for_it_gets_the_run(ask, working):
    working.gateway.mode = "waits half way"
    answer = ask("text", path="?wait=0")
    assert answer.status_code == 202
    assert answer.json()["run_id"]


def test_the_same_key_is_the_same_run_and_one_call(ask, working):
    first, second = (ask("text", headers={"Idempotency-Key": "k"}).json() for _ in range(2))
    assert first["run_id"] == second["run_id"]
    assert len(working.gateway.asked("/chat/completions")) == 1


def test_a_cap_that_is_reached_is_429_with_words(ask, working):
    working.gateway.usage["cost"] = 11
    assert ask("text").status_code == 200
    answer = ask("text")
    assert answer.status_code == 429
    assert answer.json()["error"] == "the spending cap is reached"
    found = working.http.get("/monitor/gateway").json()
    assert found["by_user_today"][0]["cost"] == 11


def test_without_a_grant_it_is_403_with_what_an_administrator_does(context, sandbox, tmp_path, gateway):
    from engine.processes import context as contexts

    bare = Installation(context, sandbox, tmp_path / "cache", gateway)
    contexts.set_current(bare.context)
    with TestClient(create_app(), base_url="http://testserver") as client:
        answer = client.post("/generate/text", json={"prompt": "x"})
    contexts.set_current(None)
    assert answer.status_code == 403
    assert f"--host {gateway.host}" in answer.json()["problems"][0]["remedy"]

"""Models are registered, updated, compared and rolled back by plain HTTP."""

import io
import threading
import zipfile

import pytest

from engine.models.run_checks import run_checks
from registry.git_address import GitAccess
from tests.registry.conftest import git_server, repository
from tests.registry.git_server import FUNCTION, MANIFEST

__all__ = ["git_server", "repository"]
pytestmark = pytest.mark.processes
FILES = {"manifest.json": MANIFEST, "function.py": FUNCTION}
BETTER = FUNCTION.replace("inputs['n']", "10 * inputs['n']")


@pytest.fixture
def register(client, context, worker_context, git_server, monkeypatch):
    """POST a body to /apps/register while a worker's checks run in this process."""
    from engine.models import registration

    object.__setattr__(context, "git", GitAccess(origins=(git_server.origin,)))
    real = registration.wait_for_checks

    def wait(context, registration_id, timeout, *, actor):
        thread = threading.Thread(target=run_checks, args=(worker_context, registration_id))
        thread.start()
        try:
            return real(context, registration_id, timeout, actor=actor)
        finally:
            thread.join()

    monkeypatch.setattr(registration, "wait_for_checks", wait)
    return lambda **body: client.post("/apps/register", json=body)


def words(answer):
    return " ".join(f"{p['where']}: {p['found']}. {p['remedy']}" for p in answer.json()["problems"])


def test_one_call_registers_a_model_and_answers_its_body_and_the_next_call_a_version(
    client, register, git_server, repository
):
    made = repository()
    first = made.commit({f"annuity/{name}": text for name, text in FILES.items()})
    answer = register(repo_url=git_server.url(made), subfolder="annuity", unknown="x")
    assert answer.status_code == 200
    app = answer.json()
    assert (app["slug"], app["repo_url"]) == ("annuity", git_server.url(made))
    assert [a["id"] for a in client.get("/apps").json()] == [app["id"]]
    second = made.commit({**{f"annuity/{n}": t for n, t in FILES.items()}, "annuity/function.py": BETTER})
    assert client.get(f"/apps/{app['id']}/update").json() == {"commit": second, "available": True}
    again = register(repo_url=git_server.url(made), subfolder="annuity").json()
    assert (again["id"], again["version"] != app["version"]) == (app["id"], True)
    listed = client.get(f"/apps/{app['id']}/versions").json()
    assert [version["packages"] for version in listed] == [{}] * len(listed)
    assert [(v["git_commit"], v["current"]) for v in listed] == [(second, True), (first, False)]
    found = client.get(f"/apps/{app['id']}/diff", params={"old": app["version"][:12]}).json()
    assert found["manifest"] == []
    assert "+    return {'summary': {'Value': 10 * inputs['n']}}" in found["files"][0]["diff"]
    source = client.get(f"/apps/{app['id']}/source", params={"version": app["version"]}).json()
    assert {f["name"]: f["text"] for f in source} == FILES
    back = client.put(f"/apps/{app['id']}/version", json={"version": app["version"]}).json()
    assert back["version"] == app["version"]
    assert client.get(f"/apps/{app['id']}/update").json()["available"] is False


@pytest.mark.parametrize("body", [{}, {"repo_url": ""}, {"repo_url": "  "}])
def test_an_empty_address_is_422_with_the_reason(register, body):
    answer = register(**body)
    assert answer.status_code == 422
    assert "repo_url: it is empty" in words(answer)


def test_an_address_that_cannot_be_fetched_is_422_with_the_reason(register, git_server):
    for url, found in (
        ("https://127.0.0.1/x", "not on the public internet"),
        ("--upload-pack=id", "begins with a dash"),
        (f"{git_server.origin}/none.git", "no repository"),
    ):
        answer = register(repo_url=url)
        assert (answer.status_code, found in words(answer)) == (422, True), words(answer)


def test_a_model_that_fails_its_checks_is_422_with_every_failure_and_is_not_listed(
    client, register, git_server, repository
):
    made = repository()
    made.commit({**FILES, "function.py": "def run(inputs):\n    return {'a': 1 / 0}\n"})
    answer = register(repo_url=git_server.url(made))
    assert answer.status_code == 422
    assert "ZeroDivisionError" in words(answer)
    assert client.get("/apps").json() == []
    [kept] = client.get("/registrations").json()
    assert kept["status"] == "REFUSED"
    assert client.post(f"/registrations/{kept['id']}/publish").status_code == 422
    assert client.delete(f"/registrations/{kept['id']}").status_code == 204
    assert client.get(f"/registrations/{kept['id']}").status_code == 404


def test_an_archive_is_registered_in_steps(client, worker_context):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in FILES.items():
            archive.writestr(name, text)
    answer = client.post("/registrations/archive", params={"filename": "annuity.zip"}, content=buffer.getvalue())
    assert answer.status_code == 202
    started = answer.json()
    assert client.post(f"/registrations/{started['id']}/publish").status_code == 422
    import uuid

    run_checks(worker_context, uuid.UUID(started["id"]))
    found = client.get(f"/registrations/{started['id']}", params={"wait": 30}).json()
    assert (found["status"], {c["level"] for c in found["checks"]}) == ("READY", {"pass"})
    app = client.post(f"/registrations/{started['id']}/publish").json()
    assert app["slug"] == "annuity"
    assert client.post("/registrations/archive", content=b"no").status_code == 422
    too_large = client.post("/registrations/archive", content=b"0" * 50_000_001)
    assert "larger than" in words(too_large)


def test_a_model_is_hidden_archived_and_restored(client, add_model):
    add_model(FUNCTION)
    [app] = client.get("/apps").json()
    for change, listed in (({"hidden": True}, 0), ({"hidden": False}, 1), ({"archived": True}, 0)):
        assert client.patch(f"/apps/{app['id']}/listing", json=change).status_code == 200
        assert len(client.get("/apps").json()) == listed
    refused = client.post(f"/apps/{app['id']}/run", json={"inputs": {}})
    assert (refused.status_code, "archived" in words(refused)) == (404, True)
    client.patch(f"/apps/{app['id']}/listing", json={"archived": False})
    assert client.post(f"/apps/{app['id']}/run", json={"inputs": {}}).status_code == 200
    assert client.patch("/apps/999/listing", json={"hidden": True}).status_code == 404
    assert client.put(f"/apps/{app['id']}/version", json={"version": "0" * 64}).status_code == 404
    assert client.get(f"/apps/{app['id']}/diff", params={"old": "0" * 64}).status_code == 404


@pytest.mark.parametrize("body", [{"repo_url": ""}, {"repo_url": "https://127.0.0.1/x"}])
def test_the_mclavier_marketplaces_clients_read_why_an_address_is_refused(register, client, body):
    answer = client.post("/mclavier/apps/register", json=body)
    assert answer.status_code == 422
    assert "repo_url" in answer.json()["detail"] or "127.0.0.1" in answer.json()["detail"]


def test_the_mclavier_marketplaces_clients_register_a_model(register, client, git_server, repository):
    made = repository()
    made.commit(FILES)
    answer = client.post("/mclavier/apps/register", json={"repo_url": git_server.url(made)})
    assert answer.status_code == 200, answer.text
    assert set(answer.json()["input_schema"]) == {"n"}
    assert [a["id"] for a in client.get("/mclavier/apps").json()] == [answer.json()["id"]]

"""What pages do beside running: stars, uploads, parts and files of results, workers, what is written about a model."""

import uuid

import pytest

from engine.runs.execute import execute

LARGE = """
import os
def run(inputs):
    with open("out put.txt", "w") as file:
        file.write("made here")
    n = list(range(3000))
    return {"table": {"n": n, "m": n}, "files": {"The file": "out put.txt"}}
"""
READS = """
def run(inputs):
    return {"notes": open(inputs["data"]).read()}
"""
DATA = {"data": {"type": "file", "label": "Data", "accept": [".csv"]}}


@pytest.fixture
def run(client, worker_context):
    """Run a model to its end; returns the body of GET /runs/{id}."""

    def go(app_id, inputs):
        answer = client.post(f"/apps/{app_id}/run", json={"inputs": inputs})
        assert answer.status_code == 200, answer.text
        execute(worker_context, uuid.UUID(answer.json()["run_id"]))
        return client.get(f"/runs/{answer.json()['run_id']}").json()

    return go


def first_app(client):
    return client.get("/apps").json()[0]["id"]


def test_models_are_starred_and_listed_and_the_star_is_taken_back(client, add_model):
    add_model(LARGE)
    app_id = first_app(client)
    assert client.get("/favourites").json() == []
    assert client.put(f"/apps/{app_id}/favourite").status_code == 204
    assert [app["id"] for app in client.get("/favourites").json()] == [app_id]
    assert client.delete(f"/apps/{app_id}/favourite").status_code == 204
    assert client.get("/favourites").json() == []
    assert client.put("/apps/999/favourite").status_code == 404


def test_models_are_listed_page_by_page_with_their_number(client, add_model):
    for slug in ("a", "b", "c"):
        add_model(LARGE, slug=slug)
    page = client.get("/apps?limit=2&offset=1")
    assert ([app["slug"] for app in page.json()], page.headers["x-total-count"]) == (["b", "c"], "3")


def test_an_uploaded_file_is_the_value_of_a_file_input(client, add_model, run):
    add_model(READS, DATA)
    value = client.post("/uploads?name=my data.csv", content=b"a,b")
    assert value.json() == {"file": value.json()["file"], "name": "my data.csv", "size": 3}
    assert run(first_app(client), {"data": value.json()})["result"]["notes"] == "a,b"


def test_an_upload_that_is_too_long_is_refused(client, monkeypatch):
    monkeypatch.setattr("api.uploads.MAX_FILE_MB", 0.001)
    answer = client.post("/uploads?name=a.csv", content=b"x" * 2_000)
    assert answer.status_code == 422
    assert "more than 0.001 MB" in answer.json()["problems"][0]["found"]


def test_rows_of_a_large_table_are_read_where_the_result_refers_to_them(client, add_model, run):
    add_model(LARGE)
    found = run(first_app(client), {})
    part = found["result"]["table"]["$part"]
    rows = client.get(f"/runs/{found['run_id']}/parts/{part}?offset=2998&limit=10").json()
    held = {"columns": ["n", "m"], "data": {"n": [2998, 2999], "m": [2998, 2999]}}
    assert rows == {"name": part, "offset": 2998, "found": 3000, **held}
    assert client.get(f"/runs/{found['run_id']}/parts/none").status_code == 404


def test_a_large_table_is_searched_and_sorted_by_the_route_and_in_its_csv(client, add_model, run):
    add_model(LARGE)
    found = run(first_app(client), {})["run_id"]
    part = client.get(f"/runs/{found}/parts/table", params={"sort": "-m", "limit": 2}).json()
    assert (part["data"]["n"], part["found"]) == ([2999, 2998], 3000)
    part = client.get(f"/runs/{found}/parts/table", params={"search": "1,500"}).json()
    assert (part["data"]["n"], part["found"]) == ([1500], 1)
    lines = client.get(f"/runs/{found}/export/csv", params={"sort": "-n"}).text.splitlines()
    assert (len(lines), lines[1]) == (3001, "2999,2999")
    lines = client.get(f"/runs/{found}/export/csv", params={"search": "1.500", "language": "de", "excel": 1}).text
    assert [line.lstrip("\ufeff") for line in lines.splitlines()] == ["n;m", "1500;1500"]
    for path in ("parts/table", "export/csv"):
        answer = client.get(f"/runs/{found}/{path}", params={"sort": "-none"})
        assert answer.status_code == 422
        assert "no column 'none'" in answer.text
        assert "Name one of: n, m" in answer.text


def test_a_file_that_the_model_made_is_downloaded_as_it_is(client, add_model, run):
    add_model(LARGE)
    found = run(first_app(client), {})
    answer = client.get(f"/runs/{found['run_id']}/files/The file")
    assert answer.content == b"made here"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''The%20file"
    assert client.get(f"/runs/{found['run_id']}/files/none").status_code == 404


def test_the_files_and_parts_of_a_run_that_reuses_a_result_are_those_of_the_run_that_made_it(client, add_model, run):
    add_model(LARGE, category="Life")
    run(first_app(client), {})
    again = client.post(f"/apps/{first_app(client)}/run", json={"inputs": {}}).json()["run_id"]
    assert client.get(f"/runs/{again}").json()["reused_from"]
    assert client.get(f"/runs/{again}/files/The file").status_code == 200
    assert client.get(f"/runs/{again}/parts/table").status_code == 200


def test_a_model_comes_with_its_presets_its_sources_and_who_made_it(client, add_model):
    add_model(
        LARGE,
        cases=[{"name": "Paper", "inputs": {"n": 2}, "expect": {"table[0].n": 0}, "source": "p. 3"}],
        authors=["Ada"],
        license="MIT",
        references=[{"title": "A paper", "url": "https://example.com"}],
        files={"README.md": "# Probe"},
    )
    app = client.get(f"/apps/{first_app(client)}").json()
    assert app["cases"] == [{"name": "Paper", "inputs": {"n": 2}, "expect": {"table[0].n": 0}, "source": "p. 3"}]
    assert app["references"] == [{"title": "A paper", "url": "https://example.com", "note": None}]
    assert (app["authors"], app["license"], app["readme"]) == (["Ada"], "MIT", "# Probe")


def test_the_result_of_the_starting_inputs_is_there_once_it_has_been_computed(
    client, add_model, context, worker_context
):
    add_model(LARGE)
    app_id = first_app(client)
    assert client.get(f"/apps/{app_id}/starting-run").status_code == 404
    with context.database.read() as conn:
        (waiting,) = conn.exec_driver_sql("select id from runs").scalars()
    execute(worker_context, waiting)
    assert client.get(f"/apps/{app_id}/starting-run").json()["result"]["files"]


def test_workers_and_the_queue_are_seen(client, add_model, workers):
    add_model(LARGE)
    client.post(f"/apps/{first_app(client)}/run", json={"inputs": {}})
    assert client.get("/monitor/queue").json()["queued"] >= 1
    assert client.get("/workers").json() == []


def test_a_method_that_a_route_does_not_have_is_405_with_those_that_it_has(client):
    answer = client.post("/health")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"

"""Search, annotations, saved searches and comparisons over HTTP."""

import uuid

import pytest

from engine.runs.execute import execute

CODE = """
def run(inputs):
    n = inputs["n"]
    return {"summary": {"Total": n * 1000}, "table": [{"year": y, "paid": y * n} for y in range(3)]}
"""


@pytest.fixture
def ids(client, add_model, worker_context):
    add_model(CODE, {"n": {"type": "number", "label": "N", "max": 100}, "m": {"type": "number", "label": "M"}})
    app = client.get("/apps").json()[0]["id"]
    made = [client.post(f"/apps/{app}/run", json={"inputs": {"n": n}}).json()["run_id"] for n in (5, 7, 10)]
    for one in made:
        execute(worker_context, uuid.UUID(one))
    return made


def found(client, query, **more):
    answer = client.get("/runs", params={"query": query, **more})
    assert answer.status_code == 200, answer.text
    return [run["run_id"] for run in answer.json()]


def test_runs_are_listed_counted_and_exported_by_a_query(client, ids):
    assert found(client, "params.n > 5 and summary.total < 10000") == [ids[1]]
    answer = client.get("/runs", params={"query": "params.n > 5", "limit": 1})
    assert answer.headers["X-Total-Count"] == "2"
    following = client.get(answer.links["next"]["url"])
    assert [run["run_id"] for run in following.json()] == [ids[1]]
    lines = client.get("/runs/export/csv", params={"query": "params.n:7..7"}).text.splitlines()
    assert len(lines) == 2


def test_a_query_that_cannot_be_read_names_the_columns(client, ids):
    answer = client.get("/runs", params={"query": "params.n > x statsu:1"})
    assert answer.status_code == 422
    assert answer.json()["error"] == "the search cannot be read"
    assert [p["where"] for p in answer.json()["problems"]] == ["query, column 12", "query, column 14"]
    assert client.get("/runs", params={"query": "a", "zone": "../x"}).status_code == 422


def test_tags_stars_notes_and_the_baseline_are_kept_with_who_and_searched(client, ids):
    before = client.get(f"/runs/{ids[0]}").json()
    for tag in ("Q3", "q3", "a/b"):
        assert client.put(f"/runs/{ids[0]}/tags/{tag}").status_code == 204
    assert client.put(f"/runs/{ids[0]}/star").status_code == 204
    assert client.put(f"/runs/{ids[0]}/baseline").status_code == 204
    note = client.post(f"/runs/{ids[0]}/notes", json={"text": "as *expected*"})
    assert note.status_code == 201
    said = client.get(f"/runs/{ids[0]}/annotations").json()
    assert [(tag["tag"], tag["user"]) for tag in said["tags"]] == [("q3", "ada"), ("a/b", "ada")]
    assert [star["user"] for star in said["stars"]] == ["ada"]
    assert [(one["text"], one["user"], one["edited_at"]) for one in said["notes"]] == [("as *expected*", "ada", None)]
    assert said["baseline"]["user"] == "ada"
    assert found(client, "tag:q3 starred baseline note~expected") == [ids[0]]
    assert client.get(f"/runs/{ids[0]}").json() == before
    path = f"/runs/{ids[0]}/notes/{note.json()['id']}"
    assert client.put(path, json={"text": "changed"}).status_code == 204
    assert client.get(f"/runs/{ids[0]}/annotations").json()["notes"][0]["edited_at"]
    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == 404
    for rest in ("tags/q3", "tags/a/b", "star", "baseline"):
        assert client.delete(f"/runs/{ids[0]}/{rest}").status_code == 204
    assert client.get(f"/runs/{ids[0]}/annotations").json() == {"tags": [], "stars": [], "notes": [], "baseline": None}


def test_what_cannot_be_kept_is_refused_with_what_to_do(client, ids):
    assert client.put(f"/runs/{ids[0]}/tags/{'x' * 51}").status_code == 422
    assert client.post(f"/runs/{ids[0]}/notes", json={"text": "  "}).status_code == 422
    missing = "00000000-0000-7000-8000-000000000000"
    assert client.put(f"/runs/{missing}/star").status_code == 404
    assert client.get(f"/runs/{missing}/annotations").status_code == 404
    for n in range(30):
        assert client.put(f"/runs/{ids[0]}/tags/t{n}").status_code == 204
    assert client.put(f"/runs/{ids[0]}/tags/more").status_code == 422
    assert len(client.get(f"/runs/{ids[0]}/annotations").json()["tags"]) == 30


def test_searches_are_saved_replaced_and_removed(client, ids):
    saved = client.put("/searches/Large ones", json={"query": "params.n   >  6 AND user:me", "shared": True}).json()
    assert saved["query"] == "params.n > 6 user:me"
    client.put("/searches/Large ones", json={"query": "params.n > 8"})
    [kept] = client.get("/searches").json()
    assert (kept["id"], kept["query"], kept["shared"]) == (saved["id"], "params.n > 8", False)
    assert found(client, kept["query"]) == [ids[2]]
    assert client.put("/searches/bad", json={"query": "a ("}).status_code == 422
    assert client.put("/searches/bad", json={"query": " "}).status_code == 422
    assert client.delete(f"/searches/{kept['id']}").status_code == 204
    assert client.delete(f"/searches/{kept['id']}").status_code == 404


def test_what_a_search_can_name_is_listed_by_model(client, ids):
    names = {key["name"]: key["label"] for key in client.get("/search-keys", params={"app": "probe"}).json()}
    assert names == {"params.n": "N", "params.m": "M", "summary.Total": "Total"}
    assert client.get("/search-keys", params={"app": "nothing"}).json() == []


def test_runs_are_compared_against_a_baseline(client, ids):
    body = client.get("/compare", params={"runs": ",".join(ids), "baseline": ids[1]}).json()
    assert [run["run_id"] for run in body["runs"]] == ids
    assert body["baseline"] == ids[1]
    first, second = body["inputs"]
    assert (first["key"], first["values"], first["differs"]) == ("n", [5, 7, 10], True)
    assert (second["key"], second["differs"]) == ("m", False)
    [total] = body["figures"]
    assert total["values"] == [5000, 7000, 10000]
    assert total["differences"] == [-2000, 0, 3000]
    assert total["relative"] == pytest.approx([-2 / 7, 0, 3 / 7])
    assert body["tables"] == ["Table"]
    assert body["url"] == f"/compare?runs={','.join(ids)}&baseline={ids[1]}"


def test_a_table_is_compared_cell_by_cell(client, ids):
    body = client.get("/compare/table", params={"before": ids[0], "now": ids[1]}).json()
    assert body["key"] == "year"
    assert [(c["row"], c["column"], c["before"], c["now"], c["difference"]) for c in body["cells"]] == [
        ("1", "paid", 5, 7, 2),
        ("2", "paid", 10, 14, 4),
    ]
    assert (body["rows"], body["compared"], body["added"], body["removed"]) == (3, 3, 0, 0)
    assert client.get("/compare/table", params={"before": ids[0], "now": ids[1], "name": "x"}).status_code == 404


def test_the_pinned_baseline_is_the_one_that_runs_are_compared_with(client, ids):
    client.put(f"/runs/{ids[2]}/baseline")
    assert client.get("/compare", params={"runs": ",".join(ids)}).json()["baseline"] == ids[2]
    assert client.get("/compare", params={"runs": ",".join(ids[:2])}).json()["baseline"] == ids[0]


def test_a_comparison_that_cannot_be_made_names_every_run(client, ids):
    assert client.get("/compare", params={"runs": ids[0]}).status_code == 422
    assert client.get("/compare", params={"runs": "a,b"}).json()["problems"][1]["found"] == "'b' is not a valid id"
    assert client.get("/compare", params={"runs": ",".join(ids), "baseline": str(uuid.uuid4())}).status_code == 422
    gone = [str(uuid.uuid4()), str(uuid.uuid4())]
    answer = client.get("/compare", params={"runs": ",".join([ids[0], *gone])})
    assert answer.status_code == 404
    assert len(answer.json()["problems"]) == 2
    many = ",".join(str(uuid.uuid4()) for _ in range(51))
    assert "50" in client.get("/compare", params={"runs": many}).json()["problems"][0]["remedy"]

"""The explorer over HTTP."""

import csv
import io
import uuid

CODE = "def run(inputs):\n    return {}\n"


def test_tables_are_listed_and_queried(client, add_model):
    add_model(CODE)
    tables = {t["name"]: t for t in client.get("/explorer/tables").json()}
    assert {"name": "slug", "type": "text"} in tables["apps"]["columns"]
    found = client.post("/explorer/query", json={"sql": "select slug, 'NaN'::numeric as x from apps"}).json()
    assert found["columns"] == [{"name": "slug", "type": "text"}, {"name": "x", "type": "numeric"}]
    assert (found["rows"], found["more"], found["cut_cells"]) == ([["probe", None]], False, 0)
    short = client.post("/explorer/query", json={"sql": "select * from generate_series(1, 9)", "limit": 2}).json()
    assert (short["rows"], short["more"]) == ([[1], [2]], True)


def test_what_does_more_than_read_is_refused_in_the_apis_shape(client):
    refused = client.post("/explorer/query", json={"sql": "delete from public.runs"})
    assert refused.status_code == 422
    assert refused.json()["error"] == "the query cannot be run"
    assert "one statement that reads" in refused.json()["problems"][0]["remedy"]
    for route in ("/explorer/csv?sql=select value from public.secrets", "/explorer/csv?sql=select 1/0"):
        assert client.get(route).status_code == 422


def test_all_rows_come_as_csv(client):
    answer = client.get("/explorer/csv", params={"sql": "select g as n, 'a,b' as t from generate_series(1, 2500) g"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="query.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert (rows[0], rows[1], rows[-1], len(rows)) == (["n", "t"], ["1", "a,b"], ["2500", "a,b"], 2501)


def test_a_query_is_saved_replaced_listed_exported_and_deleted(client):
    made = client.post("/explorer/saved", json={"name": "Models", "sql": "select 1 as one"})
    assert made.status_code == 201
    again = client.post("/explorer/saved", json={"name": "Models", "sql": "select 2 as two"}).json()
    assert client.get("/explorer/saved").json() == [again]
    assert (again["id"], again["created_by"], again["sql"]) == (made.json()["id"], "ada", "select 2 as two")
    assert client.get(f"/explorer/saved/{again['id']}/csv").text.split() == ["two", "2"]
    assert client.delete(f"/explorer/saved/{again['id']}").status_code == 204
    assert client.delete(f"/explorer/saved/{again['id']}").status_code == 404
    assert client.get(f"/explorer/saved/{again['id']}/csv").status_code == 404


def test_a_query_that_does_not_run_cannot_be_cancelled(client):
    assert client.post(f"/explorer/queries/{uuid.uuid4()}/cancel").json() == {"cancelled": False}

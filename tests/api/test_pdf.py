"""The PDF of a run over HTTP."""

import uuid

import pytest

from engine.runs.execute import execute
from tests.engine.report import reading

CODE = "def run(inputs):\n    return {'summary': {'Loss': {'value': 1234567.5, 'unit': 'currency'}}, 'table': {'n': list(range(150))}}\n"


@pytest.fixture
def finished(client, add_model, worker_context):
    add_model(CODE)
    app_id = client.get("/apps").json()[0]["id"]
    run_id = client.post(f"/apps/{app_id}/run", json={"inputs": {"n": 7}}).json()["run_id"]
    execute(worker_context, uuid.UUID(run_id))
    return run_id


def test_a_run_is_returned_as_a_pdf_to_save_under_a_name_of_its_own(client, finished):
    answer = client.get(f"/runs/{finished}/export/pdf")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="probe-{finished[-8:]}.pdf"'
    reader = reading.open_pdf(answer.content)
    assert "1,234,568" in reading.whole_text(reader)
    assert f"http://testserver/run?id={finished}" in reading.links(reader)


def test_language_currency_zone_and_rows_are_followed(client, finished):
    asked = {"language": "de-CH", "currency": "CHF", "zone": "Asia/Tokyo", "rows": 120}
    text = reading.whole_text(reading.open_pdf(client.get(f"/runs/{finished}/export/pdf", params=asked).content))
    assert "1'234'568 CHF" in text
    assert "JST" in text
    assert "The first 120 of 150 rows" in text


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({"zone": "Mars/Phobos"}, "zone"),
        ({"rows": -1}, "query.rows"),
        ({"rows": 10**9}, "query.rows"),
        ({"currency": "x" * 99}, "query.currency"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_words(client, finished, asked, where):
    answer = client.get(f"/runs/{finished}/export/pdf", params=asked)
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["where"] == where


def test_a_run_that_waits_has_no_pdf_yet_and_one_that_is_not_there_none_at_all(client, add_model):
    add_model(CODE)
    app_id = client.get("/apps").json()[0]["id"]
    waiting = client.post(f"/apps/{app_id}/run", json={"inputs": {"n": 7}}).json()["run_id"]
    answer = client.get(f"/runs/{waiting}/export/pdf")
    assert answer.status_code == 409
    assert answer.json()["error"] == "the run has not ended"
    assert client.get(f"/runs/{uuid.uuid4()}/export/pdf").status_code == 404

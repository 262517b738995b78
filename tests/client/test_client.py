"""The Python client against a real server with a worker."""

import asyncio
import json
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from client import make_sync
from tontine import (
    AsyncTontine,
    ConnectionFailedError,
    InputsRefusedError,
    NotFoundError,
    NotReadyError,
    RunFailedError,
    Tontine,
    WaitTimeoutError,
)

pytestmark = [pytest.mark.processes, pytest.mark.timeout(900)]


@pytest.fixture
def tontine(server):
    with Tontine(server.url) as client:
        yield client


def test_the_blocking_client_is_made_of_the_other_one():
    folder = make_sync.FOLDER
    made = make_sync.blocking((folder / "async_client.py").read_text())
    assert made == (folder / "client.py").read_text(), "run python client/make_sync.py"


def test_a_run_returns_its_result(tontine):
    run = tontine.model("mortality").run(age=45)
    assert run.status == "SUCCESS"
    assert run.info.inputs["age"] == 45
    assert run.summary == run.result["summary"] != {}
    assert tontine.run(run.id).result == run.result


def test_the_catalogue_and_a_model_are_described(tontine):
    found = {model.slug: model for model in tontine.models()}
    assert set(found) == {"mortality", "slow", "fails", "large", "counts"}
    assert tontine.model("mortality").info() == found["mortality"]
    assert tontine.model("mortality").schema()["properties"]["age"]["maximum"] == 120


def test_a_model_that_there_is_not_is_named(tontine):
    with pytest.raises(NotFoundError, match="there is no model 'mortalty'"):
        tontine.model("mortalty").run()
    with pytest.raises(NotFoundError) as caught:
        tontine.run("0197c1f0-0000-7000-8000-000000000000")
    assert caught.value.status == 404
    assert caught.value.problems[0].where == "run"


def test_every_problem_of_refused_inputs_comes_back(tontine):
    with pytest.raises(InputsRefusedError) as caught:
        tontine.model("mortality").run(age=300, agge=1)
    assert {p.where for p in caught.value.problems} == {"inputs.age", "inputs.agge"}
    assert all(p.found and p.remedy for p in caught.value.problems)
    assert "inputs.age" in str(caught.value)


def test_a_run_that_fails_raises_with_its_reason_log_and_traceback(tontine):
    with pytest.raises(RunFailedError, match="ZeroDivisionError") as caught:
        tontine.model("fails").run()
    assert caught.value.run.log == "about to fail\n"
    assert "helper" in caught.value.run.traceback


def test_progress_is_told_in_order_and_the_end_last(tontine):
    told = []
    run = tontine.model("large").run(rows=20, fresh=True, on_progress=told.append)
    assert [event.seq for event in told] == sorted({event.seq for event in told})
    assert (told[0].status, told[-1].status) == ("PENDING", "SUCCESS")
    assert [event.status for event in run.events()][-1] == "SUCCESS"
    assert list(run.events(after=told[-1].seq)) == []


def test_a_lost_stream_is_taken_up_after_the_last_event(server, cutting_proxy):
    proxy = cutting_proxy(events=1, cuts=3)
    told = []
    with Tontine(proxy.url) as client:
        run = client.model("slow").run(seconds=2, fresh=True, on_progress=told.append)
    assert run.summary == {"Step": 19, "Done": 1}
    assert proxy.cuts == 0
    assert told[-1].status == "SUCCESS"
    assert [event.seq for event in told] == sorted({event.seq for event in told})
    asked = re.findall(rb"/events HTTP.*?last-event-id: (-?\d+)", b"".join(proxy.requests), re.DOTALL | re.IGNORECASE)
    assert asked[:2] == [b"-1", b"0"]
    assert set(map(int, asked[1:])) <= {event.seq for event in told}


def test_a_request_that_is_sent_again_with_its_key_starts_one_run(tontine):
    first = tontine.model("mortality").submit(age=51, key="valuation")
    again = tontine.model("mortality").submit(age=52, key="valuation")
    assert again.id == first.id
    assert tontine.model("mortality").submit(age=51, fresh=True).id != first.id


def test_a_wait_that_takes_too_long_says_so_and_the_run_goes_on_until_it_is_cancelled(tontine):
    run = tontine.model("slow").submit()
    with pytest.raises(WaitTimeoutError, match="it goes on"):
        run.wait(timeout=0.5)
    assert not run.refresh().info.ended
    with pytest.raises(NotReadyError):
        run.save_pdf()
    assert run.cancel().id == run.id
    with pytest.raises(RunFailedError, match="CANCELLED"):
        run.wait()
    assert run.status == "CANCELLED"


def test_a_large_table_comes_whole_to_pandas_and_to_arrow(tontine):
    run = tontine.model("large").run()
    assert run.table_names == ["Table", "Small", "Curve"]
    frame, table = run.pandas(), run.arrow()
    assert isinstance(frame, pd.DataFrame)
    assert isinstance(table, pa.Table)
    assert frame["row"].tolist() == table["row"].to_pylist() == list(range(12_345))
    assert table.schema.field("half").type == pa.float64()
    assert table["name"][12_344].as_py() == "r12344"
    assert run.arrow("Small").to_pydict() == {"a": [1.0, 2.5], "b": ["x", None]}
    assert run.columns("Curve") == {"x": [1, 2], "y": [2.0, 4.0]}
    with pytest.raises(NotFoundError, match="'Small'"):
        run.columns("Smal")


def test_files_go_in_and_come_out(tontine, tmp_path):
    (tmp_path / "claims.csv").write_text("year,paid\n2025,100\n")
    rows = pd.DataFrame({"year": [2025, 2026], "paid": [1.5, 2.0]})
    run = tontine.model("counts").run(claims=tmp_path / "claims.csv", rows=rows)
    assert run.summary == {"Lines": 2, "Paid": 3.5}
    assert run.save_file("counted.txt", tmp_path).read_text() == "2 lines"
    with pytest.raises(NotFoundError):
        run.save_file("other.txt", tmp_path)


def test_a_run_is_saved_as_csv_and_pdf(tontine, tmp_path):
    run = tontine.model("large").run()
    saved = run.save_csv(tmp_path)
    assert saved.name.startswith("large")
    assert pd.read_csv(saved, encoding="utf-8-sig").shape == (12_345, 3)
    assert run.save_csv(tmp_path / "small.csv", "Small").read_text(encoding="utf-8-sig").startswith("a,b")
    assert run.save_pdf(tmp_path / "run.pdf").read_bytes().startswith(b"%PDF")
    assert {p.name for p in tmp_path.iterdir()} == {saved.name, "small.csv", "run.pdf"}


def test_a_run_is_saved_in_other_forms_and_verified(tontine, tmp_path):
    run = tontine.model("large").run()
    assert pd.read_excel(run.save_as("xlsx", tmp_path), sheet_name="Small")["a"].tolist() == [1.0, 2.5]
    assert pq.read_table(run.save_as("parquet", tmp_path, "Small")).num_rows == 2
    assert json.loads(run.save_as("json", tmp_path).read_text())["run"]["run"] == run.id
    assert run.save_as("bundle", tmp_path).suffix == ".zip"
    with pytest.raises(ValueError, match="'docx' is none of"):
        run.save_as("docx", tmp_path)
    found = run.verify()
    assert found["identical"] is True
    assert found["replay"] != run.id


def test_a_run_is_edited_and_both_say_what_they_are_to_each_other(tontine):
    first = tontine.model("mortality").run(age=71)
    second = tontine.run(first.id).edit(age=72).wait()
    assert second.info.inputs == {**first.info.inputs, "age": 72}
    found = second.links()
    ids = {node["key"]: node["id"] for node in found["nodes"]}
    assert [(one["kind"], ids[one["source"]], ids[one["target"]]) for one in found["links"]] == [
        ("edited", first.id, second.id)
    ]
    [changes] = [node["changes"] for node in found["nodes"] if node["id"] == second.id]
    assert len(changes) == 1
    assert "71" in changes[0]
    assert "72" in changes[0]
    assert [node["id"] for node in first.links(before=0, after=1)["nodes"]] == [first.id, second.id]
    assert [node["id"] for node in first.links(before=0, after=0)["nodes"]] == [first.id]


def test_the_history_is_read_page_by_page(tontine):
    made = [tontine.model("mortality").submit(age=age, fresh=True).id for age in range(60, 65)]
    listed = [run.id for run in tontine.runs(model="mortality", page=2) if run.id in made]
    assert listed == made[::-1]
    everything = [run.id for run in tontine.runs(page=3)]
    assert len(everything) == len(set(everything))
    assert set(made) < set(everything) <= {run.id for run in tontine.runs(page=500)}
    assert {run.status for run in tontine.runs(status=["CANCELLED", "FAILED"])} <= {"CANCELLED", "FAILED"}
    last = tontine.run(made[-1]).info
    assert made[-1] in [run.id for run in tontine.runs(model="mortality", since=last.queued_at)]
    assert made[0] not in [run.id for run in tontine.runs(model="mortality", since=last.queued_at)]


def test_the_asynchronous_client_runs_several_at_once_and_does_all_of_it(server, tmp_path):
    async def use():
        async with AsyncTontine(server.url) as client:
            told = []
            model = client.model("large")
            runs = await asyncio.gather(*(model.run(rows=n, on_progress=told.append) for n in (30, 31, 10_001)))
            assert [run.summary["Rows"] for run in runs] == [30, 31, 10_001]
            assert [event.status for event in told].count("SUCCESS") == 3
            assert (await runs[2].pandas()).shape == (10_001, 3)
            assert (await runs[2].arrow("Small")).num_rows == 2
            assert (await runs[0].save_csv(tmp_path)).exists()
            assert len([run async for run in client.runs(model="large", page=1)]) >= 3
            with pytest.raises(InputsRefusedError):
                await model.run(rows=0)
            slow = await client.model("slow").submit(fresh=True)
            with pytest.raises(WaitTimeoutError):
                await slow.wait(0.5)
            await slow.cancel()
            with pytest.raises(RunFailedError):
                await slow.wait()
            (tmp_path / "claims.csv").write_text("a\n")
            counted = await client.model("counts").run(claims=tmp_path / "claims.csv")
            assert counted.summary["Lines"] == 1

    asyncio.run(use())


def test_a_wait_goes_on_over_a_restart_of_the_server(server):
    running, told = threading.Event(), []

    def tell(event):
        told.append(event)
        if event.log:  # the model runs
            running.set()

    with Tontine(server.url) as client, ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(client.model("slow").run, seconds=8, fresh=True, on_progress=tell)
        assert running.wait(60)
        assert server.stop() == []
        server.start()
        run = waiting.result(120)
    assert run.summary == {"Step": 79, "Done": 1}
    assert [event.seq for event in told] == sorted({event.seq for event in told})


def test_a_server_that_cannot_be_reached_is_named():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # not listening
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        with Tontine(url) as client, pytest.raises(ConnectionFailedError, match=url):
            client.models()
    with pytest.raises(ValueError, match="no address"):
        Tontine("localhost:8501")


def test_runs_are_annotated_searched_and_compared(tontine):
    large = tontine.model("large")
    one, two = large.run(rows=11), large.run(rows=13)
    one.tag("Client", "a/b")
    one.untag("a/b")
    one.star()
    two.pin()
    note = two.note("as *expected*")
    assert [tag["tag"] for tag in one.annotations()["tags"]] == ["client"]
    assert [one["id"] for one in two.annotations()["notes"]] == [note]
    assert [run.id for run in tontine.runs(query="tag:client starred app:large")] == [one.id]
    assert [run.id for run in tontine.runs(query="baseline note~expected")] == [two.id]
    found = tontine.compare([one.id, two.id])
    assert found["baseline"] == two.id
    assert [row["values"] for row in found["figures"]] == [[11, 13]]
    assert tontine.compare_table(two.id, one.id, "Small")["cells"] == []
    one.star(starred=False)
    two.pin(pinned=False)
    assert one.annotations()["stars"] == []
    assert two.annotations()["baseline"] is None

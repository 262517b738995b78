"""What the client does without a server: values, events, tables, and when it tries again."""

import datetime as dt
import decimal
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tontine import BusyError, ConnectionFailedError, InputsRefusedError, ServerError, protocol, tables
from tontine.errors import body_of, error_from
from tontine.events import EventDecoder
from tontine.inputs import to_json


def answer(status, text, **headers):
    return httpx.Response(status, text=text, headers=headers, request=httpx.Request("GET", "http://host/api/apps"))


def test_values_of_python_become_json():
    frame = pd.DataFrame(
        {"year": [2025, 2026], "paid": [1.5, np.nan], "on": pd.to_datetime(["2025-01-31", None]), "word": ["a", pd.NA]}
    )
    assert to_json(frame) == [
        {"year": 2025, "paid": 1.5, "on": "2025-01-31", "word": "a"},
        {"year": 2026, "paid": None, "on": None, "word": None},
    ]
    assert to_json({"a": np.float64(0.5), "b": np.arange(3), "c": (1, 2)}) == {"a": 0.5, "b": [0, 1, 2], "c": [1, 2]}
    assert to_json(dt.date(2026, 1, 2)) == "2026-01-02"
    assert to_json(dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC)) == "2026-01-02T03:04:00+00:00"
    assert to_json(decimal.Decimal("0.25")) == 0.25
    assert to_json(Path("claims.csv")) == Path("claims.csv")


def test_what_is_no_value_of_an_input_is_refused():
    with pytest.raises(TypeError, match="object is no value"):
        to_json([object()])
    with pytest.raises(ValueError, match="infinite"):
        to_json(np.inf)


def test_lines_become_events_and_comments_none():
    decoder = EventDecoder()
    lines = [
        *(": still here", ""),
        *("event: progress", 'data: {"progress": 0.5, "message": "half"}', "id: 7", ""),
        *("event: status", "data: {", 'data: "status": "TIMED_OUT"}', "id: 8", ""),
    ]
    found = [event for event in map(decoder.feed, lines) if event]
    assert [(event.seq, event.kind, event.status, event.progress, event.message) for event in found] == [
        (7, "progress", None, 0.5, "half"),
        (8, "status", "TIMED_OUT", None, None),
    ]
    assert [event.ends for event in found] == [False, True]


def test_a_busy_server_is_asked_again_when_it_says_and_a_refusal_is_final():
    busy = error_from(answer(429, '{"error": "too much is waiting", "problems": []}', **{"Retry-After": "5"}))
    assert isinstance(busy, BusyError)
    assert protocol.pause_after(busy, 1) == 5
    assert protocol.pause_after(busy, protocol.TRIES) is None
    assert protocol.pause_after(error_from(answer(429, "", **{"Retry-After": "3600"})), 1) is None
    assert protocol.pause_after(error_from(answer(503, "")), 1) == protocol.FIRST_PAUSE
    assert protocol.pause_after(error_from(answer(422, '{"error": "no", "problems": []}')), 1) is None
    lost = ConnectionFailedError("lost")
    pauses = [protocol.pause_after(lost, tries, protocol.STREAM_TRIES) for tries in range(1, protocol.STREAM_TRIES)]
    assert pauses == sorted(pauses)
    assert 240 < sum(pauses) < 360


def test_only_what_is_safe_is_sent_again():
    assert protocol.may_repeat("GET", {})
    assert protocol.may_repeat("POST", {"Idempotency-Key": "a"})
    assert not protocol.may_repeat("POST", {})


def test_an_answer_that_is_not_of_the_api_is_named_with_its_address():
    for text in ("<html>", '{"detail": "x"}', "[]", '{"error": "x", "problems": [{"where": "a"}]}'):
        error = error_from(answer(500, text))
        assert isinstance(error, ServerError)
        assert error.problems == ()
    assert "http://host/api/apps answered 500" in str(error_from(answer(500, "<html>")))
    assert isinstance(error_from(answer(400, "")), InputsRefusedError)
    with pytest.raises(ServerError, match="Check that Tontine runs"):
        body_of(answer(200, "<html>"))


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://localhost:8501", "http://localhost:8501/api"),
        ("https://host/tontine/", "https://host/tontine/api"),
        (" http://host/api/ ", "http://host/api"),
    ],
)
def test_the_api_is_found_from_the_applications_address(url, base):
    assert protocol.api_url(url) == base


@pytest.mark.parametrize("url", ["", "localhost:8501", "ftp://host", "http://"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ValueError, match="no address"):
        protocol.api_url(url)


def test_a_file_is_named_by_the_server_and_stays_in_its_folder():
    given = {"Content-Disposition": "attachment; filename*=UTF-8''..%2F..%2Fz%C3%BCrich%20a.csv"}
    assert protocol.filename_of(answer(200, "", **given), "x") == "zürich a.csv"
    assert (
        protocol.filename_of(answer(200, "", **{"Content-Disposition": 'attachment; filename="a.csv"'}), "x") == "a.csv"
    )
    assert protocol.filename_of(answer(200, ""), "x") == "x"
    assert protocol.filename_of(answer(200, "", **{"Content-Disposition": 'attachment; filename=".."'}), "x") == "x"


def test_a_file_that_is_cut_off_leaves_what_was_there(tmp_path):
    (tmp_path / "a.csv").write_text("before")

    def write():
        with protocol.replacing(tmp_path / "a.csv") as out:
            out.write(b"half")
            raise EOFError

    with pytest.raises(EOFError):
        write()
    assert [p.read_text() for p in tmp_path.iterdir()] == ["before"]


@pytest.mark.parametrize(
    ("result", "name", "columns"),
    [
        ({"table": [{"a": 1}, {"b": 2}]}, "Table", {"a": [1, None], "b": [None, 2]}),
        ({"table": {"a": [1, 2]}}, "Table", {"a": [1, 2]}),
        ({"table": [[1, 2], [3]]}, "Table", {"Column 1": [1, 3], "Column 2": [2, None]}),
        ({"tables": {"T": [{"a": 1}]}}, "T", {"a": [1]}),
        ({"series": [{"x": 1, "y": 2}]}, "Series", {"x": [1], "y": [2]}),
        ({"series": {"x": [1], "y": [2]}}, "Series", {"x": [1], "y": [2]}),
        ({"series": {"S": [{"x": 1, "y": 2}]}}, "S", {"x": [1], "y": [2]}),
        ({"series": [{"name": "S", "x": [1], "y": [2], "kind": "bar"}]}, "S", {"x": [1], "y": [2]}),
        ({"series": [{"x": [1], "y": [2]}]}, "Series 1", {"x": [1], "y": [2]}),
    ],
)
def test_every_shape_of_a_table_and_series_is_read_as_columns(result, name, columns):
    assert tables.table_names(result) == [name]
    assert tables.to_columns(tables.find_table(result, None)) == columns
    assert tables.find_table(result, name) is tables.find_table(result, None)


def test_columns_of_several_types_are_text_in_arrow_and_numbers_are_numbers():
    table = tables.to_arrow({"a": [1, 2.5, None], "b": [1, "x", None], "c": ["2026", None, "x"], "d": [2**70, 1, None]})
    assert [field.type for field in table.schema] == [pa.float64(), pa.string(), pa.string(), pa.float64()]
    assert table["b"].to_pylist() == ["1", "x", None]

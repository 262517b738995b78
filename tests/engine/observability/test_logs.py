"""Log lines have the ids of the run they are about, whatever code writes them and in every format."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[3]
RUN = "01a1fd92-1ed4-7593-a5d6-033a5cbd4474"

LINES = """
import logging, sys, uuid
import structlog
from contract.run import Run, Status
from datetime import UTC, datetime
from engine.observability import telemetry
from engine.observability.logs import route_server_logs, configure
form, on = sys.argv[1], sys.argv[2] == "on"
uvicorn = logging.getLogger("uvicorn.error")
uvicorn.propagate = False
access = logging.getLogger("uvicorn.access")
access.propagate = False
streamlit = logging.getLogger("streamlit.somewhere")
streamlit.addHandler(logging.StreamHandler(sys.stdout))
streamlit.propagate = False
configure("INFO", form)
route_server_logs()
if on:
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from engine.observability.otel import Exporter

    telemetry.set_exporter(Exporter(InMemorySpanExporter(), InMemoryMetricReader(), service="x", instance="y", batch=False))
run = uuid.UUID(sys.argv[3])

@telemetry.trace_attempt
def execute(worker_context, run_id):
    claimed = Run(run_id, 1, "mortality", "M", "v", Status.RUNNING, {}, 1, "ada", datetime.now(UTC), attempt=2)
    telemetry.run_claimed(claimed, "A")
    structlog.get_logger("ours").info("ours")
    logging.getLogger("library").warning("library")
    try:
        1 / 0
    except ZeroDivisionError:
        structlog.get_logger("ours").exception("went wrong")

execute(None, run)
structlog.get_logger("ours").info("after")
logging.getLogger("uvicorn.error").error("of the server")
logging.getLogger("uvicorn.access").info("one line a request")
logging.getLogger("streamlit.somewhere").warning("of a page")
"""


def written(form, telemetry="off"):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LINES, form, telemetry, RUN],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout == ""
    return done.stderr


def by_event(text):
    return {line["event"]: line for line in map(json.loads, text.splitlines())}


@pytest.mark.parametrize("form", ["json", "auto"])
def test_lines_written_while_a_run_is_executed_name_it_whatever_code_writes_them(form):
    lines = by_event(written(form))
    for event in ("ours", "library", "went wrong"):
        assert (lines[event]["run"], lines[event]["model"], lines[event]["attempt"]) == (RUN, "mortality", 2)
        assert "trace_id" not in lines[event]
    assert "ZeroDivisionError" in lines["went wrong"]["exception"]
    assert "run" not in lines["after"]


def test_with_telemetry_on_they_name_the_trace_too():
    lines = by_event(written("json", "on"))
    assert lines["ours"]["trace_id"] == lines["library"]["trace_id"] == uuid.UUID(RUN).hex
    assert "trace_id" not in lines["after"]


def test_the_web_servers_lines_look_like_ours_and_its_errors_are_not_lost():
    lines = by_event(written("json"))
    assert lines["of the server"]["logger"] == "uvicorn.error"
    assert lines["of a page"]["level"] == "warning"
    assert "one line a request" not in lines


def test_the_text_format_is_readable_and_not_json():
    text = written("text")
    assert "ZeroDivisionError" in text
    assert RUN in text
    with pytest.raises(json.JSONDecodeError):
        json.loads(text.splitlines()[0])

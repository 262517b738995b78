"""A run through a real worker is one trace, and off means off."""

import logging
import threading
import time
import uuid
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import structlog
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from contract.run import Run, Status
from engine.observability import telemetry
from engine.observability.otel import Exporter
from engine.runs.cancel import cancel
from engine.runs.execute import WORKER_STOPPED, execute
from engine.runs.follow import snapshot, wait_for_end
from engine.runs.recovery import requeue_worker_runs
from engine.runs.submit import submit
from engine.sandbox.job import Outcome
from storage import runs
from tests.actors import ADA
from tests.engine.starting import cancel_starting_runs

ROOT = Path(__file__).resolve().parents[3]
ECHO = "def run(inputs):\n    return {'summary': {'n': inputs['n']}}\n"
SLOW = "import time\ndef run(inputs):\n    yield {'progress': 0.1}\n    time.sleep(60)\n"
FAILS = "def run(inputs):\n    raise RuntimeError('secret of the analyst')\n"
ORDER = ["submit", "queue wait", "attempt", "start", "model", "store", "notify"]


@pytest.fixture
def spans():
    return InMemorySpanExporter()


@pytest.fixture
def reader():
    return InMemoryMetricReader()


@pytest.fixture
def sink(spans, reader):
    made = Exporter(spans, reader, service="test", instance="one", batch=False)
    telemetry.set_exporter(made)
    yield made
    telemetry.stop()


class Collector:
    """An OTLP receiver: it keeps the spans and metrics that are posted to it."""

    def __init__(self):
        self.spans, self.metrics, self.services = [], {}, set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.receive(self.path, body)
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def receive(self, path, body):
        if path == "/v1/traces":
            for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                service = {a.key: a.value.string_value for a in group.resource.attributes}["service.name"]
                for scope in group.scope_spans:
                    self.spans += [(service, span) for span in scope.spans]
        elif path == "/v1/metrics":
            for group in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for scope in group.scope_metrics:
                    self.metrics |= {metric.name: metric for metric in scope.metrics}

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def collector():
    made = Collector()
    yield made
    made.close()


def by_name(exporter):
    return {span.name: span for span in exporter.get_finished_spans()}


def points(reader):
    """Return {metric: {attributes: value or count}} of what has been counted."""
    found = {}
    data = reader.get_metrics_data()
    for group in data.resource_metrics if data else ():
        for metric in group.scope_metrics[0].metrics:
            found[metric.name] = {
                tuple(sorted(p.attributes.items())): getattr(p, "value", None)
                if hasattr(p, "value")
                else (p.count, p.sum)
                for p in metric.data.data_points
            }
    return found


def test_a_run_over_two_processes_is_one_trace_at_a_collector(context, add_model, workers, collector):
    slug = add_model(ECHO)
    cancel_starting_runs(context)
    telemetry.start(collector.url, service="tontine-server")
    try:
        pool = workers(1, TONTINE_TELEMETRY=collector.url)
        run = submit(context, slug, {"n": 7}, actor=ADA)
        assert wait_for_end(context, run.id, 60, actor=ADA).run.status is Status.SUCCESS
        pool.stop()
    finally:
        telemetry.stop()
    mine = [(service, span) for service, span in collector.spans if span.trace_id.hex() == run.id.hex]
    assert len(mine) == len(collector.spans)
    found = {span.name: span for _, span in mine}
    assert sorted(found) == sorted(ORDER)
    assert len(mine) == len(ORDER)
    assert {name: service for service, span in mine for name in [span.name]} == {
        **dict.fromkeys(ORDER, "tontine-worker"),
        "submit": "tontine-server",
        "notify": "tontine-server",
    }
    begun = [found[name].start_time_unix_nano for name in ("submit", "queue wait", "start", "model", "store", "notify")]
    assert begun == sorted(begun)
    assert found["submit"].parent_span_id == b""
    assert {found[n].parent_span_id for n in ("queue wait", "attempt", "notify")} == {found["submit"].span_id}
    assert {found[n].parent_span_id for n in ("start", "model", "store")} == {found["attempt"].span_id}
    assert {s.span_id for s in found.values() if s.span_id == run.id.bytes[8:]} == {found["submit"].span_id}
    attributes = {a.key: a.value for a in found["attempt"].attributes}
    assert attributes["tontine.run"].string_value == str(run.id)
    assert attributes["tontine.model"].string_value == slug
    assert attributes["tontine.attempt"].int_value == 1
    assert attributes["tontine.status"].string_value == "SUCCESS"
    assert {"tontine.runs.submitted", "tontine.runs.finished", "tontine.run.queue_wait"} <= set(collector.metrics)
    assert {"tontine.run.start", "tontine.run.duration", "tontine.runs.running"} <= set(collector.metrics)
    [ended] = collector.metrics["tontine.runs.finished"].sum.data_points
    assert ended.as_int == 1
    [on_hold] = collector.metrics["tontine.runs.running"].sum.data_points
    assert on_hold.as_int == 0


def test_a_model_that_fails_marks_its_span_and_its_attempt_and_sends_no_message(
    sink, spans, reader, context, add_model, run_now
):
    slug = add_model(FAILS)
    run_now(submit(context, slug, {}, actor=ADA))
    found = by_name(spans)
    assert found["model"].status.status_code is StatusCode.ERROR
    assert found["attempt"].status.status_code is StatusCode.ERROR
    assert found["attempt"].attributes["tontine.status"] == "FAILED"
    for name in ("submit", "queue wait", "start", "store"):
        assert found[name].status.status_code is StatusCode.UNSET, name
    sent = "".join(span.to_json() for span in spans.get_finished_spans())
    assert "secret" not in sent
    assert "ada" not in [v for s in found.values() for v in s.attributes.values()]
    counted = points(reader)
    assert counted["tontine.runs.finished"] == {(("model", slug), ("status", "FAILED")): 1}
    assert counted["tontine.run.start"][("model", slug),][0] == 1


def test_a_model_that_ends_before_its_first_line_has_no_span_of_its_own(sink, spans, context, add_model):
    run = submit(context, add_model(ECHO), {}, actor=ADA)
    claimed = Run(
        **{
            f: getattr(run, f)
            for f in ("id", "app_id", "app_slug", "app_name", "version", "inputs", "seed", "user", "queued_at")
        },
        status=Status.RUNNING,
        started_at=datetime.now(UTC),
        attempt=1,
    )

    @telemetry.trace_attempt
    def carry(_bench, _run_id):
        telemetry.run_claimed(claimed, "A")
        telemetry.model_ended(Outcome(Status.FAILED))
        telemetry.run_finished(claimed, Status.FAILED)

    carry(None, run.id)
    found = by_name(spans)
    assert "model" not in found
    assert found["start"].status.status_code is StatusCode.ERROR


def test_a_run_cancelled_while_it_waits_is_counted_once(sink, reader, context, add_model):
    slug = add_model(ECHO)
    run = submit(context, slug, {}, actor=ADA)
    cancel(context, run.id, actor=ADA)
    cancel(context, run.id, actor=ADA)
    assert points(reader)["tontine.runs.finished"] == {(("model", slug), ("status", "CANCELLED")): 1}


def test_a_double_click_is_one_submission_and_a_reused_result_is_marked(
    sink, spans, reader, context, add_model, run_now
):
    slug = add_model(ECHO, deterministic=True)
    first = submit(context, slug, {"n": 1}, actor=ADA, key="k")
    assert submit(context, slug, {"n": 1}, actor=ADA, key="k").id == first.id
    run_now(first)
    again = submit(context, slug, {"n": 1}, actor=ADA)
    submitted = [s for s in spans.get_finished_spans() if s.name == "submit"]
    assert [s.context.trace_id for s in submitted] == [first.id.int, again.id.int]
    assert [s.attributes["tontine.reused"] for s in submitted] == [False, True]
    counted = points(reader)["tontine.runs.submitted"]
    assert counted == {(("model", slug), ("reused", False)): 1, (("model", slug), ("reused", True)): 1}


def test_an_attempt_that_loses_its_run_is_marked(sink, spans, context, add_model, worker_context, monkeypatch):
    run = submit(context, add_model(ECHO), {}, actor=ADA)
    monkeypatch.setattr(runs, "finish_run", lambda *_a, **_k: False)
    assert execute(worker_context, run.id) is None
    attempt = by_name(spans)["attempt"]
    assert attempt.attributes["tontine.status"] == telemetry.TAKEN_OVER
    assert attempt.status.status_code is StatusCode.ERROR


def test_a_run_whose_worker_is_lost_is_counted_and_logged_with_its_ids(sink, reader, context, add_model):
    slug = add_model(ECHO)
    run = submit(context, slug, {}, actor=ADA)
    with structlog.testing.capture_logs() as lines:
        for attempt in range(1, context.limits.attempts + 1):
            with context.database.begin() as conn:
                assert runs.claim_run(conn, run.id, "lost").attempt == attempt
            assert requeue_worker_runs(context.database, "lost", context.limits) == 1
    assert [(line["run"], line["model"], line["attempt"], line.get("status")) for line in lines] == [
        (str(run.id), slug, 1, None),
        (str(run.id), slug, 2, None),
        (str(run.id), slug, 3, "FAILED"),
    ]
    counted = points(reader)
    assert counted["tontine.runs.put_back"] == {(("model", slug),): 2}
    assert counted["tontine.runs.finished"] == {(("model", slug), ("status", "FAILED")): 1}


def test_the_end_of_a_stopped_workers_attempt_is_no_error(sink, spans, context, add_model, worker_context):
    run = submit(context, add_model(SLOW), {}, actor=ADA)
    thread = threading.Thread(target=execute, args=(worker_context, run.id))
    thread.start()
    while snapshot(context, run.id, actor=ADA).run.progress is None:
        time.sleep(0.02)
    worker_context.cancel_run(run.id, WORKER_STOPPED)
    thread.join()
    attempt = by_name(spans)["attempt"]
    assert (attempt.attributes["tontine.status"], attempt.status.status_code) == ("given back", StatusCode.UNSET)
    assert "notify" not in by_name(spans)


def test_reading_a_run_that_has_ended_is_no_notification(sink, spans, context, add_model, run_now):
    run = submit(context, add_model(ECHO), {}, actor=ADA)
    run_now(run)
    wait_for_end(context, run.id, 1, actor=ADA)
    assert "notify" not in by_name(spans)


@pytest.mark.parametrize(("ratio", "low", "high"), [("0.25", 150, 350), ("0.8", 700, 900)])
def test_a_ratio_of_runs_is_sampled_and_every_process_samples_the_same_ones(monkeypatch, ratio, low, high):
    import uuid_utils.compat as uuids

    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", ratio)
    server, worker = InMemorySpanExporter(), InMemorySpanExporter()
    one = Exporter(server, InMemoryMetricReader(), service="server", instance="1", batch=False)
    two = Exporter(worker, InMemoryMetricReader(), service="worker", instance="2", batch=False)
    for _ in range(1000):
        run_id = uuids.uuid7()
        one.root(run_id, "submit", 1, {})
        two.span(run_id, "model", 1, 2, {})
    kept = {s.context.trace_id for s in server.get_finished_spans()}
    assert kept == {s.context.trace_id for s in worker.get_finished_spans()}
    assert low < len(kept) < high
    one.close()
    two.close()


def test_the_operators_service_name_overrides_ours(monkeypatch, spans):
    monkeypatch.setenv("OTEL_SERVICE_NAME", "pricing")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    sink = Exporter(spans, InMemoryMetricReader(), service="tontine-server", instance="here", batch=False)
    sink.root(uuid.uuid4(), "submit", 1, {})
    resource = by_name(spans)["submit"].resource.attributes
    assert resource["service.name"] == "pricing"
    assert resource["service.instance.id"] == "here"
    assert resource["deployment.environment.name"] == "test"
    sink.close()


OFF = """
import sys
from contract.actor import Actor
from engine.observability import telemetry
from engine.processes import context as contexts
from engine.runs.submit import submit
from pathlib import Path
telemetry.start("", service="x")
context = contexts.open_context(sys.argv[1], data=Path(sys.argv[2]))
import engine.processes.worker, engine.runs.execute, engine.observability.loop_monitor
submit(context, "probe", {}, actor=Actor("ada"))
context.close()
telemetry.stop()
print(sorted(m for m in sys.modules if m.startswith("opentelemetry")))
"""


def test_off_imports_nothing_of_opentelemetry(context, add_model, program):
    add_model(ECHO)
    done = program(OFF)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_a_collector_that_cannot_be_reached_keeps_no_process_from_stopping(context, add_model, caplog, monkeypatch):
    monkeypatch.setattr(telemetry, "FLUSH_TIMEOUT", 0.2)
    slug = add_model(ECHO)
    with caplog.at_level(logging.CRITICAL):
        telemetry.start("http://127.0.0.1:9", service="x")
        submit(context, slug, {}, actor=ADA)
        telemetry.stop()
    assert not telemetry.is_active()

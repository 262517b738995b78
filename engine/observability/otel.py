"""Where telemetry goes, in OpenTelemetry's words: providers, exporters, instruments. Imported only where it is on.

Chosen: providers of our own and not the global ones, so that a library which instruments itself reports nothing
unasked. The SDK's own variables (OTEL_*) keep their meaning: headers, certificates, intervals, sampling, names.
Left out: what is reported, which is `engine.observability.telemetry`.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SimpleSpanProcessor,
    SpanExporter,
)
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

NAME = "tontine"
LOWER = (1 << 64) - 1
# s; from a millisecond, which is what our own parts take, to the longest run by default.
SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 3_600)


def make_exporter(where: str, *, service: str, instance: str) -> "Exporter":
    """Return a sink for `console` or for an OTLP collector's URL."""
    if where == "console":
        # stdout, one line an object: the logs are on stderr.
        spans: SpanExporter = ConsoleSpanExporter(out=sys.stdout, formatter=_span_line)
        metrics = PeriodicExportingMetricReader(
            ConsoleMetricExporter(out=sys.stdout, formatter=lambda data: data.to_json(indent=None) + os.linesep)
        )
        return Exporter(spans, metrics, service=service, instance=instance)
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    base = where.rstrip("/")
    return Exporter(
        OTLPSpanExporter(endpoint=f"{base}/v1/traces"),
        PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=f"{base}/v1/metrics")),
        service=service,
        instance=instance,
    )


class Exporter:
    """The spans and instruments of one process.

    Args:
        spans: where spans go.
        metrics: what collects the metrics.
        service: `service.name`, unless OTEL_SERVICE_NAME says otherwise.
        instance: `service.instance.id`.
        batch: send spans in batches from a thread of their own, and not each as it ends.
    """

    def __init__(
        self, spans: SpanExporter, metrics: MetricReader, *, service: str, instance: str, batch: bool = True
    ) -> None:
        ours = Resource.create({"service.name": service, "service.instance.id": instance})
        resource = ours.merge(OTELResourceDetector().detect())  # what the operator has set goes before ours
        self._ids = _RunIdGenerator()
        self._tracers = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._tracers.sampler = _RunSampler(self._tracers.sampler)
        self._tracers.add_span_processor(BatchSpanProcessor(spans) if batch else SimpleSpanProcessor(spans))
        self._tracer = self._tracers.get_tracer(NAME)
        self._meters = MeterProvider([metrics], resource=resource, shutdown_on_exit=False)
        meter = self._meter = self._meters.get_meter(NAME)
        self.submitted = meter.create_counter("tontine.runs.submitted", "{run}", "Runs stored")
        self.finished = meter.create_counter("tontine.runs.finished", "{run}", "Runs that got a final status")
        self.put_back = meter.create_counter("tontine.runs.put_back", "{run}", "Runs taken from lost workers")
        self.running = meter.create_up_down_counter("tontine.runs.running", "{run}", "Runs this worker holds")
        self.queue_wait = self._seconds("tontine.run.queue_wait", "From submission to the first claim")
        self.start = self._seconds("tontine.run.start", "From the claim to the first line of the model")
        self.duration = self._seconds("tontine.run.duration", "From the hand-over to the sandbox to the model's end")
        self.blocked = self._seconds("tontine.loop.blocked", "Times an event loop was blocked")

    def close(self) -> None:
        """Send what is left and stop."""
        self._tracers.shutdown()
        self._meters.shutdown()

    def root(self, run_id: UUID, name: str, started_at: int, attributes: Mapping[str, Any]) -> None:
        """Record the first span of a run's trace, which ends now; its id is the lower half of the run's."""
        with self._ids.of(run_id):
            span = self._tracer.start_span(
                name, Context(), kind=SpanKind.PRODUCER, attributes=dict(attributes), start_time=started_at
            )
        span.end()

    def begin(
        self, run_id: UUID, name: str, started_at: int, attributes: Mapping[str, Any], under: Span | None = None
    ) -> Span:
        """Begin a span of the run's trace, under its first one where no other is given."""
        parent = under or NonRecordingSpan(self._first(run_id))
        context = set_span_in_context(parent, Context())
        kind = SpanKind.INTERNAL if under else SpanKind.CONSUMER
        return self._tracer.start_span(name, context, kind=kind, attributes=dict(attributes), start_time=started_at)

    def end(self, span: Span, attributes: Mapping[str, Any], *, failed: bool = False, ended: int | None = None) -> None:
        """End a span, now or at `ended`, and mark it where it failed."""
        span.set_attributes(dict(attributes))
        if failed:
            span.set_status(StatusCode.ERROR, str(attributes.get("tontine.status", "")) or None)
        span.end(ended)

    def span(
        self,
        run_id: UUID,
        name: str,
        started_at: int,
        ended: int,
        attributes: Mapping[str, Any],
        *,
        under: Span | None = None,
        failed: bool = False,
    ) -> None:
        """Record a span that has ended. Times are in ns since the epoch."""
        span = self.begin(run_id, name, started_at, attributes, under)
        self.end(span, attributes, failed=failed, ended=max(started_at, ended))

    def observe(self, name: str, unit: str, description: str, count: Callable[[], int]) -> None:
        """Report what `count` returns at each export; nothing where it raises."""

        def read(_options: CallbackOptions) -> Iterable[Observation]:
            return [Observation(count())]

        self._meter.create_observable_gauge(name, [read], unit, description)

    def _seconds(self, name: str, description: str) -> Any:
        return self._meter.create_histogram(name, "s", description, explicit_bucket_boundaries_advisory=SECONDS)

    def _first(self, run_id: UUID) -> SpanContext:
        """Return the context of the run's first span as every process works it out, whether it is sampled included."""
        decision = self._tracers.sampler.should_sample(Context(), run_id.int, "submit").decision
        flags = TraceFlags.SAMPLED if decision is Decision.RECORD_AND_SAMPLE else TraceFlags.DEFAULT
        return SpanContext(run_id.int, run_id.int & LOWER, is_remote=True, trace_flags=TraceFlags(flags))


class _RunIdGenerator(RandomIdGenerator):
    """Random ids, but for the first span of a run's trace."""

    def __init__(self) -> None:
        self._run = threading.local()

    @contextlib.contextmanager
    def of(self, run_id: UUID) -> Iterator[None]:
        """Give the next span of this thread the ids that follow from the run's."""
        self._run.id = run_id
        try:
            yield
        finally:
            self._run.id = None

    def generate_span_id(self) -> int:
        run_id = getattr(self._run, "id", None)
        return run_id.int & LOWER if run_id is not None else super().generate_span_id()

    def generate_trace_id(self) -> int:
        run_id = getattr(self._run, "id", None)
        return run_id.int if run_id is not None else super().generate_trace_id()

    def is_trace_id_random(self) -> bool:
        return False


class _RunSampler(Sampler):
    """The SDK's sampler, shown the bits of a UUID that are random.

    A sampler by ratio reads the lower half of a trace's id as a number below 2**64. In a run's UUID that half begins
    with two fixed bits and a counter, so that a ratio of a half would keep nothing; its last 32 bits are random.
    """

    def __init__(self, inner: Sampler) -> None:
        self.inner = inner

    def should_sample(
        self, parent_context: Context | None, trace_id: int, name: str, *args: Any, **kwargs: Any
    ) -> SamplingResult:
        shown = (trace_id & (LOWER >> 32)) << 32
        result: SamplingResult = self.inner.should_sample(parent_context, shown, name, *args, **kwargs)
        return result

    def get_description(self) -> str:
        return "ByRun"


def _span_line(span: ReadableSpan) -> str:
    line: str = span.to_json(indent=None)
    return line + os.linesep

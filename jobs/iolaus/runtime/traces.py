"""Traces of a run by OpenTelemetry: a span for the run and one for each stage, where an OTLP endpoint is set.

The endpoint, its headers and its timeout are those of OpenTelemetry's standard environment variables
(`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS` and so on); spans are sent by HTTP. Needs the extra
`iolaus[metrics]`. Spans name tables, dates and counts, and nothing that a client wrote.
"""

import os
import sys
from collections.abc import Sequence
from datetime import date
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from iolaus.version import code_version

if TYPE_CHECKING:
    from types import TracebackType

    from iolaus.runtime.context import Event

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
MISSING = "no traces are sent: OpenTelemetry is not installed; install it with: pip install 'iolaus[metrics]'"
_FLUSH = 5_000  # milliseconds that a run waits at its end for what is not sent yet


class Traces:
    """Spans of one run, sent by a tracer provider as they end. Without a provider nothing is done."""

    def __init__(self, provider: Any, run_id: str, days: Sequence[date]):
        self._provider, self._spans, self._lock = provider, dict[tuple[str, date], Any](), Lock()
        if provider is None:
            return
        from opentelemetry import trace  # noqa: PLC0415 - an extra

        self._trace, self._tracer = trace, provider.get_tracer("iolaus", code_version())
        named = {"iolaus.run_id": run_id, "iolaus.days": [str(day) for day in days]}
        self._run = self._tracer.start_span("iolaus run", attributes=named)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        if self._provider is None:
            return
        for span in self._spans.values():
            span.end()
        if error is not None:
            self._run.set_status(self._trace.Status(self._trace.StatusCode.ERROR, type(error).__name__))
        self._run.end()
        self._provider.force_flush(_FLUSH)
        self._provider.shutdown()

    def on_event(self, event: "Event") -> None:
        """Begin or end the span of a stage."""
        if self._provider is None:
            return
        of = event.stage, event.day
        if not event.done:
            span = self._tracer.start_span(
                event.stage,
                context=self._trace.set_span_in_context(self._run),
                attributes={"iolaus.table": event.stage, "iolaus.day": str(event.day)},
            )
            with self._lock:
                self._spans[of] = span
            return
        with self._lock:
            ended = self._spans.pop(of, None)
        if ended is not None:
            for name, value in (("iolaus.rows", event.rows), ("iolaus.bytes", event.size)):
                if value is not None:
                    ended.set_attribute(name, value)
            if event.error:
                ended.set_status(self._trace.Status(self._trace.StatusCode.ERROR, event.error))
            ended.end()


def provider() -> Any:
    """A tracer provider that sends to the endpoint of the environment; None where none is set, or the extra is missing.

    A missing extra is said in one line on standard error: a run does not fail for it.
    """
    if not any(os.environ.get(name) for name in ENDPOINTS) or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        sys.stderr.write(f"iolaus: {MISSING}\n")
        return None
    named = os.environ.get("OTEL_SERVICE_NAME") or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    made = TracerProvider(resource=Resource.create({} if named else {"service.name": "iolaus"}))
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return made

"""Traces of a run, as an OTLP collector receives them."""

import sys
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from iolaus.runtime.context import Event
from iolaus.runtime.traces import ENDPOINTS, Traces, provider

DAY = date(2026, 2, 11)


@pytest.fixture(autouse=True)
def no_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*ENDPOINTS, "OTEL_SDK_DISABLED", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """An HTTP server that keeps what is posted: its address, and (path, body) of each request."""
    received: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    server.server_close()
    thread.join()


def run(error: str | None = None) -> None:
    with Traces(provider(), "run1", [DAY]) as traces:
        for name, failed in (("bronze.exchanges", None), ("graph.links", error)):
            traces.on_event(Event(name, DAY, done=False))
            traces.on_event(Event(name, DAY, done=True, seconds=1.0, rows=7, size=900, error=failed))
        if error:
            raise RuntimeError(error)


def test_spans_of_a_run_and_its_stages_reach_a_collector(
    collector: tuple[str, list[tuple[str, bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    address, received = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    with pytest.raises(RuntimeError):
        run(error="IOError: the disk is full")
    assert {path for path, _ in received} == {"/v1/traces"}
    spans = {}
    for _, body in received:
        for of in service.ExportTraceServiceRequest.FromString(body).resource_spans:
            named = {a.key: a.value.string_value for a in of.resource.attributes}
            assert named["service.name"] == "iolaus"
            spans |= {span.name: span for scope in of.scope_spans for span in scope.spans}
    assert set(spans) == {"iolaus run", "bronze.exchanges", "graph.links"}
    whole, made, failed = (spans[n] for n in ("iolaus run", "bronze.exchanges", "graph.links"))
    assert made.parent_span_id == failed.parent_span_id == whole.span_id
    assert {a.key: a.value.int_value or a.value.string_value for a in made.attributes} == {
        "iolaus.table": "bronze.exchanges",
        "iolaus.day": str(DAY),
        "iolaus.rows": 7,
        "iolaus.bytes": 900,
    }
    assert (failed.status.code, failed.status.message) == (2, "IOError: the disk is full")
    assert made.status.code == 0
    assert whole.status.code == 2


def test_without_an_endpoint_nothing_is_sent(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert provider() is None
    run()
    monkeypatch.setenv(ENDPOINTS[0], "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert provider() is None
    assert capsys.readouterr().err == ""


def test_without_the_extra_one_line_says_so_and_the_run_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINTS[1], "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    run()
    assert capsys.readouterr().err == (
        "iolaus: no traces are sent: OpenTelemetry is not installed; install it with: pip install 'iolaus[metrics]'\n"
    )

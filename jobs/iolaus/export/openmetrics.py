"""Metrics as OpenMetrics text, in a file or at an endpoint; needs the extra `iolaus[metrics]`."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from iolaus.errors import RunError, UsageError, in_short
from iolaus.export.metrics import Metric

Source = Callable[[], Iterable[Metric]]
MISSING = "metrics need prometheus_client, which is not installed; install it with: pip install 'iolaus[metrics]'"


class Collector:
    """What a monitor is given at each scrape: the metrics of its sources. One that fails is left out, and said so."""

    def __init__(self, *sources: Source):
        self._sources = sources

    def collect(self) -> Iterator[Any]:
        """The metrics as `prometheus_client` takes them."""
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - an extra

        for source in self._sources:
            try:
                found = list(source())
            except (OSError, RunError, UsageError) as error:
                sys.stderr.write(f"iolaus: metrics are left out: {in_short(error)}\n")
                continue
            for name, unit, told, values in found:
                suffixed = name.endswith(f"_{unit}")  # OpenMetrics wants a unit at the end of its metric's name
                family = GaugeMetricFamily(name, told, unit=unit if unit and suffixed else "", labels=_labels(values))
                for labels, value in values:
                    family.add_metric(list(labels.values()), value)
                yield family


def _labels(values: list[tuple[dict[str, str], float]]) -> list[str]:
    return list(values[0][0]) if values else []


def text(*sources: Source) -> str:
    """The metrics of the sources as OpenMetrics text. Raises UsageError without the extra."""
    registry = _registry(*sources)
    from prometheus_client.openmetrics.exposition import generate_latest  # noqa: PLC0415

    return str(generate_latest(registry).decode())  # type: ignore[no-untyped-call]


def write(path: str, *sources: Source) -> None:
    """Write the text to a file, whole or not at all, as a monitor that reads files needs it."""
    file = Path(path)
    beside = file.with_name(f".{file.name}.{uuid4().hex}")
    beside.write_text(text(*sources), encoding="utf-8")
    beside.replace(file)


@contextmanager
def served(port: int, *sources: Source) -> Iterator[int]:
    """Serve the text at `http://HOST:PORT/metrics` while the block works; gives the port. 0 takes any that is free.

    Raises UsageError without the extra, or if the port is taken.
    """
    registry = _registry(*sources)
    from prometheus_client import start_http_server  # noqa: PLC0415

    try:
        server, thread = start_http_server(port, registry=registry)
    except OSError as error:
        raise UsageError(
            f"port {port} cannot be listened on ({error.strerror}); name another for the metrics"
        ) from error
    try:
        yield int(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _registry(*sources: Source) -> Any:
    try:
        from prometheus_client import CollectorRegistry  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(MISSING) from error
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector(*sources))
    return registry

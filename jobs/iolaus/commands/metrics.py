"""`iolaus metrics`: a lake's metrics for a monitor; and those of a run while it works."""

import argparse
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from iolaus.errors import UsageError

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands
    from iolaus.export.metrics import Metric
    from iolaus.runtime.estimates import Tracker


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser("metrics", help="metrics of a lake for a monitor", description=act.__doc__)
    parser.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--out", metavar="FILE", help="write the text to this file; default: standard output")
    where.add_argument(
        "--port", type=_port, metavar="PORT", help="serve the text at http://HOST:PORT/metrics until interrupted"
    )
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Print what the newest run did, what its gates said, what is published and its age, as OpenMetrics text.

    Starts no Spark. At an endpoint the lake is read at each scrape. Needs the extra iolaus[metrics].
    """
    from iolaus.export import openmetrics
    from iolaus.export.metrics import metrics

    def source() -> "list[Metric]":
        return metrics(given.lake)

    source()  # a lake that is not there is said once, not at each scrape
    if given.port is not None:
        with openmetrics.served(given.port, source) as port:
            print(f"http://localhost:{port}/metrics; Ctrl-C ends it", file=sys.stderr, flush=True)
            threading.Event().wait()
    elif given.out:
        openmetrics.write(given.out, source)
    else:
        print(openmetrics.text(source), end="")
    return 0


def add_metrics(parser: argparse.ArgumentParser) -> None:
    """The option of a command that can tell a monitor how far it is."""
    parser.add_argument(
        "--metrics",
        type=target,
        metavar="FILE|PORT",
        help="write OpenMetrics to this file when the run ends, or serve them at this port while it works; needs the "
        "extra iolaus[metrics]",
    )


def target(text: str) -> int | str:
    """A port, if it is a number, else a file. Raises ArgumentTypeError for a number that is no port.

    >>> target("9100"), target("run.prom")
    (9100, 'run.prom')
    """
    return _port(text) if text.isdigit() else text


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give a number up to 65535")
    return int(text)


def ready(to: int | str | None) -> None:
    """Raise UsageError if metrics are wanted and the extra is missing: before a run begins, not at its end."""
    if to is not None:
        from iolaus.export import openmetrics

        openmetrics.text()


@contextmanager
def watched(to: int | str | None, lake: str, tracker: "Tracker") -> Iterator[None]:
    """Metrics of a lake and of a run at work: served at a port while the block works, or written to a file at its end.

    Raises UsageError without the extra, or if the port is taken. A file that cannot be written is said, and fails
    nothing.
    """
    from iolaus.export import openmetrics
    from iolaus.export.metrics import metrics

    def of_lake() -> "list[Metric]":
        return metrics(lake)

    def of_run() -> "list[Metric]":
        return of_progress(tracker)

    if to is None:
        yield
    elif isinstance(to, int):
        with openmetrics.served(to, of_run, of_lake) as port:
            print(f"Metrics: http://localhost:{port}/metrics", file=sys.stderr, flush=True)
            yield
    else:
        try:
            yield
        finally:
            try:
                openmetrics.write(to, of_run, of_lake)
            except (OSError, UsageError) as error:
                print(f"iolaus: no metrics were written: {error}", file=sys.stderr)


def of_progress(tracker: "Tracker") -> "list[Metric]":
    """How far a run is: stages done of all, the time left by the last runs, and the stages at work."""
    state = tracker.state()
    stages = [({"state": "done"}, float(state.done)), ({"state": "planned"}, float(state.total))]
    found: list[Metric] = [
        ("iolaus_progress_stages", "", "Stages of the run at work: done, and planned in all", stages)
    ]
    if state.left is not None:
        left = "Time left of the run at work, by the last runs"
        found.append(("iolaus_progress_left_seconds", "seconds", left, [({}, state.left)]))
    working = [({"table": r.table, "day": str(r.day)}, r.seconds) for r in state.running]
    if working:
        found.append(("iolaus_progress_stage_seconds", "seconds", "How long a stage has been at work", working))
    return found

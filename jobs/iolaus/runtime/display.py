"""What a person at a terminal sees: progress while a run works, and the ranking when it is done."""

import sys
from collections.abc import Sequence
from datetime import date
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from iolaus.errors import one_line
from iolaus.pipeline import STAGES
from iolaus.runtime.gates.history import Arrived, Recorded

if TYPE_CHECKING:
    from iolaus.runtime.execution import Event
    from iolaus.runtime.gates.gate import Outcome


class Progress:
    """A progress bar on a terminal; a line a stage elsewhere, so that a log shows where a run is."""

    def __init__(self, stages: int):
        self._console = Console(stderr=True)
        self._live = self._console.is_terminal
        columns = (TextColumn("{task.description:<42}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Bar(*columns, console=self._console, transient=True, disable=not self._live)
        self._task = self._bar.add_task("starting", total=stages)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def on_event(self, event: "Event") -> None:
        """Show that a stage began or ended."""
        if not event.done:
            self._bar.update(self._task, description=f"{event.day} {event.stage}")
        else:
            self._bar.advance(self._task)
        if not self._live:
            ended = f"done in {event.seconds:.1f} s" if event.done else "begins"
            sys.stderr.write(f"{event.day} {event.stage} {ended}\n")


def plain(text: object, longest: int = 400) -> str:
    """Text that cannot do anything to a terminal: no control or direction characters, no markup, cut."""
    return one_line(text, longest).replace("[", r"\[")


def print_ranking(rows: list[dict[str, Any]], day: date, lake: str, counts: dict[str, int]) -> None:
    """The published clusters, worst first, and where everything lies."""
    console = Console(width=None if sys.stdout.isatty() else 150)
    grid = Table(title=f"Suspect clusters of {day}", title_justify="left", show_lines=True)
    for name, justify in (
        ("rank", "right"),
        ("cluster", "left"),
        ("score", "right"),
        ("confidence", "left"),
        ("accounts", "right"),
        ("exchanges", "right"),
        ("output tokens", "right"),
    ):
        grid.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    grid.add_column("after")
    grid.add_column("why", ratio=1)
    for row in rows:
        cells = [
            row["rank"],
            row["cluster_id"],
            f"{row['score']:.1f}",
            row["confidence"],
            row["n_accounts"],
            row["n_exchanges"],
            f"{row.get('n_output_tokens') or 0:,}",
            row["target"],
        ]
        why = list(row["reasons"][:2])
        if row["verdict"]:
            why += [f"judged {row['verdict']} by {row['verdict_by']} on {row['verdict_on']}", *row["since_verdict"]]
        grid.add_row(*(plain(c) for c in cells), "\n".join(plain(r) for r in why))
    if rows:
        console.print(grid)
    else:
        console.print(f"No cluster is published for {day}.")
    said = ", ".join(f"{n} {name}" for name, n in counts.items())
    console.print(f"{said}.", highlight=False)
    console.print(
        f"Tables: {lake}/gold/ "
        f"({', '.join(s.table.removeprefix('gold.') for s in reversed(STAGES) if s.layer == 'gold')})",
        highlight=False,
        soft_wrap=True,
    )


def print_warnings(outcomes: Sequence["Outcome"], lake: str) -> None:
    """What gates saw in a run that ended, in a line, and each expectation that failed in a line of its own."""
    console = Console(width=None if sys.stdout.isatty() else 150)
    failed = [o for o in outcomes if not o.success]
    tables = len({o.table for o in outcomes})
    said = (
        f"Gates: {len(outcomes)} expectations on {tables} tables held"
        if not failed
        else f"Gates: {len(failed)} of {len(outcomes)} failed"
    )
    console.print(f"{said}; iolaus quality --lake {plain(lake)} shows them", highlight=False, soft_wrap=True)
    for o in failed:
        console.print(f"  {o.severity}: {plain(o.table)} of {o.day}: {plain(o)}", highlight=False, soft_wrap=True)


def print_outcomes(outcomes: Sequence["Outcome"]) -> None:
    """Every expectation that was judged, those that failed first."""
    console = Console(width=None if sys.stdout.isatty() else 150)
    grid = Table()
    for name in ("", "severity", "day", "metric", "observed", "expected", "because"):
        grid.add_column(name, no_wrap=name != "because")
    for o in sorted(outcomes, key=lambda o: o.success):
        observed = "nothing to measure" if o.observed is None else f"{o.observed:.6g}"
        grid.add_row(
            "held" if o.success else "FAILED",
            o.severity,
            str(o.day),
            plain(o.metric),
            observed,
            o.bounds,
            plain(o.reason),
        )
    console.print(grid)


def print_arrivals(arrivals: Sequence[Arrived]) -> None:
    """Where the exchanges of each day went: lines = rejected + accepted, accepted = exchanges + copies."""
    if not arrivals:
        return
    console = Console(width=None if sys.stdout.isatty() else 150)
    grid = Table(title="Exchanges that arrived on the day", title_justify="left")
    names = ("lines", "rejected", "accepted", "of these too late", "exchanges", "copies")
    for name in ("day", *names):
        grid.add_column(name, justify="left" if name == "day" else "right", no_wrap=True)
    for of in arrivals:
        counts = (of.lines, of.rejected, of.accepted, of.too_late, of.exchanges, of.copies)
        grid.add_row(str(of.day), *("unknown" if n is None else f"{n:,}" for n in counts))
    console.print(grid)


def print_runs(runs: Sequence[Recorded]) -> None:
    """The last runs, the newest first, and what failed in each."""
    console = Console(width=None if sys.stdout.isatty() else 150)
    grid = Table(title="Runs", title_justify="left")
    for name in ("run", "began (UTC)", "days", "seconds", "stages", "rows written", "MB", "code", "settings", "ended"):
        grid.add_column(
            name, justify="right" if name in ("seconds", "stages", "rows written", "MB") else "left", no_wrap=True
        )
    for run in runs:
        days = str(run.first) if run.first == run.last else f"{run.first} to {run.last}"
        size = f"{run.size / 1e6:.1f}"
        cells = [
            run.run_id,
            f"{run.began:%Y-%m-%d %H:%M:%S}",
            days,
            f"{run.seconds:.0f}",
            run.stages,
            run.rows,
            size,
            run.code,
            run.settings,
        ]
        grid.add_row(*(plain(c) for c in cells), run.status)
    console.print(grid)
    for run in runs:
        for line in run.failures:
            console.print(f"{run.run_id}  {plain(line)}", highlight=False, soft_wrap=True)
    if not runs:
        console.print("No run is recorded in this lake.")

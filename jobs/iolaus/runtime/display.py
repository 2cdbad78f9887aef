"""What a person at a terminal sees before a run and when it is done; `iolaus.runtime.progress` shows it at work."""

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from iolaus.errors import one_line
from iolaus.pipeline import STAGES
from iolaus.runtime.gates.history import Arrived, Recorded

if TYPE_CHECKING:
    from iolaus.runtime.gates.gate import Outcome
    from iolaus.runtime.resume import Todo


def plain(text: object, longest: int = 400) -> str:
    """Text that cannot do anything to a terminal: no control or direction characters, no markup, cut."""
    return one_line(text, longest).replace("[", r"\[")


def print_plan(todo: Sequence["Todo"], usual: Mapping[str, float], seconds: float | None) -> None:
    """What a run would make, from what and why, and how long the last runs of the same lake took for it."""
    from iolaus.runtime.estimates import in_words  # noqa: PLC0415 - it needs Spark, the other tables here do not

    console = Console(width=None if sys.stdout.isatty() else 150)
    grid = Table(title=f"{len(todo)} stages would run", title_justify="left")
    for name in ("day", "table", "usual s", "why", "made from"):
        grid.add_column(
            name,
            justify="right" if name == "usual s" else "left",
            no_wrap=name != "made from",
            ratio=1 if name == "made from" else None,
        )
    for one in todo:
        known = f"{usual[one.stage.table]:.1f}" if one.stage.table in usual else "unknown"
        made_from = ", ".join(read.table for read in one.stage.reads)
        grid.add_row(str(one.day), one.stage.table, known, plain(one.why), made_from)
    if todo:
        console.print(grid)
        console.print(f"By the last runs of this lake: {in_words(seconds)}. Nothing was changed.", highlight=False)
    else:
        console.print("Nothing would run: all tables of these days are current.", highlight=False)


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

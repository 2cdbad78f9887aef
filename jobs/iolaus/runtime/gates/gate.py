"""The gate: each table's day is measured in Spark, and Great Expectations judges the metrics.

A critical expectation that fails stops the run before anything of the date is published. How to read
that, and how to change a bound, is in docs/operators/gates.md.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from threading import Lock

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.errors import GateError
from iolaus.pipeline import Span, is_landing, stage
from iolaus.runtime.gates import suites
from iolaus.runtime.gates.metrics import ROWS, compared, derived, in_window, summary, windowed
from iolaus.runtime.gates.suites import CRITICAL, Suite
from iolaus.runtime.lake import Lake
from iolaus.schemas.table import table
from iolaus.settings import Settings

Metrics = dict[str, float | None]


@dataclass(frozen=True)
class Outcome:
    """One expectation judged on one day: what was seen, what was allowed, and where the rows lie."""

    table: str
    day: date
    judged_at: datetime
    metric: str
    severity: str
    success: bool
    observed: float | None
    at_least: float | None
    at_most: float | None
    reason: str
    rows_at: str

    @property
    def bounds(self) -> str:
        """What is allowed, in words."""
        bounds = [
            f"{word} {_plain(bound)}"
            for word, bound in (("at least", self.at_least), ("at most", self.at_most))
            if bound is not None
        ]
        return " and ".join(bounds)

    def __str__(self) -> str:
        return f"{self.metric} is {_plain(self.observed)}, {self.bounds} is expected: {self.reason}"


@dataclass(frozen=True)
class Measured:
    """The metrics of a table's day."""

    table: str
    day: date
    judged_at: datetime
    metrics: Metrics


class Gate:
    """Judges tables of one lake, and remembers what it saw; `iolaus.runtime.gates.records` writes it down."""

    def __init__(self, lake: Lake, settings: Settings, on_outcome: Callable[[Outcome], None] = lambda _outcome: None):
        self.lake = lake
        self.settings = settings.quality
        self._own_suites = settings.suites
        self.outcomes: list[Outcome] = []
        self.measured: list[Measured] = []
        self._on_outcome = on_outcome
        self._metrics: dict[str, dict[date, Metrics]] = {}
        self._counts: dict[tuple[str, date], float | None] = {}  # rows, as counted here and not in an earlier run
        self._known_from: date | None = None
        self._written = 0  # outcomes that were drained
        self._lock = Lock()

    def check(
        self,
        name: str,
        day: date,
        frame: DataFrame,
        inputs: Mapping[str, DataFrame],
        *,
        reported: Mapping[str, float | None] | None = None,
        published: bool = False,
        many: bool = False,
    ) -> None:
        """Judge the rows of a table for a day, in one Spark job.

        `inputs` are the rows that its stage read, by table. `reported` are the metrics that its transform measured;
        None if another process made the rows, which has written the metrics down. With `published` the rows are yet to
        be written: if they may not be, they are put into quality/rejected, where they can be looked at. Keys of `many`
        rows are counted in a pass of their own. Raises GateError, naming metric, bounds and the place of the rows, if a
        critical expectation fails.
        """
        suite = suites.suite(name, self._own_suites)
        metrics = self._measure(suite, day, frame, inputs, many=many)
        if suite.declared.reported:
            given = self._noted(name, day) if reported is None else reported
            metrics |= {metric: given.get(metric) for metric in suite.declared.reported}
        metrics |= derived(metrics, suite.declared)
        metrics |= compared(metrics, self.history(name, day), suite.declared, self.settings)
        with self._lock:
            self._metrics.setdefault(name, {})[day] = metrics
            self._counts[name, day] = metrics[ROWS]
            self.measured.append(Measured(name, day, _now(), metrics))
        outcomes = self._judged(suite, day, metrics)
        with self._lock:
            self.outcomes += outcomes
        for outcome in outcomes:
            self._on_outcome(outcome)
        failed = [o for o in outcomes if o.severity == CRITICAL and not o.success]
        if failed:
            if published:
                self._keep_rejected(name, frame)
            raise GateError(_message(failed, self._path(name, published)))

    def _measure(
        self, suite: Suite, day: date, frame: DataFrame, inputs: Mapping[str, DataFrame], *, many: bool
    ) -> Metrics:
        """The metrics that are of the rows alone."""
        spec = None if is_landing(suite.table) else table(suite.table)
        known = self._counted(suite, day)
        unknown = {n: how for n, how in suite.declared.against.items() if n not in known}
        declared = replace(windowed(suite.declared, self.lake.window_days), against=unknown)
        seen = summary(frame, spec, declared, suite.wanted, inputs, day, many=many).collect()  # some dozens
        return {row.metric: row.value for row in seen} | known

    def _counted(self, suite: Suite, day: date) -> Metrics:
        """Rows of the same day of other tables, where this gate has counted them itself."""
        of_the_day = (
            {r.table for r in stage(suite.table).reads if r.span is Span.DAY} if suite.declared.against else set()
        )
        plain = {name: how["table"] for name, how in suite.declared.against.items() if set(how) == {"table"}}
        return {n: self._counts[t, day] for n, t in plain.items() if t in of_the_day and (t, day) in self._counts}

    def note(self, name: str, day: date, reported: Metrics) -> None:
        """Keep what a transform reported, for the gate that judges its rows in another process."""
        if reported:
            with self._lock:
                self.measured.append(Measured(name, day, _now(), reported))

    def _noted(self, name: str, day: date) -> Metrics:
        """What was last written down of a table's day: one row per run and table comes to the driver."""
        if not self.lake.exists("quality.summaries"):
            return {}
        stored = self.lake.read("quality.summaries", Span.DAY, day).where(F.col("table_name") == name)
        found: Metrics = {}
        for row in stored.orderBy("judged_at").collect():
            found |= row.metrics
        return found

    def history(self, name: str, day: date) -> list[Metrics]:
        """The metrics of the trailing days of a table that are known, the oldest first."""
        oldest = day - timedelta(days=self.settings.trailing_days)
        with self._lock:
            if self._known_from is None or oldest < self._known_from:
                self._recall(min(oldest, day - timedelta(days=self.lake.window_days)), self._known_from or day)
            known = self._metrics.get(name, {})
            return [known[d] for d in sorted(known) if oldest <= d < day]

    def metric(self, name: str, day: date, metric: str) -> int | None:
        """A count that was measured of a table for a day; None if it was not."""
        found = self._metrics.get(name, {}).get(day, {}).get(metric)
        return None if found is None else int(found)

    def latest(self, name: str, day: date, metric: str, *, before: bool) -> int | None:
        """The same for the latest day up to `day`, or `before` it; 0 if there is none before it."""
        days = [d for d in self._metrics.get(name, {}) if d < day or (d == day and not before)]
        return self.metric(name, max(days), metric) if days else 0 if before else None

    def drain(self) -> tuple[list[Outcome], list[Measured]]:
        """What was seen since the last call."""
        with self._lock:
            seen = self.outcomes[self._written :], self.measured
            self._written, self.measured = len(self.outcomes), []
        return seen

    def _recall(self, first: date, until: date) -> None:
        """What earlier runs measured of the days from `first` to before `until`.

        A few dozen rows per day come to the driver.
        """
        if self.lake.exists("quality.summaries"):
            stored = self.lake.read("quality.summaries", Span.ALL, until).where(
                f"run_date >= '{first}' and run_date < '{until}'"
            )
            for row in stored.orderBy("judged_at").collect():
                self._metrics.setdefault(row.table_name, {}).setdefault(row.run_date, {}).update(row.metrics)
        self._known_from = first

    def _judged(self, suite: Suite, day: date, metrics: Metrics) -> list[Outcome]:
        now = _now()
        return [
            Outcome(
                suite.table,
                day,
                now,
                e.metric,
                e.severity,
                success,
                metrics.get(e.metric),
                e.at_least,
                e.at_most,
                e.reason,
                self._rows_at(suite, day, e.metric),
            )
            for e, success in zip(suite.expectations, suites.judge(suite, [metrics])[0], strict=True)
        ]

    def _rows_at(self, suite: Suite, day: date, metric: str) -> str:
        """Where the rows that a metric is of lie, and a filter that finds them."""
        spec = None if is_landing(suite.table) else table(suite.table)
        filters = [f"{spec.date} = DATE'{day}'"] if spec is not None and spec.date else []
        predicate = suite.declared.rows_where.get(metric) or suite.declared.share_where.get(metric)
        if predicate:
            of_day = in_window(predicate, self.lake.window_days).replace(":day", f"DATE'{day}'")
            filters.append(f"({of_day})")
        if metric.startswith("null_"):
            filters.append(f"{metric.removeprefix('null_')} is null")
        return f"{self._path(suite.table)}{' where ' + ' and '.join(filters) if filters else ''}"

    def _path(self, name: str, rejected: bool = False) -> str:
        if is_landing(name):
            return name
        return rejected_path(self.lake, name) if rejected else self.lake.path(name)

    def _keep_rejected(self, name: str, frame: DataFrame) -> None:
        frame.write.format("delta").mode("overwrite").option("overwriteSchema", "true").save(
            self._path(name, rejected=True)
        )


def rejected_path(lake: Lake, name: str) -> str:
    """Where rows of a table of gold lie that were not published, until the table is next stopped."""
    return f"{lake.uri}/quality/rejected/{name}"


def _message(failed: Sequence[Outcome], path: str) -> str:
    first = failed[0]
    rows_at = path + first.rows_at[first.rows_at.find(" where ") :] if " where " in first.rows_at else path
    others = ", ".join(o.metric for o in failed[1:])
    more = f" (and {len(failed) - 1} more: {others})" if others else ""
    return (
        f"{first.table} of {first.day}: {first}{more}; the rows: {rows_at}; nothing is published for {first.day}, "
        "what was published before stands; docs/operators/gates.md says what to do"
    )


def _plain(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.6g}"


def _now() -> datetime:
    return datetime.now(UTC)

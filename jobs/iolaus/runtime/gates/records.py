"""The records of runs: what each stage made (`quality.runs`), and what its gate saw and said.

Rows written and bytes come from Delta's commits and rows read from the metrics of the gates, so that nothing
is counted again. Rows are added a day at a time, when the day has ended; none is ever replaced.
"""

import json
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from threading import Lock

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.errors import in_short
from iolaus.pipeline import VERDICTS, Read, Span, Stage
from iolaus.runtime.gates.gate import Gate, Measured, Outcome
from iolaus.runtime.lake import Lake
from iolaus.runtime.spark.delta_log import Commit
from iolaus.schemas.codes import WRITTEN
from iolaus.settings import Settings
from iolaus.settings_text import differing


@dataclass
class Made:
    """A stage at work on one day: `run_date` is the date of the run, `day` that of the rows."""

    stage: Stage
    run_date: date
    day: date
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.monotonic)
    commit: Commit | None = None
    landing: dict[str, str] = field(
        default_factory=dict
    )  # the folders of the landing, as they were before it read them
    frame: DataFrame | None = None  # rows of gold, kept from before they are judged until they are written
    held: float | None = None  # by the same clock, since when they wait to be written

    def begins(self) -> None:
        """Say that it begins now, where it waited for another day of its stage."""
        self.began, self.clock = datetime.now(UTC), time.monotonic()

    def holds(self) -> None:
        """Say that its rows wait for the rest of the day."""
        self.held = time.monotonic()

    def goes_on(self) -> None:
        """Say that its rows are written now: the time that they waited is not the stage's."""
        if self.held is not None:
            self.clock, self.held = self.clock + time.monotonic() - self.held, None

    def drop_frame(self) -> None:
        """Free the rows that are kept."""
        if self.frame is not None:
            self.frame.unpersist()
            self.frame = None


@dataclass(frozen=True)
class _Ended:
    made: Made
    seconds: float
    status: str
    error: str | None


class Records:
    """What a run did, until it is written to the lake, and the settings that it did it with."""

    def __init__(self, lake: Lake, gate: Gate, run_id: str, code: str, settings: Settings, key_id: str):
        self._lake, self._gate, self._run_id, self._code, self._settings = lake, gate, run_id, code, settings
        self._made_by = code, settings.digest, key_id
        self._settings_known = False
        self._ended: list[_Ended] = []
        self._lock = Lock()

    def add(self, made: Made, status: str, error: str | None = None) -> None:
        """A stage has ended."""
        with self._lock:
            self._ended.append(_Ended(made, time.monotonic() - made.clock, status, error))

    def flush(self, run_date: date | None = None) -> None:
        """Write down what has ended of the runs of one date, or of all, and what gates have seen: three small commits.

        Settings that no run had before come first, so that a digest in `quality.runs` always leads to values.
        """
        self._record_settings()
        with self._lock:
            kept = [e for e in self._ended if run_date not in (None, e.made.run_date)]
            ended = [e for e in self._ended if run_date in (None, e.made.run_date)]
            self._ended = kept
            outcomes, measured = self._gate.drain()
        self._lake.append("quality.runs", [self._run_row(e) for e in ended])
        self._lake.append("quality.summaries", [self._summary_row(m) for m in measured])
        self._lake.append("quality.results", [self._result_row(o) for o in outcomes])

    def _record_settings(self) -> None:
        """Add the settings to `quality.settings` unless they are there.

        Two runs at once may both add them; that does no harm.
        """
        if self._settings_known:
            return
        name, digest = "quality.settings", self._settings.digest
        if (
            not self._lake.exists(name)
            or not self._lake.read(name, Span.ALL, date.max).where(F.col("digest") == digest).count()
        ):
            values = json.dumps(self._settings.values(), sort_keys=True)
            differ = sorted({name for name, _, _ in differing(self._settings)})
            self._lake.append(name, [(digest, datetime.now(UTC), self._run_id, self._code, values, differ)])
        self._settings_known = True

    def last_writer(self, name: str, day: date) -> str | None:
        """The run that last wrote a table's day, as recorded; None if none is. A row a run comes to the driver."""
        if not self._lake.exists("quality.runs"):
            return None
        runs = self._lake.read("quality.runs", Span.DAY, day).where(
            (F.col("table_name") == name) & (F.col("made_date") == F.lit(day)) & (F.col("status") == WRITTEN)
        )
        last = runs.agg(F.max_by("run_id", "began_at")).first()
        return None if last is None else last[0]

    def rescue(self) -> None:
        """Write down what can be after a failure, which stays the error that is raised."""
        try:
            self.flush()
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not hide what it comes after
            sys.stderr.write(f"iolaus: the records of this run are not in quality/ ({in_short(error)})\n")

    def _run_row(self, ended: _Ended) -> tuple[object, ...]:
        made, commit = ended.made, ended.made.commit
        rows_in = [self._rows_in(read, made.day) for read in made.stage.reads]
        return (
            made.run_date,
            self._run_id,
            made.stage.table,
            made.day,
            made.began,
            round(ended.seconds, 3),
            ended.status,
            None if None in rows_in else sum(n or 0 for n in rows_in),
            commit and commit.rows,
            commit and commit.size,
            commit and commit.version,
            *self._made_by,
            ended.error,
        )

    def _rows_in(self, read: Read, day: date) -> int | None:
        """Rows that a stage of `day` read of a table; None if they were not measured."""
        metric = self._gate.metric
        if read.table == "landing.exchanges":
            accepted, rejected = (
                metric("bronze.exchanges", day, "rows"),
                metric("quality.quarantine", day, "rejected_exchanges"),
            )
            return None if accepted is None or rejected is None else accepted + rejected
        if read.table == VERDICTS:
            return self._verdicts()
        if read.span is Span.EARLIER:
            return 0  # identities alone are read of what arrived before
        if read.span is Span.DAY:
            return metric(read.table, day, "rows")
        if read.span is Span.WINDOW:
            known = [metric(read.table, day - timedelta(days=back), "rows") for back in range(self._lake.window_days)]
            return sum(n for n in known if n is not None) if known[0] is not None else None
        return self._gate.latest(read.table, day, "rows", before=read.span is Span.PREVIOUS)

    def _verdicts(self) -> int:
        """The number of verdicts given so far, from Delta's log.

        No gate sees them, because analysts append them between runs.
        """
        return self._lake.read(VERDICTS, Span.ALL, date.max).count() if self._lake.exists(VERDICTS) else 0

    def _result_row(self, o: Outcome) -> tuple[object, ...]:
        run = (o.day, self._run_id, o.judged_at, o.table)
        return (*run, o.metric, o.severity, o.success, o.observed, o.at_least, o.at_most, o.reason, o.rows_at)

    def _summary_row(self, m: Measured) -> tuple[object, ...]:
        return (
            m.day,
            self._run_id,
            m.judged_at,
            m.table,
            {name: value for name, value in m.metrics.items() if value is not None},
        )

"""The shell: reads what a stage reads, calls its transform, writes its table. All input and output is here."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib import import_module
from threading import Lock
from typing import Any
from uuid import uuid4

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from iolaus.engine.measured import told
from iolaus.errors import GateError, in_short
from iolaus.pipeline import STAGES, Grain, Read, Span, Stage, is_landing, stage
from iolaus.runtime.failures import lost_rows
from iolaus.runtime.gates import suites
from iolaus.runtime.gates.gate import Gate, Outcome
from iolaus.runtime.gates.records import FAILED, STOPPED, WRITTEN, Made, Records
from iolaus.runtime.inputs import Inputs
from iolaus.runtime.journal import Journal
from iolaus.runtime.lake import Commit, Lake
from iolaus.runtime.landing import Landing
from iolaus.runtime.order import GOLD, PUBLISHER, Task, alone, order, schedule
from iolaus.runtime.spark.class_loader import share
from iolaus.runtime.spark.sized_cache import is_small
from iolaus.settings import Key, Run, Settings
from iolaus.version import code_version


@dataclass(frozen=True)
class Event:
    """A stage that began or ended: for the progress display."""

    stage: str
    day: date
    done: bool
    seconds: float = 0.0


QUARANTINE = "quality.quarantine"  # the one table that names the files that could not be read to their end
TRIES = 3  # of a stage: after executors were lost with rows that it kept there, or unreadable files were found


@dataclass
class Runner:
    """Runs stages against one landing and one lake.

    `on_event` is told when each stage begins and ends, from the thread that ran it. A landing is needed only
    by stages that read it. `threads` stages run at a time. Each table is judged by its gate when it is made, gold
    before it is written; `gated` False leaves that out, to measure what it costs. `journal` is given a line an event.
    """

    spark: SparkSession
    lake_uri: str
    settings: Settings
    key: Key
    landing_uri: str | None = None
    on_event: Callable[[Event], None] = lambda _event: None
    threads: int = 5
    gated: bool = True
    journal: Journal = field(default_factory=Journal)

    def __post_init__(self) -> None:
        self.run_id = uuid4().hex[:12]
        metadata = f"run_id={self.run_id} code={code_version()} settings={self.settings.digest} key={self.key.key_id}"
        self.lake = Lake(self.spark, self.lake_uri, self.settings.window_days, metadata)
        self.lake.check_format()
        self._inputs = Inputs(self.lake, Landing(self.spark, self.landing_uri) if self.landing_uri else None)
        self._unpublished: dict[date, dict[str, Made]] = {}  # gold of a day that has passed its gates
        self._by_themselves: set[date] = set()  # days of events that no other day of the run makes too
        self._lock = Lock()
        self.journal.run_id = self.run_id
        self.gate = Gate(self.lake, self.settings.quality, self._on_outcome)
        self._records = Records(self.lake, self.gate, self.run_id, (code_version(), self.settings.digest, self.key.key_id))

    def run(self, days: Sequence[date], *, last_only: bool = False) -> dict[date, list[date]]:
        """Every stage, for each day in order. Returns, for each day, the earlier days whose exchanges arrived on it.

        Undated snapshots are taken once. A day's tables are replaced; nothing else is touched. With `last_only`,
        exchanges of all days are loaded and sketched, and only the last day is searched and published.
        Without a landing, everything is made from bronze.
        Raises GateError if a gate stopped a day: nothing of that day, or of a later one, is published.
        """
        self.work(schedule(days, last_only=last_only, from_bronze=self.landing_uri is None))
        return {day: [d for d in self.event_days(day) if d != day] for day in days}

    def work(self, planned: Sequence[tuple[date, Sequence[Stage]]]) -> None:
        """The stages of each day; `run` says which, and what it raises.

        A stage begins as soon as `order` lets it, the oldest first, a few at a time: most of a small stage's time is
        planning and committing on the driver, during which cores are idle. After a failure nothing new begins; what
        runs is waited for. A gate that stops a day lets earlier days end. A day's gold is written when all of it has passed.
        """
        self.lake.mark_format()
        self._inputs.keeps, self._by_themselves = True, alone(planned)
        days = sorted({str(day) for day, _ in planned})
        self.journal.write("run_begins", days=days, code=code_version(), settings=self.settings.digest)
        try:
            self._work_off(order(planned))
        except BaseException as error:
            self.journal.write("run_fails", error=in_short(error))
            self._records.rescue()
            raise
        finally:
            self._inputs.keeps, self._by_themselves = False, set()
            self._forget()
        self._records.flush()
        self.journal.write("run_ends", not_held=sum(1 for o in self.gate.outcomes if not o.success))

    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.threads, initializer=share, initargs=(self.spark,))

    def _work_off(self, waits: dict[Task, set[Task]]) -> None:
        waiting, written, running = list(waits), set[Task](), dict[Future[None], Task]()
        stopped: dict[date, GateError] = {}
        with self._pool() as pool:
            while waiting or running:
                ready = [task for task in waiting if waits[task] <= written]
                for day, table in ready[: self.threads - len(running)]:
                    waiting.remove((day, table))
                    running[pool.submit(self._run_stage, stage(table), day)] = day, table
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    day, table = running.pop(future)
                    error = future.exception()
                    if isinstance(error, GateError):
                        stopped.setdefault(day, error)
                        waiting = [task for task in waiting if task[0] < min(stopped)]
                    elif error is not None:
                        waiting.clear()
                        wait(running)
                        raise error
                    else:
                        written.add((day, table))
                    if all(d != day for d, _ in [*waiting, *running.values()]):
                        self._forget(day)
                        self._records.flush(day)
        if stopped:
            raise stopped[min(stopped)]

    def run_stage(self, stage: Stage, day: date) -> None:
        """One stage for one date, on its own; rows of gold are judged before they are written, others by `check`.

        Of a stage of events, the date and each earlier date that arrivals touch. Raises GateError as `run` does.
        """
        self.lake.mark_format()
        try:
            self._run_stage(stage, day)
        except BaseException:
            self._records.rescue()
            raise
        self._records.flush()

    def check(self, names: Sequence[str], day: date) -> None:
        """Judge what the lake, or the landing, holds of tables for a date, and write the results down.

        Of a stage of events, the days that `run_stage` makes. Raises GateError, of the first that failed, when all are judged.
        """
        stopped: list[GateError] = []
        for name in names:
            made = None if is_landing(name) else stage(name)
            try:
                if made is None:
                    self.gate.check(name, [day], self._inputs.read(Read(name, Span.ALL), day), {})
                elif made.grain is Grain.EVENT:
                    self._check_events(made, self.event_days(day))
                else:
                    self._check(made, day, self.lake.read(name, Span.DAY, day), self._beside(made, day), many=True)
            except GateError as error:
                stopped.append(error)
        self._records.flush()
        if stopped:
            raise stopped[0]

    def _run_stage(self, stage: Stage, day: date) -> None:
        began = time.monotonic()
        self._describe(f"{stage.table} {day}")
        self.on_event(Event(stage.table, day, done=False))
        self.journal.write("stage_begins", table=stage.table, day=day)
        days = self._days_to_make(day) if stage.grain is Grain.EVENT else [day]
        for made in days:
            commit = self._make(stage, made, day)
            if commit is not None and self._inputs.keeps:
                self._inputs.left(stage, day, commit.version)
        if self._inputs.keeps and stage.grain is Grain.EVENT:
            self._judge_events(stage, days, day)
        if self._inputs.keeps and stage.table == PUBLISHER:
            self._publish(day)
        self.on_event(Event(stage.table, day, done=True, seconds=time.monotonic() - began))
        self.journal.write("stage_ends", table=stage.table, day=day, seconds=round(time.monotonic() - began, 3))

    def _describe(self, work: str) -> None:
        """Name this thread's jobs in Spark's UI and event log; as their call sites too, for which Spark else walks its stack each time."""
        self.spark.sparkContext.setJobDescription(work)
        for form in ("short", "long"):
            self.spark.sparkContext.setLocalProperty(f"callSite.{form}", work)

    def event_days(self, day: date) -> list[date]:
        """The days in the window that have exchanges which arrived on `day`, and `day` itself, in order."""
        arrived = self.lake.read("bronze.exchanges", Span.DAY, day).select("happened_on").distinct().collect()  # days: a handful
        oldest = day - timedelta(days=self.settings.window_days - 1)
        return sorted({day} | {row[0] for row in arrived if oldest <= row[0] <= day})

    def _days_to_make(self, day: date) -> list[date]:
        return [d for d in self.event_days(day) if d == day or d not in self._by_themselves]

    def _make(self, stage: Stage, day: date, run_date: date) -> Commit | None:
        """Make a day of a table; returns what was written, of gold nothing yet."""
        made = Made(stage, run_date, day)
        try:
            self._try(made)
            return made.commit
        except BaseException as error:
            made.drop_frame()
            self._ended(made, STOPPED if isinstance(error, GateError) else FAILED, in_short(error))
            raise

    def _try(self, made: Made) -> None:
        """Make a day of a table, again where executors were lost with rows, or files turned out to be unreadable."""
        stage, day = made.stage, made.day
        for tries in range(1, TRIES + 1):
            try:
                self._attempt(made)
            except (Py4JJavaError, PySparkException) as error:
                made.drop_frame()
                if tries == TRIES or not (lost_rows(error) or self._inputs.find_unreadable(stage, day)):
                    raise
            else:
                if stage.table != QUARANTINE or not self._inputs.find_passed_over(stage, day):
                    return

    def _attempt(self, made: Made) -> None:
        stage, day = made.stage, made.day
        transform = import_module(f"iolaus.{stage.table}").transform
        reads = {read.name: self._inputs.read(read, day, watched=stage.table == QUARANTINE) for read in stage.reads}
        inputs = {read.table: reads[read.name] for read in stage.reads}
        whole_run = self._inputs.keeps  # else a scheduler judges, with `check`, what is not published by the stage itself
        if whole_run and self.gated and stage.layer == "bronze":
            for name in (name for name in inputs if is_landing(name) and suites.exists(name)):
                self.gate.check(name, [day], inputs[name], {})
        rows: DataFrame = transform(**reads, run=Run(day, self.settings, self.key, self.run_id))
        if stage.layer != GOLD:
            held = self._inputs.held(stage, day, rows)
            self._write(made, held.rows if held else rows)
            if whole_run and stage.grain is not Grain.EVENT:
                size = made.commit.size if made.commit else None
                kept = self._inputs.keep(stage, day, held, size)
                self._check(stage, day, kept, inputs, told=told(rows), many=stage.grain is Grain.ARRIVAL or not is_small(size))
            elif not whole_run:
                self.gate.note(stage.table, day, told(rows))
            return
        made.frame = rows.persist()
        self._check(stage, day, made.frame, inputs, published=True)
        if whole_run:
            with self._lock:
                self._unpublished.setdefault(day, {})[stage.table] = made
        else:
            self._write(made, made.frame)
            made.drop_frame()

    def _check(self, stage: Stage, day: date, rows: DataFrame, inputs: Mapping[str, DataFrame], **how: Any) -> None:
        if self.gated and suites.exists(stage.table):
            self.gate.check(stage.table, [day], rows, inputs, **how)

    def _judge_events(self, stage: Stage, days: Sequence[date], run_date: date) -> None:
        """Judge the days that a run has made of a table of events, all together."""
        try:
            self._check_events(stage, days)
        except GateError as error:
            for day in error.days:
                self._ended(Made(stage, run_date, day), STOPPED, in_short(error))
            raise

    def _check_events(self, stage: Stage, days: Sequence[date]) -> None:
        if self.gated and suites.exists(stage.table):
            inputs = {read.table: self.lake.read_events(read.table, days) for read in stage.reads}
            self.gate.check(stage.table, days, self.lake.read_events(stage.table, days), inputs, many=True)

    def _beside(self, stage: Stage, day: date) -> dict[str, DataFrame]:
        """Of what a stage reads, the tables that its rows are judged against."""
        tables = {how["table"] for how in suites.suite(stage.table).declared.against.values()}
        return {r.table: self.lake.read(r.table, r.span, day) for r in stage.reads if r.table in tables}

    def _write(self, made: Made, rows: DataFrame) -> None:
        made.commit = self.lake.write(made.stage.table, rows, made.day)
        self._ended(made, WRITTEN)

    def _publish(self, day: date) -> None:
        """Write the day's gold, all of which has passed, one commit a table; the ranking last."""
        with self._lock:
            held = self._unpublished.pop(day)
        *beside, last = (held[s.table] for s in STAGES if s.table in held)
        with self._pool() as pool:
            list(pool.map(self._publish_table, beside))
        self._publish_table(last)

    def _publish_table(self, made: Made) -> None:
        assert made.frame is not None
        self._describe(f"publishing {made.stage.table} {made.day}")
        self._write(made, made.frame)
        made.drop_frame()
        self.journal.write("published", table=made.stage.table, day=made.day, rows=made.commit and made.commit.rows)

    def _ended(self, made: Made, status: str, error: str | None = None) -> None:
        self._records.add(made, status, error)
        if error:
            self.journal.write("stage_fails", table=made.stage.table, day=made.day, status=status, error=error)

    def _on_outcome(self, outcome: Outcome) -> None:
        if not outcome.success:
            self.journal.write(
                "expectation_fails",
                table=outcome.table,
                day=outcome.day,
                severity=outcome.severity,
                said=str(outcome),
                rows_at=outcome.rows_at,
            )

    def _forget(self, day: date | None = None) -> None:
        """Free what is kept in memory of a day, or of all."""
        self._inputs.forget(day)
        with self._lock:
            dropped = [self._unpublished.pop(of) for of in list(self._unpublished) if day in (None, of)]
        for made in (made for held in dropped for made in held.values()):
            made.drop_frame()

    def other_keys(self, day: date) -> list[date]:
        """The days of the window whose exchanges were pseudonymised under another key. Reads the statistics of one column."""
        others = self.lake.read("silver.exchanges", Span.WINDOW, day).where(F.col("key_id") != self.key.key_id)
        return sorted(row[0] for row in others.select("happened_on").distinct().collect())

    def ranking(self, day: date) -> list[dict[str, object]]:
        """The published clusters of a date, worst first: at most 100 rows come to the driver."""
        rows = self.lake.read("gold.suspect_clusters", Span.DAY, day).orderBy(F.col("rank")).limit(100).collect()
        return [row.asDict(recursive=True) for row in rows]

    def counts(self, day: date) -> dict[str, int]:
        """What the run of a date held, for its closing line."""
        active = self.lake.read("features.account_embeddings", Span.DAY, day).agg(F.count(F.lit(1)), F.sum("n_exchanges")).first()
        assert active is not None
        return {
            "accounts": active[0] or 0,
            "exchanges in the window": active[1] or 0,
            "clusters on the watchlist": self.lake.read("gold.watchlist", Span.DAY, day).count(),
            "rows in quarantine on the date": self.lake.read("quality.quarantine", Span.DAY, day).count(),
        }

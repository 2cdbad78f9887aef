"""The shell: reads what a stage reads, calls its transform, writes its table. All input and output is here."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from threading import Lock
from uuid import uuid4

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import jobs
from jobs.errors import RunError, UsageError
from jobs.pipeline import STAGES, Grain, Span, Stage, is_landing, stage
from jobs.runtime.failures import lost_rows
from jobs.runtime.lake import Lake
from jobs.runtime.landing import Landing, Unreadable
from jobs.settings import Key, Run, Settings


@dataclass(frozen=True)
class Event:
    """A stage that began or ended: for the progress display and the log."""

    stage: str
    day: date
    done: bool
    seconds: float = 0.0


def schedule(days: Sequence[date], *, last_only: bool = False) -> list[tuple[date, list[Stage]]]:
    """The stages that `Runner.run` runs for each day."""
    planned = []
    for number, day in enumerate(days):
        passed = ({Grain.SNAPSHOT} if number else set()) | ({Grain.RUN} if last_only and day != days[-1] else set())
        planned.append((day, [s for s in STAGES if s.grain not in passed]))
    return planned


# What four and more stages of a day read: a run keeps it in memory for that day.
_READERS = Counter((read.table, read.span) for made in STAGES for read in made.reads if read.span is Span.DAY)
_OFTEN_READ = {read for read, readers in _READERS.items() if readers >= 4}

ABREAST = 4  # days of which stages run at a time: the last stages of a day are small, and leave cores idle
QUARANTINE = "quality.quarantine"  # the one table that names the files that could not be read to their end
TRIES = 3  # of a stage: after executors were lost with rows that it kept there, or unreadable files were found
Task = tuple[date, str]  # a day and the table that is made for it


def order(planned: Sequence[tuple[date, Sequence[Stage]]]) -> dict[Task, set[Task]]:
    """What each stage of each day waits for, oldest first, so that days overlap and each sees what it would see alone.

    A stage waits for what it reads; for its own table of the day before; where it may change rows that the day
    before reads, for those readers; and for all that is older than `ABREAST` days, so that a crash leaves few unfinished.
    """
    waits: dict[Task, set[Task]] = {}
    made_on: list[dict[str, date]] = []  # of the days abreast, the oldest first
    older: dict[str, date] = {}  # the last day before those for which each table was made
    for day, stages in planned:
        latest = {table: of for tables in made_on for table, of in tables.items()}
        ours = {s.table for s in stages}
        for made in stages:
            wanted = {made.table, *(r.table for r in made.reads), *(t for t in latest if _disturbs(made, stage(t)))}
            waits[day, made.table] = {(d, t) for t, d in older.items()} | {(d, t) for t, d in latest.items() if t in wanted}
            waits[day, made.table] |= {(day, t) for t in made.upstream if t in ours}
        made_on.append({s.table: day for s in stages})
        if len(made_on) == ABREAST or not older:  # the first day runs alone: what it compiles, the others run
            older |= made_on.pop(0)
    return waits


# The spans of a reader that a stage changes for it when it makes a later day, by how far back the stage writes.
_DISTURBED = {
    Grain.SNAPSHOT: {Span.ALL},
    Grain.ARRIVAL: {Span.ALL, Span.ARRIVED},
    Grain.EVENT: {Span.ALL, Span.DAY, Span.WINDOW},
    Grain.RUN: {Span.ALL},
}


def _disturbs(made: Stage, reader: Stage) -> bool:
    """Whether making a table for a day changes what a stage of an earlier day reads."""
    return any(r.table == made.table and r.span in _DISTURBED[made.grain] for r in reader.reads)


@dataclass
class Runner:
    """Runs stages against one landing and one lake.

    `on_event` is told when each stage begins and ends, from the thread that ran it. A landing is needed only
    by stages that read it. `threads` stages run at a time.
    """

    spark: SparkSession
    lake_uri: str
    settings: Settings
    key: Key
    landing_uri: str | None = None
    on_event: Callable[[Event], None] = lambda _event: None
    threads: int = 5

    def __post_init__(self) -> None:
        self.run_id = uuid4().hex[:12]
        metadata = f"run_id={self.run_id} code={jobs.__version__} settings={self.settings.digest} key={self.key.key_id}"
        self.lake = Lake(self.spark, self.lake_uri, self.settings.window_days, metadata)
        self._landing = Landing(self.spark, self.landing_uri) if self.landing_uri else None
        self._keeps = False
        self._kept: dict[tuple[str, date], DataFrame] = {}
        self._lock = Lock()
        self._unreadable: dict[tuple[str, date], list[Unreadable]] = {}

    def run(self, days: Sequence[date], *, last_only: bool = False) -> dict[date, list[date]]:
        """Every stage, for each day in order. Returns, for each day, the earlier days whose exchanges arrived on it.

        Undated snapshots are taken once. A day's tables are replaced; nothing else is touched. With `last_only`,
        exchanges of all days are loaded and sketched, and only the last day is searched and published.

        A stage begins as soon as `order` lets it, the oldest first, a few at a time: most of a small stage's time is
        planning and committing on the driver, during which cores are idle. After a failure nothing new begins; what
        runs is waited for.
        """
        self._keeps = True
        try:
            self._work_off(order(schedule(days, last_only=last_only)))
        finally:
            self._keeps = False
            self._forget()
        return {day: [d for d in self.event_days(day) if d != day] for day in days}

    def _work_off(self, waits: dict[Task, set[Task]]) -> None:
        waiting, written, running = list(waits), set[Task](), dict[Future[None], Task]()
        with ThreadPoolExecutor(self.threads) as pool:
            while waiting or running:
                ready = [task for task in waiting if waits[task] <= written]
                for day, table in ready[: self.threads - len(running)]:
                    waiting.remove((day, table))
                    running[pool.submit(self.run_stage, stage(table), day)] = day, table
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    day, table = running.pop(future)
                    written.add((day, table))
                    if all(d != day for d, _ in [*waiting, *running.values()]):
                        self._forget(day)
                    error = future.exception()
                    if error is not None:
                        waiting.clear()
                        wait(running)
                        raise error

    def run_stage(self, stage: Stage, day: date) -> None:
        """One stage for one date: for a stage of events, the date and each earlier date that arrivals touch."""
        began = time.monotonic()
        self.spark.sparkContext.setJobDescription(f"{stage.table} {day}")  # of this thread's jobs, in Spark's UI and event log
        self.on_event(Event(stage.table, day, done=False))
        for made in self.event_days(day) if stage.grain is Grain.EVENT else [day]:
            self._make(stage, made)
        self.on_event(Event(stage.table, day, done=True, seconds=time.monotonic() - began))

    def event_days(self, day: date) -> list[date]:
        """The days in the window that have exchanges which arrived on `day`, and `day` itself, in order."""
        arrived = self.lake.read("bronze.exchanges", Span.DAY, day).select("happened_on").distinct().collect()  # days: a handful
        oldest = day - timedelta(days=self.settings.window_days - 1)
        return sorted({day} | {row[0] for row in arrived if oldest <= row[0] <= day})

    def _make(self, stage: Stage, day: date) -> None:
        for tries in range(1, TRIES + 1):
            try:
                self._attempt(stage, day)
            except (Py4JJavaError, PySparkException) as error:
                if tries == TRIES or not (lost_rows(error) or self._find_unreadable(stage, day)):
                    raise
            else:
                if stage.table != QUARANTINE or not self._find_passed_over(stage, day):
                    return

    def _attempt(self, stage: Stage, day: date) -> None:
        transform = import_module(f"jobs.{stage.table}").transform
        inputs = [self._read(read.table, read.span, day, watched=stage.table == QUARANTINE) for read in stage.reads]
        made: DataFrame = transform(*inputs, Run(day, self.settings, self.key))
        self.lake.write(stage.table, made, day)

    def _read(self, name: str, span: Span, day: date, *, watched: bool = False) -> DataFrame:
        if not is_landing(name):
            return self._kept_in_memory(name, day) if self._keeps and (name, span) in _OFTEN_READ else self.lake.read(name, span, day)
        folder, landing = name.split(".")[1], self._needed_landing(name)
        if folder == "exchanges" and not landing.has(day) and self.lake.read("bronze.exchanges", Span.DAY, day).limit(1).count():
            raise RunError(
                f"the landing has no folder exchanges/dt={day} any more, but bronze has exchanges that arrived then: nothing was changed, "
                "for a run would drop them; bring the folder back, or make later tables of the day with: iolaus job TABLE --date "
                f"{day}"
            )
        return landing.lines(folder, day, self._unreadable.get((folder, day), ()), watched=watched)

    def _kept_in_memory(self, name: str, day: date) -> DataFrame:
        """A table that many stages of a day read: it is found in the lake and decoded once. It spills to disk where it must."""
        with self._lock:
            if (name, day) not in self._kept:
                self._kept[name, day] = self.lake.read(name, Span.DAY, day).persist()
            return self._kept[name, day]

    def _forget(self, day: date | None = None) -> None:
        """Free what is kept in memory of a day, or of all."""
        with self._lock:
            for key in [key for key in self._kept if day in (None, key[1])]:
                self._kept.pop(key).unpersist()

    def _needed_landing(self, name: str) -> Landing:
        if self._landing is None:
            raise UsageError(f"{name} is read from the landing; name its folder with --landing")
        return self._landing

    def _find_unreadable(self, stage: Stage, day: date) -> bool:
        """After a failure: look for files of the stage's landing folders that cannot be read; whether there are new ones."""
        found = False
        for read in stage.reads:
            if not is_landing(read.table):
                continue
            folder = read.table.split(".")[1]
            broken = self._needed_landing(read.table).unreadable(folder, day)
            if broken != self._unreadable.get((folder, day), []):
                self._unreadable[folder, day] = broken
                found = True
        return found

    def _find_passed_over(self, stage: Stage, day: date) -> bool:
        """After the quarantine was written: whether lines were too long to hold, which it has still to say of their files."""
        found = False
        for folder in (r.table.split(".")[1] for r in stage.reads if is_landing(r.table)):
            known = self._unreadable.get((folder, day), [])
            new = [u for u in self._needed_landing(stage.table).passed_over(folder, day) if u.file not in {k.file for k in known}]
            self._unreadable[folder, day] = [*known, *new]
            found |= bool(new)
        return found

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

"""The shell: reads what a stage reads, calls its transform, writes its table. All input and output is here."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from uuid import uuid4

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import jobs
from jobs.errors import UsageError
from jobs.pipeline import STAGES, Grain, Span, Stage, is_landing
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


@dataclass
class Runner:
    """Runs stages against one landing and one lake.

    `on_event` is told when each stage begins and ends, from the thread that ran it. A landing is needed only
    by stages that read it. `threads` stages of a day run at a time.
    """

    spark: SparkSession
    lake_uri: str
    settings: Settings
    key: Key
    landing_uri: str | None = None
    on_event: Callable[[Event], None] = lambda _event: None
    threads: int = 3

    def __post_init__(self) -> None:
        self.run_id = uuid4().hex[:12]
        metadata = f"run_id={self.run_id} code={jobs.__version__} settings={self.settings.digest} key={self.key.key_id}"
        self.lake = Lake(self.spark, self.lake_uri, self.settings.window_days, metadata)
        self._landing = Landing(self.spark, self.landing_uri) if self.landing_uri else None
        self._unreadable: dict[tuple[str, date], list[Unreadable]] = {}

    def run(self, days: Sequence[date], *, last_only: bool = False) -> dict[date, list[date]]:
        """Every stage, for each day in order. Returns, for each day, the earlier days whose exchanges arrived on it.

        Undated snapshots are taken once. A day's tables are replaced; nothing else is touched. With `last_only`,
        exchanges of all days are loaded and sketched, and only the last day is searched and published.
        """
        touched: dict[date, list[date]] = {}
        for day, stages in schedule(days, last_only=last_only):
            self._run_day(stages, day)
            touched[day] = [d for d in self.event_days(day) if d != day]
        return touched

    def _run_day(self, stages: Sequence[Stage], day: date) -> None:
        """The stages of one day, each as soon as what it needs is written, a few at a time.

        Most of a small stage's time is planning and committing on the driver, during which cores are idle.
        After a failure nothing new begins; what runs is waited for.
        """
        waiting, written, running = list(stages), set[str](), dict[Future[None], Stage]()
        ours = {s.table for s in stages}
        with ThreadPoolExecutor(self.threads) as pool:
            while waiting or running:
                ready = [s for s in waiting if all(t in written or t not in ours for t in s.upstream)]
                for stage in ready[: self.threads - len(running)]:
                    waiting.remove(stage)
                    running[pool.submit(self.run_stage, stage, day)] = stage
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    written.add(running.pop(future).table)
                    error = future.exception()
                    if error is not None:
                        waiting.clear()
                        wait(running)
                        raise error

    def run_stage(self, stage: Stage, day: date) -> None:
        """One stage for one date: for a stage of events, the date and each earlier date that arrivals touch."""
        began = time.monotonic()
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
        try:
            self._attempt(stage, day)
        except (Py4JJavaError, PySparkException):
            if not self._find_unreadable(stage, day):
                raise
            self._attempt(stage, day)

    def _attempt(self, stage: Stage, day: date) -> None:
        transform = import_module(f"jobs.{stage.table}").transform
        inputs = [self._read(read.table, read.span, day) for read in stage.reads]
        made: DataFrame = transform(*inputs, Run(day, self.settings, self.key))
        self.lake.write(stage.table, made, day)

    def _read(self, name: str, span: Span, day: date) -> DataFrame:
        if not is_landing(name):
            return self.lake.read(name, span, day)
        folder = name.split(".")[1]
        return self._needed_landing(name).lines(folder, day, self._unreadable.get((folder, day), ()))

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

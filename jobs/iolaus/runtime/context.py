"""What every stage of a run works with, and what those who watch a run are told."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

from pyspark.sql import DataFrame

from iolaus.pipeline import Stage
from iolaus.runtime.gates import suites
from iolaus.runtime.gates.gate import Gate
from iolaus.runtime.gates.records import Records
from iolaus.runtime.journal import Journal
from iolaus.runtime.lake import Lake
from iolaus.runtime.spark.class_loader import share
from iolaus.runtime.spark.jobs import describe
from iolaus.settings import Key, Settings


@dataclass(frozen=True)
class Event:
    """A stage that began or ended, for who watches a run.

    Of one that ended: how long it took, the rows and bytes that it wrote (None: gold is written later), and why it
    failed, if it did.
    """

    stage: str
    day: date
    done: bool
    seconds: float = 0.0
    rows: int | None = None
    size: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class Context:
    """What every stage of a run works with: the lake, its gates and records, and what transforms may know."""

    lake: Lake
    settings: Settings
    key: Key
    run_id: str
    gate: Gate
    gated: bool
    records: Records
    journal: Journal
    on_event: Callable[[Event], None]
    made_by: tuple[str, str, str]  # `Receipt.by`: version of the code, digest of what rows depend on, id of the key

    def check(self, stage: Stage, day: date, rows: DataFrame, inputs: Mapping[str, DataFrame], **how: Any) -> None:
        """Judge the rows of a table for a day. Raises GateError."""
        if self.gated and suites.exists(stage.table):
            self.gate.check(stage.table, day, rows, inputs, **how)

    def arrivals(self, stage: Stage, day: date) -> list[date]:
        """The days of arrival that a stage makes for `day`: itself and, of what is redone, later ones, in order."""
        return [day, *self.lake.later_arrivals(day)] if stage.is_redone else [day]

    def describe(self, work: str) -> None:
        """Name this thread's jobs in Spark's UI and event log."""
        describe(self.lake.spark, work)

    def pool(self, threads: int) -> ThreadPoolExecutor:
        """Threads that plan and run stages."""
        return ThreadPoolExecutor(threads, initializer=share, initargs=(self.lake.spark,))

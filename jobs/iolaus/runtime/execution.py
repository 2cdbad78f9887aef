"""A stage at work: read what it reads, call its transform, write its table, have its gate judge it.

There are two modes. In a whole run (`WholeRun`) stages hand rows to each other in memory, each is judged as it is made,
and gold is held back until all of the day has passed. A single stage (`SingleStage`), as a scheduler may call it, reads
and writes the lake alone: gold is judged before it is written, everything else afterwards, by a task of the gate's own.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, date, datetime
from importlib import import_module

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame

from iolaus.engine.measured import reported
from iolaus.errors import GateError, in_short
from iolaus.pipeline import Grain, Stage, is_landing
from iolaus.runtime.context import Context, Event
from iolaus.runtime.failures import lost_rows
from iolaus.runtime.gates import suites
from iolaus.runtime.gates.records import Made
from iolaus.runtime.inputs import Inputs
from iolaus.runtime.publisher import Publisher
from iolaus.runtime.receipts import Receipt
from iolaus.runtime.receipts import made as key
from iolaus.runtime.scheduler import GOLD, PUBLISHER, Task
from iolaus.runtime.spark.errors import Py4JJavaError
from iolaus.runtime.spark.sized_cache import is_small
from iolaus.schemas.codes import FAILED, STOPPED, WRITTEN
from iolaus.settings import Run

SCORES = "scoring.clusters"
QUARANTINE = "quality.quarantine"  # the one table that names the files that could not be read to their end
TRIES = 3  # of a stage: after executors were lost with rows that it kept there, or unreadable files were found


class Execution(ABC):
    """Runs stages, one call a stage and date. What the two modes do differently is theirs to say."""

    def __init__(self, of: Context, inputs: Inputs):
        self._of, self._inputs = of, inputs

    def run(self, stage: Stage, day: date) -> None:
        """One stage for one date, and for each later arrival that is made again.

        Raises GateError if a gate stops it.
        """
        began = time.monotonic()
        self._of.describe(f"{stage.table} {day}")
        self._of.on_event(Event(stage.table, day, done=False))
        self._of.journal.write("stage_begins", table=stage.table, day=day)
        works: list[Made] = []
        try:
            works += [Made(stage, day, of) for of in self._days(stage, day)]
            for made in works:
                made.begins()
                self._make(made)
            self._ends(stage, day)
        except BaseException as error:
            seconds = time.monotonic() - began
            self._of.on_event(Event(stage.table, day, done=True, seconds=seconds, error=in_short(error)))
            raise
        seconds, commits = time.monotonic() - began, [made.commit for made in works if made.commit]
        rows, size = (sum(n) if n else None for n in ([c.rows or 0 for c in commits], [c.size or 0 for c in commits]))
        self._of.on_event(Event(stage.table, day, done=True, seconds=seconds, rows=rows, size=size))
        self._of.journal.write("stage_ends", table=stage.table, day=day, seconds=round(seconds, 3))

    def _days(self, stage: Stage, day: date) -> list[date]:
        """The days that a stage makes for a date."""
        return self._of.arrivals(stage, day)

    @abstractmethod
    def _deliver(self, made: Made, rows: DataFrame, inputs: Mapping[str, DataFrame]) -> None:
        """Write what a transform made, or hold it back, and judge it. Raises GateError."""

    def _before(self, stage: Stage, day: date, inputs: Mapping[str, DataFrame]) -> None:  # noqa: B027
        """What is done with the inputs of a stage, if anything, before its transform is called."""

    def _ends(self, stage: Stage, run_date: date) -> None:  # noqa: B027
        """What is done, if anything, when a stage is made."""

    def _make(self, made: Made) -> None:
        """Make a day of a table; a failure is recorded."""
        try:
            self._try(made)
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
        made.landing = self._inputs.landing_states(stage, day)
        transform = import_module(f"iolaus.{stage.table}").transform
        reads = {read.name: self._inputs.read(read, day, watched=stage.table == QUARANTINE) for read in stage.reads}
        inputs = {read.table: reads[read.name] for read in reversed(stage.reads)}  # of a table read twice, the first
        self._before(stage, day, inputs)
        rows: DataFrame = transform(**reads, run=Run(day, self._of.settings, self._of.key, self._run_id(stage, day)))
        self._deliver(made, rows, inputs)

    def _run_id(self, stage: Stage, day: date) -> str:
        """The run that rows of a table are said to be of.

        Gold may be made table by table, or apart from what it is made of, each by a process of its own: what belongs
        together was scored by one run. Its receipt says which; a single stage leaves none, and its record says it.
        """
        if stage.layer != GOLD or self._makes(day, SCORES):
            return self._of.run_id
        if scored := self._of.lake.receipts.one(key(SCORES, day)):
            return scored.run_id
        return self._of.records.last_writer(SCORES, day) or self._of.run_id

    @abstractmethod
    def _makes(self, day: date, table: str) -> bool:
        """Whether the table of a day is made here, too."""

    def _judge_gold(self, made: Made, rows: DataFrame, inputs: Mapping[str, DataFrame]) -> DataFrame:
        """Rows of gold, kept so that what is written is what was judged. Raises GateError."""
        made.frame = rows.persist()
        self._of.check(made.stage, made.day, made.frame, inputs, published=True)
        return made.frame

    def _write(self, made: Made, rows: DataFrame) -> None:
        made.commit = self._of.lake.write(made.stage.table, rows, made.day)
        self._ended(made, WRITTEN)

    def _ended(self, made: Made, status: str, error: str | None = None) -> None:
        self._of.records.add(made, status, error)
        if error:
            self._of.journal.write("stage_fails", table=made.stage.table, day=made.day, status=status, error=error)


class SingleStage(Execution):
    """One stage by itself, between lake and lake."""

    def _makes(self, day: date, table: str) -> bool:  # noqa: ARG002 - one stage makes nothing beside itself
        return False

    def _deliver(self, made: Made, rows: DataFrame, inputs: Mapping[str, DataFrame]) -> None:
        if made.stage.layer == GOLD:
            self._write(made, self._judge_gold(made, rows, inputs))
            made.drop_frame()
        else:
            self._write(made, rows)
            # `check` judges it later, and is given what the transform measured.
            self._of.gate.note(made.stage.table, made.day, reported(rows))


class WholeRun(Execution):
    """Stages of a run, which hand rows to each other. `planned`: all of them, each with its day."""

    def __init__(self, of: Context, inputs: Inputs, planned: set[Task], threads: int):
        super().__init__(of, inputs)
        self._planned, self._threads = planned, threads
        self._publisher = Publisher(self._publish_table)

    def forget(self, day: date | None = None) -> None:
        """Free what is kept in memory of a day, or of all."""
        self._inputs.forget(day)
        self._publisher.forget(day)

    def _makes(self, day: date, table: str) -> bool:
        return (day, table) in self._planned

    def _days(self, stage: Stage, day: date) -> list[date]:
        return [d for d in self._of.arrivals(stage, day) if d == day or not self._makes(d, stage.table)]

    def _before(self, stage: Stage, day: date, inputs: Mapping[str, DataFrame]) -> None:
        if self._of.gated and stage.layer == "bronze":
            for name in (name for name in inputs if is_landing(name) and suites.exists(name)):
                self._of.gate.check(name, day, inputs[name], {})

    def _deliver(self, made: Made, rows: DataFrame, inputs: Mapping[str, DataFrame]) -> None:
        stage, day = made.stage, made.day
        if stage.layer == GOLD:
            self._judge_gold(made, rows, inputs)
            made.holds()
            self._publisher.hold(made)
            return
        held = self._inputs.cached(stage, day, rows)
        self._write(made, held.rows if held else rows)
        size = made.commit.size if made.commit else None
        kept = self._inputs.keep(stage, day, held, size)
        self._of.check(
            stage,
            day,
            kept,
            inputs,
            reported=reported(rows),
            many=stage.grain is Grain.ARRIVAL or not is_small(size),
        )
        self._give_receipt(made)

    def _ends(self, stage: Stage, run_date: date) -> None:
        if stage.table == PUBLISHER:
            with self._of.pool(self._threads) as pool:
                self._publisher.publish(run_date, pool)

    def _give_receipt(self, made: Made) -> None:
        """Say that a table's day is made and has passed its gate, for a run that resumes."""
        if self._of.gated:
            by = self._of.made_by
            version = made.commit.version if made.commit else -1
            times = made.began, datetime.now(UTC)
            receipt = Receipt(self._of.run_id, *by, *times, version, made.landing)
            self._of.lake.receipts.put(key(made.stage.table, made.day), receipt)

    def _publish_table(self, made: Made, rows: DataFrame) -> None:
        self._of.describe(f"publishing {made.stage.table} {made.day}")
        if made.stage.table != PUBLISHER:  # whose end is that of the run
            made.goes_on()
        self._write(made, rows)
        self._give_receipt(made)
        self._of.journal.write("published", table=made.stage.table, day=made.day, rows=made.commit and made.commit.rows)

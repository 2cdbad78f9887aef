"""The shell around the transforms: a whole run, a single stage, and judging what the lake holds."""

from collections.abc import Callable, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, timedelta
from functools import cache
from uuid import uuid4

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from iolaus.errors import GateError, UsageError, in_short
from iolaus.pipeline import VERDICTS, Read, Span, Stage, is_landing, stage
from iolaus.runtime import resume
from iolaus.runtime.context import Context, Event
from iolaus.runtime.execution import SingleStage, WholeRun
from iolaus.runtime.gates import suites
from iolaus.runtime.gates.gate import Gate, Outcome
from iolaus.runtime.gates.records import Records
from iolaus.runtime.inputs import Inputs
from iolaus.runtime.journal import Journal
from iolaus.runtime.lake import Lake
from iolaus.runtime.named_landing import landing_at
from iolaus.runtime.resume import Todo
from iolaus.runtime.scheduler import Task, order, schedule, work_off
from iolaus.settings import Key, Settings
from iolaus.version import code_version


@dataclass
class Runner:
    """Runs stages against one landing and one lake.

    `on_event` is called when each stage begins and ends, from the thread that ran it. A landing is needed only by
    stages that read it. `threads` stages run at a time (0: what the settings say). Each table is judged by its gate
    when it is made, gold before it is written; `gated` False leaves that out, to measure its cost. `journal` gets a
    line per event. `given_lake` is for a lake that is not simply the one at `lake_uri` (`iolaus.runtime.shadow`).
    Raises UsageError if another version made the lake.
    """

    spark: SparkSession
    lake_uri: str
    settings: Settings
    key: Key
    landing_uri: str | None = None
    on_event: Callable[[Event], None] = lambda _event: None
    threads: int = 0
    gated: bool = True
    journal: Journal = field(default_factory=Journal)
    given_lake: InitVar[Lake | None] = None

    def __post_init__(self, given_lake: Lake | None) -> None:
        self.run_id = self.journal.run_id = uuid4().hex[:12]
        code, settings, key = code_version(), self.settings.digest, self.key.key_id
        metadata = f"run_id={self.run_id} code={code} settings={settings} key={key}"
        self.lake: Lake = given_lake or Lake(self.spark, self.lake_uri, self.settings.window_days)
        self.lake.user_metadata = self.lake.user_metadata or metadata
        self.lake.check_format()
        self.gate = Gate(self.lake, self.settings, self._on_outcome)
        self.threads = self.threads or self.settings.execution.stages_abreast
        self._records = Records(self.lake, self.gate, self.run_id, code, self.settings, key)
        self._made_by = code, self.settings.rows_digest, key
        self._context = Context(
            lake=self.lake,
            settings=self.settings,
            key=self.key,
            run_id=self.run_id,
            gate=self.gate,
            gated=self.gated,
            records=self._records,
            journal=self.journal,
            on_event=self._on_event,
            made_by=self._made_by,
        )

    def todo(
        self, days: Sequence[date], *, last_only: bool = False, resumes: bool = False, first: str | None = None
    ) -> list[Todo]:
        """The stages that a run of some days is to make, in order, each with the reason: all of them.

        With `resumes`, those alone that are missing or stale. From the stage that makes `first`, it and what is made
        from it. Nothing is written. Raises UsageError if `first` is no stage of the run, or rows that it reads are not
        there.
        """
        planned = schedule(days, last_only=last_only, from_bronze=self.landing_uri is None)
        if not resumes and first is None:
            return resume.everything(planned)
        known = self._known(planned)
        if first is None:
            return resume.stale(planned, known)
        found = resume.begun_at(planned, known, first, resumes=resumes)
        if lacks := resume.lacking(
            found, known, lambda name, day: self.lake.exists(name) and self.lake.has_files(name, day)
        ):
            raise UsageError(
                f"{lacks[0].stage.table} reads {lacks[1]}, which has no rows of {lacks[0].day}; begin --from "
                f"{lacks[1]}, or add --resume, which makes what is missing"
            )
        return found

    def _known(self, planned: resume.Planned) -> resume.LakeState:
        """What the lake and the landing say of themselves: a few dozen small files, and a listing of the landing."""
        landing = landing_at(self.spark, self.landing_uri) if self.landing_uri else None
        tables = {s.table for _, stages in planned for s in stages}
        verdicts = None
        if self.lake.exists(VERDICTS):
            newest = self.lake.read(VERDICTS, Span.ALL, date.max).agg(F.max("given_at")).first()
            verdicts = newest[0].astimezone(UTC) if newest and newest[0] else None
        return resume.LakeState(
            self._made_by,
            self.lake.receipts.of(resume.days_read(planned, self.settings.window_days)),
            {name: self.lake.version(name) for name in tables},
            self.settings.window_days,
            cache(landing.state) if landing else lambda _folder, _day: None,
            verdicts,
        )

    def run(
        self, days: Sequence[date], *, last_only: bool = False, todo: Sequence[Todo] | None = None
    ) -> dict[date, list[date]]:
        """Every stage, for each day in order. Returns, for each day, the earlier days whose exchanges arrived on it.

        With `todo`, what `Runner.todo` found, those stages alone.

        Undated snapshots are taken once. A day's tables are replaced; nothing else is touched. With `last_only`,
        exchanges of all days are loaded and sketched, and only the last day is searched and published.
        Without a landing, everything is made from bronze.
        Raises GateError if a gate stopped a day: nothing of that day, or of a later one, is published.
        """
        self.work(resume.by_day(self.todo(days, last_only=last_only) if todo is None else todo))
        oldest = timedelta(days=self.settings.window_days - 1)
        return {day: [d for d in self.lake.happened_on(day) if day - oldest <= d < day] for day in days}

    def work(self, planned: Sequence[tuple[date, Sequence[Stage]]]) -> None:
        """The stages of each day, as one run; `run` says which, and what it raises.

        A day's gold is written when all of it has passed.
        """
        whole = WholeRun(
            self._context, self._inputs(keeps=True), {(d, s.table) for d, of in planned for s in of}, self.threads
        )

        def day_ends(day: date) -> None:
            whole.forget(day)
            self._records.flush(day)

        days = sorted({str(day) for day, _ in planned})
        self.journal.write("run_begins", days=days, code=code_version(), settings=self.settings.digest)
        try:
            with self._context.pool(self.threads) as pool:
                work_off(self._order(planned), pool, self.threads, whole.run, day_ends)
        except BaseException as error:
            self.journal.write("run_fails", error=in_short(error))
            self._records.rescue()
            raise
        finally:
            whole.forget()
        self._records.flush()
        self.journal.write("run_ends", not_held=sum(1 for o in self.gate.outcomes if not o.success))

    def run_stage(self, stage: Stage, day: date) -> None:
        """One stage for one date, on its own. Rows of gold are judged before they are written, others by `check`.

        With it, what is redone of later arrivals. Raises GateError as `run` does.
        """
        try:
            SingleStage(self._context, self._inputs()).run(stage, day)
        except BaseException:
            self._records.rescue()
            raise
        self._records.flush()

    def check(self, names: Sequence[str], day: date) -> None:
        """Judge what the lake, or the landing, holds of tables for a date, and write the results down.

        Of what `run_stage` redoes, later arrivals too. When all are judged, raises the first GateError.
        """
        stopped: list[GateError] = []
        for name in names:
            made = None if is_landing(name) else stage(name)
            for of in self._context.arrivals(made, day) if made else [day]:
                try:
                    if made is None:
                        self.gate.check(name, of, self._inputs().read(Read(name, Span.ALL), of), {})
                    else:
                        rows = self.lake.read(name, Span.DAY, of)
                        self._context.check(made, of, rows, self._beside(made, of), many=True)
                except GateError as error:
                    stopped.append(error)
        self._records.flush()
        if stopped:
            raise stopped[0]

    def order(self, todo: Sequence[Todo]) -> dict[Task, set[Task]]:
        """What each stage of a plan waits for; see `iolaus.runtime.scheduler.order`."""
        return self._order(resume.by_day(todo))

    def _order(self, planned: resume.Planned) -> dict[Task, set[Task]]:
        return order(planned, self.settings.execution.days_abreast)

    def _inputs(self, *, keeps: bool = False) -> Inputs:
        return Inputs(self.lake, landing_at(self.spark, self.landing_uri) if self.landing_uri else None, keeps=keeps)

    def _beside(self, stage: Stage, day: date) -> dict[str, DataFrame]:
        """Of what a stage reads, the tables that its rows are judged against."""
        tables = {how["table"] for how in suites.suite(stage.table, self.settings.suites).declared.against.values()}
        return {r.table: self.lake.read(r.table, r.span, day) for r in reversed(stage.reads) if r.table in tables}

    def _on_event(self, event: Event) -> None:
        self.on_event(event)  # who listens may be set after the runner is made

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

    def other_keys(self, day: date) -> list[date]:
        """The days of the window whose exchanges were pseudonymised under another key.

        Reads the statistics of one column.
        """
        others = self.lake.read("silver.exchanges", Span.WINDOW, day).where(F.col("key_id") != self.key.key_id)
        return sorted(row[0] for row in others.select("happened_on").distinct().collect())

    def ranking(self, day: date) -> list[dict[str, object]]:
        """The published clusters of a date, worst first: at most 100 rows come to the driver."""
        rows = self.lake.read("gold.suspect_clusters", Span.DAY, day).orderBy(F.col("rank")).limit(100).collect()
        return [row.asDict(recursive=True) for row in rows]

    def counts(self, day: date) -> dict[str, int]:
        """What the run of a date held, for its closing line."""
        active = (
            self.lake.read("features.account_profiles", Span.DAY, day)
            .agg(F.count(F.lit(1)), F.sum("n_exchanges"))
            .first()
        )
        assert active is not None
        return {
            "accounts": active[0] or 0,
            "exchanges in the window": active[1] or 0,
            "clusters on the watchlist": self.lake.read("gold.watchlist", Span.DAY, day).count(),
            "rows in quarantine on the date": self.lake.read("quality.quarantine", Span.DAY, day).count(),
        }

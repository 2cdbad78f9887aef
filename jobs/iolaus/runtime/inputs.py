"""What stages read: tables of the lake, folders of the landing, and rows that the run has just made."""

from datetime import date
from threading import Lock

from pyspark.sql import DataFrame

from iolaus.errors import RunError, UsageError
from iolaus.pipeline import STAGES, Grain, Read, Span, Stage, is_given, is_landing, stage
from iolaus.runtime.lake import Lake
from iolaus.runtime.landing import Landing
from iolaus.runtime.named_landing import NamedLanding
from iolaus.runtime.spark.jobs import is_local
from iolaus.runtime.spark.sized_cache import Cached, cached, is_small, sized
from iolaus.runtime.unreadable import Unreadable
from iolaus.schemas.table import table

# Tables that are made once per run, judged, and read by later stages: a run caches them for that day. Finding a
# table's day in the lake costs more than a small day's rows. Exchanges and day sketches may be billions: never cached.
_CACHED = {
    (read.table, Span.DAY)
    for made in STAGES
    for read in made.reads
    if read.span is Span.DAY and not is_given(read.table) and stage(read.table).grain is Grain.RUN
}


class Inputs:
    """Reads one lake and, if there is one, one landing. If it `keeps`, what a run makes and reads stays in memory."""

    def __init__(self, lake: Lake, landing: Landing | NamedLanding | None, *, keeps: bool):
        self.lake = lake
        self._keeps = keeps
        self._landing = landing
        self._is_local = is_local(lake.spark)
        self._cached: dict[tuple[str, date], Cached] = {}
        # tables of a day that are read from the lake, because they would take too much memory
        self._large: set[tuple[str, date]] = set()
        self._lock = Lock()
        self._unreadable: dict[tuple[str, date], list[Unreadable]] = {}

    def read(self, read: Read, day: date, *, watched: bool = False) -> DataFrame:
        """What a stage of `day` sees of one of its inputs; `watched` lines of a landing count those too long to hold.

        Raises RunError if the landing has lost a day that bronze has.
        """
        if not is_landing(read.table):
            kept = self._cached.get((read.table, day)) if (read.table, read.span) in _CACHED else None
            if kept is not None:
                return kept.rows
            return self.lake.read(read.table, read.span, day)
        folder, landing = read.table.split(".")[1], self._needed_landing(read.table)
        if (
            folder == "exchanges"
            and not landing.has_folder(day)
            and self.lake.read("bronze.exchanges", Span.DAY, day).limit(1).count()
        ):
            raise RunError(
                f"the landing has no folder exchanges/dt={day} any more, but bronze has exchanges that arrived then: "
                "nothing was changed, for a run would drop them; bring the folder back, or make later tables of the "
                f"day with: iolaus job TABLE --date {day}"
            )
        return landing.lines(folder, day, self._unreadable.get((folder, day), ()), watched=watched)

    def landing_states(self, stage: Stage, day: date) -> dict[str, str]:
        """`Landing.state` of each folder of the landing that a stage reads; empty if it reads none."""
        folders = [read.table.split(".")[1] for read in stage.reads if is_landing(read.table)]
        states = {folder: self._needed_landing(f"landing.{folder}").state(folder, day) for folder in folders}
        return {folder: state or "" for folder, state in states.items()}

    def cached(self, stage: Stage, day: date, rows: DataFrame) -> Cached | None:
        """The rows that a stage makes, to be written and then to `keep`; None where they are to be read from the lake.

        So they are where a cluster's executors, which keep them, can be lost; and where they may be many: what does not
        fit the memory is written row by row to disk and read back so by every reader, at ten times the price of
        Parquet.
        """
        many = any(read.span is Span.WINDOW or (read.table, day) in self._large for read in stage.reads)
        return cached(rows, table(stage.table), day) if self._holds(stage) and not many else None

    def _holds(self, stage: Stage) -> bool:
        return self._keeps and self._is_local and stage.grain is Grain.RUN

    def keep(self, stage: Stage, day: date, made: Cached | None, size: int | None) -> DataFrame:
        """What a stage has just written, of `size` bytes, as its gate and later stages read it.

        It comes from memory if it is small. A cluster's executors read it from the lake once, and again whatever is
        lost with one of them.
        """
        spec, key = table(stage.table), (stage.table, day)

        def stored() -> DataFrame:
            return self.lake.read(stage.table, Span.DAY, day)

        if not self._keeps or stage.grain is not Grain.RUN:
            return stored()
        if size is None or not is_small(size):
            if made is not None:
                made.free()
            kept = Cached(stored(), lambda: None)
            with self._lock:
                self._large.add(key)
        elif self._is_local:
            kept = sized(made or cached(stored(), spec, day), spec, day, size)
        else:
            rows = stored().persist()
            kept = Cached(rows, rows.unpersist)
        with self._lock:
            self._cached[key] = kept
        return kept.rows

    def forget(self, day: date | None = None) -> None:
        """Free what is kept in memory of a day, or of all."""
        with self._lock:
            for key in [key for key in self._cached if day in (None, key[1])]:
                self._cached.pop(key).free()
                self._large.discard(key)

    def find_unreadable(self, stage: Stage, day: date) -> bool:
        """Look, after a failure, for unreadable files in the stage's landing folders; whether there are new ones."""
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

    def find_passed_over(self, stage: Stage, day: date) -> bool:
        """Whether lines were too long to hold that the quarantine, just written, has still to name."""
        found = False
        for folder in (r.table.split(".")[1] for r in stage.reads if is_landing(r.table)):
            known = self._unreadable.get((folder, day), [])
            files = {k.file for k in known}
            passed = self._needed_landing(stage.table).passed_over(folder, day)
            new = [Unreadable(p.file, p.reason) for p in passed if p.file not in files]
            self._unreadable[folder, day] = [*known, *new]
            found |= bool(new)
        return found

    def _needed_landing(self, name: str) -> Landing | NamedLanding:
        if self._landing is None:
            raise UsageError(
                f"{name} is read from the landing; name its folder, or its schema in a catalog, with --landing"
            )
        return self._landing

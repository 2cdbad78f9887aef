"""The lake: Delta tables at `LAKE/<layer>/<table>`, read with their schema checked and written atomically."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from iolaus import lake_format
from iolaus.errors import RunError, UsageError
from iolaus.pipeline import Span
from iolaus.runtime.columns import check_schema, differences, evolved, nullable_struct
from iolaus.runtime.failures import causes
from iolaus.runtime.receipts import Receipts, made
from iolaus.runtime.small_files import SmallFiles, small_files
from iolaus.runtime.spark import delta
from iolaus.runtime.spark.delta_log import Commit, committed
from iolaus.runtime.spark.errors import Py4JJavaError
from iolaus.runtime.spark.store import Store, open_store
from iolaus.schemas.table import table
from iolaus.version import code_version


class Lake:
    """The tables under one URI."""

    def __init__(
        self, spark: SparkSession, uri: str, window_days: int, user_metadata: str = "", *, upgrades: bool = False
    ):
        self.spark, self.upgrades = spark, upgrades
        if "`" in uri:
            raise UsageError(
                f"the lake {uri} has a backtick in its name, which Delta cannot address; name another folder"
            )
        # Delta takes a relative path for the name of a table in a catalogue.
        self.uri = uri.rstrip("/") if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+:", uri) else str(Path(uri).absolute())
        self.window_days = window_days
        self.user_metadata = user_metadata
        # called before every commit; raises if this process may not write
        self.guard: Callable[[], None] = lambda: None
        self._written: set[str] = set()  # tables that are known to exist: to ask costs a listing
        self._happened: dict[date, list[date]] = {}  # of an arrival, the days on which its exchanges happened
        self._later: dict[date, list[date]] = {}  # of an arrival, later ones that may have copies of its exchanges

    def must_be_there(self) -> None:
        """Raise UsageError if there is nothing at the URI: misspelt, it would pass for a lake without rows."""
        if not self._is_there(self.uri):
            raise UsageError(f"there is no lake at {self.uri}; name the folder that `iolaus run` wrote with --lake")

    def check_format(self) -> None:
        """Raise UsageError, with the way forward, if an older or newer version made the lake.

        An older one's is taken by what `upgrades` it.
        """
        marked = small_files(self.spark, self.uri).read(lake_format.MARKER)
        if self.upgrades:
            lake_format.read(self.uri, marked)
            return
        lake_format.check(self.uri, marked, lambda: any(self.exists(name) for name in lake_format.TELLING))

    def _mark_format(self) -> None:
        """Write down which format the lake has, where that is not yet said. Raises what `check_format` does."""
        self.check_format()
        files, ours = small_files(self.spark, self.uri), lake_format.marker(code_version())
        if not files.create(lake_format.MARKER, ours) and f'"format": {lake_format.FORMAT},' not in (
            files.read(lake_format.MARKER) or ""
        ):
            files.write(lake_format.MARKER, ours)

    def path(self, name: str) -> str:
        """Where a table lies."""
        layer, table_name = name.split(".")
        return f"{self.uri}/{layer}/{table_name}"

    def exists(self, name: str) -> bool:
        """Whether the table was ever written. Raises RunError if its last commit is half written."""
        if name not in self._written:
            folder = f"{self.path(name)}/_delta_log"
            if has_commits(small_files(self.spark, folder), folder, name):
                self._written.add(name)
        return name in self._written

    def version(self, name: str) -> int:
        """The newest Delta version of a table; -1 if it was never written."""
        commits = _commits(small_files(self.spark, f"{self.path(name)}/_delta_log"))
        return int(commits[-1].removesuffix(".json")) if commits else -1

    def read(self, name: str, span: Span, day: date) -> DataFrame:
        """The rows of a table that a stage of `day` sees; none if the table was never written.

        Raises UsageError if the stored columns are not those of the schema.
        """
        spec, frame = table(name), self._whole(name)
        if span is Span.ALL or spec.date is None:
            return frame
        when = F.col(spec.date)
        if span is Span.DAY:
            return frame.where(when == F.lit(day))
        if span is Span.WINDOW:
            first = day - timedelta(days=self.window_days - 1)
            if HAPPENED not in frame.columns:
                return frame.where(when.between(F.lit(first), F.lit(day)))
            return frame.where((when >= F.lit(first - AHEAD)) & F.col(HAPPENED).between(F.lit(first), F.lit(day)))
        if span is Span.EARLIER:
            days = self.happened_on(day)
            since = when.between(F.lit(min(days, default=day) - AHEAD), F.lit(day - timedelta(days=1)))
            return frame.where(since & F.col(HAPPENED).isin(*days))
        previous = frame.where(when < F.lit(day)).agg(F.max(when)).first()
        return frame.where(when == F.lit(previous[0] if previous else None))

    def happened_on(self, arrived_on: date) -> list[date]:
        """The days on which the exchanges of bronze happened that arrived on a day, in order: a handful."""
        if arrived_on not in self._happened:
            rows = self.read(ARRIVALS, Span.DAY, arrived_on).select(HAPPENED).distinct().collect()
            self._happened[arrived_on] = sorted(row[0] for row in rows)
        return self._happened[arrived_on]

    def later_arrivals(self, day: date) -> list[date]:
        """The days after `day` on which exchanges arrived that may be copies of those that arrived on it, in order."""
        if day not in self._later:
            later = (F.col("arrived_on") > F.lit(day)) & (F.col(HAPPENED) <= F.lit(day + AHEAD))
            rows = self._whole(ARRIVALS).where(later).select("arrived_on").distinct().collect()
            self._later[day] = sorted(row[0] for row in rows)
        return self._later[day]

    def _whole(self, name: str) -> DataFrame:
        """All rows of a table, none if it was never written; their columns are those of the schema."""
        spec = table(name)
        if not self.exists(name):
            return self.spark.createDataFrame([], nullable_struct(spec.schema))
        frame = evolved(self.spark.read.format("delta").load(self.path(name)), spec)
        if wrong := differences(frame.schema, spec):
            raise UsageError(
                f"{name} in the lake has other columns than this version's: {wrong}; "
                f"{lake_format.way_forward(self.uri)}"
            )
        return frame.select(*spec.schema.fieldNames())

    def days(self, name: str) -> list[date]:
        """The dates for which a table has rows, in order: one per partition, so at most thousands."""
        if not self.exists(name):
            return []
        when = table(name).date
        assert when is not None
        rows = self.spark.read.format("delta").load(self.path(name)).select(when).distinct().collect()
        return sorted(r[0] for r in rows)

    def write(self, name: str, frame: DataFrame, day: date) -> Commit:
        """Replace the rows of `day` (or, of an undated table, all rows) in one atomic commit; returns what was written.

        Raises RunError if the columns are not those of the schema, or a row is not of `day`.
        """
        spec = table(name)
        check_schema(frame.schema, spec)
        self.create(name)
        frame = frame.select(*spec.schema.fieldNames())
        if spec.order:
            frame = frame.sortWithinPartitions(*spec.order)
        writer = frame.write.format("delta").mode("overwrite").option("mergeSchema", "true")
        if spec.date is not None and not self.has_files(name, day):
            # Nothing is to be replaced: Delta need not find out what, which costs twice as much as a small day's rows.
            # Compared as text: a date is a number in generated code, which would then be compiled again each day.
            same = F.col(spec.date).cast("string") == F.lit(day.isoformat())
            of_day = F.when(same, F.col(spec.date)).otherwise(F.raise_error(f"{_FOREIGN} {day}"))
            writer = (
                frame.withColumn(spec.date, of_day).write.format("delta").mode("append").option("mergeSchema", "true")
            )
        elif spec.date is not None:
            writer = writer.option("replaceWhere", f"{spec.date} = DATE'{day.isoformat()}'")
        if self.user_metadata:
            writer = writer.option("userMetadata", self.user_metadata)
        self.guard()
        self.receipts.drop(made(name, day))
        try:
            writer.save(self.path(name))
        except AnalysisException as error:
            if wrong := differences(self.spark.read.format("delta").load(self.path(name)).schema, spec):
                raise UsageError(
                    f"{name} in the lake has other columns than this version's: {wrong}; "
                    f"{lake_format.way_forward(self.uri)}"
                ) from error
            raise RunError(f"{name}: not written: {str(error).splitlines()[0]}") from error
        except (Py4JJavaError, PySparkException) as error:
            if any(_FOREIGN in cause for cause in causes(error)):
                raise RunError(f"{name}: not written: {_FOREIGN} {day}") from error
            raise
        if name == ARRIVALS:
            self._happened.pop(day, None)
            self._later.clear()
        return committed(self.spark, self.path(name), self.user_metadata)

    def has_files(self, name: str, day: date) -> bool:
        """Whether any file of a day was ever written: Delta keeps each day in a folder of its own."""
        return self._is_there(f"{self.path(name)}/{table(name).date}={day.isoformat()}")

    def _is_there(self, uri: str) -> bool:
        return self._store.entry(uri) is not None

    @cached_property
    def receipts(self) -> Receipts:
        """What says of each table's day that it was made and passed its gate."""
        return Receipts(self.spark, self.uri)

    @cached_property
    def _store(self) -> Store:
        return open_store(self.spark, self.uri)

    def append(self, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add a few rows, which come from the driver, in one commit; none of them is ever replaced."""
        if rows:
            self.create(name)
            frame = self.spark.createDataFrame(list(rows), table(name).schema).coalesce(1)
            frame.write.format("delta").mode("append").option("userMetadata", self.user_metadata).save(self.path(name))

    def create(self, name: str) -> None:
        """Create the table, empty, with its comments and partitioning, unless it exists."""
        if self.exists(name):
            return
        self._mark_format()
        self._clear_empty_log(f"{self.path(name)}/_delta_log")
        delta.create(self.spark, self.path(name), table(name), _PROPERTIES)

    def _clear_empty_log(self, log: str) -> None:
        """Remove what a writer left that was killed before its first commit: Delta would take it for a table."""
        if not self._is_there(log):
            return
        # Delta starts a file under such a name and renames it when it is finished
        if all(name.rpartition("/")[2].startswith(".") for name in self._store.below(log)):
            self._store.remove(log)


ARRIVALS, HAPPENED = "bronze.exchanges", "happened_on"
AHEAD = timedelta(days=1)  # the most by which the clock of a request is ahead of its arrival

_FOREIGN = "a row is not of"  # said of rows of another day than is written

# Columns, beside the date, whose least and greatest value per file Delta's log stores. Dates and ids come first in a
# table. Nobody skips files by a sum or a sketch, and the log would store the first words of a text for ever.
INDEXED = 3

_PROPERTIES = {
    # Readable without Spark: no deletion vectors, no column mapping, classic checkpoints.
    "delta.enableDeletionVectors": "false",
    "delta.checkpointPolicy": "classic",
    "delta.dataSkippingNumIndexedCols": str(INDEXED),
}


def _commits(log: SmallFiles) -> list[str]:
    """The files of a table's log that are commits, the newest last."""
    return [name for name in log.names() if re.fullmatch(r"\d{20}\.json", name)]


def has_commits(log: SmallFiles, folder: str, name: str) -> bool:
    """Whether a table's log has any commit.

    A writer killed before its first leaves a folder that Delta takes for a table. Raises RunError, naming the file, if
    the last commit ends in the middle, as after a loss of power. It is looked at once per table and process. Otherwise
    Delta might go on with the rows before it, or fail without naming the file.
    """
    commits = _commits(log)
    if not commits:
        return False
    text = log.read(commits[-1]) or ""
    try:
        json.loads(text.rstrip().rpartition("\n")[2])
    except ValueError as error:
        raise RunError(
            f"{name}: the last commit of its log, {folder}/{commits[-1]}, ends in the middle (the machine failed while "
            "it was written); move it away, with the .crc files of its number, and run the days again"
        ) from error
    return True

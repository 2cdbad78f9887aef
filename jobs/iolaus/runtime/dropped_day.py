"""Taking a run date back: its rows leave every table that a run of a date writes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import uuid4

from pyspark.sql import functions as F

from iolaus.errors import UsageError
from iolaus.pipeline import STAGES, Grain, Span
from iolaus.runtime.lake import Lake
from iolaus.runtime.receipts import made
from iolaus.runtime.spark import delta
from iolaus.schemas.codes import AS_MEANT, DROPPED, WRITTEN
from iolaus.schemas.table import table
from iolaus.settings import Settings
from iolaus.version import code_version

PUBLISHER = STAGES[-1].table
# The ranking goes first: a reader meanwhile sees no day, rather than a day without its members.
TABLES = (*(s.table for s in reversed(STAGES) if s.grain is Grain.RUN), "quality.calibration")
METRICS = "quality.summaries"


def drop_day(lake: Lake, day: date, settings: Settings, key_id: str = "") -> Iterator[tuple[str, int]]:
    """(table, rows dropped) of each table that had rows of the date. The caller holds the lake's lock.

    What arrived and what happened on the day stays in bronze and silver: a run of the date makes its rows again. Its
    calibrations and the metrics of its tables go, too, so that neither bounds nor gates of later days rest on it.
    `quality.runs` keeps the runs of the date and gets a row with the status `dropped`. If it was cut off, it may be run
    again.

    Raises UsageError if no run of the date is known.
    """
    found = {name: n for name in TABLES if lake.exists(name) and (n := _rows(lake, name, day))}
    if not found and not _was_published(lake, day):
        days = lake.days(PUBLISHER)
        raise UsageError(
            f"the lake {lake.uri} has no run of {day}, so nothing was dropped"
            + (f"; the newest run dates with a ranking are: {', '.join(map(str, days[-5:]))}" if days else "")
        )
    began = datetime.now(UTC)
    for name in TABLES:
        lake.receipts.drop(made(name, day))  # of tables without rows of the date, too: they are to be made again
    for name, n in found.items():
        lake.guard()
        delta.delete(lake.spark, lake.path(name), f"{table(name).date} = DATE'{day}'")
        yield name, n
    if lake.exists(METRICS):
        lake.guard()
        names = ", ".join(f"'{name}'" for name in TABLES)
        delta.delete(lake.spark, lake.path(METRICS), f"run_date = DATE'{day}' AND table_name IN ({names})")
    lake.guard()
    ended = (datetime.now(UTC) - began).total_seconds()
    by = code_version(), settings.digest, key_id
    run = day, uuid4().hex[:12], PUBLISHER, day, began, round(ended, 3), DROPPED
    lake.append("quality.runs", [(*run, None, 0, 0, None, *by, None)])


def _was_published(lake: Lake, day: date) -> bool:
    """Whether the date was published, maybe with nothing in it, and not yet taken back."""
    runs = lake.read("quality.runs", Span.DAY, day).where(F.col("table_name") == PUBLISHER)
    last = runs.where(F.col("status").isin(*AS_MEANT)).orderBy(F.desc("began_at")).select("status").first()
    return last is not None and last[0] == WRITTEN


def _rows(lake: Lake, name: str, day: date) -> int:
    """Rows of the date, counted from Delta's log and Parquet's footers."""
    return lake.read(name, Span.DAY, day).count()

"""What runs have recorded of themselves, read without Spark."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from iolaus.engine.scan import scanned
from iolaus.errors import UsageError
from iolaus.schemas.codes import AS_MEANT, DROPPED


@dataclass(frozen=True)
class Recorded:
    """One run: the days it made, what it wrote, how it ended, and what failed in it, a line each."""

    run_id: str
    first: date
    last: date
    began: datetime
    seconds: float
    stages: int
    rows: int
    size: int  # bytes
    code: str
    settings: str
    status: str
    failures: tuple[str, ...]


@dataclass(frozen=True)
class Arrived:
    """Where the exchanges of a day went.

    Of the `lines` that arrived on it, and files that could not be read: `rejected` are in the quarantine, `accepted` in
    bronze. Of these, `exchanges` are in silver, some of them `too_late` for any window, and the others are `copies` of
    what arrived with them or before. None: not recorded.
    """

    day: date
    lines: int | None
    rejected: int | None
    accepted: int | None
    too_late: int | None
    exchanges: int | None
    copies: int | None


def last_arrivals(lake: str, most: int) -> list[Arrived]:
    """The sums of the last days of arrival, newest first: each line is in a count, or a gate has failed."""
    rows = sorted(_rows(lake, "summaries"), key=lambda row: row["judged_at"])
    seen: dict[tuple[str, date], dict[str, float]] = defaultdict(dict)
    for row in rows:
        seen[row["table_name"], row["run_date"]] |= dict(row["metrics"])
    days = sorted({day for name, day in seen if name == "bronze.exchanges"}, reverse=True)[:most]
    return [_arrived(day, *(seen[name, day] for name in _COUNTED)) for day in days]


def last_runs(lake: str, most: int) -> list[Recorded]:
    """The last runs of a lake, the newest first; a year of daily runs is ten thousand rows."""
    stages: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(lake, "runs"):
        stages[row["run_id"]].append(row)
    newest = sorted(stages, key=lambda run: min(r["began_at"] for r in stages[run]), reverse=True)[:most]
    failed: dict[str, list[str]] = defaultdict(list)
    for row in _rows(lake, "results", ~ds.field("success") & ds.field("run_id").isin(list(newest))) if newest else []:
        failed[row["run_id"]].append(_failure(row))
    return [_recorded(run, stages[run], failed[run]) for run in newest]


def last_summaries(lake: str, day: date | None = None) -> tuple[date, dict[str, dict[str, float]]]:
    """The metrics of every table judged on a day, by the latest run that did; of the last day if none is named.

    Raises UsageError if nothing was judged on it.
    """
    rows = _rows(lake, "summaries", ds.field("run_date") == pa.scalar(day) if day else None)
    if not rows:
        raise UsageError(f"no table of {lake} was judged{f' for {day}' if day else ''}; run iolaus run first")
    last = max(row["run_date"] for row in rows)
    latest = sorted((row for row in rows if row["run_date"] == last), key=lambda row: row["judged_at"])
    return last, {row["table_name"]: dict(row["metrics"]) for row in latest}


def _rows(lake: str, name: str, of: ds.Expression | None = None) -> list[dict[str, Any]]:
    uri = f"{lake.rstrip('/')}/quality/{name}".replace("s3a://", "s3://", 1)
    try:
        found = scanned(DeltaTable(uri).to_pyarrow_dataset(), of=of)
    except TableNotFoundError:
        return []
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


_COUNTED = ("quality.quarantine", "bronze.exchanges", "silver.exchanges")


def _arrived(day: date, kept_out: dict[str, float], bronze: dict[str, float], silver: dict[str, float]) -> Arrived:
    def count(of: dict[str, float], name: str) -> int | None:
        return int(of[name]) if name in of else None

    arrived, exchanges = count(silver, "arrived"), count(silver, "rows")
    return Arrived(
        day,
        count(kept_out, "exchange_lines"),
        count(kept_out, "rejected_exchanges"),
        count(bronze, "rows"),
        count(bronze, "too_late"),
        exchanges,
        None if arrived is None or exchanges is None else arrived - exchanges,
    )


def _recorded(run_id: str, rows: list[dict[str, Any]], failed: list[str]) -> Recorded:
    began = min(row["began_at"] for row in rows)
    ended = max(row["began_at"] + timedelta(seconds=row["seconds"]) for row in rows)
    broken = [row for row in rows if row["status"] not in AS_MEANT]
    done = DROPPED if any(row["status"] == DROPPED for row in rows) else "done"
    errors = [f"{row['status']}: {row['table_name']} of {row['made_date']}: {row['error']}" for row in broken]
    days = [row["run_date"] for row in rows]
    return Recorded(
        run_id,
        min(days),
        max(days),
        began,
        (ended - began).total_seconds(),
        len(rows),
        sum(row["rows_out"] or 0 for row in rows),
        sum(row["bytes_out"] or 0 for row in rows),
        rows[0]["code_version"],
        rows[0]["settings"],
        broken[0]["status"] if broken else done,
        (*errors, *failed),
    )


def _failure(row: dict[str, Any]) -> str:
    bounds = [
        f"{word} {row[name]:.6g}"
        for word, name in (("at least", "at_least"), ("at most", "at_most"))
        if row[name] is not None
    ]
    return (
        f"{row['severity']}: {row['table_name']} of {row['run_date']}: {row['metric']} is {row['observed']:.6g}, "
        f"{' and '.join(bounds)} is expected: {row['reason']} Rows: {row['rows_at']}"
    )

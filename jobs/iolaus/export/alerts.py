"""What somebody is to be told of: cases that are new, grown or back after a verdict, a stopped day, no ranking.

The text has ids, counts and our own words: nothing that a client wrote.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from iolaus.export.appended import append
from iolaus.export.decisions import decisions
from iolaus.export.gold import Gold
from iolaus.export.report_quality import stopped
from iolaus.export.standing import kind
from iolaus.schemas.alerts import COLUMNS, GRAIN

TABLE = "quality.alerts"
GROWN = 0.25  # a case is told again when it has so many times more accounts than when it was last told
NEW, GREW, RETURNED, STOPPED, OVERDUE = "new", "grown", "returned", "stopped", "overdue"


@dataclass(frozen=True)
class Alert:
    """One thing to be told; the same `alert_id` is told once."""

    alert_id: str
    kind: str
    run_date: date
    cluster_id: str | None
    text: str


def pending(gold: Gold, hours: int | None = None, now: datetime | None = None) -> list[Alert]:
    """What has not been told yet of the newest published run, and of days that were stopped since.

    hours: tell of a newest run date that ended longer ago than this; None: never.
    """
    days = gold.days()
    if not days:
        return []
    told = {row["alert_id"]: row for row in _rows(gold)}
    found = [*_of_cases(gold, days[-1], told.values()), *_of_days(gold, days[-1], hours, now or datetime.now(UTC))]
    return [alert for alert in found if alert.alert_id not in told]


def sent(gold: Gold, alert: Alert) -> None:
    """Remember that an alert was sent."""
    row = {"alert_id": alert.alert_id, "sent_at": datetime.now(UTC), "kind": alert.kind, "run_date": alert.run_date}
    append(gold, TABLE, COLUMNS, GRAIN, row | {"cluster_id": alert.cluster_id, "text": alert.text}, "alert_id")


def _of_cases(gold: Gold, day: date, told: Iterable[dict[str, Any]]) -> Iterator[Alert]:
    then = ds.field("run_date") == pa.scalar(day)
    sizes: dict[str, int] = {}  # accounts of a case when it was last told
    for row in told:
        if row["cluster_id"]:
            sizes[row["cluster_id"]] = max(int(row["alert_id"].rpartition(":")[2]), sizes.get(row["cluster_id"], 0))
    decided = decisions(gold, day)
    members: dict[str, list[str]] = {}
    for row in gold.find("gold.suspect_cluster_members", then, ("cluster_id", "account_id")):
        members.setdefault(row["cluster_id"], []).append(row["account_id"])
    for row in sorted(gold.find("gold.suspect_clusters", then), key=lambda r: r["rank"]):
        name, n = row["cluster_id"], row["n_accounts"]
        judged = decided.cluster(row, members.get(name, []))
        said = f"{name}, rank {row['rank']}, {row['confidence']} confidence, {kind(row)}: {n:,} accounts, "
        said += f"{row['n_exchanges']:,} exchanges"
        if judged["cleared"]:
            continue
        if judged["verdict"] and judged["since_verdict"]:
            text = f"Back after a verdict ({judged['verdict']}, {judged['verdict_on']}): {said}"
            yield Alert(f"{RETURNED}:{name}:{judged['verdict_id']}:{n}", RETURNED, day, name, text)
        elif name not in sizes:
            yield Alert(f"{NEW}:{name}:{n}", NEW, day, name, f"New case: {said}")
        elif n >= (1 + GROWN) * sizes[name]:
            yield Alert(f"{GREW}:{name}:{n}", GREW, day, name, f"Grown from {sizes[name]:,} accounts: {said}")


def _of_days(gold: Gold, newest: date, hours: int | None, now: datetime) -> Iterator[Alert]:
    for s in stopped(gold, newest):
        how = "stopped by a gate" if s.by_gate else "not finished"
        text = f"The run of {s.run_date} was {how} at {s.table}; the newest ranking is of {newest}"
        yield Alert(f"{STOPPED}:{s.run_date}:{s.at.isoformat()}", STOPPED, s.run_date, None, text)
    ended = datetime.combine(newest + timedelta(days=1), time(), UTC)
    if hours is not None and now - ended > timedelta(hours=hours):
        text = f"No ranking for {(now - ended) // timedelta(hours=1):,} hours: the newest is of {newest}"
        yield Alert(f"{OVERDUE}:{newest}", OVERDUE, newest, None, text)


def _rows(gold: Gold) -> list[dict[str, Any]]:
    rows = gold.rows(TABLE)
    return [] if rows is None else rows.to_pylist()

"""A lake's metrics for a monitor: what its newest run did, what its gates said, what is published and how old it is.

Read from `quality` and `gold` without Spark. Every name begins with `iolaus_`; the page *Operate* lists them.
"""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from iolaus.export.gold import Gold
from iolaus.export.sizes import sizes
from iolaus.pipeline import STAGES
from iolaus.schemas.codes import AS_MEANT, DROPPED, WRITTEN

PUBLISHER = STAGES[-1].table
SEVERITIES = ("critical", "warning", "info")
Metric = tuple[str, str, str, list[tuple[dict[str, str], float]]]  # name, unit, help, (labels, value)


def metrics(lake: str, now: float | None = None) -> list[Metric]:
    """The metrics of a lake, each with its name, unit, meaning and values by labels.

    `now` is in seconds since 1970 and is used for ages alone. Those of which nothing is known are left out. Raises
    UsageError if there is no lake.
    """
    gold = Gold(lake)
    found = [*_of_run(gold), *_of_arrivals(gold), *_of_gates(gold), *_of_ranking(gold, now or time.time())]
    layers = [({"layer": of.layer}, float(of.size)) for of in sizes(gold)]
    found.append(("iolaus_lake_bytes", "bytes", "Bytes of rows that a layer holds now", layers))
    return [metric for metric in found if metric[3]]


def _newest_run(gold: Gold) -> list[dict[str, Any]]:
    """The rows of the newest run in `quality.runs`: one per stage and day."""
    columns = ("run_date", "run_id", "table_name", "began_at", "seconds", "status", "rows_out", "bytes_out")
    rows = gold.find("quality.runs", ds.field("status") != DROPPED, (*columns, "code_version", "settings"))
    last = max(rows, key=lambda row: row["began_at"], default=None)
    return [row for row in rows if last and row["run_id"] == last["run_id"]]


def _of_run(gold: Gold) -> Iterator[Metric]:
    rows = _newest_run(gold)
    if not rows:
        return
    began = min(row["began_at"] for row in rows)
    ended = max(row["began_at"] + timedelta(seconds=row["seconds"]) for row in rows)
    of = rows[0]
    info = {"run_id": of["run_id"], "code": of["code_version"], "settings": of["settings"]}
    yield "iolaus_run_info", "", "The newest run: its id, code and settings", [(info, 1.0)]
    bad = sum(1 for row in rows if row["status"] not in AS_MEANT)
    yield "iolaus_run_failed_stages", "", "Stages of the newest run that failed or were stopped", [({}, float(bad))]
    yield "iolaus_run_seconds", "seconds", "How long the newest run took", [({}, (ended - began).total_seconds())]
    yield "iolaus_run_end_timestamp_seconds", "seconds", "When the newest run ended", [({}, ended.timestamp())]
    for name, column, unit, told in (
        ("iolaus_stage_seconds", "seconds", "seconds", "Seconds of a stage in the newest run"),
        ("iolaus_stage_rows", "rows_out", "", "Rows that a stage wrote in the newest run"),
        ("iolaus_stage_bytes", "bytes_out", "bytes", "Bytes that a stage wrote in the newest run"),
    ):
        sums: Counter[str] = Counter()
        for row in rows:
            sums[row["table_name"]] += row[column] or 0
        yield name, unit, told, [({"table": table}, float(n)) for table, n in sorted(sums.items())]


def _of_arrivals(gold: Gold) -> Iterator[Metric]:
    """What arrived on the newest day: lines by what became of them, and how late they were."""
    counted = ("bronze.exchanges", "quality.quarantine", "silver.exchanges")
    rows = gold.find("quality.summaries", ds.field("table_name").isin(counted), None)
    days = [row["run_date"] for row in rows if row["table_name"] == counted[0]]
    if not days:
        return
    seen: dict[str, dict[str, float]] = {name: {} for name in counted}
    for row in sorted(rows, key=lambda row: row["judged_at"]):
        if row["run_date"] == max(days):
            seen[row["table_name"]] |= dict(row["metrics"])
    bronze, kept_out, silver = (seen[name] for name in counted)
    values = {
        "arrived": kept_out.get("exchange_lines"),
        "rejected": kept_out.get("rejected_exchanges"),
        "accepted": bronze.get("rows"),
        "too_late": bronze.get("too_late"),
        "kept": silver.get("rows"),
    }
    lines = [({"outcome": name}, n) for name, n in values.items() if n is not None]
    yield "iolaus_arrival_lines", "", "Lines of the newest day of arrival, by what became of them", lines
    yield "iolaus_arrival_day_timestamp_seconds", "seconds", "The newest day of arrival", [({}, _midnight(max(days)))]
    for name, unit, told in (
        ("late_share", "ratio", "Share of the newest day's exchanges that happened on an earlier day"),
        ("hours_to_last", "hours", "Hours from the last exchange of the newest day to its end"),
    ):
        if name in bronze:
            yield f"iolaus_arrival_{name}" + ("_ratio" if unit == "ratio" else ""), unit, told, [({}, bronze[name])]
    if "rows" in kept_out:
        yield "iolaus_quarantine_rows", "", "Rows in quarantine of the newest day", [({}, kept_out["rows"])]


def _of_gates(gold: Gold) -> Iterator[Metric]:
    """Expectations of the newest run: judged and failed, by severity."""
    rows = gold.find("quality.results", ds.field("run_id").is_valid(), ("run_id", "judged_at", "severity", "success"))
    if not rows:
        return
    last = max(rows, key=lambda row: row["judged_at"])["run_id"]
    mine = [row for row in rows if row["run_id"] == last]
    judged, failed = Counter(r["severity"] for r in mine), Counter(r["severity"] for r in mine if not r["success"])
    for name, counts, told in (
        ("iolaus_gate_expectations", judged, "Expectations that the newest run judged"),
        ("iolaus_gate_failures", failed, "Expectations that failed in the newest run"),
    ):
        yield name, "", told, [({"severity": severity}, float(counts[severity])) for severity in SEVERITIES]


def _of_ranking(gold: Gold, now: float) -> Iterator[Metric]:
    """What is published: clusters, how many are new or have grown since the ranking before, and its age."""
    days = gold.days()
    if not days:
        return
    sizes_of = [_accounts(gold, day) for day in days[-2:]]
    newest, before = sizes_of[-1], sizes_of[0] if len(sizes_of) > 1 else {}
    new = [c for c in newest if c not in before]
    grown = [c for c, n in newest.items() if c in before and n > before[c]]
    counts = {"published": newest, "new": new, "grown": grown, "gone": [c for c in before if c not in newest]}
    clusters = [({"state": state}, float(len(of))) for state, of in counts.items()]
    yield "iolaus_clusters", "", "Clusters of the newest ranking, against the one before", clusters
    yield "iolaus_suspect_accounts", "", "Accounts of published clusters", [({}, float(sum(newest.values())))]
    ended = _midnight(days[-1] + timedelta(days=1))
    yield "iolaus_ranking_day_timestamp_seconds", "seconds", "End of the day that is ranked", [({}, ended)]
    yield "iolaus_ranking_age_seconds", "seconds", "Age of the newest ranking: since its day ended", [({}, now - ended)]
    written = (ds.field("table_name") == PUBLISHER) & (ds.field("status") == WRITTEN)
    when = [row["began_at"] for row in gold.find("quality.runs", written, ("began_at",))]
    if when:
        told = "When the newest ranking was made"
        yield "iolaus_ranking_made_timestamp_seconds", "seconds", told, [({}, max(when).timestamp())]


def _accounts(gold: Gold, day: date) -> dict[str, int]:
    """The accounts of each published cluster of a run date."""
    of_day = ds.field("run_date") == pa.scalar(day)
    rows = gold.find("gold.suspect_clusters", of_day, ("cluster_id", "n_accounts"))
    return {row["cluster_id"]: row["n_accounts"] for row in rows}


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()

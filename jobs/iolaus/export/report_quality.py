"""The data-quality state of a run, where the lake has it."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pyarrow.dataset as ds

from iolaus.export.gold import Gold
from iolaus.export.report_cases import Row
from iolaus.pipeline import STAGES
from iolaus.schemas.codes import AS_MEANT, FAILED, STOPPED, WRITTEN

_PUBLISHER = STAGES[-1].table


@dataclass(frozen=True)
class State:
    """What the gates and the runner said of the latest run of a date; `known` is False where neither said anything."""

    checked: int = 0
    failed: list[Row] = field(default_factory=list)
    runs: bool = False
    stages: int = 0
    errors: list[Row] = field(default_factory=list)
    run_id: str = ""
    code: str = ""
    settings: str = ""
    key: str = ""

    @property
    def known(self) -> bool:
        """Whether any check was recorded."""
        return self.checked > 0

    @property
    def failed_critical(self) -> int:
        """Failed expectations that stop a run."""
        return sum(r["severity"] == "critical" for r in self.failed)

    @property
    def stages_bad(self) -> int:
        """Stages that did not write their table."""
        return len(self.errors)


@dataclass(frozen=True)
class Stopped:
    """A run date whose last run ended before it published, after whatever an earlier run of it had published."""

    run_date: date
    at: datetime
    table: str
    by_gate: bool
    why: tuple[str, ...]  # each failed critical expectation in words, or the error
    is_published: bool  # whether an earlier run of the date is


def stopped(gold: Gold, since: date) -> list[Stopped]:
    """The run dates from `since` on that were stopped after they were last published, if at all, and why; oldest first.

    A stage that failed and was then written is none, nor is a date that was taken back since.
    """
    of_dates = ds.field("run_date") >= since
    runs = gold.find("quality.runs", of_dates, ("run_date", "run_id", "table_name", "began_at", "status", "error"))
    judged = gold.find("quality.results", of_dates & (ds.field("severity") == "critical"))
    published = set(gold.days())
    found = (_of_day(gold, day, runs, judged, day in published) for day in sorted(_days(runs) | _days(judged)))
    return [s for s in found if s is not None]


def _days(rows: list[Row]) -> set[date]:
    return {r["run_date"] for r in rows}


def _of_day(gold: Gold, day: date, runs: list[Row], judged: list[Row], is_published: bool) -> Stopped | None:
    mine = sorted((r for r in runs if r["run_date"] == day), key=lambda r: r["began_at"])
    settled = [r["began_at"] for r in mine if r["table_name"] == _PUBLISHER and r["status"] in AS_MEANT]
    open_since = settled[-1] if settled else datetime.min.replace(tzinfo=UTC)
    last = {r["table_name"]: r for r in mine if r["began_at"] > open_since}
    ends = [r for r in last.values() if r["status"] in (STOPPED, FAILED)]
    if ends:
        end = max(ends, key=lambda r: (r["status"] == STOPPED, r["began_at"]))
        of_run = (ds.field("run_id") == end["run_id"]) & (ds.field("severity") == "critical") & ~ds.field("success")
        why = tuple(_failures(gold.find("quality.results", of_run))) or (end["error"] or "it says no reason",)
        return Stopped(day, end["began_at"], end["table_name"], end["status"] == STOPPED, why, is_published)
    # A scheduler's gate is a command of its own, which makes no table.
    latest = {
        (r["table_name"], r["metric"]): r for r in sorted(judged, key=lambda r: r["judged_at"]) if r["run_date"] == day
    }
    failed = [r for r in latest.values() if not r["success"] and r["judged_at"] > open_since]
    if not failed:
        return None
    end = max(failed, key=lambda r: (r["judged_at"], r["table_name"]))
    return Stopped(day, end["judged_at"], end["table_name"], True, tuple(_failures(failed)), is_published)


def _failures(rows: list[Row]) -> list[str]:
    """Critical expectations that failed, in words, with figure, bound and reason."""
    return [
        f"{r['metric']} of {r['table_name']} is {_number(r['observed'])}, {_bounds(r)}: {r['reason']}"
        for r in sorted(rows, key=lambda r: (r["table_name"], r["metric"]))
    ]


def _bounds(row: Row) -> str:
    bounds = [f"{word} {_number(row[name])}" for name, word in (("at_least", "at least"), ("at_most", "at most"))
              if row[name] is not None]  # fmt: skip
    return f"{' and '.join(bounds)} allowed"


def _number(value: float | None) -> str:
    return "not known" if value is None else f"{value:,.6g}"


def state(gold: Gold, day: date) -> State:
    """The state of a date: of each expectation its latest judgement, and of the run that began last its stages."""
    results, runs = gold.rows("quality.results", day), gold.rows("quality.runs", day)
    latest: dict[tuple[str, str, str], Row] = {}
    for row in sorted([] if results is None else results.to_pylist(), key=lambda r: r["judged_at"]):
        latest[row["table_name"], row["metric"], row["severity"]] = row
    failed = sorted(
        (r for r in latest.values() if not r["success"]),
        key=lambda r: (r["severity"] != "critical", r["table_name"], r["metric"]),
    )
    stages = [] if runs is None else sorted(runs.to_pylist(), key=lambda r: r["began_at"])
    last = stages[-1] if stages else None
    mine = [r for r in stages if last and r["run_id"] == last["run_id"]]
    return State(
        checked=len(latest),
        failed=failed,
        runs=bool(mine),
        stages=len(mine),
        errors=[r for r in mine if r["status"] != WRITTEN],
        run_id=last["run_id"] if last else "",
        code=last["code_version"] if last else "",
        settings=last["settings"] if last else "",
        key=last["key_id"] if last else "",
    )

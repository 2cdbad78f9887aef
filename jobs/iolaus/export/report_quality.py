"""The data-quality state of a run, where the lake has it."""

from dataclasses import dataclass, field
from datetime import date, datetime

import pyarrow.dataset as ds

from iolaus.export.gold import Gold
from iolaus.export.report_cases import Row
from iolaus.pipeline import STAGES
from iolaus.schemas.codes import FAILED, STOPPED, WRITTEN

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
    """The run dates from `since` on whose last run published nothing, oldest first, and why."""
    of_dates = ds.field("run_date") >= since
    rows = gold.find("quality.runs", of_dates, ("run_date", "run_id", "table_name", "began_at", "status", "error"))
    published, found = set(gold.days()), []
    for day in sorted({r["run_date"] for r in rows}):
        mine = sorted((r for r in rows if r["run_date"] == day), key=lambda r: r["began_at"])
        written = [r["began_at"] for r in mine if (r["table_name"], r["status"]) == (_PUBLISHER, WRITTEN)]
        ends = [r for r in mine if r["status"] in (STOPPED, FAILED) and (not written or r["began_at"] > written[-1])]
        if ends:
            last = next((r for r in reversed(ends) if r["status"] == STOPPED), ends[-1])
            why = tuple(_failures(gold, day, last["run_id"])) or (last["error"] or "it says no reason",)
            found.append(
                Stopped(day, last["began_at"], last["table_name"], last["status"] == STOPPED, why, day in published)
            )
    return found


def _failures(gold: Gold, day: date, run_id: str) -> list[str]:
    """The critical expectations that failed in a run, in words, with figure, bound and reason."""
    of_run = (ds.field("run_date") == day) & (ds.field("run_id") == run_id)
    rows = gold.find("quality.results", of_run & ~ds.field("success") & (ds.field("severity") == "critical"))
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

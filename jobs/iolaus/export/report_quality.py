"""The data-quality state of a run, where the lake has it."""

from dataclasses import dataclass, field
from datetime import date

from iolaus.export.gold import Gold
from iolaus.export.report_cases import Row
from iolaus.schemas.codes import WRITTEN


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

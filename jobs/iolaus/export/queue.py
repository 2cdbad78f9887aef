"""The queue of cases: state, owner, due date and notes, appended to `verdicts.cases` without starting Spark."""

import json
import shlex
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.dataset as ds

from iolaus.errors import UsageError, one_line
from iolaus.export.appended import append, said
from iolaus.export.gold import Gold
from iolaus.export.report_cases import JUDGEMENT
from iolaus.schemas.cases import APPEALED, ASSIGNED, CLOSED, COLUMNS, DECIDED, GRAIN, NEW, OPEN
from iolaus.schemas.verdicts import VERDICTS

TABLE = "verdicts.cases"
_LISTS = ("gold.suspect_clusters", "gold.watchlist")
_OF_ROW = ("score", "confidence", "case_kind", "rival", "margin_bits", "n_accounts", "n_exchanges", "n_output_tokens")
Row = dict[str, Any]


def commands(lake: str, cluster_id: str) -> list[str]:
    """What an analyst types about a case, to be copied into a shell."""
    of = f"{shlex.quote(cluster_id)} --lake {shlex.quote(lake)}"
    return [
        f"iolaus account ACCOUNT --lake {shlex.quote(lake)}",
        f"iolaus case set {of} --owner NAME --by NAME",
        f"iolaus case set {of} --state closed --by NAME --note '…'",
        *(f"iolaus verdict {shlex.quote(cluster_id)} {verdict} --by NAME --why '…' --lake {shlex.quote(lake)}"
          for verdict in VERDICTS),
    ]  # fmt: skip


@dataclass
class Standing:
    """How a case stands: what its steps add up to."""

    state: str = NEW
    owner: str | None = None
    due_on: date | None = None
    steps: list[Row] = field(default_factory=list)  # oldest first

    @property
    def is_open(self) -> bool:
        """Whether somebody has yet to do something about it."""
        return self.state in OPEN


def standings(gold: Gold) -> dict[str, Standing]:
    """How each case stands, by cluster.

    A verdict on a whole cluster decides its case, unless a later step says otherwise.
    """
    found: dict[str, Standing] = defaultdict(Standing)
    for step in sorted([*_all(gold, TABLE), *_decisions(gold)], key=lambda s: (s["taken_at"], s["step_id"])):
        case = found[step["cluster_id"]]
        case.state = step["state"] or case.state
        case.owner = step["owner"] or case.owner
        case.due_on = step["due_on"] or case.due_on
        if case.state in (DECIDED, CLOSED):
            case.due_on = step["due_on"]
        case.steps.append(step)
    return dict(found)


def _decisions(gold: Gold) -> Iterable[Row]:
    """Verdicts on whole clusters, as steps."""
    for v in _all(gold, "verdicts.given"):
        if not v["named"]:
            own = {"step_id": v["verdict_id"], "taken_at": v["given_at"], "taken_by": v["given_by"], "state": DECIDED}
            same = {name: v[name] for name in ("cluster_id", "run_date")}
            yield own | same | {"owner": None, "due_on": None, "note": f"{v['verdict']}: {v['why']}", "snapshot": None}


def queue(gold: Gold, *, closed: bool = False) -> list[tuple[Any, ...]]:
    """(cluster, rank, confidence, state, owner, due, last note) of each open case, those that are due first.

    A published cluster of the newest run that nobody has touched is a new case. closed: decided and closed ones, too.
    """
    known, days = standings(gold), gold.days()
    then = ds.field("run_date") == pa.scalar(days[-1] if days else None, pa.date32())
    listed = {row["cluster_id"]: row for name in reversed(_LISTS) for row in (gold.find(name, then) if days else ())}
    new = {name: Standing() for name, row in listed.items() if row["confidence"] != "low"}
    cases = [(name, case) for name, case in (new | known).items() if closed or case.is_open]
    cases.sort(key=lambda c: (c[1].due_on or date.max, listed.get(c[0], {}).get("rank") or 1_000_000, c[0]))
    return [
        (
            name,
            listed.get(name, {}).get("rank"),
            listed.get(name, {}).get("confidence"),
            case.state,
            case.owner,
            case.due_on,
            next((s["note"] for s in reversed(case.steps) if s["note"]), None),
        )
        for name, case in cases
    ]


def take_step(
    lake: str,
    cluster_id: str,
    *,
    by: str,
    state: str | None = None,
    owner: str | None = None,
    due_on: date | None = None,
    note: str | None = None,
    run_date: date | None = None,
) -> Row:
    """Append one step of a case, and return its row; of a step that decides, with the evidence as it is.

    Naming an owner of a case that is new, and no state, assigns it. Raises UsageError for a step that says nothing, or
    a cluster that no run lists.
    """
    if not (state or owner or due_on or note):
        raise UsageError("the step says nothing; give --state, --owner, --due or --note")
    gold = Gold(lake)
    looked_at = _listed(gold, cluster_id, run_date)
    if owner and not state and standings(gold).get(cluster_id, Standing()).state == NEW:
        state = ASSIGNED
    row = {
        "step_id": str(uuid4()),
        "taken_at": datetime.now(UTC),
        "taken_by": said("--by", by),
        "cluster_id": cluster_id,
        "run_date": looked_at["run_date"],
        "state": state,
        "owner": said("--owner", owner) if owner else None,
        "due_on": due_on,
        "note": said("--note", note) if note else None,
        "snapshot": _snapshot(gold, looked_at) if state in (DECIDED, APPEALED, CLOSED) else None,
    }
    append(gold, TABLE, COLUMNS, GRAIN, row, "step_id")
    return row


def _listed(gold: Gold, cluster_id: str, run_date: date | None) -> Row:
    """The row of a cluster in the run of a date, or in the last run that lists it."""
    rows = [row for name in _LISTS for row in gold.find(name, ds.field("cluster_id") == cluster_id)]
    if run_date is not None:
        rows = [row for row in rows if row["run_date"] == run_date]
    if not rows:
        raise UsageError(
            f"no cluster {one_line(cluster_id, 80)!r}{f' in the run of {run_date}' if run_date else ''} in the lake "
            f"{gold.lake}; gold.suspect_clusters and gold.watchlist list those there are"
        )
    return max(rows, key=lambda row: row["run_date"])


def _snapshot(gold: Gold, row: Mapping[str, Any]) -> str:
    """The case as it is: its figures and every claim with bits, value and baseline; no account."""
    of = (ds.field("cluster_id") == row["cluster_id"]) & (ds.field("run_date") == pa.scalar(row["run_date"]))
    claims = [
        {name: e[name] for name in ("kind", "channel", "bits", "value", "background", "description")}
        for e in gold.find("gold.cluster_evidence", of)
        if e["kind"] != JUDGEMENT
    ]
    figures = {name: row.get(name) for name in _OF_ROW}
    ordered = sorted(claims, key=lambda e: (-e["bits"], e["channel"]))
    return json.dumps(figures | {"evidence": ordered}, ensure_ascii=False, default=str)


def _all(gold: Gold, name: str) -> list[Row]:
    rows = gold.rows(name)
    return [] if rows is None else rows.to_pylist()

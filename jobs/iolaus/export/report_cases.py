"""What a case page shows of a cluster, put together from the published tables."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from iolaus.export.confidence import winner
from iolaus.export.decisions import cleared_by, decisions
from iolaus.export.gold import Gold
from iolaus.export.related import Related, related
from iolaus.export.report_changes import Changes, Vanished, changes, vanished
from iolaus.model.explanation_words import NOT_LOGGED
from iolaus.model.judgement.hypotheses import HYPOTHESIS
from iolaus.schemas.codes import DOES_NOT_FIT, FITS, UNKNOWN

KINDS: dict[str, str] = {
    "coordination": "the accounts belong together",
    "automation": "programs drive them",
    "extraction": "they ask for what trains a model",
    "task_sharing": "they divide one kind of work among them",
    "purpose_built": "the accounts were created for it",
    "policy_signals": "they adopt releases fast, replace banned accounts, exceed their plans or break regional policy",
}
JUDGEMENT = "judgement"  # the kind of rows of gold.cluster_evidence that are facts of the judgement
TAKEN = ("n_input_tokens", "n_output_tokens", "n_reasoning_tokens")
FEW_DAYS = 2
RUNS_SHOWN = 30  # of a cluster's history, the latest
Row = dict[str, Any]


@dataclass
class Case:
    """One listed cluster of one run date: its row and everything that the other tables have of it."""

    row: Row
    published: bool
    evidence: list[Row] = field(default_factory=list)
    innocent: list[Row] = field(default_factory=list)
    judged: list[Row] = field(default_factory=list)  # facts by which hypotheses were weighed, what gives most first
    members: list[Row] = field(default_factory=list)
    timeline: list[Row] = field(default_factory=list)
    links: pa.Table | None = None
    templates: list[Row] | None = None  # None: this lake has no such table
    origins: list[Row] | None = None
    history: list[Row] = field(default_factory=list)
    verdicts: list[Row] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)  # who cleared how many of its accounts, and when
    related: list[Related] = field(default_factory=list)  # cases that may be the same operation
    changes: Changes | None = None  # beside the run before; None without one

    @property
    def cluster_id(self) -> str:
        """The cluster's id."""
        return str(self.row["cluster_id"])

    @property
    def verdict_of_facts(self) -> str | None:
        """Which hypothesis won, over which, and by how much, in words; None of a lake that has no such columns."""
        won = HYPOTHESIS.get(winner(self.judged) or self.row.get("case_kind") or "")
        rival = HYPOTHESIS.get(self.row.get("rival") or "")
        if won is None or rival is None:
            return None
        margin = self.row["margin_bits"]
        odds = f"2^{abs(margin):.1f}, or {2 ** min(abs(margin), 40):,.0f} to 1"
        first, second = (won, rival) if margin >= 0 else (rival, won)
        return f"The facts fit “{first.says}” better than “{second.says}”, by {abs(margin):.1f} bits ({odds})."

    @property
    def taken(self) -> Row | None:
        """What its accounts took, models by exchanges, most first; None of a lake that does not say."""
        if self.row.get("n_output_tokens") is None:
            return None
        models = sorted(dict(self.row["models"] or ()).items(), key=lambda m: (-m[1], m[0]))
        return {name: self.row[name] for name in (*TAKEN, "cost")} | {"models": models}

    @property
    def innocent_told(self) -> list[Row]:
        """The innocent explanations, those that fit first, with those of which the logs say nothing."""
        order = {FITS: 0, DOES_NOT_FIT: 1, UNKNOWN: 2}
        told = sorted(self.innocent, key=lambda e: (order.get(e.get("fit") or "", 1), e["channel"]))
        of = {e["channel"] for e in told}
        missing = [
            {"channel": name, "description": said, "fit": UNKNOWN, "taken": None}
            for name, said in NOT_LOGGED.items()
            if name not in of
        ]
        return [*told, *missing] if told else []

    @property
    def before(self) -> Row | None:
        """Its row of the run before, if it was listed then."""
        earlier = [r for r in self.history if r["run_date"] < self.row["run_date"]]
        return earlier[-1] if earlier and earlier[-1]["is_previous"] else None

    def daily(self) -> list[tuple[date, int]]:
        """Exchanges on each day of its timeline, in order, days without any among them."""
        counted: Counter[date] = Counter()
        for row in self.timeline:
            counted[row["hour"].date()] += row["n_exchanges"]
        if not counted:
            return []
        first, last = min(counted), max(counted)
        days = (date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1))
        return [(day, counted[day]) for day in days]

    def spark(self) -> tuple[str, list[int]]:
        """Its activity as a line: exchanges by day, or by hour where there are only a few days."""
        daily = self.daily()
        if len(daily) > FEW_DAYS or not daily:
            return "day", [n for _, n in daily]
        counted: Counter[datetime] = Counter()
        for row in self.timeline:
            counted[row["hour"]] += row["n_exchanges"]
        first, last = min(counted), max(counted)
        hours = int((last - first).total_seconds() // 3600)
        return "hour", [counted[first + timedelta(hours=h)] for h in range(hours + 1)]

    def releases(self) -> list[tuple[datetime, str]]:
        """Models that were released in the window."""
        return [(p["released_at"], p["model"]) for p in self.row["release_adoption"] or ()]

    def bans(self) -> list[datetime]:
        """When members were banned, of those in the timeline's hours."""
        hours = [row["hour"] for row in self.timeline]
        return sorted(
            m["banned_at"]
            for m in self.members
            if m["banned_at"] is not None and hours and m["banned_at"] >= min(hours)
        )


def cases(gold: Gold, day: date, watched: int) -> tuple[list[Case], list[Vanished]]:
    """The published clusters of a date by rank, and after them the first `watched` of the watchlist.

    Beside them, the clusters that the run before published and this one does not.
    """
    listed = [Case(row, published=True) for row in _ranked(gold, "gold.suspect_clusters", day)]
    listed += [Case(row, published=False) for row in _ranked(gold, "gold.watchlist", day)[:watched]]
    of = {case.cluster_id: case for case in listed}
    decided = decisions(gold, day)
    for row in _rows(gold, "gold.cluster_evidence", day):
        if case := of.get(row["cluster_id"]):
            {"innocent": case.innocent, JUDGEMENT: case.judged}.get(row["kind"], case.evidence).append(row)
    for row in _rows(gold, "gold.suspect_cluster_members", day):
        if case := of.get(row["cluster_id"]):
            case.members.append(decided.member(row))
    for row in _rows(gold, "gold.cluster_timeline", day):
        if case := of.get(row["cluster_id"]):
            case.timeline.append(row)
    accounts = _accounts(gold, day, listed)
    ties = related(gold, day, accounts)
    for case in listed:
        case.row = decided.cluster(case.row, accounts[case.cluster_id])
        case.cleared = cleared_by(case.members)
        case.related = ties.get(case.cluster_id, [])
        _mark_counted(case.evidence)
        case.judged.sort(key=lambda f: (-abs(f["bits"]), f["channel"]))
        case.members.sort(key=lambda m: (-m["membership"], -m["n_exchanges"], m["account_id"]))
    _add_links(gold, day, of)
    _add_optional(gold, day, listed)
    return listed, _add_history(gold, day, listed)


def _accounts(gold: Gold, day: date, listed: Iterable[Case]) -> dict[str, list[str]]:
    """The accounts of each case. Of the watchlist they are read to find its verdicts, and are shown nowhere."""
    found = defaultdict(list, {case.cluster_id: [m["account_id"] for m in case.members] for case in listed})
    watched = pa.array([case.cluster_id for case in listed if not case.published], pa.string())
    rows = gold.rows("graph.clusters", day, ["cluster_id", "account_id"]) if len(watched) else None
    if rows is not None:
        for row in rows.filter(pc.is_in(rows["cluster_id"], value_set=watched)).to_pylist():
            found[row["cluster_id"]].append(row["account_id"])
    return found


def _ranked(gold: Gold, name: str, day: date) -> list[Row]:
    rows = _rows(gold, name, day)
    for row in rows:
        row["capabilities"] = dict(row["capabilities"] or ())
    return sorted(rows, key=lambda r: r["rank"])


def _rows(gold: Gold, name: str, day: date | None, columns: list[str] | None = None) -> list[Row]:
    found = gold.rows(name, day, columns)
    return [] if found is None else found.to_pylist()


def _mark_counted(evidence: list[Row]) -> None:
    """Sort pieces by kind and bits, and mark those that the score counts: the best of each kind and part."""
    order = {kind: i for i, kind in enumerate(KINDS)}
    evidence.sort(key=lambda e: (order.get(e["kind"], len(order)), -e["bits"], e["channel"]))
    seen = set()
    for piece in evidence:
        piece["counted"] = (piece["kind"], piece["part"]) not in seen
        seen.add((piece["kind"], piece["part"]))


def _add_links(gold: Gold, day: date, of: dict[str, Case]) -> None:
    rows = gold.rows("gold.cluster_links", day)
    if rows is None:
        return
    for cluster in rows["cluster_id"].unique().to_pylist():
        if case := of.get(cluster):
            case.links = rows.filter(pc.equal(rows["cluster_id"], cluster))


def _add_optional(gold: Gold, day: date, listed: Iterable[Case]) -> None:
    """What a lake of an earlier version, or one without verdicts, does not have."""
    of = {case.cluster_id: case for case in listed}
    for name, attribute in (("gold.cluster_templates", "templates"), ("gold.cluster_origins", "origins")):
        found = gold.rows(name, day)
        if found is not None:
            for case in of.values():
                setattr(case, attribute, [])
            for row in found.to_pylist():
                if case := of.get(row["cluster_id"]):  # type: ignore[assignment]
                    getattr(case, attribute).append(row)
    for row in sorted(_rows(gold, "verdicts.given", None), key=lambda v: v["given_at"]):
        if known := of.get(row["cluster_id"]):
            known.verdicts.append(row)


def _add_history(gold: Gold, day: date, listed: Sequence[Case]) -> list[Vanished]:
    """Add its earlier runs, and what changed since the run before, to each case; what vanished since then."""
    columns = ["run_date", "cluster_id", "rank", "score", "confidence", "n_accounts", "n_exchanges", "n_banned"]
    rows: dict[str, list[Row]] = defaultdict(list)
    for name in ("gold.suspect_clusters", "gold.watchlist"):
        found = gold.rows(name, columns=columns)
        for row in found.to_pylist() if found is not None else ():
            if row["run_date"] <= day:
                rows[row["cluster_id"]].append(row)
    earlier = sorted({r["run_date"] for of in rows.values() for r in of if r["run_date"] < day})
    previous = earlier[-1] if earlier else None
    for of in rows.values():
        for row in of:
            row["is_previous"] = row["run_date"] == previous
    for case in listed:
        case.history = sorted(rows[case.cluster_id], key=lambda r: r["run_date"])[-RUNS_SHOWN:]
    if previous is None:
        return []
    columns = ["cluster_id", "account_id"]
    now, before = (_rows(gold, "gold.suspect_cluster_members", d, columns) for d in (day, previous))
    then = {
        r["cluster_id"]: r["rank"] for of in rows.values() for r in of if r["is_previous"] and r["confidence"] != "low"
    }
    of_case = changes(now, before, then)
    for case in listed:
        if case.published:
            case.changes = of_case.get(case.cluster_id, Changes())
    today = [r for of in rows.values() for r in of if r["run_date"] == day]
    published = [r["cluster_id"] for r in today if r["confidence"] != "low"]
    watched = {r["cluster_id"]: r["rank"] for r in today if r["confidence"] == "low"}
    return vanished(now, before, then, published, watched)

"""The verdicts that are in force now, read without Spark: what a report shows and what an export leaves out.

A run knows the verdicts of its date (`iolaus.model.verdicts`). A reader of its result must know later ones, too. So
every verdict of `verdicts.given` counts here, whatever its `known_from`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from iolaus.export.gold import Gold
from iolaus.export.recorded_settings import of_day
from iolaus.pipeline import VERDICTS
from iolaus.schemas.verdicts import HAS_JOINED, HAS_LEFT, INNOCENT, OTHER_EXCHANGES, OTHER_SCORE, SCORE_STEP


@dataclass(frozen=True)
class Decision:
    """A verdict in force."""

    verdict_id: str
    verdict: str
    by: str
    given_at: datetime
    why: str

    def columns(self) -> dict[str, Any]:
        """The verdict as columns of gold have it."""
        on = self.given_at.date()
        return {
            "verdict": self.verdict,
            "verdict_id": self.verdict_id,
            "verdict_by": self.by,
            "verdict_on": on,
            "verdict_why": self.why,
        }


class Decisions:
    """The verdicts in force on accounts and on clusters.

    `given`: rows of `verdicts.given`; None where the lake has no such table, so that what gold says must do. `share`:
    of a cluster's accounts, those that a verdict must have been given on for it to be of the cluster
    (`scoring.verdict_share`).
    """

    def __init__(self, given: Iterable[Mapping[str, Any]] | None, share: float):
        self._known, self._share = given is not None, share
        latest = sorted(given or (), key=lambda v: (v["given_at"], v["verdict_id"]))
        self._of = {v["verdict_id"]: v["cluster_id"] for v in latest}
        self._whole = of_clusters(latest)
        whole = sorted(self._whole.values(), key=lambda v: (v["given_at"], v["verdict_id"]))
        self._accounts = {a: _decision(v) for v in whole for a in v["members"]}
        self._accounts |= {a: _decision(v) for v in latest for a in v["named"]}  # an account's own goes first

    def account(self, account_id: str) -> Decision | None:
        """The verdict on an account: its own, or the latest on a cluster that it was in."""
        return self._accounts.get(account_id)

    def is_cleared(self, member: Mapping[str, Any]) -> bool:
        """Whether the account of a row (`account_id`, and `verdict` if gold has it) is judged innocent."""
        found = self.account(member["account_id"])
        return (found.verdict if found else None if self._known else member.get("verdict")) == INNOCENT

    def member(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row of a member with the verdict that is in force now."""
        if not self._known:
            return dict.fromkeys(_NONE) | row
        found = self.account(row["account_id"])
        return row | (found.columns() if found else _NONE)

    def cluster(self, row: dict[str, Any], accounts: Collection[str]) -> dict[str, Any]:
        """A row of a cluster with the verdict in force now, what changed since, and `cleared`, whether it clears it.

        accounts: its own; none where only gold is read, which has no accounts of the watchlist. A verdict is of the
        cluster if most accounts are among those that it was given on, or if the cluster has its id still; of several,
        the one with most accounts in common, then the latest. It clears the cluster only in the first case. A cluster
        of which every account was cleared is cleared, too.
        """
        if not self._known:
            return row | {"cleared": row.get("verdict") == INNOCENT and row.get("confidence") == "low"}
        own = set(accounts)
        found: list[tuple[tuple[int, datetime, str], bool, Mapping[str, Any]]] = []
        ids = {row["cluster_id"], self._of.get(row.get("verdict_id") or "")}
        for verdict in self._whole.values():
            common = len(own.intersection(verdict["members"]))
            covers = common >= self._share * len(own) if own else verdict["cluster_id"] in ids
            if covers or verdict["cluster_id"] in ids:
                found.append(((common, verdict["given_at"], verdict["verdict_id"]), covers, verdict))
        every = bool(own) and all((d := self.account(a)) and d.verdict == INNOCENT for a in own)
        if not found:
            return row | _NONE | {"since_verdict": [], "cleared": every}
        _, covers, verdict = max(found, key=lambda x: x[0])
        columns: dict[str, Any] = _decision(verdict).columns()
        if columns["verdict_id"] != row.get("verdict_id"):  # the run did not know it, so gold does not say what changed
            columns["since_verdict"] = _since(verdict, row, own)
        return row | columns | {"cleared": every or (covers and verdict["verdict"] == INNOCENT)}


def of_clusters(given: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The latest verdict on each cluster as a whole, by its id; one on some of its accounts is none on the cluster."""
    in_order = sorted(given, key=lambda v: (v["given_at"], v["verdict_id"]))
    return {v["cluster_id"]: v for v in in_order if not v["named"]}


_NONE: dict[str, Any] = dict.fromkeys(("verdict", "verdict_id", "verdict_by", "verdict_on", "verdict_why"))


def decisions(gold: Gold, day: date) -> Decisions:
    """The verdicts in force on what the run of a day listed."""
    given = gold.rows(VERDICTS)
    return Decisions(None if given is None else given.to_pylist(), of_day(gold, day).scoring.verdict_share)


def shareable(gold: Gold, day: date, *, include_cleared: bool = False) -> dict[str, list[str]]:
    """The accounts of each published cluster of a run, without the clusters and accounts that an analyst cleared."""
    decided = decisions(gold, day)
    members: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(gold, "gold.suspect_cluster_members", day):
        members.setdefault(row["cluster_id"], []).append(row)
    found = {}
    for row in _rows(gold, "gold.suspect_clusters", day):
        of = members.get(row["cluster_id"], [])
        if include_cleared or not decided.cluster(row, [m["account_id"] for m in of])["cleared"]:
            found[row["cluster_id"]] = [m["account_id"] for m in of if include_cleared or not decided.is_cleared(m)]
    return found


def _rows(gold: Gold, name: str, day: date) -> list[dict[str, Any]]:
    rows = gold.rows(name, day)
    return [] if rows is None else rows.to_pylist()


def cleared_by(members: Iterable[Mapping[str, Any]]) -> list[str]:
    """Who cleared how many of a cluster's members, and when: one sentence per name and date, most accounts first.

    members: rows with `verdict`, `verdict_by` and `verdict_on`.
    """
    counted: dict[tuple[str, date | None], int] = {}
    for m in members:
        if m["verdict"] == INNOCENT:
            at = str(m["verdict_by"] or "an analyst"), m["verdict_on"]
            counted[at] = counted.get(at, 0) + 1
    rows = sorted(counted.items(), key=lambda x: (-x[1], str(x[0])))
    return [
        f"{n:,} of these accounts {'were' if n > 1 else 'was'} cleared by {by}{f' on {on}' if on else ''}"
        for (by, on), n in rows
    ]


def _since(verdict: Mapping[str, Any], row: Mapping[str, Any], accounts: Collection[str]) -> list[str]:
    """What differs in a row of a cluster from what the analyst saw, in words; accounts only if they are known.

    A run says the same of the verdicts that it knows (`iolaus.model.verdicts.changes`).
    """
    own, then = set(accounts), set(verdict["members"])
    said = []
    if own - then:
        said.append(HAS_JOINED % (f"{len(own - then):,}", f"{len(own):,}"))
    if own and then - own:
        said.append(HAS_LEFT % (f"{len(then - own):,}", f"{len(then):,}"))
    score, exchanges = verdict.get("score"), verdict.get("n_exchanges")
    if score is not None and abs(row["score"] - score) >= SCORE_STEP:
        said.append(OTHER_SCORE % (score, row["score"]))
    if exchanges is not None and exchanges != row["n_exchanges"]:
        said.append(OTHER_EXCHANGES % (f"{exchanges:,}", f"{row['n_exchanges']:,}"))
    return said


def _decision(row: Mapping[str, Any]) -> Decision:
    return Decision(row["verdict_id"], row["verdict"], row["given_by"], row["given_at"], row["why"])
